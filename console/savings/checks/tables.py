"""DynamoDB: provisioned against on-demand capacity."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from console.savings.facts import CapacityHour, CapacityTable
from console.savings.findings import (
    HOURS_A_MONTH,
    Charges,
    Checked,
    Effort,
    Finding,
    Prices,
    Rates,
    Risk,
    a_month,
    count,
    dollars,
    figures,
    is_worth,
)
from console.savings.inventory import Inventory

NAME, TITLE = "tables", "DynamoDB capacity mode"
LEAST_HOURS = 7 * 24
TARGET_USE = Decimal("0.7")  # of provisioned capacity that automatic scaling keeps used
LEAST_SHARE = Decimal("0.2")  # of the cost now that a change of mode must save: modes differ in comfort, too
_MODES = "docs.aws.amazon.com/amazondynamodb/latest/developerguide/CostOptimization_TableCapacityMode.html"


def check(inventory: Inventory, prices: Prices) -> Checked:
    """Tables that would cost a fifth less in the other mode."""
    found = [_judge(table, inventory, prices) for table in inventory.capacity_tables.items]
    findings = tuple(each for each in found if each is not None and is_worth(each.monthly))
    return Checked(NAME, TITLE, len(found), findings, inventory.capacity_tables.missing)


def scaled(hour: CapacityHour) -> tuple[Decimal, Decimal]:
    """Read and write units that automatic scaling would have provisioned in an hour, at least one of each."""

    def units(consumed: Decimal) -> Decimal:
        return max(Decimal(1), (consumed / 3600 / TARGET_USE).to_integral_value(ROUND_CEILING))

    return units(hour.reads), units(hour.writes)


def _judge(table: CapacityTable, inventory: Inventory, prices: Prices) -> Finding | None:
    hours = len(table.hours)
    if hours < LEAST_HOURS:
        return None
    rates = Rates(prices, inventory.region)
    reads = sum((hour.reads for hour in table.hours), Decimal(0))
    writes = sum((hour.writes for hour in table.hours), Decimal(0))
    on_demand = rates.cost(
        {
            "dynamodb.read_request_unit": a_month(reads, hours),
            "dynamodb.write_request_unit": a_month(writes, hours),
        }
    )
    if table.is_on_demand:
        units = [scaled(hour) for hour in table.hours]
        provisioned_reads = a_month(sum((read for read, _ in units), Decimal(0)), hours)
        provisioned_writes = a_month(sum((write for _, write in units), Decimal(0)), hours)
    else:
        provisioned_reads = table.provisioned_reads * HOURS_A_MONTH
        provisioned_writes = table.provisioned_writes * HOURS_A_MONTH
    provisioned = rates.cost(
        {
            "dynamodb.read_capacity_unit_hour": provisioned_reads,
            "dynamodb.write_capacity_unit_hour": provisioned_writes,
        }
    )
    now, then = (on_demand, provisioned) if table.is_on_demand else (provisioned, on_demand)
    if now is None or then is None:
        # which mode is cheaper cannot be said without its price; only a table that nobody uses is waste in any case
        if table.is_on_demand or reads or writes:
            return None
        monthly = None
    else:
        monthly = now - then
        if monthly <= 0 or monthly < now * LEAST_SHARE:
            return None
    return _finding(table, inventory, rates, now, then, monthly)


def _finding(
    table: CapacityTable,
    inventory: Inventory,
    rates: Rates,
    now: Decimal | None,
    then: Decimal | None,
    monthly: Decimal | None,
) -> Finding:
    other = "provisioned with automatic scaling" if table.is_on_demand else "on demand"
    to_on_demand = f"aws dynamodb update-table --table-name {table.name} --billing-mode PAY_PER_REQUEST"
    reads, writes = table.provisioned_reads or 1, table.provisioned_writes or 1
    to_provisioned = (
        f"aws dynamodb update-table --table-name {table.name} --billing-mode PROVISIONED --provisioned-throughput "
        f"ReadCapacityUnits={reads},WriteCapacityUnits={writes}"
    )
    scaling = "aws application-autoscaling register-scalable-target, then a policy that keeps 70 % used."
    hours = len(table.hours)
    reads_used = sum((hour.reads for hour in table.hours), Decimal(0))
    writes_used = sum((hour.writes for hour in table.hours), Decimal(0))
    return Finding(
        key=f"{NAME}.mode/{table.resource}",
        check=NAME,
        title=f"Table {table.name} is cheaper {other}",
        resource=table.resource,
        monthly=monthly,
        effort=Effort.MEDIUM if table.is_on_demand else Effort.LOW,
        risk=Risk.MEDIUM if table.is_on_demand else Risk.LOW,
        evidence=figures(
            [
                ("Measured", f"{inventory.period.label()}, {count(hours)} hours"),
                (
                    "Mode",
                    "on demand"
                    if table.is_on_demand
                    else f"provisioned, {count(reads)} read and {count(writes)} write units",
                ),
                (
                    "Consumed a month",
                    f"{count(a_month(reads_used, hours))} reads, {count(a_month(writes_used, hours))} writes",
                ),
                ("Cost now", f"{dollars(now)} a month"),
                (f"Cost {other}", f"{dollars(then)} a month"),
            ]
        ),
        steps=(to_provisioned, scaling) if table.is_on_demand else (to_on_demand,),
        undo=(to_on_demand,) if table.is_on_demand else (to_provisioned,),
        formula=f"{dollars(now)} − {dollars(then)}; on demand: reads × {rates.text('dynamodb.read_request_unit')} "
        f"+ writes × {rates.text('dynamodb.write_request_unit')}; provisioned: unit-hours × "
        f"{rates.text('dynamodb.read_capacity_unit_hour')} and {rates.text('dynamodb.write_capacity_unit_hour')}"
        + (", at 70 % of use in each hour" if table.is_on_demand else ""),
        sources=(*rates.sources, _MODES),
        charges=Charges(("RequestUnits", "CapacityUnit-Hrs")),
        unknown_because=rates.because() if monthly is None else "",
    )  # fmt: skip
