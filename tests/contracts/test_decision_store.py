"""The contract of decisions: one suite, every adapter."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from catalogue.errors import BindingError, SourceError
from console.aws.permissions import actions_of
from console.decisions import Decision, DecisionStore
from console.decisions.dynamodb import DynamoDbDecisionStore
from console.decisions.embedded import EmbeddedDecisionStore
from console.decisions.validation import MOST_KEY_BYTES, MOST_NOTE
from tests.support.paths import ROOT, SUPPORT

DECIDER = SUPPORT / "decider.py"
TABLE = "decisions"
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)

Open = Callable[[], DecisionStore]


def decision(key: str = "nat/main", verdict: str = "accepted", *, minutes: float = 0, **more: Any) -> Decision:
    given = {"kind": "saving", "note": "", "decided_by": "ann", "decided_at": NOON + timedelta(minutes=minutes), **more}
    return Decision(key=key, verdict=verdict, **given)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "decisions" / "decisions.sqlite"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import boto3
    from moto import mock_aws
    from moto.dynamodb.models import DynamoDBBackend

    put, lock = DynamoDBBackend.put_item, threading.Lock()

    def put_atomically(self: Any, *given: Any, **named: Any) -> Any:
        """DynamoDB checks a condition and puts in one step; moto does it in two, with room for another thread."""
        with lock:
            return put(self, *given, **named)

    monkeypatch.setattr(DynamoDBBackend, "put_item", put_atomically)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "key_at", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("kind", "key_at")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.fixture(params=["embedded", "dynamodb"])
def reopen(request: pytest.FixtureRequest) -> Open:
    """Opens the store under test as another process would."""
    if request.param == "embedded":
        path = request.getfixturevalue("file")
        return lambda: EmbeddedDecisionStore(path)
    client = request.getfixturevalue("aws")
    return lambda: DynamoDbDecisionStore(client, TABLE)


@pytest.fixture
def store(reopen: Open) -> DecisionStore:
    return reopen()


def test_nothing_stands_where_nothing_was_decided(store: DecisionStore) -> None:
    assert dict(store.current("saving")) == {}
    assert list(store.history("saving", "nat/main")) == []


def test_a_decision_comes_back_as_it_was_given(store: DecisionStore, reopen: Open) -> None:
    given = decision(note="moved to endpoints, see ticket 12\nand more", decided_at=NOON + timedelta(microseconds=7))
    store.decide(given)
    assert dict(reopen().current("saving")) == {"nat/main": given}
    assert list(reopen().history("saving", "nat/main")) == [given]


def test_the_latest_decision_counts_and_earlier_ones_stay_readable(store: DecisionStore) -> None:
    first, second, third = decision(), decision(verdict="dismissed", minutes=1), decision(verdict="realised", minutes=2)
    for item in (first, second, third):
        store.decide(item)
    assert store.current("saving")["nat/main"] == third
    assert list(store.history("saving", "nat/main")) == [first, second, third]


def test_decisions_are_ordered_by_when_they_were_taken_and_not_by_when_they_arrived(store: DecisionStore) -> None:
    late, early = decision(verdict="dismissed", minutes=5), decision(minutes=1)
    store.decide(late)
    store.decide(early)
    assert store.current("saving")["nat/main"] == late
    assert list(store.history("saving", "nat/main")) == [early, late]


def test_of_decisions_at_one_instant_the_one_that_arrived_last_stands(store: DecisionStore) -> None:
    all_at_once = [decision(verdict=verdict) for verdict in ("accepted", "dismissed", "accepted", "realised")]
    for item in all_at_once:
        store.decide(item)
    assert list(store.history("saving", "nat/main")) == all_at_once
    assert store.current("saving")["nat/main"].verdict == "realised"


def test_instants_of_different_offsets_are_compared_as_instants(store: DecisionStore) -> None:
    tokyo = timezone(timedelta(hours=9))
    before = decision(verdict="dismissed", decided_at=datetime(2026, 3, 31, 20, 59, tzinfo=tokyo))  # 11:59 UTC
    after = decision(verdict="accepted", minutes=0)
    store.decide(after)
    store.decide(before)
    assert store.current("saving")["nat/main"].verdict == "accepted"
    assert [one_decision.decided_at for one_decision in store.history("saving", "nat/main")] == [
        before.decided_at,
        after.decided_at,
    ]


def test_open_undoes_a_decision_and_keeps_its_history(store: DecisionStore) -> None:
    store.decide(decision())
    store.decide(decision(verdict="open", minutes=1))
    assert dict(store.current("saving")) == {}
    assert [one_decision.verdict for one_decision in store.history("saving", "nat/main")] == ["accepted", "open"]
    store.decide(decision(verdict="dismissed", minutes=2))
    assert store.current("saving")["nat/main"].verdict == "dismissed"


def test_kinds_and_keys_are_told_apart(store: DecisionStore) -> None:
    mine = [
        decision("a"),
        decision("a#b", "dismissed"),
        decision("a#2026-03-31T12:00:00.000000Z#0000", "realised"),
        decision("a", "expected", kind="anomaly"),
    ]
    for item in mine:
        store.decide(item)
    assert {key: item.verdict for key, item in store.current("saving").items()} == {
        "a": "accepted",
        "a#b": "dismissed",
        "a#2026-03-31T12:00:00.000000Z#0000": "realised",
    }
    assert {key: item.verdict for key, item in store.current("anomaly").items()} == {"a": "expected"}
    assert list(store.history("saving", "a")) == [mine[0]]
    assert list(store.history("saving", "a#b")) == [mine[1]]


UNUSUAL = ["größe/Öl", "日本/東京", "𝒳 🛒", "it's; drop table decisions", "%_*?", " a ", "é", "e\u0301"]


@pytest.mark.parametrize("key", UNUSUAL)
def test_a_key_may_hold_any_text(store: DecisionStore, key: str) -> None:
    given = decision(key, note=key, decided_by=key)
    store.decide(given)
    assert dict(store.current("saving")) == {key: given}
    assert list(store.history("saving", key)) == [given]


def test_the_longest_key_and_note_are_kept_whole(store: DecisionStore) -> None:
    given = decision("ö" * (MOST_KEY_BYTES // 2), note="n" * MOST_NOTE)
    store.decide(given)
    assert store.current("saving")[given.key] == given


@pytest.mark.parametrize(
    "refused",
    [
        decision(""),
        decision(verdict=""),
        decision(kind=""),
        decision("ö" * (MOST_KEY_BYTES // 2) + "x"),
        decision(note="n" * (MOST_NOTE + 1)),
        decision("half \ud83d"),
        decision(decided_at=NOON.replace(tzinfo=None)),
    ],
    ids=["no key", "no verdict", "no kind", "long key", "long note", "half a character", "no offset"],
)
def test_what_could_not_be_given_back_is_refused_and_nothing_is_kept(store: DecisionStore, refused: Decision) -> None:
    with pytest.raises(BindingError):
        store.decide(refused)
    assert dict(store.current("saving")) == {}


def test_no_decision_of_concurrent_writers_is_lost(reopen: Open) -> None:
    def write(writer: int) -> None:
        mine = reopen()
        for number in range(8):
            mine.decide(decision("shared", minutes=number, decided_by=f"w{writer}"))
            mine.decide(decision(f"own-{writer}-{number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    shared = reopen().history("saving", "shared")
    assert sorted((item.decided_by, item.decided_at) for item in shared) == sorted(
        (f"w{writer}", NOON + timedelta(minutes=number)) for writer in range(4) for number in range(8)
    )
    assert len(reopen().current("saving")) == 1 + 4 * 8


def test_a_crash_between_two_decisions_keeps_the_first(store: DecisionStore, reopen: Open) -> None:
    store.decide(decision("first"))
    with pytest.raises(BindingError):
        store.decide(decision(""))  # broken off before anything was written
    assert list(reopen().current("saving")) == ["first"]


# Only in a file


def test_processes_that_write_at_once_lose_nothing(file: Path) -> None:
    file.parent.mkdir()
    writers = [decider(file, name, 25) for name in ("a", "b", "c")]
    reported = [writer.communicate(timeout=60)[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert set(EmbeddedDecisionStore(file).current("saving")) == {key for item in reported for key in item}
    assert sum(map(len, reported)) == 75


@pytest.mark.parametrize("after", [0, 7, 20])
def test_a_process_that_is_killed_keeps_everything_it_was_told_is_kept(file: Path, after: int) -> None:
    file.parent.mkdir()
    writer = decider(file, "a", 0)
    assert writer.stdout is not None
    with writer.stdout as pipe:
        reported = [pipe.readline().strip() for _ in range(after + 1)]
        os.kill(writer.pid, signal.SIGKILL)
        reported += pipe.read().split()
    assert writer.wait() == -signal.SIGKILL
    kept = EmbeddedDecisionStore(file).current("saving")
    assert set(reported) <= set(kept)
    assert len(kept) <= len(reported) + 1  # at most the one that was on its way
    EmbeddedDecisionStore(file).decide(decision("afterwards"))
    assert len(EmbeddedDecisionStore(file).current("saving")) == len(kept) + 1


def test_a_process_that_dies_within_a_decision_leaves_the_one_before(file: Path) -> None:
    store = EmbeddedDecisionStore(file)
    store.decide(decision())
    half = (
        "import os, signal, sqlite3, sys\n"
        "database = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "database.execute('pragma cache_spill = 1'); database.execute('pragma cache_size = 1')\n"
        "database.execute('begin immediate')\n"
        "for number in range(2000):\n"
        '    database.execute("insert into decisions (kind, key, verdict, note, decided_by, decided_at)"\n'
        "                     \" values ('saving', 'lost', 'dismissed', hex(randomblob(200)), 'x', '2027')\")\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run([sys.executable, "-c", half, str(file)], check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert file.with_name(file.name + "-journal").exists()  # half of it is in the file, and has to be taken back
    assert dict(store.current("saving")) == {"nat/main": decision()}


def test_a_commit_is_forced_to_the_disk(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    connect = sqlite3.connect

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        database = connect(*arguments, **options)
        database.set_trace_callback(asked.append)
        return database

    monkeypatch.setattr(sqlite3, "connect", traced)
    EmbeddedDecisionStore(file.parent.parent / "decisions.sqlite").decide(decision())
    assert asked.index("pragma synchronous = extra") < asked.index("begin immediate")
    assert asked[-1] == "commit"


def test_a_damaged_file_is_named_with_what_to_do(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"this is no database, and long enough to be read as one" * 100)
    store = EmbeddedDecisionStore(file)
    asks = (lambda: store.current("saving"), lambda: store.history("saving", "a"), lambda: store.decide(decision()))
    for ask in asks:
        with pytest.raises(SourceError) as raised:
            ask()
        assert "damaged" in raised.value.what
        assert raised.value.where == str(file)
        assert "backup" in raised.value.remedy
    assert file.read_bytes().startswith(b"this is no database")  # left as it was


def test_a_file_cut_in_the_middle_is_named_and_not_read_as_empty(file: Path) -> None:
    store = EmbeddedDecisionStore(file)
    for number in range(60):
        store.decide(decision(f"k{number}", note="n" * 300))
    file.write_bytes(file.read_bytes()[:8192])
    with pytest.raises(SourceError, match="damaged"):
        store.current("saving")


def test_a_lake_that_is_not_there_is_not_made_by_a_decision(tmp_path: Path) -> None:
    store = EmbeddedDecisionStore(tmp_path / "nowhere" / "decisions" / "decisions.sqlite")
    assert dict(store.current("saving")) == {}
    with pytest.raises(SourceError, match="lake folder"):
        store.decide(decision())
    assert not (tmp_path / "nowhere").exists()


def decider(path: Path, name: str, limit: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(DECIDER), str(path), name, str(limit)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


# Only in a table


def test_a_table_that_is_not_there_is_named(aws: Any) -> None:
    store = DynamoDbDecisionStore(aws, "another")
    with pytest.raises(SourceError) as raised:
        store.current("saving")
    assert raised.value.where == "another"
    with pytest.raises(SourceError):
        store.decide(decision())


def test_access_denied_names_the_actions_that_are_needed() -> None:
    import boto3
    from botocore.stub import Stubber

    client = boto3.client(
        "dynamodb",
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="not one",  # noqa: S106
    )
    with Stubber(client) as stub:
        stub.add_client_error("query", "AccessDeniedException", "not authorized")
        with pytest.raises(SourceError) as raised:
            DynamoDbDecisionStore(client, TABLE).current("saving")
    assert "dynamodb:Query" in raised.value.remedy


def test_more_decisions_than_one_page_are_all_read(aws: Any) -> None:
    store = DynamoDbDecisionStore(aws, TABLE)
    for number in range(300):
        store.decide(decision(f"k{number:03d}", note="n" * MOST_NOTE))  # 1.2 MB: a page of a query has 1 MB
    assert len(store.current("saving")) == 300


def test_the_calls_it_makes_are_the_actions_it_lists(aws: Any) -> None:
    made: set[str] = set()
    aws.meta.events.register(
        "before-call.dynamodb", lambda model, **_: made.add(f"dynamodb:{model.name}"), unique_id="recorded"
    )
    store = DynamoDbDecisionStore(aws, TABLE)
    store.decide(decision())
    store.decide(replace(decision(), verdict="open"))
    store.current("saving")
    store.history("saving", "nat/main")
    assert made == actions_of("console.decisions.dynamodb")
