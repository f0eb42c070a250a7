"""The margin that is there only because of recommendations, by a hold-out.

The lift per customer times the customers who may be shown recommendations, whether or not a page drew any for them:
that part was left to chance, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from console.asking.periods import Period
from console.finops.decimals import MONEY_STEP, rounded
from console.recommendations.experiments import lift
from console.recommendations.experiments.outcomes import Outcome, VariantOutcomes
from console.recommendations.experiments.sample import Sample

THOUSAND = 1_000


@dataclass(frozen=True)
class IncrementalMargin:
    """Gross margin that was there only because of recommendations, in the reporting currency.

    Attributes
    ----------
    period : the days on which it was made
    customers : who may be shown recommendations, and whose margin is counted
    value, low, high : of all of them together; the interval of 95 % may be looked at on any day
    unknown_margin_share : share of their net revenue whose margin is unknown, and not in it; None without net revenue
    """

    experiment: str
    period: Period
    customers: int
    value: Decimal
    low: Decimal
    high: Decimal
    unknown_margin_share: Decimal | None

    def over(self, days: int) -> IncrementalMargin:
        """The same over so many days, with as many customers a day, to a hundredth of a cent."""
        return self._times(Decimal(days) / self.period.days)

    def of_a_thousand(self) -> IncrementalMargin:
        """The same of a thousand customers, to a hundredth of a cent."""
        return self._times(Decimal(THOUSAND) / self.customers)

    def _times(self, scale: Decimal) -> IncrementalMargin:
        value, low, high = ((amount * scale).quantize(MONEY_STEP) for amount in (self.value, self.low, self.high))
        return replace(self, customers=round(self.customers * scale), value=value, low=low, high=high)


def incremental_margin(experiment: str, found: Sequence[VariantOutcomes], period: Period) -> IncrementalMargin | None:
    """The incremental margin of all variants that show something against the hold-out, which is the control.

    None without a hold-out, before enough is known for an interval, or where no margin is known.
    """
    if not found or not found[0].variant.is_holdout or margin_is_unknown(found):
        return None
    holdout, *shown = found
    exposed = sum((one.whole(Outcome.GROSS_MARGIN) for one in shown), Sample())
    per_customer = lift.difference(exposed, holdout.whole(Outcome.GROSS_MARGIN))
    if per_customer is None:
        return None
    return IncrementalMargin(
        experiment,
        period,
        exposed.customers,
        rounded(per_customer.value * exposed.customers),
        rounded(per_customer.low * exposed.customers),
        rounded(per_customer.high * exposed.customers),
        unknown_margin_share(found),
    )


def unknown_margin_share(found: Sequence[VariantOutcomes]) -> Decimal | None:
    """The share of net revenue whose margin is unknown; None without net revenue."""
    revenue = sum((one.net_revenue for one in found), Decimal(0))
    unknown = sum((one.net_revenue_without_cost for one in found), Decimal(0))
    return unknown / revenue if revenue > 0 else None


def margin_is_unknown(found: Sequence[VariantOutcomes]) -> bool:
    """Whether something was sold, and no line of it says what its product costs."""
    return any(one.orders for one in found) and not any(one.has_known_margin for one in found)
