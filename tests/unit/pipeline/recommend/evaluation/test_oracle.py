"""The metrics against trec_eval, which is not ours."""

import numpy as np
import pytest
from scipy import sparse

from pipeline.recommend.evaluation import metrics

pytrec_eval = pytest.importorskip("pytrec_eval", reason="pytrec_eval has no wheel here")
K = 10


def test_lists_are_measured_as_trec_eval_measures_them():
    random = np.random.default_rng(11)
    customers, products = 200, 60
    lists = np.array([random.permutation(products)[:K] for _ in range(customers)], dtype=np.int32)
    lists[::7, 6:] = -1  # some lists end early
    relevant = random.random((customers, products)) < random.choice([0.02, 0.2, 0.5], size=(customers, 1))
    relevant[~relevant.any(axis=1), 0] = True

    judged = {str(row): {str(p): 1 for p in np.flatnonzero(relevant[row])} for row in range(customers)}
    ranked = {
        str(row): {str(p): float(K - rank) for rank, p in enumerate(places) if p >= 0}
        for row, places in enumerate(lists)
    }
    measures = {"ndcg_cut_10", "map_cut_10", "P_10", "recall_10", "recip_rank", "success_10"}
    theirs = pytrec_eval.RelevanceEvaluator(judged, measures).evaluate(ranked)
    ours = metrics.accuracy(lists, sparse.csr_array(relevant.astype(np.float32)))

    def expected(measure):
        return np.array([theirs[str(row)][measure] for row in range(customers)])

    assert ours["ndcg"] == pytest.approx(expected("ndcg_cut_10"))
    assert ours["precision"] == pytest.approx(expected("P_10"))
    assert ours["recall"] == pytest.approx(expected("recall_10"))
    assert ours["mrr"] == pytest.approx(expected("recip_rank"))
    assert ours["hit_rate"] == pytest.approx(expected("success_10"))
    # trec_eval divides by all relevant products, also by more than the list can hold: then 1 could not be reached
    count = relevant.sum(axis=1)
    assert ours["map"] * np.minimum(count, K) / count == pytest.approx(expected("map_cut_10"))
