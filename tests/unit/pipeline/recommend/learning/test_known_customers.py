"""What each customer did last with each product, against a plain loop over the same rows."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.recommend.customers.histories import KINDS, Action, unpack_history
from pipeline.recommend.customers.keys import digest_of
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.learning.known_customers import KnownCustomers
from pipeline.recommend.learning.reading import KIND_WEIGHTS

HOUR = 3_600
Row = tuple[str, str, str, int]  # visitor, product, kind, hour


def interactions(rows: list[Row]) -> Interactions:
    visitors, products = (tuple(sorted({row[column] for row in rows})) for column in (0, 1))
    return Interactions(
        visitors,
        products,
        np.array([visitors.index(row[0]) for row in rows], dtype=np.int32),
        np.array([products.index(row[1]) for row in rows], dtype=np.int32),
        np.array([KIND_WEIGHTS[row[2]] for row in rows], dtype=np.float32),
        np.array([row[3] * HOUR for row in rows], dtype=np.int64),
    )


def found(rows: list[Row]) -> dict[str, list[Action]]:
    customers = KnownCustomers.of(interactions(rows))
    everybody = np.ones(len(customers.customer), dtype=bool)
    return {digest: unpack_history(packed) for digest, packed in customers.packed(everybody)}


def test_each_product_has_its_newest_hour_and_its_strongest_kind_and_sessions_have_no_history():
    rows = [
        ("c:c1", "mug", "purchase", 5),
        ("c:c1", "mug", "product_view", 9),
        ("c:c1", "lamp", "product_view", 7),
        ("c:c1", "lamp", "cart_add", 6),
        ("c:c2", "mug", "product_view", 8),
        ("s:s1", "mug", "product_view", 8),
        ("n:shop/c:c1", "rug", "product_view", 8),
    ]
    assert found(rows) == {
        digest_of("c1"): [Action("mug", "purchase", 9 * HOUR), Action("lamp", "cart_add", 7 * HOUR)],
        digest_of("c2"): [Action("mug", "product_view", 8 * HOUR)],
    }


def test_without_anybody_there_is_nothing():
    assert found([]) == found([("s:s1", "mug", "product_view", 1)]) == {}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["c:a", "c:b", "c:", "s:a", "c:c:a"]),
            st.sampled_from([f"p{number}" for number in range(6)]),
            st.sampled_from(list(KINDS.values())),
            st.integers(0, 500_000),
        ),
        max_size=60,
    )
)
def test_whatever_was_done_it_is_what_a_plain_loop_finds(rows: list[Row]):
    expected: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
    order = list(KINDS.values())
    for visitor, product, kind, hour in rows:
        if visitor.startswith("c:"):
            own = expected[digest_of(visitor[2:])]
            before = own.get(product, (0, order[0]))
            own[product] = (max(before[0], hour), max(before[1], kind, key=order.index))
    assert {
        digest: {a.product_id: (a.at // HOUR, a.kind) for a in actions} for digest, actions in found(rows).items()
    } == {**expected}
    for actions in found(rows).values():
        assert [action.at for action in actions] == sorted((action.at for action in actions), reverse=True)
