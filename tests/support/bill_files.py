"""Literal bill files for tests: FOCUS and CUR rows, written as CSV, gzipped CSV or Parquet."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

Row = Mapping[str, str | None]

FOCUS = {
    "BilledCost": "1.00",
    "EffectiveCost": "1.00",
    "ListCost": "1.00",
    "ContractedCost": "1.00",
    "BillingAccountId": "210000000009",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-03-01T00:00:00Z",
    "BillingPeriodEnd": "2026-04-01T00:00:00Z",
    "ChargePeriodStart": "2026-03-05T00:00:00Z",
    "ChargePeriodEnd": "2026-03-06T00:00:00Z",
    "ChargeCategory": "Usage",
    "ProviderName": "AWS",
    "ServiceName": "Amazon Athena",
    "Tags": None,
}
CUR = {
    "lineItem/UnblendedCost": "1.00",
    "lineItem/CurrencyCode": "USD",
    "lineItem/LineItemType": "Usage",
    "lineItem/UsageStartDate": "2026-03-05T00:00:00Z",
    "lineItem/UsageEndDate": "2026-03-06T00:00:00Z",
    "lineItem/ProductCode": "AmazonAthena",
    "bill/BillingPeriodStartDate": "2026-03-01T00:00:00Z",
    "bill/PayerAccountId": "210000000009",
}


def focus(**changes: str | None) -> dict[str, str | None]:
    """A FOCUS row with what a test does not say filled in."""
    return FOCUS | changes


def without(row: Row, *names: str) -> dict[str, str | None]:
    """A row that lacks columns."""
    return {name: value for name, value in row.items() if name not in names}


def cur(changes: Row | None = None) -> dict[str, str | None]:
    """A CUR row with what a test does not say filled in."""
    return CUR | dict(changes or {})


def csv_text(rows: Sequence[Row], null: str = "NULL") -> str:
    """Rows as CSV; a column of any row is one of the file."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([null if row.get(name) is None else row[name] for name in names] for row in rows)
    return text.getvalue()


def write(path: Path, rows: Sequence[Row], null: str = "NULL") -> Path:
    """Rows as the file that the path's suffix says."""
    if path.suffix == ".parquet":
        names = list(dict.fromkeys(name for row in rows for name in row))
        pq.write_table(pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}), path)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(csv_text(rows, null).encode(), mtime=0))
    else:
        path.write_text(csv_text(rows, null), encoding="utf-8")
    return path
