"""Calls of functions whose caller does not wait for an answer: how often they are tried, and where failed ones go."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs


def keep_failed_calls(
    function: lambda_.Function, failures: sqs.IQueue, *, longest_wait: cdk.Duration, retries: int
) -> lambda_.CfnEventInvokeConfig:
    """Put into a queue what a function was called with when it failed for the last time, and why it failed.

    Parameters
    ----------
    failures : a queue whose messages raise an alarm; the role of the function needs `permissions.FAILURE_QUEUE`
    longest_wait : a call that waits longer, since the function is busy, has failed
    retries : of a call that raised, 0 to 2
    """
    of = lambda_.CfnEventInvokeConfig
    return of(
        function,
        "FailedCalls",
        function_name=function.function_name,
        qualifier="$LATEST",
        maximum_event_age_in_seconds=longest_wait.to_seconds(),
        maximum_retry_attempts=retries,
        destination_config=of.DestinationConfigProperty(
            on_failure=of.OnFailureProperty(destination=failures.queue_arn)
        ),
    )
