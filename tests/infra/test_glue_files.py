"""What the Glue jobs run, as it is uploaded."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra_cdk.packages import glue, glue_files
from infra_cdk.packages.table import JOBS
from tests.support.paths import ROOT


@pytest.fixture(scope="session")
def files() -> Mapping[str, Path]:
    return glue_files()


def test_there_are_the_wheel_two_libraries_and_the_scripts_under_names_that_glue_takes(
    files: Mapping[str, Path],
) -> None:
    names = {part: path.name for part, path in files.items()}
    assert names["wheel"] == "takings-0.1.0-py3-none-any.whl"
    assert names["wheel_named_zip"] == "takings-0.1.0.zip"
    assert {part for part in names if part.startswith("library:")} == {"library:msgspec", "library:sqlglot"}
    assert {part.removeprefix("job:") for part in names if part.startswith("job:")} == set(JOBS)
    assert all(path.is_file() for path in files.values())


def test_every_job_of_the_project_is_there() -> None:
    scripts = {path.stem for path in (ROOT / "pipeline" / "jobs").glob("takings_*.py")}
    assert scripts == set(JOBS)


def test_machine_code_is_for_the_python_and_the_machine_of_glue(files: Mapping[str, Path]) -> None:
    name = files["library:msgspec"].name
    assert "-cp311-cp311-" in name
    assert "x86_64" in name


def test_both_names_of_the_wheel_hold_the_same_bytes_with_the_queries(files: Mapping[str, Path]) -> None:
    assert files["wheel"].read_bytes() == files["wheel_named_zip"].read_bytes()
    with zipfile.ZipFile(files["wheel"]) as archive:
        held = set(archive.namelist())
    assert {"catalogue/shipped/queries/curate/events.sql", "pipeline/curate/glue_job.toml"} <= held


def test_they_install_without_an_index(files: Mapping[str, Path], tmp_path: Path) -> None:
    wheels = [path for part, path in files.items() if part.startswith("library:")]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    machine = ["--only-binary", ":all:", "--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"]
    command += [*machine, "--platform", "manylinux2014_x86_64", "--target", str(tmp_path)]
    subprocess.run([*command, files["wheel"], *wheels], check=True, capture_output=True)
    assert {"catalogue", "msgspec", "pipeline", "sqlglot"} <= {path.name for path in tmp_path.iterdir()}


def test_building_them_again_does_nothing(files: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue, "_make", lambda _: pytest.fail("they were built again"))
    assert glue_files() == files


def test_built_twice_the_wheel_has_the_same_bytes(files: Mapping[str, Path], tmp_path: Path) -> None:
    again = glue_files(tmp_path)
    assert again["wheel"].read_bytes() == files["wheel"].read_bytes()
    assert again["wheel"].parent.name == files["wheel"].parent.name
