"""Log groups: each with a retention, and gone with its stack."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
}


def log_group(
    scope: Construct, construct_id: str, *, name: str, days: int, key: kms.IKey | None = None
) -> logs.LogGroup:
    """A log group, encrypted by a key or by CloudWatch's own.

    Raises KeyError for days that CloudWatch Logs does not offer, or that no tier uses.
    """
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        retention=_RETENTION[days],
        encryption_key=key,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
