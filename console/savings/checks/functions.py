"""Lambda: memory that no run ever used."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from console.asking.formatting import number, percent
from console.savings.facts import Function
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.inventory import Inventory, Read, Unread
from console.savings.judging import Case, Check, Kind

HEADROOM = Decimal("1.25")  # above the largest run seen
STEP, SMALLEST = 64, 128  # MB
LEAST_INVOCATIONS = 50  # fewer runs do not show the largest; Compute Optimizer asks for as many

_PAGE = "docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"
_MEMORY = Kind("memory", Effort.LOW, Risk.MEDIUM, Charges(("Lambda-GB-Second",)), _PAGE)


def _judged(inventory: Inventory) -> Read[Function]:
    """Functions that never ran or whose memory use is known; the others are named as missing."""
    functions = inventory.functions.items
    unseen = [function.name for function in functions if function.max_memory_used is None and function.invocations]
    judged = tuple(
        function for function in functions if function.max_memory_used is not None or not function.invocations
    )
    if not unseen:
        return Read(judged, inventory.functions.missing)
    unread = Unread(
        f"memory used by {', '.join(unseen[:3])}" + (f" and {len(unseen) - 3} more" if len(unseen) > 3 else ""),
        "no report line in its log",
        "Keep the function's system log at INFO, or switch Lambda Insights on.",
    )
    return Read(judged, (*inventory.functions.missing, unread))


def fitting(used: int) -> int:
    """Memory (MB) with room above the largest run, in steps of 64."""
    return max(SMALLEST, int((used * HEADROOM / STEP).to_integral_value(ROUND_CEILING)) * STEP)


def _memory(case: Case[Function]) -> Finding | None:
    """The memory could be a quarter smaller, and still a quarter above the largest run."""
    function, rates = case.facts, case.rates
    if function.max_memory_used is None or function.invocations < LEAST_INVOCATIONS:
        return None
    target = fitting(function.max_memory_used)
    if target * 4 > function.memory * 3:
        return None
    price = "lambda.gigabyte_second" if function.architecture == "arm64" else "lambda.gigabyte_second_x86"
    seconds = case.a_month(function.duration)
    resize = f"aws lambda update-function-configuration --function-name {function.name} --memory-size"
    return case.finding(
        _MEMORY,
        f"Function {function.name} uses {function.max_memory_used} of its {function.memory:,} MB",
        monthly=rates.cost({price: seconds * (function.memory - target) / 1024}),
        evidence=[
            case.measured(),
            ("Largest run", f"{function.max_memory_used} MB of {function.memory:,} MB"),
            (
                "Runs",
                f"{number(function.invocations)}, {number(function.duration * 1000 / function.invocations)} ms each",
            ),
            ("Pays unless runs get longer by", percent(Decimal(function.memory) / target - 1, 0)),
        ],
        steps=[f"{resize} {target}", "Less memory is less processor: compare the duration's p95 for a day."],
        undo=[f"{resize} {function.memory}"],
        formula=f"{number(seconds)} s a month × ({function.memory:,} − {target}) ÷ 1,024 GB × {rates.text(price)}, "
        "runs as long as before",
    )


check = Check("functions", "Lambda memory", _judged, (_memory,))
