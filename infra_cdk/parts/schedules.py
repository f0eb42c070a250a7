"""Schedules of EventBridge, what they may start, and where it goes when it cannot be started."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler

from infra_cdk.parts.failures import failure_queue
from infra_cdk.parts.principals import service_of_account
from infra_cdk.parts.stack import InstallationStack

ATTEMPTS = 3
LONGEST_WAIT = cdk.Duration.minutes(15)  # for a target that refuses; the next time comes soon enough


def every_minutes(minutes: int) -> str:
    """EventBridge's words for so many minutes; it wants the singular for one."""
    return "rate(1 minute)" if minutes == 1 else f"rate({minutes} minutes)"


class Schedules:
    """The schedules of one stack: a group, a role, and a queue for starts that failed."""

    def __init__(self, stack: InstallationStack, key: kms.IKey) -> None:
        self.stack = stack
        self.key = key
        self.group = scheduler.CfnScheduleGroup(stack, "Schedules", name=stack.installation.name(stack.part))
        self.failures = failure_queue(stack, "ScheduleFailures", f"{stack.part}-schedule-failures", key)
        self.role = iam.Role(
            stack,
            "ScheduleRole",
            assumed_by=service_of_account(stack, "scheduler"),
        )
        self._allow("sqs:SendMessage", self.failures.queue_arn)
        self._allow("kms:Decrypt", key.key_arn)
        self._allow("kms:GenerateDataKey", key.key_arn)

    def add(
        self,
        purpose: str,
        expression: str,
        *,
        description: str,
        target: str,
        action: str,
        given: Mapping[str, Any] | None = None,
    ) -> scheduler.CfnSchedule:
        """Start a target at some times, UTC.

        Parameters
        ----------
        purpose : last word of the schedule's name
        expression : such as ``rate(15 minutes)`` or ``cron(20 2 * * ? *)``
        target : ARN
        action : what starts it, such as ``lambda:InvokeFunction``
        given : its input
        """
        self._allow(action, target)
        schedule = scheduler.CfnSchedule(
            self.stack,
            f"Schedule-{purpose}",
            name=self.stack.installation.name(purpose),
            group_name=self.group.name,
            description=description,
            kms_key_arn=self.key.key_arn,
            schedule_expression=expression,
            schedule_expression_timezone="UTC",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=target,
                role_arn=self.role.role_arn,
                input=json.dumps(dict(given or {})),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=ATTEMPTS, maximum_event_age_in_seconds=LONGEST_WAIT.to_seconds()
                ),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self.failures.queue_arn),
            ),
        )
        schedule.node.add_dependency(self.group)
        return schedule

    def _allow(self, action: str, resource: str) -> None:
        self.role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[resource]))
