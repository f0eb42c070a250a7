"""``python -m pipeline import``: options, progress and the closing report of an import."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from catalogue.errors import SettingsError
from pipeline import options
from pipeline.importers import DATASETS, Importer, ImportReport, import_file
from pipeline.importers.core import Progress
from pipeline.importers.mapped import Mapped
from pipeline.importers.mapping import EXAMPLE, load_mapping
from pipeline.lake import SETTINGS, Lake

_EXAMPLES = """examples:
  python -m pipeline import online-retail online_retail.csv.gz
  python -m pipeline import csv --example-map > mapping.toml
  python -m pipeline import csv orders.csv --map mapping.toml --lake ./lake
"""


def add_import_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options that `run_import` reads."""
    parser.description = "Bring a file of events into the lake: all of it, or nothing."
    parser.epilog = _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    names = [importer.name for importer in DATASETS]
    parser.add_argument("importer", choices=[*names, "csv"], help="what the file holds; csv reads any table with --map")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="CSV, gzipped CSV or Parquet")
    parser.add_argument("--map", type=Path, metavar="MAPPING", help="TOML file: which column is which field (csv only)")
    parser.add_argument("--example-map", action="store_true", help="print a mapping to start from, and stop")
    options.add_lake(parser)


def run_import(args: argparse.Namespace, *, curate: Callable[[Lake], None]) -> int:
    """Import a file, curate the lake, and print the report; returns the exit code.

    Parameters
    ----------
    args : from a parser made by `add_import_arguments`
    curate : called with the lake once the file is published

    Raises
    ------
    TakingsError
        The file, the mapping or the lake cannot be used; nothing was imported.
    """
    if args.example_map:
        sys.stdout.write(EXAMPLE)
        return 0
    if args.file is None:
        raise SettingsError("No file was named", where="FILE", remedy="Name the file to import.")
    importer = _importer(args)
    is_new = not (args.lake / SETTINGS).exists()
    lake = Lake.create(args.lake, importer.lake_settings)
    report = None
    try:
        with _progress(args.file) as progress:
            report = import_file(lake, importer, args.file, progress=progress)
    finally:
        if is_new and report is None:  # a first import that failed has decided nothing about the lake
            (lake.root / SETTINGS).unlink(missing_ok=True)
    sys.stdout.write(_summary(report))
    curate(lake)
    return 0


def _importer(args: argparse.Namespace) -> Importer:
    """The importer that the options name."""
    if args.importer != "csv":
        if args.map is not None:
            raise SettingsError(f"{args.importer} has its own mapping", where="--map", remedy="Leave --map out.")
        return next(importer for importer in DATASETS if importer.name == args.importer)
    if args.map is None:
        remedy = "Print one to start from with `python -m pipeline import csv --example-map`."
        raise SettingsError("The csv importer needs a mapping", where="--map", remedy=remedy)
    return Mapped(load_mapping(args.map))


def _summary(report: ImportReport) -> str:
    """The report as lines of text."""
    rate = report.received / report.seconds if report.seconds > 0 else 0
    lines = [
        f"{report.file}: {report.received:,} rows received = {report.accepted:,} accepted"
        f" + {report.duplicates:,} duplicates + {report.quarantined:,} quarantined"
        f" ({report.seconds:.1f} s, {rate:,.0f} rows/s)"
    ]
    lines += [f"  quarantined, {reason}: {rows:,}" for reason, rows in report.reasons.items()]
    lines += [f"    {refusal}" for refusal in report.first_refusals]
    return "\n".join(lines) + "\n"


@contextmanager
def _progress(path: Path) -> Iterator[Progress | None]:
    """A bar of bytes read on stderr; nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(path.name, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
