"""What Segment's and RudderStack's libraries do besides the format: paths, keys in bodies, packing, wrong clocks."""

from __future__ import annotations

import base64
import gzip
import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from pipeline.collecting.envelope import Request, Response
from tests.support.collecting import NOW, SECRET, Shelf, collector, decoded

VIEWED: dict[str, Any] = {
    "type": "track",
    "event": "Product Viewed",
    "userId": "c1",
    "messageId": "m1",
    "timestamp": "2026-03-02T11:00:00Z",
    "properties": {"product_id": "p1"},
}
BASIC = {"authorization": "Basic " + base64.b64encode(f"{SECRET}:".encode()).decode()}


def post(
    stream: Shelf, path: str, body: Any, headers: dict[str, str] | None = None, query: dict[str, str] | None = None
) -> Response:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": "application/json"} | (BASIC if headers is None else headers)
    return collector(stream).answer(Request("POST", path, given, query or {}, sent))


@pytest.mark.parametrize(
    ("short", "name"),
    [("t", "track"), ("p", "page"), ("i", "identify"), ("s", "screen"), ("g", "group"), ("a", "alias")],
)
def test_a_call_has_a_long_and_a_short_address(short: str, name: str):
    told = [decoded(post(Shelf(), f"/v1/{path}", VIEWED)) for path in (short, name)]
    counts = {"accepted": 1, "ignored": 0} if name == "track" else {"accepted": 0, "ignored": 1}
    assert [{count: answer[count] for count in counts} for answer in told] == [counts, counts]


@pytest.mark.parametrize("path", ["/v1/b", "/v1/batch", "/v1/import"])
def test_a_batch_has_three_addresses(path: str):
    assert decoded(post(Shelf(), path, {"batch": [VIEWED]}))["accepted"] == 1


@pytest.mark.parametrize("media", ["text/plain", "text/plain;charset=UTF-8", "application/json", ""])
def test_the_key_may_be_in_the_body_and_the_body_plain_text(media: str):
    for path, body in (("/v1/t", VIEWED), ("/v1/b", {"batch": [VIEWED]})):
        response = post(Shelf(), path, body | {"writeKey": SECRET}, {"content-type": media})
        assert (response.status, decoded(response)["accepted"]) == (200, 1)


@pytest.mark.parametrize("body", [VIEWED, VIEWED | {"writeKey": "wrong"}, VIEWED | {"writeKey": 7}, b"{", b"[]"])
def test_without_a_valid_key_anywhere_nothing_is_stored(body: Any):
    stream = Shelf()
    assert post(stream, "/v1/t", body, {}).status == 401
    assert stream.entries == []


def test_a_key_in_a_header_or_the_address_comes_before_the_one_in_the_body():
    wrong = VIEWED | {"writeKey": "wrong"}
    assert post(Shelf(), "/v1/t", wrong, BASIC).status == 200
    assert post(Shelf(), "/v1/t", wrong, {}, {"key": SECRET}).status == 200
    assert post(Shelf(), "/v1/t", VIEWED | {"writeKey": SECRET}, {"x-write-key": "wrong"}).status == 401


def test_our_own_events_hold_no_key_in_their_body():
    assert post(Shelf(), "/v1/events", {"writeKey": SECRET}, {}).status == 401


def test_a_refused_message_is_kept_without_the_key_it_was_sent_with():
    stream = Shelf()
    wrong = VIEWED | {"event": "Product Vewed", "writeKey": SECRET}
    post(stream, "/v1/t", wrong, {})
    (refused,) = stream.refused()
    assert json.loads(base64.b64decode(refused["record"])) == wrong | {"writeKey": "***"}


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/x-www-form-urlencoded", "content-encoding": "gzip"},  # RudderStack's Node library
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/octet-stream"},
        {"content-type": "application/gzip"},
        {"content-type": "multipart/anything", "content-encoding": "gzip"},
        {"content-type": "application/json"},
    ],
)
def test_a_packed_body_is_read_whatever_its_type_is_called(headers: dict[str, str]):
    body = gzip.compress(json.dumps({"batch": [VIEWED]}).encode())
    response = post(Shelf(), "/v1/batch", body, BASIC | headers)
    assert (response.status, decoded(response)["accepted"]) == (200, 1)


def test_json_that_is_called_a_form_is_read_and_a_form_is_not():
    form = BASIC | {"content-type": "application/x-www-form-urlencoded"}
    assert post(Shelf(), "/v1/batch", {"batch": [VIEWED]}, form).status == 200
    assert post(Shelf(), "/v1/batch", b"batch=1", form).status == 400


@pytest.mark.parametrize("minutes", [-90 * 24 * 60, -60, 60, 24 * 60])
@pytest.mark.parametrize("place", ["of the message", "of the batch"])
def test_a_clock_that_is_wrong_is_corrected_by_sent_at(minutes: int, place: str):
    stream = Shelf()
    error = timedelta(minutes=minutes)
    sent, happened = NOW + error, NOW + error - timedelta(seconds=20)
    message = VIEWED | {"timestamp": happened.isoformat()}
    if place == "of the message":
        post(stream, "/v1/track", message | {"sentAt": sent.isoformat()})
    else:
        stale = (sent - timedelta(days=3)).isoformat()
        post(stream, "/v1/batch", {"batch": [message | {"sentAt": stale}], "sentAt": sent.isoformat()})
    assert [event["occurred_at"] for event in stream.events()] == ["2026-03-02T11:59:40Z"]


@pytest.mark.parametrize("sent", ["2026-03-02T11:59:50Z", "2026-03-02T12:00:29Z", "2026-03-02T14:00:00", "x", 5, None])
def test_a_moment_stays_as_it_is_where_sent_at_is_about_now_or_no_instant(sent: Any):
    stream = Shelf()
    post(stream, "/v1/track", VIEWED | {"sentAt": sent})
    assert stream.events()[0]["occurred_at"] == VIEWED["timestamp"]


def test_a_message_without_a_moment_happens_now_whatever_the_clock_says():
    stream = Shelf()
    post(stream, "/v1/track", VIEWED | {"timestamp": None, "sentAt": "2026-03-02T14:00:00Z"})
    assert stream.events()[0]["occurred_at"] == "2026-03-02T12:00:00Z"


def test_a_retry_has_another_sent_at_and_is_the_same_message():
    stream = Shelf()
    nameless = {name: value for name, value in VIEWED.items() if name != "messageId"}
    for sent in ("2026-03-02T11:59:50Z", "2026-03-02T11:59:55Z"):
        post(stream, "/v1/track", nameless | {"sentAt": sent})
    assert len({event["event_id"] for event in stream.events()}) == 1


def ask(intake: Any, origin: str, method: str = "POST", host: str = "collector.example") -> Response:
    headers = BASIC | {"content-type": "application/json", "origin": origin, "host": host}
    return intake.answer(Request(method, "/v1/track", headers, {}, json.dumps(VIEWED).encode()))


def test_an_origin_that_is_not_named_is_told_of_once_in_the_log(caplog: pytest.LogCaptureFixture):
    intake = collector(Shelf(), origins=["https://shop.example"])
    with caplog.at_level(logging.WARNING):
        for origin in (
            "https://shop.example",
            "https://new.example",
            "https://new.example",
            "https://collector.example",
        ):
            for method in ("OPTIONS", "POST"):
                assert ("access-control-allow-origin" in ask(intake, origin, method).headers) == ("shop" in origin)
    (record,) = caplog.records
    assert "https://new.example" in record.getMessage()
    assert "TAKINGS_ORIGINS" in record.getMessage()


def test_many_origins_do_not_flood_the_log(caplog: pytest.LogCaptureFixture):
    intake = collector(Shelf())
    with caplog.at_level(logging.WARNING):
        for number in range(500):
            ask(intake, f"https://{number}.example\n{'x' * 1000}")
    assert len(caplog.records) == 100
    assert all(len(record.getMessage()) < 400 and "\n" not in record.getMessage() for record in caplog.records)


def test_every_page_may_send_where_the_origin_is_a_star(caplog: pytest.LogCaptureFixture):
    assert ask(collector(Shelf(), origins=["*"]), "https://new.example").headers["access-control-allow-origin"]
    assert not caplog.records
