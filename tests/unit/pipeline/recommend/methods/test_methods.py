"""Every method on small shops whose answer can be worked out by hand or by the formula."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.errors import SettingsError
from pipeline.recommend.methods import ease as ease_module
from pipeline.recommend.methods.blend import Blend, Shares
from pipeline.recommend.methods.co_occurrence import CoOccurrence, co_occurrence_weights, counted_pairs
from pipeline.recommend.methods.ease import Ease, Regression
from pipeline.recommend.methods.histories import histories, known_products
from pipeline.recommend.methods.item_to_item import cut
from pipeline.recommend.methods.popularity import Popularity, RecentPopularity
from pipeline.recommend.methods.same_category import SameCategory
from tests.support.interactions import interactions

METHODS = (Popularity(), RecentPopularity(), Ease(), CoOccurrence(), SameCategory(), Blend(), Blend(neighbours=2))
CATEGORIES = {"a": "Home", "b": "Home", "c": "Toys", "d": "Toys", "e": ""}
ROWS = st.lists(
    st.tuples(st.sampled_from("xyzuvw"), st.sampled_from("abcde"), st.integers(0, 200), st.sampled_from([1, 3, 5])),
    min_size=1,
    max_size=40,
)


def everybody(shop):
    return np.arange(len(shop.customers), dtype=np.int32)


def test_popularity_adds_up_weights_and_recent_popularity_halves_them():
    shop = interactions([("ann", "tea", 0, 5), ("bob", "tea", 28), ("bob", "cup", 28, 3)])
    assert Popularity().fit(shop, seed=1).scores(everybody(shop)).tolist() == [[3, 6], [3, 6]]
    found = RecentPopularity(half_life_days=14).fit(shop, seed=1).scores(everybody(shop))
    assert found.tolist() == [[3, 2.25], [3, 2.25]]


@given(ROWS, st.sampled_from([0.5, 10.0, 300.0]))
@settings(max_examples=40, deadline=None)
def test_ease_is_the_closed_form_of_its_paper(rows, regularisation):
    known = histories(interactions(rows))
    dense = known.toarray().astype(np.float64)
    inverse = np.linalg.inv(dense.T @ dense + regularisation * np.eye(dense.shape[1]))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert Regression.of(known, Ease(regularisation)).weights() == pytest.approx(expected, abs=1e-5)


@given(ROWS, st.sampled_from([0.1, 0.5]), st.sampled_from([0.0, 0.1, 1.0]))
@settings(max_examples=40, deadline=None)
def test_ease_with_dropout_penalises_a_product_by_its_customers_and_the_correction_takes_their_lead(
    rows, dropout, power
):
    known = histories(interactions(rows))
    dense = known.toarray().astype(np.float64)
    customers = dense.sum(axis=0)
    inverse = np.linalg.inv(dense.T @ dense + np.diag(2.0 + dropout / (1 - dropout) * customers))
    expected = -inverse / np.diag(inverse) / customers**power
    np.fill_diagonal(expected, 0)
    found = Regression.of(known, Ease(2.0, dropout=dropout, popularity_correction=power)).weights()
    assert found == pytest.approx(expected, abs=1e-5)


@given(ROWS, st.sampled_from([0.0, 0.5]))
@settings(max_examples=40, deadline=None)
def test_ease_that_forgets_is_the_closed_form_of_what_interactions_still_count(rows, dropout):
    shop, ease = interactions(rows), Ease(2.0, half_life_days=50.0, dropout=dropout)
    dense = histories(shop, half_life_days=50.0).toarray().astype(np.float64)
    squares = (dense**2).sum(axis=0)
    penalties = 2.0 * squares.sum() / (dense > 0).sum() + dropout / (1 - dropout) * squares
    inverse = np.linalg.inv(dense.T @ dense + np.diag(penalties))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    found = ease.fit(shop, seed=1)
    assert found.weights == pytest.approx(expected, abs=1e-4)
    assert found.histories.data.tolist() == [1.0] * found.histories.nnz, "who is scored is another matter"


def test_ease_that_forgets_follows_what_is_bought_together_now():
    then = [(f"old{n}", product, 0) for n in range(40) for product in ("tea", "cup")]
    now = [(f"new{n}", product, 300) for n in range(10) for product in ("tea", "pot")]
    shop = interactions(then + now)
    tea, cup, pot = (shop.products.index(name) for name in ("tea", "cup", "pot"))
    always, lately = (Ease(5.0, half_life_days=days).fit(shop, seed=1).weights for days in (0.0, 60.0))
    assert always[tea, cup] > always[tea, pot]
    assert lately[tea, pot] > lately[tea, cup]


def test_ease_of_more_products_than_one_block_is_the_closed_form_too():
    random = np.random.default_rng(5)
    rows = {(f"c{random.integers(300):03d}", f"p{random.integers(1_100):04d}") for _ in range(6_000)}
    known = histories(interactions(sorted(rows)))
    dense = known.toarray().astype(np.float64)
    inverse = np.linalg.inv(dense.T @ dense + 20 * np.eye(dense.shape[1]))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert np.abs(Regression.of(known, Ease(20)).weights() - expected).max() < 1e-4


def test_ease_beyond_its_bound_is_that_of_the_products_that_most_customers_know():
    shop = interactions([("ann", "a"), ("ann", "b"), ("bob", "a"), ("bob", "b"), ("bob", "c")])
    found = Regression.of(histories(shop), Ease(1.0, most_products=2)).weights().toarray()
    known_by_two = histories(interactions([("ann", "a"), ("ann", "b"), ("bob", "a"), ("bob", "b")]))
    assert found[:2, :2] == pytest.approx(Regression.of(known_by_two, Ease(1.0)).weights())
    assert not found[2].any()
    assert not found[:, 2].any()


def some_shop():
    random = np.random.default_rng(11)
    return histories(
        interactions(sorted({(f"c{random.integers(40):02d}", "abcdefgh"[random.integers(8)]) for _ in range(150)}))
    )


def test_weights_that_are_kept_are_learnt_again_as_if_there_were_no_others():
    known, ease = some_shop(), Ease(2.0, dropout=0.25, popularity_correction=0.5)
    regression = Regression.of(known, ease)
    kept = cut(regression.weights(), 3)
    found = regression.learnt_again(kept)
    dense = known.toarray().astype(np.float64)
    customers = dense.sum(axis=0)
    expected = np.zeros((8, 8))
    for product in range(8):
        sources = np.flatnonzero(kept.toarray()[:, product])
        theirs = dense[:, sources]
        penalty = np.diag(2.0 + customers[sources] / 3)
        solved = np.linalg.lstsq(theirs.T @ theirs + penalty, theirs.T @ dense[:, product], rcond=None)[0]
        expected[sources, product] = solved / np.sqrt(customers[product])
    assert found.toarray() == pytest.approx(expected, abs=1e-5)
    assert found.indices.tolist() == kept.indices.tolist()


def test_weights_beyond_what_a_regression_takes_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(ease_module, "MOST_SOURCES", 2)
    regression = Regression.of(some_shop(), Ease(2.0))
    kept = cut(regression.weights(), 4)
    found, before = regression.learnt_again(kept).toarray(), kept.toarray()
    many = np.count_nonzero(before, axis=0) > 2
    assert many.any()
    assert found[:, many].tolist() == before[:, many].tolist()


def test_a_cut_blend_of_the_regression_alone_is_the_cut_regression():
    shop = interactions([("ann", "a"), ("ann", "b"), ("bob", "b"), ("bob", "c"), ("cy", "a"), ("cy", "c"), ("cy", "d")])
    alone = Ease(half_life_days=60.0, dropout=0.5, history_half_life_days=180.0).fit(shop, seed=1).kept(2).toarray()
    found = Blend(Shares(1, 0, 0, 0, 0), neighbours=2).fit(shop, seed=1).weights.toarray()
    assert (found != 0).tolist() == (alone != 0).tolist()
    ratio = found[alone != 0] / alone[alone != 0]
    assert ratio == pytest.approx(np.full_like(ratio, ratio[0]), rel=1e-4)


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_ease_refuses_a_dropout_that_is_no_share_below_one(dropout):
    with pytest.raises(SettingsError, match="dropout"):
        Regression.of(histories(interactions([("ann", "a"), ("ann", "b")])), Ease(1.0, dropout=dropout))


def test_ease_refuses_a_regularisation_that_leaves_nothing_to_invert():
    with pytest.raises(SettingsError, match="must be positive"):
        Ease(regularisation=0).fit(interactions([("ann", "a")]), seed=1)


def test_a_pair_counts_half_for_each_half_life_between_its_products_and_since_the_later_one():
    shop = interactions([("ann", "a", 0), ("ann", "b", 10), ("bob", "c", 30)])
    assert counted_pairs(shop)[0, 1] == 1
    assert counted_pairs(shop, gap_days=10)[0, 1] == 0.5
    assert counted_pairs(shop, age_days=10)[1, 0] == 0.25
    assert counted_pairs(shop, gap_days=10, age_days=10)[0, 1] == 0.125


def test_a_pair_of_a_customer_who_knows_more_products_counts_less():
    shop = interactions([("ann", "a"), ("ann", "b"), *[("bob", product) for product in "cdef"]])
    assert counted_pairs(shop, activity_power=0.5)[0, 1] == pytest.approx(1 / np.sqrt(2))
    assert counted_pairs(shop, activity_power=0.5)[2, 3] == 0.5
    assert counted_pairs(shop, activity_power=1.0)[2, 3] == 0.25
    known_by_both = interactions(
        [*[("ann", product) for product in "abc"], *[("bob", product) for product in "abdefghi"]]
    )
    weights = CoOccurrence(activity_power=0.5).fit(known_by_both, seed=1).weights
    assert weights[0, 2] > CoOccurrence(activity_power=0.0).fit(known_by_both, seed=1).weights[0, 2]


def test_co_occurrence_divides_by_what_all_pairs_of_both_products_count():
    shop = interactions([("ann", "a"), ("ann", "b"), ("bob", "a"), ("bob", "c")])
    found = co_occurrence_weights(shop, gap_days=0, age_days=0).toarray()
    half = pytest.approx(1 / np.sqrt(2))
    assert found.tolist() == [[0, half, half], [half, 0, 0], [half, 0, 0]]


def test_too_many_pairs_are_those_of_products_close_to_each_other_in_a_history():
    shop = interactions([("ann", product, day) for day, product in enumerate("abcd")])
    assert len(known_products(shop).customer) == 4
    assert counted_pairs(shop, most_pairs=6).sum() == 12  # each pair in both directions
    assert counted_pairs(shop, most_pairs=5).nonzero()[0].tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 3, 3]
    assert counted_pairs(shop, most_pairs=1).nonzero()[0].tolist() == [0, 1, 1, 2, 2, 3]


@given(ROWS)
@settings(max_examples=30, deadline=None)
def test_without_half_lives_every_two_products_of_a_customer_are_counted_once(rows):
    shop = interactions(rows)
    known = histories(shop).toarray()
    together = known.T @ known
    np.fill_diagonal(together, 0)
    assert (counted_pairs(shop).toarray() == together).all()


def test_the_best_products_of_a_category_are_weighed_by_their_share_of_what_was_done_in_it():
    shop = interactions([("ann", "a", 0, 1), ("bob", "b", 0, 3), ("bob", "e")], CATEGORIES)
    found = SameCategory().fit(shop, seed=1).weights.toarray()
    assert found.tolist() == [[0, 0.75, 0, 0, 0], [0.25, 0, 0, 0, 0], [0] * 5, [0] * 5, [0] * 5]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@given(ROWS, st.integers(0, 5))
@settings(max_examples=15, deadline=None)
def test_a_method_learns_the_same_from_rows_in_any_order(method, rows, seed):
    shop = interactions(rows, CATEGORIES)
    found = method.fit(shop, seed=seed).scores(everybody(shop))
    assert found.shape == (len(shop.customers), len(shop.products))
    assert np.isfinite(found).all()
    order = np.random.default_rng(seed).permutation(len(shop))
    again = method.fit(shop.where(order), seed=seed).scores(everybody(shop))
    assert again == pytest.approx(found, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_method_learns_nothing_from_no_interactions(method):
    shop = interactions([("ann", "a"), ("bob", "b")], CATEGORIES)
    nothing = shop.where(np.zeros(2, dtype=bool))
    assert not method.fit(nothing, seed=1).scores(everybody(shop)).any()


def test_a_blend_scales_its_parts_so_that_shares_can_be_compared():
    random = np.random.default_rng(1)
    rows = [(f"c{random.integers(30)}", "abcde"[random.integers(5)], int(random.integers(90))) for _ in range(200)]
    parts = Blend().learn(interactions(rows, CATEGORIES), seed=1)
    customers = np.arange(parts.histories.shape[0])
    for part in parts.learnt.values():
        assert (parts.histories[customers] @ part.weights).toarray().std() == pytest.approx(1, abs=1e-3)
    assert parts.prior.std() == pytest.approx(1, abs=1e-3)


def test_a_blend_of_one_part_ranks_as_the_part():
    shop = interactions([("ann", "a"), ("ann", "b"), ("bob", "b"), ("bob", "c"), ("cy", "a"), ("cy", "c"), ("cy", "b")])
    alone = (
        Ease(half_life_days=60.0, dropout=0.5, history_half_life_days=180.0).fit(shop, seed=1).scores(everybody(shop))
    )
    found = Blend(Shares(1, 0, 0, 0, 0)).fit(shop, seed=1).scores(everybody(shop))
    ratio = found / alone
    assert ratio == pytest.approx(np.full_like(ratio, ratio[0, 0]), rel=1e-4)


def test_a_cut_blend_has_the_strongest_neighbours_of_the_whole_one():
    shop = interactions([("ann", "a"), ("ann", "b"), ("bob", "b"), ("bob", "c"), ("cy", "a"), ("cy", "c"), ("cy", "d")])
    whole = Blend(Shares(0, 1, 0, 0, 0)).fit(shop, seed=1)
    kept = Blend(Shares(0, 1, 0, 0, 0), neighbours=1).fit(shop, seed=1)
    assert kept.weights.toarray() == pytest.approx(cut(whole.weights, 1).toarray(), rel=1e-5)
    assert np.diff(kept.weights.indptr).max() == 1


def test_a_share_of_the_prior_brings_in_what_is_popular_now():
    shop = interactions([("ann", "a", 0), ("bob", "b", 90), ("cy", "b", 90), ("cy", "c", 0)])
    blend = Blend(Shares(0, 0, 0, 0, 1))
    assert blend.fit(shop, seed=1).scores(everybody(shop)).argmax(axis=1).tolist() == [1, 1, 1]
    assert replace(blend, shares=Shares(0, 1, 0, 0, 0)).fit(shop, seed=1).prior is None
    assert blend.parameters["share_prior"] == 1
