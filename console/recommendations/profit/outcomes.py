"""What came of recommendations: impressions, clicks and attributed sales, added up. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from console.finops.decimals import ZERO, difference, total

NORMAL_95 = 1.959964  # half-width of a 95 % interval in standard deviations
PER_IMPRESSIONS = 1_000


@dataclass(frozen=True)
class Outcome:
    """What came of some recommendations.

    Attributes
    ----------
    impressions, clicks : products shown, and of those chosen
    orders : attributed orders, each once
    net_revenue : attributed net revenue, in the reporting currency
    net_revenue_with_cost, cost : the part of it whose cost of goods is known, and that cost
    """

    impressions: int = 0
    clicks: int = 0
    orders: int = 0
    net_revenue: Decimal = ZERO
    net_revenue_with_cost: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def click_rate(self) -> Decimal | None:
        """Clicks ÷ impressions; None without impressions."""
        return Decimal(self.clicks) / self.impressions if self.impressions else None

    @property
    def click_rate_interval(self) -> tuple[float, float] | None:
        """The interval of 95 % of the click rate; see `wilson`."""
        return wilson(self.clicks, self.impressions)

    @property
    def revenue_per_thousand(self) -> Decimal | None:
        """Attributed net revenue of 1,000 impressions; None without impressions."""
        return self.net_revenue * PER_IMPRESSIONS / self.impressions if self.impressions else None

    @property
    def gross_margin(self) -> Decimal | None:
        """Attributed gross margin where the cost of goods is known; None where it is known of nothing that was sold."""
        if self.net_revenue and not self.net_revenue_with_cost:
            return None
        return difference(self.net_revenue_with_cost, self.cost)

    @property
    def unknown_margin_share(self) -> Decimal | None:
        """The share of attributed net revenue whose margin is unknown; None where nothing was earned."""
        return 1 - self.net_revenue_with_cost / self.net_revenue if self.net_revenue > 0 else None


NOTHING = Outcome()


def added(outcomes: Iterable[Outcome]) -> Outcome:
    """The sum of several."""
    found = list(outcomes)
    return Outcome(
        impressions=sum(one.impressions for one in found),
        clicks=sum(one.clicks for one in found),
        orders=sum(one.orders for one in found),
        net_revenue=total(one.net_revenue for one in found),
        net_revenue_with_cost=total(one.net_revenue_with_cost for one in found),
        cost=total(one.cost for one in found),
    )


def wilson(successes: int, trials: int) -> tuple[float, float] | None:
    """The interval that holds a rate with 95 % confidence; None without a trial, or with more successes than trials.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    if not 0 <= successes <= trials or not trials:
        return None
    rate, square = successes / trials, NORMAL_95**2 / trials
    middle = rate + square / 2
    half = NORMAL_95 * sqrt(rate * (1 - rate) / trials + square / (4 * trials))
    low = 0.0 if successes == 0 else (middle - half) / (1 + square)
    high = 1.0 if successes == trials else (middle + half) / (1 + square)
    return low, high
