"""CloudWatch Logs: groups whose events never expire."""

from __future__ import annotations

from decimal import Decimal

from console.asking.formatting import data_size, number
from console.savings.facts import LogGroup
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.judging import GIGABYTE, Case, Check, Kind, dollars_a_month

RETENTION_DAYS = 30
STORED_SHARE = Decimal("0.15")
"""Bytes billed as stored ÷ bytes ingested: logs are stored compressed, and AWS's own examples use 15 %."""

_STORED = "cloudwatch.logs_stored_gigabyte_month"

_PAGE = "docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"
_RETENTION = Kind("retention", Effort.LOW, Risk.MEDIUM, Charges(("TimedStorage-ByteHrs",), ("CloudWatch",)), _PAGE)


def _retention(case: Case[LogGroup]) -> Finding | None:
    """The group is older than the retention we would set, never expires, and holds something."""
    group, rates = case.facts, case.rates
    age = (case.inventory.taken_at - group.created_at).days
    if group.retention_days is not None or age <= RETENTION_DAYS or not group.stored_bytes:
        return None
    removed = group.stored_bytes * STORED_SHARE * (1 - Decimal(RETENTION_DAYS) / age) / GIGABYTE
    a_year = rates.cost({_STORED: removed * (1 + Decimal(365) / age)})
    return case.finding(
        _RETENTION,
        f"Log group {group.name} keeps everything",
        monthly=rates.cost({_STORED: removed}),
        evidence=[
            ("Retention", "never expires"),
            ("Stored", f"{data_size(group.stored_bytes)} since {group.created_at:%Y-%m-%d} ({age:,} days)"),
            ("In a year, at this pace", dollars_a_month(a_year)),
        ],
        steps=[f"aws logs put-retention-policy --log-group-name {group.name} --retention-in-days {RETENTION_DAYS}"],
        undo=[
            f"aws logs delete-retention-policy --log-group-name {group.name}",
            "Events that expired are gone: export what must be kept first.",
        ],
        formula=f"{number(Decimal(group.stored_bytes) / GIGABYTE)} GB × {STORED_SHARE * 100:.0f} % compressed × "
        f"(1 − {RETENTION_DAYS} ÷ {age:,} days) × {rates.text(_STORED)}",
    )


check = Check("logs", "Log groups without retention", lambda inventory: inventory.log_groups, (_retention,))
