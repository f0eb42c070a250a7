"""The collector on Lambda: both kinds of API Gateway payload, and what it reports."""

from __future__ import annotations

import base64
import gzip
import inspect
import json
import logging
import shutil
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from catalogue.errors import SettingsError
from pipeline.handlers import collector
from pipeline.handlers.counts import CountReports
from pipeline.handlers.environment import read
from pipeline.handlers.gateway import request_from
from tests.handlers.conftest import SECRET, Cloud, Context, metrics_of
from tests.support.paths import ROOT


def view(event_id: str) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "event_type": "product_view",
        "occurred_at": datetime.now(UTC).isoformat(),
        "session_id": "s1",
        "product_id": "p1",
    }


def rest(body: str, *, encoded: bool = False, **headers: str) -> dict[str, Any]:
    """A REST API's payload, format 1.0."""
    return {
        "resource": "/{proxy+}",
        "path": "/v1/events",
        "httpMethod": "POST",
        "headers": {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json", **headers},
        "queryStringParameters": None,
        "requestContext": {"stage": "prod", "path": "/prod/v1/events"},
        "body": body,
        "isBase64Encoded": encoded,
    }


def http(
    body: str, *, path: str = "/v1/events", stage: str = "$default", encoded: bool = False, **headers: str
) -> dict[str, Any]:
    """An HTTP API's payload, format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"authorization": f"Bearer {SECRET}", "content-type": "application/json", **headers},
        "requestContext": {"http": {"method": "POST", "path": path}, "stage": stage},
        "body": body,
        "isBase64Encoded": encoded,
    }


def balanced(body: str, *, encoded: bool = False, **headers: str) -> dict[str, Any]:
    """A load balancer's payload: the body is Base64 where it has a content encoding."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:…:targetgroup/collector/1"}},
        "httpMethod": "POST",
        "path": "/v1/events",
        "queryStringParameters": {},
        "headers": {
            "authorization": f"Bearer {SECRET}",
            "content-type": "application/json",
            "x-forwarded-for": "203.0.113.9, 198.51.100.7",
            **{name.lower(): value for name, value in headers.items()},
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


@pytest.mark.parametrize("payload", [rest, http, balanced])
def test_an_event_is_on_the_stream_before_the_202_leaves(payload: Any, cloud: Cloud, context: Context):
    answer = collector.handler(payload(json.dumps(view("e1"))), context)
    assert answer["statusCode"] == 202
    assert answer["headers"]["content-type"] == "application/json"
    assert "accepted" in answer["body"]
    assert [json.loads(line)["event_id"] for line in cloud.lines()] == ["e1"]


def test_a_tracker_that_asks_for_a_picture_gets_its_bytes(cloud: Cloud, context: Context):
    asked = http("", path="/i") | {"queryStringParameters": {"e": "pv"}}
    asked["requestContext"]["http"]["method"] = "GET"
    answer = collector.handler(asked, context)
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    assert base64.b64decode(answer["body"]).startswith(b"GIF89a")
    assert cloud.lines() == []


def test_a_load_balancer_names_the_sender_last_and_leaves_the_query_as_it_was_sent():
    sent = balanced("[]") | {"queryStringParameters": {"key": "tk%5Fa%2Bb", "e%20": "a+b"}}
    request = request_from(sent)
    assert request.address == "198.51.100.7"
    assert request.query == {"key": "tk_a+b", "e ": "a b"}


@pytest.mark.parametrize("payload", [rest, http, balanced])
def test_a_packed_body_comes_as_base64(payload: Any, cloud: Cloud, context: Context):
    body = base64.b64encode(gzip.compress(json.dumps([view("e1"), view("e2")]).encode())).decode()
    answer = collector.handler(payload(body, encoded=True, **{"Content-Encoding": "gzip"}), context)
    assert answer["statusCode"] == 202
    assert len(cloud.lines()) == 2


def of_http_api(body: bytes, media: str, **headers: str) -> dict[str, Any]:
    """What an HTTP API makes of a body: text types come as UTF-8, what is none of it replaced; all others as Base64."""
    is_text = media.startswith("text/") or media in ("application/json", "application/xml", "application/javascript")
    content = body.decode("utf-8", "replace") if is_text else base64.b64encode(body).decode()
    return http(content, encoded=not is_text, **{"content-type": media, **headers})


PACKED = gzip.compress(json.dumps([view("e1"), view("e2")]).encode())


@pytest.mark.parametrize(
    "media", ["application/x-ndjson", "application/octet-stream", "application/gzip", "application/x-gzip"]
)
@pytest.mark.parametrize("headers", [{"content-encoding": "gzip"}, {}], ids=["said", "unsaid"])
def test_gzip_of_a_type_that_is_no_text_comes_whole_through_an_http_api(
    media: str, headers: dict[str, str], cloud: Cloud, context: Context
):
    assert collector.handler(of_http_api(PACKED, media, **headers), context)["statusCode"] == 202
    assert len(cloud.lines()) == 2


@pytest.mark.parametrize("media", ["application/json", "text/plain"])
@pytest.mark.parametrize("headers", [{"content-encoding": "gzip"}, {}], ids=["said", "unsaid"])
def test_gzip_that_an_http_api_took_for_text_is_refused_with_a_type_that_works(
    media: str, headers: dict[str, str], cloud: Cloud, context: Context
):
    answer = collector.handler(of_http_api(PACKED, media, **headers), context)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "gzip_as_text")
    assert "application/x-ndjson" in answer["body"]
    assert cloud.lines() == []


def test_gzip_that_was_taken_for_latin_1_is_refused_the_same_way(cloud: Cloud, context: Context):
    answer = collector.handler(http(PACKED.decode("latin-1")), context)
    assert json.loads(answer["body"])["code"] == "gzip_as_text"


@pytest.mark.skipif(shutil.which("node") is None, reason="the function of the edge runs in Node here")
@pytest.mark.parametrize(
    ("encoding", "media", "sent_on"),
    [
        ("gzip", "application/json", "application/octet-stream"),
        (" X-Gzip ", "text/plain", "application/octet-stream"),
        ("gzip", None, "application/octet-stream"),
        (None, "application/json", "application/json"),
        ("identity", "application/json", "application/json"),
    ],
)
def test_the_edge_names_a_packed_body_so_that_it_comes_whole(
    encoding: str | None, media: str | None, sent_on: str, cloud: Cloud, context: Context
):
    given = {"content-encoding": encoding, "content-type": media}
    event = {"request": {"headers": {name: {"value": value} for name, value in given.items() if value is not None}}}
    source = (ROOT / "infra_cdk/edge/packed_bodies.js").read_text(encoding="utf-8")
    program = f"{source}\nconsole.log(JSON.stringify(handler({json.dumps(event)})))"
    answer = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True).stdout
    headers = {name: found["value"] for name, found in json.loads(answer)["headers"].items()}
    assert headers["content-type"] == sent_on
    if sent_on == "application/octet-stream":
        assert collector.handler(of_http_api(PACKED, sent_on, **headers), context)["statusCode"] == 202


def test_the_sender_has_the_address_that_the_gateway_saw():
    of_http, of_rest = http("{}"), rest("{}")
    of_http["requestContext"]["http"]["sourceIp"] = "192.0.2.1"
    of_rest["requestContext"] = {"identity": {"sourceIp": "192.0.2.2"}}
    assert [request_from(event).address for event in (of_http, of_rest)] == ["192.0.2.1", "192.0.2.2"]
    assert [request_from(event).address for event in (http("{}"), rest("{}"))] == ["", ""]


def test_the_name_of_a_stage_is_no_part_of_the_path(cloud: Cloud, context: Context):
    answer = collector.handler(http(json.dumps(view("e1")), path="/prod/v1/events", stage="prod"), context)
    assert answer["statusCode"] == 202


def test_a_wrong_key_is_refused_and_nothing_is_stored(cloud: Cloud, context: Context):
    event = http(json.dumps(view("e1")))
    event["headers"]["authorization"] = "Bearer tk_wrong"
    assert collector.handler(event, context)["statusCode"] == 401
    assert cloud.lines() == []


def test_what_is_refused_goes_to_the_quarantine_by_the_same_stream(cloud: Cloud, context: Context):
    answer = collector.handler(rest(json.dumps([view("e1"), {"event_type": "nonsense"}])), context)
    assert answer["statusCode"] == 202
    kinds = sorted(next(iter(json.loads(line))) for line in cloud.lines())
    assert kinds == ["event_id", "record"]


def test_a_lost_stream_answers_503_acknowledges_nothing_and_tells_why_to_the_log_alone(
    cloud: Cloud, context: Context, caplog: pytest.LogCaptureFixture
):
    cloud.kinesis.delete_stream(StreamName="events")
    answer = collector.handler(rest(json.dumps(view("e1"))), context)
    assert answer["statusCode"] == 503
    assert "retry-after" in answer["headers"]
    assert json.loads(answer["body"])["message"] == "The stream did not answer. Nothing was stored; send it again."
    (record,) = [record for record in caplog.records if record.message == "A request was answered 503"]
    assert "ResourceNotFoundException" in vars(record)["reason"]


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_counts_are_reported_together_where_each_line_would_cost(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    at = [100.0]
    reports = CountReports(60, clock=lambda: at[0])
    monkeypatch.setattr(collector, "reports", lambda: reports)
    for second, events in ((100, 1), (101, 2), (159, 3), (160, 4)):
        at[0] = second
        collector.handler(rest(json.dumps([view(f"e{second}-{number}") for number in range(events)])), context)
    received = [metrics_of(line).get("Received") for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert received == [1, 9]


def test_counts_are_written_in_the_embedded_metric_format(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
):
    collector.handler(rest(json.dumps([view("e1"), view("e1"), {"event_type": "nonsense"}])), context)
    assert metrics_of(capsys.readouterr().out) == {"Received": 3, "Accepted": 1, "Duplicates": 1, "Quarantined": 1}


def test_a_request_that_is_well_writes_its_metrics_and_nothing_else(
    cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    for body in (view("e1"), [view("e2"), view("e2"), {}]):
        assert collector.handler(http(json.dumps(body)), context)["statusCode"] == 202
    written = capsys.readouterr()
    assert ['"_aws"' in line for line in written.out.splitlines()] == [True, True]
    assert max(map(len, written.out.splitlines())) < 420  # bytes, which every request pays for
    ours = [record for record in caplog.records if not record.name.startswith("botocore")]  # once a process
    assert (written.err, ours) == ("", [])


def test_no_handler_logs_a_write_key_even_where_events_are_to_be_logged(
    cloud: Cloud,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    from pipeline.handlers.observed import logger, observed

    caplog.set_level("DEBUG")
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    handler = observed(inspect.unwrap(collector.handler))
    for secret, status in ((SECRET, 202), ("tk_wrong", 401)):
        event = http(json.dumps(view("e1")))
        event["headers"]["authorization"] = f"Bearer {secret}"
        assert handler(event | {"queryStringParameters": {"key": secret}}, context)["statusCode"] == status
        event["requestContext"] = {}
        with pytest.warns(match="No application metrics"), pytest.raises(KeyError):  # what API Gateway never sends
            handler(event, context)
    captured = capsys.readouterr()
    written = captured.out + captured.err + caplog.text
    assert SECRET not in written
    assert "tk_wrong" not in written


def test_a_page_of_the_shop_may_read_the_answer(cloud: Cloud, context: Context):
    answer = collector.handler(rest(json.dumps(view("e1")), Origin="https://shop.example"), context)
    assert answer["headers"]["access-control-allow-origin"] == "https://shop.example"


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({}, "TAKINGS_STREAM"),
        ({"TAKINGS_STREAM": "s", "TAKINGS_RETENTION_DAYS": "-1"}, "TAKINGS_RETENTION_DAYS"),
        ({"TAKINGS_STREAM": "s", "TAKINGS_FRACTIONAL_QUANTITIES": "yes"}, "TAKINGS_FRACTIONAL_QUANTITIES"),
        ({"TAKINGS_STREAM": "s", "TAKINGS_LARGEST_AMOUNT": "1e9"}, "TAKINGS_LARGEST_AMOUNT"),
        ({"TAKINGS_STREAM": "s", "TAKINGS_REPORTING_CURRENCY": "euro"}, "TAKINGS_REPORTING_CURRENCY"),
        ({"TAKINGS_STREAM": "s", "TAKINGS_WRITE_KEYS": '[{"id": 1}]'}, "TAKINGS_WRITE_KEYS"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(values: dict[str, str], where: str):
    with pytest.raises(SettingsError, match=where):
        read(values)


def test_a_handler_is_logged_and_measured(
    context: Context,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    from pipeline.handlers.observed import logger, metrics, observed

    @observed
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        logger.info("seen")
        metrics.add_metric("Seen", "Count", 1)
        return event

    assert handler({"a": 1}, context) == {"a": 1}
    assert metrics_of(capsys.readouterr().out) == {"Seen": 1}
    assert [record.message for record in caplog.records] == ["seen"]


def test_a_visitor_who_identified_himself_is_the_customer_for_another_lambda_too(cloud: Cloud, context: Context):
    identify = {"type": "identify", "anonymousId": "device-1", "userId": "c1"}
    view = {"event": "Product Viewed", "anonymousId": "device-1", "properties": {"product_id": "p1"}}
    assert collector.handler(http(json.dumps(identify), path="/v1/identify"), context)["statusCode"] == 200
    collector.collector.cache_clear()
    assert collector.handler(http(json.dumps(view), path="/v1/track"), context)["statusCode"] == 200
    assert [json.loads(line)["customer_id"] for line in cloud.lines()] == ["c1"]
