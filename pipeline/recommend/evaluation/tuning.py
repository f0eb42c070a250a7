"""The best parameters of a method, found without a look at the test part.

The training part is divided once more, in the same way and at the same ratio as the whole was; every combination of
the grid learns from the inner training part and is measured on the inner test part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.recommend.evaluation import metrics
from pipeline.recommend.evaluation.candidates import Candidate
from pipeline.recommend.evaluation.ranking import best_unknown
from pipeline.recommend.evaluation.splits import Split, known, split
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods import Method


@dataclass(frozen=True)
class Trial:
    """One combination of parameters, and its nDCG on the inner test part."""

    method: Method
    ndcg: float


def inner_split(training: Interactions, *, kind: str, ratio: float, seed: int) -> Split:
    """The training part, divided as the whole was. Raises SettingsError where too little is left."""
    return split(training, kind=kind, ratio=ratio, seed=seed)


def trials(
    candidate: Candidate, inner: Split, *, k: int, seed: int, progress: Callable[[], None] | None = None
) -> list[Trial]:
    """Every combination, the best first; of equals the first of the grid."""
    found = []
    known_inside = known(inner)
    for method in candidate.variants():
        lists = best_unknown(method.fit(inner.training, seed=seed), inner.customers, known_inside, k)
        found.append(Trial(method, float(metrics.accuracy(lists, inner.relevant)[metrics.NDCG].mean())))
        if progress is not None:
            progress()
    return sorted(found, key=lambda trial: -trial.ndcg)
