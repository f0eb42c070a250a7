"""Build what a deployment uploads and print the sizes, in MiB: ``python -m infra_cdk.packages``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from catalogue.errors import BuildFailed
from infra_cdk.packages import PACKAGES, PYTHON, build, glue_files, installing
from infra_cdk.packages.folders import size, zipped
from infra_cdk.packages.table import PLATFORMS

MEBIBYTE = 1024**2
SLOWER = (
    "The packages hold no bytecode, which doubles the time to import a handler: this machine has no Python {python}."
    " `uv python install {python}` gets one."
)


def main(arguments: list[str] | None = None) -> int:
    """Build the packages that are named, or all, and the files of the Glue jobs; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra_cdk.packages", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PACKAGE", help=f"{', '.join(PACKAGES)} or glue (default: all)")
    parser.add_argument("--architecture", choices=sorted(PLATFORMS), default="arm64")
    parser.add_argument("--python", default=PYTHON, help=f"version of Lambda's runtime (default: {PYTHON})")
    options = parser.parse_args(arguments)
    try:
        for name in options.names or [*PACKAGES, "glue"]:
            if name == "glue":
                for part, file in glue_files().items():
                    print(f"{part:22} {file.stat().st_size / MEBIBYTE:7.1f}           {file}")
            else:
                _print_package(name, build(name, options.architecture, options.python))
        if installing.compiler(options.python) is None:
            print(SLOWER.format(python=options.python), file=sys.stderr)
    except BuildFailed as error:
        print(f"packages: {error}", file=sys.stderr)
        return 1
    return 0


def _print_package(name: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as aside:
        packed = zipped(folder, Path(aside) / "package.zip").stat().st_size
    print(f"{name:22} {size(folder) / MEBIBYTE:7.1f} ({packed / MEBIBYTE:4.1f} zip) {folder}")


if __name__ == "__main__":
    sys.exit(main())
