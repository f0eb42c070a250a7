"""Lambda: memory that no run ever used."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from console.savings.facts import Function
from console.savings.findings import (
    HOURS_A_MONTH,
    Charges,
    Checked,
    Effort,
    Finding,
    Prices,
    Rates,
    Risk,
    count,
    figures,
    is_worth,
    percent,
)
from console.savings.inventory import Inventory, Unread

NAME, TITLE = "functions", "Lambda memory"
HEADROOM = Decimal("1.25")  # above the largest run seen
STEP, SMALLEST = 64, 128  # MB
LEAST_INVOCATIONS = 50  # fewer runs do not show the largest; Compute Optimizer asks for as many
_MEMORY = "docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"


def check(inventory: Inventory, prices: Prices) -> Checked:
    """Functions whose memory could be a quarter smaller and still stand a quarter above the largest run."""
    functions = inventory.functions.items
    judged = [each for each in functions if each.max_memory_used is not None or not each.invocations]
    unseen = [each.name for each in functions if each.max_memory_used is None and each.invocations]
    missing = list(inventory.functions.missing)
    if unseen:
        missing.append(
            Unread(
                f"memory used by {', '.join(unseen[:3])}" + (f" and {len(unseen) - 3} more" if len(unseen) > 3 else ""),
                "no report line in its log",
                "Keep the function's system log at INFO, or switch Lambda Insights on.",
            )
        )
    found = [_judge(each, inventory, prices) for each in judged]
    findings = tuple(each for each in found if each is not None and is_worth(each.monthly))
    return Checked(NAME, TITLE, len(judged), findings, tuple(missing))


def fitting(used: int) -> int:
    """Memory (MB) with room above the largest run, in steps of 64."""
    return max(SMALLEST, int((used * HEADROOM / STEP).to_integral_value(ROUND_CEILING)) * STEP)


def _judge(function: Function, inventory: Inventory, prices: Prices) -> Finding | None:
    if function.max_memory_used is None or function.invocations < LEAST_INVOCATIONS:
        return None
    target = fitting(function.max_memory_used)
    if target * 4 > function.memory * 3:
        return None
    rates = Rates(prices, inventory.region)
    price = "lambda.gigabyte_second" if function.architecture == "arm64" else "lambda.gigabyte_second_x86"
    seconds = function.duration * HOURS_A_MONTH / (24 * inventory.period.days)
    spared = seconds * (function.memory - target) / 1024
    longer = Decimal(function.memory) / target - 1
    return Finding(
        key=f"{NAME}.memory/{function.resource}",
        check=NAME,
        title=f"Function {function.name} uses {function.max_memory_used} of its {function.memory:,} MB",
        resource=function.resource,
        monthly=rates.cost({price: spared}),
        effort=Effort.LOW,
        risk=Risk.MEDIUM,
        evidence=figures(
            [
                ("Measured", inventory.period.label()),
                ("Largest run", f"{function.max_memory_used} MB of {function.memory:,} MB"),
                (
                    "Runs",
                    f"{count(function.invocations)}, {count(function.duration * 1000 / function.invocations)} ms each",
                ),
                ("Pays unless runs get longer by", percent(longer)),
            ]
        ),
        steps=(
            f"aws lambda update-function-configuration --function-name {function.name} --memory-size {target}",
            "Less memory is less processor: compare the duration's p95 for a day.",
        ),
        undo=(
            f"aws lambda update-function-configuration --function-name {function.name} --memory-size {function.memory}",
        ),
        formula=f"{count(seconds)} s a month × ({function.memory:,} − {target}) ÷ 1,024 GB × {rates.text(price)}, runs "
        "as long as before",
        sources=(*rates.sources, _MEMORY),
        charges=Charges(("Lambda-GB-Second",)),
        unknown_because=rates.because(),
    )
