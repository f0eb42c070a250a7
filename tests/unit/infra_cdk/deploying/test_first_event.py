"""The first event is sent until it is accepted, and looked for until live has it, both within bounds."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from catalogue.clock import utc_now
from catalogue.errors import SourceError
from infra_cdk.deploying import first_event
from infra_cdk.deploying.first_event import Clock
from pipeline.contract.events import build
from pipeline.contract.shape import Event, Rules

ACCEPTED = (202, {"received": 1, "accepted": 1, "duplicates": 0, "quarantined": 0, "ignored": 0, "verdicts": []})


class Time:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @property
    def clock(self) -> Clock:
        def sleep(seconds: float) -> None:
            self.seconds += seconds

        return Clock(lambda: self.seconds, sleep)


class Collector:
    """Answers one after the other, the last one for ever; remembers what was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.sent: list[tuple[str, str, Any]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.sent.append((self.path, self.headers["Authorization"], json.loads(body)))
                answers = collector.answers
                status, content = answers.pop(0) if len(answers) > 1 else answers[0]
                text = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def test_it_is_one_event_that_the_contract_takes_sent_with_the_key(collector: Collector) -> None:
    collector.answers = [ACCEPTED]
    event = first_event.made()
    first_event.send(collector.address, "tk_key", event, lambda _: None, Time().clock)
    [(path, authorization, [sent])] = collector.sent
    assert (path, authorization) == ("/v1/events", "Bearer tk_key")
    taken = build(sent, Rules(utc_now(), None, "EUR", "first", public=False), source="native")
    assert isinstance(taken, Event), taken
    assert (taken.event_id, taken.customer_id) == (event.event_id, event.customer_id)
    assert first_event.made() != event


def test_a_collector_that_does_not_know_the_key_yet_is_asked_again_and_a_copy_is_as_good(collector: Collector) -> None:
    copied = (202, {**ACCEPTED[1], "accepted": 0, "duplicates": 1})
    collector.answers = [(403, {"message": "Forbidden"}), (401, {"error": "unknown key"}), copied]
    said: list[str] = []
    first_event.send(collector.address, "tk_key", first_event.made(), said.append, Time().clock)
    assert said == [
        'The collector answers not yet: 403 {"message": "Forbidden"}',
        'The collector answers not yet: 401 {"error": "unknown key"}',
    ]
    assert len({sent[0]["event_id"] for _, _, sent in collector.sent}) == 1


def test_a_collector_that_never_knows_the_key_is_an_error_after_some_minutes(collector: Collector) -> None:
    collector.answers, time = [(401, {"error": "unknown key"})], Time()
    with pytest.raises(SourceError, match=r'not accepted: 401 \{"error": "unknown key"\}') as caught:
        first_event.send(collector.address, "tk_key", first_event.made(), lambda _: None, time.clock)
    assert caught.value.where == f"{collector.address}/v1/events"
    assert first_event.ANSWERED_WITHIN < time.seconds < first_event.ANSWERED_WITHIN + 10


@pytest.mark.parametrize(
    "answer", [(400, {"error": "invalid"}), (202, {**ACCEPTED[1], "accepted": 0, "quarantined": 1})]
)
def test_an_event_that_is_refused_is_not_sent_again(collector: Collector, answer: tuple[int, Any]) -> None:
    collector.answers = [answer]
    with pytest.raises(SourceError, match="The first event was not accepted"):
        first_event.send(collector.address, "tk_key", first_event.made(), lambda _: None, Time().clock)
    assert len(collector.sent) == 1


def test_an_address_that_nobody_answers_at_is_tried_again() -> None:
    said: list[str] = []
    with pytest.raises(SourceError):
        first_event.send("http://127.0.0.1:9", "tk_key", first_event.made(), said.append, Time().clock)
    assert "Connection refused" in said[0]


def test_live_is_asked_until_it_has_the_event() -> None:
    answers = [False, False, True]
    event, time = first_event.made(), Time()
    asked: list[str] = []

    def is_there(customer: str) -> bool:
        asked.append(customer)
        return answers.pop(0)

    assert first_event.see(is_there, event, lambda _: None, time.clock) == 2 * first_event.PAUSE
    assert asked == [event.customer_id] * 3


def test_an_event_that_never_comes_to_live_is_an_error_that_names_it() -> None:
    event = first_event.made()
    with pytest.raises(SourceError, match="accepted, and is not in the live table") as caught:
        first_event.see(lambda _: False, event, lambda _: None, Time().clock)
    assert caught.value.where == event.event_id
