"""CloudWatch Logs: groups that keep everything for ever."""

from __future__ import annotations

from decimal import Decimal

from console.savings.facts import LogGroup
from console.savings.findings import (
    GIGABYTE,
    Charges,
    Checked,
    Effort,
    Finding,
    Prices,
    Rates,
    Risk,
    count,
    dollars,
    figures,
    is_worth,
    size,
)
from console.savings.inventory import Inventory

NAME, TITLE = "logs", "Log groups without retention"
RETENTION_DAYS = 30
STORED_SHARE = Decimal("0.15")
"""Of the bytes ingested, those billed as stored: logs are kept compressed, and AWS's own examples compute with 15 %."""

_RETENTION = "docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"


def check(inventory: Inventory, prices: Prices) -> Checked:
    """Groups older than the retention we would set, that keep for ever and hold something."""
    found = [_judge(group, inventory, prices) for group in inventory.log_groups.items]
    findings = tuple(each for each in found if each is not None and is_worth(each.monthly))
    return Checked(NAME, TITLE, len(found), findings, inventory.log_groups.missing)


def _judge(group: LogGroup, inventory: Inventory, prices: Prices) -> Finding | None:
    age = (inventory.taken_at - group.created_at).days
    if group.retention_days is not None or age <= RETENTION_DAYS or not group.stored_bytes:
        return None
    rates = Rates(prices, inventory.region)
    share = 1 - Decimal(RETENTION_DAYS) / age
    spared = group.stored_bytes * STORED_SHARE * share / GIGABYTE
    a_year = rates.cost({"cloudwatch.logs_stored_gigabyte_month": spared * (1 + Decimal(365) / age)})
    return Finding(
        key=f"{NAME}.retention/{group.resource}",
        check=NAME,
        title=f"Log group {group.name} keeps everything",
        resource=group.resource,
        monthly=rates.cost({"cloudwatch.logs_stored_gigabyte_month": spared}),
        effort=Effort.LOW,
        risk=Risk.MEDIUM,
        evidence=figures(
            [
                ("Retention", "never expires"),
                ("Stored", f"{size(group.stored_bytes)} since {group.created_at:%Y-%m-%d} ({age:,} days)"),
                ("In a year, at this pace", f"{dollars(a_year)} a month"),
            ]
        ),
        steps=(f"aws logs put-retention-policy --log-group-name {group.name} --retention-in-days {RETENTION_DAYS}",),
        undo=(
            f"aws logs delete-retention-policy --log-group-name {group.name}",
            "Events that expired are gone: export what must be kept first.",
        ),
        formula=f"{count(Decimal(group.stored_bytes) / GIGABYTE)} GB × {STORED_SHARE * 100:.0f} % compressed × "
        f"(1 − {RETENTION_DAYS} ÷ {age:,} days) × {rates.text('cloudwatch.logs_stored_gigabyte_month')}",
        sources=(*rates.sources, _RETENTION),
        charges=Charges(("TimedStorage-ByteHrs",), ("CloudWatch",)),
        unknown_because=rates.because(),
    )
