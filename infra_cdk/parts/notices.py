"""Rules of EventBridge that tell operators what happened, and where a notice goes that could not be sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from infra_cdk.parts.stack import InstallationStack

ATTEMPTS = 20
LONGEST_WAIT_SECONDS = 3_600


def notice(
    stack: InstallationStack,
    construct_id: str,
    *,
    purpose: str,
    description: str,
    pattern: Mapping[str, Any],
    topic_arn: str,
    failures_arn: str,
    shown: Mapping[str, str],
    text: str,
) -> events.CfnRule:
    """Publish a sentence for each event of a pattern.

    Parameters
    ----------
    purpose : last word of the rule's name
    shown : places in the event, such as ``$.detail.jobName``, by the names that `text` has in ``<angle brackets>``
    failures_arn : a queue, which `takes_notices` has opened
    """
    of = events.CfnRule
    return of(
        stack,
        construct_id,
        name=stack.installation.name(purpose),
        description=description,
        event_pattern=dict(pattern),
        state="ENABLED",
        targets=[
            of.TargetProperty(
                id="operators",
                arn=topic_arn,
                input_transformer=of.InputTransformerProperty(
                    input_paths_map=dict(shown), input_template=json.dumps(text)
                ),
                dead_letter_config=of.DeadLetterConfigProperty(arn=failures_arn),
                retry_policy=of.RetryPolicyProperty(
                    maximum_retry_attempts=ATTEMPTS, maximum_event_age_in_seconds=LONGEST_WAIT_SECONDS
                ),
            )
        ],
    )


def takes_notices(stack: InstallationStack, queue: sqs.Queue) -> None:
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
