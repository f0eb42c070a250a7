"""Stacks deleted one after the other, the last one made first. AWS takes its time: nothing here gives up on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalogue.errors import SourceError
from console.aws.failures import translate_errors
from infra_cdk.deploying.clients import Clients
from infra_cdk.deploying.kept import Progress
from infra_cdk.deploying.stacks import Stack, one_stack
from infra_cdk.installation import Installation

POLL_SECONDS = 5.0
ATTEMPTS = 6  # of one stack, where each fails on the same resources
PAUSE_SECONDS = 60.0  # between attempts: network interfaces of functions are let go within the hour
FAILED = "DELETE_FAILED"


@dataclass
class Teardown:
    """Deletes stacks.

    Parameters
    ----------
    report : is given a line for every resource that is deleted or refuses
    """

    clients: Clients
    installation: Installation
    report: Progress
    sleep: Callable[[float], None] = time.sleep
    _shown: set[str] = field(default_factory=set)

    def delete(self, stacks: Sequence[Stack]) -> None:
        """Delete stacks, last one first; those that are deleted already are none the worse.

        Raises
        ------
        SourceError
            A stack cannot be deleted; names the resources that refuse. The same call goes on from there.
        """
        for stack in reversed(stacks):
            self._delete(stack)

    def _delete(self, stack: Stack) -> None:
        client = self.clients.client("cloudformation", stack.region)
        refusing: frozenset[str] = frozenset()
        attempts = 0
        while True:
            self._shown |= {event["EventId"] for event in self._events(client, stack)}
            with translate_errors("CloudFormation", stack.name, action="cloudformation:DeleteStack"):
                client.delete_stack(StackName=stack.arn)
            self.report(f"{stack.name}: deleting")
            if self._ended(client, stack) is None:
                self.report(f"{stack.name}: deleted")
                return
            left = frozenset(self._refusing(client, stack))
            attempts = attempts + 1 if left == refusing else 1
            refusing = left
            if attempts >= ATTEMPTS:
                raise SourceError(
                    f"The stack cannot be deleted: {'; '.join(sorted(left)) or 'no reason given'}",
                    where=f"{stack.name} in {stack.region}",
                    remedy="Delete what is named by hand, or what uses it, then `make destroy` again.",
                )
            self.report(f"{stack.name}: trying again in {PAUSE_SECONDS:.0f} s; refused {'; '.join(sorted(left))}")
            self.sleep(PAUSE_SECONDS)

    def _ended(self, client: Any, stack: Stack) -> Stack | None:
        """Wait for the end of a deletion, however long it takes; None where the stack is gone."""
        while True:
            now = one_stack(self.clients, self.installation, stack)
            for event in reversed(list(self._new(client, stack))):
                self.report(_line(stack, event))
            if now is None or not now.status.endswith("_IN_PROGRESS"):
                return now
            self.sleep(POLL_SECONDS)

    def _new(self, client: Any, stack: Stack) -> Iterator[dict[str, Any]]:
        for event in self._events(client, stack):
            if event["EventId"] in self._shown:
                return
            self._shown.add(event["EventId"])
            yield event

    def _events(self, client: Any, stack: Stack) -> list[dict[str, Any]]:
        """The newest hundred or so events, newest first."""
        with translate_errors("CloudFormation", stack.name, action="cloudformation:DescribeStackEvents"):
            found: list[dict[str, Any]] = client.describe_stack_events(StackName=stack.arn)["StackEvents"]
            return found

    def _refusing(self, client: Any, stack: Stack) -> Iterator[str]:
        """Resources that could not be deleted, with the reason."""
        with translate_errors("CloudFormation", stack.name, action="cloudformation:DescribeStackResources"):
            resources = client.describe_stack_resources(StackName=stack.arn)["StackResources"]
        for resource in resources:
            if resource["ResourceStatus"] == FAILED:
                name = resource.get("PhysicalResourceId") or resource["LogicalResourceId"]
                yield f"{resource['ResourceType']} {name}: {resource.get('ResourceStatusReason', 'no reason given')}"


def _line(stack: Stack, event: dict[str, Any]) -> str:
    reason = f" ({event['ResourceStatusReason']})" if event.get("ResourceStatusReason") else ""
    return f"{stack.name}: {event['ResourceStatus']} {event['ResourceType']} {event['LogicalResourceId']}{reason}"
