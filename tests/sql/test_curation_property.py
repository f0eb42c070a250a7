"""Curating in any steps gives exactly what curating at once gives."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.contract.shape import Event, Product, Recommendation
from pipeline.curate import parts
from pipeline.lake import LakeSettings
from tests.support.given import Given, in_turn

# Small pools, so that ids collide, copies disagree, events come late and descriptions change.
_START = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)  # Europe/London moves its clocks in the following night
_IDS = st.sampled_from(["e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"])
_MINUTES = st.one_of(st.integers(0, 40), st.integers(0, 4000)).map(lambda minutes: _START + timedelta(minutes=minutes))
_COSTS = st.sampled_from([None, Decimal("0.0000"), Decimal("4.0000"), Decimal("7.5000")])
_PRODUCTS = st.builds(
    Product,
    name=st.sampled_from([None, "Lamp", "Bulb"]),
    category=st.sampled_from([None, "Home/Lighting", "Home"]),
    brand=st.sampled_from([None, "Ara"]),
    unit_cost=_COSTS,
)
_KINDS = (
    "product_view",
    "cart_add",
    "checkout_start",
    "purchase",
    "purchase",
    "refund",
    "recommendation_click",
    "recommendation_impression",
)
_RECOMMENDATIONS = st.builds(
    Recommendation, surface=st.sampled_from([None, "home", "cart"]), model=st.sampled_from([None, "m1"])
)


@pytest.fixture(scope="module", autouse=True)
def small_files() -> Iterator[None]:
    """Partitions of several files, of rows that a large lake would spread over as many."""
    with pytest.MonkeyPatch.context() as patch:
        for name, rows in (("SMALL", 1), ("SHARE", 1), ("LARGEST", 3)):
            patch.setattr(parts, name, rows)
        yield


@st.composite
def _events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(_KINDS))
    customer = draw(st.sampled_from([None, "c1", "c2", "c3"]))
    sale = kind in ("purchase", "refund")
    return Event(
        event_id=draw(_IDS),
        event_type=kind,  # type: ignore[arg-type]
        occurred_at=draw(_MINUTES),
        received_at=draw(_MINUTES),
        source=draw(st.sampled_from(["native", "segment"])),
        namespace=draw(st.sampled_from(["", "", "shop"])),
        public=draw(st.booleans()),
        customer_id=customer,
        session_id=draw(st.sampled_from(["s1", "s2"] if customer is None else [None, "s1"])),
        product_id=None if kind == "checkout_start" else draw(st.sampled_from(["p1", "p2"])),
        quantity=draw(st.integers(1, 3)) if sale else None,
        unit_price=draw(st.sampled_from([Decimal("0.0000"), Decimal("9.9900"), Decimal("20.0000")])) if sale else None,
        currency=draw(st.sampled_from(["USD", "USD", "EUR"])) if sale else None,
        order_id=draw(st.sampled_from(["o1", "o2", "o3"])) if sale else None,
        channel=draw(st.sampled_from([None, "web", "app"])),
        region=draw(st.sampled_from([None, "north", "south"])),
        campaign=draw(st.sampled_from([None, "spring"])),
        product=draw(st.one_of(st.none(), _PRODUCTS)),
        recommendation=draw(st.one_of(st.none(), _RECOMMENDATIONS)),
    )


@st.composite
def _splits(draw: st.DrawFn) -> tuple[list[list[Event]], LakeSettings]:
    """Events in an order, cut into batches, and the settings of a lake."""
    events = draw(st.lists(_events(), min_size=1, max_size=14))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(events) - 1)), max_size=4)))
    batches = [events[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(events)], strict=True)]
    zone = draw(st.sampled_from(["UTC", "Europe/London", "America/New_York"]))
    confirms = draw(st.booleans())
    return [batch for batch in batches if batch], LakeSettings(reporting_time_zone=zone, confirm_public_orders=confirms)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_splits())
def test_any_split_into_batches_gives_the_tables_that_curating_at_once_gives(
    split: tuple[list[list[Event]], LakeSettings],
):
    batches, lake_settings = split
    with tempfile.TemporaryDirectory() as folder:
        # `curate` of Given checks the conservation law after every step
        stepwise = in_turn(Path(folder) / "stepwise", batches, lake_settings)
        at_once = Given(Path(folder) / "at-once", lake_settings).events(*batches).curate()
        assert stepwise.tables() == at_once.tables()
        assert stepwise.curate(full=True).files() == at_once.files()
        _check_against_the_events(at_once, [event for batch in batches for event in batch])


Identity = tuple[str, str | None]


def _check_against_the_events(lake: Given, events: list[Event]) -> None:
    """What the tables must say, computed from the events without SQL."""
    first: dict[Identity, Event] = {}
    for event in sorted(events, key=lambda event: (event.public, event.received_at, msgspec.json.encode(event))):
        first.setdefault((event.namespace, event.event_id), event)
    assert _pairs(lake, "events", "event_id") == sorted(first)
    assert sum(lake.column("events", "copies")) == len(events)
    # copies received at the same instant: which is kept is settled elsewhere
    if len({(event.namespace, event.event_id, event.public, event.received_at) for event in events}) < len(events):
        return
    orders: dict[Identity, list[Event]] = {}
    for event in first.values():
        if event.order_id is not None:
            orders.setdefault((event.namespace, event.order_id), []).append(event)
    counted = [line for lines in orders.values() for line in _counted(lines, lake.lake.settings)]
    amounts = {identity: _amount(event) for identity, event in first.items() if event.order_id is not None}
    lines = lake.rows("order_lines")
    assert {(row["namespace"], row["event_id"]): row["amount"] for row in lines} == amounts
    assert sum(row["amount"] for row in lines if row["counted"]) == sum(map(_amount, counted))
    assert _pairs(lake, "orders", "order_id") == sorted(orders)
    confirmed = [row for row in lake.rows("orders") if row["confirmed"]]
    assert sum(row["net_revenue"] for row in confirmed) == sum(map(_amount, counted))
    assert sum(lake.column("sessions", "events")) == len(first)
    attributed = set(_pairs(lake, "attributed_lines", "event_id"))
    assert attributed <= {(line.namespace, line.event_id) for line in counted}
    for mart in ("daily_recommendations", "daily_recommended_products"):
        for figure, kind in (("impressions", "recommendation_impression"), ("clicks", "recommendation_click")):
            assert sum(lake.column(mart, figure)) == sum(event.event_type == kind for event in first.values())
    assert sum(lake.column("daily_sales", "net_revenue")) == sum(map(_amount, counted))
    assert sum(lake.column("daily_traffic", "sessions")) == len(lake.rows("sessions"))


def _pairs(lake: Given, table: str, column: str) -> list[Identity]:
    return sorted((row["namespace"], row[column]) for row in lake.rows(table))


def _counted(lines: list[Event], lake_settings: LakeSettings) -> list[Event]:
    """The lines of an order that sums hold."""
    if lake_settings.confirm_public_orders and all(line.public for line in lines):
        return []
    has_secret_purchase = any(line.event_type == "purchase" and not line.public for line in lines)
    return [line for line in lines if not (has_secret_purchase and line.public and line.event_type == "purchase")]


def _amount(event: Event) -> Decimal:
    sign = 1 if event.event_type == "purchase" else -1
    return (event.quantity or 0) * (event.unit_price or Decimal(0)) * sign
