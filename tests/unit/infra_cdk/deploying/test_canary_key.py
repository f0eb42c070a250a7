"""The canary gets a key that the collector knows, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from infra_cdk import installation
from infra_cdk.deploying import canary_key
from infra_cdk.installation import Installation
from pipeline.collecting.keys import digest_of
from tests.support.deployments import Boto3Clients

DEV = installation.load("dev")
KEYS, CANARY = "takings-dev-write-keys", "takings-dev-canary-key"


@pytest.fixture
def secrets() -> Iterator[Any]:
    """Secrets Manager with the collector's write keys, of which there are none."""
    with mock_aws():
        client = Boto3Clients().client("secretsmanager")
        client.create_secret(Name=KEYS, SecretString="[]")
        yield client


def content(secrets: Any, name: str) -> str:
    return str(secrets.get_secret_value(SecretId=name)["SecretString"])


def known(secrets: Any) -> list[tuple[str, str]]:
    """Source and digest of the collector's keys."""
    return [(key["source"], key["digest"]) for key in json.loads(content(secrets, KEYS))]


def given(chosen: Installation = DEV) -> bool:
    return canary_key.give(Boto3Clients(), chosen)


def test_the_canarys_secret_becomes_a_key_that_the_collector_knows_and_stays_it(secrets: Any) -> None:
    secrets.create_secret(Name=CANARY, SecretString="made by CloudFormation")
    assert given()
    assert known(secrets) == [("canary", digest_of(content(secrets, CANARY)))]
    before = content(secrets, CANARY)
    assert not given()
    assert content(secrets, CANARY) == before


def test_a_key_that_was_lost_is_replaced_and_the_old_one_ends(secrets: Any) -> None:
    secrets.create_secret(Name=CANARY, SecretString="made by CloudFormation")
    given()
    secrets.put_secret_value(SecretId=CANARY, SecretString="made again")
    assert given()
    assert known(secrets) == [("canary", digest_of(content(secrets, CANARY)))]


def test_without_a_canary_no_key_is_made(secrets: Any) -> None:
    assert not given()
    assert known(secrets) == []
