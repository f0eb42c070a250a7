"""Metrics of ranked lists against what customers did later.

Relevance is binary: every interaction of the test part counts, whatever its rating. A list holds places of products
(columns of the interactions), best first, and -1 behind its end where fewer than k could be recommended.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Matrix = Any  # a scipy.sparse.csr_array: scipy has no types
Lists = NDArray[np.int32]  # shape (customers, k)
PerCustomer = NDArray[np.float64]  # one value for each customer, in the order of the lists

NDCG, MAP, PRECISION, RECALL, MRR, HIT_RATE = "ndcg", "map", "precision", "recall", "mrr", "hit_rate"
ACCURACY = (NDCG, MAP, PRECISION, RECALL, MRR, HIT_RATE)
COVERAGE, ENTROPY, NOVELTY, DIVERSITY = "coverage", "entropy", "novelty", "diversity"
BEYOND_ACCURACY = (COVERAGE, ENTROPY, NOVELTY, DIVERSITY)

_ROWS_AT_ONCE = 1024  # bounds the memory of the similarity of lists


def accuracy(lists: Lists, relevant: Matrix) -> dict[str, PerCustomer]:
    """Every metric of `ACCURACY`, customer by customer, each within [0, 1].

    Parameters
    ----------
    lists : shape (customers, k); no product twice in a list
    relevant : shape (customers, products), row by row the customers of the lists, with one relevant product at least

    Notes
    -----
    With ``n`` relevant products:

    - ndcg: Σ 1 / log2(rank + 1) over the hits, divided by the same sum of a list with ``min(k, n)`` hits at its top:
      1 can be reached (Järvelin and Kekäläinen 2002).
    - map: mean over customers of average precision, Σ precision at each hit / ``min(k, n)``.
    - precision: hits / k. recall: hits / n. mrr: 1 / rank of the first hit. hit_rate: 1 if there is a hit.

    Raises
    ------
    ValueError
        A customer has no relevant product, for whom no metric is defined.
    """
    k = lists.shape[1]
    relevant_products = np.diff(relevant.indptr)
    if (relevant_products == 0).any():
        raise ValueError("A customer has no relevant product. Leave such customers out.")
    hits = _hits(lists, relevant)
    ranks = np.arange(1, k + 1)
    discounts = 1 / np.log2(ranks + 1)
    ideal = np.cumsum(discounts)[np.minimum(relevant_products, k) - 1]
    reachable = np.minimum(relevant_products, k)
    count = hits.sum(axis=1)
    precisions = np.cumsum(hits, axis=1) / ranks
    return {
        NDCG: (hits * discounts).sum(axis=1) / ideal,
        MAP: (hits * precisions).sum(axis=1) / reachable,
        PRECISION: count / k,
        RECALL: count / relevant_products,
        MRR: (hits / ranks).max(axis=1),
        HIT_RATE: (count > 0).astype(np.float64),
    }


def beyond_accuracy(lists: Lists, known: Matrix) -> dict[str, float]:
    """Every metric of `BEYOND_ACCURACY`, of all lists together; zero where nothing is recommended.

    Parameters
    ----------
    known : shape (all customers, products), the interactions that were learnt from, as 1

    Notes
    -----
    - coverage: share of the products that are in any list.
    - entropy: of how often each product is recommended, in bits; log2(products) if all are equally often.
    - novelty: mean of -log2(share of the customers who know a product), in bits, over all recommended ones (Zhou et
      al. 2010). A product that nobody knows counts as if one did.
    - diversity: 1 - mean cosine similarity of the pairs of a list, by the customers who know them; mean over the
      lists of two products or more (Ziegler et al. 2005). Within [0, 1].
    """
    customers, products = known.shape
    shown = lists[lists >= 0]
    if not len(shown):
        return dict.fromkeys(BEYOND_ACCURACY, 0.0)
    times = np.bincount(shown, minlength=products)
    shares = times[times > 0] / len(shown)
    knowing = np.bincount(known.indices, minlength=products)
    return {
        COVERAGE: float((times > 0).mean()),
        ENTROPY: float(-(shares * np.log2(shares)).sum()) + 0.0,  # no negative zero
        NOVELTY: float(np.log2(customers / np.maximum(knowing[shown], 1)).mean()),
        DIVERSITY: _diversity(lists, known, knowing),
    }


def _hits(lists: Lists, relevant: Matrix) -> NDArray[np.bool_]:
    """Which places of each list are relevant."""
    products = relevant.shape[1]
    rows = np.arange(len(lists), dtype=np.int64)[:, np.newaxis]
    pairs = np.repeat(rows[:, 0], np.diff(relevant.indptr)) * products + relevant.indices
    return np.isin(rows * products + lists, pairs) & (lists >= 0)


def _diversity(lists: Lists, known: Matrix, knowing: NDArray[np.int64]) -> float:
    """By ‖Σ v‖² = Σ ‖v‖² + 2 Σ of the pairs' similarities, for the unit vectors v of a list."""
    lengths = np.sqrt(np.maximum(knowing, 1))
    vectors = (known @ sparse.diags_array(1 / lengths)).T.tocsr()  # by product
    sizes = (lists >= 0).sum(axis=1)
    totals = []
    for start in range(0, len(lists), _ROWS_AT_ONCE):
        batch = lists[start : start + _ROWS_AT_ONCE]
        row, rank = np.nonzero(batch >= 0)
        ones = np.ones(len(row), dtype=np.float32)
        shown = sparse.csr_array((ones, (row, batch[row, rank])), shape=(len(batch), known.shape[1]))
        sums = shown @ vectors
        unit = (shown @ (knowing > 0).astype(np.float64)) if len(row) else np.zeros(len(batch))
        totals.append(np.asarray(sums.multiply(sums).sum(axis=1)).ravel() - unit)
    several = sizes > 1
    if not several.any():
        return 0.0
    similarity = np.concatenate(totals)[several] / (sizes[several] * (sizes[several] - 1))
    return float(np.clip(1 - similarity, 0, 1).mean())
