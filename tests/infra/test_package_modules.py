"""What a package must hold follows from the imports of its handlers."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogue.errors import BuildFailed
from infra_cdk.packages.modules import reach
from infra_cdk.packages.table import PACKAGES
from tests.support.paths import ROOT

FILES = {
    "pipeline/__init__.py": "",
    "pipeline/start.py": """
from __future__ import annotations
import json
from typing import TYPE_CHECKING
from catalogue import clock
from pipeline.deep.inner import function
if TYPE_CHECKING:
    import pandas
    from pipeline import unused
else:
    import wrapt
def later():
    import pyarrow.parquet as pq
""",
    "pipeline/unused.py": "import duckdb",
    "pipeline/deep/__init__.py": "from . import beside",
    "pipeline/deep/inner.py": "def function(): from ..last import name",
    "pipeline/deep/beside.py": "import msgspec",
    "pipeline/deep/rates.toml": "",
    "pipeline/deep/.hidden": "",
    "pipeline/last.py": "name = 1",
    "pipeline/other.toml": "",
    "catalogue/__init__.py": "",
    "catalogue/clock.py": "",
    "catalogue/queries.py": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def test_imports_are_followed_into_functions_and_not_below_type_checking(project: Path) -> None:
    reached = reach(["pipeline.start"], project)
    assert set(reached.modules) == {
        "catalogue",
        "catalogue.clock",
        "pipeline",
        "pipeline.start",
        "pipeline.deep",
        "pipeline.deep.beside",
        "pipeline.deep.inner",
        "pipeline.last",
    }
    assert reached.foreign == {"msgspec", "pyarrow", "wrapt"}


def test_files_that_are_no_modules_go_along_with_their_package_and_hidden_ones_stay(project: Path) -> None:
    names = {file.relative_to(project).as_posix() for file in reach(["pipeline.start"], project).files()}
    assert {"pipeline/deep/rates.toml", "pipeline/other.toml"} < names
    assert "pipeline/deep/.hidden" not in names


def test_a_handler_that_is_not_there_is_named(project: Path) -> None:
    with pytest.raises(BuildFailed, match=r"There is no module pipeline\.absent .*packages/table\.py"):
        reach(["pipeline.absent"], project)


@pytest.mark.parametrize("name", PACKAGES)
def test_what_reads_files_of_the_project_has_them_in_its_package(name: str) -> None:
    package = PACKAGES[name]
    reads_files = "catalogue.project_files" in reach(package.handlers, ROOT).modules
    assert reads_files == bool(package.resources)


@pytest.mark.parametrize("name", PACKAGES)
def test_no_module_of_a_package_imports_by_a_computed_name_which_could_not_be_followed(name: str) -> None:
    for file in reach(PACKAGES[name].handlers, ROOT).modules.values():
        assert not {"import_module", "__import__"} & set(file.read_text(encoding="utf-8").replace("(", " ").split())


def test_every_handler_of_the_project_is_in_one_package() -> None:
    folders = (ROOT / "pipeline" / "handlers", ROOT / "console" / "handlers")
    handlers = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for folder in folders
        for file in folder.glob("*.py")
        if "\ndef handler(" in file.read_text(encoding="utf-8")
    }
    packaged = [handler for package in PACKAGES.values() for handler in package.handlers]
    assert sorted(packaged) == sorted(handlers)
