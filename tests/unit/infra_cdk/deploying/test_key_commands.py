"""The keys of a deployment by its command line: made to send or to read, listed, rotated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra_cdk.deploying import __main__ as command
from pipeline.collecting.keys import digest_of
from tests.support.deployments import REGION, Boto3Clients, situation

SECRET = "takings-dev-write-keys"  # noqa: S105 - its name


@pytest.fixture(autouse=True)
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with mock_aws():
        here = situation(tmp_path, Boto3Clients(), "dev")
        monkeypatch.setattr(command, "situation", lambda *_: here)
        boto3.client("secretsmanager", region_name=REGION).create_secret(Name=SECRET, SecretString="[]")
        yield


def stored() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        boto3.client("secretsmanager", region_name=REGION).get_secret_value(SecretId=SECRET)["SecretString"]
    )
    return found


def test_a_key_that_reads_is_made_shown_once_and_listed_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["keys", "create", "web-shop", "--read"]) == 0
    shown = capsys.readouterr().out.strip()
    assert [(key["source"], key["purpose"], key["digest"]) for key in stored()] == [
        ("web-shop", "read", digest_of(shown))
    ]
    assert command.main(["keys", "list"]) == 0
    assert "web-shop, reads recommendations" in capsys.readouterr().out


def test_a_key_that_reads_and_one_that_sends_are_rotated_on_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["keys", "create", "web-shop"])
    command.main(["keys", "create", "web-shop", "--read"])
    assert command.main(["keys", "rotate", "web-shop", "--read"]) == 0
    assert capsys.readouterr().err == ""
    assert sorted((key.get("purpose", "write"), bool(key.get("expires_at"))) for key in stored()) == [
        ("read", False),
        ("read", True),
        ("write", False),
    ]
