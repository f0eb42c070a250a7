"""The console's image: what its Dockerfile says, and that its command runs with a read-only file system."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from infra_cdk.packages import PYTHON, glue_files, installing
from infra_cdk.packages.folders import below
from infra_cdk.packages.glue import sources_of_the_wheel
from infra_cdk.packages.table import PLATFORMS
from tests.infra.container import DOCKERFILE, cannot_run, image_of, instructions, run
from tests.support.paths import ROOT
from tests.unit.console.aws.test_settings import LEAST

TEXT = DOCKERFILE.read_text(encoding="utf-8")
IMAGE = image_of(TEXT)
SECRET = re.compile(r"secret|password|token|AKIA|aws_access_key", re.IGNORECASE)
NOWHERE = "http://127.0.0.1:9"  # nothing listens there


def ignored() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def taken() -> list[str]:
    """The files and folders that Docker gets."""
    return [line.removeprefix("!") for line in ignored() if line.startswith("!")]


def test_it_runs_as_a_user_by_number_who_is_not_root() -> None:
    user, group = IMAGE.user.split(":")
    assert (int(user), int(group)) == (10001, 10001)


def test_its_health_is_asked_for_at_the_port_that_it_serves() -> None:
    port = IMAGE.command[IMAGE.command.index("--port") + 1]
    assert f"http://127.0.0.1:{port}/readyz" in IMAGE.health[-1]
    assert texts_of("EXPOSE") == [port]


def texts_of(name: str) -> list[str]:
    return [instruction.text for instruction in instructions(TEXT) if instruction.name == name]


def test_it_stands_on_a_named_version_of_the_python_that_the_packages_have() -> None:
    (image,) = (text for text in texts_of("ARG") if text.startswith("PYTHON_IMAGE="))
    tag = image.rpartition(":")[2]
    assert tag.startswith(f"{PYTHON}-slim-")
    assert "latest" not in TEXT
    assert set(texts_of("FROM")) == {"${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"}


def test_uv_is_the_version_that_the_makefile_has() -> None:
    (version,) = re.findall(r"^UV_VERSION := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"UV_VERSION={version}" in texts_of("ARG")


def test_no_secret_is_in_it() -> None:
    assert not SECRET.search(TEXT)
    assert not [path for path in taken() if SECRET.search(path) or fnmatch(path, "*.streamlit")]


def test_docker_gets_what_the_wheel_is_made_of_and_the_pinned_libraries_and_nothing_else() -> None:
    assert ignored()[0] == "*"
    assert set(taken()) == {*sources_of_the_wheel(), "LICENSE", "requirements.txt"}


def test_the_wheel_of_these_files_alone_is_the_wheel_of_the_project(tmp_path: Path) -> None:
    for name, file in below(*taken()).items():
        (tmp_path / "context" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, tmp_path / "context" / name)
    command = [installing.uv(), "build", "--quiet", "--wheel", "--out-dir", tmp_path / "dist", tmp_path / "context"]
    subprocess.run(command, check=True)
    (built,) = (tmp_path / "dist").glob("*.whl")
    assert built.read_bytes() == glue_files()["wheel"].read_bytes()


@pytest.mark.parametrize("platform", PLATFORMS.values())
def test_every_pinned_library_has_a_wheel_for_the_image(platform: str) -> None:
    command = [installing.uv(), "pip", "compile", "--quiet", "--only-binary", ":all:", "--python-version", PYTHON]
    subprocess.run(
        [*command, "--python-platform", platform, "requirements.txt"], cwd=ROOT, check=True, capture_output=True
    )


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program in the container saw."""
    reason = cannot_run()
    if reason:
        pytest.skip(reason)
    environment = tmp_path_factory.mktemp("image") / "takings"
    uv = installing.uv()
    subprocess.run([uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, environment], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", environment / "bin" / "python"]
    subprocess.run([*install, "--compile-bytecode", "-r", ROOT / "requirements.txt"], check=True)
    subprocess.run([*install, "--compile-bytecode", "--no-deps", glue_files()["wheel"]], check=True)
    account = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_ENDPOINT_URL": NOWHERE}
    return run(IMAGE, environment, Path(__file__).with_name("in_container.py"), {**LEAST, **account})


def test_its_command_becomes_well_as_that_user_where_nothing_can_be_written(seen: dict[str, Any]) -> None:
    assert seen["user"] == 10001
    assert seen["read_only"] == ["/", "/opt", "/opt/takings"]


def test_a_page_is_drawn_behind_a_load_balancer_and_one_without_its_lake_says_what_to_do(seen: dict[str, Any]) -> None:
    assert "Net revenue" in seen["pages"]["definitions"]
    assert "s3://shop-lake/curated/state.json" in seen["pages"]["revenue"]
    assert "Check the network and the region" in seen["pages"]["revenue"]


def test_it_writes_no_file_and_complains_of_none(seen: dict[str, Any]) -> None:
    assert seen["written"] == []
    assert "Read-only" not in seen["printed"]
    assert "Permission" not in seen["printed"]


def test_it_ends_when_the_task_is_stopped(seen: dict[str, Any]) -> None:
    assert seen["code"] in (0, -15)  # uvicorn ends in order, and then by the signal that it was sent
    assert "Traceback" not in seen["printed"]
