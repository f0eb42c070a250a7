"""``python -m pipeline import``: options, progress and the closing report of an import."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from catalogue.command_line import progress_bars
from catalogue.errors import LakeMissing, SettingsError
from pipeline import options
from pipeline.collecting.keys import LAKES_OWN, checked_namespace
from pipeline.curate.command import curate_lake
from pipeline.importers import DATASETS, Importer, ImportReport, Source, import_files
from pipeline.importers.core import Progress, described
from pipeline.importers.mapped import MappedImporter
from pipeline.importers.mapping import EXAMPLE, load_mapping
from pipeline.importers.preview import as_text
from pipeline.importers.preview import preview as preview_of
from pipeline.importers.sources import find_sources
from pipeline.lake import SETTINGS, Lake, LakeSettings

NAMES = [importer.name for importer in DATASETS]


def import_(
    importer: Annotated[
        str,
        typer.Argument(
            metavar="IMPORTER", help=f"what the files hold: {', '.join(NAMES)}, or csv for any table with --map"
        ),
    ] = "csv",
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE...",
            help="CSV, JSON lines, Parquet, Excel; text also as .gz or .zst; folders; s3://BUCKET/PREFIX",
        ),
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option("--map", metavar="MAPPING", help="TOML file: which column is which field (csv only)"),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="show the first rows as events and what would be refused, and stop")
    ] = False,
    namespace: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="within which event and order ids are unique (default: the lake's own)"),
    ] = None,
    create: Annotated[
        bool, typer.Option("--create", help="make the lake where there is none, with the currency of what is imported")
    ] = False,
    example_map: Annotated[bool, typer.Option("--example-map", help="print a mapping to start from, and stop")] = False,
    lake: options.Lake = options.DEFAULT_LAKE,
) -> None:
    """Bring files of events into the lake: all of them, or nothing.

    \b
    examples:
      python -m pipeline import online-retail online_retail.csv.gz --lake ./retail --create
      python -m pipeline import csv --example-map > mapping.toml
      python -m pipeline import csv orders.csv --map mapping.toml --preview
      python -m pipeline import csv 2026-*.csv.gz --map mapping.toml --lake ./lake
      python -m pipeline import csv s3://exports/orders/2026/ --map mapping.toml
    """
    if importer not in (*NAMES, "csv"):
        raise SettingsError(
            f"There is no importer {importer!r}", where="IMPORTER", remedy=f"Use {', '.join(NAMES)} or csv."
        )
    if example_map:
        sys.stdout.write(EXAMPLE)
        return
    if not files:
        raise SettingsError("No file was named", where="FILE", remedy="Name the files to import.")
    chosen, of_mapping = _importer(importer, map_)
    within = checked_namespace(of_mapping if namespace is None else namespace)
    with TemporaryDirectory(prefix="takings-import-") as scratch:
        sources = find_sources(files, Path(scratch), at_most=1 if preview else None)
        if preview:
            sys.stdout.write(as_text(preview_of(chosen, sources[0], _settings(lake, chosen))))
        else:
            _import(lake, chosen, sources, within, create=create)


def _import(folder: Path, importer: Importer, sources: Sequence[Source], namespace: str, *, create: bool) -> None:
    """Import, report and curate."""
    is_new = not (folder / SETTINGS).exists()
    if is_new and not create:
        raise LakeMissing(
            "There is no lake here",
            where=str(folder.absolute()),
            remedy="Check the path. To make a lake there, add --create, or run `takings init` first.",
        )
    lake = Lake.create(folder, importer.lake_settings)
    report = None
    try:
        with _progress(described(sources)) as progress:
            report = import_files(lake, importer, sources, namespace=namespace, progress=progress)
    finally:
        if is_new and report is None:  # a first import that failed has decided nothing about the lake
            (lake.root / SETTINGS).unlink(missing_ok=True)
    sys.stdout.write(_summary(report))
    curate_lake(lake)


def _settings(lake: Path, importer: Importer) -> LakeSettings:
    """The settings of a lake, or of the one that the import would make."""
    return Lake.open(lake).settings if (lake / SETTINGS).exists() else importer.lake_settings


def _importer(name: str, mapping: Path | None) -> tuple[Importer, str]:
    """The importer that the options name, and the namespace that its mapping names."""
    if name != "csv":
        if mapping is not None:
            raise SettingsError(f"{name} has its own mapping", where="--map", remedy="Leave --map out.")
        return next(importer for importer in DATASETS if importer.name == name), LAKES_OWN
    if mapping is None:
        remedy = "Print one to start from with `python -m pipeline import csv --example-map`."
        raise SettingsError("The csv importer needs a mapping", where="--map", remedy=remedy)
    read = load_mapping(mapping)
    return MappedImporter(read), read.namespace


def _summary(report: ImportReport) -> str:
    """The report as lines of text."""
    rate = report.received / report.seconds if report.seconds > 0 else 0
    lines = [
        f"{report.file}: {report.received:,} rows received = {report.accepted:,} accepted"
        f" + {report.duplicates:,} duplicates + {report.quarantined:,} quarantined"
        f" ({report.seconds:.1f} s, {rate:,.0f} rows/s)"
    ]
    if report.rounded:
        lines.append(f"  {report.rounded:,} events had an amount or a quantity rounded")
    split = report.events - report.accepted - report.duplicates
    if split:
        lines.append(f"  {split:,} rows are two lines of their order each, because no unit price gives their total")
    lines += [f"  quarantined, {reason}: {rows:,}" for reason, rows in report.reasons.items()]
    lines += [f"    {refusal}" for refusal in report.first_refusals]
    return "\n".join(lines) + "\n"


@contextmanager
def _progress(name: str) -> Iterator[Progress | None]:
    """A bar of bytes read on stderr; nothing where stderr is not a terminal."""
    from rich.progress import DownloadColumn, TimeRemainingColumn

    with progress_bars(DownloadColumn(), TimeRemainingColumn()) as bars:
        if bars is None:
            yield None
            return
        task = bars.add_task(name, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
