"""The sample year's cloud bill: FOCUS charge rows that follow from the sample's traffic.

The sample stands for a shop with `FULL_SIZE_EVENTS` events a day on average, the startup tier: one event of the sample
is N of the shop's, with N = `FULL_SIZE_EVENTS` × 396 ÷ events (792 for a million). So the bill has the same size for
any sample, and its days rise and fall with the sample's own traffic, Black Friday included.

It has a row for each day and row of `prices.USAGE`, and also: a savings plan for the console's containers, bought
during the year (billed as a daily fee; the usage it covers is billed 0 and has an effective cost 20 % under list),
Developer Support on the first of each month, tax per month (8.5 % of what was billed), and promotional credits in the
first full months.
"""

from __future__ import annotations

import calendar as months
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.sample.actions import IMPRESSION
from pipeline.sample.prices import COMPRESSION, SAVINGS_PLAN_FROM_DAY, USAGE, Day, Usage
from pipeline.sample.season import DAYS, SPIKE_FACTOR, Calendar, Ints
from pipeline.sample.visits import SLATE

FULL_SIZE_EVENTS = 2_000_000
STORED_AT_START_GB = 40.0
ESTIMATED_DAYS = 3  # providers still add charges to the last days
SAVINGS_PLAN_DISCOUNT = Decimal("0.20")
SUPPORT = Decimal("29")
TAX_RATE = Decimal("0.085")
CREDIT, CREDIT_MONTHS = Decimal("-25"), 2
_ACCOUNTS = {"production": "210000000017", "security": "210000000025"}
_PAYER = "210000000009"
_REGION = ("us-east-1", "US East (N. Virginia)")
_PLAN_ID = f"arn:aws:savingsplans::{_PAYER}:savingsplan/compute-1"
_PLAN = {
    "CommitmentDiscountCategory": "Spend",
    "CommitmentDiscountId": _PLAN_ID,
    "CommitmentDiscountName": "Console containers",
    "CommitmentDiscountType": "Compute Savings Plan",
}
_STEP = Decimal("0.000000000001")  # decimal(38,12), as AWS data exports keep costs

_COLUMNS = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd",
    "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId",
    "SubAccountName", "Tags", "UsageType", "Operation", "Estimated", "Source",
)  # fmt: skip


def _column_type(name: str) -> pa.DataType:
    if name.endswith(("Cost", "UnitPrice", "Quantity")):
        return pa.decimal128(38, 12)
    if name.endswith(("PeriodStart", "PeriodEnd")):
        return pa.timestamp("us", tz="UTC")
    return pa.bool_() if name == "Estimated" else pa.string()


SCHEMA = pa.schema([(name, _column_type(name)) for name in _COLUMNS])
Row = dict[str, Any]


def write_bill(path: Path, daily: Ints, when: Calendar) -> int:
    """Write the bill as Parquet and return its number of rows.

    Parameters
    ----------
    daily : events of the sample, days × event types
    """
    rows = [row for number, day in enumerate(_days(daily, when)) for row in _usage(number, day, when)]
    rows += list(_monthly(rows, when))
    settled = _midnight(when.end - timedelta(days=ESTIMATED_DAYS))
    for row in rows:
        row["Estimated"] = row["ChargePeriodEnd"] > settled
    rows.sort(key=lambda row: (row["ChargePeriodStart"], row["ServiceName"], row["SkuId"]))
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path, compression="zstd")
    return len(rows)


def _days(daily: Ints, when: Calendar) -> Iterator[Day]:
    """The full-size shop's days."""
    factor = FULL_SIZE_EVENTS * DAYS / float(daily.sum())
    stored = STORED_AT_START_GB
    for number in range(DAYS):
        day = when.start + timedelta(days=number)
        events = float(daily[number].sum()) * factor
        usage = Day(
            events=events,
            recommendations=float(daily[number, IMPRESSION]) * factor / SLATE,
            relative_traffic=events / FULL_SIZE_EVENTS,
            stored_gigabytes=stored,
            share_of_month=1 / months.monthrange(day.year, day.month)[1],
            weekend=day.weekday() >= 5,
            query_factor=SPIKE_FACTOR if day in when.spike_days else 1,
        )
        stored += usage.gigabytes * 2 / COMPRESSION  # raw and curated
        yield usage


def _usage(number: int, day: Day, when: Calendar) -> Iterator[Row]:
    """One day's charges."""
    start = when.start + timedelta(days=number)
    stop = start + timedelta(days=1)
    fee = Decimal(0)
    for usage in USAGE:
        quantity = Decimal(f"{usage.quantity(day):.6f}")
        cost = (quantity * usage.price).quantize(_STEP)
        kind = ("Usage", "Usage-Based", usage.description)
        row = _row(start, stop, usage.service, usage.category, usage.sku, kind, usage.account) | {
            "PricingCategory": "Standard",
            "PricingQuantity": quantity,
            "PricingUnit": usage.unit,
            "ConsumedQuantity": quantity,
            "ConsumedUnit": usage.unit,
            "ListUnitPrice": usage.price,
            "ContractedUnitPrice": usage.price,
            "ResourceType": usage.resource.split("/")[0] or None,
            "ResourceName": usage.resource.partition("/")[2] or None,
            "ResourceId": _resource(usage),
            "Tags": _tags(usage.component),
            "UsageType": usage.usage_type,
            "Operation": usage.operation,
            **_costs(cost),
        }
        if usage.regional:
            row |= {"RegionId": _REGION[0], "RegionName": _REGION[1]}
        if usage.committed_from_day is not None and number >= usage.committed_from_day:
            effective = (cost * (1 - SAVINGS_PLAN_DISCOUNT)).quantize(_STEP)
            fee += effective
            row |= {"BilledCost": Decimal(0), "EffectiveCost": effective, "PricingCategory": "Committed", **_PLAN}
            row |= {"CommitmentDiscountStatus": "Used"}
        yield row
    if number >= SAVINGS_PLAN_FROM_DAY:
        kind = ("Purchase", "Recurring", "Compute Savings Plan, 1 year, no upfront")
        yield _row(start, stop, "AWS Savings Plans", "Compute", "ComputeSP-1yr-NoUpfront", kind) | {
            "PricingCategory": "Committed",
            "ResourceId": _PLAN_ID,
            "UsageType": "ComputeSP:1yrNoUpfront",
            **_PLAN,
            **_costs(Decimal(0)),  # list and effective cost are in the usage's rows, and must not count twice
            "BilledCost": fee,
        }


def _monthly(usage: list[Row], when: Calendar) -> Iterator[Row]:
    """Support, tax and credits."""
    billed: dict[date, Decimal] = defaultdict(Decimal)
    for row in usage:
        billed[row["BillingPeriodStart"].date()] += row["BilledCost"]
    whole_months = 0
    for month, amount in sorted(billed.items()):
        after = _next_month(month)
        start, stop = max(month, when.start), min(after, when.end)
        support = SUPPORT if month >= when.start else Decimal(0)
        if support:
            kind = ("Purchase", "Recurring", "Developer Support, minimum monthly fee")
            row = _row(month, stop, "AWS Support (Developer)", "Other", "Support-Developer", kind)
            yield row | _costs(support) | {"UsageType": "Dollar"}
        if (month, after) == (start, stop) and whole_months < CREDIT_MONTHS:
            whole_months += 1
            kind = ("Credit", "One-Time", "Promotional credit")
            yield _row(stop - timedelta(days=1), stop, "AWS Activate", "Other", "Promotional-Credit", kind) | _costs(
                CREDIT
            )
        kind = ("Tax", "Recurring", f"Sales tax, {TAX_RATE:.1%}")
        tax = ((amount + support) * TAX_RATE).quantize(Decimal("0.01"))
        yield _row(start, stop, "Tax", "Other", "Sales-Tax", kind) | _costs(tax)


def _row(
    start: date,
    stop: date,
    service: str,
    category: str,
    sku: str,
    kind: tuple[str, str, str],
    account: str = "production",
) -> Row:
    """The columns that every charge has; `kind` is its category, frequency and description."""
    month = start.replace(day=1)
    return {
        "BillingAccountId": _PAYER,
        "BillingAccountName": "Takings sample shop",
        "BillingCurrency": "USD",
        "BillingPeriodStart": _midnight(month),
        "BillingPeriodEnd": _midnight(_next_month(month)),
        "ChargeCategory": kind[0],
        "ChargeFrequency": kind[1],
        "ChargeDescription": kind[2],
        "ChargePeriodStart": _midnight(start),
        "ChargePeriodEnd": _midnight(stop),
        "InvoiceIssuerName": "Amazon Web Services, Inc.",
        "ProviderName": "AWS",
        "PublisherName": "Amazon Web Services, Inc.",
        "ServiceName": service,
        "ServiceCategory": category,
        "Source": "sample",
        "SkuId": sku,
        "SkuPriceId": f"{sku}.OnDemand",
        "SubAccountId": _ACCOUNTS[account],
        "SubAccountName": account,
    }


def _costs(cost: Decimal) -> Row:
    return dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost)


def _resource(usage: Usage) -> str | None:
    if not usage.resource:
        return None
    service = (
        usage.service.removeprefix("Amazon ").removeprefix("AWS ").removeprefix("Amazon").lower().replace(" ", "-")
    )
    return f"arn:aws:{service}:{_REGION[0] if usage.regional else ''}:{_ACCOUNTS[usage.account]}:{usage.resource}"


def _tags(component: str) -> str | None:
    """Cost allocation tags as JSON; None without a component."""
    if not component:
        return None
    return json.dumps({"application": "takings", "component": component, "environment": "production"})


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
