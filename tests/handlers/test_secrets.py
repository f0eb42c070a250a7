"""The secret header of the edge and the write keys of a secret: read again, never logged, and without them no entry."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import msgspec
import pytest

from catalogue.errors import SettingsError
from pipeline.collecting.keys import WriteKey, digest_of
from pipeline.handlers import collector, renewed_secret
from pipeline.handlers.clients import client
from pipeline.handlers.environment import read
from pipeline.handlers.renewed_secret import RenewedSecret
from tests.handlers.conftest import REGION, SECRET, Cloud, Context, metrics_of
from tests.handlers.test_collector_handler import http, rest, view

EDGE, OTHER = "edge-secret-0123456789", "edge-secret-9876543210"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the secrets."""
    found = Clock()
    defaults = RenewedSecret.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "clock", found)
    return found


@pytest.fixture
def manager(cloud: Cloud) -> Any:
    """Secrets Manager."""
    return boto3.client("secretsmanager", region_name=REGION)


def ask(context: Context, **headers: str) -> int:
    status: int = collector.handler(http(json.dumps(view("e1")), **headers), context)["statusCode"]  # type: ignore[arg-type]
    return status


@pytest.mark.parametrize("payload", [rest, http])
def test_what_did_not_come_through_the_edge_is_refused_before_anything_is_read(
    payload: Any,
    cloud: Cloud,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level("DEBUG")
    monkeypatch.setenv("TAKINGS_ORIGIN_SECRET", EDGE)
    for given in ({}, {"X-Takings-Origin": OTHER}, {"X-Takings-Origin": ""}, {"x-takings-origin": "é\udc80"}):
        answer = collector.handler(payload(json.dumps(view("e1")), **given), context)
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (403, "forbidden")
    assert cloud.lines() == []
    written = capsys.readouterr()
    assert metrics_of(written.out) == {"BypassedEdge": 4}
    answer = collector.handler(payload(json.dumps(view("e1")), **{"X-Takings-Origin": EDGE}), context)
    assert answer["statusCode"] == 202
    for secret in (EDGE, OTHER):
        assert secret not in written.out + written.err + caplog.text + capsys.readouterr().out


def test_health_and_a_payload_that_makes_no_sense_are_refused_as_well(
    cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TAKINGS_ORIGIN_SECRET", EDGE)
    for event in (http("", path="/healthz"), {"headers": None}, {}):
        assert collector.handler(event, context)["statusCode"] == 403  # type: ignore[arg-type]


def test_while_one_secret_takes_the_place_of_another_both_are_let_through(
    cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TAKINGS_ORIGIN_SECRET", f"{EDGE}, {OTHER}")
    given = (EDGE, OTHER, f"{EDGE}, {OTHER}", EDGE[:-1])
    assert [ask(context, **{"x-takings-origin": value}) for value in given] == [202, 202, 403, 403]


def test_a_rotation_of_the_edges_secret_needs_no_deploy(
    manager: Any, context: Context, monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    arn = manager.create_secret(Name="edge", SecretString=EDGE)["ARN"]
    monkeypatch.setenv("TAKINGS_ORIGIN_SECRET_ARN", arn)
    assert [ask(context, **{"x-takings-origin": value}) for value in (EDGE, OTHER)] == [202, 403]
    manager.put_secret_value(SecretId=arn, SecretString=f"{OTHER},{EDGE}")
    clock.seconds += 299
    assert ask(context, **{"x-takings-origin": OTHER}) == 403
    clock.seconds += 1
    assert [ask(context, **{"x-takings-origin": value}) for value in (EDGE, OTHER)] == [202, 202]


def test_a_secret_of_the_edge_that_was_never_read_lets_nobody_in(
    cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("TAKINGS_ORIGIN_SECRET_ARN", f"arn:aws:secretsmanager:{REGION}:123456789012:secret:gone-abcdef")
    assert ask(context, **{"x-takings-origin": EDGE}) == 503
    assert metrics_of(capsys.readouterr().out) == {"SecretNotRead": 1}
    assert cloud.lines() == []


def keys(*secrets: str) -> str:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    found = [WriteKey(id=f"k{n}", source="shop", digest=digest_of(s), created_at=made) for n, s in enumerate(secrets)]
    return msgspec.json.encode(found).decode()


def test_a_key_that_was_revoked_is_refused_within_a_minute(
    manager: Any, context: Context, monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    arn = manager.create_secret(Name="keys", SecretString=keys(SECRET))["ARN"]
    monkeypatch.delenv("TAKINGS_WRITE_KEYS")
    monkeypatch.setenv("TAKINGS_WRITE_KEYS_ARN", arn)
    assert ask(context) == 202
    manager.put_secret_value(SecretId=arn, SecretString=keys("tk_another"))
    assert ask(context) == 202
    clock.seconds += 60
    assert ask(context) == 401


@pytest.mark.parametrize("broken", ["lost", "no keys"])
def test_keys_that_cannot_be_read_again_stay_as_they_were_and_a_metric_tells(
    manager: Any,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    broken: str,
):
    arn = manager.create_secret(Name="keys", SecretString=keys(SECRET))["ARN"]
    monkeypatch.delenv("TAKINGS_WRITE_KEYS")
    monkeypatch.setenv("TAKINGS_WRITE_KEYS_ARN", arn)
    assert ask(context) == 202
    if broken == "lost":
        manager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    else:
        manager.put_secret_value(SecretId=arn, SecretString='[{"digest": "tk_oh-dear"}]')
    clock.seconds += 60
    capsys.readouterr()
    assert [ask(context), ask(context)] == [202, 202]
    written = capsys.readouterr().out
    assert metrics_of(written)["SecretNotRead"] == 1
    assert "tk_oh-dear" not in written


def test_keys_that_were_never_read_are_no_keys_but_a_request_that_may_come_again(
    cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("TAKINGS_WRITE_KEYS")
    monkeypatch.setenv("TAKINGS_WRITE_KEYS_ARN", f"arn:aws:secretsmanager:{REGION}:123456789012:secret:gone-abcdef")
    assert ask(context) == 503


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"TAKINGS_ORIGIN_SECRET": "short"}, "TAKINGS_ORIGIN_SECRET"),
        ({"TAKINGS_ORIGIN_SECRET": f"{EDGE},"}, "TAKINGS_ORIGIN_SECRET"),
        ({"TAKINGS_ORIGIN_SECRET": EDGE, "TAKINGS_ORIGIN_SECRET_ARN": "arn"}, "TAKINGS_ORIGIN_SECRET_ARN"),
        ({"TAKINGS_WRITE_KEYS": keys(SECRET), "TAKINGS_WRITE_KEYS_ARN": "arn"}, "TAKINGS_WRITE_KEYS_ARN"),
    ],
)
def test_a_secret_that_could_be_guessed_or_is_named_twice_is_refused_without_showing_it(
    values: dict[str, str], where: str
):
    with pytest.raises(SettingsError, match=where) as failure:
        read({"TAKINGS_STREAM": "s", **values})
    assert EDGE not in str(failure.value)
    assert "short" not in str(failure.value)


def test_settings_do_not_show_the_secret_of_the_edge():
    assert EDGE not in repr(read({"TAKINGS_STREAM": "s", "TAKINGS_ORIGIN_SECRET": EDGE}))


def test_a_client_of_secrets_waits_seconds_and_tries_twice(cloud: Cloud):
    config = client("secretsmanager", attempts=renewed_secret.ATTEMPTS, seconds=renewed_secret.SECONDS).meta.config
    assert (config.read_timeout, config.connect_timeout, config.retries["total_max_attempts"]) == (2.0, 2.0, 2)
