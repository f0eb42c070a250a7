"""Calls as rows of the table `console_calls`, one Parquet file per day and batch."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from console.metering import Call

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "console_calls"
_STEP = Decimal("0.000000000001")


def by_day(calls: Sequence[Call]) -> Iterator[tuple[date, pa.Table]]:
    """The calls of each UTC day as a table, in the order they were made; the day itself is the folder's name."""
    import pyarrow as pa

    days: dict[date, list[Call]] = defaultdict(list)
    for call in sorted(calls, key=lambda each: each.called_at):
        days[call.called_at.astimezone(UTC).date()].append(call)
    for day, mine in days.items():
        yield day, pa.Table.from_pylist([_row(call) for call in mine], schema=_schema())


def file_name(now: datetime) -> str:
    """A name that nobody else takes, and that sorts by time."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex}.parquet"


def folder_of(day: date) -> str:
    """The partition's folder below the table's."""
    return f"call_date={day.isoformat()}"


def _schema() -> pa.Schema:
    import pyarrow as pa

    cost = pa.decimal128(38, 12)
    return pa.schema(
        [
            ("called_at", pa.timestamp("us")),
            *((name, pa.string()) for name in ("viewer", "page", "kind", "name", "engine", "query_id")),
            ("elapsed_seconds", pa.float64()),
            ("result_rows", pa.int64()),
            ("cached", pa.bool_()),
            ("bytes_scanned", pa.int64()),
            ("dollars", cost),
            ("dollars_saved", cost),
        ]
    )


def _row(call: Call) -> dict[str, Any]:
    return {
        "called_at": call.called_at.astimezone(UTC).replace(tzinfo=None),
        "viewer": call.viewer,
        "page": call.page,
        "kind": call.kind,
        "name": call.name,
        "engine": call.engine,
        "query_id": call.query_id,
        "elapsed_seconds": call.elapsed_seconds,
        "result_rows": call.rows,
        "cached": call.cached,
        "bytes_scanned": call.bytes_scanned,
        "dollars": _cost(call.dollars),
        "dollars_saved": _cost(call.dollars_saved),
    }


def _cost(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(_STEP, ROUND_HALF_EVEN)
