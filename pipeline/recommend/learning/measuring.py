"""How good methods are on the newest days, as they would have been served: nDCG@10, and whether one is better.

Learnt is until a day, asked is about the days after it: customers who were known before, and products that are new to
them. The days before those, as many, choose the shares of a blend: what is chosen has not seen what it is judged on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.recommend.evaluation.intervals import Interval, of_difference, of_mean
from pipeline.recommend.evaluation.metrics import NDCG, Lists, Matrix, PerCustomer, accuracy
from pipeline.recommend.evaluation.ranking import best_unknown, top
from pipeline.recommend.evaluation.splits import Split, divide, known
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods import Fitted
from pipeline.recommend.methods.blend import Parts, Shares

AT = 10
MEASURE = f"ndcg@{AT}"
MOST_DAYS = 28  # that are asked about: a quarter of the shortest seasons, and enough customers of a small shop
DAYS_SHARE = 8  # one day in so many is asked about
MOST_CUSTOMERS = 2_000  # asked about; an interval of ±0.01
MOST_SCORES = 20_000_000  # of all products for the customers by whom shares are chosen: 80 MB for each part
LEVELS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)
ROUNDS = 2
_BETTER = 1.005  # a share is changed for half a per cent, not for the last digit


@dataclass(frozen=True)
class Newest:
    """A part of the interactions that is learnt from, and questions about the days after it."""

    split: Split
    known: Matrix

    @property
    def customers(self) -> int:
        """How many are asked about."""
        return len(self.split.customers)


def held_days(interactions: Interactions) -> int:
    """How many of the newest days are asked about."""
    span = int(interactions.at.max() - interactions.at.min()) // 86_400 + 1 if len(interactions) else 0
    return max(1, min(MOST_DAYS, span // DAYS_SHARE))


def newest_days(interactions: Interactions, *, days: int, before: int = 0, most: int, seed: int) -> Newest:
    """Ask about `days` days, which end `before` days before the last one; what is later is not there at all.

    Parameters
    ----------
    most : customers that are asked about, drawn by the seed where there are more
    """
    last_day = int(interactions.at.max()) // 86_400 if len(interactions) else 0
    end = (last_day + 1 - before) * 86_400
    seen = interactions.where(interactions.at < end)
    found = divide(seen, seen.at < end - days * 86_400)
    rows = np.arange(len(found.customers))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).permutation(rows)[:most])
        found = replace(found, customers=found.customers[rows], relevant=found.relevant[rows])
    return Newest(found, known(found))


def quality(fitted: Fitted, newest: Newest) -> PerCustomer:
    """nDCG@10 of each customer."""
    lists = best_unknown(fitted, newest.split.customers, newest.known, AT)
    return _ndcg(lists, newest)


def coverage(fitted: Fitted, newest: Newest, available: NDArray[np.bool_]) -> float | None:
    """Share of the available products that are in any customer's ten; None where nobody is asked about."""
    if not newest.customers or not available.any():
        return None
    lists = best_unknown(fitted, newest.split.customers, newest.known, AT)
    shown = np.unique(lists[lists >= 0])
    return float(available[shown].sum() / available.sum())


def interval(values: PerCustomer, *, seed: int) -> Interval:
    """The mean with its interval."""
    return of_mean(values, seed=seed)


def is_better(values: PerCustomer, others: PerCustomer, *, seed: int) -> bool:
    """Whether the mean is higher beyond chance; not where there is nobody to tell."""
    return len(values) > 0 and of_difference(values, others, seed=seed).low > 0


def best_shares(parts: Parts, newest: Newest, start: Shares) -> Shares:
    """The shares with the highest nDCG@10: one after the other tries each of `LEVELS`, `ROUNDS` times.

    Starts with `start` or with one part alone, whichever is best; a share changes only for a gain of `_BETTER`. A part
    that learnt nothing has no share.
    """
    absent = {part.name for part in fields(Shares)} - {*parts.learnt, "prior"}
    start = replace(start, **dict.fromkeys(absent, 0.0))
    if not newest.customers:
        return start
    scores = _scores(parts, newest)
    nothing = Shares(**{part.name: 0.0 for part in fields(Shares)})
    alone = [replace(nothing, **{name: 1.0}) for name in scores if name != "prior"]
    tried = {shares: _of_shares(scores, shares, newest) for shares in [start, *alone]}
    best = max(tried, key=lambda shares: tried[shares])
    for _ in range(ROUNDS):
        for name in scores:
            for level in LEVELS:
                shares = replace(best, **{name: level})
                if shares not in tried:
                    tried[shares] = _of_shares(scores, shares, newest)
                if tried[shares] > tried[best] * _BETTER:
                    best = shares
    return best


def _scores(parts: Parts, newest: Newest) -> dict[str, NDArray[np.float32]]:
    """Of each part alone, for the customers who are asked about; what they know scores nothing."""
    customers = newest.split.customers
    seen = newest.known[customers]
    rows = np.repeat(np.arange(len(customers)), np.diff(seen.indptr))
    counted = parts.histories[customers]
    found = {name: (counted @ part.weights).toarray() for name, part in parts.learnt.items()}
    found["prior"] = np.tile(parts.prior, (len(customers), 1))
    for scores in found.values():
        scores[rows, seen.indices] = -np.inf
    return found


def _of_shares(scores: dict[str, NDArray[np.float32]], shares: Shares, newest: Newest) -> float:
    chosen: Sequence[tuple[str, float]] = [(name, getattr(shares, name)) for name in scores if getattr(shares, name)]
    if not chosen:
        return 0.0
    total = np.zeros_like(scores["prior"])
    for name, share in chosen:
        total += scores[name] * np.float32(share)
    return float(_ndcg(top(total, AT), newest).mean())


def _ndcg(lists: Lists, newest: Newest) -> PerCustomer:
    return accuracy(lists, newest.split.relevant)[NDCG]
