"""``python -m pipeline sample``: fill an empty lake with the sample year."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from catalogue.errors import SettingsError, TakingsError
from pipeline import options
from pipeline.lake import RAW_EVENTS, RAW_SPEND, SETTINGS, Lake
from pipeline.sample.year import generate

DEFAULT_EVENTS = 1_000_000
DEFAULT_SEED = 7


def add_sample_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    options.add_lake(parser)
    parser.add_argument(
        "--events",
        type=int,
        default=DEFAULT_EVENTS,
        metavar="N",
        help="records received over the year (default: 1,000,000)",
    )
    parser.add_argument(
        "--end", type=_day, default=None, metavar="DATE", help="day after the last full day (default: today, UTC)"
    )
    parser.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, metavar="N", help="another seed, another year (default: 7)"
    )
    parser.add_argument("--if-missing", action="store_true", help="do nothing where the lake holds data already")


def run_sample(args: argparse.Namespace, curate: Callable[[Lake], None]) -> None:
    """Write the sample year into the lake and curate it.

    Parameters
    ----------
    args : parsed options of `add_sample_arguments`
    curate : turns the raw lake into curated tables

    Raises
    ------
    LakeError
        The lake holds data already (without ``--if-missing``), or the folder is no lake.
    SettingsError
        An option has a value that cannot be used.
    """
    today = datetime.now(UTC).date()
    end: date = args.end or today
    if end > today:
        raise SettingsError(
            f"The sample cannot end on {end}, which is later than today",
            where="--end",
            remedy="Name a day that is over.",
        )
    if args.seed < 0:
        raise SettingsError("A seed is a whole number, 0 or more", where="--seed")
    console = Console(stderr=True)
    if args.if_missing and (args.lake / SETTINGS).exists():
        lake = Lake.open(args.lake)
        lake.recover()
        if lake.raw_files(RAW_EVENTS) or lake.raw_files(RAW_SPEND):
            if lake.is_sample and not lake.state():  # a run that was broken off between writing and curating
                curate(lake)
            return
    is_new = not (args.lake / SETTINGS).exists()
    lake = Lake.create(args.lake)
    try:
        with _progress(console) as progress:
            report = generate(lake, events=args.events, end=end, seed=args.seed, progress=progress)
    except TakingsError:
        if is_new:  # a refused sample decides nothing about the lake that may come here
            (lake.root / SETTINGS).unlink(missing_ok=True)
        raise
    console.print(
        f"Wrote {report.received:,} records from {report.start} to {report.end} into {lake.root}: "
        f"{report.distinct:,} events, {report.duplicates:,} duplicates, {report.quarantined:,} quarantined; "
        f"{report.charges:,} charges.",
        highlight=False,
        soft_wrap=True,
    )
    curate(lake)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-03-01") from error


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[str, float], None]]:
    """A bar on a terminal; elsewhere one line per stage."""
    if not console.is_terminal:
        said: list[str] = []

        def say(what: str, _share: float) -> None:
            if what not in said:
                said.append(what)
                console.print(what, highlight=False)

        yield say
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Sample year", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)
