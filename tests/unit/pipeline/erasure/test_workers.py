"""Raw objects of a bucket are rewritten one by one: killed between any two, the same erasure goes on."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.contract.events import encode
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.curate import raw
from pipeline.erasure import plan, workers
from pipeline.erasure.identity import Person
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM
from pipeline.objects import Objects
from tests.support.given import event
from tests.support.objects import Dying, Killed, in_bucket

DAY = "dt=2026-03-01"
ROWS = [f"{RAW_EVENTS}/dt=2026-03-0{day}/day-00001.parquet" for day in (1, 2, 3)]
ANNA = Person(frozenset({"anna-1"}), named_sessions=frozenset({"anna-1"}))
CHANGING = {"customer_id", "session_id", "attributes"}


class Cluster:
    """A Spark session whose one worker is this process."""

    def __init__(self) -> None:
        self.sparkContext = self

    def parallelize(self, items: Iterable[Any], _slices: int) -> Cluster:
        made = Cluster()
        made._items = list(items)
        return made

    def mapPartitions(self, work: Callable[[Iterable[Any]], Iterable[Any]]) -> Cluster:  # noqa: N802 - Spark's name
        made = Cluster()
        made._work = lambda: list(work(self._items))
        return made

    def collect(self) -> list[Any]:
        return self._work()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    with in_bucket(monkeypatch) as bucket:
        yield bucket


def of_rows(folder: Path, *lines: bytes) -> bytes:
    (folder / "lines.jsonl").write_bytes(b"\n".join(lines))
    raw.pack(raw.EVENTS, [folder / "lines.jsonl"], folder / "rows.parquet")
    return (folder / "rows.parquet").read_bytes()


def contents(folder: Path) -> dict[str, bytes]:
    """Two packed days of the person, one of somebody else, and what is beside them."""

    def line(number: int, day: int, **fields: Any) -> bytes:
        return encode(event(f"e{number}", f"2026-03-0{day} 12:00", **fields))

    refused = quarantine_line(
        b"anna-1;5", Rejection("invalid_json", "A test refuses it."), origin="test:1",
        received_at=datetime(2026, 3, 1, tzinfo=UTC), source="native",
    )  # fmt: skip
    anna = {"customer_id": "anna-1", "session_id": "s1", "attributes": {"mail": "a"}}
    return {
        ROWS[0]: of_rows(folder, line(1, 1, **anna), line(2, 1, customer_id="ben-2", session_id="s2")),
        ROWS[1]: of_rows(
            folder,
            line(3, 2, customer_id=None, session_id="s1"),
            line(4, 2, customer_id="ben-2", attributes={"friend": "anna-1"}),
            line(5, 2, **anna),
        ),
        ROWS[2]: of_rows(folder, line(6, 3, customer_id="ben-2")),
        f"{RAW_QUARANTINE}/{DAY}/day-00001.jsonl.zst": pa.compress(refused + b"\n", "zstd", asbytes=True),
        f"{RAW_STREAM}/{DAY}/hour=13/late.jsonl": line(7, 1, **anna) + b"\n",
    }


def rows(objects: Objects, name: str) -> list[dict[str, Any]]:
    return pq.read_table(io.BytesIO(objects.read(name))).to_pylist()


def without_ids(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in CHANGING} for row in found]


def erase(objects: Objects) -> dict[str, int]:
    """What an erasure does to raw objects: plans once, and goes on with that plan."""
    session, files = Cluster(), workers.raw_files(objects)
    begun = plan.unfinished(objects, ANNA)
    if begun is None:
        eraser, _ = workers.identify(session, objects, files, ANNA)
        begun = plan.planned(ANNA, ANNA, eraser, datetime.now(UTC))
        plan.save(objects, begun)
    return workers.rewrite(session, objects, files, begun.eraser, {})


def test_killed_between_packed_objects_the_same_erasure_goes_on(bucket: Objects, tmp_path: Path) -> None:
    original = contents(tmp_path)
    kills = 0
    for write in range(10):
        bucket.remove([plan.FILE])
        for name, content in original.items():
            stored = bucket.stored(name)
            assert bucket.replace(name, content, tag=stored and stored.tag)
        before = {name: rows(bucket, name) for name in ROWS}
        try:
            erase(Dying(bucket, write))
        except Killed:
            kills += 1
        else:
            break
        rewritten = {name for name in original if bucket.read(name) != original[name]}
        assert len(rewritten) == max(0, write - 1), "the plan is the first write"
        tags = {name: bucket.stored(name).tag for name in rewritten}
        counts = erase(bucket)
        assert {name: bucket.stored(name).tag for name in rewritten} == tags, "no object is rewritten twice"
        assert sum(counts.values()) == 6 - sum({**dict.fromkeys(original, 1), ROWS[1]: 3, ROWS[2]: 0}[n] for n in tags)
        (place,) = workers.scan(Cluster(), [("raw", bucket, workers.raw_files(bucket))], ANNA)
        assert (place.records, place.found, place.alike) == (8, 0, 0)
        after = {name: rows(bucket, name) for name in ROWS}
        assert bucket.read(ROWS[2]) == original[ROWS[2]]
        assert {name: without_ids(found) for name, found in after.items()} == {
            name: without_ids(found) for name, found in before.items()
        }
        (first, ben), (anonymous, friend, second) = after[ROWS[0]], after[ROWS[1]]
        assert first["customer_id"] == second["customer_id"] != "anna-1"
        assert first["session_id"] == anonymous["session_id"] == second["session_id"] != "s1"
        assert (ben["customer_id"], ben["session_id"]) == ("ben-2", "s2")
        assert (friend["customer_id"], friend["attributes"]) == ("ben-2", None)
        assert {row["attributes"] for row in (first, second)} == {None}
        assert sum(erase(bucket).values()) == 0
    assert kills == 5
