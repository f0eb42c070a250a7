"""The answer of the Spend page and its command, asked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from console.asking.engines import Result
from console.asking.figures import Figure
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.finops.charges import Basis
from console.finops.contents import Contents
from console.spend import breakdown, changes, coverage, summary, tags
from console.spend import part as parts
from console.spend.coverage import Commitments
from console.spend.part import BillPart

Compared = tuple[str, Period]


@dataclass(frozen=True)
class Spend:
    """The answer of the Spend page.

    Attributes
    ----------
    now, comparisons : the period's sums, and those of the periods it is compared with
    incomplete_from : first day that is estimated or not over, with all after it
    other_currencies : spend of the period in other currencies, in no figure here
    changed : None without a comparison, or where one of the two periods has no cost in the basis
    """

    basis: Basis
    part: BillPart
    now: summary.SpendSums
    comparisons: Sequence[summary.SpendSums]
    figures: Sequence[Figure]
    incomplete_from: date | None
    other_currencies: Mapping[str, Decimal]
    breakdown: breakdown.Breakdown
    changed: changes.Changed | None
    commitments: Commitments
    commitments_before: Commitments | None
    tags: tags.Tags
    results: Sequence[Result]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was charged in the period."""
        return not self.now.charges

    @property
    def is_unknown(self) -> bool:
        """Whether no charge of the period has a cost in the basis."""
        return not self.is_empty and not self.now.has_cost


def spend(
    scope: Scope,
    contents: Contents,
    period: Period,
    comparisons: Sequence[Compared],
    part: BillPart,
    *,
    basis: Basis = Basis.EFFECTIVE,
    by: str = "service",
    tag_key: str | None = None,
) -> Spend:
    """What was spent in a period, on what, and what changed against the first comparison.

    Parameters
    ----------
    by : a name of `part.DIMENSIONS`, or ``tag:KEY``
    tag_key : the key whose untagged usage is listed; by default the one that covers most
    """
    every = [("This period", period), *comparisons]
    periods = [compared for _, compared in every[:2]]
    everywhere = replace(part, currency="")  # the other currencies too: they are shown separately
    daily = parts.of_part("by_day", part)
    asked: dict[str, Question] = {"day 0": parts.question(scope, daily, period, everywhere)}
    for number, (_, compared) in enumerate(comparisons, start=1):
        asked[f"day {number}"] = parts.question(scope, daily, compared, part)
    values, asked["days"] = breakdown.questions(scope, by, periods, part, basis)
    for number, (compared, question) in enumerate(zip(periods, values, strict=True)):
        asked[f"values {number}"] = question
        asked[f"commitments {number}"] = coverage.question(scope, compared, part)
    asked["tags"] = tags.question(scope, period, part)
    if comparisons:
        asked["change"] = changes.question(scope, period, comparisons[0][1], part, basis)
    found = dict(zip(asked, scope.ask_all(list(asked.values())), strict=True))

    currency = part.currency
    now, *before = (
        summary.sums(label, compared, found[f"day {number}"], currency, basis)
        for number, (label, compared) in enumerate(every)
    )
    tagged = tags.tags(found["tags"], currency, basis, tag_key)
    return Spend(
        basis=basis,
        part=part,
        now=now,
        comparisons=before,
        figures=summary.figures(now, before, basis, currency, tagged.chosen),
        incomplete_from=summary.incomplete_from(now, contents.last_complete_day),
        other_currencies=summary.other_currencies(found["day 0"], currency, basis),
        breakdown=breakdown.breakdown(
            by,
            [found[f"values {number}"] for number in range(len(periods))],
            found["days"],
            now.days,
            now.estimated_days,
            now.spend,
            basis,
            contents.names,
        ),
        changed=changes.changed(comparisons[0][0], found["change"], currency, contents.names)
        if before and now.has_cost and before[0].has_cost
        else None,
        commitments=coverage.measured(found["commitments 0"], currency),
        commitments_before=coverage.measured(found["commitments 1"], currency) if comparisons else None,
        tags=tagged,
        results=list(found.values()),
    )
