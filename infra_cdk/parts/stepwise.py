"""New versions of a function step by step: a tenth of the calls first, and back again where they fail."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept

ALIAS = "current"


def stepwise_alias(stack: InstallationStack, function: lambda_.Function, purpose: str) -> lambda_.Alias:
    """The alias that callers use.

    A deployment moves it to the new version: 10 % of the calls for five minutes, then all. An error of the function
    meanwhile brings the old version back, and the deployment fails.
    """
    alias = lambda_.Alias(stack, f"{function.node.id}Alias", alias_name=ALIAS, version=function.current_version)
    alarm = cloudwatch.Alarm(
        stack,
        f"{function.node.id}DeploymentErrors",
        alarm_name=stack.installation.name(f"{purpose}-deployment"),
        alarm_description="A version that fails is taken back; see the function's log",
        metric=alias.metric_errors(period=cdk.Duration.minutes(1)),
        threshold=1,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    role = iam.Role(
        stack, f"{function.node.id}DeploymentRole", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com")
    )
    for actions, resources in (
        (["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
         [function.function_arn, alias.function_arn]),
        (["cloudwatch:DescribeAlarms"], ["*"]),
    ):  # fmt: skip
        role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
    accept(role, "AWS's own policy for it has no narrower one: alarms are asked for as a list", "IAM5[Resource::*]")
    codedeploy.LambdaDeploymentGroup(
        stack,
        f"{function.node.id}Deployment",
        alias=alias,
        application=codedeploy.LambdaApplication(
            stack, f"{function.node.id}Application", application_name=stack.installation.name(purpose)
        ),
        deployment_group_name=stack.installation.name(purpose),
        deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
        role=role.without_policy_updates(),
        alarms=[alarm],
        auto_rollback=codedeploy.AutoRollbackConfig(failed_deployment=True, deployment_in_alarm=True),
    )
    return alias
