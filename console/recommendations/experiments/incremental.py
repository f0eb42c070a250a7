"""The margin that is there only because of recommendations, by a hold-out.

The lift per customer times the customers who were shown something. It is what they brought more within 7 days of their
first visit in the experiment; what they bring later is not counted, so that it is no forecast of a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from console.asking.periods import Period
from console.finops.decimals import MONEY_STEP, rounded
from console.recommendations.experiments import lift
from console.recommendations.experiments.outcomes import WINDOW_DAYS, Outcome, VariantOutcomes
from console.recommendations.experiments.sample import Sample

MONTH_DAYS = 30


@dataclass(frozen=True)
class IncrementalMargin:
    """Gross margin that was there only because of recommendations, in the reporting currency.

    Attributes
    ----------
    period : the days on which it was made: those of entry and the rest of the last customers' windows. A customer's
        margin counts in the first window alone, so that the margin of a day is rather more than this says.
    customers : who were shown something, and whose 7 days are over
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
        scale = Decimal(days) / self.period.days
        value, low, high = ((amount * scale).quantize(MONEY_STEP) for amount in (self.value, self.low, self.high))
        return replace(self, customers=round(self.customers * scale), value=value, low=low, high=high)


def incremental_margin(
    experiment: str, found: Sequence[VariantOutcomes], days: Sequence[date]
) -> IncrementalMargin | None:
    """The incremental margin of all variants that show something against the hold-out, which is the control.

    None without a hold-out, or before enough is known for an interval.
    """
    if not found or not found[0].variant.is_holdout:
        return None
    holdout, *shown = found
    exposed = sum((one.whole(Outcome.GROSS_MARGIN) for one in shown), Sample())
    per_customer = lift.difference(exposed, holdout.whole(Outcome.GROSS_MARGIN))
    if per_customer is None:
        return None
    revenue = sum((one.net_revenue for one in shown), Decimal(0))
    unknown = sum((one.net_revenue_without_cost for one in shown), Decimal(0))
    return IncrementalMargin(
        experiment,
        Period(days[0], days[-1] + timedelta(days=WINDOW_DAYS)),
        exposed.customers,
        rounded(per_customer.value * exposed.customers),
        rounded(per_customer.low * exposed.customers),
        rounded(per_customer.high * exposed.customers),
        unknown / revenue if revenue > 0 else None,
    )
