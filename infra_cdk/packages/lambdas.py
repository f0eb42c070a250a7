"""A Lambda package as a folder: the libraries for the function's machine, and the modules that its handlers reach."""

from __future__ import annotations

import shutil
from pathlib import Path

from catalogue.errors import BuildFailed
from infra_cdk.packages import installing, modules
from infra_cdk.packages.folders import BUILD, ROOT, below, digest, kept, size
from infra_cdk.packages.table import (
    LARGEST_BYTES,
    NEVER_USED,
    OF_THE_RUNTIME,
    PACKAGES,
    PLATFORMS,
    PYTHON,
    Package,
    names,
)

REQUIREMENTS = ROOT / "infra_cdk" / "requirements"
TASK_ROOT = "/var/task"  # where Lambda unpacks a package; tracebacks name it
_MEBIBYTE = 1024**2


def build(name: str, architecture: str = "arm64", python: str = PYTHON, target: Path = BUILD / "lambda") -> Path:
    """The folder of a package, built where its inputs changed since the last time.

    Where this machine has an interpreter of the same version, the folder holds bytecode: Lambda's folder of code is
    read-only, so that every cold start compiles what is not.

    Parameters
    ----------
    name : one of `PACKAGES`
    architecture : ``arm64`` or ``x86_64``, as Lambda names it
    python : version of the runtime, such as ``3.13``; this machine's own, to run the package here
    target : folder of the built packages

    Raises
    ------
    BuildFailed
        There is no such package or architecture, uv cannot install the libraries, a handler imports what no library of
        the package has, or the package is larger than Lambda takes.
    """
    if name not in PACKAGES:
        raise BuildFailed(
            f"There is no package {name!r}", where="infra_cdk/packages/table.py", remedy=f"Use {names()}."
        )
    if architecture not in PLATFORMS:
        raise BuildFailed(
            f"Lambda has no architecture {architecture!r}", where=name, remedy=f"Use {' or '.join(PLATFORMS)}."
        )
    package = PACKAGES[name]
    reached = modules.reach(package.handlers, ROOT)
    ours = {file.relative_to(ROOT).as_posix(): file for file in reached.files()} | below(*package.resources)
    compiler = installing.compiler(python)
    requirements = REQUIREMENTS / f"{name}.txt"
    inputs = {**ours, "requirements": requirements, **below("infra_cdk/packages")}
    words = (name, architecture, python, "bytecode" if compiler else "source")

    def make(folder: Path) -> None:
        _install(requirements, folder, architecture, python)
        for path, file in ours.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / path)
        _check_imports(name, package, reached.foreign, folder)
        if compiler:
            _compile(compiler, folder)
        if size(folder) > LARGEST_BYTES:
            raise BuildFailed(
                f"Package {name} has {size(folder) / _MEBIBYTE:.0f} MiB; Lambda takes {LARGEST_BYTES / _MEBIBYTE:.0f}",
                where=str(requirements),
                remedy="Leave a library out, or add what is never used to infra_cdk/packages/table.py.",
            )

    return kept(target / f"{name}-{architecture}-python{python}-{digest(words, inputs)}", make)


def _install(requirements: Path, folder: Path, architecture: str, python: str) -> None:
    """Install the pinned libraries for another machine, and remove what no handler opens."""
    flags = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-config"]
    machine = ["--python-platform", PLATFORMS[architecture], "--python-version", python]
    installing.run(
        [installing.uv(), "pip", "install", *flags, *machine, "--target", folder, "-r", requirements],
        what=f"The libraries for {architecture} and Python {python} cannot be installed",
        where=requirements,
        remedy="Check that the package index can be reached, or pin versions that have wheels with `make lock`.",
    )
    for pattern in NEVER_USED:
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _check_imports(name: str, package: Package, foreign: frozenset[str], folder: Path) -> None:
    """Raise BuildFailed where a handler imports, now or when it runs, what is not there."""
    there = {path.name.partition(".")[0] for path in folder.iterdir()}
    missing = sorted(foreign - OF_THE_RUNTIME - there)
    if missing:
        raise BuildFailed(
            f"Package {name} lacks {', '.join(missing)}, which its handlers import",
            where=", ".join(package.handlers),
            remedy=f"Add it to infra_cdk/requirements/{name}.in and call `make lock`.",
        )


def _compile(compiler: Path, folder: Path) -> None:
    """Write bytecode that is taken without looking at the source: a zip file keeps no exact times."""
    flags: list[str | Path] = ["-q", "-j", "1", "--invalidation-mode", "unchecked-hash", "-s", folder, "-p", TASK_ROOT]
    installing.run(
        [compiler, "-I", "-m", "compileall", *flags, folder],
        what="The package cannot be compiled",
        where=folder,
        remedy="Correct the module that is named, or pin another version of its library.",
    )
