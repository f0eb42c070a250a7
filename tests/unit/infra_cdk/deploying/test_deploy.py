"""A deployment says the bill, asks, lets CDK deploy, and ends with a key and one event from end to end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from catalogue.clock import utc_now
from catalogue.errors import SourceError
from infra_cdk.deploying import bill, cdk_command, finishing, first_event, write_keys
from infra_cdk.deploying.deploy import deploy
from infra_cdk.deploying.first_event import FirstEvent
from infra_cdk.deploying.situation import Situation
from pipeline.collecting.keys import digest_of
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.streams import Batch
from tests.support.deployments import ACCOUNT, REGION, Boto3Clients, SaidScreen, StackDouble, situation
from tests.support.live_lines import event

MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:takings-dev-lake-jobs"


class Sent:
    """What was sent and with which key; the collector knows the keys of the secret at that moment."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.known: list[list[str]] = []

    def __call__(self, _address: str, key: str, _event: FirstEvent, _progress: Callable[[str], None]) -> None:
        self.keys.append(key)
        self.known.append([found["source"] for found in stored_keys() if found["digest"] == digest_of(key)])


def stored_keys() -> list[dict[str, Any]]:
    """The secret's content."""
    secret = boto3.client("secretsmanager", region_name=REGION).get_secret_value(SecretId="takings-dev-write-keys")
    keys: list[dict[str, Any]] = json.loads(secret["SecretString"])
    return keys


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Sends to nobody."""
    made = Sent()
    monkeypatch.setattr(first_event, "send", made)
    monkeypatch.setattr(first_event, "see", lambda *_: 4.0)
    return made


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Situation]:
    """An installation whose stacks are there."""
    program = tmp_path / "cdk"
    program.touch()
    monkeypatch.setattr(cdk_command, "PROGRAM", program)
    monkeypatch.setattr(cdk_command, "own_node", lambda: tmp_path)
    outputs = {
        "CollectorAddress": "https://events.test",
        "ConsoleEnvironment": "TAKINGS_PROFILE=aws\nAWS_REGION=eu-central-1",
        "ConsoleReaderRole": "arn:aws:iam::1:role/reader",
        "WebAclArn": "arn:aws:wafv2:us-east-1:1:global/webacl/edge/1",
    }
    with mock_aws():
        boto3.client("secretsmanager", region_name=REGION).create_secret(
            Name="takings-dev-write-keys", SecretString="[]"
        )
        yield situation(
            tmp_path, Boto3Clients(StackDouble({"takings-dev-global": [], "takings-dev-ingest": []}, outputs=outputs))
        )


def test_the_question_comes_after_the_bill_and_no_changes_nothing(here: Situation) -> None:
    spoken, ran = SaidScreen(answer=False), []
    assert deploy(here, spoken.screen, lambda arguments: ran.append(arguments) or 0) == 1
    assert ran == []
    assert spoken.asked == [f"Deploy takings-dev to account {ACCOUNT}?"]
    assert spoken.said[0].startswith("A month of takings-dev will cost about $")
    assert spoken.said[-1] == "Nothing was changed."


def test_cdk_deploys_every_stack_without_asking_again(here: Situation, sent: Sent) -> None:
    ran: list[list[str]] = []
    assert deploy(here, SaidScreen().screen, lambda arguments: ran.append(arguments) or 0) == 0
    first, arguments = ran
    assert {"takings-dev-global", "--exclusively"} <= set(first)
    options = dict(pairwise(arguments))
    assert dict(pairwise(first))["--app"].endswith("infra_cdk/app.py")
    assert options["--app"] == dict(pairwise(first))["--output"]  # the templates are made once
    assert options["--parameters"] == "takings-dev-edge:WebAclArn=arn:aws:wafv2:us-east-1:1:global/webacl/edge/1"
    assert arguments[2:4] == ["deploy", "--app"]
    assert options["--require-approval"] == "never"
    assert f"config={here.path}" in arguments
    assert "tier=dev" in arguments
    assert "--all" in arguments
    assert "--no-version-reporting" in arguments


def test_a_deployment_that_fails_says_what_is_there_and_sends_nothing(here: Situation, sent: Sent) -> None:
    spoken = SaidScreen()
    assert deploy(here, spoken.screen, lambda _: 7) == 7
    assert "CDK ended with 7" in spoken.said[-1]
    assert "takings-dev-ingest CREATE_COMPLETE" in spoken.said[-1]
    assert sent.keys == []


def test_the_first_key_is_shown_once_and_stored_as_a_digest(here: Situation, sent: Sent) -> None:
    spoken = SaidScreen()
    deploy(here, spoken.screen, lambda _: 0)
    [key] = sent.keys
    assert [line for line in spoken.said if key in line] == [
        f"Write key of the source 'first', shown this once and stored nowhere: {key}"
    ]
    assert [(found["source"], found["digest"]) for found in stored_keys()] == [("first", digest_of(key))]
    assert sent.known == [["first"]]
    assert spoken.said[-6:] == [
        "The live table has it, 4 seconds later.",
        "Collector: https://events.test/v1/events",
        "Recommendations: https://events.test/v1/recommendations; docs/deploy.md has how they begin.",
        "Console: on your own machine, with the role arn:aws:iam::1:role/reader and this environment:",
        "  TAKINGS_PROFILE=aws",
        "  AWS_REGION=eu-central-1",
    ]


def test_a_key_that_only_reads_is_not_the_first_key_to_send_with(here: Situation, sent: Sent) -> None:
    with write_keys.opened(here.clients, here.installation) as keys:
        keys.create("web-shop", purpose="read")
    deploy(here, SaidScreen().screen, lambda _: 0)
    assert [(found["source"], found.get("purpose", "write")) for found in stored_keys()] == [
        ("web-shop", "read"),
        ("first", "write"),
    ]


def test_a_later_deployment_tries_the_way_with_a_key_that_ends_with_it(here: Situation, sent: Sent) -> None:
    deploy(here, SaidScreen().screen, lambda _: 0)
    spoken = SaidScreen()
    deploy(here, spoken.screen, lambda _: 0)
    assert sent.known == [["first"], ["deployment-check"]]
    assert [found["source"] for found in stored_keys()] == ["first"]
    assert not any(sent.keys[1] in line for line in spoken.said)


def test_a_key_of_a_check_that_failed_ends_too(here: Situation, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy(here, SaidScreen().screen, lambda _: 0)

    def refuse(*_: object) -> None:
        raise SourceError("The first event was not accepted")

    monkeypatch.setattr(first_event, "send", refuse)
    with pytest.raises(SourceError):
        deploy(here, SaidScreen().screen, lambda _: 0)
    assert [found["source"] for found in stored_keys()] == ["first"]


def test_the_canary_gets_a_key_that_the_collector_knows_and_keeps_it(here: Situation, sent: Sent) -> None:
    secrets = here.clients.client("secretsmanager")
    secrets.create_secret(Name="takings-dev-canary-key", SecretString="what the stack made up")
    for _ in range(2):
        deploy(here, SaidScreen().screen, lambda _: 0)
        value = secrets.get_secret_value(SecretId="takings-dev-canary-key")["SecretString"]
        assert [found["digest"] for found in stored_keys() if found["source"] == "canary"] == [digest_of(value)]
    assert sent.known == [["first"], ["deployment-check"]]


def test_live_is_read_as_the_recommender_reads_it(here: Situation) -> None:
    dynamodb = here.clients.client("dynamodb")
    dynamodb.create_table(
        TableName="takings-dev-live",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    assert not finishing._is_in_live(here, "c1")
    now = utc_now()
    written = DynamoDbLiveStore(dynamodb, "takings-dev-live", "USD").apply(
        Batch([event("e1", at=now, received=now)], "1"), after=None
    )
    assert written
    assert finishing._is_in_live(here, "c1")
    assert not finishing._is_in_live(here, "c2")


def test_curation_is_started_once_in_its_life(here: Situation) -> None:
    states = here.clients.client("stepfunctions")
    role = "arn:aws:iam::111122223333:role/turns"
    machine = states.create_state_machine(name="takings-dev-lake-jobs", definition="{}", roleArn=role)
    arn, spoken = machine["stateMachineArn"], SaidScreen()
    for _ in range(2):
        finishing._start_first_curation(here, spoken.screen, arn)
    [execution] = states.list_executions(stateMachineArn=arn)["executions"]
    asked = states.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(asked["input"]) == {"job": "curate"}
    assert spoken.said == ["The first curation runs now; pages have its tables in some minutes."]


def test_keys_that_somebody_else_changed_meanwhile_are_not_written_over(here: Situation) -> None:
    secrets = here.clients.client("secretsmanager")
    changing = pytest.raises(SourceError, match="Somebody else changed the keys")
    with changing, write_keys.opened(here.clients, here.installation) as keys:
        keys.create("mine")
        secrets.put_secret_value(SecretId="takings-dev-write-keys", SecretString="[] ")
    assert secrets.get_secret_value(SecretId="takings-dev-write-keys")["SecretString"] == "[] "


@pytest.mark.parametrize("tier", ["dev", "startup", "scale"])
def test_the_lines_of_the_bill_add_up_to_its_total_in_whole_dollars(tmp_path: Path, tier: str) -> None:
    installation = situation(tmp_path, None, tier).installation
    month, lines = bill.estimated(installation), list(bill.lines(installation))
    assert f"about ${bill.whole(month.monthly_usd)}," in lines[0]
    amounts = [
        int(line.split()[0].replace(",", "")) for line in lines[1:] if line.split()[0].replace(",", "").isdigit()
    ]
    assert abs(sum(amounts) - month.monthly_usd) < Decimal(len(amounts)) / 2 + 1
    assert "Not in it: tax, support, discounts" in lines[-1]
