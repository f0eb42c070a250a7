"""What no stack does: the first write key, the canary's, the first curation, one event from end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from catalogue.errors import SourceError
from console.aws.failures import translate_errors
from infra_cdk.deploying import canary_key, first_event, write_keys
from infra_cdk.deploying.screen import Screen
from infra_cdk.deploying.situation import Situation
from infra_cdk.deploying.stacks import Stack
from infra_cdk.installation import COLLECTOR_ADDRESS, RECOMMENDATIONS
from pipeline.live.dynamodb import DynamoDbLiveStore

FIRST, CHECK = "first", "deployment-check"  # sources of write keys
LAKE_JOBS = "LakeJobs"
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
    if canary_key.give(situation.clients, situation.installation):
        screen.say("The canary has a write key of its own; it tries the collector every minute from now on.")
    with _sending_key(situation, screen) as key:
        event = first_event.made()
        first_event.send(outputs[COLLECTOR_ADDRESS], key, event, screen.progress)
        screen.say(f"The collector accepted the event {event.event_id}.")
        seconds = first_event.see(lambda customer: _is_in_live(situation, customer), event, screen.progress)
        screen.say(f"The live table has it, {seconds:.0f} seconds later.")
    if LAKE_JOBS in outputs:
        _start_first_curation(situation, screen, outputs[LAKE_JOBS])
    screen.say(f"Collector: {outputs[COLLECTOR_ADDRESS]}{first_event.PATH}")
    screen.say(f"Recommendations: {outputs[COLLECTOR_ADDRESS]}{RECOMMENDATIONS}; docs/deploy.md has how they begin.")
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
        is_first = all(key.source in (CHECK, canary_key.SOURCE) or key.purpose == "read" for key in keys.all())
        key, secret = keys.create(FIRST if is_first else CHECK)
    if is_first:
        screen.say(f"Write key of the source {FIRST!r}, shown this once and stored nowhere: {secret}")
    try:
        yield secret
    finally:
        if not is_first:
            with write_keys.opened(situation.clients, situation.installation) as keys:
                keys.revoke(key.id)


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
