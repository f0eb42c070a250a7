"""What a hold-out says of incremental margin in a period, or why it says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Scope
from console.asking.slices import Slices
from console.recommendations.experiments.answer import (
    mismatches,
    question,
    restricted,
    running_first,
    whole_days,
)
from console.recommendations.experiments.incremental import IncrementalMargin, incremental_margin, margin_is_unknown
from console.recommendations.experiments.outcomes import by_variant
from console.recommendations.experiments.sample_ratio import ALARM
from console.recommendations.source import ExperimentRecord

LEAST_DAYS = 7  # of the period, for a margin that is taken for the same on its other days: a whole week
MOST_ASKED = 3  # hold-outs, newest first: each is a question about the customers of the whole shop


@dataclass(frozen=True)
class Holdout:
    """The hold-out that says what recommendations bring.

    Attributes
    ----------
    measured : on the days that it and the period have in common; None where it says nothing
    problem : why it says nothing, in a sentence; empty where there is none, or it does
    """

    measured: IncrementalMargin | None = None
    problem: str = ""
    results: Sequence[Result] = ()


def holdout(scope: Scope, experiments: Sequence[ExperimentRecord], slices: Slices, period: Period) -> Holdout:
    """What the first hold-out of the whole shop that has measured something in a period says; those that run first.

    All customers who came on the days in common are counted with their whole margin from their first visit on these
    days. Which of them are held out is drawn from their ids and does not depend on the day, so any days will do.
    """
    held = [experiment for experiment in running_first(experiments) if experiment.holdout is not None]
    whole = [experiment for experiment in held if not experiment.surfaces]
    if not whole:
        return Holdout(problem=_of_a_part(held[0])) if held else Holdout()
    if slices != Slices():
        return Holdout(problem="A hold-out is of the whole shop: clear the filters.")
    refusal = restricted(scope)
    if refusal:
        return Holdout(problem=f"{refusal}.")
    said = Holdout()
    for experiment in whole[:MOST_ASKED]:
        found = _measured(scope, experiment, period)
        if found.measured is not None:
            return found
        said = said if said.problem else found
    return said


def common_days(scope: Scope, experiment: ExperimentRecord, period: Period) -> Period | None:
    """The whole days of an experiment in a period; None for fewer than `LEAST_DAYS`."""
    first, until = whole_days(scope, experiment)
    start, end = max(first, period.start), min(until, period.end)
    return Period(start, end) if (end - start).days >= LEAST_DAYS else None


def _measured(scope: Scope, experiment: ExperimentRecord, period: Period) -> Holdout:
    name, days = experiment.name, common_days(scope, experiment, period)
    if days is None:
        first, until = whole_days(scope, experiment)
        ran = text.days(first, Period(first, until).last_day) if first < until else "not a whole day yet"
        return Holdout(
            problem=f"The hold-out {name} has fewer than {LEAST_DAYS} whole days in this period, too few for an answer"
            f" (it has {ran})."
        )
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


def _of_a_part(experiment: ExperimentRecord) -> str:
    surfaces = text.names([surface.replace("_", " ") for surface in experiment.surfaces], "all surfaces")
    return (
        f"The hold-out {experiment.name} is on {surfaces} alone, and the cost is of all surfaces. Start one on all"
        " of them."
    )
