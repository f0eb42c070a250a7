"""The statements that make a curated table."""

from __future__ import annotations

from catalogue.tables.table import AMOUNT, INSTANT, TEXT, Table
from pipeline.curate.spark import ddl

SALES = Table(
    "one row per order",
    {"order_id": TEXT, "net": AMOUNT, "at": INSTANT, "order_date": "date"},
    ("order_id", "at"),
    "order_date",
)
PROPERTIES = (
    "tblproperties ('format-version' = '2', 'write.parquet.compression-codec' = 'zstd',"
    " 'write.merge.mode' = 'merge-on-read', 'write.metadata.delete-after-commit.enabled' = 'true',"
    " 'write.metadata.previous-versions-max' = '20')"
)


def test_a_table_is_made_with_its_columns_a_partition_for_each_day_and_a_format_that_athena_reads():
    assert ddl.create("glue_catalog.takings.sales", SALES) == (
        "create table glue_catalog.takings.sales"
        " (`order_id` string, `net` decimal(38,4), `at` timestamp_ntz, `order_date` date)"
        f" using iceberg partitioned by (order_date) {PROPERTIES}"
    )
    assert ddl.order("glue_catalog.takings.sales", SALES) == (
        "alter table glue_catalog.takings.sales write distributed by partition locally ordered by order_id, at"
    )


def test_a_table_with_other_columns_is_replaced_and_a_small_one_has_no_partition():
    small = Table("one row per product", {"product_id": TEXT}, ("product_id",))
    assert ddl.create("c.d.products", small, replacing=True) == (
        f"create or replace table c.d.products (`product_id` string) using iceberg {PROPERTIES}"
    )
    assert ddl.order("c.d.products", small) == "alter table c.d.products write locally ordered by product_id"
