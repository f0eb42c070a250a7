"""Queues for what could not be delivered: batches, calls, starts and events. A message in one raises an alarm."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept

FAILURE_DAYS = 14


def failure_queue(stack: InstallationStack, construct_id: str, purpose: str, key: kms.IKey) -> sqs.Queue:
    """A queue; `purpose` is the last words of its name, and its resource in the table of signals."""
    queue = sqs.Queue(
        stack,
        construct_id,
        queue_name=stack.installation.name(purpose),
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=cdk.Duration.days(FAILURE_DAYS),
    )
    accept(queue, "It is itself where failures go", "SQS3")
    return queue


def takes_events(stack: InstallationStack, queue: sqs.Queue) -> None:
    """Let the rules of a stack's installation put into a queue what they could not deliver.

    Source of the condition: EventBridge user guide, dead-letter queues, granting permissions.
    """
    rules = f"arn:aws:events:{stack.region}:{stack.account}:rule/{stack.installation.name('*')}"
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnLike": {"aws:SourceArn": rules}},
        )
    )
