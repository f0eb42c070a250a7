"""Methods whose weights can be reckoned by hand: neighbours, random walks, sessions."""

import math

import numpy as np
import pytest

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.neighbours import CosineNeighbours
from pipeline.recommend.methods.rp3beta import RP3beta
from pipeline.recommend.methods.session_neighbours import SessionNeighbours

DAY = 86_400


def interactions(rows):
    """Rows of customer, product and time, customers and products being numbers from 0 up."""
    customer, product, at = (np.array(column) for column in zip(*rows, strict=True))
    return Interactions(
        customers=tuple(f"c{number}" for number in range(customer.max() + 1)),
        products=tuple(f"p{number}" for number in range(product.max() + 1)),
        customer=customer.astype(np.int32),
        product=product.astype(np.int32),
        weight=np.ones(len(rows), dtype=np.float32),
        at=at.astype(np.int64),
    )


# customer 0 knows products 0 and 1, customer 1 knows 0, 1 and 2, customer 2 knows 0; product 3 is known to customer 3
HISTORIES = interactions([(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1), (1, 2, 1), (2, 0, 1), (3, 3, 1)])


def dense(fitted):
    return fitted.weights.toarray()


def test_cosine_is_the_shared_customers_by_the_root_of_both_audiences():
    found = dense(CosineNeighbours(neighbours=3).fit(HISTORIES, seed=1))
    assert found[0] == pytest.approx([0, 2 / math.sqrt(3 * 2), 1 / math.sqrt(3 * 1), 0])
    assert found == pytest.approx(found.T)
    assert found[3].tolist() == [0, 0, 0, 0]


def test_of_each_product_the_nearest_alone_add_to_its_score():
    found = dense(CosineNeighbours(neighbours=1).fit(HISTORIES, seed=1))
    assert (found > 0).sum(axis=0).tolist() == [1, 1, 1, 0]  # by column: the product that is scored
    assert found[1, 0] == pytest.approx(2 / math.sqrt(6))
    assert found[1, 2] == pytest.approx(1 / math.sqrt(2))  # rather than product 0's 1/√3


def test_tf_idf_counts_customers_by_how_little_they_know():
    found = dense(CosineNeighbours(neighbours=3, tf_idf=True).fit(HISTORIES, seed=1))
    two, three, one = (math.log(4 / known) for known in (2, 3, 1))
    lengths = math.sqrt(two**2 + three**2 + one**2), math.sqrt(two**2 + three**2), three
    assert found[0, 1] == pytest.approx((two**2 + three**2) / (lengths[0] * lengths[1]))
    assert found[0, 2] == pytest.approx(three**2 / (lengths[0] * lengths[2]))


def test_rp3beta_is_the_probability_of_the_walk_divided_by_popularity():
    found = dense(RP3beta(alpha=1.0, beta=0.0, neighbours=3).fit(HISTORIES, seed=1))
    # from product 1 over customer 0 (who knows two) or customer 1 (who knows three)
    assert found[1] == pytest.approx([1 / 2 * 1 / 2 + 1 / 2 * 1 / 3, 0, 1 / 2 * 1 / 3, 0])
    halved = dense(RP3beta(alpha=1.0, beta=0.5, neighbours=3).fit(HISTORIES, seed=1))
    assert halved[1] == pytest.approx(found[1] / np.sqrt([3, 2, 1, 1]))
    levelled = dense(RP3beta(alpha=0.5, beta=0.0, neighbours=3).fit(HISTORIES, seed=1))
    assert levelled[1, 2] == pytest.approx(math.sqrt(1 / 2 * 1 / 3))


def sessions(**parameters):
    method = SessionNeighbours(**{"neighbours": 10, "position_decay": 1.0, "recency_days": 1.0} | parameters)
    rows = [
        (0, 0, 10 * DAY - 1), (0, 1, 10 * DAY),  # asked about: product 0, then 1
        (1, 1, 10 * DAY), (1, 2, 10 * DAY),      # shares the latest, at the same time
        (2, 0, 10 * DAY), (2, 3, 10 * DAY),      # shares the earlier one
        (3, 1, 8 * DAY), (3, 4, 8 * DAY),        # shares the latest, two days before
        (4, 5, 10 * DAY),                        # shares nothing
    ]  # fmt: skip
    return method.fit(interactions(rows), seed=1).scores(np.array([0], dtype=np.int32))[0]


def test_a_session_is_answered_by_what_similar_ones_hold():
    rarity = math.log(5 / 1)
    found = sessions()
    assert found[2] == pytest.approx(1 / math.sqrt(2) * rarity)
    assert found[3] == pytest.approx(math.exp(-1) / math.sqrt(2) * rarity)  # an interaction earlier in the session
    assert found[4] == pytest.approx(math.exp(-2) / math.sqrt(2) * rarity)  # a session two days away
    assert found[5] == 0


def test_the_nearest_sessions_alone_count_and_never_the_session_itself():
    found = sessions(neighbours=1)
    assert found[2] > 0
    assert found[[0, 3, 4, 5]].tolist() == [0, 0, 0, 0]


def test_a_product_that_came_twice_counts_where_it_came_last():
    rows = [(0, 0, 1), (0, 1, 2), (0, 0, 3), (1, 0, 3), (1, 2, 3), (2, 1, 3), (2, 3, 3)]
    fitted = SessionNeighbours(neighbours=5, position_decay=1.0, recency_days=1.0).fit(interactions(rows), seed=1)
    assert fitted.questions.toarray()[0] == pytest.approx([1, math.exp(-1), 0, 0])
