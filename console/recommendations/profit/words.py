"""What the part *Profit and loss* says in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from console.asking import formatting as text
from console.recommendations.experiments.incremental import IncrementalMargin
from console.recommendations.models import before, in_use
from console.recommendations.profit.answer import Profit
from console.recommendations.profit.break_even import Verdict
from console.recommendations.profit.drift import FEWEST_IMPRESSIONS, FEWEST_PAIRS, WEEKS_DAYS, Shift
from console.recommendations.source import ModelRecord

NOTHING = "No recommendation was shown, clicked or followed in this selection"
ATTRIBUTED_ALONE = (
    "Attributed is what customers bought after they clicked. They would have bought some of it anyway, and only "
    "customers who are shown nothing say how much."
)
UNKNOWN_WITHOUT_HOLDOUT = f"Without a hold-out nobody can know whether recommendations pay. {ATTRIBUTED_ALONE}"
START_HOLDOUT = "Start an experiment with a hold-out under Experiments."


def verdict(found: Profit) -> tuple[str, str]:
    """Whether it pays, as a headline, and why in a sentence."""
    balance, currency = found.balance, found.currency
    cost = text.small_money(balance.cost, currency)
    days = text.counted(balance.days, "day")
    measured = balance.measured
    match balance.verdict:
        case Verdict.PAYS if measured:
            return "It pays", (
                f"In {days}, recommendations bring {text.money(measured.value, currency)} of margin that would not be "
                f"there without them ({_interval(measured, currency)}), and cost {cost}."
            )
        case Verdict.LOSES if measured:
            return "Not by what is measured", (
                f"In {days}, recommendations bring at most {text.money(measured.high, currency)} of margin that would "
                f"not be there without them, and cost {cost}."
            )
        case Verdict.MARGIN_UNKNOWN if measured:
            return "Not known", (
                f"In {days}, recommendations bring at most {text.money(measured.high, currency)} of known margin, and "
                f"cost {cost}. But the margin of {text.percent(measured.unknown_margin_share)} of net revenue is "
                "unknown: send unit_cost with purchases, and this can be answered."
            )
        case Verdict.OPEN if measured:
            return "Not known yet", (
                f"In {days}, recommendations bring {_interval(measured, currency)} of margin that would not be there "
                f"without them. Their cost of {cost} lies in between: more days, or a larger hold-out, will say."
            )
        case Verdict.UNMEASURED:
            if found.hold_out.problem:
                return "Not known", f"{found.hold_out.problem} {ATTRIBUTED_ALONE}"
            return "Not known", f"{UNKNOWN_WITHOUT_HOLDOUT} {START_HOLDOUT}"
    return "The cost is unknown", cost_unknown(found)


def cost_unknown(found: Profit) -> str:
    """Why the cost cannot be taken from the margin, and what to do."""
    cost = found.cost
    if cost.cost is not None:
        return (
            f"The bill is in {cost.cost.currency} and revenue in {found.currency}, so that nothing can be taken from "
            "the margin."
        )
    return f"{cost.problem} {cost.remedy}"


def break_even(found: Profit) -> list[str]:
    """What has to be true for it to pay."""
    balance, currency = found.balance, found.currency
    share = balance.break_even_share
    if share is None:
        if balance.cost is None or balance.margin is None:
            return []
        return ["No margin is attributed to recommendations in these days, so no share of it pays for them."]
    margin, cost = text.money(balance.margin, currency), text.small_money(balance.cost, currency)
    if share > 1:
        found_lines = [
            f"It does not pay by attributed margin: all of it is {margin}, and recommending costs {cost}.",
        ]
    else:
        found_lines = [
            f"Pays if at least {text.percent(share)} of the attributed margin of {margin} is incremental: the cost is "
            f"{cost}."
        ]
    if balance.break_even_clicks is not None and balance.clicks_a_day is not None:
        found_lines.append(
            f"A click brings {text.small_money(balance.margin_per_click, currency)} of attributed margin, so "
            f"{text.ratio(balance.break_even_clicks, 1)} clicks a day pay the cost if all of it is "
            f"incremental. There are {text.ratio(balance.clicks_a_day, 1)}."
        )
    return found_lines


def click_rate(shift: Shift | None) -> str:
    """The last four weeks against the four before, in one sentence."""
    if shift is None:
        return (
            f"Too few days to say whether the click rate falls: it takes {FEWEST_PAIRS} pairs of days, {WEEKS_DAYS} "
            f"days apart, with at least {FEWEST_IMPRESSIONS} impressions each."
        )
    points = f"{_points(shift.change)} points a day ({_points(shift.low)} to {_points(shift.high)})"
    weeks = f"in the last {WEEKS_DAYS} days against the {WEEKS_DAYS} before"
    medians = f"from {text.percent(shift.before, 2)} to {text.percent(shift.now, 2)}"
    if shift.falls:
        return f"The click rate falls {weeks}: {medians}, {points}."
    if shift.rises:
        return f"The click rate rises {weeks}: {medians}, {points}."
    return f"The click rate does not change {weeks} by more than days differ anyway: {points}."


def model_drift(models: Sequence[ModelRecord]) -> list[str]:
    """What the cards of the model in use and of the one before say."""
    current, previous = in_use(models), before(models)
    if current is None:
        return []
    found = []
    if current.coverage is not None:
        line = f"The model shows {text.percent(current.coverage)} of the available products to anybody"
        if previous is not None and previous.coverage is not None:
            moved = "fewer than" if current.coverage < previous.coverage else "more than"
            moved = "as many as" if current.coverage == previous.coverage else moved
            line += f", {moved} the one before ({text.percent(previous.coverage)})"
        found.append(f"{line}.")
    if current.unknown_share is not None:
        found.append(
            f"{text.percent(current.unknown_share)} of the newest week’s actions were with products that the model "
            "before did not know."
        )
    return found


def notes(found: Profit, *, has_categories: bool = False, is_sample: bool = False) -> tuple[str, ...]:
    """What a reader should know of the whole part."""
    cost, now = found.cost, found.now
    lines = []
    if has_categories:
        lines.append("Impressions have no category: what came of recommendations is of all categories.")
    if cost.cost is not None:
        lines.append(
            "The cost is the effective cost that the allocation of unit costs gives to recommending, direct and shared."
        )
        if is_sample:
            lines.append("The sample holds a part of the shop's clicks and orders but its whole bill.")
    if cost.days_without_charges and cost.cost is not None:
        lines.append(
            f"{cost.days_without_charges} of {now.period.days} days have no charges yet: margin, cost and what is "
            "left are of the others."
        )
    if cost.days_without_events and cost.cost is not None:
        lines.append(
            f"{cost.days_without_events} of {now.period.days} days are charged but have no events in the lake: they "
            "are left out, too."
        )
    unknown = now.whole.unknown_margin_share
    if unknown:
        lines.append(f"The margin of {text.percent(unknown)} of attributed net revenue is unknown, and counts as none.")
    if found.balance.measured is not None:
        measured = found.balance.measured
        others = (
            f" ({text.counted(measured.period.days, 'day')}), taken for the same over {found.balance.days} days"
            if measured.period.days != found.balance.days
            else ""
        )
        lines.append(
            f"Incremental margin: hold-out {measured.experiment}, {measured.period.label()}{others}. It is what "
            "customers who may be shown recommendations bring from their first visit on these days on, more than those "
            "of the hold-out do. Its interval may be looked at on any day, and holds in 95 of 100 experiments."
        )
        if found.hold_out.note:
            lines.append(found.hold_out.note)
        if measured.unknown_margin_share:
            lines.append(
                f"The margin of {text.percent(measured.unknown_margin_share)} of these customers’ net revenue is "
                "unknown, and is in no incremental margin."
            )
    return tuple(lines)


def _interval(measured: IncrementalMargin, currency: str) -> str:
    return f"{text.money(measured.low, currency)} to {text.money(measured.high, currency)}"


def _points(change: float) -> str:
    sign = "+" if change > 0 else text.MINUS if change < 0 else ""
    return f"{sign}{abs(change) * 100:.2f}"
