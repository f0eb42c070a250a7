"""Sessions, and what the lake says of itself, each on literal rows."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from console.asking import contents
from tests.support.lake_rows import Rows


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def test_sessions_are_added_by_day_over_channels_devices_and_regions(lake: Rows) -> None:
    def visited(day: int, channel: str, **counts: int) -> dict[str, Any]:
        return {"session_date": date(2026, 3, day), "channel": channel, **counts}

    lake.table(
        "daily_traffic",
        [
            visited(1, "web", sessions=10, sessions_with_view=9, sessions_with_cart=4, sessions_with_purchase=1),
            visited(1, "app", sessions=5, sessions_with_view=5, sessions_with_cart=3, sessions_abandoned=2, views=40),
            visited(2, "web", sessions=1),
            {"session_date": date(2026, 4, 1), "sessions": 99},
        ],
    )
    first, second = lake.ask("traffic/by_day")
    assert first == {
        "session_date": date(2026, 3, 1),
        "sessions": 15,
        "sessions_with_view": 14,
        "sessions_with_cart": 7,
        "sessions_with_purchase": 1,
        "sessions_abandoned": 2,
        "views": 40,
    }
    assert (second["session_date"], second["sessions"]) == (date(2026, 3, 2), 1)
    assert [row["sessions"] for row in lake.ask("traffic/by_day", channels=["app"])] == [5]


def refused(reason: str, source: str, day: int, detail: str = "") -> dict[str, Any]:
    received = datetime(2026, 3, day, 8)
    return {
        "record": b"{}",
        "reason": reason,
        "source": source,
        "detail": detail,
        "received_at": received,
        "received_date": received.date(),
    }


def counted(kind: str, events: int, duplicates: int, day: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "event_date": date(2026, 3, day),
        "event_type": kind,
        "events": events,
        "duplicates": duplicates,
        **more,
    }


def test_records_received_are_those_accepted_doubled_and_quarantined(lake: Rows) -> None:
    lake.table("daily_events", [counted("purchase", 7, 2, rounded=4), counted("product_view", 90, 1, day=2)])
    lake.table(
        "daily_quarantine", [{"reason": "missing_field", "records": 1}, {"reason": "invalid_type", "records": 1}]
    )
    assert lake.ask("lake/conservation") == [
        {"received": 102, "accepted": 97, "duplicates": 3, "quarantined": 2, "rounded": 4}
    ]


def test_quarantined_records_are_counted_by_reason_and_source_largest_first(lake: Rows) -> None:
    lake.table(
        "quarantine",
        [
            refused("missing_field", "native", 1, "event_id is missing"),
            refused("missing_field", "native", 3, "event_type is missing"),
            refused("missing_field", "ga4", 2, "b"),
            refused("invalid_type", "native", 2, "c"),
            refused("invalid_type", "native", 31, "c"),
            refused("invalid_type", "native", 30, "c"),
            {**refused("old", "native", 1), "received_date": date(2026, 4, 1)},
        ],
    )
    rows = lake.ask("lake/quarantine_by_reason")
    assert [(row["reason"], row["source"], row["records"]) for row in rows] == [
        ("invalid_type", "native", 3),
        ("missing_field", "native", 2),
        ("missing_field", "ga4", 1),
    ]
    assert rows[1]["example"] == "event_id is missing"
    assert rows[1]["last_received_at"] == datetime(2026, 3, 3, 8)


def test_events_are_counted_by_type_with_their_duplicates(lake: Rows) -> None:
    lake.table(
        "daily_events",
        [
            counted("purchase", 7, 2, source="native"),
            counted("purchase", 3, 0, source="ga4"),
            counted("cart_add", 4, 1, day=31),
            {**counted("search", 5, 5), "event_date": date(2026, 4, 1)},
        ],
    )
    assert lake.ask("lake/events_by_type") == [
        {"event_type": "cart_add", "events": 4, "duplicates": 1},
        {"event_type": "purchase", "events": 10, "duplicates": 2},
    ]


def test_events_are_counted_by_the_hour_of_their_instant_and_bounded_by_their_day(lake: Rows) -> None:
    def hour(day: int, clock: int, events: int, region: str) -> dict[str, Any]:
        at = datetime(2026, 3, day, clock)
        return {"event_hour": at, "event_date": at.date(), "region": region, "events": events}

    lake.table("hourly_events", [hour(1, 9, 1, "A"), hour(1, 9, 1, "B"), hour(1, 10, 1, "A"), hour(2, 9, 1, "A")])
    rows = lake.ask("lake/events_by_hour", start_date=date(2026, 3, 1), end_date=date(2026, 3, 2))
    assert rows == [
        {"hour": datetime(2026, 3, 1, 9), "events": 2},
        {"hour": datetime(2026, 3, 1, 10), "events": 1},
    ]


def test_the_days_of_a_lake_are_its_first_and_last_event_and_an_empty_lake_has_none(lake: Rows) -> None:
    assert lake.ask("lake/days") == [{"first_day": None, "last_day": None, "events": 0}]
    lake.table("daily_events", [counted("purchase", 7, 2, day=4), counted("purchase", 1, 0, day=20)])
    assert lake.ask("lake/days") == [{"first_day": date(2026, 3, 4), "last_day": date(2026, 3, 20), "events": 8}]


def test_slices_come_from_visits_and_sales_each_once_and_never_a_missing_one(lake: Rows) -> None:
    day = date(2026, 3, 1)
    lake.table("daily_traffic", [{"session_date": day, "channel": "web", "region": "north"}, {"session_date": day}])
    lake.table(
        "daily_sales",
        [
            {"order_date": day, "channel": "shop", "region": "north", "category": "Home"},
            {"order_date": day, "channel": "web", "category": "Toys"},
        ],
    )
    found = contents.contents(lake.scope())
    assert (found.channels, found.regions, found.categories) == (("shop", "web"), ("north",), ("Home", "Toys"))


def test_the_last_day_is_complete_only_when_it_is_over(lake: Rows) -> None:
    lake.table("daily_events", [counted("purchase", 1, 0, day=30), counted("purchase", 1, 0, day=31)])
    found = contents.contents(lake.scope())  # it is noon on 31 March
    assert (found.last_day, found.last_complete_day, found.incomplete_from) == (
        date(2026, 3, 31),
        date(2026, 3, 30),
        date(2026, 3, 31),
    )
