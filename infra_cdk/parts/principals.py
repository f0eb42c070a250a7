"""Services that act on behalf of this account alone."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

NAME_THEIR_ACCOUNT = ("cloudwatch", "config", "ecs-tasks", "scheduler", "states", "vpc-flow-logs")
"""Services that say for which account they take a role, publish or use a key.

EventBridge does not where it publishes to a topic: a condition would refuse it. Source: the guide of each service,
confused deputy prevention; for EventBridge the SNS developer guide, compatibility with encrypted topics, and the
EventBridge user guide, resource-based policies, Amazon SNS.
"""


def service_of_account(stack: cdk.Stack, service: str) -> iam.ServicePrincipal:
    """A service of `NAME_THEIR_ACCOUNT`, which no other account can let act here."""
    if service not in NAME_THEIR_ACCOUNT:
        raise ValueError(f"{service} does not name its account: use iam.ServicePrincipal")
    return iam.ServicePrincipal(
        f"{service}.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
    )
