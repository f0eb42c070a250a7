"""Evaluation on data of real shops."""

import pytest

from pipeline.recommend.evaluation import files, intervals, running
from pipeline.recommend.evaluation.candidates import CANDIDATES
from tests.support.paths import SHARED_DATA

RETAIL = SHARED_DATA / "online_retail.csv.gz"
SESSIONS = SHARED_DATA / "rees46_2019_oct_head.csv.gz"


def plan(kind):
    return running.Plan(kind=kind, ratio=0.75, seeds=(42,), k=10)


@pytest.mark.slow
@pytest.mark.skipif(not RETAIL.exists(), reason="needs ../shared/data/online_retail.csv.gz")
def test_a_year_of_online_retail_is_read_whole_and_what_sold_lately_beats_what_sold_ever():
    found = files.read(RETAIL)
    assert found.columns == {"user": "CustomerID", "item": "StockCode", "timestamp": "InvoiceDate"}
    assert found.rows == 541_909
    assert [(bad.reason, bad.count) for bad in found.bad] == [("has no user", 135_080)]
    assert len(found.interactions) == 541_909 - 135_080
    assert len(found.interactions.customers) == 4_372

    candidates = {name: CANDIDATES[name] for name in ("popularity", "recent_popularity")}
    popularity, recent = running.evaluate(found.interactions, candidates, plan("temporal")).results
    lead = intervals.of_difference(recent.offline.values("ndcg"), popularity.offline.values("ndcg"), seed=1)
    assert lead.low > 0


@pytest.mark.skipif(not SESSIONS.exists(), reason="needs ../shared/data/rees46_2019_oct_head.csv.gz")
def test_similar_sessions_tell_more_of_the_next_view_than_products_that_go_together():
    found = files.read(SESSIONS, columns="user=user_session,item=product_id,timestamp=event_time")
    assert [(bad.count, bad.first) for bad in found.bad] == [(1, [17_436])]  # the last line is cut in the middle
    candidates = {name: CANDIDATES[name] for name in ("co_occurrence", "session_neighbours")}
    pairs, sessions = running.evaluate(found.interactions, candidates, plan("leave-last-out")).results
    lead = intervals.of_difference(sessions.offline.values("ndcg"), pairs.offline.values("ndcg"), seed=1)
    assert lead.low > 0
