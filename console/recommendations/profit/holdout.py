"""What a hold-out says of incremental margin in a period, or why it says nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Scope
from console.asking.slices import Slices
from console.recommendations.experiments.answer import (
    mismatches,
    question,
    restricted,
    whole_days,
)
from console.recommendations.experiments.incremental import IncrementalMargin, incremental_margin, margin_is_unknown
from console.recommendations.experiments.outcomes import by_variant
from console.recommendations.experiments.sample_ratio import ALARM
from console.recommendations.source import ExperimentRecord

LEAST_DAYS = 7  # of a longer period, for a margin that is taken for the same on its other days: a whole week
MOST_ASKED = 3  # hold-outs with days in the period: each is a question about the customers of the whole shop


@dataclass(frozen=True)
class Holdout:
    """The hold-out that says what recommendations bring.

    Attributes
    ----------
    measured : on the days that it and the period have in common; None where it says nothing
    problem : why it says nothing, in a sentence; empty where there is none, or it does
    note : of a younger one, which says nothing of the period
    """

    measured: IncrementalMargin | None = None
    problem: str = ""
    note: str = ""
    results: Sequence[Result] = ()


def holdout(scope: Scope, experiments: Sequence[ExperimentRecord], slices: Slices, period: Period) -> Holdout:
    """What the newest hold-out of the whole shop that has measured something in a period says.

    All customers who came on the days in common are counted with their whole margin from their first visit on these
    days. Which of them are held out is drawn from their ids and does not depend on the day, so any days will do.
    """
    held = sorted(
        (experiment for experiment in experiments if experiment.holdout is not None),
        key=lambda experiment: experiment.started_at,
        reverse=True,
    )
    whole = [experiment for experiment in held if not experiment.surfaces]
    if not whole:
        return Holdout(problem=_of_a_part(held[0])) if held else Holdout()
    if slices != Slices():
        return Holdout(problem="A hold-out is of the whole shop: clear the filters.")
    refusal = restricted(scope)
    if refusal:
        return Holdout(problem=f"{refusal}.")
    ran = {experiment.name: whole_days(scope, experiment) for experiment in whole}
    common = [(one, days) for one in whole if (days := common_days(*ran[one.name], period))]
    problem, results = "", list[Result]()
    for experiment, days in common[:MOST_ASKED]:
        found = _measured(scope, experiment, days)
        results += found.results
        if found.measured is not None:
            is_newest = experiment is whole[0]
            note = "" if is_newest else problem or _says_nothing(whole[0], *ran[whole[0].name])
            return replace(found, note=note, results=results)
        problem = problem or found.problem
    return Holdout(problem=problem or _nothing_in_common(ran), results=results)


def common_days(first: date, until: date, period: Period) -> Period | None:
    """The days from `first` to the one before `until` in a period: all of it, or at least `LEAST_DAYS`; else None."""
    start, end = max(first, period.start), min(until, period.end)
    return Period(start, end) if (end - start).days >= min(LEAST_DAYS, period.days) else None


def _measured(scope: Scope, experiment: ExperimentRecord, days: Period) -> Holdout:
    name = experiment.name
    asked = question(experiment, days.start, days.end, outcome_end=days.end, days=days.days)
    results = scope.ask_all([asked])
    found = by_variant(results[0].rows(), experiment.variants, days.dates)
    if mismatches(found)[-1] < ALARM:
        problem = f"The parts of the hold-out {name} have other customers than their shares promise; it says nothing."
        return Holdout(problem=problem, results=results)
    if margin_is_unknown(found):
        problem = f"The hold-out {name} says nothing of margin: no line sold says what its product costs."
        return Holdout(problem=problem, results=results)
    margin = incremental_margin(name, found, days)
    if margin is None:
        return Holdout(problem=f"The hold-out {name} has too few buyers in this period.", results=results)
    return Holdout(margin, results=results)


def _nothing_in_common(ran: Mapping[str, tuple[date, date]]) -> str:
    """Of which days a hold-out could say something."""
    newest = list(ran.items())[:MOST_ASKED]
    days = "; ".join(f"{name} ({_days(first, until)})" for name, (first, until) in newest)
    return f"No hold-out ran on enough days of this period. Those that there are: {days}."


def _says_nothing(experiment: ExperimentRecord, first: date, until: date) -> str:
    return f"The newer hold-out {experiment.name} ({_days(first, until)}) has too few days in this period."


def _days(first: date, until: date) -> str:
    return text.days(first, Period(first, until).last_day) if first < until else "without a whole day yet"


def _of_a_part(experiment: ExperimentRecord) -> str:
    surfaces = text.names([surface.replace("_", " ") for surface in experiment.surfaces], "all surfaces")
    return (
        f"The hold-out {experiment.name} is on {surfaces} alone, and the cost is of all surfaces, so it cannot answer"
        " this. Start one on all of them."
    )
