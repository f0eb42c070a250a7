"""The best unknown products of each customer."""

import numpy as np
from scipy import sparse

from pipeline.recommend.evaluation.ranking import CUSTOMERS_AT_ONCE, best_unknown, top


class Literal:
    """Scores as they are written."""

    def __init__(self, rows):
        self.rows = np.array(rows, dtype=np.float32)

    def scores(self, customers):
        return self.rows[customers]


def test_what_a_customer_knows_is_left_out_however_high_it_scores():
    fitted = Literal([[9, -1, 5, -3], [9, -1, 5, -3]])
    known = sparse.csr_array(np.array([[1, 0, 0, 0], [0, 0, 1, 1]], dtype=np.float32))
    assert best_unknown(fitted, np.array([0, 1], dtype=np.int32), known, 2).tolist() == [[2, 1], [0, 1]]


def test_lists_come_in_the_order_of_the_customers_that_are_asked_for():
    fitted = Literal([[1, 2], [2, 1], [1, 2]])
    nothing = sparse.csr_array((3, 2), dtype=np.float32)
    assert best_unknown(fitted, np.array([2, 1], dtype=np.int32), nothing, 1).tolist() == [[1], [0]]


def test_the_scores_of_the_method_stay_as_they_are():
    fitted = Literal([[9, 1]])
    fitted.scores = lambda customers: fitted.rows  # its own array, no copy
    best_unknown(fitted, np.array([0], dtype=np.int32), sparse.csr_array(np.array([[1.0, 0]])), 1)
    assert fitted.rows.tolist() == [[9, 1]]


def test_more_customers_than_are_ranked_at_once_are_all_ranked_and_reported():
    count = CUSTOMERS_AT_ONCE * 2 + 3
    fitted = Literal(np.tile([1, 2], (count, 1)))
    nothing = sparse.csr_array((count, 2), dtype=np.float32)
    done = []
    found = best_unknown(fitted, np.arange(count, dtype=np.int32), nothing, 1, progress=done.append)
    assert found.tolist() == [[1]] * count
    assert sum(done) == count


def test_equal_scores_come_in_the_order_of_the_products():
    assert top(np.array([[1, 2, 2, 2, 0]], dtype=np.float32), 2).tolist() == [[1, 2]]


def test_a_list_ends_where_nothing_is_left_to_recommend():
    scores = np.array([[-np.inf, 3, np.nan, -5]], dtype=np.float32)
    assert top(scores, 3).tolist() == [[1, 3, -1]]


def test_a_list_is_no_longer_than_the_products():
    assert top(np.array([[1, 2]], dtype=np.float32), 4).tolist() == [[1, 0, -1, -1]]
