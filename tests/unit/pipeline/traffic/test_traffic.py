"""The live visitors, their pace, and the sender, each on its own; no network but a scripted server on the loopback."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice

import msgspec
import pytest

from catalogue.errors import SettingsError, StreamFull, StreamUnavailable, TakingsError
from pipeline.contract import events
from pipeline.contract.rejections import Rejection
from pipeline.contract.shape import EVENT_TYPES, Event, Rules
from pipeline.sample.shop import open_shop
from pipeline.traffic import play
from pipeline.traffic.command import is_loopback
from pipeline.traffic.pace import bodies, damaged, records
from pipeline.traffic.sender import Sender, Tally, percentile
from pipeline.traffic.visitors import Visitors
from tests.support.commands import call

pytestmark = pytest.mark.slow

SHOP = open_shop(7)


def acts(count: int, *, rate: float = 20, seed: int = 1) -> list[list[dict]]:
    visitors = Visitors(SHOP, rate, seed)
    return [visitors.act() for _ in range(count)]


def rules() -> Rules:
    return Rules(now=datetime.now(UTC), retention_days=30, reporting_currency="USD")


# --- visitors -------------------------------------------------------------------------------------------------------


def test_every_action_of_a_visitor_keeps_the_event_contract():
    admitted = rules()
    for event in (event for moment in acts(5_000) for event in moment):
        verdict = events.parse(msgspec.json.encode(event), admitted, source="native")
        assert isinstance(verdict, Event), verdict


def test_visitors_do_everything_that_the_contract_knows():
    assert {event["event_type"] for moment in acts(20_000) for event in moment} == set(EVENT_TYPES)


def test_the_lines_of_an_order_come_at_once_and_from_one_visitor():
    orders = [moment for moment in acts(20_000) if moment[0]["event_type"] == "purchase"]
    assert any(len(order) > 1 for order in orders)
    for order in orders:
        for field in ("order_id", "session_id", "occurred_at", "event_type"):
            assert len({line[field] for line in order}) == 1, field
        assert len({line["product_id"] for line in order}) == len(order)
    assert len({order[0]["order_id"] for order in orders}) == len(orders)


def test_a_refund_gives_back_a_line_that_was_sold_and_gives_it_back_once():
    sold: Counter = Counter()
    refunds = 0
    for event in (event for moment in acts(60_000, rate=5) for event in moment):
        line = (event.get("order_id"), event.get("product_id"), event.get("unit_price"), event.get("quantity"))
        if event["event_type"] == "purchase":
            sold[line] += 1
        if event["event_type"] == "refund":
            refunds += 1
            sold[line] -= 1
            assert sold[line] == 0
    assert refunds > 0


def test_no_two_actions_share_an_event_id():
    ids = [event["event_id"] for moment in acts(5_000) for event in moment]
    assert len(set(ids)) == len(ids)


def test_the_same_seed_gives_the_same_actions():
    def actions(seed: int) -> list[tuple]:
        return [(e["event_type"], e.get("product_id"), e["region"]) for moment in acts(500, seed=seed) for e in moment]

    assert actions(3) == actions(3)
    assert actions(3) != actions(4)


def test_the_live_funnel_is_about_as_deep_as_that_of_the_sample_year():
    kinds = Counter(event["event_type"] for moment in acts(60_000, rate=50, seed=2) for event in moment)
    total = sum(kinds.values())
    assert 0.72 < kinds["product_view"] / total < 0.84
    assert 0.02 < kinds["cart_add"] / total < 0.045
    assert 0.003 < kinds["purchase"] / total < 0.011
    assert kinds["cart_add"] > kinds["checkout_start"] > kinds["purchase"] / 3


# --- records and pace -----------------------------------------------------------------------------------------------


def test_a_few_records_come_twice():
    sent = list(islice(records(Visitors(SHOP, 20, 1), random.Random(1)), 20_000))
    ids = [json.loads(record)["event_id"] for record in sent]
    assert 40 <= len(ids) - len(set(ids)) <= 160


def test_a_few_records_come_broken_and_never_a_body_of_nothing_else():
    admitted, chance = rules(), random.Random(1)
    events_sent = records(Visitors(SHOP, 20, 1), chance)
    refused = []
    for _ in range(4_000):
        body = damaged(list(islice(events_sent, 5)), chance)
        verdicts = [events.parse(record, admitted, source="native") for record in body]
        reasons = [verdict.reason for verdict in verdicts if isinstance(verdict, Rejection)]
        assert len(reasons) <= 1
        refused += reasons
    assert 10 <= len(refused) <= 80
    assert len(set(refused)) >= 6


def test_a_record_that_comes_alone_is_sound():
    chance, record = random.Random(1), b'{"event_type":"product_view"}'
    assert all(damaged([record], chance) == [record] for _ in range(5_000))


def test_no_record_holds_a_line_end_so_that_each_is_one_line_of_a_body():
    assert not any(b"\n" in record for record in islice(records(Visitors(SHOP, 20, 1), random.Random(1)), 5_000))


class Time(threading.Event):
    """An event whose waiting moves its own clock."""

    def __init__(self, ends: float) -> None:
        super().__init__()
        self.now, self.ends = 0.0, ends

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0
        if self.now >= self.ends:
            self.set()
        return self.is_set()

    def clock(self) -> float:
        return self.now


@pytest.mark.parametrize(("rate", "batch", "size"), [(200, 10, 10), (200, 500, 200), (3, 10, 3), (0.5, 10, 1)])
def test_a_rate_is_kept_and_no_event_waits_long_for_its_batch(rate: float, batch: int, size: int):
    time = Time(ends=20)
    sent = [body.count(b"\n") + 1 for body in bodies(rate, batch, time, time.clock)]
    assert set(sent) == {size}
    assert sum(sent) == pytest.approx(20 * rate, abs=size)


def test_after_a_slow_answer_at_most_one_second_is_made_up_for():
    time = Time(ends=11)
    sent = 0
    for body in bodies(100, 10, time, time.clock):
        sent += body.count(b"\n") + 1
        if sent == 10:
            time.now += 9  # the first answer took 9 of 11 seconds
    assert 280 <= sent <= 320


def test_play_sends_the_same_body_again_while_the_stream_is_full():
    stop, seen = Patience(), []

    def post(body: bytes) -> None:
        seen.append(body)
        if len(seen) == 1:
            raise StreamFull("The disk is full")
        stop.set()

    play(1_000, post, stop)
    assert seen == [seen[0], seen[0]]


def test_play_ends_when_it_is_told_to():
    stop, seen = threading.Event(), []

    def post(body: bytes) -> None:
        seen.append(body)
        stop.set()

    play(1_000, post, stop, batch=7)
    assert [body.count(b"\n") + 1 for body in seen] == [7]


# --- sender ---------------------------------------------------------------------------------------------------------


class Script(BaseHTTPRequestHandler):
    """Answers as the server's list of answers says; when it is used up, takes everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        script = self.server.script  # type: ignore[attr-defined]
        status, headers, answer = script.pop(0) if script else taken(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def taken(body: bytes) -> tuple[int, dict[str, str], bytes]:
    count = body.count(b"\n") + 1
    return 202, {}, json.dumps({"received": count, "accepted": count, "duplicates": 0, "quarantined": 0}).encode()


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Script) as running:
        running.daemon_threads = True
        running.script, running.seen = [], []  # type: ignore[attr-defined]
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


class Patience(threading.Event):
    """Never waits; remembers for how long it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout or 0)
        return self.is_set()


def test_429_and_503_are_waited_out_and_the_same_bytes_are_sent_again(server):
    server.script += [(429, {"Retry-After": "7"}, b"{}"), (503, {"Retry-After": "3"}, b"{}")]
    stop = Patience()
    sender = Sender(address(server), "secret", stop)
    tally = sender.post(b'{"a":1}\n{"a":2}')
    sender.close()
    assert tally is not None
    assert (tally.sent, tally.accepted, len(tally.latencies)) == (2, 2, 1)
    assert [body for _, _, body in server.seen] == [b'{"a":1}\n{"a":2}'] * 3
    assert stop.asked[0] >= 7
    assert stop.asked[1] >= 3
    assert {path for path, _, _ in server.seen} == {"/v1/events"}
    assert server.seen[0][1]["Authorization"] == "Bearer secret"


def test_a_wrong_key_is_said_at_once_and_says_how_to_get_one(server):
    server.script += [(401, {}, b"{}")]
    sender = Sender(address(server), "wrong", threading.Event())
    with pytest.raises(SettingsError, match=r"does not know the write key.*python -m pipeline keys"):
        sender.post(b"{}")
    sender.close()
    assert len(server.seen) == 1


def test_a_request_refused_for_good_is_not_sent_again(server):
    server.script += [(413, {}, b'{"error":"too large"}')]
    sender = Sender(address(server), "k", threading.Event())
    with pytest.raises(TakingsError, match=r"status 413.*too large"):
        sender.post(b"{}")
    sender.close()
    assert len(server.seen) == 1


def test_an_answer_of_something_else_than_a_collector_is_named(server):
    server.script += [(200, {}, b"<html>")]
    sender = Sender(address(server), "k", threading.Event())
    with pytest.raises(TakingsError, match="Is this a Takings collector"):
        sender.post(b"{}")
    sender.close()


def test_where_nothing_answers_the_sender_gives_up_and_says_so(monkeypatch):
    monkeypatch.setattr("pipeline.traffic.sender.GIVES_UP_AFTER", -1.0)
    sender = Sender("http://127.0.0.1:1", "k", Patience())
    with pytest.raises(StreamUnavailable, match="No collector answers"):
        sender.post(b"{}")


def test_the_smallest_value_that_99_of_100_do_not_exceed():
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([2.0, 1.0], 0.5) == 1.0


def test_a_tally_is_written_as_the_law_of_conservation():
    assert (
        str(Tally(sent=10, accepted=8, duplicates=1, quarantined=1, latencies=[0.0042]))
        == "10 sent = 8 accepted + 1 duplicates + 1 quarantined, p99 4.2 ms"
    )


# --- command --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["http://127.0.0.1:8501", "http://127.9.9.9", "http://[::1]:80", "http://localhost:1"])
def test_this_machine_is_a_loopback_address(url: str):
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["http://10.0.0.1", "https://shop.example", "http://127.0.0.1.shop.example", "http://"])
def test_another_machine_is_not_sent_to_unless_asked(url: str):
    assert not is_loopback(url)
    with pytest.raises(SettingsError, match="another machine"):
        call("traffic", "--url", url)


@pytest.mark.parametrize(
    ("option", "value"), [("--rate", "0"), ("--rate", "nan"), ("--batch", "501"), ("--batch", "0"), ("--seconds", "0")]
)
def test_an_option_that_cannot_be_used_is_named(option: str, value: str):
    with pytest.raises(SettingsError) as raised:
        call("traffic", option, value)
    assert raised.value.where == option


def test_the_command_sends_until_its_time_is_over_and_accounts_for_every_record(server, capsys):
    assert call("traffic", "--url", address(server), "--rate", "400", "--seconds", "0.3", "--key", "k") == 0
    sent = sum(body.count(b"\n") + 1 for _, _, body in server.seen)
    said = capsys.readouterr().out.splitlines()[-1]
    assert sent > 0
    assert said.startswith("Stopped after 0 s: ")
    assert f"{sent} sent = {sent} accepted + 0 duplicates + 0 quarantined" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_cleanly(server, capsys, number: int):
    before = signal.getsignal(number)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), number))
    timer.start()
    assert call("traffic", "--url", address(server), "--rate", "50", "--seconds", "20") == 0
    timer.join()
    assert "Stopped after 0 s" in capsys.readouterr().out
    assert signal.getsignal(number) is before
