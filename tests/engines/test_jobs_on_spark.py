"""The jobs from the delivery stream's files to published tables and their copies, run as Glue runs them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from catalogue.warehouse import warehouse_tables
from pipeline.contract.events import encode
from pipeline.curate.spark.publishing import published
from pipeline.jobs import running
from pipeline.lake import RAW_ERRORS, RAW_STREAM
from pipeline.objects import Folder
from tests.engines import spark_session
from tests.support.firehose import undelivered
from tests.support.given import event

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = spark_session.marks("spark")

NAMESPACE = f"{spark_session.CATALOG}.jobs"


def line(number: int, *, order: int) -> bytes:
    fields = {"event_type": "purchase", "order_id": f"o{order}", "unit_price": "10.0000"}
    return encode(event(f"e{number}", "2026-03-01 12:00", **fields)) + b"\n"


def deliver(lake: Folder, number: int, *lines: bytes, area: str = RAW_STREAM) -> None:
    lake.replace(f"{area}/dt=2026-03-01/hour=12/{number}.gz", gzip.compress(b"".join(lines)), tag=None)


def test_runs_follow_the_stream_and_maintenance_changes_no_row(
    tmp_path: Path, spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = Folder(tmp_path / "lake")
    given = ["--JOB_NAME", "takings", "--lake", lake.place, "--namespace", NAMESPACE, "--warehouse", "1"]

    def run(job: Any, *more: str) -> dict[str, Any]:
        job([*given, *more])
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    def revenue() -> str:
        """Net revenue as the warehouse loads it."""
        folder = lake.root / "warehouse/daily_sales" / published(lake).tables["daily_sales"]
        rows = pq.read_table(folder, partitioning=None).to_pylist()
        return str(sum(row["net_revenue"] for row in rows))

    deliver(lake, 1, line(1, order=1), line(2, order=1), b"poison\n")
    first = run(running.curate)
    assert (first["version"], first["raw_files"]) == (1, 1)
    assert [first[name] for name in ("received", "accepted", "duplicates", "quarantined")] == [3, 2, 0, 1]
    assert revenue() == "20.0000"
    deliver(lake, 2, line(2, order=1), line(3, order=2))
    deliver(lake, 1, undelivered(line(4, order=3)), area=RAW_ERRORS)
    second = run(running.curate)
    assert (second["version"], second["raw_files"]) == (2, 2)
    assert [second[name] for name in ("received", "accepted", "duplicates", "quarantined")] == [6, 3, 1, 2]
    assert revenue() == "30.0000"
    assert run(running.curate) == second | {"raw_files": 0, "changed": []}
    copies = {table for table in warehouse_tables() if lake.found(f"warehouse/{table}")}
    assert copies == set(warehouse_tables()) & set(published(lake).tables)
    before = published(lake)
    done = run(running.maintain, "--keep_days", "1")
    assert (done["expired"], done["version"]) == (0, published(lake).number)
    assert published(lake).records == before.records
    assert revenue() == "30.0000"
    deliver(lake, 3, line(5, order=4))
    third = run(running.curate)
    assert [third[name] for name in ("received", "accepted", "duplicates", "quarantined")] == [7, 4, 1, 2]
    assert revenue() == "40.0000"
    size = len(lake.read("curated/state.json"))
    assert size < 5_000

    (lake.root / RAW_STREAM / "dt=2026-03-01/hour=12/4.gz").write_bytes(gzip.compress(line(6, order=5))[:-9])
    with pytest.raises(SystemExit) as ended:
        running.curate(given)
    assert "hour=12/4.gz" in str(ended.value.code)
    assert published(lake).number == third["version"]
