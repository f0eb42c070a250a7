"""Closed days of a bucket are packed by the maintenance job: the same records, in few objects."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalogue.tables import CURATED_TABLES
from pipeline import objects as of_lake
from pipeline.contract.events import encode
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.curate import raw
from pipeline.curate.spark import curate, packed
from pipeline.curate.spark.curation import own_session
from pipeline.curate.spark.new_files import Watermark
from pipeline.curate.spark.packing import PLAN, Part
from pipeline.curate.spark.publishing import Version, published
from pipeline.curate.spark.source_tables import SparkWatermarks
from pipeline.jobs import running
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM, LakeSettings
from pipeline.objects import Folder, opened
from tests.engines import spark_session
from tests.engines.ministack_server import KEY, WAREHOUSE
from tests.engines.names import REGION
from tests.support.given import event

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.engines.ministack_server import MinistackServer

pytestmark = spark_session.marks("spark")

DAY = "dt=2026-03-01"
STREAM = f"{RAW_STREAM}/{DAY}"
EVENTS, REFUSED = f"{RAW_EVENTS}/{DAY}/day-00001.parquet", f"{RAW_QUARANTINE}/{DAY}/day-00001.jsonl.zst"
WRITTEN = datetime(2026, 3, 1, 23, tzinfo=UTC).timestamp()
NAMESPACE = f"{spark_session.CATALOG}.packed"


@pytest.fixture(scope="module")
def spark(
    tmp_path_factory: pytest.TempPathFactory, ministack: MinistackServer, spark_jvm: None
) -> Iterator[SparkSession]:
    names = {"AWS_ENDPOINT_URL": ministack.endpoint, "AWS_DEFAULT_REGION": REGION}
    names |= dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), KEY)
    # the workers are processes of their own, and ask S3 too
    of_workers = {f"spark.executorEnv.{name}": value for name, value in names.items()}
    folder = tmp_path_factory.mktemp("spark")
    with spark_session.session(folder, of_workers) as session, patch.dict(os.environ, names):
        of_lake._client.cache_clear()
        yield session
    of_lake._client.cache_clear()


class Killed(BaseException):
    """The process is gone."""


def sale(number: int, **fields: Any) -> bytes:
    at = f"2026-03-01 12:{number:02d}"
    return encode(event(f"e{number}", at, event_type="purchase", order_id=f"o{number}", **fields))


def refusal(record: bytes) -> bytes:
    why, at = Rejection("invalid_json", "A test refuses it."), datetime(2026, 3, 1, 12, tzinfo=UTC)
    return quarantine_line(record, why, origin="test:1", received_at=at, source="native")


RICH = sale(
    1,
    unit_price="12.3400",
    product={"name": "Lämpchen", "category": "Home/Lighting", "unit_cost": "4.0500"},
    recommendation={"surface": "cart", "model": "m1", "rank": 3, "request_id": "r1"},
    attributes={"query": "lamp", "n": 1e22, "gift": True},
)
FILES = {
    "hour=12/1.gz": [RICH, sale(2), refusal(b"{")],
    "hour=12/2.gz": [sale(2), b"", sale(3, quantity="1.500"), refusal(b"\xff\x00")],
    "hour=13/3.gz": [sale(4), b"cannot be read"],
    "hour=13/4.gz": [sale(5)],
}


def deliver(lake: Folder, name: str, lines: Sequence[bytes]) -> None:
    path = lake.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines)))
    os.utime(path, (WRITTEN, WRITTEN))


def test_the_maintenance_job_packs_closed_days_and_no_table_changes(
    tmp_path: Path, spark: SparkSession, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Folder(tmp_path / "lake")
    for name, lines in FILES.items():
        deliver(lake, f"{STREAM}/{name}", lines)

    def curated(*, full: bool = False) -> int:
        return curate(spark, lake.place, NAMESPACE, LakeSettings(), full=full).raw_files

    def tables() -> dict[str, list[str]]:
        found = {}
        for table, snapshot in published(lake).tables.items():
            if table in CURATED_TABLES:
                spark.catalog.refreshTable(f"{NAMESPACE}.{table}")
                rows = spark.read.option("snapshot-id", snapshot).table(f"{NAMESPACE}.{table}").collect()
                found[table] = sorted(map(repr, rows))
        return found

    def names() -> list[str]:
        return [file.name for file in lake.found("raw")]

    assert curated() == 4
    small, before, records = names(), tables(), published(lake).records
    assert (records["received"], records["quarantined"]) == (9, 3)

    def killed(self: SparkWatermarks, version: Version, rows: Sequence[Watermark]) -> Version:
        publish(SparkWatermarks(self.session, Interrupted(lake.root), self.namespace), version, rows)
        raise AssertionError("it was not killed")

    class Interrupted(Folder):
        def replace(self, *_: Any, **__: Any) -> bool:
            raise Killed

    publish = SparkWatermarks.publish
    with monkeypatch.context() as patched:
        patched.setattr(SparkWatermarks, "publish", killed)  # the watermarks are written, and no version names them
        with pytest.raises(Killed):
            packed.pack(spark, lake, NAMESPACE)
    assert {*small, EVENTS, REFUSED, PLAN} == set(names())
    assert curated() == 0, "what was packed is no new file"
    assert names() == small

    running.maintain(["--lake", lake.place, "--namespace", NAMESPACE])
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["packed"] == 3
    torn = f"{STREAM}/hour=13/3.gz"
    assert names() == [EVENTS, REFUSED, torn]
    assert (curated(), published(lake).records, tables()) == (0, records, before)
    rows = pq.read_table(lake.root / EVENTS)
    assert rows.column("event_id").to_pylist() == ["e1", "e2", "e2", "e3", "e5"]
    assert rows.column("attributes").to_pylist()[0] == '{"query":"lamp","n":1e22,"gift":true}'

    deliver(lake, f"{STREAM}/hour=13/late.gz", [sale(6)])
    assert curated() == 1
    late, after = published(lake).records, tables()
    assert (late["received"], late["quarantined"]) == (10, 3)
    assert curated(full=True) == 4
    assert (published(lake).records, tables()) == (late, after), "the packed files hold what the small ones held"


def test_a_packed_object_of_a_bucket_holds_what_duckdb_packs_in_a_folder(tmp_path: Path, spark: SparkSession) -> None:
    objects = opened(f"s3://{WAREHOUSE}/packing")
    for name, lines in FILES.items():
        content = gzip.compress(b"".join(line + b"\n" for line in lines))
        assert objects.replace(f"{STREAM}/{name}", content, tag=None)
    small = objects.found(RAW_STREAM)
    for _ in range(2):  # a second time, as a task that is tried again
        damaged = packed.write(own_session(spark), objects, Part({RAW_STREAM: small}, EVENTS, REFUSED))
        assert damaged == {f"{STREAM}/hour=13/3.gz"}
    ours, theirs, lines = tmp_path / "ours.parquet", tmp_path / "theirs.parquet", tmp_path / "lines.jsonl"
    ours.write_bytes(objects.read(EVENTS))
    lines.write_bytes(b"\n".join([RICH, sale(2), sale(2), sale(3, quantity="1.500"), sale(5)]))
    raw.pack(raw.EVENTS, [lines], theirs)
    with duckdb.connect(":memory:") as connection:
        found = []
        for path in (ours, theirs, lines):
            raw.read(connection, raw.REFUSED, [])
            raw.read(connection, raw.EVENTS, [path])
            found.append(connection.sql("select * from raw_events order by all").fetchall())
        types = [
            connection.sql(f"select column_name, column_type from (describe from '{path}')").fetchall()  # noqa: S608
            for path in (ours, theirs)
        ]
    assert found[0] == found[1] == found[2]
    assert types[0] == types[1]
    content = pa.CompressedInputStream(pa.BufferReader(objects.read(REFUSED)), "zstd").read()
    assert content.splitlines() == [refusal(b"{"), refusal(b"\xff\x00")]
    (only,) = (file for file in small if file.name.endswith("4.gz"))
    packed.write(own_session(spark), objects, Part({RAW_STREAM: [only]}, f"{EVENTS}2", f"{REFUSED}2"))
    assert objects.stored(f"{REFUSED}2") is None, "there are no refused records"
