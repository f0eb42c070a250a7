"""Curation on Spark in any steps, killed at any moment, gives the tables that DuckDB makes of everything at once."""

from __future__ import annotations

import random
import tempfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as drawn

from catalogue.tables import CURATED_TABLES
from pipeline.contract.shape import Event
from pipeline.curate.spark import curation
from pipeline.curate.spark.iceberg import IcebergTables
from pipeline.lake import LakeSettings
from tests.engines import spark_session
from tests.engines.spark_lake import SparkLake
from tests.engines.test_curation_on_spark import charge, moments, shop
from tests.sql.test_curation_property import _splits
from tests.support.given import Given, event

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = spark_session.marks("spark")


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # making a failure smaller would take an hour
    suppress_health_check=list(HealthCheck),
)
@drawn(_splits())
def test_any_split_into_batches_gives_what_duckdb_makes_of_everything_at_once(
    spark: SparkSession, split: tuple[list[list[Event]], LakeSettings]
) -> None:
    batches, lake_settings = split
    with tempfile.TemporaryDirectory() as folder:
        given = Given(Path(folder), lake_settings)
        lake = SparkLake(spark, given)
        for batch in batches:
            given.events(batch)
            lake.curate()
        lake.require_same_as(given.curate())


class Killed(BaseException):
    """The job was killed."""


def killed_after(writes: int) -> Any:
    """Let a run be killed once it has written so many tables."""
    left, committed = [writes], IcebergTables._committed

    def kill(self: IcebergTables, table: str) -> None:
        committed(self, table)
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    return patch.object(IcebergTables, "_committed", kill)


def test_a_run_that_is_killed_leaves_the_old_version_and_the_next_one_makes_what_it_would_have_made(
    tmp_path: Path, spark: SparkSession
) -> None:
    given = Given(tmp_path, LakeSettings(reporting_time_zone="Europe/Berlin", confirm_public_orders=True))
    events = shop(7, moments((3, 28), (3, 29), (4, 2)), events=150)
    random.Random(7).shuffle(events)
    lake = SparkLake(spark, given)
    given.events(events[:100]).quarantine(b"[", b"{").spend(charge(Tags='{"team":"a"}'))
    with pytest.raises(Killed), killed_after(3):  # nothing is published yet
        lake.curate()
    assert lake.version.number == 0
    lake.curate()
    lake.require_same_as(given.curate())
    old = {table: lake.rows(table) for table in CURATED_TABLES}
    given.events(events[80:]).quarantine(b"]").spend(charge(BilledCost=Decimal("0.300000000000")))
    for writes in (1, 12):
        with pytest.raises(Killed), killed_after(writes):
            lake.curate()
        assert {table: lake.rows(table) for table in CURATED_TABLES} == old
    with pytest.raises(Killed), patch.object(curation, "publish", side_effect=Killed):
        lake.curate()
    assert {table: lake.rows(table) for table in CURATED_TABLES} == old
    assert lake.version.number == 1
    lake.curate()
    lake.require_same_as(given.curate())


def test_a_run_without_anything_new_writes_nothing_and_one_with_little_writes_what_it_changes(
    given: Given, spark: SparkSession
) -> None:
    lake = SparkLake(spark, given.events(event("e1", "2026-03-01 12:00")).quarantine(b"["))
    first = lake.curate().version
    again = lake.curate()
    assert (again.version, again.changed) == (first, set())
    given.quarantine(b"]")
    assert lake.curate().changed == {"quarantine", "daily_quarantine", "raw_watermarks"}
    given.events(event("e1", "2026-03-01 12:00"))  # the same again: only how often it arrived is new
    changed = lake.curate().changed
    assert changed >= {"events", "daily_events"}
    assert not changed & {"order_lines", "orders", "sessions", "daily_sales", "daily_traffic", "quarantine", "spend"}
    lake.require_same_as(given.curate())


def test_a_table_that_is_defined_otherwise_is_made_again_while_the_old_one_is_read(
    given: Given, spark: SparkSession
) -> None:
    given.events(
        event("e1", "2026-03-01 12:00", event_type="purchase", currency="EUR"),
        event("e2", "2026-03-01 12:00", event_type="purchase", order_id="o2"),
    )
    lake = SparkLake(spark, given)
    first = lake.curate().version
    spark.sql(f"alter table {lake.namespace}.daily_events add column forgotten string")
    assert lake.rows("daily_events") == given.curate().rows("daily_events")
    mended = lake.curate()
    assert mended.changed == {"daily_events"}
    lake.require_same_as(given)
    given.settings(reporting_currency="EUR")
    assert lake.curate().version.tables["events"] == first.tables["events"]
    lake.require_same_as(given.curate())
    given.settings(reporting_time_zone="Asia/Tokyo")  # every day is another one: all is made again from the raw files
    assert lake.curate().version.tables["events"] != first.tables["events"]
    lake.require_same_as(given.curate())


def test_a_better_bill_replaces_the_charges_of_its_month(given: Given, spark: SparkSession) -> None:
    lake = SparkLake(spark, given)
    bill = {"ProviderName": "AWS", "BillingAccountId": "1"}
    for month in (1, 2, 3):
        days = {"BillingPeriodStart": datetime(2026, month, 1), "ChargePeriodStart": datetime(2026, month, 7)}
        given.spend(charge(**bill, **days, Source="cost_explorer"))
    lake.curate()
    lake.require_same_as(given.curate())
    days = {"BillingPeriodStart": datetime(2026, 3, 1), "ChargePeriodStart": datetime(2026, 3, 9)}
    given.spend(charge(**bill, **days, Tags='{"team":"a"}'))
    assert lake.curate().changed == {"spend", "daily_spend", "daily_spend_tags", "daily_spend_resources", "bills"}
    lake.require_same_as(given.curate())
    assert [row["charge_date"].day for row in lake.rows("spend")] == [7, 7, 9]
