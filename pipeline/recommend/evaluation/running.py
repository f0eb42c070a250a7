"""Every method on the same splits, customers and lists: what the report is made of."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from catalogue.errors import SettingsError
from pipeline.recommend.evaluation import metrics
from pipeline.recommend.evaluation.candidates import Candidate
from pipeline.recommend.evaluation.metrics import Matrix, PerCustomer
from pipeline.recommend.evaluation.ranking import best_unknown
from pipeline.recommend.evaluation.served import as_served
from pipeline.recommend.evaluation.splits import Split, known, split
from pipeline.recommend.evaluation.tuning import Trial, inner_split, trials
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods import Fitted, Method
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import ItemToItem

Progress = Callable[[str, float], None]  # what is done now, and the share of all that is done

_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Plan:
    """How methods are evaluated.

    Attributes
    ----------
    kind, ratio : of the split, see `splits.split`
    seeds : the whole is divided, learnt and measured once for each
    k : length of the lists
    served : numbers of neighbours with which models of weights between products are measured as served, too
    history : newest products of a customer that are at hand as served; 0 for all
    tune : choose parameters on an inner split; else each method has its own
    """

    kind: str
    ratio: float
    seeds: tuple[int, ...]
    k: int
    served: tuple[int, ...] = ()
    tune: bool = False
    history: int = 0


@dataclass
class Scored:
    """The metrics of one method over all seeds.

    Attributes
    ----------
    by_seed : of each metric of accuracy, each seed's values: of all customers, NaN for those who were not asked about
    beyond : of each metric beyond accuracy, each seed's value
    """

    by_seed: dict[str, list[PerCustomer]] = field(default_factory=dict)
    beyond: dict[str, list[float]] = field(default_factory=dict)

    def values(self, metric: str) -> PerCustomer:
        """Each customer's mean over the seeds that ask about them, for those whom one does at least."""
        found = np.array(self.by_seed[metric])
        asked = ~np.isnan(found)
        times = asked.sum(axis=0)
        totals = np.where(asked, found, 0).sum(axis=0)
        return np.asarray(totals[times > 0] / times[times > 0], dtype=np.float64)

    def mean(self, metric: str) -> float:
        """Over the seeds."""
        if metric in self.beyond:
            return float(np.mean(self.beyond[metric]))
        return float(self.values(metric).mean())


@dataclass
class Result:
    """One method.

    Attributes
    ----------
    parameters : of each seed
    trials : of each seed, best first; empty where nothing was tuned
    training_seconds, peak_megabytes : of each seed; the peak is what was allocated above what was there before
    served : by number of neighbours
    """

    name: str
    parameters: list[dict[str, float | int | str]] = field(default_factory=list)
    trials: list[list[Trial]] = field(default_factory=list)
    training_seconds: list[float] = field(default_factory=list)
    peak_megabytes: list[float] = field(default_factory=list)
    offline: Scored = field(default_factory=Scored)
    served: dict[int, Scored] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes
    ----------
    splits : of each seed
    results : in the order of the candidates
    left_out : methods that cannot be evaluated here, and why
    """

    plan: Plan
    interactions: Interactions
    splits: tuple[Split, ...]
    results: tuple[Result, ...]
    left_out: dict[str, str]


def evaluate(
    interactions: Interactions, candidates: Mapping[str, Candidate], plan: Plan, *, progress: Progress | None = None
) -> Evaluation:
    """Divide, tune, learn and measure: every method on the same customers.

    Raises
    ------
    SettingsError
        The split is not possible (`splits.split`), or none of the methods can be evaluated here.
    """
    left_out = {name: candidate.missing() for name, candidate in candidates.items() if candidate.missing()}
    present = {name: candidate for name, candidate in candidates.items() if name not in left_out}
    if not present:
        reasons = "; ".join(f"{name} {reason}" for name, reason in left_out.items())
        raise SettingsError("None of the methods can be evaluated here", where=reasons, remedy="Name others.")
    results = {name: Result(name) for name in present}
    divided = tuple(split(interactions, kind=plan.kind, ratio=plan.ratio, seed=seed) for seed in plan.seeds)
    steps = _Steps(present, plan, progress)
    for seed, part in zip(plan.seeds, divided, strict=True):
        inner = inner_split(part.training, kind=plan.kind, ratio=plan.ratio, seed=seed) if plan.tune else None
        known_products = known(part)
        for name, candidate in present.items():
            method = candidate.make()
            if inner is not None and candidate.grid:
                tried = trials(candidate, inner, k=plan.k, seed=seed, progress=partial(steps.done, name))
                results[name].trials.append(tried)
                method = tried[0].method
            fitted = _learnt(method, part.training, seed, results[name])
            _measure_all(results[name], fitted, part, known_products, plan)
            steps.done(name)
    return Evaluation(plan, interactions, divided, tuple(results.values()), left_out)


class _Steps:
    """Counts what is done."""

    def __init__(self, candidates: Mapping[str, Candidate], plan: Plan, progress: Progress | None) -> None:
        tuned = [len(candidate.variants()) if plan.tune and candidate.grid else 0 for candidate in candidates.values()]
        self._all = len(plan.seeds) * (len(candidates) + sum(tuned))
        self._done = 0
        self._progress = progress

    def done(self, name: str) -> None:
        """One fit of a method is measured."""
        self._done += 1
        if self._progress is not None:
            self._progress(name, self._done / self._all)


def _learnt(method: Method, training: Interactions, seed: int, result: Result) -> Fitted:
    """What a method learns, with the time and memory it takes."""
    tracemalloc.start()
    started = time.perf_counter()
    fitted = method.fit(training, seed=seed)
    result.training_seconds.append(time.perf_counter() - started)
    result.peak_megabytes.append(tracemalloc.get_traced_memory()[1] / _MEGABYTE)
    tracemalloc.stop()
    result.parameters.append(method.parameters)
    return fitted


def _measure_all(result: Result, fitted: Fitted, part: Split, known_products: Matrix, plan: Plan) -> None:
    """Offline, and as served where the model is one that is published."""
    _measure(result.offline, fitted, part, known_products, plan.k)
    if isinstance(fitted, ItemToItem):
        newest = histories(part.training, most=plan.history) if plan.history else None
        for neighbours in plan.served:
            scored = result.served.setdefault(neighbours, Scored())
            _measure(scored, as_served(fitted, neighbours, newest), part, known_products, plan.k)


def _measure(scored: Scored, fitted: Fitted, part: Split, known_products: Matrix, k: int) -> None:
    lists = best_unknown(fitted, part.customers, known_products, k)
    for metric, values in metrics.accuracy(lists, part.relevant).items():
        everybody = np.full(known_products.shape[0], np.nan)
        everybody[part.customers] = values
        scored.by_seed.setdefault(metric, []).append(everybody)
    for metric, value in metrics.beyond_accuracy(lists, known_products).items():
        scored.beyond.setdefault(metric, []).append(value)


def best(results: Sequence[Result]) -> Result:
    """The method with the highest nDCG offline."""
    return max(results, key=lambda result: result.offline.mean(metrics.NDCG))
