"""What the delivery stream writes becomes the records that DuckDB reads of the same stream's files on disk."""

from __future__ import annotations

import gzip
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalogue.errors import CurationError
from pipeline import objects as of_lake
from pipeline.contract.events import encode
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.curate import raw
from pipeline.curate.spark import raw as spark_raw
from pipeline.curate.spark.curation import SESSION
from pipeline.curate.spark.new_files import new_files
from pipeline.curate.spark.spend import SpendBatch, read_spend
from pipeline.lake import RAW_ERRORS, RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM, Lake
from pipeline.objects import opened
from pipeline.raw.writer import RawWriter
from pipeline.streams import Entry, Kind
from pipeline.streams.checkpoints import CHECKPOINTS, STREAM, Checkpoints
from pipeline.streams.log import AppendLog
from tests.engines import spark_session
from tests.engines.ministack_server import KEY
from tests.engines.names import REGION
from tests.support.firehose import delivered, kinesis_records, undelivered
from tests.support.given import event

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.engines.ministack_server import MinistackServer

pytestmark = spark_session.marks("spark")

WRITTEN = datetime(2026, 4, 1, 6, tzinfo=UTC)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = "dt=2026-03-01/hour=12"
NOT_AN_EVENT = "The raw line cannot be read as an event any more"
NOT_REFUSED = "The raw line cannot be read as a refused record any more"


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
        for name, value in SESSION.items():
            session.conf.set(name, value)
        of_lake._client.cache_clear()
        yield session
    of_lake._client.cache_clear()


def put(root: Path, name: str, content: bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (WRITTEN.timestamp(), WRITTEN.timestamp()))


def read(spark: SparkSession, root: Path) -> spark_raw.RawBatch:
    objects = opened(str(root))
    return spark_raw.read(spark, objects, new_files(objects, (), now=WRITTEN).files)


def line(number: int | str, **fields: Any) -> bytes:
    return encode(event(f"e{number}", "2026-03-01 12:00", **fields))


def refusal(record: bytes, *, source: str = "native") -> bytes:
    rejection = Rejection("invalid_json", "A test refuses it.")
    return quarantine_line(record, rejection, origin="test", received_at=NOON, source=source, namespace="till")


def test_every_line_of_the_stream_becomes_an_event_or_a_refused_record(tmp_path: Path, spark: SparkSession) -> None:
    stream, errors = f"{RAW_STREAM}/{HOUR}", f"{RAW_ERRORS}/processing-failed/dt=2026-03-01"
    first = gzip.compress(line(1) + b"\n" + refusal(b"{") + b"\n") + gzip.compress(b"\n \r\n" + line(2) + b"\n")
    put(tmp_path, f"{stream}/1.gz", first)
    put(tmp_path, f"{stream}/2.gz", line(3) + b"\n" + b"poison\n" + b'{"record":"!"}\n')  # unpacked on its way
    put(tmp_path, f"{stream}/3", gzip.compress(line(4) + line(5)))  # two records that nothing separates
    put(tmp_path, f"{stream}/4.gz", b"")
    put(tmp_path, f"{stream}/5.gz", gzip.compress(b""))
    failures = [undelivered(line(6) + b"\n" + refusal(b"\xff\x00") + b"\n"), b"{torn", undelivered(b"")]
    put(tmp_path, f"{errors}/error-1", b"\n".join(failures) + b"\n")
    put(tmp_path, f"{RAW_EVENTS}/{HOUR}/a.jsonl", line(7) + b"\n" + refusal(b"[") + b"\n")
    put(tmp_path, f"{RAW_QUARANTINE}/{HOUR}/a.jsonl", refusal(b"[") + b"\n" + line(8) + b"\n")
    batch = read(spark, tmp_path)
    assert sorted(row["event_id"] for row in batch.events.collect()) == ["e1", "e2", "e3", "e7"]
    columns = ("record", "reason", "detail", "origin", "source", "received_at")
    found = [tuple(bytes(row[c]) if c == "record" else row[c] for c in columns) for row in batch.refused.collect()]
    noon, written = NOON.replace(tzinfo=None), WRITTEN.replace(tzinfo=None)
    unreadable = ("unreadable_line", NOT_AN_EVENT)
    assert sorted(found) == sorted(
        [
            (b"{", "invalid_json", "A test refuses it.", "test", "native", noon),
            (b"\xff\x00", "invalid_json", "A test refuses it.", "test", "native", noon),
            (b"[", "invalid_json", "A test refuses it.", "test", "native", noon),
            (line(6), "undelivered", "Lambda.Failed: It failed.", f"{errors}/error-1:1", "raw", noon),
            (b"{torn", *unreadable, f"{errors}/error-1:2", "raw", written),
            (undelivered(b""), *unreadable, f"{errors}/error-1:3", "raw", written),
            (b"poison", *unreadable, f"{stream}/2.gz:2", "raw", written),
            (b'{"record":"!"}', "unreadable_line", NOT_REFUSED, f"{stream}/2.gz:3", "raw", written),
            (line(4) + line(5), *unreadable, f"{stream}/3:1", "raw", written),
            # in folders of one kind a line is of that kind
            (refusal(b"["), *unreadable, f"{RAW_EVENTS}/{HOUR}/a.jsonl:2", "raw", written),
            (line(8), "unreadable_line", NOT_REFUSED, f"{RAW_QUARANTINE}/{HOUR}/a.jsonl:2", "raw", written),
        ]
    )
    assert (batch.received, batch.quarantined, batch.newest) == (15, 11, written)
    batch.release()


def test_files_of_a_bucket_are_read_by_the_workers(spark: SparkSession, ministack: MinistackServer) -> None:
    ministack.client("s3").create_bucket(Bucket="raw-lake")
    objects = opened("s3://raw-lake/shops/one")
    days = [f"{RAW_STREAM}/dt=2026-03-{day:02}/hour=12/{day}.gz" for day in range(1, 13)]
    for number, name in enumerate(days):
        content = line(number) + b"\n" + refusal(b"[") + b"\n"
        assert objects.replace(name, gzip.compress(content) if number % 2 else content, tag=None)
    found = new_files(objects, (), now=datetime.now(UTC))
    batch = spark_raw.read(spark, objects, found.files)
    assert sorted(row["event_id"] for row in batch.events.collect()) == sorted(f"e{number}" for number in range(12))
    assert (batch.received, batch.quarantined) == (24, 12)
    batch.release()
    assert not new_files(objects, found.watermarks, now=datetime.now(UTC))
    objects.remove([days[0]])
    with pytest.raises(CurationError, match=r"s3://raw-lake/shops/one/raw/stream/dt=2026-03-01/hour=12/1\.gz"):
        spark_raw.read(spark, objects, found.files)


def test_no_files_are_no_records(tmp_path: Path, spark: SparkSession) -> None:
    batch = read(spark, tmp_path)
    assert (batch.received, batch.quarantined, batch.newest) == (0, 0, None)
    assert (batch.events.count(), batch.refused.count()) == (0, 0)


@pytest.mark.parametrize("gone", [False, True])
def test_a_file_that_breaks_off_or_is_gone_is_refused_by_name(tmp_path: Path, spark: SparkSession, gone: bool) -> None:
    name = f"{RAW_STREAM}/{HOUR}/1.gz"
    put(tmp_path, name, gzip.compress(line(1) * 100)[:-9])
    put(tmp_path, f"{RAW_STREAM}/{HOUR}/2.gz", gzip.compress(line(2)))
    objects = opened(str(tmp_path))
    files = new_files(objects, (), now=WRITTEN).files
    if gone:
        (tmp_path / name).unlink()
    with pytest.raises(CurationError, match=r"hour=12/1\.gz") as raised:
        spark_raw.read(spark, objects, files)
    assert ("not there" in str(raised.value)) is gone


@pytest.mark.parametrize("seed", range(4))
def test_any_mix_gives_the_records_that_duckdb_reads_of_the_embedded_lake(
    tmp_path: Path, spark: SparkSession, seed: int
) -> None:
    draw = random.Random(seed)
    entries = [entry_of(draw, number) for number in range((300, 150, 60, 1)[seed])]
    lake = Lake.create(tmp_path / "embedded")
    with_log(lake, entries)
    deployed = tmp_path / "deployed"
    records = kinesis_records(entries)
    lost = [record for record in records if draw.random() < 0.1] if seed else []
    records = [record for record in records if record not in lost]
    draw.shuffle(records)  # shards are delivered side by side
    objects = 0
    while records:
        size = draw.randint(1, len(records))
        some, records = records[:size], records[size:]
        hour = NOON + timedelta(hours=draw.randint(-30, 0))
        put(deployed, f"{RAW_STREAM}/dt={hour:%Y-%m-%d}/hour={hour:%H}/{objects}.gz", delivered(some, draw))
        objects += 1
    if lost:
        put(deployed, f"{RAW_ERRORS}/dt=2026-03-01/1", b"\n".join(map(undelivered, lost)))
    batch = read(spark, deployed)
    events, refused = (
        Counter(tuple(bytes(v) if isinstance(v, bytearray) else v for v in row) for row in frame.collect())
        for frame in (batch.events, batch.refused)
    )
    assert batch.received == len(entries) == events.total() + refused.total()
    assert batch.quarantined == refused.total()
    batch.release()
    theirs, their_refused = records_on_duckdb(lake)
    not_delivered = {item for record in lost for item in record.split(b"\n") if item}
    held = {row for row in refused if row[1] == "undelivered"}
    assert {row[0] for row in held} <= not_delivered
    assert (theirs - events).total() == sum(refused[row] for row in held if not row[0].startswith(b"poison"))
    assert not events - theirs
    # where and when an unreadable line was found is another place and time
    plain = Counter(row[:3] if row[1] == "unreadable_line" else row for row in their_refused.elements())
    ours = Counter(row[:3] if row[1] == "unreadable_line" else row for row in refused.elements() if row not in held)
    assert not ours - plain
    assert (plain - ours).total() == sum(refused[row] for row in held if row[0].startswith(b"poison"))


def test_files_of_rows_are_read_as_their_lines(tmp_path: Path, spark: SparkSession) -> None:
    draw = random.Random(7)
    lines = {Kind.EVENT: [line(0)], Kind.REFUSED: [refusal(b"{")]}
    for number in range(60):
        entry = entry_of(draw, number)
        if not entry.line.startswith(b"poison"):
            lines[entry.kind].append(entry.line)
    for kind, area, of in ((raw.EVENTS, RAW_EVENTS, Kind.EVENT), (raw.REFUSED, RAW_QUARANTINE, Kind.REFUSED)):
        put(tmp_path / "lines", f"{area}/{HOUR}/1.jsonl", b"\n".join(lines[of]))
        put(tmp_path / "rows", f"{area}/{HOUR}/2 b.parquet", packed(tmp_path / "lines" / area / HOUR / "1.jsonl", kind))
    put(tmp_path / "rows", f"{RAW_EVENTS}/{HOUR}/3.jsonl", line("of a line"))
    of_lines, of_rows = read(spark, tmp_path / "lines"), read(spark, tmp_path / "rows")
    assert of_rows.received == of_lines.received + 1 == sum(map(len, lines.values())) + 1
    assert of_rows.quarantined == of_lines.quarantined == len(lines[Kind.REFUSED])
    expected = [tuple(row) for row in of_lines.events.collect()]
    found = [tuple(row) for row in of_rows.events.collect() if row["event_id"] != "eof a line"]
    assert Counter(found) == Counter(expected)
    assert sorted(map(str, of_rows.refused.collect())) == sorted(map(str, of_lines.refused.collect()))


@pytest.mark.parametrize("content", [b"no Parquet", None])
def test_a_file_of_rows_that_is_damaged_is_refused_by_name(
    tmp_path: Path, spark: SparkSession, content: bytes | None
) -> None:
    put(tmp_path, "other/1.jsonl", line(1) + b"\n{}\n")
    rows = packed(tmp_path / "other/1.jsonl", raw.EVENTS)  # its second row has no id
    put(tmp_path, f"{RAW_EVENTS}/{HOUR}/1.parquet", content or rows)
    with pytest.raises(CurationError, match=r"hour=12/1\.parquet"):
        read(spark, tmp_path)


def packed(source: Path, kind: raw.LineKind) -> bytes:
    """A file of lines as a file of rows."""
    fields = ", ".join(
        f"cast({name} as varchar) as {name}" if of == "JSON" else name for name, of in kind.fields.items()
    )
    target = source.with_suffix(".parquet")
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"copy (select {fields} from {raw._json(kind, [source])}) to '{target}' (format parquet)")  # noqa: S608
    content = target.read_bytes()
    target.unlink()
    return content


def entry_of(draw: random.Random, number: int) -> Entry:
    """An accepted event, a refused record, or a line that has become neither."""
    kind = draw.random()
    key = draw.choice(["c1", "c2", "c3", "Žofie"])
    if kind < 0.6:
        fields: dict[str, Any] = draw.choice(
            [
                {},
                {"event_type": "purchase", "order_id": f"o{number % 7}", "unit_price": "19.9900", "quantity": 2},
                {
                    "attributes": {"n": 1e22, "text": 'say "ä"\u2028}{', "deep": "\n"},
                    "namespace": "till",
                    "public": True,
                },
                {"product": {"name": "Lamp", "category": "Home/Desk", "unit_cost": "3.3333"}},
            ]
        )
        return Entry(Kind.EVENT, key, line(number % 200, customer_id=key, **fields))
    if kind < 0.9:
        return Entry(
            Kind.REFUSED, key, refusal(draw.randbytes(draw.randint(0, 40)), source=draw.choice(["native", "segment"]))
        )
    return Entry(Kind.EVENT, key, b"poison " + bytes(draw.choices(range(33, 256), k=9)))


def with_log(lake: Lake, entries: list[Entry]) -> None:
    log = AppendLog(lake.root / STREAM, reserve_bytes=0)
    log.append(entries)
    RawWriter(log, lake, Checkpoints(lake.root / CHECKPOINTS), workshop=lake.root / STREAM / "workshop").flush()
    log.close()


def records_on_duckdb(lake: Lake) -> tuple[Counter[Any], Counter[Any]]:
    with duckdb.connect(":memory:") as connection:
        for kind, area in ((raw.REFUSED, RAW_QUARANTINE), (raw.EVENTS, RAW_EVENTS)):
            raw.read(connection, kind, [lake.root / name for name in lake.raw_files(area)], root=lake.root)
        events, refused = (
            Counter(connection.execute(f"from {kind.relation}").fetchall()) for kind in (raw.EVENTS, raw.REFUSED)
        )
    return events, refused


def bill(root: Path, name: str, *charges: dict[str, Any], at: datetime = WRITTEN) -> None:
    path = root / "raw/spend" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(charges)), path)
    os.utime(path, (at.timestamp(), at.timestamp()))


def charge(cost: int, *, month: int = 3, provider: str = "AWS", **more: Any) -> dict[str, Any]:
    period = datetime(2026, month, 1)
    return {
        "ProviderName": provider,
        "BillingPeriodStart": period,
        "BilledCost": Decimal(cost),
        "BillingAccountId": "1",
    } | more


def costs(batch: SpendBatch) -> list[int]:
    return sorted(int(row["billed_cost"]) for row in batch.charges.collect())


def test_only_the_bills_that_changed_are_read_again(tmp_path: Path, spark: SparkSession) -> None:
    objects = opened(str(tmp_path))
    nothing = read_spend(spark, objects)
    assert (costs(nothing), nothing.changed, nothing.as_of, nothing.bills) == ([], False, None, [])
    bill(tmp_path, "focus/aws/1/2026-03/a b.parquet", charge(1), charge(2), charge(4, month=2))
    bill(tmp_path, "cost_explorer/aws/none/2026-03/b.parquet", charge(8, Source="cost_explorer"))
    bill(tmp_path, "sample/aws/1/2026-03/c.parquet", charge(16), at=WRITTEN + timedelta(days=1))
    bill(tmp_path, "focus/google/empty.parquet", charge(0))
    pq.write_table(
        pq.read_table(tmp_path / "raw/spend/focus/google/empty.parquet").slice(1),
        tmp_path / "raw/spend/focus/google/empty.parquet",
    )
    os.utime(tmp_path / "raw/spend/focus/google/empty.parquet", (WRITTEN.timestamp(), WRITTEN.timestamp()))
    first = read_spend(spark, objects)
    assert (costs(first), first.replaced, first.as_of, first.changed) == ([1, 2, 4], frozenset(), WRITTEN, True)
    assert len(first.bills) == 5
    again = read_spend(spark, objects, first.bills)
    assert (costs(again), again.changed, again.bills, again.as_of) == ([], False, first.bills, WRITTEN)
    # the best source of March goes: the next one counts; February stays as it is
    bill(tmp_path, "focus/aws/1/2026-03/a b.parquet", charge(32, month=2, provider="Amazon Web Services"))
    second = read_spend(spark, objects, first.bills)
    assert costs(second) == [8, 32]
    assert second.replaced == {("AWS", "2026-02-01"), ("AWS", "2026-03-01")}
    (tmp_path / "raw/spend/cost_explorer/aws/none/2026-03/b.parquet").unlink()
    third = read_spend(spark, objects, second.bills)
    assert (costs(third), third.replaced) == ([16], {("AWS", "2026-03-01")})
    assert [row.name.rpartition("/")[2] for row in third.bills] == ["a b.parquet", "empty.parquet", "c.parquet"]


EXPORT = "raw/spend/focus/takings-dev-focus"


def exported(root: Path, number: int, *rows: dict[str, Any], at: datetime = WRITTEN) -> None:
    """One file of March of an AWS data export, with the column types that AWS writes; without rows it has no byte."""
    path = root / EXPORT / "data/BILLING_PERIOD=2026-03" / f"takings-dev-focus-0000{number}.snappy.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    if rows:
        tags = pa.map_(pa.string(), pa.string())
        table = pa.Table.from_pylist([{**row, "BilledCost": float(row["BilledCost"])} for row in rows])
        pq.write_table(table.append_column("Tags", pa.array([[("team", "web")]] * len(rows), tags)), path)
    else:
        path.write_bytes(b"")
    os.utime(path, (at.timestamp(), at.timestamp()))
    put(root, f"{EXPORT}/metadata/BILLING_PERIOD=2026-03/takings-dev-focus-Manifest.json", b'{"dataFiles": []}')


def test_a_data_export_of_aws_is_read_where_aws_writes_it_and_again_when_a_month_is_written_anew(
    tmp_path: Path, spark: SparkSession
) -> None:
    objects = opened(str(tmp_path))
    exported(tmp_path, 1, charge(1, x_UsageType="BoxUsage:t3"), charge(2, x_UsageType="Requests"))
    exported(tmp_path, 2, charge(4, x_UsageType="BoxUsage:t3"))
    first = read_spend(spark, objects)
    columns = ("billed_cost", "usage_type", "billing_period_start", "tags", "source")
    march, team = datetime(2026, 3, 1), '{"team":"web"}'
    assert sorted(tuple(row[name] for name in columns) for row in first.charges.collect()) == [
        (Decimal(1), "BoxUsage:t3", march, team, "focus"),
        (Decimal(2), "Requests", march, team, "focus"),
        (Decimal(4), "BoxUsage:t3", march, team, "focus"),
    ]
    assert [(row.name.rpartition("-")[2], row.period, row.rows) for row in first.bills] == [
        ("00001.snappy.parquet", "2026-03-01", 2),
        ("00002.snappy.parquet", "2026-03-01", 1),
    ]
    # the next day the month fits into one file
    later = WRITTEN + timedelta(days=1)
    exported(tmp_path, 1, charge(8), charge(16), charge(32), at=later)
    exported(tmp_path, 2, at=later)
    second = read_spend(spark, objects, first.bills)
    assert (costs(second), second.replaced) == ([8, 16, 32], {("AWS", "2026-03-01")})
    assert [row.rows for row in second.bills] == [3, 0]
    assert not read_spend(spark, objects, second.bills).changed


@pytest.mark.parametrize("name", ["takings-dev-focus-00001.csv.gz", "torn.parquet"])
def test_a_file_of_charges_that_is_no_parquet_is_named(tmp_path: Path, spark: SparkSession, name: str) -> None:
    put(tmp_path, f"{EXPORT}/data/BILLING_PERIOD=2026-03/{name}", gzip.compress(b"BilledCost\n1\n"))
    with pytest.raises(CurationError, match=rf"BILLING_PERIOD=2026-03/{name}") as refused:
        read_spend(spark, opened(str(tmp_path)))
    assert "Parquet" in str(refused.value)


def test_a_providers_own_column_names_the_usage_type(tmp_path: Path, spark: SparkSession) -> None:
    bill(tmp_path, "focus/aws/1/2026-03/a.parquet", charge(1, x_UsageType="BoxUsage:t3", x_Operation="RunInstances"))
    bill(tmp_path, "cur/aws/1/2026-02/a.parquet", charge(2, month=2, UsageType="Requests", Source="cur"))
    newer = charge(4, month=1, SkuMeter="Meter", ServiceProviderName="AWS")
    bill(tmp_path, "newer/a.parquet", {name: value for name, value in newer.items() if name != "ProviderName"})
    rows = read_spend(spark, opened(str(tmp_path))).charges.select("usage_type", "operation", "source", "provider_name")
    assert sorted(map(tuple, rows.collect()), key=str) == [
        ("BoxUsage:t3", "RunInstances", "focus", "AWS"),
        ("Meter", None, "focus", "AWS"),
        ("Requests", None, "cur", "AWS"),
    ]
