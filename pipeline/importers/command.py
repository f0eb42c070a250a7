"""``python -m pipeline import``: options, progress and the closing report of an import."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from catalogue.command_line import progress_bars
from catalogue.errors import SettingsError
from pipeline import options
from pipeline.curate.command import curate_lake
from pipeline.importers import DATASETS, Importer, ImportReport, import_file
from pipeline.importers.core import Progress
from pipeline.importers.mapped import MappedImporter
from pipeline.importers.mapping import EXAMPLE, load_mapping
from pipeline.lake import SETTINGS, Lake

NAMES = [importer.name for importer in DATASETS]


def import_(
    importer: Annotated[
        str,
        typer.Argument(
            metavar="IMPORTER", help=f"what the file holds: {', '.join(NAMES)}, or csv for any table with --map"
        ),
    ],
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="CSV, gzipped CSV or Parquet")] = None,
    map_: Annotated[
        Path | None,
        typer.Option("--map", metavar="MAPPING", help="TOML file: which column is which field (csv only)"),
    ] = None,
    example_map: Annotated[bool, typer.Option("--example-map", help="print a mapping to start from, and stop")] = False,
    lake: options.Lake = options.DEFAULT_LAKE,
) -> None:
    """Bring a file of events into the lake: all of it, or nothing.

    \b
    examples:
      python -m pipeline import online-retail online_retail.csv.gz
      python -m pipeline import csv --example-map > mapping.toml
      python -m pipeline import csv orders.csv --map mapping.toml --lake ./lake
    """
    if importer not in (*NAMES, "csv"):
        raise SettingsError(
            f"There is no importer {importer!r}", where="IMPORTER", remedy=f"Use {', '.join(NAMES)} or csv."
        )
    if example_map:
        sys.stdout.write(EXAMPLE)
        return
    if file is None:
        raise SettingsError("No file was named", where="FILE", remedy="Name the file to import.")
    chosen = _importer(importer, map_)
    is_new = not (lake / SETTINGS).exists()
    target = Lake.create(lake, chosen.lake_settings)
    report = None
    try:
        with _progress(file) as progress:
            report = import_file(target, chosen, file, progress=progress)
    finally:
        if is_new and report is None:  # a first import that failed has decided nothing about the lake
            (target.root / SETTINGS).unlink(missing_ok=True)
    sys.stdout.write(_summary(report))
    curate_lake(target)


def _importer(name: str, mapping: Path | None) -> Importer:
    """The importer that the options name."""
    if name != "csv":
        if mapping is not None:
            raise SettingsError(f"{name} has its own mapping", where="--map", remedy="Leave --map out.")
        return next(importer for importer in DATASETS if importer.name == name)
    if mapping is None:
        remedy = "Print one to start from with `python -m pipeline import csv --example-map`."
        raise SettingsError("The csv importer needs a mapping", where="--map", remedy=remedy)
    return MappedImporter(load_mapping(mapping))


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
    from rich.progress import DownloadColumn, TimeRemainingColumn

    with progress_bars(DownloadColumn(), TimeRemainingColumn()) as bars:
        if bars is None:
            yield None
            return
        task = bars.add_task(path.name, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
