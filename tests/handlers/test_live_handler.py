"""The live rollup on Lambda: poison never blocks a shard, and a delivery is applied once however it is cut."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalogue.errors import SettingsError, StreamFull
from pipeline.handlers import environment, live
from pipeline.live import dynamodb
from pipeline.live.delivery import ShardRecord, deliver
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.live.rollup import minute_of
from pipeline.live.store import BatchSizeError
from pipeline.recommend.customers.opted_out import OptedOutCustomers
from pipeline.recommend.models.dynamodb import DynamoDbItems
from pipeline.streams import Entry
from tests.handlers.conftest import TABLE, Cloud, Context, metrics_of
from tests.support.live_lines import event, refused

SHARD = "shardId-000000000000"


def now() -> datetime:
    return datetime.now(UTC)


def line(event_id: str, **more: Any) -> bytes:
    return event(event_id, at=more.pop("at", now()), received=now(), **more).line


def payload(*datas: bytes, start: int = 1) -> dict[str, Any]:
    """What Lambda makes of records of one shard."""
    return {
        "Records": [
            {
                "kinesis": {
                    "partitionKey": "c1",
                    "sequenceNumber": str(49_000_000_000_000_000_000 + start + number),
                    "data": base64.b64encode(data).decode(),
                    "approximateArrivalTimestamp": now().timestamp(),
                },
                "eventSource": "aws:kinesis",
                "eventID": f"{SHARD}:{start + number}",
            }
            for number, data in enumerate(datas)
        ]
    }


def store(cloud: Cloud) -> DynamoDbLiveStore:
    return DynamoDbLiveStore(cloud.dynamodb, TABLE, "EUR")


def records(*datas: bytes, start: int = 1) -> list[ShardRecord]:
    return [ShardRecord(str(start + number), "c1", data) for number, data in enumerate(datas)]


class Kept:
    """A stream that keeps what it is given, or is full."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.entries: list[Entry] = []

    def append(self, entries: Any) -> None:
        if self.full:
            raise StreamFull("no room")
        self.entries += entries


def test_poison_is_quarantined_with_its_reason_and_good_records_around_it_count(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
):
    good = line("e1")
    poison = {
        "invalid_json": good[: len(good) // 2],
        "invalid_utf8": b'{"event_id":"\xff\xfe"}',
        "not_an_object": b"[1, 2, 3]",
        "too_large": b'{"event_id":"' + b"x" * 100_000 + b'"}',
        "missing_field": good.replace(b'"received_at"', b'"was_received_at"'),
    }
    answer = live.handler(payload(good, *poison.values(), line("e2")), context)
    assert answer == {"batchItemFailures": []}
    assert store(cloud).totals().flow.accepted == 2
    quarantined = [json.loads(one_line) for one_line in cloud.lines()]
    assert {item["reason"]: base64.b64decode(item["record"]) for item in quarantined} == poison
    assert all(item["detail"] and item["origin"] and item["source"] == "stream" for item in quarantined)
    assert metrics_of(capsys.readouterr().out) == {"LiveRecords": 7, "PoisonRecords": 5}

    again = live.handler(payload(*cloud.lines(), start=100), context)
    assert again == {"batchItemFailures": []}
    flow = store(cloud).totals().flow
    assert (flow.received, flow.accepted, flow.duplicates, flow.quarantined) == (7, 2, 0, 5)


def test_a_delivery_that_is_well_writes_its_metrics_and_nothing_else(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    assert live.handler(payload(line("e1"), line("e2")), context) == {"batchItemFailures": []}
    written = capsys.readouterr()
    (line_of_metrics,) = written.out.splitlines()
    assert '"_aws"' in line_of_metrics
    assert len(line_of_metrics) < 300  # bytes, which every delivery pays for
    ours = [record for record in caplog.records if not record.name.startswith("botocore")]  # once a process
    assert (written.err, ours) == ("", [])


def test_a_batch_of_nothing_but_poison_moves_the_shard_on(cloud: Cloud, context: Context):
    assert live.handler(payload(b"{", b"", b"\n\n"), context) == {"batchItemFailures": []}
    assert store(cloud).position(SHARD) == "49000000000000000003/1"
    assert len(cloud.lines()) == 1
    assert live.handler(payload(b"{", b"", b"\n\n"), context) == {"batchItemFailures": []}
    assert len(cloud.lines()) == 1


def test_a_delivery_that_comes_again_cut_otherwise_counts_nothing_twice(cloud: Cloud):
    table = store(cloud)
    lines = [line(f"e{n}") for n in range(6)]
    assert deliver(records(*lines[:4]), shard=SHARD, store=table, stream=Kept(), now=now()) == (None, 0)
    assert deliver(records(*lines[2:], start=3), shard=SHARD, store=table, stream=Kept(), now=now()) == (None, 0)
    assert deliver(records(*lines), shard=SHARD, store=table, stream=Kept(), now=now()) == (None, 0)
    flow = table.totals().flow
    assert (flow.received, flow.accepted, flow.duplicates) == (6, 6, 0)


def test_one_record_holds_many_lines_and_poison_among_them_costs_only_its_own(cloud: Cloud):
    kept = Kept()
    data = b"\n".join([line("e1"), b"{", line("e2"), refused("}", at=now()).line]) + b"\n"
    assert deliver(records(data), shard=SHARD, store=store(cloud), stream=kept, now=now()) == (None, 1)
    flow = store(cloud).totals().flow
    assert (flow.received, flow.accepted, flow.quarantined) == (3, 2, 1)
    assert json.loads(kept.entries[0].line)["origin"] == "1/2"


def test_a_record_of_more_minutes_than_a_transaction_holds_is_applied_in_pieces(cloud: Cloud):
    moments = [now() - timedelta(minutes=n) for n in range(40)]
    data = b"\n".join(line(f"e{n}", at=at, region=f"r{n % 3}") for n, at in enumerate(moments))
    assert deliver(records(data), shard=SHARD, store=store(cloud), stream=Kept(), now=now()) == (None, 0)
    documents = store(cloud).documents(minute_of(now()) - 60)
    assert len(documents) == 40
    assert store(cloud).position(SHARD) == "1/40"


def test_a_batch_of_more_bytes_than_a_transaction_holds_is_applied_in_halves(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dynamodb, "MOST_BYTES", 4_000)
    given = [line(f"e{minutes}", at=now() - timedelta(minutes=minutes)) for minutes in range(30)]
    assert deliver(records(*given), shard=SHARD, store=store(cloud), stream=Kept(), now=now()) == (None, 0)
    assert len(store(cloud).documents(minute_of(now()) - 60)) == 30
    monkeypatch.setattr(dynamodb, "MOST_BYTES", 100)
    with pytest.raises(BatchSizeError, match="bytes"):
        deliver(records(line("large"), start=31), shard=SHARD, store=store(cloud), stream=Kept(), now=now())


def test_a_store_that_fails_in_the_middle_names_the_record_to_start_from(cloud: Cloud):
    table = store(cloud)
    moments = [now() - timedelta(minutes=n) for n in range(60)]
    datas = [line(f"e{n}", at=at) for n, at in enumerate(moments)]

    class Failing:
        calls = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(table, name)

        def apply(self, *given: Any, **named: Any) -> bool:
            Failing.calls += 1
            if Failing.calls == 2:
                raise StreamFull("busy")
            return table.apply(*given, **named)

    failed, _ = deliver(records(*datas), shard=SHARD, store=Failing(), stream=Kept(), now=now())  # type: ignore[arg-type]
    assert failed == "37"
    assert table.position(SHARD) == "36/1"
    assert deliver(records(*datas[36:], start=37), shard=SHARD, store=table, stream=Kept(), now=now()) == (None, 0)
    assert table.totals().flow.accepted == 60


def test_poison_that_cannot_be_quarantined_is_not_passed_over(cloud: Cloud):
    failed, _ = deliver(records(line("e1"), b"{"), shard=SHARD, store=store(cloud), stream=Kept(full=True), now=now())
    assert failed == "1"
    assert store(cloud).position(SHARD) is None


def test_a_handler_reports_the_failed_record_to_lambda(cloud: Cloud, context: Context):
    cloud.dynamodb.delete_table(TableName=TABLE)
    event_ = payload(line("e1"), line("e2"))
    assert live.handler(event_, context) == {
        "batchItemFailures": [{"itemIdentifier": event_["Records"][0]["kinesis"]["sequenceNumber"]}]
    }


def test_an_event_that_did_not_pass_the_collector_is_refused(cloud: Cloud):
    kept = Kept()
    unstamped = json.loads(line("e1"))
    del unstamped["received_at"]
    deliver(records(json.dumps(unstamped).encode()), shard=SHARD, store=store(cloud), stream=kept, now=now())
    assert json.loads(kept.entries[0].line)["reason"] == "missing_field"
    assert "received_at" in json.loads(kept.entries[0].line)["detail"]


def test_records_that_were_applied_before_change_nothing(cloud: Cloud):
    first, second = store(cloud), store(cloud)
    datas = records(line("e1"), line("e2"))
    assert deliver(datas, shard=SHARD, store=first, stream=Kept(), now=now()) == (None, 0)
    stale = replace(datas[0], sequence="0")
    assert deliver([stale], shard=SHARD, store=second, stream=Kept(), now=now()) == (None, 0)
    assert second.totals().flow.received == 2


def test_a_writer_that_is_overtaken_stops_says_so_and_changes_nothing(cloud: Cloud, monkeypatch: pytest.MonkeyPatch):
    first, second, reasons = store(cloud), store(cloud), list[str]()
    datas = records(line("e1"), line("e2"))
    assert deliver(datas[:1], shard=SHARD, store=first, stream=Kept(), now=now()) == (None, 0)
    monkeypatch.setattr(second, "position", lambda _shard: None)  # as it was before the first one
    answer = deliver(datas, shard=SHARD, store=second, stream=Kept(), now=now(), stopped=reasons.append)
    assert answer == (datas[0].sequence, 0)
    assert reasons == [f"Another delivery has moved shard {SHARD} on from None"]
    assert first.totals().flow.received == 1


def test_what_stops_live_is_in_its_log(cloud: Cloud, context: Context, caplog: pytest.LogCaptureFixture):
    cloud.dynamodb.delete_table(TableName=TABLE)
    first = {"itemIdentifier": "49000000000000000001"}
    assert live.handler(payload(line("e1"), line("e2")), context) == {"batchItemFailures": [first]}
    (record,) = [record for record in caplog.records if record.message.startswith("Live stopped")]
    (reason,) = vars(record)["reasons"]
    assert reason.startswith("The live table did not answer")
    assert "ResourceNotFoundException" in reason


def test_a_live_table_without_a_name_is_named(cloud: Cloud, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAKINGS_LIVE_TABLE", "")
    with pytest.raises(SettingsError, match="TAKINGS_LIVE_TABLE"):
        live.ports()


def test_who_opted_out_leaves_no_recent_items(cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAKINGS_RECOMMENDATIONS_TABLE", TABLE)
    environment.environment.cache_clear()
    OptedOutCustomers(DynamoDbItems(cloud.dynamodb, TABLE, now=now)).add("c1")
    lines = [line(f"e{customer}", customer_id=customer, product_id="p1") for customer in ("c1", "c2")]
    assert live.handler(payload(*lines), context) == {"batchItemFailures": []}  # type: ignore[arg-type]
    assert (store(cloud).recent_items("c1"), len(store(cloud).recent_items("c2"))) == ([], 1)
