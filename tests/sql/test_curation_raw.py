"""Raw files that are not as they were written: nothing that was received is lost."""

import gzip
import os
from datetime import datetime

import pyarrow as pa
import pytest

from catalogue.errors import CurationError
from pipeline.contract.events import encode
from pipeline.curate import curate
from pipeline.raw.zstandard import is_complete
from tests.support.given import Given, event

GOOD = [encode(event(f"e{n}", "2026-03-01 12:00")) for n in range(1, 4)]
SALE = encode(event("s1", "2026-03-01 12:00", event_type="purchase"))
NAME = "raw/events/imports/test/part-00001"


@pytest.mark.parametrize(
    "line",
    [
        GOOD[1][:60],
        GOOD[1].replace(b'"c1"', b'"\xff\xfe"'),
        GOOD[1].replace(b'"event_id":"e2",', b""),
        GOOD[1].replace(b'"customer_id":"c1",', b""),
        GOOD[1].replace(b"2026-03-01T12:00:00Z", b"yesterday"),
        GOOD[1].replace(b'"source":"native"', b'"source":null'),
        SALE.replace(b'"unit_price":"10.0000"', b'"unit_price":"ten"'),
        SALE.replace(b'"order_id":"o1",', b""),
        GOOD[1] + GOOD[2],
        b"\0" * 40,
        b"[1]",
        b'"text"',
        b"null",
        b"\xef\xbb\xbf" + GOOD[1],
    ],
    ids=[
        "cut", "not UTF-8", "no event id", "no identity", "no instant", "no source", "no price", "no order",
        "two objects", "zeros", "a list", "a string", "null", "byte order mark",
    ],
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_a_line_that_cannot_be_read_is_kept_with_its_bytes_and_its_place(given: Given, line: bytes, suffix: str):
    given.raw(b"\n".join([GOOD[0], b"", line, GOOD[2]]) + b"\n", suffix=suffix).curate()
    assert given.column("events", "event_id") == ["e1", "e3"]
    assert given.rows("quarantine", "record", "reason", "origin", "source") == [
        {"record": line, "reason": "unreadable_line", "origin": f"{NAME}{suffix}:3", "source": "raw"}
    ]
    assert (given.report.received, given.report.accepted, given.report.quarantined) == (3, 2, 1)


def test_broken_lines_are_the_same_in_every_curation(given: Given):
    given.raw(GOOD[0] + b"\n{\n[]\n").raw(b"\n".join(GOOD) + b"\n").curate()
    files = given.files()
    given.curate(full=True)
    assert given.files() == files
    assert given.rows("events", "event_id", "copies")[0] == {"event_id": "e1", "copies": 2}


def test_a_broken_line_was_received_when_its_file_was_written(given: Given):
    given.raw(b"{\n")
    os.utime(given.lake.root / f"{NAME}.jsonl", (1_772_366_400, 1_772_366_400))
    given.curate()
    assert given.column("quarantine", "received_at") == [datetime(2026, 3, 1, 12)]


def test_a_whole_line_in_a_broken_file_is_read_as_in_a_sound_one(given: Given, tmp_path):
    described = event(
        "e9",
        "2026-03-01 12:00:00.123456",
        event_type="purchase",
        unit_price="12.3400",
        product={"name": "Lämpchen", "category": "Home/Lighting", "unit_cost": "4.0500"},
        recommendation={"surface": "cart", "model": "m1", "rank": 3, "request_id": "r1"},
        attributes={"query": "lamp", "n": 1.5, "gift": True},
    )
    given.raw(encode(described) + b"\n{\n").curate()
    sound = Given(tmp_path / "sound").events(described).curate()
    for table in ("events", "order_lines", "orders", "sessions", "products"):
        assert given.rows(table) == sound.rows(table)


def test_a_torn_line_of_the_quarantine_is_itself_quarantined(given: Given):
    given.raw(b'{"record":"ew==","reason":"invalid_json","received_at":"2026-03-0\n', area="raw/quarantine").quarantine(
        b"["
    )
    given.raw(
        b'{"record":"!","reason":"x","detail":"","origin":"","received_at":"2026-03-01T12:00:00Z"}\n',
        area="raw/quarantine",
    )
    given.curate()
    assert sorted(given.column("quarantine", "reason")) == ["invalid_json", "unreadable_line", "unreadable_line"]
    assert given.report.quarantined == 3


MANY = b"".join(encode(event(f"e{n}", "2026-03-01 12:00", attributes={"n": n})) + b"\n" for n in range(5_000))
PACKED = {".jsonl.gz": gzip.compress(MANY), ".jsonl.zst": pa.compress(MANY, "zstd", asbytes=True)}


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.5, 0.999, 1.001], ids=lambda share: f"{share:.2%}")
@pytest.mark.parametrize("suffix", PACKED)
def test_a_file_that_breaks_off_is_refused_by_name_and_the_previous_tables_stand(
    given: Given, suffix: str, share: float
):
    whole = PACKED[suffix]
    torn = whole[: int(len(whole) * share)] + (b"\1\2\3\4\5" if share > 1 else b"")
    given.events(event("e1", "2026-03-01 12:00")).curate()
    files, state = given.files(), given.state()
    given.raw(torn, name=f"part-00002{suffix}")
    with pytest.raises(CurationError, match=f"part-00002{suffix}.*move it out of raw/"):
        curate(given.lake)
    with pytest.raises(CurationError, match=f"part-00002{suffix}"):
        curate(given.lake, full=True)
    assert (given.files(), given.state()) == (files, state)
    assert not list((given.lake.root / ".staging").iterdir())
    (given.lake.root / f"raw/events/imports/test/part-00002{suffix}").write_bytes(whole)
    assert given.curate().report.accepted == 5_000


def test_every_proper_beginning_of_a_zstandard_file_is_incomplete(tmp_path):
    path = tmp_path / "file.zst"
    skippable = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    for content in (b"", b"one", MANY[:300_000]):
        whole = pa.compress(content, "zstd", asbytes=True) + skippable + pa.compress(b"more", "zstd", asbytes=True)
        ends = {len(whole), len(pa.compress(content, "zstd", asbytes=True))}
        ends.add(min(ends) + len(skippable))
        cuts = {*range(200), *range(0, len(whole), 997), *range(max(0, len(whole) - 200), len(whole) + 1)}
        for cut in sorted(cut for cut in cuts if cut <= len(whole)):
            path.write_bytes(whole[:cut])
            assert is_complete(path) == (cut in ends), f"cut at {cut} of {len(whole)}"


def test_a_streamed_zstandard_file_is_complete(tmp_path):
    path = tmp_path / "file.zst"
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        for begin in range(0, len(MANY), 4096):
            stream.write(MANY[begin : begin + 4096])
    assert is_complete(path)


def test_spend_that_is_no_parquet_is_refused_by_name(given: Given):
    given.raw(b"BilledCost\n1\n", area="raw/spend", suffix=".parquet")
    with pytest.raises(CurationError, match=r"part-00001\.parquet"):
        curate(given.lake)
    assert given.files() == {}


def test_spend_has_its_known_columns_and_null_for_those_a_provider_leaves_out(given: Given):
    given.spend(
        {"ServiceName": "S3", "BilledCost": "0.1", "ChargePeriodStart": datetime(2026, 3, 1), "x_Extra": 1}
    ).curate()
    (row,) = given.rows("spend", "service_name", "billed_cost", "effective_cost", "charge_date")
    assert [str(value) for value in row.values()] == ["S3", "0.100000000000", "None", "2026-03-01"]


def test_hidden_and_temporary_files_are_no_raw_data(given: Given):
    given.events(event("e1", "2026-03-01 12:00"))
    given.raw(b"rubbish", name=".part-00009.jsonl.tmp").raw(b"rubbish", name="_SUCCESS").curate()
    assert given.report.received == 1
