"""What no stack does: the first write key, the canary's, the first curation, one event from end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from catalogue.errors import QueryFailed, SourceError
from console.aws.failures import error_code, translate_errors
from infra_cdk.deploying import first_event, write_keys
from infra_cdk.deploying.screen import Screen
from infra_cdk.deploying.situation import Situation
from infra_cdk.deploying.stacks import Stack
from pipeline.collecting.keys import digest_of
from pipeline.live.dynamodb import DynamoDbLiveStore

FIRST, CHECK, CANARY = "first", "deployment-check", "canary"  # sources of write keys
CANARY_KEY = "canary-key"  # last word of the name of its secret
COLLECTOR_ADDRESS, LAKE_JOBS = "CollectorAddress", "LakeJobs"
CONSOLE_ADDRESS, CONSOLE_ENVIRONMENT, READER_ROLE = "ConsoleAddress", "ConsoleEnvironment", "ConsoleReaderRole"
"""Outputs of stacks."""


def finish(situation: Situation, screen: Screen, stacks: Sequence[Stack]) -> None:
    """Do it, and say where everything is. Done again, it makes no second key that stays and starts no second curation.

    Raises
    ------
    SourceError
        AWS or the collector did not answer.
    """
    outputs = {name: value for stack in stacks for name, value in stack.outputs.items()}
    if COLLECTOR_ADDRESS not in outputs:
        raise SourceError(
            f"No stack has the output {COLLECTOR_ADDRESS}", where=situation.installation.prefix, remedy="Deploy again."
        )
    _give_canary_its_key(situation)
    with _sending_key(situation, screen) as key:
        event = first_event.made()
        first_event.send(outputs[COLLECTOR_ADDRESS], key, event, screen.progress)
        screen.say(f"The collector accepted the event {event.event_id}.")
        seconds = first_event.see(lambda customer: _is_in_live(situation, customer), event, screen.progress)
        screen.say(f"The live table has it, {seconds:.0f} seconds later.")
    if LAKE_JOBS in outputs:
        _start_first_curation(situation, screen, outputs[LAKE_JOBS])
    screen.say(f"Collector: {outputs[COLLECTOR_ADDRESS]}{first_event.PATH}")
    if CONSOLE_ADDRESS in outputs:
        screen.say(f"Console: {outputs[CONSOLE_ADDRESS]}; docs/deploy.md says how readers are invited.")
    elif CONSOLE_ENVIRONMENT in outputs:
        screen.say(f"Console: on your own machine, with the role {outputs.get(READER_ROLE, '')} and this environment:")
        for line in outputs[CONSOLE_ENVIRONMENT].split("\n"):
            screen.say(f"  {line}")


@contextmanager
def _sending_key(situation: Situation, screen: Screen) -> Iterator[str]:
    """A key to send with: the installation's first one, which stays; later on one that ends with the check."""
    with write_keys.opened(situation.clients, situation.installation) as keys:
        is_first = all(key.source in (CHECK, CANARY) for key in keys.all())
        key, secret = keys.create(FIRST if is_first else CHECK)
    if is_first:
        screen.say(f"Write key of the source {FIRST!r}, shown this once and stored nowhere: {secret}")
    try:
        yield secret
    finally:
        if not is_first:
            with write_keys.opened(situation.clients, situation.installation) as keys:
                keys.revoke(key.id)


def _give_canary_its_key(situation: Situation) -> None:
    """Make the canary's secret one of the write keys; a canary that has one keeps it."""
    client, name = situation.clients.client("secretsmanager"), situation.installation.name(CANARY_KEY)
    try:
        with translate_errors("Secrets Manager", name, action="secretsmanager:GetSecretValue"):
            digest = digest_of(client.get_secret_value(SecretId=name)["SecretString"])
    except QueryFailed as error:
        if error_code(error) == "ResourceNotFoundException":
            return
        raise
    with write_keys.opened(situation.clients, situation.installation) as keys:
        its_own = [key for key in keys.all() if key.source == CANARY]
        if any(key.digest == digest for key in its_own):
            return
        for key in its_own:
            keys.revoke(key.id)
        _, secret = keys.create(CANARY)
    with translate_errors("Secrets Manager", name, action="secretsmanager:PutSecretValue"):
        client.put_secret_value(SecretId=name, SecretString=secret)


def _is_in_live(situation: Situation, customer: str) -> bool:
    """Whether the live table knows a customer, read as the console and the recommender read it."""
    client = situation.clients.client("dynamodb")
    table, currency = situation.installation.name("live"), situation.configuration.lake.reporting_currency
    return bool(DynamoDbLiveStore(client, table, currency).recent_items(customer))


def _start_first_curation(situation: Situation, screen: Screen, machine: str) -> None:
    """Start curation if no job of the lake ever ran: pages need its tables, and the schedule may be a day away."""
    states = situation.clients.client("stepfunctions")
    with translate_errors("Step Functions", machine, action="states:ListExecutions"):
        before = states.list_executions(stateMachineArn=machine, maxResults=1)["executions"]
    if not before:
        with translate_errors("Step Functions", machine, action="states:StartExecution"):
            states.start_execution(stateMachineArn=machine, input=json.dumps({"job": "curate"}))
        screen.say("The first curation runs now; pages have its tables in some minutes.")
