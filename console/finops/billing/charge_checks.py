"""The rules that every charge row must fulfil, from any source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from console.finops.billing.charge_rows import INSTANT, batch
from console.finops.billing.columns import Chunk

FIRST, LAST = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - naive UTC, as the tables
_CURRENCY = r"^[A-Za-z][A-Za-z0-9_\-]{1,15}$"  # ISO 4217, or a provider's own unit such as credits


def check(columns: Mapping[str, pa.Array | None], chunk: Chunk) -> pa.RecordBatch:
    """The rows as a batch; those that break a rule are refused in `chunk`.

    A charge period may begin before its billing period (a correction) or after it (a fee paid in advance); one that
    ends before it begins, or lies outside 2000 to 2099, is a mistake.
    """
    given = {name: values for name, values in columns.items() if values is not None}
    starts, ends = given["charge_period_start"], given.get("charge_period_end")
    for name in ("charge_period_start", "billing_period_start"):
        outside = pc.or_(
            pc.less(given[name], pa.scalar(FIRST, INSTANT)), pc.greater_equal(given[name], pa.scalar(LAST, INSTANT))
        )
        if pc.any(outside).as_py():
            chunk.refuse(outside, name.replace("_", ""), "outside the years 2000 to 2099")
    for name, first, last in (
        ("chargeperiodend", starts, ends),
        ("billingperiodend", given["billing_period_start"], given.get("billing_period_end")),
    ):
        if last is not None and pc.any(inverted := pc.less(last, first)).as_py():
            chunk.refuse(inverted, name, "the period ends before it begins")
    odd = pc.invert(pc.match_substring_regex(given["billing_currency"], _CURRENCY))
    if pc.any(odd).as_py():
        chunk.refuse(odd, "billingcurrency", "not a currency; write it such as USD")
    return batch(given, chunk.rows)
