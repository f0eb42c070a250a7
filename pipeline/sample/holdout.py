"""The sample's hold-out: what recommendations bring is planted, so that an experiment can find it.

Model
-----
- For the last `WEEKS` weeks, `SHARE` of the known customers are held out, drawn as the pipeline draws them
  (`pipeline.recommend.experiments.experiment`, by the name of the experiment and the customer's id). Before, and for
  all others, everything is as without an experiment.
- A held-out customer sees no slate and clicks none: the views of other products take their place, at the same time.
- **The planted effect**: of the order lines that begin with a click, `NOT_BOUGHT` are not bought by a held-out
  customer, who views the product once more instead. The others are bought without a recommendation; all lines of
  orders with a refund are among them.

The experiment ended with the sample: the console's own server holds nobody out, and a reader may start an experiment of
their own.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from pipeline.lake import Lake
from pipeline.recommend.experiments.experiment import Experiment, Variant
from pipeline.recommend.experiments.stored import StoredExperiments
from pipeline.recommend.models.embedded import FILE, EmbeddedModelStore
from pipeline.sample.actions import CLICK, IMPRESSION, PURCHASE, VIEW, Actions
from pipeline.sample.lines import customer_ids
from pipeline.sample.season import DAY_MS, DAYS, Bools
from pipeline.sample.visits import Visits

WEEKS = 12
SHARE = 0.1
NOT_BOUGHT = 0.7


def experiment(end: date) -> Experiment:
    """The hold-out of a sample that ends before the day `end`."""
    start = end - timedelta(weeks=WEEKS)
    return Experiment(
        name=f"holdout-{start:%Y-%m}",
        variants=(
            Variant(name="holdout", share=SHARE, is_holdout=True),
            Variant(name="shown", share=1 - SHARE),
        ),
        started_at=_midnight(start),
        ended_at=_midnight(end),
        comment="Planted in the sample: see what recommendations bring.",
    )


def held_out(visits: Visits, end: date, seed: int) -> Bools:
    """Whether each visit is a held-out customer's, within the experiment."""
    found = np.zeros(visits.size, dtype=bool)
    within = np.flatnonzero((visits.customer >= 0) & (visits.start >= (DAYS - 7 * WEEKS) * DAY_MS))
    customers, place = np.unique(visits.customer[within], return_inverse=True)
    drawn = experiment(end)
    is_held_out = [drawn.variant_of(customer).is_holdout for customer in customer_ids(customers, seed)]
    found[within] = np.array(is_held_out, dtype=bool)[place]
    return found


def without_recommendations(events: Actions, visits: Visits, held: Bools, rng: np.random.Generator) -> Actions:
    """The events as they are where some visits are held out: as many, at the same times.

    Parameters
    ----------
    held : whether each visit is
    """
    concerned = held[events.visit]
    recommended = concerned & (events.slate >= 0)
    bought = np.flatnonzero(recommended & (events.kind == PURCHASE) & (visits.refunds[events.visit] == 0))
    lost = bought[rng.random(bought.size) < NOT_BOUGHT]
    kind = np.where(recommended & np.isin(events.kind, (IMPRESSION, CLICK)), VIEW, events.kind)
    kind[lost] = VIEW
    described = events.described.copy()
    described[lost] = False
    return replace(events, kind=kind, described=described, slate=np.where(recommended, -1, events.slate))


def keep(lake: Lake, end: date) -> None:
    """Put the experiment beside the models of a lake, as one that has ended; nothing where it is there already."""
    made = experiment(end)
    with closing(EmbeddedModelStore(lake.root / FILE)) as store:
        kept = StoredExperiments(store.items, store, now=lambda: made.started_at)
        if all(other.name != made.name for other in kept.all()):
            kept.start(made)
            StoredExperiments(store.items, store, now=lambda: _midnight(end)).end(made.name)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
