"""Order lines belong to recommendations by the last click within 7 days, on literal events and against plain Python."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.contract.shape import Event, Recommendation
from pipeline.lake import LakeSettings
from tests.support.given import Given, event, in_turn


def click(event_id: str, at: str, surface: str = "home", **fields: Any) -> Event:
    return event(
        event_id,
        at,
        **{
            "event_type": "recommendation_click",
            "recommendation": {"surface": surface, "model": "m1"},
            **fields,
        },
    )


def sale(event_id: str, at: str, **fields: Any) -> Event:
    return event(event_id, at, **{"event_type": "purchase", **fields})


def refund(event_id: str, at: str, **fields: Any) -> Event:
    return event(event_id, at, **{"event_type": "refund", **fields})


def surfaces(lake: Given) -> dict[str, str | None]:
    """Line → the surface that it is attributed to."""
    return {row["event_id"]: row["surface"] for row in lake.rows("attributed_lines")}


def test_a_line_belongs_to_the_last_click_on_its_product_before_it(given: Given):
    given.events(
        click("k1", "2026-03-01 12:00", "home"),
        click("k2", "2026-03-01 12:05", "cart"),
        click("k3", "2026-03-01 12:05", "cart"),  # a double click
        click("k4", "2026-03-01 12:06", "home", product_id="p2"),  # another product
        click("k5", "2026-03-01 12:07", "home", customer_id="c2"),  # somebody else
        sale("s1", "2026-03-01 12:10", unit_price="20.0000", quantity=2),
        click("k6", "2026-03-01 12:11", "home"),  # after it
    ).curate()
    (line,) = given.rows("attributed_lines")
    assert (line["event_id"], line["surface"], line["model"], line["amount"]) == ("s1", "cart", "m1", Decimal("40"))
    assert line["clicked_at"] == datetime(2026, 3, 1, 12, 5)


def test_a_click_counts_for_7_days_to_the_second_and_at_the_instant_of_the_purchase(given: Given):
    given.events(
        click("k1", "2026-03-01 12:00:00", product_id="exactly"),
        sale("s1", "2026-03-08 12:00:00", product_id="exactly"),
        click("k2", "2026-03-01 12:00:00", product_id="late"),
        sale("s2", "2026-03-08 12:00:01", product_id="late"),
        click("k3", "2026-03-05 12:00:00", product_id="same"),
        sale("s3", "2026-03-05 12:00:00", product_id="same"),
    ).curate()
    assert surfaces(given) == {"s1": "home", "s3": "home"}


def test_a_night_with_an_hour_less_hides_no_click(tmp_path: Path):
    lake = Given(tmp_path, LakeSettings(reporting_time_zone="Europe/Berlin"))
    lake.events(
        click("k1", "2026-03-23 22:30"),  # 23:30 in Berlin, on the eighth day before
        sale("s1", "2026-03-30 22:30"),  # 00:30 of the 31st
    )
    lake.curate()
    lake.events(sale("s1", "2026-03-30 22:30", received="2026-03-30 22:30"), refund("r1", "2026-04-09 12:00")).curate()
    assert surfaces(lake) == {"s1": "home", "r1": "home"}


def test_a_session_links_a_click_and_a_line_where_one_of_them_does_not_say_who_it_is(given: Given):
    anonymous = {"customer_id": None, "session_id": "x"}
    given.events(
        click("k1", "2026-03-01 12:00", product_id="both", **anonymous),
        sale("s1", "2026-03-01 12:05", product_id="both", order_id="o1", **anonymous),
        click("k2", "2026-03-01 12:00", product_id="signed in", **anonymous),
        sale("s2", "2026-03-01 12:05", product_id="signed in", order_id="o2", customer_id="c1", session_id="x"),
        click("k3", "2026-03-01 12:00", product_id="signed out", customer_id="c1", session_id="x"),
        sale("s3", "2026-03-01 12:05", product_id="signed out", order_id="o3", **anonymous),
        click("k4", "2026-03-01 12:00", product_id="two people", customer_id="c1", session_id="x"),
        sale("s4", "2026-03-01 12:05", product_id="two people", order_id="o4", customer_id="c2", session_id="x"),
        click("k5", "2026-03-01 12:00", product_id="another session", **anonymous),
        sale("s5", "2026-03-01 12:05", product_id="another session", order_id="o5", customer_id=None, session_id="y"),
    ).curate()
    assert set(surfaces(given)) == {"s1", "s2", "s3"}


def test_equal_sessions_and_orders_of_two_senders_are_apart_and_customers_are_the_same(given: Given):
    anonymous = {"customer_id": None, "session_id": "x"}
    given.events(
        click("k1", "2026-03-01 12:00", product_id="p1", namespace="a", **anonymous),
        sale("s1", "2026-03-01 12:05", product_id="p1", namespace="a", **anonymous),
        sale("s2", "2026-03-01 12:05", product_id="p1", namespace="b", **anonymous),
        refund("r1", "2026-03-02 12:05", product_id="p1", namespace="a", **anonymous),
        refund("r2", "2026-03-02 12:05", product_id="p1", namespace="b", **anonymous),
        click("k3", "2026-03-01 12:00", product_id="p3", namespace="a"),
        sale("s3", "2026-03-01 12:05", product_id="p3", namespace="b"),
    ).curate()
    assert set(surfaces(given)) == {"s1", "r1", "s3"}


def test_without_a_click_a_line_belongs_to_the_recommendation_that_it_names(given: Given):
    named = {"recommendation": {"surface": "cart", "model": "m2"}}
    given.events(
        click("k1", "2026-03-01 12:00", "home", product_id="clicked"),
        sale("s1", "2026-03-01 12:05", product_id="clicked", **named),
        sale("s2", "2026-03-01 12:05", product_id="named", **named),
        sale("s3", "2026-03-01 12:05", product_id="asked", recommendation={"request_id": "r"}),
        sale("s4", "2026-03-01 12:05", product_id="neither"),
        click("k5", "2026-03-01 12:00", product_id="a click that says nothing", recommendation=None),
        sale("s5", "2026-03-01 12:05", product_id="a click that says nothing", **named),
    ).curate()
    found = {
        row["event_id"]: (row["surface"], row["model"], row["clicked_at"]) for row in given.rows("attributed_lines")
    }
    clicked = datetime(2026, 3, 1, 12)
    assert found == {
        "s1": ("home", "m1", clicked),
        "s2": ("cart", "m2", None),
        "s3": (None, None, None),
        "s5": (None, None, clicked),
    }


def test_a_refund_takes_from_what_the_line_of_its_order_and_product_was_attributed_to(given: Given):
    given.events(
        click("k1", "2026-03-01 12:00", "cart"),
        sale("s1", "2026-03-01 12:05"),
        sale("s2", "2026-03-01 12:05", product_id="p2"),
        click("k2", "2026-05-01 12:00", "home"),
        refund("r1", "2026-05-02 12:00", quantity=1, unit_price="4.0000", customer_id=None, session_id="desk"),
        refund("r2", "2026-05-02 12:00", product_id="p2"),  # of a line that nothing was clicked for
        refund("r3", "2026-05-02 12:00", order_id="o9"),  # of an order that nobody knows
    ).curate()
    found = {
        row["event_id"]: (row["surface"], row["amount"], str(row["order_date"]))
        for row in given.rows("attributed_lines")
    }
    assert found == {
        "s1": ("cart", Decimal("10"), "2026-03-01"),
        "r1": ("cart", Decimal("-4"), "2026-05-02"),
    }


def test_only_lines_that_count_are_attributed(given: Given):
    given.events(
        click("k1", "2026-03-01 12:00"),
        sale("page", "2026-03-01 12:05", public=True, order_id="o1"),
    ).curate()
    assert set(surfaces(given)) == {"page"}
    given.events(sale("shop", "2026-03-01 12:06", order_id="o1")).curate()
    assert set(surfaces(given)) == {"shop"}


def test_a_click_that_arrives_late_is_found_by_the_lines_after_it(given: Given):
    given.events(sale("s1", "2026-03-06 12:00"), sale("s2", "2026-05-06 12:00", order_id="o2")).curate()
    assert surfaces(given) == {}
    given.events(click("k1", "2026-03-02 12:00", received="2026-05-07 12:00")).curate()
    assert surfaces(given) == {"s1": "home"}
    given.events(event("k1", "2026-03-02 12:00", event_type="product_view", received="2026-03-02 12:00")).curate()
    assert surfaces(given) == {}, "the copy that was received first is no click"


_START = datetime(2026, 3, 20, 22, 0, tzinfo=UTC)  # London moves its clocks nine days later
_AT = st.one_of(st.integers(0, 5), st.sampled_from([10_074, 10_080, 10_081]), st.integers(0, 20_000)).map(
    lambda minutes: _START + timedelta(minutes=minutes)
)
_KINDS = ("recommendation_impression", "recommendation_click", "recommendation_click", "purchase", "purchase", "refund")


@st.composite
def _events(draw: st.DrawFn) -> Event:
    """One of few customers, sessions, products and orders, so that clicks, lines and refunds meet."""
    kind = draw(st.sampled_from(_KINDS))
    sale = kind in ("purchase", "refund")
    customer = draw(st.sampled_from([None, "c1", "c2"]))
    recommendation = st.builds(Recommendation, surface=st.sampled_from(["home", "cart"]), model=st.just("m1"))
    return Event(
        event_id=draw(st.integers(1, 40).map(lambda number: f"e{number}")),
        event_type=kind,  # type: ignore[arg-type]
        occurred_at=draw(_AT),
        received_at=draw(_AT),
        source="native",
        namespace=draw(st.sampled_from(["", "", "shop"])),
        public=draw(st.sampled_from([False, False, True])),
        customer_id=customer,
        session_id=draw(st.sampled_from(["s1", "s2"] if customer is None else [None, "s1"])),
        product_id=draw(st.sampled_from(["p1", "p1", "p2"])),
        quantity=1 if sale else None,
        unit_price=Decimal("9.9900") if sale else None,
        currency="USD" if sale else None,
        order_id=draw(st.sampled_from(["o1", "o2", "o3"])) if sale else None,
        recommendation=draw(st.one_of(st.none(), recommendation)),
    )


@st.composite
def _batches(draw: st.DrawFn) -> list[list[Event]]:
    events = draw(st.lists(_events(), min_size=3, max_size=14, unique_by=lambda event: event.event_id))
    cuts = sorted(draw(st.sets(st.integers(1, len(events) - 1), max_size=3)))
    return [events[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(events)], strict=True)]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_batches())
def test_any_events_in_any_steps_are_attributed_as_plain_python_does(batches: list[list[Event]]):
    with tempfile.TemporaryDirectory() as folder:
        lake = in_turn(Path(folder) / "steps", batches, LakeSettings(reporting_time_zone="Europe/London"))
        rows = lake.rows("attributed_lines")
        events = [event for batch in batches for event in batch]
        assert {row["event_id"]: (row["surface"], row["clicked_at"]) for row in rows} == _attributed(events)
        at_once = Given(Path(folder) / "at-once", lake.lake.settings).events(events).curate()
        assert lake.curate(full=True).files() == at_once.files()
        assert lake.tables() == at_once.tables()
        shown = [event for event in events if event.event_type.startswith("recommendation_")]
        for mart in ("daily_recommendations", "daily_recommended_products"):
            assert sum(map(sum, zip(*map(lake.column, (mart, mart), ("impressions", "clicks")), strict=True))) == len(
                shown
            )


def _attributed(events: Sequence[Event]) -> dict[str, tuple[str | None, datetime | None]]:
    """Line → surface and instant of the click, by loops over the events."""
    counted = [event for event in events if event.order_id and not _is_superseded(event, events)]
    found: dict[str, tuple[str | None, datetime | None]] = {}
    for line in counted:
        if line.event_type == "purchase":
            clicks = [click for click in events if _leads_to(click, line)]
            if clicks:
                last = max(clicks, key=lambda click: (click.occurred_at, click.event_id, click.namespace))
                said = last.recommendation
                found[line.event_id] = (said.surface if said else None, last.occurred_at.replace(tzinfo=None))
            elif line.recommendation is not None:
                found[line.event_id] = (line.recommendation.surface, None)
    for line in counted:
        if line.event_type == "refund":
            same = [
                other
                for other in counted
                if other.event_id in found
                and other.event_type == "purchase"
                and (other.namespace, other.order_id, other.product_id)
                == (line.namespace, line.order_id, line.product_id)
            ]
            if same:
                found[line.event_id] = found[min(same, key=lambda other: (other.occurred_at, other.event_id)).event_id]
    return found


def _leads_to(click: Event, line: Event) -> bool:
    if click.event_type != "recommendation_click" or click.product_id != line.product_id:
        return False
    if not timedelta(0) <= line.occurred_at - click.occurred_at <= timedelta(days=7):
        return False
    if click.customer_id is not None and line.customer_id is not None:
        return click.customer_id == line.customer_id
    return click.session_id is not None and (click.namespace, click.session_id) == (line.namespace, line.session_id)


def _is_superseded(line: Event, events: Sequence[Event]) -> bool:
    return (
        line.public
        and line.event_type == "purchase"
        and any(
            other.event_type == "purchase"
            and not other.public
            and (other.namespace, other.order_id) == (line.namespace, line.order_id)
            for other in events
        )
    )
