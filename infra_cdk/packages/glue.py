"""What the Glue jobs run: our wheel, the wheels of its two libraries, and a script a job, each its own file in S3."""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from infra_cdk.packages import installing
from infra_cdk.packages.folders import BUILD, ROOT, below, digest, kept
from infra_cdk.packages.table import GLUE_PLATFORMS, GLUE_PYTHON, JOBS

REQUIREMENTS = ROOT / "infra_cdk" / "requirements" / "curation.txt"


def glue_files(target: Path = BUILD / "glue") -> Mapping[str, Path]:
    """The files by the part that each plays; built where their inputs changed since the last time.

    ``wheel`` and ``wheel_named_zip`` are the same bytes under the two names that Glue needs; ``library:<name>`` is a
    wheel of ``requirements-curation.in``; ``job:<name>`` is a script. All are in one folder whose name holds a digest
    of what they were made of: uploaded under that name, they never change below a job that runs.

    Raises
    ------
    BuildFailed
        uv cannot build the wheel, or pip cannot get the libraries' wheels.
    """
    inputs = {**below(*sources_of_the_wheel()), "requirements": REQUIREMENTS, **below("infra_cdk/packages")}
    folder = kept(target / f"takings-{digest([GLUE_PYTHON], inputs)}", _make)
    (wheel,) = folder.glob("takings-*.whl")
    libraries = {f"library:{path.name.partition('-')[0]}": path for path in sorted((folder / "libraries").iterdir())}
    jobs = {f"job:{name}": folder / f"{name}.py" for name in JOBS}
    return {"wheel": wheel, "wheel_named_zip": _named_zip(wheel), **libraries, **jobs}


def sources_of_the_wheel() -> list[str]:
    """What the wheel is made of, as `pyproject.toml` says it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    described = ["pyproject.toml", project["project"]["readme"], "requirements.in", "requirements-curation.in"]
    return [*wheel["packages"], *wheel["force-include"], *described]


def _named_zip(wheel: Path) -> Path:
    """Glue's workers import from an archive only where its name ends in ``.zip``."""
    return wheel.with_name("-".join(wheel.name.split("-")[:2]) + ".zip")


def _make(folder: Path) -> None:
    installing.run(
        [installing.uv(), "build", "--quiet", "--wheel", "--no-create-gitignore", "--out-dir", folder, ROOT],
        what="The wheel cannot be built",
        where=ROOT / "pyproject.toml",
        remedy="Call `make wheel` to see why.",
    )
    (wheel,) = folder.glob("takings-*.whl")
    shutil.copyfile(wheel, _named_zip(wheel))
    platforms = [f"--platform={platform}" for platform in GLUE_PLATFORMS]
    flags = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    machine = ["--implementation", "cp", "--python-version", GLUE_PYTHON, *platforms]
    installing.run(
        [sys.executable, "-m", "pip", "download", *flags, *machine, "--dest", folder / "libraries", "-r", REQUIREMENTS],
        what=f"The libraries for Glue's Python {GLUE_PYTHON} cannot be fetched",
        where=REQUIREMENTS,
        remedy="Check that the package index can be reached, or pin versions that have wheels with `make lock`.",
    )
    for name in JOBS:
        shutil.copyfile(ROOT / "pipeline" / "jobs" / f"{name}.py", folder / f"{name}.py")
