"""The adapter that reads a bill file, chosen by the file's columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from catalogue.errors import SourceError
from console.finops.billing.cur import CurFile
from console.finops.billing.focus import FocusFile
from console.finops.billing.table_file import BillFile, Progress

FORMATS = ("focus", "cur")
_KINDS = (".csv", ".gz", ".gzip", ".parquet")


def open_bill(path: Path, form: str | None = None, progress: Progress | None = None) -> FocusFile | CurFile:
    """The adapter of one file.

    Parameters
    ----------
    form : one of `FORMATS`; None chooses by the columns

    Raises
    ------
    SourceError
        There is no such file, or it is neither FOCUS nor CUR.
    """
    if form is None:
        names = BillFile(path).names
        if "billedcost" in names:
            form = "focus"
        elif any(name.startswith("lineitem") for name in names):
            form = "cur"
        else:
            raise SourceError(
                f"The file is in no known bill format: its columns are {', '.join(list(names.values())[:8])}, …",
                where=str(path),
                remedy="Export FOCUS 1.0 to 1.3 (with BilledCost) or a Cost and Usage Report (with lineItem/…).",
            )
    return CurFile(path, progress) if form == "cur" else FocusFile(path, progress)


def files_of(paths: Iterable[Path]) -> Sequence[Path]:
    """The files named, and those below the folders named: a bill is often exported in several files.

    Raises SourceError where a folder holds no bill file, or a file is named twice.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in _KINDS and file.is_file())
        if not inside:
            raise SourceError(
                "The folder holds no CSV, gzipped CSV or Parquet file", where=str(path), remedy="Name another one."
            )
        found += inside
    twice = {path for path in found if found.count(path) > 1}
    if twice:
        raise SourceError("The file is named twice", where=str(min(twice)), remedy="Name every file once.")
    return found
