"""The stacks of an installation that exist: known by the beginning of their name and by their tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.aws.failures import translate_errors
from infra_cdk.deploying.clients import Clients
from infra_cdk.installation import Installation
from infra_cdk.tags import TAG_INSTALLATION, TAG_TIER

DELETED = "DELETE_COMPLETE"


@dataclass(frozen=True)
class Stack:
    """One stack.

    Attributes
    ----------
    part : the last word of its name, such as ``data``
    status : as CloudFormation names it
    reason : why it has that status, in CloudFormation's words
    protected : whether it refuses to be deleted
    outputs : by name
    """

    name: str
    part: str
    region: str
    arn: str
    status: str
    reason: str
    made_at: datetime
    protected: bool
    outputs: Mapping[str, str]


def tags_of(installation: Installation) -> dict[str, str]:
    """The tags that all of an installation has."""
    return {TAG_INSTALLATION: installation.configuration.installation.name, TAG_TIER: installation.tier.name}


def belongs(installation: Installation, tags: Iterable[Mapping[str, str]]) -> bool:
    """Whether tags, as AWS lists them (``Key``, ``Value``), say that something is the installation's."""
    given = {tag["Key"]: tag["Value"] for tag in tags}
    return tags_of(installation).items() <= given.items()


def stacks_of(clients: Clients, installation: Installation, regions: Iterable[str]) -> list[Stack]:
    """Its stacks, oldest first: what needs another one was made after it.

    Raises
    ------
    QueryFailed
        CloudFormation did not answer.
    """
    found = []
    for region in regions:
        client = clients.client("cloudformation", region)
        with translate_errors("CloudFormation", region, action="cloudformation:DescribeStacks"):
            for page in client.get_paginator("describe_stacks").paginate():
                found += [_stack(item, installation, region) for item in page["Stacks"] if _is_ours(item, installation)]
    return sorted(found, key=lambda stack: stack.made_at)


def one_stack(clients: Clients, installation: Installation, stack: Stack) -> Stack | None:
    """A stack as it is now; None once it is deleted."""
    client = clients.client("cloudformation", stack.region)
    with translate_errors("CloudFormation", stack.name, action="cloudformation:DescribeStacks"):
        item = client.describe_stacks(StackName=stack.arn)["Stacks"][0]  # by its ARN, deleted ones answer, too
    return None if item["StackStatus"] == DELETED else _stack(item, installation, stack.region)


def _is_ours(item: Mapping[str, Any], installation: Installation) -> bool:
    return (
        item["StackName"].startswith(f"{installation.prefix}-")
        and item["StackStatus"] != DELETED
        and belongs(installation, item.get("Tags", ()))
    )


def _stack(item: Mapping[str, Any], installation: Installation, region: str) -> Stack:
    return Stack(
        name=item["StackName"],
        part=item["StackName"].removeprefix(f"{installation.prefix}-"),
        region=region,
        arn=item["StackId"],
        status=item["StackStatus"],
        reason=item.get("StackStatusReason", ""),
        made_at=item["CreationTime"],
        protected=bool(item.get("EnableTerminationProtection")),
        outputs={output["OutputKey"]: output["OutputValue"] for output in item.get("Outputs", ())},
    )
