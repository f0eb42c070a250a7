"""What the newest hold-out says of incremental margin, or why it says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.scope import Scope
from console.asking.slices import Slices
from console.recommendations.experiments.answer import Findings, findings, newest_holdout, restricted
from console.recommendations.experiments.incremental import IncrementalMargin
from console.recommendations.source import ExperimentRecord


@dataclass(frozen=True)
class Holdout:
    """The hold-out that says what recommendations bring.

    Attributes
    ----------
    measured : None where it says nothing
    problem : why it says nothing, in a sentence; empty where there is none, or it does
    """

    measured: IncrementalMargin | None = None
    problem: str = ""
    results: Sequence[Result] = ()


def holdout(scope: Scope, experiments: Sequence[ExperimentRecord], slices: Slices) -> Holdout:
    """What the newest experiment with a hold-out says of the whole shop; one that runs comes first."""
    experiment = newest_holdout(experiments)
    if experiment is None:
        return Holdout()
    if slices != Slices():
        return Holdout(problem="A hold-out is of the whole shop: clear the filters.")
    refusal = restricted(scope)
    if refusal:
        return Holdout(problem=f"{refusal}.")
    return of(findings(scope, experiment))


def of(found: Findings) -> Holdout:
    """The incremental margin that an experiment has measured."""
    name = found.experiment.name
    if found.has_mismatch:
        problem = f"The parts of the hold-out {name} have other customers than their shares promise; it says nothing."
        return Holdout(problem=problem, results=found.results)
    margin = found.incremental
    if margin is None:
        when = f" The first outcomes are known on {text.day(found.first_complete)}." if found.first_complete else ""
        problem = f"The hold-out {name} has too few customers for an answer yet.{when if found.is_too_young else ''}"
        return Holdout(problem=problem, results=found.results)
    return Holdout(margin, results=found.results)
