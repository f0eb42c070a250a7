"""Services that take a role only on behalf of this account."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

NAME_THEIR_ACCOUNT = ("config", "ecs-tasks", "scheduler", "states", "vpc-flow-logs")
"""Services that say for which account they take a role. Source: the guide of each, confused deputy prevention."""


def service_of_account(stack: cdk.Stack, service: str) -> iam.ServicePrincipal:
    """A service of `NAME_THEIR_ACCOUNT`, which no other account can let use the role."""
    if service not in NAME_THEIR_ACCOUNT:
        raise ValueError(f"{service} does not name its account: use iam.ServicePrincipal")
    return iam.ServicePrincipal(
        f"{service}.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
    )
