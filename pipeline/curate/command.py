"""``python -m pipeline curate`` and ``status``: from raw records to curated tables, and an account of every record."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from catalogue.command_line import progress_bars
from pipeline import options
from pipeline.lake import Lake


def curate(
    lake: options.Lake = options.DEFAULT_LAKE,
    full: Annotated[bool, typer.Option("--full", help="make every table again from the raw files")] = False,
) -> None:
    """Turn new raw records into curated tables."""
    curate_lake(Lake.open(lake), full=full)


def status(lake: options.Lake = options.DEFAULT_LAKE) -> int:
    """Account for every record of the lake."""
    from pipeline.curate.status import account

    report = account(Lake.open(lake))
    sys.stdout.writelines(f"{line}\n" for line in report.lines())
    return 0 if report.holds else 1


def curate_lake(lake: Lake, *, full: bool = False) -> None:
    """Curate a lake with a bar on a terminal, and print what is in it then."""
    from pipeline.curate import curate

    sys.stderr.write(f"Lake: {lake.root}\n")
    with progress_bars() as bars:
        progress = None
        if bars is not None:
            task = bars.add_task("Curating", total=1.0)
            progress = lambda step, done: bars.update(task, description=step, completed=done)  # noqa: E731
        report = curate(lake, full=full, progress=progress)
    sys.stdout.write(
        f"Curated {report.raw_files:,} raw files. In the lake: {report.received:,} records received"
        f" = {report.accepted:,} accepted + {report.duplicates:,} duplicates + {report.quarantined:,} quarantined.\n"
    )
