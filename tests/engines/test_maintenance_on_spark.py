"""Maintenance, and copies for the warehouse, on real Iceberg tables: the same rows, and what is read stays."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from catalogue.clock import utc_now
from catalogue.errors import LakeError
from catalogue.tables import TABLES
from catalogue.warehouse import warehouse_tables
from pipeline.curate.spark.exports import WarehouseExports
from pipeline.curate.spark.maintenance import maintain
from pipeline.curate.spark.publishing import Version, publish, published
from pipeline.curate.spark.types import schema
from pipeline.objects import Folder
from tests.engines import spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = spark_session.marks("spark")

DAY = date(2026, 3, 1)


class Shop:
    """A lake with two tables: `events` in parts, and `daily_orders`, which the warehouse loads."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.lake = spark, Folder(folder)
        self.namespace = f"{spark_session.CATALOG}.{folder.name}"
        self.exports = WarehouseExports(spark, self.lake, self.namespace)
        for table in ("events", "daily_orders"):
            partition = TABLES[table].partition
            by_day = f"partitioned by ({partition})" if partition else ""
            columns = schema(TABLES[table].columns)
            properties = "tblproperties ('format-version' = '2', 'write.merge.mode' = 'merge-on-read')"
            spark.sql(f"create table {self.namespace}.{table} ({columns}) using iceberg {by_day} {properties}")
            order = ", ".join(TABLES[table].sort)
            spark.sql(f"alter table {self.namespace}.{table} write locally ordered by {order}")

    def add(self, table: str, **values: Any) -> None:
        columns = TABLES[table].columns
        row = [tuple(values.get(name) for name in columns)]
        self.spark.createDataFrame(row, schema(columns)).writeTo(f"{self.namespace}.{table}").append()

    def newest(self, table: str) -> str:
        found = self.spark.sql(f"select snapshot_id from {self.namespace}.{table}.refs where name = 'main'")  # noqa: S608
        return str(found.collect()[0][0])

    def publish(self, *tables: str) -> Version:
        before = published(self.lake)
        after = replace(before, tables={**before.tables, **{table: self.newest(table) for table in tables}})
        return publish(self.lake, before, after, self.exports)

    def ids(self, version: Version) -> list[str]:
        rows = self.spark.read.option("snapshot-id", version.tables["events"]).table(f"{self.namespace}.events")
        return sorted(row["event_id"] for row in rows.collect())

    def count(self, what: str) -> int:
        return self.spark.table(f"{self.namespace}.events.{what}").count()


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path) -> Shop:
    return Shop(spark, tmp_path)


def test_maintenance_publishes_the_same_rows_in_fewer_files(shop: Shop) -> None:
    for number in range(6):
        shop.add("events", event_id=f"e{number}", event_date=DAY, quantity=None)
    shop.spark.sql(
        f"merge into {shop.namespace}.events e using (select 'e3' as event_id) n on e.event_id = n.event_id"
        " when matched then update set e.copies = 2"
    )
    before = shop.publish("events")
    rows = shop.ids(before)
    shop.add("events", event_id="of a killed run", event_date=DAY)
    warehouse = Path(shop.spark.conf.get(f"spark.sql.catalog.{spark_session.CATALOG}.warehouse"))
    files = (warehouse / shop.lake.root.name / "events/data").rglob("*.parquet")
    stray = next(files).with_name("stray.parquet")
    stray.write_bytes(b"of a job that was killed")
    old = (utc_now() - timedelta(days=4)).timestamp()
    os.utime(stray, (old, old))
    done = maintain(shop.spark, shop.lake, shop.namespace)
    after = done.version
    assert (after.number, after.records, after.data_as_of) == (before.number + 1, before.records, before.data_as_of)
    assert after == published(shop.lake)
    assert shop.ids(after) == shop.ids(before) == rows == [f"e{number}" for number in range(6)]
    assert (done.rewritten, done.expired, done.orphans, stray.exists()) == (7, 0, 1, False)
    assert (shop.count("files"), shop.count("delete_files")) == (1, 0)
    # days later, the snapshots that no version names any more go; both versions are still read
    later = maintain(shop.spark, shop.lake, shop.namespace, now=lambda: datetime.now(UTC) + timedelta(days=30))
    assert later.expired > 5
    assert (later.rewritten, later.version) == (0, after)
    assert shop.ids(after) == rows
    assert shop.count("snapshots") >= 1


def test_maintenance_keeps_what_the_version_before_names(shop: Shop) -> None:
    for number in range(6):
        shop.add("events", event_id=f"e{number}", event_date=DAY)
    before = shop.publish("events")
    done = maintain(shop.spark, shop.lake, shop.namespace, now=lambda: datetime.now(UTC) + timedelta(days=30))
    assert done.expired == 6  # five of six appends, and one between the two that maintenance makes
    assert done.version.tables != before.tables
    assert shop.ids(before) == shop.ids(done.version)


def test_maintenance_beside_another_job_removes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        shop.add("events", event_id=f"e{number}", event_date=DAY)
    shop.publish("events")
    snapshots = shop.count("snapshots")

    class Interrupted(Folder):
        def replace(self, name: str, content: bytes, *, tag: str | None) -> bool:
            publish(Folder(self.root), published(self), replace(published(self), records={"received": 1}))
            return super().replace(name, content, tag=tag)

    late = timedelta(days=30)
    with pytest.raises(LakeError, match="Another job"):
        maintain(shop.spark, Interrupted(shop.lake.root), shop.namespace, now=lambda: datetime.now(UTC) + late)
    assert shop.count("snapshots") >= snapshots
    assert shop.ids(published(shop.lake)) == [f"e{number}" for number in range(6)]


def test_an_empty_lake_needs_no_maintenance(shop: Shop) -> None:
    done = maintain(shop.spark, shop.lake, shop.namespace)
    assert (done.version, done.rewritten, done.expired, done.orphans) == (Version(), 0, 0, 0)


def test_what_the_warehouse_loads_is_copied_before_it_is_published(shop: Shop) -> None:
    assert "daily_orders" in warehouse_tables()
    assert "events" not in warehouse_tables()
    shop.add("events", event_id="e1", event_date=DAY)
    shop.add("daily_orders", order_date=DAY, channel="web", orders=3)
    first = shop.publish("events", "daily_orders")
    table = copied(shop, first)
    assert table.column_names == list(TABLES["daily_orders"].columns)
    assert [(row["order_date"], row["channel"], row["orders"]) for row in table.to_pylist()] == [(DAY, "web", 3)]
    names = [file.name for file in shop.lake.found("warehouse")]
    assert all(name.endswith((".parquet", ".complete")) or name.rpartition("/")[2][0] == "." for name in names), names
    shop.add("events", event_id="e2", event_date=DAY)
    second = shop.publish("events")  # another version, the same copy
    assert [file.name for file in shop.lake.found("warehouse")] == names
    shop.spark.sql(f"delete from {shop.namespace}.daily_orders")  # noqa: S608
    third = shop.publish("daily_orders")
    assert copied(shop, third).num_rows == 0
    assert copied(shop, second).num_rows == 1  # a load may be at it
    shop.add("daily_orders", order_date=DAY, channel="app", orders=1)
    fourth = shop.publish("daily_orders")
    assert {file.name.split("/")[2].partition(".")[0] for file in shop.lake.found("warehouse")} == {
        third.tables["daily_orders"],
        fourth.tables["daily_orders"],
    }


def test_a_copy_that_a_killed_job_left_is_made_again(shop: Shop) -> None:
    shop.add("daily_orders", order_date=DAY, orders=1)
    snapshot = shop.newest("daily_orders")
    shop.lake.replace(f"warehouse/daily_orders/{snapshot}/half.parquet", b"PAR1", tag=None)
    version = shop.publish("daily_orders")
    assert copied(shop, version).num_rows == 1


def copied(shop: Shop, version: Version) -> Any:
    return pq.read_table(shop.lake.root / "warehouse/daily_orders" / version.tables["daily_orders"], partitioning=None)
