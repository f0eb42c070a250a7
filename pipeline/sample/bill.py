"""The sample year's cloud bill: FOCUS charge rows that follow from the sample's traffic.

The sample is taken to be one event in N of a shop with `FULL_SIZE_EVENTS` a day on average, the startup tier; N is
`FULL_SIZE_EVENTS` × 396 ÷ events (792 for a million). So the bill has the same size for any sample, and its days rise
and fall with the sample's own traffic, Black Friday included.

Besides one row per day and line of `prices.USAGE`: a savings plan for the console's containers bought during the year
(billed as a daily fee; the usage it covers is billed 0 and has an effective cost 20 % under list), Developer Support
on the first of each month, tax per month (8.5 % of what was billed), and promotional credits in the first full months.
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
from pipeline.sample.usage_types import USAGE_TYPES
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
_PLAN = "savingsplan/compute-1"
_STEP = Decimal("0.000000000001")  # decimal(38,12), as AWS data exports keep costs

_MONEY = pa.decimal128(38, 12)
_INSTANT = pa.timestamp("us", tz="UTC")
_AMOUNTS = (
    "BilledCost", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "ListCost",
    "ListUnitPrice", "PricingQuantity",
)  # fmt: skip
_INSTANTS = ("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart")
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
_KINDS = dict.fromkeys(_AMOUNTS, _MONEY) | dict.fromkeys(_INSTANTS, _INSTANT) | {"Estimated": pa.bool_()}
SCHEMA = pa.schema([(name, _KINDS.get(name, pa.string())) for name in _COLUMNS])

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
        row["UsageType"], row["Operation"] = USAGE_TYPES[row["SkuId"]]
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
    fee = Decimal(0)
    for line in USAGE:
        quantity = Decimal(f"{line.quantity(day):.6f}")
        cost = (quantity * line.price).quantize(_STEP)
        row = _row(start, start + timedelta(days=1), line.service, line.category, line.sku, line.account) | {
            "ChargeCategory": "Usage",
            "ChargeFrequency": "Usage-Based",
            "ChargeDescription": line.description,
            "PricingCategory": "Standard",
            "PricingQuantity": quantity,
            "PricingUnit": line.unit,
            "ConsumedQuantity": quantity,
            "ConsumedUnit": line.unit,
            "ListUnitPrice": line.price,
            "ContractedUnitPrice": line.price,
            "ResourceType": line.resource.split("/")[0] or None,
            "ResourceName": line.resource.partition("/")[2] or None,
            "ResourceId": _resource(line),
            "Tags": _tags(line.component),
            **_costs(cost),
        }
        if line.regional:
            row |= {"RegionId": _REGION[0], "RegionName": _REGION[1]}
        if line.committed_from_day is not None and number >= line.committed_from_day:
            effective = (cost * (1 - SAVINGS_PLAN_DISCOUNT)).quantize(_STEP)
            fee += effective
            row |= {"BilledCost": Decimal(0), "EffectiveCost": effective, "PricingCategory": "Committed", **_plan()}
            row |= {"CommitmentDiscountStatus": "Used"}
        yield row
    if number >= SAVINGS_PLAN_FROM_DAY:
        yield _row(start, start + timedelta(days=1), "AWS Savings Plans", "Compute", "ComputeSP-1yr-NoUpfront") | {
            "ChargeCategory": "Purchase",
            "ChargeFrequency": "Recurring",
            "ChargeDescription": "Compute Savings Plan, 1 year, no upfront",
            "PricingCategory": "Committed",
            "ResourceId": f"arn:aws:savingsplans::{_PAYER}:{_PLAN}",
            **_plan(),
            **_costs(Decimal(0)),  # list and effective cost stand with the usage, not twice
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
            yield _row(month, stop, "AWS Support (Developer)", "Other", "Support-Developer") | {
                "ChargeCategory": "Purchase",
                "ChargeFrequency": "Recurring",
                "ChargeDescription": "Developer Support, minimum monthly fee",
                **_costs(support),
            }
        if (month, after) == (start, stop) and whole_months < CREDIT_MONTHS:
            whole_months += 1
            yield _row(stop - timedelta(days=1), stop, "AWS Activate", "Other", "Promotional-Credit") | {
                "ChargeCategory": "Credit",
                "ChargeFrequency": "One-Time",
                "ChargeDescription": "Promotional credit",
                **_costs(CREDIT),
            }
        yield _row(start, stop, "Tax", "Other", "Sales-Tax") | {
            "ChargeCategory": "Tax",
            "ChargeFrequency": "Recurring",
            "ChargeDescription": f"Sales tax, {TAX_RATE:.1%}",
            **_costs(((amount + support) * TAX_RATE).quantize(Decimal("0.01"))),
        }


def _row(start: date, stop: date, service: str, category: str, sku: str, account: str = "production") -> Row:
    month = start.replace(day=1)
    return {
        "BillingAccountId": _PAYER,
        "BillingAccountName": "Takings sample shop",
        "BillingCurrency": "USD",
        "BillingPeriodStart": _midnight(month),
        "BillingPeriodEnd": _midnight(_next_month(month)),
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


def _plan() -> Row:
    return {
        "CommitmentDiscountCategory": "Spend",
        "CommitmentDiscountId": f"arn:aws:savingsplans::{_PAYER}:{_PLAN}",
        "CommitmentDiscountName": "Console containers",
        "CommitmentDiscountType": "Compute Savings Plan",
    }


def _resource(line: Usage) -> str | None:
    if not line.resource:
        return None
    service = line.service.removeprefix("Amazon ").removeprefix("AWS ").removeprefix("Amazon").lower().replace(" ", "-")
    return f"arn:aws:{service}:{_REGION[0] if line.regional else ''}:{_ACCOUNTS[line.account]}:{line.resource}"


def _tags(component: str) -> str | None:
    """Cost allocation tags as JSON; none for what nobody tagged."""
    if not component:
        return None
    return json.dumps({"application": "takings", "component": component, "environment": "production"})


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
