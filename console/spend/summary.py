"""A period's spend: its total by kind and day, what is estimated, and what discounts saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.figures import Better, Change, Figure, Unit
from console.asking.periods import Period
from console.finops.charges import Basis
from console.finops.decimals import DIGITS, ZERO, total
from console.spend.tags import KeyCoverage

CREDIT, TAX, CORRECTION = "Credit", "Tax", "Correction"
APART = (TAX, CREDIT, CORRECTION)  # never mixed into usage and purchases
APART_LABELS = {TAX: "Tax", CREDIT: "Credits", CORRECTION: "Refunds and corrections"}


@dataclass(frozen=True)
class SpendSums:
    """A period of one currency, in one basis.

    Attributes
    ----------
    label, period : what it is called, and its days
    by_kind : kind of charge → cost
    by_day : the cost of every day of the period; 0 where nothing was charged
    estimated : the cost that the provider may still change
    list_cost, effective_cost : of usage that has both
    charges : charge rows; 0 where the period has none, and its figures are unknown
    unknown : basis → charge rows without a cost in it; a basis that every charge has is left out
    has_cost : whether any charge has a cost in the basis asked for
    """

    label: str
    period: Period
    by_kind: Mapping[str, Decimal]
    days: Sequence[date]
    by_day: Sequence[Decimal]
    estimated: Decimal
    estimated_days: frozenset[date]
    list_cost: Decimal
    effective_cost: Decimal
    charges: int
    unknown: Mapping[Basis, int]
    has_cost: bool

    @property
    def spend(self) -> Decimal:
        """Usage, purchases, tax, credits and corrections together."""
        return total(self.by_kind.values())

    @property
    def usage_and_purchases(self) -> Decimal:
        """Without tax, credits and corrections."""
        return total(cost for kind, cost in self.by_kind.items() if kind not in APART)

    def apart(self, *kinds: str) -> Decimal:
        """Tax, credits or corrections."""
        return total(self.by_kind.get(kind) for kind in kinds)

    @property
    def known(self) -> Sequence[Basis]:
        """The bases in which some charge has a cost."""
        return [basis for basis in Basis if self.unknown.get(basis, 0) < self.charges]

    @property
    def per_day(self) -> Decimal:
        """Spend ÷ days of the period."""
        return self.spend / self.period.days

    @property
    def estimated_share(self) -> Decimal | None:
        """Estimated spend ÷ spend."""
        return self.estimated / self.spend if self.spend > 0 else None

    @property
    def saved(self) -> Decimal:
        """List cost − effective cost."""
        return DIGITS.subtract(self.list_cost, self.effective_cost)

    @property
    def effective_savings_rate(self) -> Decimal | None:
        """(List cost − effective cost) ÷ list cost; None without a list cost."""
        return self.saved / self.list_cost if self.list_cost > 0 else None


def sums(label: str, period: Period, result: Result, currency: str, basis: Basis) -> SpendSums:
    """The sums of one currency out of `spend/by_day`."""
    rows = [row for row in result.rows() if row["billing_currency"] == currency]
    by_kind: dict[str, list[Decimal]] = {}
    by_day: dict[date, Decimal] = {}
    for row in rows:
        cost = row[basis.column]
        if cost is not None:
            by_kind.setdefault(row["kind"], []).append(cost)
            by_day[row["charge_date"]] = DIGITS.add(by_day.get(row["charge_date"], ZERO), cost)
    days = period.dates
    usage = [row for row in rows if row["kind"] == "Usage"]
    return SpendSums(
        label=label,
        period=period,
        by_kind={kind: total(costs) for kind, costs in by_kind.items()},
        days=days,
        by_day=[by_day.get(day, ZERO) for day in days],
        estimated=total(row[basis.column] for row in rows if row["estimated"]),
        estimated_days=frozenset(row["charge_date"] for row in rows if row["estimated"]),
        list_cost=total(row["list_cost_with_effective"] for row in usage),
        effective_cost=total(row["effective_cost_with_list"] for row in usage),
        charges=sum(row["charges"] for row in rows),
        unknown={
            other: number for other in Basis if (number := sum(row[f"charges_without_{other.column}"] for row in rows))
        },
        has_cost=bool(by_kind),
    )


def other_currencies(result: Result, currency: str, basis: Basis) -> Mapping[str, Decimal]:
    """Spend of the period by other currency; amounts of two currencies are never added."""
    costs: dict[str, list[Decimal | None]] = {}
    for row in result.rows():
        if row["billing_currency"] != currency:
            costs.setdefault(row["billing_currency"], []).append(row[basis.column])
    return {name: total(amounts) for name, amounts in sorted(costs.items())}


def incomplete_from(now: SpendSums, last_complete_day: date | None) -> date | None:
    """The first day of those at the end that are estimated or not over yet; None where the last day is final."""
    known = [day for day, cost in zip(now.days, now.by_day, strict=True) if cost or day in now.estimated_days]
    closed = [day for day in known if day not in now.estimated_days]
    final = [day for day in closed if last_complete_day is None or day <= last_complete_day]
    return next((day for day in known if not final or day > final[-1]), None)


def figures(
    now: SpendSums,
    comparisons: Sequence[SpendSums],
    basis: Basis,
    currency: str,
    tagged: KeyCoverage | None,
) -> list[Figure]:
    """The headline: spend in the basis, per day, savings rate, credits and refunds, tax, tag coverage."""

    def cost(name: str, value: Callable[[SpendSums], Decimal], better: Better, **more: Any) -> Figure:
        changes = [Change(sums.label, value(sums) if sums.has_cost else None) for sums in comparisons]
        known = value(now) if now.has_cost else None
        return Figure(f"{name}, {basis}", known, Unit.MONEY, currency, changes, better=better, **more)

    share = now.estimated_share
    estimated = f"{text.percent(share, 0)} of it estimated" if share else ""
    refunded = "refunds and corrections among them" if now.apart(CORRECTION) else ""
    return [
        cost("Spend", lambda sums: sums.spend, Better.LOWER, series=now.by_day, note=estimated),
        cost("Per day", lambda sums: sums.per_day, Better.LOWER),
        Figure(
            "Effective savings rate",
            now.effective_savings_rate,
            Unit.PERCENT,
            changes=[
                Change(sums.label, sums.effective_savings_rate if sums.has_cost else None) for sums in comparisons
            ],
            note="list to effective, usage" if Basis.LIST in now.known else "list cost unknown",
        ),
        cost("Credits and refunds", lambda sums: sums.apart(CREDIT, CORRECTION), Better.NEITHER, note=refunded),
        cost("Tax", lambda sums: sums.apart(TAX), Better.NEITHER),
        Figure(
            "Tag coverage",
            tagged.coverage if tagged else None,
            Unit.PERCENT,
            note=f"tag {tagged.key}, of usage" if tagged else "no tags",
        ),
    ]
