"""``python -m pipeline sample``: fill an empty lake with the sample year."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from catalogue.command_line import progress_bars
from catalogue.errors import SettingsError, TakingsError
from catalogue.files import atomic_write
from pipeline import options
from pipeline.curate.command import curate_lake
from pipeline.lake import RAW_EVENTS, RAW_SPEND, SAMPLE, SETTINGS, Lake

if TYPE_CHECKING:
    from rich.console import Console

DEFAULT_EVENTS = 1_000_000
DEFAULT_SEED = 7


def sample(
    lake: options.Lake = options.DEFAULT_LAKE,
    events: Annotated[int, typer.Option(metavar="N", help="records received over the year")] = DEFAULT_EVENTS,
    end: Annotated[
        str | None, typer.Option(metavar="DATE", help="day after the last full day (default: today, UTC)")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="another seed, another year")] = DEFAULT_SEED,
    if_missing: Annotated[
        bool,
        typer.Option("--if-missing", help="do nothing where a lake is already; finish a sample that was broken off"),
    ] = False,
) -> None:
    """Fill an empty lake with the sample year."""
    from rich.console import Console

    from pipeline.sample import holdout
    from pipeline.sample.year import generate

    today = datetime.now(UTC).date()
    after = today if end is None else _day(end)
    if after > today:
        raise SettingsError(
            f"The sample cannot end on {after}, which is later than today",
            where="--end",
            remedy="Name a day that is over.",
        )
    if seed < 0:
        raise SettingsError("A seed is a whole number, 0 or more", where="--seed")
    console = Console(stderr=True)
    is_new = not (lake / SETTINGS).exists()
    if if_missing and not is_new:
        found = Lake.open(lake)
        found.recover()
        if not found.is_sample:  # of one's own: invented sales never come into it
            return
        if found.raw_files(RAW_EVENTS) or found.raw_files(RAW_SPEND):
            if not found.state():  # a run that was broken off between writing and curating
                curate_lake(found)
            return
    made = Lake.create(lake)
    try:
        if is_new:
            atomic_write(made.root / SAMPLE, "{}\n")  # a run that is broken off here is known for what it was
        with _progress(console) as progress:
            report = generate(made, events=events, end=after, seed=seed, progress=progress)
    except TakingsError:
        if is_new:  # a refused sample decides nothing about the lake that may come here
            for name in (SAMPLE, SETTINGS):
                (made.root / name).unlink(missing_ok=True)
        raise
    console.print(
        f"Wrote {report.received:,} records from {report.start} to {report.end} into {made.root}: "
        f"{report.distinct:,} events, {report.duplicates:,} duplicates, {report.quarantined:,} quarantined; "
        f"{report.charges:,} charges.",
        highlight=False,
        soft_wrap=True,
    )
    holdout.keep(made, report.end)
    curate_lake(made)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is not a date such as 2026-03-01", where="--end") from error


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[str, float], None]]:
    """A bar on a terminal; elsewhere one line per stage."""
    with progress_bars() as bars:
        if bars is not None:
            task = bars.add_task("Sample year", total=1.0)
            yield lambda what, share: bars.update(task, description=what, completed=share)
            return
        stages: set[str] = set()

        def say(what: str, _share: float) -> None:
            if what not in stages:
                stages.add(what)
                console.print(what, highlight=False)

        yield say
