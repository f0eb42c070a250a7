"""What curation on Spark exports is what the load takes: from an Iceberg table to the reader's rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from catalogue.tables import TABLES
from pipeline.curate.spark.exports import WarehouseExports
from pipeline.curate.spark.publishing import publish, published
from pipeline.curate.spark.types import schema
from pipeline.objects import Folder
from tests.engines import spark_session
from tests.engines.names import LAKE_BUCKET
from tests.engines.warehouse_shop import Shop, opened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.engines.postgres_server import PostgresServer

pytestmark = spark_session.marks("spark")

LINE = {
    "event_id": "e1",
    "order_id": "o1",
    "occurred_at": datetime(2026, 3, 1, 23, 59, 59, 123456),
    "product_name": "Café \\ 'tea'\n",
    "quantity": Decimal("1.500"),
    "unit_price": Decimal("9.9900"),
    "amount": Decimal("9999999999999999999999999999999999.9999"),
    "free_order": False,
    "counted": True,
    "order_date": date(2026, 3, 1),
}


@pytest.fixture
def shop(aws: None, postgres: PostgresServer) -> Iterator[Shop]:
    with opened(postgres) as made:
        yield made


def test_rows_of_an_iceberg_table_reach_the_reader_of_the_warehouse_exactly(
    spark: SparkSession,
    shop: Shop,
    tmp_path: Path,
) -> None:
    lake, namespace = Folder(tmp_path), f"{spark_session.CATALOG}.warehoused"
    given: dict[str, list[dict[str, Any]]] = {"order_lines": [LINE], "products": []}  # the latter has a snapshot
    snapshots = {}
    for table, rows in given.items():
        columns = TABLES[table].columns
        spark.sql(f"create table {namespace}.{table} ({schema(columns)}) using iceberg")
        frame = spark.createDataFrame([tuple(row.get(name) for name in columns) for row in rows], schema(columns))
        frame.writeTo(f"{namespace}.{table}").append()
        refs = spark.sql(f"select snapshot_id from {namespace}.{table}.refs where name = 'main'").collect()  # noqa: S608
        snapshots[table] = str(refs[0][0])
    before = published(lake)
    publish(lake, before, replace(before, tables=snapshots), WarehouseExports(spark, lake, namespace))
    s3 = boto3.client("s3")
    for file in itertools.chain(lake.found("warehouse"), lake.found("curated")):
        s3.put_object(Bucket=LAKE_BUCKET, Key=f"shop/{file.name}", Body=lake.read(file.name))
    loaded = shop.load()
    assert {table: loaded.rows[table] for table in given} == {"order_lines": 1, "products": 0}
    columns = list(TABLES["order_lines"].columns)
    (row,) = shop.read(f"select {', '.join(columns)} from order_lines")  # noqa: S608 - our own names
    assert dict(zip(columns, row, strict=True)) == {name: LINE.get(name) for name in columns}
    assert shop.read("select * from products") == []
    assert shop.load().rows == {}
