"""CloudWatch log groups."""

from __future__ import annotations

from datetime import UTC, datetime

from console.savings.aws.reading import Account
from console.savings.facts import LogGroup
from console.savings.inventory import Read


def read(account: Account) -> Read[LogGroup]:
    """All log groups of the region."""
    return Read(
        tuple(
            LogGroup(
                name=group["logGroupName"],
                resource=group["arn"].removesuffix(":*"),
                retention_days=group.get("retentionInDays"),
                stored_bytes=int(group.get("storedBytes", 0)),
                created_at=datetime.fromtimestamp(group["creationTime"] / 1000, UTC),
            )
            for group in account.reader("logs").items("describe_log_groups", "logGroups")
        )
    )
