"""The best k products of each customer, among all that they do not know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.recommend.evaluation.metrics import Lists, Matrix
from pipeline.recommend.methods import Fitted, Scores

CUSTOMERS_AT_ONCE = 256  # 256 customers × 20,000 products are 20 MB of scores


def best_unknown(
    fitted: Fitted,
    customers: NDArray[np.int32],
    known: Matrix,
    k: int,
    *,
    progress: Callable[[int], None] | None = None,
) -> Lists:
    """A list for each customer, in their order: all products are ranked, those that the customer knows are left out.

    Parameters
    ----------
    known : shape (all customers, products), the interactions that were learnt from
    progress : called with the number of customers that were ranked since the last call
    """
    lists = [np.empty((0, k), dtype=np.int32)]
    for start in range(0, len(customers), CUSTOMERS_AT_ONCE):
        batch = customers[start : start + CUSTOMERS_AT_ONCE]
        scores = np.array(fitted.scores(batch), dtype=np.float32)
        seen = known[batch]
        scores[np.repeat(np.arange(len(batch)), np.diff(seen.indptr)), seen.indices] = -np.inf
        lists.append(top(scores, k))
        if progress is not None:
            progress(len(batch))
    return np.concatenate(lists)


def top(scores: Scores, k: int) -> Lists:
    """The places of the k highest scores of each row, highest first; the lower place first among equals.

    A score of -inf is never taken: -1 fills the row. Anything that is no number counts as -inf.
    """
    scores = np.where(np.isnan(scores), -np.inf, scores)
    lists = np.full((len(scores), k), -1, dtype=np.int32)
    width = min(k, scores.shape[1])
    if not width:
        return lists
    least = np.partition(scores, scores.shape[1] - width, axis=1)[:, scores.shape[1] - width]
    for row, threshold, places in zip(scores, least, lists, strict=True):
        candidates = np.flatnonzero((row >= threshold) & (row > -np.inf))  # all that are equal at the end of the list
        best = candidates[np.argsort(-row[candidates], kind="stable")][:width]
        places[: len(best)] = best
    return lists
