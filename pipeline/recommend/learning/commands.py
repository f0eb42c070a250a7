"""``python -m pipeline recommend train``, ``models`` and ``rollback``; the last two also for a deployment."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from datetime import timedelta
from typing import Annotated

import typer

from catalogue.clock import utc_now
from catalogue.command_line import progress_bars
from pipeline import options
from pipeline.lake import Lake
from pipeline.recommend.customers.opting_out import NO_TABLES, Tables
from pipeline.recommend.models.embedded import FILE, EmbeddedModelStore
from pipeline.recommend.models.opening import opened_models

SEED = 1
_LOW_PRIORITY = 10  # of 19: what the collector and the pages leave


def train(
    lake: options.Lake = options.DEFAULT_LAKE,
    seed: Annotated[int, typer.Option(help="of everything that is drawn: the same seed, the same model")] = SEED,
    days: Annotated[int, typer.Option(min=1, help="the newest ones are learnt from")] = 365,
    gently: Annotated[bool, typer.Option("--gently", help="take one core at low priority, and all the time")] = False,
) -> None:
    """Learn a model of recommendations from a lake, and use it where it is better than popularity."""
    from threadpoolctl import threadpool_limits

    from pipeline.recommend.learning.keeping import HistoryKeeper
    from pipeline.recommend.learning.progress import reported
    from pipeline.recommend.learning.reading import read_lake
    from pipeline.recommend.learning.retraining import retrain

    opened = Lake.open(lake)
    sys.stderr.write(f"Lake: {opened.root}\n")
    if gently:
        os.nice(_LOW_PRIORITY)
    cores = threadpool_limits(1 if gently else None)
    with (
        opened.training(),
        reported(opened.root) as report,
        progress_bars() as bars,
        closing(EmbeddedModelStore(opened.root / FILE)) as store,
        cores,
    ):
        task = bars.add_task("Reading the lake", total=1.0) if bars is not None else None

        def progress(step: str, done: float) -> None:
            report(step, done)
            if bars is not None and task is not None:
                bars.update(task, description=step, completed=done)

        keeper = HistoryKeeper(store.items, now=utc_now(), kept=timedelta(days=days))
        data = read_lake(opened, window_days=days, refusing=keeper.refusing, active_from=keeper.active_from)
        retrained = retrain(data, store, seed=seed, now=utc_now(), keeper=keeper, progress=progress)
    sys.stdout.writelines(f"{line}\n" for line in retrained.lines())


def models(lake: options.Lake = options.DEFAULT_LAKE, tables: Tables = NO_TABLES) -> None:
    """List the models that are kept, newest first."""
    from pipeline.recommend.learning.retraining import described

    with opened_models(lake, tables, writes=False) as store:
        current = store.current()
        cards = tuple(store.cards())
    lines = list(described(cards, current.card.version if current is not None else None))
    sys.stdout.writelines(f"{line}\n" for line in lines or ["There is no model yet."])


def rollback(lake: options.Lake = options.DEFAULT_LAKE, tables: Tables = NO_TABLES) -> None:
    """Use the model before the current one again."""
    with opened_models(lake, tables, writes=True) as store:
        card = store.rollback()
    sys.stdout.write(f"{card.version} of {card.trained_at:%Y-%m-%d %H:%M} UTC is in use again.\n")
