"""Rules of EventBridge that write to the operators."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_events as events

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
    failures_arn : a queue of `failures`, which takes what rules could not deliver
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
