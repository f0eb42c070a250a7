"""What can go: findings of every check, what was decided about them, and what the bill says about those taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache

from catalogue.errors import LakeMissing
from console.asking.engines import Result, Statistics, combine
from console.asking.figures import Better, Figure, Unit
from console.asking.scope import Scope
from console.decisions import DecisionStore
from console.savings.checks import run
from console.savings.findings import Checked, Effort
from console.savings.inventory import Inventory, InventorySource, Unread
from console.savings.judging import Prices
from console.savings.tracking import DOLLARS, State, Tracked, track
from console.savings.usage import Bill

OLDEST_DAYS = 460  # of the bill: savings accepted more than a year ago are history

__all__ = ["DOLLARS", "Savings", "State", "Tracked", "savings"]


@dataclass(frozen=True)
class Savings:
    """The answer of the Savings page.

    Attributes
    ----------
    checks : what every check did, those without a finding included
    tracked : every finding and every decision, most dollars first, unknown ones after them
    """

    inventory: Inventory
    checks: Sequence[Checked]
    tracked: Sequence[Tracked]
    results: Sequence[Result]

    def of(self, *states: State) -> list[Tracked]:
        """Those in one of the states."""
        return [each for each in self.tracked if each.state in states]

    @property
    def not_judged(self) -> list[tuple[str, Unread]]:
        """(title of the check, what it could not read)."""
        return [(check.title, each) for check in self.checks for each in check.missing]

    @property
    def statistics(self) -> Statistics:
        """Statistics of all questions together."""
        return combine(self.results)

    @property
    def figures(self) -> Sequence[Figure]:
        """The tiles."""
        opened, taken = self.of(State.OPEN), self.of(State.ACCEPTED, State.REALISED)
        unknown = [each for each in opened if each.estimate is None]
        measured = [each.realised.monthly for each in taken if each.realised and each.realised.monthly is not None]
        waiting = len(taken) - len(measured)
        unjudged = [check for check in self.checks if not check.is_judged]
        partly = sum(1 for check in self.checks if check.is_judged and check.missing)
        accepted_unknown = sum(1 for each in taken if each.estimate is None)
        return [
            Figure("Open, a month", total(opened), Unit.MONEY, DOLLARS, better=Better.LOWER,
                   note=f"{_counted(len(opened), 'finding')}" + (f", {len(unknown)} unknown" if unknown else "")),
            Figure("Accepted, a month", total(taken), Unit.MONEY, DOLLARS,
                   note=_counted(len(taken), "saving") + (f", {accepted_unknown} unknown" if accepted_unknown else "")),
            Figure("Realised, a month", sum(measured, Decimal(0)) if measured else None, Unit.MONEY, DOLLARS,
                   note=f"{waiting} not measured yet" if waiting else "" if taken else "Nothing accepted yet"),
            Figure("Savings unknown", len(unknown), Unit.COUNT, better=Better.LOWER,
                   note="A price or a measure is missing" if unknown else ""),
            Figure("Checks not judged", len(unjudged), Unit.COUNT, better=Better.LOWER,
                   note=f"of {len(self.checks)}" + (f", {partly} in part" if partly else "")),
        ]  # fmt: skip

    @property
    def by_check(self) -> list[tuple[str, Decimal]]:
        """Open dollars a month by check, most first; checks whose findings are all unknown are left out."""
        return _summed((_title(self.checks, each), each.estimate) for each in self.of(State.OPEN))

    @property
    def by_effort(self) -> list[tuple[str, Decimal]]:
        """Open dollars a month by effort, least effort first."""
        found = dict(
            _summed((each.finding.effort.value, each.estimate) for each in self.of(State.OPEN) if each.finding)
        )
        return [(effort.value.capitalize(), found[effort.value]) for effort in Effort if effort.value in found]


def savings(scope: Scope, source: InventorySource, prices: Prices, decisions: DecisionStore) -> Savings:
    """Judge the stack, and put beside each finding what was decided and what it brought.

    Raises
    ------
    SourceError
        The stack, the decisions or the bill cannot be read at all.
    LakeMissing
        There is no resource, no bill and no decision: nothing was ever put in.
    """
    inventory = source.inventory()
    checks = run(inventory, prices)
    findings = [finding for check in checks for finding in check.findings]
    results: list[Result] = []

    @cache
    def billed() -> Bill | None:
        found, asked = bill(scope)
        results.extend(asked)
        return found

    tracked = track(findings, decisions, billed)
    if not results:
        results.append(scope.ask("spend/days"))
    if not tracked and not any(check.looked_at for check in checks) and results[0].rows()[0]["last_day"] is None:
        raise LakeMissing(
            "There is nothing to look at yet",
            where=inventory.origin,
            remedy="Fill the lake with the sample year or with your own data, then reload this page.",
        )
    return Savings(inventory, checks, tracked, results)


def bill(scope: Scope) -> tuple[Bill | None, list[Result]]:
    """Usage of the bill by day, as far back as savings are measured; None where the lake has no bill."""
    days = scope.ask("spend/days")
    row = days.rows()[0]
    first_day, last_day = row["first_day"], row["last_day"]
    if last_day is None:
        return None, [days]
    start = max(first_day, last_day - timedelta(days=OLDEST_DAYS))
    usage = scope.ask("savings/usage_by_day", start_date=start, end_date=last_day + timedelta(days=1))
    return Bill(usage.rows(), start, last_day), [days, usage]


def total(tracked: Sequence[Tracked]) -> Decimal | None:
    """Σ estimates; None where there are some and none of them is known."""
    known = [each.estimate for each in tracked if each.estimate is not None]
    return sum(known, Decimal(0)) if known or not tracked else None


def _title(checks: Sequence[Checked], tracked: Tracked) -> str:
    titles: Mapping[str, str] = {check.check: check.title for check in checks}
    return titles.get(tracked.finding.check, "") if tracked.finding else ""


def _summed(pairs: Iterable[tuple[str, Decimal | None]]) -> list[tuple[str, Decimal]]:
    sums: dict[str, Decimal] = {}
    for name, amount in pairs:
        if amount is not None and name:
            sums[name] = sums.get(name, Decimal(0)) + amount
    return sorted(sums.items(), key=lambda each: -each[1])


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Line:
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
    def of(cls, tracked: Tracked) -> Line:
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
            note=tracked.decision.note if tracked.decision and tracked.state is not State.OPEN else "",
        )
