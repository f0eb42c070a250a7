"""The sample's cloud bill: FOCUS rows whose size and shape follow from the traffic."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.sample.actions import EVENT_TYPES
from pipeline.sample.bill import SCHEMA, write_bill
from pipeline.sample.season import DAYS, calendar

pytestmark = pytest.mark.slow

END = date(2026, 3, 1)
Row = dict[str, Any]


def bill(folder: Path, events_a_day: int = 100, busy: dict[int, int] | None = None) -> list[Row]:
    daily = np.zeros((DAYS, len(EVENT_TYPES)), dtype=np.int64)
    daily[:, 0] = events_a_day
    for day, events in (busy or {}).items():
        daily[day, 0] = events
    path = folder / "bill.parquet"
    assert write_bill(path, daily, calendar(END)) > 12_000
    table = pq.read_table(path)
    assert table.schema.equals(SCHEMA)
    rows: list[Row] = table.to_pylist()
    return rows


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """The bill of even traffic."""
    return bill(tmp_path_factory.mktemp("bill"))


def by_month(rows: list[Row]) -> dict[date, Decimal]:
    totals: dict[date, Decimal] = defaultdict(Decimal)
    for row in rows:
        totals[row["BillingPeriodStart"].date()] += row["BilledCost"]
    return totals


def by_day(rows: list[Row], service: str) -> dict[date, Decimal]:
    totals: dict[date, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["ServiceName"] == service:
            totals[row["ChargePeriodStart"].date()] += row["BilledCost"]
    return totals


def test_every_full_month_costs_between_200_and_400_dollars_whatever_the_sample_size(
    rows: list[Row], tmp_path: Path
) -> None:
    small, large = by_month(rows), by_month(bill(tmp_path, 25_000))
    months = sorted(small)[1:]
    assert len(months) == 13
    assert all(200 < small[month] < 400 for month in months)
    assert small == large


def test_the_runaway_query_multiplies_athena_by_eight_for_two_days(rows: list[Row]) -> None:
    athena = by_day(rows, "Amazon Athena")
    spike = calendar(END).spike_days
    assert spike == [date(2026, 2, 12), date(2026, 2, 13)]
    usual = median(athena.values())
    assert [athena[day] / usual for day in spike] == [8, 8]
    assert max(cost for day, cost in athena.items() if day not in spike) <= usual


def test_a_busy_day_costs_more_only_where_traffic_is_priced(tmp_path: Path) -> None:
    rows = bill(tmp_path, busy={100: 400})
    busy, before = (calendar(END).start + timedelta(days=n) for n in (100, 99))
    firehose, balancer = by_day(rows, "Amazon Data Firehose"), by_day(rows, "Elastic Load Balancing")
    assert firehose[busy] / firehose[before] == pytest.approx(Decimal(4), abs=Decimal("0.001"))
    assert balancer[busy] == balancer[before]
    assert by_day(rows, "Amazon Kinesis")[busy] > Decimal("1.9") * by_day(rows, "Amazon Kinesis")[before]


def test_cost_is_quantity_times_price_for_usage_outside_the_savings_plan(rows: list[Row]) -> None:
    for row in rows:
        if row["ChargeCategory"] == "Usage" and row["PricingCategory"] == "Standard":
            cost = (row["PricingQuantity"] * row["ListUnitPrice"]).quantize(Decimal("1e-12"))
            assert row["BilledCost"] == row["EffectiveCost"] == row["ListCost"] == row["ContractedCost"] == cost


def test_the_savings_plan_fee_equals_the_effective_cost_of_what_it_covers(rows: list[Row]) -> None:
    plan = [row for row in rows if row["CommitmentDiscountId"]]
    fee = sum(row["BilledCost"] for row in plan if row["ChargeCategory"] == "Purchase")
    covered = [row for row in plan if row["ChargeCategory"] == "Usage"]
    assert fee == sum(row["EffectiveCost"] for row in covered) > 0
    assert fee == sum(row["ListCost"] for row in covered) * Decimal("0.8")
    assert sum(row["BilledCost"] for row in covered) == 0


def test_the_bill_has_tax_credit_support_and_untagged_charges_inside_their_periods(rows: list[Row]) -> None:
    assert {row["ChargeCategory"] for row in rows} == {"Usage", "Purchase", "Tax", "Credit"}
    assert [row["BilledCost"] for row in rows if row["ChargeCategory"] == "Credit"] == [Decimal(-25)] * 2
    usage = [row for row in rows if row["ChargeCategory"] == "Usage"]
    assert 0.1 < sum(row["Tags"] is None for row in usage) / len(usage) < 0.3
    assert {row["SubAccountName"] for row in rows} == {"production", "security"}
    end = datetime(2026, 3, 1, tzinfo=UTC)
    for row in rows:
        assert row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["ChargePeriodEnd"] <= end
        assert row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]
