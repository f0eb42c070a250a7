"""The planted hold-out: who sees no recommendation, what that costs, and that all else is as without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from pipeline.contract.events import Event
from pipeline.lake import Lake
from pipeline.recommend.experiments.stored import StoredExperiments
from pipeline.recommend.models.embedded import FILE, EmbeddedModelStore
from pipeline.sample import generate, holdout
from pipeline.sample.actions import PURCHASE, expand
from pipeline.sample.people import arrivals
from pipeline.sample.season import calendar
from pipeline.sample.shop import open_shop
from pipeline.sample.visits import plan
from tests.unit.pipeline.sample.test_sample import events_in

END = date(2026, 3, 1)
EVENTS = 60_000
STARTED = datetime(2025, 12, 7, tzinfo=UTC)
RECOMMENDED = ("recommendation_impression", "recommendation_click")


def year(folder: Path) -> dict[str, Event]:
    """The events of a sample by id."""
    lake = Lake.create(folder)
    generate(lake, events=EVENTS, end=END)
    return {event.event_id: event for event in events_in(lake)}


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Event], dict[str, Event]]:
    """The sample year, and the same one without a hold-out."""
    folder = tmp_path_factory.mktemp("years")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.sample.year.held_out", lambda visits, *_: np.zeros(visits.size, dtype=bool))
        without = year(folder / "without")
    return year(folder / "with"), without


def is_held_out(event: Event) -> bool:
    drawn = holdout.experiment(END)
    return (
        event.customer_id is not None
        and drawn.variant_of(event.customer_id).is_holdout
        and event.event_type != "refund"
        and event.occurred_at >= STARTED
    )


def changed(years: tuple[dict[str, Event], dict[str, Event]]) -> Sequence[tuple[Event, Event]]:
    """The events that the hold-out changes: with it, and without."""
    held, without = years
    assert held.keys() == without.keys()
    return [(event, without[name]) for name, event in held.items() if event != without[name]]


def test_a_held_out_customer_sees_no_recommendation_and_clicks_none(
    years: tuple[dict[str, Event], dict[str, Event]],
) -> None:
    held, without = years
    assert not [event for event in held.values() if is_held_out(event) and event.event_type in RECOMMENDED]
    assert [event for event in without.values() if is_held_out(event) and event.event_type in RECOMMENDED]


def test_nothing_else_changes_and_what_changes_happens_at_the_same_time(
    years: tuple[dict[str, Event], dict[str, Event]],
) -> None:
    pairs = changed(years)
    assert all(is_held_out(before) for _, before in pairs)
    assert all((now.occurred_at, now.product_id) == (before.occurred_at, before.product_id) for now, before in pairs)
    kinds = Counter((before.event_type, now.event_type) for now, before in pairs)
    assert set(kinds) <= {
        ("recommendation_impression", "product_view"),
        ("recommendation_click", "product_view"),
        ("purchase", "product_view"),
        ("purchase", "purchase"),
    }


def test_the_stated_share_of_lines_after_a_click_is_not_bought_by_who_is_held_out() -> None:
    when, shop = calendar(END), open_shop(7)
    rng = np.random.default_rng(1)
    visits = plan(EVENTS, arrivals(EVENTS, when, shop, rng), when, rng)
    events = expand(visits, shop, when, rng)
    # every line as if it began with a click: few do
    events = replace(events, slate=np.where(events.kind == PURCHASE, 1, events.slate))
    everybody = np.ones(visits.size, dtype=bool)
    found = holdout.without_recommendations(events, visits, everybody, rng)
    clicked = (events.kind == PURCHASE) & (visits.refunds[events.visit] == 0)
    assert clicked.sum() > 400
    assert 1 - np.mean(found.kind[clicked] == PURCHASE) == pytest.approx(holdout.NOT_BOUGHT, abs=0.05)
    others = (events.kind == PURCHASE) & ~clicked
    assert np.all(found.kind[others] == PURCHASE)
    assert np.all(found.slate == -1)


def test_the_experiment_is_kept_once_as_one_that_ended_with_the_sample(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake")
    holdout.keep(lake, END)
    holdout.keep(lake, END)
    store = EmbeddedModelStore(lake.root / FILE)
    (kept,) = StoredExperiments(store.items, store).all()
    store.close()
    assert kept == holdout.experiment(END)
    assert (kept.name, kept.started_at, kept.ended_at) == ("holdout-2025-12", STARTED, datetime(2026, 3, 1, tzinfo=UTC))
