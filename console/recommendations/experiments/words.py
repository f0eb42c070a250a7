"""What the part *Experiments* says in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from console.asking import formatting as text
from console.asking.figures import Unit
from console.recommendations.experiments.answer import Findings
from console.recommendations.experiments.comparison import EFFECT, Comparison
from console.recommendations.experiments.incremental import (
    THOUSAND,
    IncrementalMargin,
    margin_is_unknown,
    unknown_margin_share,
)
from console.recommendations.experiments.lift import LEAST_ACTIVE, Estimate
from console.recommendations.experiments.outcomes import WINDOW_DAYS, Outcome
from console.recommendations.source import ExperimentRecord, VariantRecord

START_COMMAND = "python -m pipeline recommend experiments start holdout --holdout 0.1"
NO_HOLDOUT = (
    "None of them holds customers out, so nobody knows what would have been bought without recommendations. Attributed "
    "revenue is what was bought after a click; some of it would have been bought anyway."
)
MOST_NEEDED = 1_000_000_000  # customers; more is nothing that a shop waits for
_ROUGH_CUSTOMERS = (10, 100, 1_000)  # to which a forecast of customers is rounded, by its size


def verdict(findings: Findings, comparison: Comparison) -> str:
    """What is known of a variant against the control, in one sentence."""
    if findings.has_mismatch:
        return "Not to be trusted: the variants have other customers than their shares promise."
    one, control = comparison.variant, comparison.control
    outcome = comparison.outcome
    if comparison.is_of_unknown_margin:
        return "Not known: no line sold says what its product costs. Send unit_cost with purchases."
    if comparison.difference is None:
        fewer = min(one.buyers, control.buyers)
        return (
            f"Not known yet: an interval needs {LEAST_ACTIVE} buyers in each variant, and one has "
            f"{text.count(fewer) if fewer else 'none'}."
        )
    found = bounds(comparison, comparison.best_known, findings.currency, "and")
    if comparison.difference.holds_zero:
        return f"Not known yet: between {found}{_until(comparison)}."
    more = "more" if comparison.difference.low > 0 else "less"
    what = "buyers" if outcome is Outcome.BUYERS else outcome.value
    return f"{_name(one.variant)} has {more} {what} per customer than {_name(control.variant)}: between {found}."


def lift(comparison: Comparison, value: float, currency: str) -> str:
    """One end, or the value, of what is best known: ``+4.0 %``, or the difference per customer: ``+$0.31``."""
    if comparison.relative is not None:
        return signed_percent(value)
    sign = "+" if value > 0 else ""
    if comparison.outcome is Outcome.BUYERS:
        return f"{sign}{text.ratio(value * 100)}{text.NARROW_SPACE}pp"
    return sign + (text.money(value, currency) if comparison.outcome.unit is Unit.MONEY else text.ratio(value, 4))


def bounds(comparison: Comparison, found: Estimate | None, currency: str, to: str = "to") -> str:
    """An interval of what is best known: ``−1.2 % to +4.0 %``; a dash where unknown."""
    if found is None:
        return text.UNKNOWN
    return f"{lift(comparison, found.low, currency)} {to} {lift(comparison, found.high, currency)}"


def signed_percent(fraction: float) -> str:
    """``+4.0 %``."""
    return ("+" if fraction > 0 else "") + text.percent(fraction)


def why_unknown(comparison: Comparison) -> str:
    """Why there is no interval: ``Too few buyers yet``."""
    return "No cost of goods is known" if comparison.is_of_unknown_margin else "Too few buyers yet"


def why_not_incremental(findings: Findings) -> str:
    """Why the incremental margin is not known."""
    if findings.has_mismatch:
        return "Not to be trusted"
    return "No cost of goods is known" if margin_is_unknown(findings.variants) else "Too few buyers yet"


def can_be_waited_for(comparison: Comparison) -> bool:
    """Whether a shop can ever have the customers that are still needed."""
    return comparison.needed is not None and comparison.needed <= MOST_NEEDED


def _until(comparison: Comparison) -> str:
    """How much longer it takes: ``; about 9,000 more customers, 31 days, until ± 5 %``."""
    effect = f"±{text.NARROW_SPACE}{text.percent(EFFECT, 0)}"
    if comparison.needed is None:
        return ""
    if not comparison.needed:
        if comparison.relative is not None and -EFFECT <= comparison.relative.low <= comparison.relative.high <= EFFECT:
            return f"; a difference of more than {effect} is not likely"
        return f"; known to {effect}, and it may be none"
    if comparison.needed > MOST_NEEDED:
        return f"; {effect} would take more than {text.count(MOST_NEEDED)} customers"
    customers = f"; about {text.count(_rough(comparison.needed))} more customers"
    if comparison.days_left is None:
        return f"{customers} until {effect}; nobody came in the last two weeks"
    return f"{customers}, {planned(comparison.days_left)}, until {effect}"


def planned(days: int) -> str:
    """A number of days as a reader plans it: ``31 days``, ``7 months``, ``59 years``."""
    for one, length in (("year", 365), ("month", 30)):
        if days >= 3 * length:
            return text.counted(round(days / length), one)
    return text.counted(days, "day")


def precision(comparison: Comparison) -> str:
    """What customers are needed for: ``until ± 5 %: 7 months``."""
    effect = f"until ±{text.NARROW_SPACE}{text.percent(EFFECT, 0)}"
    if comparison.needed is None:
        if comparison.is_of_unknown_margin:
            return "no cost of goods is known"
        return (
            f"{effect}; too few buyers yet" if comparison.difference is None else f"{effect}; the control earns nothing"
        )
    if comparison.needed > MOST_NEEDED:
        return f"{effect}: not within years"
    return effect if not comparison.days_left else f"{effect}: {planned(comparison.days_left)}"


def ending(experiment: ExperimentRecord) -> str:
    """What ending an experiment does."""
    held = "Those who were shown nothing get recommendations again. " if experiment.holdout else ""
    return (
        f"{experiment.name} ends for good: all customers get what they would without it, within a minute. {held}"
        "Its figures stay. An experiment of this name cannot be started again."
    )


def _rough(customers: int) -> int:
    step = next((step for step in _ROUGH_CUSTOMERS if customers < 100 * step), 10_000)
    return -(-customers // step) * step


def mismatch(findings: Findings) -> Sequence[str]:
    """What a sample-ratio mismatch means and what to do; nothing where there is none."""
    if not findings.has_mismatch:
        return ()
    whole = sum(found.customers for found in findings.variants)
    shares = ", ".join(
        f"{found.variant.name} {text.percent(found.customers / whole, 2)} instead of "
        f"{text.percent(found.variant.share, 2)}"
        for found in findings.variants
    )
    return (
        f"The customers do not come in the shares promised: {shares} (p = {findings.mismatch[-1]:.1g}, "
        "which chance alone makes in fewer than 1 of 100 experiments).",
        "So customers are lost, or counted, in one variant only, and a difference may come from that alone.",
        "Look for a variant whose pages fail or are not measured, for robots, and for a second system that assigns "
        "customers. Correct it, end this experiment, and start another under a new name.",
    )


def method(findings: Findings) -> str:
    """How the interval is to be read."""
    several = len(findings.variants) - 1
    shared = f", divided by {several} comparisons (Bonferroni)" if several > 1 else ""
    return (
        f"Intervals of 95 %{shared} that hold on all days together (Waudby-Smith et al., Annals of Statistics 2024): "
        "look as often as you like, and end it on any day. Choose one outcome before you look; this page begins with "
        f"net revenue. An outcome is what a customer does within {WINDOW_DAYS} days from the first visit in the "
        "experiment on."
    )


def incremental(margin: IncrementalMargin, currency: str) -> str:
    """The incremental margin in a sentence."""
    some = margin.of_a_thousand()
    value, low, high = (text.whole_money(amount, currency) for amount in (some.value, some.low, some.high))
    return (
        f"Incremental gross margin: {value} per {text.count(THOUSAND)} customers who may be shown recommendations, "
        f"between {low} and {high}, in the first {WINDOW_DAYS} days of each ({text.count(margin.customers)} customers, "
        f"{margin.period.label()}). Profit and loss has that of a period."
    )


def unknown_margin(findings: Findings) -> str:
    """How much of the margin is unknown, and so in no figure of margin; empty where nothing is."""
    share = unknown_margin_share(findings.variants)
    return (
        f"The margin of {text.percent(share)} of net revenue is unknown, and in no figure of margin." if share else ""
    )


def too_young(findings: Findings) -> str:
    """When there is something to see."""
    if findings.first_complete is None:
        return (
            f"It ended before any customer had {WINDOW_DAYS} whole days in it, so it shows nothing. Let the next one "
            "run for some weeks."
        )
    return (
        f"Too early to see anything: customers are counted {WINDOW_DAYS} days after their first visit; the first ones "
        f"on {text.day(findings.first_complete)}."
    )


def state(experiment: ExperimentRecord, time_zone: str) -> str:
    """Since when it runs, or when it ran, in days of a time zone: ``runs since 1 Nov 2026``."""
    zone = ZoneInfo(time_zone)
    started = text.day(experiment.started_at.astimezone(zone).date())
    if experiment.ended_at is None:
        return f"runs since {started}"
    return f"{started} to {text.day(experiment.ended_at.astimezone(zone).date())}"


def about(experiment: ExperimentRecord) -> str:
    """What it compares: ``holdout 10 % (shown nothing), shown 90 %; on for_you``."""
    parts = ", ".join(f"{_name(variant)} {_share(variant.share)}" for variant in experiment.variants)
    where = text.names([surface.replace("_", " ") for surface in experiment.surfaces], "all surfaces")
    return f"{parts}; on {where}"


def _share(share: float) -> str:
    """With as many digits as it has, at least: ``0.5 %``, ``90 %``."""
    digits = next((digits for digits in range(3) if math.isclose(share * 100, round(share * 100, digits))), 2)
    return text.percent(share, digits)


def _name(variant: VariantRecord) -> str:
    if variant.is_holdout:
        return f"{variant.name} (shown nothing)"
    changed = [variant.surface.replace("_", " "), variant.model]
    what = ", ".join(part for part in changed if part)
    return f"{variant.name} ({what})" if what else variant.name
