"""What the Unit costs page says in sentences."""

from __future__ import annotations

from console.asking import formatting as text
from console.unit_costs.answer import UnitCosts
from console.unit_costs.days import ESTIMATE_ERROR, EXACT_DAYS


def efficiency(answer: UnitCosts) -> list[str]:
    """How much of a day's cost is there without any volume, and what one more unit adds."""
    fitted, unit = answer.efficiency, answer.counted
    if fitted is None:
        return [f"Too few days with {unit.many} to separate fixed from variable cost."]
    line = (
        f"A day costs {text.money(fitted.fixed, answer.currency)} without {unit.many}, and "
        f"{text.small_money(fitted.variable * unit.units, answer.currency)} more for "
        f"{'each ' if unit.units == 1 else ''}{unit.one} ({fitted.days} days, median of slopes)."
    )
    if fitted.fixed_share is None:
        return [
            line,
            f"Cost does not follow {unit.many} in these days (the slope may be 0 at 90 % confidence), so there is no "
            "fixed share.",
        ]
    return [line, f"Fixed share of cost: {text.percent(fitted.fixed_share)} at the usual volume."]


def unallocated(answer: UnitCosts) -> list[str]:
    """Why cost is unallocated, and how much."""
    return [f"{reason}: {text.money(amount, answer.currency)}" for reason, amount in answer.unallocated]


def nothing(answer: UnitCosts) -> tuple[str, str]:
    """Why there is no unit cost in the period, and what to do."""
    if answer.now.uncounted:
        return (
            "No day has both charges and events",
            "Choose days with events, or import some: python -m pipeline import --help.",
        )
    return (
        "Nothing was charged in this period",
        "Choose days that the bill covers, or import it: python -m console spend import FILE.",
    )


def notes(answer: UnitCosts, *, is_sample: bool) -> tuple[str, ...]:
    """What a reader should know of the whole page."""
    now = answer.now
    found = [
        f"Effective cost in {answer.currency}, everything charged, divided by counts of the same days; allocated by "
        f"{answer.allocation.path.name}. A customer who came on several days counts once."
    ]
    if now.is_estimated:
        found.append(f"Active customers of more than {EXACT_DAYS} days are estimated, {ESTIMATE_ERROR} (HyperLogLog).")
    if now.uncounted:
        found.append(
            f"{len(now.uncounted)} of {len(now.days)} days have charges but lie outside the days with events; their "
            "charges are not included."
        )
    missing = len(now.days) - len(now.costs) - len(now.uncounted)
    if missing:
        found.append(
            f"{missing} of {len(now.days)} days have no charges: their cost is unknown and their counts are left out."
        )
    if now.without_cost:
        found.append(f"{text.count(now.without_cost)} groups of charges have no effective cost and are in no figure.")
    found += [
        f"{text.money(amount, currency)} are charged in {currency} and in no figure."
        for currency, amount in now.other_currencies.items()
    ]
    if not answer.has_margin:
        found.append(
            f"The bill is in {answer.currency} and revenue in {answer.reporting_currency}, so there is no margin after "
            "cloud."
        )
    if answer.method:
        found.append(f"Days to come: {answer.method}. What is charged once a month is expected on its day.")
    if is_sample:
        found.append("The sample holds a part of the shop's orders but its whole bill, so its unit costs are high.")
    return tuple(found)
