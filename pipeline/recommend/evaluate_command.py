"""``python -m pipeline recommend evaluate``: one table of every method on a file of interactions."""

from __future__ import annotations

import re
import sys
from contextlib import closing
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import msgspec
import typer

from catalogue.command_line import progress_bars
from catalogue.errors import SettingsError
from pipeline.lake import Lake
from pipeline.recommend.customers.opted_out import refusing
from pipeline.recommend.models.embedded import FILE, EmbeddedModelStore

if TYPE_CHECKING:
    from pipeline.recommend.interactions import Interactions


class SplitKind(StrEnum):
    """As in `splits.SPLITS`, which is not imported here: numpy and scipy would be, for a help text."""

    STRATIFIED_BY_ITEM = "stratified-by-item"
    TEMPORAL = "temporal"
    LEAVE_LAST_OUT = "leave-last-out"


class OutputFormat(StrEnum):
    """What is printed."""

    TABLE = "table"
    JSON = "json"


MOST_SEEDS = 100


def evaluate(
    interactions: Annotated[
        Path | None, typer.Option("--interactions", metavar="FILE", help="user, item[, rating][, time]")
    ] = None,
    lake: Annotated[
        Path | None, typer.Option("--lake", metavar="DIR", help="what a training learns from, instead of a file")
    ] = None,
    kind: Annotated[SplitKind, typer.Option("--split", help="how the test part is chosen")] = SplitKind.TEMPORAL,
    ratio: Annotated[float, typer.Option(help="share to learn from", min=0.01, max=0.99)] = 0.75,
    k: Annotated[int, typer.Option("--k", help="length of the lists", min=1, max=1000)] = 10,
    seed: Annotated[str, typer.Option(help="of the split: 42, or several as 42,43 or 42..46")] = "42",
    models: Annotated[str, typer.Option(metavar="A,B", help="methods beside popularity (default: all)")] = "",
    tune: Annotated[bool, typer.Option("--tune", help="choose parameters on an inner split of the same kind")] = False,
    served: Annotated[str, typer.Option(metavar="N,N", help="neighbours as published, to be measured too")] = "100",
    history: Annotated[int, typer.Option(metavar="N", help="newest products known as served; 0 for all", min=0)] = 0,
    columns: Annotated[
        str, typer.Option(metavar="user=NAME,…", help="which column is what, or user,item,-,timestamp in their order")
    ] = "",
    output: Annotated[OutputFormat, typer.Option("--format", help="what to print")] = OutputFormat.TABLE,
) -> None:
    """Measure every method on a file of interactions or on a lake: all products ranked, known ones removed."""
    from pipeline.recommend.evaluation import files, report, running
    from pipeline.recommend.evaluation.candidates import chosen

    if (interactions is None) == (lake is None):
        given = "neither a file of interactions nor a lake" if lake is None else "both a file and a lake"
        raise SettingsError(f"There is {given} to evaluate on", remedy="Give --interactions FILE or --lake DIR.")
    candidates = chosen(models)
    plan = running.Plan(
        kind=kind.value,
        ratio=ratio,
        seeds=seeds_of(seed),
        k=k,
        served=tuple(_numbers(served, "--served")) if served else (),
        tune=tune,
        history=history,
    )
    with progress_bars() as bars:
        task = bars.add_task("Reading", total=1.0) if bars is not None else None

        def show(step: str, share: float) -> None:
            if bars is not None and task is not None:
                bars.update(task, description=step, completed=share)

        file = None
        if interactions is not None:
            file = files.read(interactions, columns=columns, progress=partial(show, "Reading"))
            found = file.interactions
        else:
            found = _of_lake(cast(Path, lake))
        evaluation = running.evaluate(
            found, candidates, plan, progress=lambda name, share: show(f"Evaluated {name}", share)
        )
    if output is OutputFormat.JSON:
        text = msgspec.json.format(msgspec.json.encode(report.as_json(evaluation, file)), indent=2)
        sys.stdout.write(text.decode() + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in report.as_lines(evaluation, file))


def _of_lake(folder: Path) -> Interactions:
    """What a training would learn from, customers who refuse left out."""
    from pipeline.recommend.learning.reading import read_lake

    opened = Lake.open(folder)
    sys.stderr.write(f"Lake: {opened.root}\n")
    if not (opened.root / FILE).exists():
        return read_lake(opened).interactions
    with closing(EmbeddedModelStore(opened.root / FILE)) as store:
        return read_lake(opened, refusing=refusing(store.items)).interactions


def seeds_of(text: str) -> tuple[int, ...]:
    """``42``, ``42,43`` or ``42..46``, both ends included. Raises SettingsError."""
    span = re.fullmatch(r"(\d+)\.\.(\d+)", text.strip())
    if not span:
        return tuple(_numbers(text, "--seed"))
    first, last = int(span[1]), int(span[2])
    if not first <= last < first + MOST_SEEDS:
        raise SettingsError(f"--seed {text} is no span of up to {MOST_SEEDS} seeds", remedy="Write for example 42..46.")
    return tuple(range(first, last + 1))


def _numbers(text: str, option: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise SettingsError(f"{option} {text!r} is no whole number", remedy="Write for example 100, or 100,200.")
    return list(dict.fromkeys(int(part) for part in parts))
