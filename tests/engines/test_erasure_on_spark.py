"""A person is erased from a lake on Spark: the tables are those of the raw objects without the person."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from catalogue.clock import utc_now
from catalogue.errors import CurationError, SettingsError
from catalogue.tables import CURATED_TABLES
from pipeline.collecting.known_customers_dynamodb import DynamoDbKnownCustomers
from pipeline.contract.events import encode
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.curate.spark import curate
from pipeline.curate.spark.exports import WarehouseExports
from pipeline.curate.spark.publishing import published
from pipeline.erasure import deployed, live_table, plan, workers
from pipeline.erasure.deployed import DeployedErasure, DeployedLake
from pipeline.erasure.histories import Histories
from pipeline.erasure.manifest import FILE, Erasures
from pipeline.erasure.workers import RawFile
from pipeline.jobs import running
from pipeline.lake import RAW_ERRORS, RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM, LakeSettings
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.objects import Folder
from pipeline.recommend.customers.stored_customers import history_keys
from pipeline.recommend.models.dynamodb import DynamoDbItems
from tests.contracts.test_live_store import TABLE, aws_table
from tests.engines import spark_session
from tests.support.firehose import undelivered
from tests.support.given import event

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = spark_session.marks("spark")

SETTINGS = LakeSettings(reporting_currency="USD")
WRITTEN = datetime(2026, 3, 4, tzinfo=UTC).timestamp()
STREAM = f"{RAW_STREAM}/dt=2026-03-01/hour=12"
ESTIMATED = "daily_customer_registers"  # of hashes of customers: other ids, other registers
MODELS = "recommendations"
IDS = {"customer_id", "session_id", "session_key", "visitor", "attributes", "recommendation_request_id", "bucket"}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with aws_table() as client:
        yield client


class Killed(BaseException):
    """The process is gone."""


class Shop:
    """A lake in a folder, written as the delivery stream and imports write it."""

    def __init__(self, spark: SparkSession, root: Path, name: str, dynamodb: Any) -> None:
        self.spark, self.objects, self.namespace = spark, Folder(root), f"{spark_session.CATALOG}.{name}"
        self.links = DynamoDbKnownCustomers(dynamodb, TABLE)
        self.items = DynamoDbLiveStore(dynamodb, TABLE, "USD")
        dynamodb.create_table(
            TableName=MODELS,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        self.kept = DynamoDbItems(dynamodb, MODELS, now=utc_now)
        self.histories = Histories(self.kept)
        self.others = [partial(live_table.scan, dynamodb, TABLE), self.histories.scan]

    def lake(self) -> DeployedLake:
        exports = WarehouseExports(self.spark, self.objects, self.namespace)
        place = self.objects.place
        return DeployedLake(
            self.spark, place, self.namespace, SETTINGS, exports, self.links, self.items, self.histories, self.others
        )

    def leave_behind(self, table: str) -> Path:
        """A file of a table that no snapshot names, as a killed run leaves it."""
        warehouse = Path(self.spark.conf.get(f"spark.sql.catalog.{spark_session.CATALOG}.warehouse"))
        written = next((warehouse / self.namespace.partition(".")[2] / table / "data").rglob("*.parquet"))
        return Path(shutil.copy(written, written.with_name("left.parquet")))

    def write(self, name: str, *lines: bytes) -> None:
        content = b"".join(line + b"\n" for line in lines)
        if name.endswith(".gz"):
            content = gzip.compress(content)
        elif name.endswith(".zst"):
            content = pa.compress(content, "zstd", asbytes=True)
        path = self.objects.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (WRITTEN, WRITTEN))

    def curate(self) -> int:
        """Curate, and hold the books; how many raw files were read."""
        done = curate(self.spark, self.objects.place, self.namespace, SETTINGS)
        records = done.version.records
        assert records["received"] == records["accepted"] + records["duplicates"] + records["quarantined"]
        return done.raw_files

    def erase(self, *customers: str) -> DeployedErasure:
        return self.lake().erase(frozenset(customers))

    def records(self) -> dict[str, int]:
        return dict(published(self.objects).records)

    def tables(self, without: set[str] = frozenset()) -> dict[str, list[Any]]:
        """Every published table as sorted rows, without some columns."""
        version = published(self.objects)
        found = {}
        for table, definition in CURATED_TABLES.items():
            self.spark.catalog.refreshTable(f"{self.namespace}.{table}")
            frame = self.spark.read.option("snapshot-id", version.tables[table]).table(f"{self.namespace}.{table}")
            rows = frame.select(*(name for name in definition.columns if name not in without)).collect()
            found[table] = sorted(map(repr, rows))
        return found

    def raw_files(self) -> list[RawFile]:
        return workers.raw_files(self.objects)

    def names(self, text: bytes) -> list[str]:
        """Raw objects that have some bytes when they are unpacked."""
        found = []
        for path in sorted((self.objects.root / "raw").rglob("*.*")):
            content = path.read_bytes()
            if path.suffix == ".gz":
                content = gzip.decompress(content)
            elif path.suffix == ".zst":
                content = pa.CompressedInputStream(pa.BufferReader(content), "zstd").read()
            found += [path.name] if text in content else []
        return found


def sale(event_id: str, at: str, **fields: Any) -> bytes:
    return encode(event(event_id, at, **{"event_type": "purchase", "order_id": f"o-{event_id}", **fields}))


def refused(record: bytes) -> bytes:
    return quarantine_line(
        record, Rejection("invalid_json", "A test refuses it."), origin="test:1",
        received_at=datetime(2026, 3, 1, 12, tzinfo=UTC), source="native",
    )  # fmt: skip


def filled(shop: Shop) -> Shop:
    """Two customers, in every area and packing."""
    request = {"surface": "home", "model": "m", "rank": 1, "request_id": "r1"}
    clicked = {"event_type": "recommendation_click", "recommendation": request}
    shop.write(
        f"{STREAM}/1.gz",
        encode(event("e1", "2026-03-01 09:00", customer_id="anna-1", session_id="s1", attributes={"mail": "a"})),
        encode(event("e0", "2026-03-01 08:59", customer_id=None, session_id="s1")),
        encode(event("e3", "2026-02-27 08:59", customer_id="device-1")),
        sale("e2", "2026-03-01 09:05", customer_id="anna-1", session_id="s1", unit_price="19.9900"),
        sale("e6", "2026-03-02 11:00", customer_id="ben-2", session_id="s2", unit_price="5.0000"),
        refused(b'{"customer_id":"anna-1"'),
        refused(b'{"customer_id":"ben-2"'),
        b"cannot be read",
    )
    shop.write(
        f"{STREAM}/2.gz",
        sale("e2", "2026-03-01 09:05", received="2026-03-03 00:00", customer_id="anna-1", session_id="s1"),
        encode(event("e7", "2026-03-02 11:01", customer_id="anna-1", **clicked)),
        encode(event("e8", "2026-03-02 11:02", customer_id="ben-2", **clicked)),
    )
    shop.write(
        f"{STREAM}/3.gz", encode(event("e9", "2026-03-02 12:00", customer_id="ben-2", session_id="s2")), b"poison"
    )
    shop.write(
        f"{RAW_EVENTS}/imports/one/part-1.jsonl.zst",
        sale("e4", "2026-03-02 09:10", customer_id="anna-1", order_id="o9", unit_price="0.0100"),
        encode(event("e5", "2026-03-01 10:00", customer_id="ben-2", attributes={"friend": "anna-1", "k": "v"})),
    )
    shop.write(f"{RAW_QUARANTINE}/imports/one/part-1.jsonl", refused(b"anna-1;5"), refused(b"anna-12;5"))
    shop.write(
        f"{RAW_ERRORS}/processing-failed/dt=2026-03-01/1",
        undelivered(sale("u1", "2026-03-01 09:00", customer_id="anna-1")),
        undelivered(sale("u2", "2026-03-01 09:00", customer_id="ben-2")),
    )
    return shop


def test_a_person_leaves_and_every_sum_stays_however_often_the_job_is_killed(
    tmp_path: Path,
    spark: SparkSession,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    dynamodb: Any,
) -> None:
    shop = filled(Shop(spark, tmp_path / "lake", "erased", dynamodb))
    shop.links.link("shop", {"device-1": "anna-1", "device-2": "ben-2"})
    shop.curate()
    left = shop.leave_behind("customers")
    before, records = shop.tables(without=IDS | {"record"}), shop.records()
    assert len(shop.names(b"anna-1")) == 3

    def half(session: SparkSession, objects: Any, files: list[RawFile], *how: Any) -> None:
        rewrite(session, objects, files[::2], *how)
        raise Killed

    rewrite = workers.rewrite
    with monkeypatch.context() as patch:
        patch.setattr(workers, "rewrite", half)
        with pytest.raises(Killed):
            shop.erase("anna-1")
    assert 0 < len(shop.names(b"anna-1")) < 3
    assert shop.tables(without=IDS | {"record"}) == before, "readers see what was published"
    with pytest.raises(SettingsError, match="other ids"):
        shop.erase("ben-2")

    with monkeypatch.context() as patch:
        patch.setattr(deployed, "curate", killed)  # all objects are rewritten, and no table is
        with pytest.raises(Killed):
            shop.erase("anna-1")
    assert shop.names(b"anna-1") == []

    assert shop.curate() == len(shop.raw_files()), "the next curation, whosever it is, reads all again"
    assert shop.records() == records, "and counts nothing twice"
    remade = shop.tables()

    keys = history_keys(["anna-1", "device-1", "ben-2"])
    shop.kept.put_all((key, b"-") for key in keys)
    done = shop.erase("anna-1")
    assert done.found == 0
    assert not left.exists()
    assert (done.records["histories"], list(shop.kept.get_all(keys, consistent=True))) == (2, keys[2:])
    assert done.records["links"] == 1
    (live,) = (place for place in done.places if place.name == live_table.NAME)
    assert (live.records, live.found) == (1, 0), "ben's link stays"
    assert [shop.links.customer_of("shop", name) for name in ("device-1", "device-2")] == [None, "ben-2"]
    assert shop.tables() == remade, "the tables are those of the rewritten objects, to the row"
    assert shop.curate() == 0, "no rewritten object is read as a new one"
    assert shop.records() == records
    after = shop.tables(without=IDS | {"record"})
    assert {name for name in after if after[name] != before[name]} <= {ESTIMATED}

    rows = spark.read.option("snapshot-id", published(shop.objects).tables["events"]).table(f"{shop.namespace}.events")
    found = {row["event_id"]: row for row in rows.collect()}
    assert len({found[name]["customer_id"] for name in ("e1", "e2", "e4", "e7")}) == 1, "one pseudonym, all runs"
    assert found["e1"]["customer_id"].startswith("erased-")
    assert found["e0"]["session_id"] == found["e1"]["session_id"] == found["e2"]["session_id"] != "s1"
    assert found["e7"]["recommendation_request_id"].startswith("erased-")
    assert (found["e8"]["recommendation_request_id"], found["e6"]["session_id"]) == ("r1", "s2")
    assert found["e3"]["customer_id"].startswith("erased-"), "a linked device"
    assert (found["e5"]["customer_id"], found["e5"]["attributes"]) == ("ben-2", None), "e5 named anna-1"
    assert spark.table(f"{shop.namespace}.events.snapshots").count() == 1
    manifest = Erasures.parsed(shop.objects.read(FILE), FILE)
    assert manifest.erased({"anna-1", "ben-2"}, "customers") == {"anna-1"}
    assert shop.objects.stored(plan.FILE) is None

    check = ["--lake", shop.objects.place, "--namespace", shop.namespace, "--check", "1", "--customers"]
    running.erase([*check, "anna-1,device-1"])
    assert json.loads(capsys.readouterr().out)["found"] == 0
    with pytest.raises(SystemExit, match="still name"):
        running.erase([*check, "ben-2"])
    places = {name: place["found"] for name, place in json.loads(capsys.readouterr().out)["places"].items()}
    own = {RAW_EVENTS, RAW_STREAM, RAW_ERRORS, "events", "sessions", "customers", "quarantine"}
    assert own <= {name for name, found in places.items() if found}

    (shop.objects.root / STREAM / "3.gz").unlink()  # as a lifecycle rule removes old objects
    kept = published(shop.objects)
    with pytest.raises(CurationError, match="raw files hold"):
        shop.erase("ben-2")
    assert (published(shop.objects), shop.objects.stored(plan.FILE)) == (kept, None)


def killed(*_: Any, **__: Any) -> None:
    raise Killed
