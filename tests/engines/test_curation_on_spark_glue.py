"""Spark curates into a Glue catalogue and S3, and Trino reads the published version: the rows that DuckDB makes.

Its catalog is that of the Glue job: `pipeline/curate/glue_job.toml`.
"""

# ruff: noqa: S608 - statements are the test's own

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from catalogue.tables import CURATED_TABLES
from tests.engines import spark_session
from tests.engines.ministack_server import KEY, WAREHOUSE
from tests.engines.names import REGION
from tests.engines.spark_lake import SparkLake
from tests.engines.test_curation_on_spark import charge, moments, shop
from tests.engines.trino_tables import snapshot
from tests.support.given import Given
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.engines.ministack_server import MinistackServer
    from tests.engines.trino_server import TrinoServer

pytestmark = spark_session.marks("engines")

CATALOG, DATABASE = "glue_catalog", "on_spark"


@pytest.fixture(scope="module")
def spark(
    tmp_path_factory: pytest.TempPathFactory, ministack: MinistackServer, spark_jvm: None
) -> Iterator[SparkSession]:
    job = tomllib.loads((ROOT / "pipeline/curate/glue_job.toml").read_text(encoding="utf-8"))
    catalog = f"spark.sql.catalog.{CATALOG}"
    settings = {name: value.replace("{lake}", f"s3://{WAREHOUSE}") for name, value in job["spark"].items()}
    settings |= {  # the addresses of ministack, which answers in the place of AWS
        f"{catalog}.glue.endpoint": ministack.endpoint,
        f"{catalog}.s3.endpoint": ministack.endpoint,
        f"{catalog}.s3.path-style-access": "true",
        f"{catalog}.client.region": REGION,
    }
    keys = {"aws.accessKeyId": KEY, "aws.secretAccessKey": KEY}
    with spark_session.session(tmp_path_factory.mktemp("spark"), settings, keys) as session:
        yield session


def test_trino_reads_the_published_version_as_duckdb_makes_it(
    tmp_path: Path, spark: SparkSession, ministack: MinistackServer, trino: TrinoServer
) -> None:
    ministack.database(DATABASE)
    given = Given(tmp_path)
    lake = SparkLake(spark, given, f"{CATALOG}.{DATABASE}")
    events = shop(5, moments((3, 28), (4, 2)), events=200)
    given.events(events[:120]).quarantine(b"[").spend(charge(Tags='{"team":"a"}'))
    old = lake.curate().version
    before = given.curate().tables()
    given.events(events[100:]).spend(charge(BilledCost=Decimal("0.300000000000")))
    new = lake.curate().version
    after = given.curate().tables()
    spark.sql(f"delete from {CATALOG}.{DATABASE}.orders")  # what no version names is not seen
    assert snapshot(trino, DATABASE, "orders") != new.tables["orders"]
    for version, expected in ((old, before), (new, after)):
        for table in CURATED_TABLES:
            assert read(trino, table, version.tables[table]) == written(expected[table]), (version.number, table)


def read(trino: TrinoServer, table: str, snapshot_id: str) -> list[str]:
    """The rows of a snapshot as Trino writes them, sorted."""
    columns = ", ".join(
        f"lower(to_hex({name}))" if kind == "varbinary" else name
        for name, kind in CURATED_TABLES[table].columns.items()
    )
    found = trino.iceberg.execute(f"select {columns} from {table} for version as of {snapshot_id}", DATABASE)
    return sorted(repr(row) for row in found.rows)


def written(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as Trino writes them, sorted."""
    return sorted(repr([_text(value) for value in row.values()]) for row in rows)


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return repr(value)  # the client leaves numbers with a point as Trino wrote them
    if value is None or isinstance(value, bool | int):
        return value
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
