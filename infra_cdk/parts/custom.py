"""Custom resources: a plain function makes what CloudFormation has no type for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from console.aws.permissions import Need
from infra_cdk.parts.code import RUNTIME
from infra_cdk.parts.functions import role_of_function
from infra_cdk.parts.grants import Resources, grant
from infra_cdk.parts.log_groups import log_group
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept

FOLDER = Path(__file__).parents[1] / "custom"


class CustomResources:
    """A function of one module, and the resources that it makes.

    Parameters
    ----------
    module : of `infra_cdk.custom`, such as ``redshift_gaps``; its ``handler`` answers CloudFormation
    """

    def __init__(self, stack: InstallationStack, module: str, needs: Iterable[Need], resources: Resources) -> None:
        self._stack = stack
        name = stack.installation.name(module.replace("_", "-"))
        days = stack.installation.tier.collector.log_retention_days
        group = log_group(stack, "CustomLogs", name=f"/aws/lambda/{name}", days=days)
        role = role_of_function(stack, "Custom", group.log_group_arn)
        grant(role, needs, resources)
        self._function = lambda_.Function(
            stack,
            "Custom",
            function_name=name,
            description="Makes what CloudFormation has no type for",
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{FOLDER.name}.{module}.handler",
            code=lambda_.Code.from_asset(
                str(FOLDER.parent),
                exclude=["*", f"!{FOLDER.name}", f"!{FOLDER.name}/*.py"],
                ignore_mode=cdk.IgnoreMode.GIT,
            ),
            role=role.without_policy_updates(),
            log_group=group,
            timeout=cdk.Duration.minutes(2),
        )
        self._function.node.add_dependency(role)
        accept(self._function, "The version of all our functions, and supported until 2029", "L1")

    def add(self, construct_id: str, kind: str, properties: dict[str, Any]) -> cdk.CustomResource:
        """A resource of a kind, such as ``Custom::UsageLimit``."""
        return cdk.CustomResource(
            self._stack,
            construct_id,
            service_token=self._function.function_arn,
            resource_type=kind,
            properties=properties,
            service_timeout=cdk.Duration.minutes(5),
        )
