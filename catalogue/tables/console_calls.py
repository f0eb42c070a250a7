"""What the console's own questions cost: single calls, and their sums by day."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import COST, INSTANT, TEXT, Table, of_type

_CALLS = {
    "called_at": INSTANT,
    **of_type(TEXT, "viewer", "page", "kind", "name", "engine", "query_id"),
    "elapsed_seconds": "double",
    "result_rows": "bigint",
    "cached": "boolean",
    "bytes_scanned": "bigint",
    "dollars": COST,
    "dollars_saved": COST,
    "call_date": "date",
}

_ADDED_UP = {
    **of_type("bigint", "calls", "cached_calls", "unpriced_calls", "bytes_scanned"),
    "dollars": COST,
    "dollars_saved": COST,
    "elapsed_microseconds": "bigint",  # whole ones: added up in any order they are the same
}

TABLES: Mapping[str, Table] = {
    "console_calls": Table(
        grain="one row per call of the console, cached ones too, of days not closed yet, or closed within the hour",
        columns=_CALLS,
        partition="call_date",
        sort=("called_at",),
        zone="console",
        days=2,
    ),
    "closed_calls": Table(
        grain="one row per call of the console, cached ones too, of closed days",
        columns=_CALLS,
        partition="call_date",
        sort=("called_at",),
        zone="console",
        days=90,
    ),
    "daily_page_calls": Table(
        grain="one row per closed call_date, page, viewer, kind",
        columns={**of_type(TEXT, "page", "viewer", "kind"), **_ADDED_UP, "call_date": "date"},
        partition="call_date",
        sort=("page", "viewer", "kind"),
        zone="console",
    ),
    "daily_question_calls": Table(
        grain="one row per closed call_date, kind, name, engine",
        columns={**of_type(TEXT, "kind", "name", "engine"), **_ADDED_UP, "call_date": "date"},
        partition="call_date",
        sort=("kind", "name", "engine"),
        zone="console",
    ),
}
