"""How many records arrived: events by hour and day, refused records by day."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import INSTANT, TEXT, Table, of_type

TABLES: Mapping[str, Table] = {
    "hourly_events": Table(
        grain="one row per event_hour, event_date, region",
        columns={"event_hour": INSTANT, "event_date": "date", "region": TEXT, "events": "bigint"},
        sort=("event_hour", "event_date", "region"),
    ),
    "daily_quarantine": Table(
        grain="one row per received_date, reason, source",
        columns={"received_date": "date", "reason": TEXT, "source": TEXT, "records": "bigint"},
        sort=("received_date", "reason", "source"),
    ),
    "daily_events": Table(
        grain="one row per event_date, event_type, source, channel, region",
        columns={
            "event_date": "date",
            **of_type(TEXT, "event_type", "source", "channel", "region"),
            "events": "bigint",
            "duplicates": "bigint",
            "rounded": "bigint",
        },
        sort=("event_date", "event_type", "source", "channel", "region"),
    ),
}
