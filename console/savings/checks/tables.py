"""DynamoDB: provisioned against on-demand capacity."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from console.asking.formatting import number
from console.savings.facts import CapacityHour, CapacityTable
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.judging import HOURS_A_MONTH, LEAST_HOURS, Case, Check, Kind, a_month, dollars, dollars_a_month

TARGET_USE = Decimal("0.7")  # of provisioned capacity that automatic scaling keeps used
LEAST_SHARE = Decimal("0.2")  # of the cost now that a change of mode must save: modes differ in comfort, too

_PAGE = "docs.aws.amazon.com/amazondynamodb/latest/developerguide/CostOptimization_TableCapacityMode.html"
_TO_ON_DEMAND = Kind("mode", Effort.LOW, Risk.LOW, Charges(("RequestUnits", "CapacityUnit-Hrs")), _PAGE)
_TO_PROVISIONED = replace(_TO_ON_DEMAND, effort=Effort.MEDIUM, risk=Risk.MEDIUM)


def scaled(hour: CapacityHour) -> tuple[Decimal, Decimal]:
    """Read and write units that automatic scaling would have provisioned in an hour, at least one of each."""

    def units(consumed: Decimal) -> Decimal:
        return max(Decimal(1), (consumed / 3600 / TARGET_USE).to_integral_value(ROUND_CEILING))

    return units(hour.reads), units(hour.writes)


def _mode(case: Case[CapacityTable]) -> Finding | None:
    """The table would cost a fifth less in the other mode."""
    table, rates, hours = case.facts, case.rates, len(case.facts.hours)
    if hours < LEAST_HOURS:
        return None
    reads = a_month(sum((hour.reads for hour in table.hours), Decimal(0)), hours)
    writes = a_month(sum((hour.writes for hour in table.hours), Decimal(0)), hours)
    if table.is_on_demand:
        units = [scaled(hour) for hour in table.hours]
        provisioned_reads = a_month(sum((read for read, _ in units), Decimal(0)), hours)
        provisioned_writes = a_month(sum((write for _, write in units), Decimal(0)), hours)
    else:
        provisioned_reads = table.provisioned_reads * HOURS_A_MONTH
        provisioned_writes = table.provisioned_writes * HOURS_A_MONTH
    on_demand = rates.cost({"dynamodb.read_request_unit": reads, "dynamodb.write_request_unit": writes})
    provisioned = rates.cost(
        {
            "dynamodb.read_capacity_unit_hour": provisioned_reads,
            "dynamodb.write_capacity_unit_hour": provisioned_writes,
        }
    )
    now, then = (on_demand, provisioned) if table.is_on_demand else (provisioned, on_demand)
    monthly = None if now is None or then is None else now - then
    if now is None or monthly is None:
        # without its price no mode can be called cheaper; only an unused table is a saving at any price
        if table.is_on_demand or reads or writes:
            return None
    elif monthly <= 0 or monthly < now * LEAST_SHARE:
        return None

    other = "provisioned with automatic scaling" if table.is_on_demand else "on demand"
    change = f"aws dynamodb update-table --table-name {table.name} --billing-mode"
    units_now = table.provisioned_reads or 1, table.provisioned_writes or 1
    to_on_demand = f"{change} PAY_PER_REQUEST"
    to_provisioned = (
        f"{change} PROVISIONED --provisioned-throughput "
        f"ReadCapacityUnits={units_now[0]},WriteCapacityUnits={units_now[1]}"
    )
    scaling = "aws application-autoscaling register-scalable-target, then a policy that keeps 70 % used."
    mode = f"provisioned, {number(units_now[0])} read and {number(units_now[1])} write units"
    return case.finding(
        _TO_PROVISIONED if table.is_on_demand else _TO_ON_DEMAND,
        f"Table {table.name} is cheaper {other}",
        monthly=monthly,
        evidence=[
            case.measured(hours),
            ("Mode", "on demand" if table.is_on_demand else mode),
            ("Consumed a month", f"{number(reads)} reads, {number(writes)} writes"),
            ("Cost now", dollars_a_month(now)),
            (f"Cost {other}", dollars_a_month(then)),
        ],
        steps=[to_provisioned, scaling] if table.is_on_demand else [to_on_demand],
        undo=[to_on_demand] if table.is_on_demand else [to_provisioned],
        formula=f"{dollars(now)} − {dollars(then)}; on demand: reads × {rates.text('dynamodb.read_request_unit')} "
        f"+ writes × {rates.text('dynamodb.write_request_unit')}; provisioned: unit-hours × "
        f"{rates.text('dynamodb.read_capacity_unit_hour')} and {rates.text('dynamodb.write_capacity_unit_hour')}"
        + (", at 70 % of use in each hour" if table.is_on_demand else ""),
    )


check = Check("tables", "DynamoDB capacity mode", lambda inventory: inventory.capacity_tables, (_mode,))
