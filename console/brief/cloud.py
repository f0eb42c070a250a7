"""What the cloud cost beside what the shop took: the line that the Brief gives to the bill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from catalogue.errors import TakingsError
from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Scope
from console.brief.attention import Cause, Finding
from console.budgets import answer as budgets
from console.budgets.answer import BudgetStanding
from console.budgets.bill import bill
from console.budgets.budgets import BudgetSource, Standing
from console.budgets.figures import ended
from console.decisions import DecisionStore
from console.finops.charges import Basis
from console.finops.decimals import total
from console.spend.part import Part, question
from console.spend.summary import Sums, sums

BASIS = Basis.EFFECTIVE  # what a period used, whenever it is paid
PAGE = "budgets"
MOST_ANOMALIES = 3  # named one by one, the largest: the page lists them all


@dataclass(frozen=True)
class Takings:
    """A period and the net revenue of the whole shop in it; None where the reader does not see the whole shop."""

    label: str
    period: Period
    net_revenue: Decimal | None


@dataclass(frozen=True)
class Cloud:
    """The bill of a period.

    Attributes
    ----------
    currency : of the bill; `share` is None where it is not the shop's
    cost, before : effective cost of the period and of the comparison; None where nothing was charged
    share, share_before : cost ÷ net revenue; None where either is unknown
    standing : budgets and anomalies, so far as they are worked out
    trouble : why they cannot be, for the rest of the Brief stands without them
    """

    currency: str
    cost: Decimal | None
    before: Decimal | None
    share: Decimal | None
    share_before: Decimal | None
    standing: BudgetStanding | None
    trouble: TakingsError | None
    results: Sequence[Result]

    @property
    def findings(self) -> list[Finding]:
        """What is unusual in the bill, and what is off budget."""
        if self.trouble is not None:
            told = f"{self.trouble.what} ({self.trouble.where})" if self.trouble.where else self.trouble.what
            return [Finding("Budgets cannot be read", f"{told}. {self.trouble.remedy}", Cause.CLOUD, PAGE)]
        if self.standing is None:
            return []
        if self.standing.ended is not None:
            return [Finding("The cloud's bill has ended", ended(self.standing.ended), Cause.CLOUD, PAGE)]
        found = [
            Finding(
                f"{status.budget.name} is over budget"
                if status.standing is Standing.OVER
                else f"{status.budget.name} is about to go over budget",
                f"{status.forecast.booked:,.2f} {self.currency} of {status.amount:,.2f} are booked"
                + ("." if status.expected is None else f"; the month will end at {status.expected:.0%} of it."),
                Cause.CLOUD,
                PAGE,
            )
            for status in self.standing.off_budget
        ]
        for each in self.standing.open_anomalies[:MOST_ANOMALIES]:
            days = f"{each.start:%-d %b}" if each.start == each.end else f"{each.start:%-d} to {each.end:%-d %b}"
            blamed = f", mostly {each.blame[0].usage_type}" if each.blame else ""
            found.append(
                Finding(
                    f"{each.service} cost {each.money:,.2f} {self.currency} more than usual",
                    f"{days}{blamed}: {each.actual:,.2f} instead of {each.expected:,.2f}.",
                    Cause.CLOUD,
                    PAGE,
                )
            )
        rest = self.standing.open_anomalies[MOST_ANOMALIES:]
        if rest:
            found.append(
                Finding(
                    f"{len(rest)} smaller anomalies in the bill",
                    f"{total(each.money for each in rest):,.2f} {self.currency} more than usual.",
                    Cause.CLOUD,
                    PAGE,
                )
            )
        return found


def cloud(
    scope: Scope,
    now: Takings,
    before: Takings | None,
    source: BudgetSource,
    decisions: DecisionStore,
    *,
    patience: float | None = 0.0,
) -> Cloud | None:
    """The bill of a period against the shop's net revenue; None where the lake holds no bill.

    Parameters
    ----------
    patience : seconds to wait for a forecast and anomalies that are being worked out; None waits for good

    Raises
    ------
    SourceError
        The charges cannot be read; names the remedy.
    """
    found = bill(scope)
    if found.is_empty:
        return None
    periods = [each for each in (now, before) if each is not None]
    part = Part(found.currency)
    questions = [question(scope, "spend/by_day", each.period, part) for each in periods]
    standing, trouble = None, None
    with scope.ahead(questions) as ready:
        try:
            standing = budgets.standing(ready, source, decisions, patience=patience)
        except TakingsError as error:
            trouble = error
        results = ready.ask_all(questions)
    measured = [
        sums(each.label, each.period, result, found.currency, BASIS)
        for each, result in zip(periods, results, strict=True)
    ]
    in_one_currency = found.currency == scope.reporting_currency
    shares = [_share(its, each) if in_one_currency else None for its, each in zip(measured, periods, strict=True)]
    return Cloud(
        currency=found.currency,
        cost=_cost(measured[0]),
        before=_cost(measured[1]) if before else None,
        share=shares[0],
        share_before=shares[1] if before else None,
        standing=standing,
        trouble=trouble,
        results=[found.result, *results],
    )


def _cost(measured: Sums) -> Decimal | None:
    return measured.spend if measured.has_cost else None


def _share(measured: Sums, takings: Takings) -> Decimal | None:
    cost = _cost(measured)
    if cost is None or not takings.net_revenue or takings.net_revenue < 0:
        return None
    return cost / takings.net_revenue
