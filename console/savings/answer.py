"""What could cost less: the findings of every check, the decisions on them, and what the accepted ones saved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache

from catalogue.errors import LakeMissing
from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.figures import Better, Figure, Unit
from console.asking.scope import Scope
from console.decisions import DecisionStore
from console.finops.pricing.price_book import PriceBook
from console.savings.checks import run
from console.savings.facts import BilledUsage
from console.savings.findings import Checked, Effort, Finding
from console.savings.inventory import Inventory, InventorySource, Unread
from console.savings.tracking import DOLLARS, DecisionState, TrackedSaving, track

OLDEST_DAYS = 460  # of the bill: savings accepted more than a year ago are history

__all__ = ["DOLLARS", "DecisionState", "SavingRow", "Savings", "TrackedSaving", "savings"]


@dataclass(frozen=True)
class Savings:
    """The answer of the Savings page.

    Attributes
    ----------
    checks : what every check did, those without a finding included
    tracked : every finding and every decision, most dollars first, unknown ones last
    """

    inventory: Inventory
    checks: Sequence[Checked]
    tracked: Sequence[TrackedSaving]
    results: Sequence[Result]

    def of(self, *states: DecisionState) -> list[TrackedSaving]:
        """The savings in one of these states."""
        return [saving for saving in self.tracked if saving.state in states]

    @property
    def not_judged(self) -> list[tuple[str, Unread]]:
        """(title of the check, what it could not read)."""
        return [(check.title, unread) for check in self.checks for unread in check.missing]

    @property
    def figures(self) -> Sequence[Figure]:
        """The tiles."""
        opened, accepted = self.of(DecisionState.OPEN), self.of(DecisionState.ACCEPTED, DecisionState.REALISED)
        unknown = sum(1 for saving in opened if saving.estimate is None)
        realised = [saving.realised.monthly for saving in accepted if saving.realised]
        measured = [monthly for monthly in realised if monthly is not None]
        waiting = len(accepted) - len(measured)
        unjudged = [check for check in self.checks if not check.is_judged]
        partly = sum(1 for check in self.checks if check.is_judged and check.missing)
        unestimated = sum(1 for saving in accepted if saving.estimate is None)
        return [
            Figure("Open, a month", total(opened), Unit.MONEY, DOLLARS, better=Better.LOWER,
                   note=text.counted(len(opened), "finding") + (f", {unknown} unknown" if unknown else "")),
            Figure("Accepted, a month", total(accepted), Unit.MONEY, DOLLARS,
                   note=text.counted(len(accepted), "saving") + (f", {unestimated} unknown" if unestimated else "")),
            Figure("Realised, a month", sum(measured, Decimal(0)) if measured else None, Unit.MONEY, DOLLARS,
                   note=f"{waiting} not measured yet" if waiting else "" if accepted else "Nothing accepted yet"),
            Figure("Savings unknown", unknown, Unit.COUNT, better=Better.LOWER,
                   note="A price or a measure is missing" if unknown else ""),
            Figure("Checks not judged", len(unjudged), Unit.COUNT, better=Better.LOWER,
                   note=f"of {len(self.checks)}" + (f", {partly} in part" if partly else "")),
        ]  # fmt: skip

    @property
    def by_check(self) -> list[tuple[str, Decimal]]:
        """Open dollars a month by check, most first; checks whose findings are all unknown are left out."""
        titles = {check.check: check.title for check in self.checks}
        sums = self._open_sums(lambda finding: titles[finding.check])
        return sorted(sums.items(), key=lambda item: -item[1])

    @property
    def by_effort(self) -> list[tuple[str, Decimal]]:
        """Open dollars a month by effort, least effort first."""
        sums = self._open_sums(lambda finding: finding.effort.value)
        return [(effort.value.capitalize(), sums[effort.value]) for effort in Effort if effort.value in sums]

    def _open_sums(self, group: Callable[[Finding], str]) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for saving in self.of(DecisionState.OPEN):
            if saving.finding is not None and saving.estimate is not None:
                sums[group(saving.finding)] += saving.estimate
        return sums


def savings(scope: Scope, source: InventorySource, prices: PriceBook, decisions: DecisionStore) -> Savings:
    """The savings found in the stack, each with the decision on it and what it saved.

    Raises
    ------
    SourceError
        The stack, the decisions or the bill cannot be read at all.
    LakeMissing
        There is no resource, no bill and no decision: the lake is empty.
    """
    inventory = source.inventory()
    checks = run(inventory, prices)
    findings = [finding for check in checks for finding in check.findings]
    results: list[Result] = []

    @cache
    def bill() -> BilledUsage | None:
        usage, asked = billed_usage(scope)
        results.extend(asked)
        return usage

    tracked = track(findings, decisions, bill)
    if not results:
        results.append(scope.ask("spend/days"))
    if not tracked and not any(check.looked_at for check in checks) and results[0].rows()[0]["last_day"] is None:
        raise LakeMissing(
            "There is nothing to look at yet",
            where=inventory.origin,
            remedy="Fill the lake with the sample year or with your own data, then reload this page.",
        )
    return Savings(inventory, checks, tracked, results)


def billed_usage(scope: Scope) -> tuple[BilledUsage | None, list[Result]]:
    """Usage of the bill by day, as far back as savings are measured, and the results; None if there is no bill."""
    days = scope.ask("spend/days")
    row = days.rows()[0]
    first_day, last_day = row["first_day"], row["last_day"]
    if last_day is None:
        return None, [days]
    start = max(first_day, last_day - timedelta(days=OLDEST_DAYS))
    usage = scope.ask("savings/usage_by_day", start_date=start, end_date=last_day + timedelta(days=1))
    return BilledUsage(usage.rows(), start, last_day), [days, usage]


def total(tracked: Sequence[TrackedSaving]) -> Decimal | None:
    """Sum of the known estimates; None if there are savings and none of their estimates is known."""
    known = [saving.estimate for saving in tracked if saving.estimate is not None]
    return sum(known, Decimal(0)) if known or not tracked else None


@dataclass(frozen=True)
class SavingRow:
    """One saving as a row of a table; amounts are None where unknown."""

    key: str
    title: str
    estimate: Decimal | None
    realised: Decimal | None
    effort: str
    risk: str
    state: str
    resource: str
    formula: str
    note: str

    @classmethod
    def of(cls, tracked: TrackedSaving) -> SavingRow:
        """The row of a saving."""
        finding = tracked.finding
        return cls(
            key=tracked.key,
            title=tracked.title,
            estimate=tracked.estimate,
            realised=tracked.realised.monthly if tracked.realised else None,
            effort=finding.effort.value if finding else "",
            risk=finding.risk.value if finding else "",
            state=tracked.state.value,
            resource=tracked.resource,
            formula=finding.formula if finding else "",
            note=tracked.decision.note if tracked.decision and tracked.state is not DecisionState.OPEN else "",
        )
