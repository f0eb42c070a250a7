"""What a model is learnt from is the same on Spark as on DuckDB, and the job that trains publishes a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from catalogue.tables import CURATED_TABLES
from pipeline.curate.spark.iceberg import IcebergTables
from pipeline.jobs import running
from pipeline.recommend.learning.reading import read_lake, read_published
from pipeline.recommend.models.dynamodb import DynamoDbModelStore
from pipeline.recommend.models.model import BEST_SELLERS, EVERYWHERE
from tests.contracts.test_live_store import TABLE, aws_table
from tests.engines import spark_session
from tests.engines.spark_lake import SparkLake
from tests.support.given import Given, event

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = spark_session.marks("spark")

CUP = {"name": "Cup", "category": "Home/Kitchen"}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with spark_session.running(tmp_path_factory.mktemp("spark")) as session:
        yield session


def shop(folder: Path) -> Given:
    """Two customers, a session that nobody knows, an order of two lines, a refund, late evenings and midnights."""
    order = {"order_id": "o1", "unit_price": "4.0000", "region": "UK"}
    return Given(folder).events(
        event("e1", "2026-03-01 23:59", event_type="product_view", product_id="cup", product=CUP),
        event("e2", "2026-03-02 00:00", event_type="product_view", product_id="cup", customer_id="c2"),
        event("e3", "2026-03-02 00:30", event_type="product_view", product_id="pot", customer_id="c2"),
        event("e4", "2026-03-02 00:40", event_type="product_view", product_id="pot", customer_id="c2"),
        event("e5", "2026-03-02 05:45", event_type="cart_add", product_id="pot", customer_id=None, session_id="s1"),
        event("e6", "2026-03-02 18:15", event_type="purchase", product_id="cup", customer_id="c2", **order),
        event("e7", "2026-03-02 18:15", event_type="purchase", product_id="pot", customer_id="c2", **order),
        event("e8", "2026-03-03 09:00", event_type="refund", product_id="pot", customer_id="c2", **order),
    )


def plain(value: Any) -> Any:
    """Comparable by rows, whatever their order."""
    if is_dataclass(value):
        found = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        columns = {name: column for name, column in found.items() if isinstance(column, list)}
        others = {name: other for name, other in found.items() if name not in columns}
        return {**others, "rows": sorted(zip(*columns.values(), strict=True)) if columns else []}
    return value.tolist() if isinstance(value, np.ndarray) else value


def test_spark_reads_what_duckdb_reads_and_the_job_publishes_it(
    tmp_path: Path, spark: SparkSession, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = shop(tmp_path)
    on_spark = SparkLake(spark, given)
    on_spark.curate()
    given.curate()
    tables = IcebergTables(spark, on_spark.namespace, CURATED_TABLES, on_spark.version.tables)
    found = read_published(spark, {name: tables.earlier(name) for name in CURATED_TABLES})
    expected = read_lake(given.lake)
    assert len(expected.interactions) == 6
    for part in ("names", "regions", "orders", "end_day", "events"):
        assert getattr(found, part) == getattr(expected, part)
    for part in ("interactions", "activity", "pairs"):
        assert plain(getattr(found, part)) == plain(getattr(expected, part))
    assert found.seen.tolist() == expected.seen.tolist()

    with aws_table() as client:
        monkeypatch.setattr("boto3.client", lambda _name: client)
        capsys.readouterr()
        arguments = ["--lake", str(on_spark.root), "--namespace", on_spark.namespace, "--recommendations_table", TABLE]
        running.train(arguments)
        done = json.loads(capsys.readouterr().out.splitlines()[-1])
        model = DynamoDbModelStore(client, TABLE).current()
        assert model is not None
        assert (done["job"], done["model"]) == ("takings-train", model.card.version)
        assert done["gaps"][0].startswith("There is too little to learn from: 7 of 2,000 events")
        ranked = model.ranked(BEST_SELLERS, EVERYWHERE)
        assert ranked is not None
        assert [model.directory[place].product_id for place in ranked.places] == ["cup", "pot"]
