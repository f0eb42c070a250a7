"""A Lambda function of a handler: its package, role, log group and settings, the same for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from console.aws.permissions import Need
from infra_cdk.parts.code import RUNTIME, packaged
from infra_cdk.parts.grants import Resources, grant
from infra_cdk.parts.log_groups import log_group
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept


def role_of_function(stack: InstallationStack, construct_id: str, log_group_arn: str) -> iam.Role:
    """A role that may write its own logs, and nothing else."""
    role = iam.Role(stack, f"{construct_id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    role.add_to_policy(
        iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group_arn])
    )
    return role


def handler_function(
    stack: InstallationStack,
    construct_id: str,
    *,
    purpose: str,
    handler: str,
    package: str,
    needs: Iterable[Need],
    resources: Resources,
    environment: Mapping[str, str],
    description: str,
    memory_megabytes: int = 512,
    timeout: cdk.Duration,
    reserved_concurrency: int | None = None,
) -> lambda_.Function:
    """A function that runs ``<handler>.handler`` of a package.

    Parameters
    ----------
    purpose : last word of its name
    handler : module, such as ``pipeline.handlers.collector``
    package : a package of `infra_cdk.packages`
    needs, resources : what its role may do, and on what
    environment : variables, as the handler's own environment module reads them; those of all handlers are added
    """
    installation = stack.installation
    name = installation.name(purpose)
    group = log_group(
        stack,
        f"{construct_id}Logs",
        name=f"/aws/lambda/{name}",
        days=installation.tier.collector.log_retention_days,
    )
    role = role_of_function(stack, construct_id, group.log_group_arn)
    grant(role, needs, resources)
    function = lambda_.Function(
        stack,
        construct_id,
        function_name=name,
        description=description,
        runtime=RUNTIME,
        architecture=lambda_.Architecture.ARM_64,
        handler=f"{handler}.handler",
        code=packaged(package),
        role=role.without_policy_updates(),
        log_group=group,
        logging_format=lambda_.LoggingFormat.JSON,
        system_log_level_v2=lambda_.SystemLogLevel.WARN,  # START, END and REPORT of each call are charged as logs
        tracing=lambda_.Tracing.DISABLED,  # the handler samples by itself
        memory_size=memory_megabytes,
        timeout=timeout,
        reserved_concurrent_executions=reserved_concurrency,
        environment={
            **environment,
            "POWERTOOLS_SERVICE_NAME": installation.prefix,  # dimension of its metrics
            "POWERTOOLS_LOG_LEVEL": installation.tier.collector.log_level,
            "TAKINGS_TRACED_SHARE": str(installation.tier.watching.traced_share),
        },
    )
    accept(function, "Python 3.13 is the version of the console's container, and supported until 2029", "L1")
    return function
