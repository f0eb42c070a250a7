"""The collector: what it takes, what it tells, and that nothing is acknowledged that is not stored."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from catalogue.errors import SettingsError, StreamFull, StreamUnavailable
from pipeline.collecting import limits
from pipeline.collecting.collector import Collector
from pipeline.collecting.envelope import MAX_BODY, Response
from pipeline.collecting.limits import TokenBuckets
from pipeline.collecting.recent import RecentIds
from pipeline.streams import Kind
from tests.support.collecting import OTHER_SECRET, SECRET, VIEW, Shelf, collector, decoded, request, views, write_key


def lines(events: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(event).encode() for event in events)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(VIEW).encode(),
        json.dumps(VIEW, indent=2).encode(),
        json.dumps([VIEW]).encode(),
        b" \r\n" + json.dumps(VIEW).encode() + b"\r\n\r\n",
    ],
    ids=["one", "one, printed over lines", "an array of one", "a line"],
)
def test_one_event_is_stored_and_accepted_in_whichever_form_it_comes(body: bytes):
    stream = Shelf()
    response = collector(stream).answer(request(body))
    assert response.status == 202
    assert decoded(response) == {
        "received": 1,
        "accepted": 1,
        "duplicates": 0,
        "quarantined": 0,
        "ignored": 0,
        "verdicts": [{"verdict": "accepted"}],
    }
    assert [(entry.kind, entry.key) for entry in stream.entries] == [(Kind.EVENT, "c1")]
    assert stream.entries[0].line == (
        b'{"event_id":"e1","event_type":"product_view","occurred_at":"2026-03-01T12:00:00Z","customer_id":"c1",'
        b'"product_id":"p1","received_at":"2026-03-02T12:00:00Z","source":"native"}'
    )


@pytest.mark.parametrize("as_lines", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_each_event_has_its_verdict_in_order(as_lines: bool, packed: bool):
    sent = [VIEW, VIEW | {"event_id": "e2", "product_id": ""}, VIEW, VIEW | {"event_id": "e3"}]
    body = lines(sent) if as_lines else json.dumps(sent).encode()
    headers = {"content-encoding": "gzip"} if packed else {}
    stream = Shelf()
    response = collector(stream).answer(request(gzip.compress(body) if packed else body, headers=headers))
    refusal = {"reason": "missing_field", "detail": "Field product_id is absent; product_view needs it."}
    assert decoded(response)["verdicts"] == [
        {"verdict": "accepted"},
        {"verdict": "quarantined"} | refusal,
        {"verdict": "duplicate"},
        {"verdict": "accepted"},
    ]
    assert [event["event_id"] for event in stream.events()] == ["e1", "e1", "e3"]
    (refused,) = stream.refused()
    assert base64.b64decode(refused["record"]) == json.dumps(sent[1]).encode()
    assert (refused["reason"], refused["origin"], refused["source"]) == ("missing_field", "shop", "native")


def test_one_wrong_element_of_an_array_does_not_cost_the_others():
    body = b'[%s, {"event_id": NaN}, "\\ud800", %s,]' % (
        json.dumps(VIEW).encode(),
        json.dumps(VIEW | {"event_id": "e,]2"}).encode(),
    )
    stream = Shelf()
    response = collector(stream).answer(request(body))
    assert [verdict["verdict"] for verdict in decoded(response)["verdicts"]] == [
        "accepted", "quarantined", "quarantined", "accepted",
    ]  # fmt: skip
    assert [base64.b64decode(line["record"]) for line in stream.refused()] == [b'{"event_id": NaN}', b'"\\ud800"']


def test_of_a_cut_array_the_whole_elements_are_kept_and_the_rest_is_quarantined():
    body = json.dumps([VIEW, VIEW | {"event_id": "e2"}]).encode()[:-20]
    stream = Shelf()
    response = collector(stream).answer(request(body))
    assert [verdict["verdict"] for verdict in decoded(response)["verdicts"]] == ["accepted", "quarantined"]
    assert stream.refused()[0]["reason"] == "invalid_json"


@pytest.mark.parametrize("body", [b"", b" \n", b"hello", b"{", b"[", b"[}", b"\xff\xfe", b"{'a': 1}\nnone", b'["'])
def test_400_only_where_nothing_could_be_read(body: bytes):
    stream = Shelf()
    response = collector(stream).answer(request(body))
    assert (response.status, decoded(response)["code"], stream.entries) == (400, "unreadable", [])


@pytest.mark.parametrize("body", [b"42", b"null", b'"x"', b"[1]", b"{}", b"[[]]"])
def test_what_is_json_but_no_event_is_quarantined(body: bytes):
    response = collector(Shelf()).answer(request(body))
    assert (response.status, decoded(response)["quarantined"]) == (202, 1)


def test_an_empty_array_has_no_verdicts_and_stores_nothing():
    stream = Shelf()
    response = collector(stream).answer(request([]))
    assert (response.status, decoded(response)["verdicts"], stream.entries) == (202, [], [])


@pytest.mark.parametrize("as_lines", [True, False])
def test_500_events_are_taken_and_501_are_413(as_lines: bool):
    for count, status in ((500, 202), (501, 413)):
        sent = views(count)
        stream = Shelf()
        response = collector(stream).answer(request(lines(sent) if as_lines else sent))
        assert (response.status, len(stream.entries)) == (status, count if status == 202 else 0)


def test_a_body_over_one_mebibyte_is_413_packed_or_not():
    large = json.dumps([VIEW | {"ignored": "x" * MAX_BODY}]).encode()
    assert collector(Shelf()).answer(request(large)).status == 413
    packed = request(gzip.compress(large), headers={"content-encoding": "gzip"})
    assert collector(Shelf()).answer(packed).status == 413
    declared = request(b"", headers={"content-length": str(MAX_BODY + 1)})
    assert collector(Shelf()).admit(declared).status == 413


def test_a_gzip_bomb_is_413_without_being_unpacked():
    tracemalloc = pytest.importorskip("tracemalloc")
    bomb = gzip.compress(b"[" + b" " * 60_000_000)
    tracemalloc.start()
    response = collector(Shelf()).answer(request(bomb, headers={"content-encoding": "gzip"}))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (response.status, peak < 8 * MAX_BODY) == (413, True)


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(b"[]")[:-3], gzip.compress(b"") * 1000, gzip.compress(b"[]") + b"rest"],
    ids=["not gzip", "cut", "a thousand members", "something after it"],
)
def test_gzip_that_is_not_whole_is_400(body: bytes):
    assert collector(Shelf()).answer(request(body, headers={"content-encoding": "gzip"})).status == 400


def test_gzip_of_two_members_is_read_to_its_end():
    body = gzip.compress(b"[" + json.dumps(VIEW).encode()) + gzip.compress(b"]")
    response = collector(Shelf()).answer(request(body, headers={"content-encoding": "gzip"}))
    assert decoded(response)["accepted"] == 1


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("content-type", "application/json; charset=utf-8", 202),
        ("content-type", "application/x-ndjson", 202),
        ("content-type", "text/plain;charset=UTF-8", 202),
        ("content-type", "", 202),
        ("content-type", "application/x-www-form-urlencoded", 202),
        ("content-type", "text/html", 415),
        ("content-type", "application/json; charset=utf-16", 415),
        ("content-encoding", "identity", 202),
        ("content-encoding", "br", 415),
        ("content-length", "9" * 5000, 413),
    ],
)
def test_what_the_headers_say_of_the_body(name: str, value: str, status: int):
    assert collector(Shelf()).answer(request(VIEW, headers={name: value})).status == status


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"authorization": f"Bearer {SECRET}"}, {}, 202),
        ({"authorization": basic(SECRET)}, {}, 202),
        ({"x-write-key": SECRET}, {}, 202),
        ({}, {"key": SECRET}, 202),
        ({}, {}, 401),
        ({"authorization": "Bearer wrong"}, {}, 401),
        ({"authorization": basic("wrong")}, {}, 401),
        ({"authorization": "Basic ÿ"}, {}, 401),
        ({"authorization": "Bearer"}, {}, 401),
        ({"x-write-key": "\ud800"}, {}, 401),
        ({}, {"key": "wrong"}, 401),
        ({}, {"api_secret": SECRET}, 401),
    ],
)
def test_a_write_key_may_come_in_a_header_or_in_the_address(
    headers: dict[str, str], query: dict[str, str], status: int
):
    stream = Shelf()
    sent = request(VIEW, headers={"authorization": "", "content-type": "text/plain"} | headers, query=query)
    response = collector(stream).answer(sent)
    assert (response.status, len(stream.entries)) == (status, 1 if status == 202 else 0)
    if status == 401:
        assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("failure", [StreamFull("The disk is full"), StreamUnavailable("The stream is away")])
def test_503_while_the_stream_takes_nothing_and_the_retry_is_no_duplicate(failure: Exception):
    stream = Shelf()
    intake = collector(stream)
    stream.failure = failure
    refused = intake.answer(request([VIEW, VIEW]))
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert str(failure).rstrip(".") in decoded(refused)["message"]
    assert intake.counts().get("received", 0) == 0
    stream.failure = None
    again = decoded(intake.answer(request([VIEW, VIEW])))
    assert (again["accepted"], again["duplicates"]) == (1, 1)


def test_nothing_is_acknowledged_before_the_stream_has_stored_it():
    entered, stored = threading.Event(), threading.Event()

    class Slow(Shelf):
        def append(self, entries: Any) -> None:
            entered.set()
            assert stored.wait(10)
            super().append(entries)

    answers: list[int] = []
    intake = collector(Slow())
    thread = threading.Thread(target=lambda: answers.append(intake.answer(request(VIEW)).status))
    thread.start()
    assert entered.wait(10)
    assert answers == []
    stored.set()
    thread.join(10)
    assert answers == [202]


def test_a_duplicate_is_told_across_requests_and_is_stored_too():
    stream = Shelf()
    intake = collector(stream)
    intake.answer(request(VIEW))
    assert decoded(intake.answer(request(VIEW)))["verdicts"] == [{"verdict": "duplicate"}]
    assert len(stream.events()) == 2


def test_ids_that_the_stream_held_before_a_restart_are_duplicates():
    recent = RecentIds()
    recent.recall(["e1"])
    assert decoded(collector(Shelf(), recent=recent).answer(request(VIEW)))["duplicates"] == 1


def test_the_window_of_recent_ids_is_bounded_and_forgets_the_oldest():
    recent = RecentIds(capacity=3)
    for number in range(9):
        assert recent.claim([f"e{number}"]) == set()
    assert recent.claim(["e8", "e0", "new", "new"]) == {0, 3}


def test_received_is_accepted_and_duplicates_and_quarantined():
    noted: list[dict[str, int]] = []
    intake = collector(Shelf(), note=lambda **decoded: noted.append(decoded))
    intake.answer(request([VIEW, VIEW, {}, VIEW | {"event_id": "e2"}]))
    intake.answer(request(b"nothing"))
    assert noted == [{"accepted": 2, "duplicates": 1, "quarantined": 1}]
    intake.answer(request({"batch": [{"type": "identify", "userId": "c1"}]}, path="/v1/batch"))
    assert intake.counts() == {
        "received": 4,
        "accepted": 2,
        "duplicates": 1,
        "quarantined": 1,
        "ignored": 1,
        "rounded": 0,
        "http_202": 1,
        "http_400": 1,
        "http_200": 1,
    }


def test_a_key_that_sends_too_much_waits_and_the_others_do_not():
    moment = [100.0]
    intake = collector(Shelf(), limits=TokenBuckets(rate=2, size=10, clock=lambda: moment[0]))
    assert intake.answer(request(views(10))).status == 202
    refused = intake.answer(request(views(5)))
    assert (refused.status, refused.headers["retry-after"]) == (429, "3")
    assert intake.answer(request(views(5), secret=OTHER_SECRET)).status == 202
    moment[0] += 2.5
    assert intake.answer(request(views(5))).status == 202


def test_a_batch_larger_than_the_bucket_passes_when_it_is_full_and_is_paid_back():
    moment = [0.0]
    buckets = TokenBuckets(rate=1, size=10, clock=lambda: moment[0])
    assert buckets.take("k", 30) == 0
    assert buckets.take("k", 1) == pytest.approx(21)
    moment[0] = 21.0
    assert buckets.take("k", 1) == 0


def test_a_public_key_is_limited_for_each_network_that_sends_with_it_and_a_secret_one_is_not():
    clock = [100.0]
    keys = write_key("page", SECRET, public=True), write_key("server", OTHER_SECRET)
    intake = collector(Shelf(), *keys, network_limits=TokenBuckets(rate=2, size=10, clock=lambda: clock[0]))

    def sent(count: int, address: str, secret: str = SECRET) -> Response:
        return intake.answer(replace(request(views(count), secret=secret), address=address))

    assert sent(10, "192.0.2.1").status == 202
    refused = sent(5, "192.0.2.1")
    assert (refused.status, refused.headers["retry-after"]) == (429, "3")
    assert decoded(refused)["message"] == "This address has sent too much; try again later."
    assert [sent(10, address).status for address in ("192.0.2.2", "2001:db8:1:2::1", "::ffff:192.0.2.3")] == [202] * 3
    assert [sent(1, address).status for address in ("2001:db8:1:2:ff::9", "192.0.2.3")] == [429, 429]
    assert [sent(10, address).status for address in ("2001:db8:1:3::1", "", "")] == [202] * 3
    assert [sent(10, "192.0.2.1", OTHER_SECRET).status for _ in range(3)] == [202] * 3
    clock[0] += 2.5
    assert sent(5, "192.0.2.1").status == 202


def test_full_buckets_are_forgotten_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "FORGET_ABOVE", 100)
    clock = [0.0]
    buckets = TokenBuckets(rate=1, size=10, clock=lambda: clock[0])
    granted = 0
    for number in range(1000):
        clock[0] += 0.5
        granted += buckets.take("always", 1) == 0
        assert buckets.take(f"visitor {number}", 5) == 0
    assert len(buckets) <= 101
    assert 500 <= granted <= 10 + 500  # the bucket, and what flowed into it in 500 seconds: it was never full again


def test_a_page_of_a_named_origin_may_send_and_another_may_not():
    intake = collector(Shelf(), origins=["https://shop.example"])
    asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    allowed = intake.answer(request(b"", method="OPTIONS", headers=asked, secret=""))
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (204, "https://shop.example")
    assert "content-type" in allowed.headers["access-control-allow-headers"]
    sent = intake.answer(request(VIEW, headers={"origin": "https://shop.example"}))
    assert (sent.headers["access-control-allow-origin"], sent.headers["vary"]) == ("https://shop.example", "origin")
    other = intake.answer(request(b"", method="OPTIONS", headers=asked | {"origin": "https://other.example"}))
    assert not any(name.startswith("access-control") for name in other.headers)
    unread = intake.answer(request(b"x", headers={"origin": "https://shop.example"}))
    assert (unread.status, unread.headers["access-control-allow-origin"]) == (400, "https://shop.example")


def test_every_origin_may_send_where_a_star_is_named():
    intake = collector(Shelf(), origins=["*"])
    asked = {"origin": "https://any.example", "access-control-request-method": "POST"}
    answer = intake.answer(request(b"", method="OPTIONS", headers=asked))
    assert answer.headers["access-control-allow-origin"] == "https://any.example"
    assert "access-control-allow-methods" in answer.headers


def test_other_methods_and_addresses_are_405_and_404():
    wrong = collector(Shelf()).answer(request(VIEW, method="PUT"))
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST, OPTIONS")
    assert collector(Shelf()).answer(request(VIEW, path="/v2/events")).status == 404


def test_keys_that_cannot_be_read_are_503_not_401():
    class Lost:
        def find(self, secret: str) -> None:
            raise SettingsError("The write keys cannot be read")

    intake = Collector(Shelf(), Lost(), reporting_currency="EUR", retention_days=400)  # type: ignore[arg-type]
    assert intake.answer(request(VIEW)).status == 503


def test_a_read_key_sends_nothing_and_is_told_which_key_does():
    shelf = Shelf()
    answer = collector(shelf, write_key("pages", SECRET, purpose="read")).answer(request(VIEW))
    assert (answer.status, decoded(answer)["code"], shelf.entries) == (401, "unauthorized", [])
    assert "reads recommendations and sends nothing" in decoded(answer)["message"]
    assert "keys create SOURCE`" in decoded(answer)["message"]
