"""``python -m tests.support.changed``: the unit tests of what changed since the last commit, for the inner loop.

`tests/unit` mirrors the packages, so a changed module is tested by the folder of its package. All unit tests are named
where nothing changed, and where something changed that everything stands on: the kernel, a query, a shared builder.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tests.support.paths import ROOT

UNIT = PurePosixPath("tests/unit")
PACKAGES = ("catalogue", "console", "pipeline", "takings", "tracker")
EVERYWHERE = ("catalogue/", "queries/", "tests/support/", "tests/conftest.py", "pyproject.toml", "requirements")


def unit_tests_for(changed: Iterable[str], root: Path = ROOT) -> list[str]:
    """The test files and folders to run for changed files, both relative to the project's root."""
    wanted: set[PurePosixPath] = set()
    for name in changed:
        if name.startswith(EVERYWHERE):
            return [str(UNIT)]
        path = PurePosixPath(name)
        if path.is_relative_to(UNIT):
            folder = path if path.name.startswith("test_") and (root / path).exists() else path.parent
            wanted.add(folder)
        elif path.parts[0] in PACKAGES:
            wanted.add(_folder_of(path, root))
    kept = [path for path in wanted if not any(path != other and path.is_relative_to(other) for other in wanted)]
    return sorted(map(str, kept)) or [str(UNIT)]


def _folder_of(module: PurePosixPath, root: Path) -> PurePosixPath:
    """The deepest folder of unit tests that mirrors a package of the module."""
    packages = [UNIT / parent for parent in module.parents if parent.parts]
    return next((folder for folder in packages if (root / folder).is_dir()), UNIT)


def _changed_files() -> list[str]:
    command = ["git", "status", "--porcelain", "--untracked-files=all", "--no-renames"]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line[3:].strip('"') for line in lines]


if __name__ == "__main__":
    sys.stdout.write(" ".join(unit_tests_for(_changed_files())) + "\n")
