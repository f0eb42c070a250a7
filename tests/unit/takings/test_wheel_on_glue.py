"""The wheel as a Glue job takes it: installed without its extra, or as it is on Python's path."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from catalogue.tables import CURATED_TABLES
from tests.unit.takings.test_wheel import Installed, environment, wheel

__all__ = ["wheel"]  # the fixture

pytestmark = pytest.mark.slow

# What a worker does before its first row: the Spark part is imported and all SQL is loaded, in Spark's dialect.
CURATION = """
import sys
from catalogue.binding import bind
from catalogue.project_files import resource
from catalogue.queries import load, load_curation, load_units
from pipeline.curate.spark import curate
from pipeline.lake import LakeSettings
tables, values = load_curation(), LakeSettings().of_curation()
for query in tables.values():
    bind(query, {name: values[name] for name in query.parameters}, dialect="spark")
assert sum(1 for _ in load()) > 40 and len(load_units()) > 5
heavy = {"duckdb", "streamlit", "pandas", "boto3", "typer", "pyarrow"} & set(sys.modules)
assert not heavy, heavy
print(len(tables), resource("queries"))
"""


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An environment with the wheel and what it needs by itself."""
    return environment(tmp_path_factory.mktemp("bare"), wheel)


def test_installed_without_its_extra_it_has_two_libraries_and_loads_the_curation(bare: Installed) -> None:
    found = {path.name.partition("-")[0] for path in bare.folder.glob("environment/lib/*/site-packages/*.dist-info")}
    assert found == {"msgspec", "sqlglot", "takings"}
    count, place = bare.run("python", "-c", CURATION).stdout.split()
    assert int(count) == len(CURATED_TABLES)
    assert Path(place).is_relative_to(bare.folder)


def test_without_its_extra_the_program_says_what_to_install(bare: Installed) -> None:
    refused = bare.run("takings", "init", "shop", code=2)
    assert "Install `takings[console]`" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def on_path(archive: Path, libraries: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python without any packages but an archive and the libraries of a folder."""
    program = f"import sys\nsys.path[:0] = [{str(archive)!r}, {str(libraries)!r}]\n{code}"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", program],
        cwd=libraries,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def libraries(bare: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel needs, in a folder without the wheel itself."""
    (packages,) = bare.folder.glob("environment/lib/*/site-packages")
    folder = tmp_path_factory.mktemp("libraries")
    for name in ("msgspec", "sqlglot"):
        (folder / name).symlink_to(packages / name)
    return folder


def test_it_loads_the_curation_from_the_archive_that_it_is(wheel: Path, libraries: Path) -> None:
    done = on_path(wheel, libraries, CURATION)
    assert done.returncode == 0, done.stderr
    count, place = done.stdout.split()
    assert (int(count), place) == (len(CURATED_TABLES), f"{wheel}/catalogue/shipped/queries/")


def test_the_arguments_of_the_job_are_in_the_wheel_with_the_source_of_each(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        job = tomllib.loads(archive.read("pipeline/curate/glue_job.toml").decode())
    assert {*job["arguments"], "--conf"} == set(job["arguments_sources"])
    assert all(source.startswith("https://docs.aws.amazon.com/glue/") for source in job["arguments_sources"].values())
    placed = {"{wheel}": str(wheel), "{lake}": "s3://shop-lake"}
    text = " --conf ".join(f"{name}={value}" for name, value in job["spark"].items())
    for placeholder, value in placed.items():
        text = text.replace(placeholder, value)
    assert text.startswith("spark.sql.extensions=org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
    assert " --conf spark.sql.catalog.glue_catalog.warehouse=s3://shop-lake/curated" in text
    assert "{" not in text


def test_an_archive_without_queries_is_refused_with_its_place_and_what_to_do(
    wheel: Path, libraries: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "packages.zip"  # as somebody zips the packages of a checkout
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(archive, "w") as packages:
        for name in whole.namelist():
            if "/shipped/" not in name:
                packages.writestr(name, whole.read(name))
    for load in ("load", "load_curation", "load_recommendation", "load_units"):
        refused = on_path(archive, libraries, f"from catalogue.queries import {load}\n{load}()")
        assert refused.returncode == 1
        assert f"There are no query files ({archive}/queries" in refused.stderr
        assert "take the wheel" in refused.stderr


def test_a_file_that_must_be_opened_by_its_path_is_refused_inside_an_archive(wheel: Path, libraries: Path) -> None:
    code = "from catalogue.project_files import project_file\nproject_file('infra_cdk/tiers.toml')"
    refused = on_path(wheel, libraries, code)
    assert f"infra_cdk/tiers.toml cannot be opened inside an archive ({wheel})" in refused.stderr
