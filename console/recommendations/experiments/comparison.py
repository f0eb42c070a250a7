"""A variant against the control: how sure the difference is, on each day, and how long until it is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from console.recommendations.experiments import lift
from console.recommendations.experiments.confidence_sequence import ALPHA
from console.recommendations.experiments.incremental import margin_is_unknown
from console.recommendations.experiments.lift import Estimate
from console.recommendations.experiments.outcomes import Outcome, VariantOutcomes
from console.recommendations.experiments.sample import Sample, running

EFFECT = 0.05  # of the control's mean: what a shop would act on, and can measure within months rather than years
PACE_DAYS = 14  # whose mean says how many customers come a day: two whole weeks


@dataclass(frozen=True)
class Comparison:
    """A variant against the control, by one outcome.

    Attributes
    ----------
    alpha : the share of experiments that may be wrong: 5 %, divided by the comparisons of the experiment (Bonferroni)
    difference : per customer; None as long as too few have an outcome
    relative : difference ÷ the control's mean; None also as long as that may be 0
    needed : further customers of both variants until the relative lift is known to ± `EFFECT`; None where unknown
    days_left : until then at the pace of the last `PACE_DAYS` days; None where unknown or where nobody comes
    """

    outcome: Outcome
    variant: VariantOutcomes
    control: VariantOutcomes
    alpha: float
    difference: Estimate | None
    relative: Estimate | None
    needed: int | None
    days_left: int | None

    @property
    def best_known(self) -> Estimate | None:
        """The relative lift; the difference as long as that is not known."""
        return self.difference if self.relative is None else self.relative

    def by_day(self) -> list[Estimate | None]:
        """What is `best_known` as it was known on each day of entry: of all customers up to it."""
        estimate = lift.difference if self.relative is None else lift.relative
        return [
            estimate(one, control, self.alpha)
            for one, control in zip(
                running(self.variant.days[self.outcome]), running(self.control.days[self.outcome]), strict=True
            )
        ]

    @property
    def is_of_unknown_margin(self) -> bool:
        """Whether the outcome is a margin and no line sold says what its product costs: unknown is not nothing."""
        return self.outcome is Outcome.GROSS_MARGIN and margin_is_unknown((self.variant, self.control))


def compare(found: Sequence[VariantOutcomes], outcome: Outcome) -> list[Comparison]:
    """Every variant against the first one, the control."""
    control, *others = found
    return [_compared(variant, control, outcome, ALPHA / len(others)) for variant in others]


def _compared(variant: VariantOutcomes, control: VariantOutcomes, outcome: Outcome, alpha: float) -> Comparison:
    one, base = variant.whole(outcome), control.whole(outcome)
    if outcome is Outcome.GROSS_MARGIN and margin_is_unknown((variant, control)):
        return Comparison(outcome, variant, control, alpha, None, None, None, None)
    needed = lift.customers_needed(one, base, EFFECT, alpha)
    pace = _pace(variant.days[outcome]) + _pace(control.days[outcome])
    return Comparison(
        outcome,
        variant,
        control,
        alpha,
        lift.difference(one, base, alpha),
        lift.relative(one, base, alpha),
        needed,
        math.ceil(needed / pace) if needed is not None and pace else None,
    )


def _pace(days: Sequence[Sample]) -> float:
    newest = days[-PACE_DAYS:]
    return sum(day.customers for day in newest) / len(newest) if newest else 0.0
