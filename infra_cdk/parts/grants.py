"""Policies made of the rows of `console.aws.permissions` and `console.aws.runners`: no action more, none less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import aws_iam as iam

from console.aws import permissions
from console.aws.permissions import Need
from infra_cdk.rules.accepted import accept

Resources = Mapping[str, Sequence[str]]
"""ARNs by the words of `Need.resource`; none for what a tier does not have. Those with a wildcard are plain text."""

EVERYTHING = "*"
WILDCARDS: Mapping[str, str] = {
    EVERYTHING: "IAM knows no resource for these actions, or the account as a whole is asked",
    permissions.LAKE: "Objects of the lake are named when they are written",
    permissions.RESULTS: "Athena names its results",
    permissions.DATABASE: "The tables of one database, which curation makes",
    permissions.CATALOGS: "Its tables and databases are asked by their names",
    permissions.RAW_DATABASE: "The tables of one database, which the crawler makes",
    permissions.CRAWLER_LOGS: "A crawler names its log stream",
    permissions.JOB_LOGS: "A job names its log streams",
}
"""Why a resource has a wildcard, by its words."""


def grant(role: iam.Role, needs: Iterable[Need], resources: Resources) -> None:
    """Allow a role what is needed: one statement for each kind of resource.

    Raises KeyError for a kind that `resources` does not name, and for a wildcard without a reason.
    """
    actions: dict[str, set[str]] = {}
    for need in needs:
        actions.setdefault(need.resource, set()).update(need.actions, need.on_behalf)
    for resource, allowed in actions.items():
        arns = [EVERYTHING] if resource == EVERYTHING else list(resources[resource])
        if not arns:
            continue
        role.add_to_policy(iam.PolicyStatement(actions=sorted(allowed), resources=arns))
        for arn in arns:
            if EVERYTHING in arn:
                accept(role, WILDCARDS[resource], f"IAM5[Resource::{arn}]")
