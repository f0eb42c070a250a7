"""Sessions: what the sender calls one, else 30 minutes without an event."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from pipeline.lake import LakeSettings
from tests.support.given import Given, event


def spans(given: Given) -> list[tuple[str, datetime, datetime, int]]:
    rows = given.rows("sessions", "session_key", "started_at", "ended_at", "events")
    return [tuple(row.values()) for row in sorted(rows, key=lambda row: row["started_at"])]


@pytest.mark.parametrize(
    ("second", "sessions"),
    [("2026-03-01 12:29:59", 1), ("2026-03-01 12:30:00", 1), ("2026-03-01 12:30:01", 2)],
)
def test_more_than_30_minutes_without_an_event_end_a_session(given: Given, second: str, sessions: int):
    given.events(event("e1", "2026-03-01 12:00:00"), event("e2", second)).curate()
    assert len(spans(given)) == sessions
    assert sum(events for *_, events in spans(given)) == 2


def test_a_late_event_bridges_a_gap_and_joins_two_sessions(given: Given):
    given.events(event("e1", "2026-03-01 12:00"), event("e3", "2026-03-01 12:50")).curate()
    assert len(spans(given)) == 2
    given.events(event("e2", "2026-03-01 12:25")).curate()
    start = datetime(2026, 3, 1, 12)
    assert spans(given) == [("c:c1@2026-03-01 12:00:00", start, start + timedelta(minutes=50), 3)]


def test_a_late_event_before_a_session_moves_its_start_and_its_day(given: Given):
    given.events(event("e2", "2026-03-02 00:05")).curate()
    given.events(event("e1", "2026-03-01 23:50")).curate()
    assert given.rows("sessions", "session_key", "session_date") == [
        {"session_key": "c:c1@2026-03-01 23:50:00", "session_date": date(2026, 3, 1)}
    ]
    assert given.days("sessions") == [date(2026, 3, 1)]


def test_a_session_across_midnight_belongs_to_the_day_it_starts_on(given: Given):
    given.events(
        event("e1", "2026-03-01 23:50"),
        event("e2", "2026-03-02 00:10"),
        event("e3", "2026-03-01 23:55", session_id="s1"),
        event("e4", "2026-03-02 03:00", session_id="s1"),
    ).curate()
    assert given.rows("sessions", "session_key", "events", "session_date") == [
        {"session_key": "c:c1@2026-03-01 23:50:00", "events": 2, "session_date": date(2026, 3, 1)},
        {"session_key": "s:s1", "events": 2, "session_date": date(2026, 3, 1)},
    ]


def test_midnight_is_that_of_the_reporting_time_zone_also_for_late_events(tmp_path):
    lake = Given(tmp_path, LakeSettings(reporting_time_zone="America/New_York"))
    lake.events(event("e1", "2026-03-02 04:50"), event("e3", "2026-03-02 05:15")).curate()
    lake.events(event("e2", "2026-03-02 05:00")).curate()
    assert lake.rows("sessions", "events", "session_date") == [{"events": 3, "session_date": date(2026, 3, 1)}]
    assert lake.days("events") == [date(2026, 3, 1), date(2026, 3, 2)]


def test_the_senders_session_holds_whatever_the_gaps(given: Given):
    given.events(
        event("e1", "2026-03-01 12:00", session_id="s1"), event("e2", "2026-03-03 12:00", session_id="s1")
    ).curate()
    assert spans(given) == [("s:s1", datetime(2026, 3, 1, 12), datetime(2026, 3, 3, 12), 2)]


def test_one_session_id_of_two_customers_is_one_session_of_the_first(given: Given):
    given.events(
        event("e1", "2026-03-01 12:00", session_id="s1", customer_id=None),
        event("e2", "2026-03-01 12:01", session_id="s1", customer_id="c2"),
        event("e3", "2026-03-01 12:02", session_id="s1", customer_id="c1"),
    ).curate()
    assert given.rows("sessions", "session_key", "visitor", "customer_id", "events") == [
        {"session_key": "s:s1", "visitor": "s:s1", "customer_id": "c2", "events": 3}
    ]


def test_an_anonymous_session_has_no_customer(given: Given):
    given.events(event("e1", "2026-03-01 12:00", session_id="s1", customer_id=None)).curate()
    assert given.column("sessions", "customer_id") == [None]
    assert given.rows("customers") == []


def test_a_session_takes_each_attribute_from_the_first_event_that_has_it(given: Given):
    given.events(
        event("e1", "2026-03-01 12:00", event_type="search", channel="web"),
        event("e3", "2026-03-01 12:02", channel="app", region="south", product_id="p3", campaign="late"),
        event("e2", "2026-03-01 12:01", region="north", product_id="p2", device="phone"),
        event("e4", "2026-03-01 12:01", region="north-4", product_id="p4", device="desk"),  # same instant: the lower id
    ).curate()
    columns = ("channel", "device", "region", "store_id", "campaign", "landing_product_id")
    assert [tuple(row.values()) for row in given.rows("sessions", *columns)] == [
        ("web", "phone", "north", None, "late", "p2")
    ]


def test_a_session_counts_what_happened_in_it(given: Given):
    sale = {"event_type": "purchase", "session_id": "s1"}
    given.events(
        event("e1", "2026-03-01 12:00", session_id="s1"),
        event("e2", "2026-03-01 12:01", session_id="s1", event_type="cart_add", quantity=1),
        event("e3", "2026-03-01 12:02", session_id="s1", event_type="checkout_start"),
        event("e4", "2026-03-01 12:03", **sale, order_id="o1", quantity=2, unit_price="3.0000"),
        event("e5", "2026-03-01 12:03", **sale, order_id="o1", quantity=1, unit_price="4.5000"),
        event("e6", "2026-03-01 12:04", **sale, order_id="o2", unit_price="9.0000", currency="EUR"),
        event("e7", "2026-03-01 12:00", session_id="s2", event_type="cart_add", quantity=1),
        event("e8", "2026-03-01 12:00", session_id="s3"),
    ).curate()
    columns = ("session_key", "events", "views", "carts", "checkouts", "purchases", "revenue", "abandoned")
    assert [tuple(row.values()) for row in given.rows("sessions", *columns)] == [
        ("s:s1", 6, 1, 1, 1, 2, Decimal("10.5000"), False),
        ("s:s2", 1, 0, 1, 0, 0, Decimal("0.0000"), True),
        ("s:s3", 1, 1, 0, 0, 0, Decimal("0.0000"), False),
    ]
    assert given.rows(
        "daily_traffic", "sessions", "sessions_with_cart", "sessions_with_purchase", "sessions_abandoned"
    ) == [{"sessions": 3, "sessions_with_cart": 2, "sessions_with_purchase": 1, "sessions_abandoned": 1}]


def test_a_customer_with_and_without_a_session_id_has_both_kinds_of_session(given: Given):
    given.events(event("e1", "2026-03-01 12:00", session_id="s1"), event("e2", "2026-03-01 12:01")).curate()
    assert given.column("sessions", "session_key") == ["c:c1@2026-03-01 12:01:00", "s:s1"]
