"""The canary asks the collector as a sender does, and its event is in no count."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest

from catalogue.errors import SettingsError
from console.aws.runners import actions_of_runner
from pipeline.handlers import canary, collector
from tests.handlers.conftest import SECRET, Cloud, Context, client
from tests.handlers.test_collector_handler import http
from tests.support.iam import Recorder


class Edge(ThreadingHTTPServer):
    """In place of CloudFront and API Gateway: hands each request to the collector's handler."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.context = Context()
        self.broken = ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Request(BaseHTTPRequestHandler):
    server: Edge

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        path, _, query = self.path.partition("?")
        payload = http(body, path=path)
        payload["headers"] = dict(self.headers.items())
        payload["queryStringParameters"] = dict(part.split("=") for part in query.split("&"))
        answer: dict[str, Any] = {"statusCode": 502, "body": self.server.broken}
        if not self.server.broken:
            answer = collector.handler(payload, self.server.context)  # type: ignore[arg-type]
        self.send_response(answer["statusCode"])
        self.end_headers()
        self.wfile.write(answer["body"].encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


@pytest.fixture
def edge(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edge]:
    secret = client("secretsmanager").create_secret(Name="canary-key", SecretString=SECRET)
    monkeypatch.setenv("TAKINGS_CANARY_KEY_ARN", secret["ARN"])
    canary.key.cache_clear()
    with Edge() as server:
        monkeypatch.setenv("TAKINGS_COLLECTOR_ADDRESS", server.address)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return next(line for line in lines if "CanaryFailures" in line)


def test_its_event_is_checked_as_any_other_and_kept_nowhere(
    edge: Edge, cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
):
    assert canary.handler({}, context) == {"failure": ""}  # type: ignore[arg-type]
    figures = measured(capsys)
    assert figures["CanaryFailures"] == [0.0]
    assert figures["CanaryMilliseconds"][0] >= 0
    assert cloud.lines() == []
    assert collector.collector().counts() == {"http_200": 1}


def test_a_refused_key_is_a_failure_and_is_read_again(
    edge: Edge, context: Context, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    client("secretsmanager").put_secret_value(SecretId="canary-key", SecretString="tk_ended")
    assert canary.handler({}, context)["failure"].startswith('Answered 401: {"code":"unauthorized"')  # type: ignore[arg-type]
    assert measured(capsys)["CanaryFailures"] == [1.0]
    monkeypatch.setattr(canary.key(), "_tried_at", float("-inf"))  # minutes later
    client("secretsmanager").put_secret_value(SecretId="canary-key", SecretString=SECRET)
    assert canary.handler({}, context) == {"failure": ""}  # type: ignore[arg-type]


def test_a_key_that_was_written_with_a_newline_is_the_key(edge: Edge, context: Context):
    client("secretsmanager").put_secret_value(SecretId="canary-key", SecretString=f"{SECRET}\n")
    assert canary.handler({}, context) == {"failure": ""}  # type: ignore[arg-type]


def test_an_answer_of_somebody_else_and_none_at_all_are_failures(edge: Edge, context: Context):
    edge.broken = "<html>Bad gateway"
    assert canary.handler({}, context) == {"failure": "Answered 502: <html>Bad gateway"}  # type: ignore[arg-type]
    edge.shutdown()
    edge.server_close()
    assert canary.handler({}, context)["failure"].startswith("No answer: ConnectionRefused")  # type: ignore[arg-type]


def test_a_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TAKINGS_COLLECTOR_ADDRESS", raising=False)
    with pytest.raises(SettingsError) as refused:
        canary.setting("TAKINGS_COLLECTOR_ADDRESS")
    assert refused.value.where == "TAKINGS_COLLECTOR_ADDRESS"


def test_it_calls_what_its_role_allows(edge: Edge, sampled: None, recorded_actions: Recorder, context: Context):
    edge.broken = "the collector's own calls are not the canary's"
    boto3.setup_default_session()
    canary.handler({}, context)  # type: ignore[arg-type]
    boto3.setup_default_session()
    assert recorded_actions.made == actions_of_runner("pipeline.handlers.canary")
