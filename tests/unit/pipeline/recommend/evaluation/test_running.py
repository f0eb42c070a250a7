"""Every method on the same splits: tuned inside the training part, measured offline and as served."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from scipy import sparse

from catalogue.errors import SettingsError
from pipeline.recommend.evaluation import running
from pipeline.recommend.evaluation.candidates import CANDIDATES, Candidate, chosen
from pipeline.recommend.evaluation.served import as_served
from pipeline.recommend.evaluation.splits import SPLITS, split
from pipeline.recommend.evaluation.tuning import inner_split, trials
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import ItemToItem


def interactions(customers=30, products=12, seed=3):
    """Two groups of customers with tastes of their own."""
    random = np.random.default_rng(seed)
    likely = np.where((np.arange(customers)[:, np.newaxis] % 2) == (np.arange(products) % 2), 0.8, 0.1)
    customer, product = np.nonzero(random.random((customers, products)) < likely)
    return Interactions(
        customers=tuple(f"c{number:02}" for number in range(customers)),
        products=tuple(f"p{number:02}" for number in range(products)),
        customer=customer.astype(np.int32),
        product=product.astype(np.int32),
        weight=np.ones(len(customer), dtype=np.float32),
        at=random.integers(1, 1_000_000, len(customer)),
    )


@dataclass(frozen=True)
class Taste:
    """Scores products of a customer's own group by `right`, and remembers what it was given to learn from."""

    right: float = 1.0
    name: ClassVar = "taste"
    seen: ClassVar = []

    @property
    def parameters(self):
        return {"right": self.right}

    def fit(self, interactions, *, seed):
        self.seen.append(interactions)
        return self

    def scores(self, customers):
        same = (customers[:, np.newaxis] % 2) == (np.arange(12) % 2)
        return np.where(same, self.right, 0).astype(np.float32)


@pytest.fixture(autouse=True)
def _forget():
    Taste.seen.clear()


def plan(**changes):
    return running.Plan(
        **{"kind": "stratified-by-item", "ratio": 0.75, "seeds": (42,), "k": 3, "served": (), "tune": False} | changes
    )


def pairs(rows):
    return set(zip(rows.customer.tolist(), rows.product.tolist(), strict=True))


@pytest.mark.parametrize("kind", sorted(SPLITS))
def test_parameters_are_chosen_without_a_look_at_the_test_part(kind):
    whole = interactions()
    candidate = Candidate(Taste, {"right": (-1.0, 1.0, 0.0)})
    found = running.evaluate(whole, {"taste": candidate}, plan(kind=kind, tune=True))
    part = found.splits[0]
    row, product = part.relevant.nonzero()
    asked = set(zip(part.customers[row].tolist(), product.tolist(), strict=True))
    assert len(Taste.seen) == 4  # three of the grid, and the best one
    for learnt_from in Taste.seen:
        assert not pairs(learnt_from) & asked
    assert len(Taste.seen[-1]) > len(Taste.seen[0])  # in the end it learns from the whole training part
    assert found.results[0].parameters == [{"right": 1.0}]


@pytest.mark.parametrize("kind", ["stratified-by-item", "temporal"])
def test_the_inner_split_is_of_the_same_kind_and_density(kind):
    whole = interactions(customers=200)
    outer = split(whole, kind=kind, ratio=0.75, seed=1)
    inner = inner_split(outer.training, kind=kind, ratio=0.75, seed=1)
    assert len(outer.training) / len(whole) == pytest.approx(0.75, abs=0.01)
    assert len(inner.training) / len(outer.training) == pytest.approx(0.75, abs=0.01)
    assert pairs(inner.training) < pairs(outer.training)


def test_trials_come_best_first():
    inner = split(interactions(), kind="stratified-by-item", ratio=0.75, seed=1)
    found = trials(Candidate(Taste, {"right": (-1.0, 1.0)}), inner, k=3, seed=1)
    assert [trial.method.right for trial in found] == [1.0, -1.0]
    assert found[0].ndcg > found[1].ndcg


def test_every_combination_of_a_grid_is_a_variant():
    variants = Candidate(lambda **given: given, {"a": (1, 2), "b": (3, 4)}).variants()
    assert variants == [{"a": 1, "b": 3}, {"a": 1, "b": 4}, {"a": 2, "b": 3}, {"a": 2, "b": 4}]


def test_with_several_seeds_a_customer_is_the_mean_of_those_that_ask_about_them():
    scored = running.Scored(by_seed={"ndcg": [np.array([0.2, np.nan, np.nan]), np.array([0.4, 0.8, np.nan])]})
    assert scored.values("ndcg") == pytest.approx([0.3, 0.8])
    assert scored.mean("ndcg") == pytest.approx(0.55)


def test_every_method_is_asked_about_the_same_customers_at_each_seed():
    whole = interactions()
    found = running.evaluate(whole, {"a": Candidate(Taste, {}), "b": CANDIDATES["cosine"]}, plan(seeds=(1, 2)))
    assert len(found.splits) == 2
    for values in zip(*(result.offline.by_seed["ndcg"] for result in found.results), strict=True):
        assert np.isnan(values[0]).tolist() == np.isnan(values[1]).tolist()
    assert pairs(found.splits[0].training) != pairs(found.splits[1].training)


def test_only_models_that_are_published_have_figures_as_served():
    found = running.evaluate(
        interactions(), {"a": Candidate(Taste, {}), "b": CANDIDATES["cosine"]}, plan(served=(1, 11))
    )
    taste, cosine = found.results
    assert taste.served == {}
    assert list(cosine.served) == [1, 11]
    assert cosine.served[11].mean("ndcg") == pytest.approx(cosine.offline.mean("ndcg"), abs=1e-9)  # all neighbours


def test_time_and_memory_of_each_training_are_measured():
    result = running.evaluate(interactions(), {"slim": CANDIDATES["slim"]}, plan(seeds=(1, 2))).results[0]
    assert len(result.training_seconds) == len(result.peak_megabytes) == 2
    assert min(result.training_seconds) > 0
    assert min(result.peak_megabytes) > 12 * 12 * 4 / 1e6  # at least the weights


@pytest.mark.parametrize("tune", [False, True])
def test_progress_ends_at_one_with_and_without_tuning(tune):
    shares = []
    candidates = {"taste": Candidate(Taste, {"right": (0.0, 1.0)}), "cosine": Candidate(CANDIDATES["cosine"].make, {})}
    running.evaluate(
        interactions(), candidates, plan(seeds=(1, 2), tune=tune), progress=lambda name, share: shares.append(share)
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_method_whose_library_is_missing_is_left_out_by_name():
    candidates = {"taste": Candidate(Taste, {}), "far": Candidate(Taste, {}, library="no_such_library")}
    found = running.evaluate(interactions(), candidates, plan())
    assert [result.name for result in found.results] == ["taste"]
    assert found.left_out == {"far": "needs the library no_such_library, which is not installed"}


def test_an_evaluation_of_nothing_is_refused():
    with pytest.raises(SettingsError, match=r"None of the methods.*far"):
        running.evaluate(interactions(), {"far": Candidate(Taste, {}, library="no_such_library")}, plan())


def test_a_method_that_is_not_there_is_named():
    with pytest.raises(SettingsError, match=r"no method 'magic'.*cosine"):
        chosen("cosine,magic")


def test_as_served_keeps_the_strongest_weights_within_half_a_step_of_what_was_learnt():
    random = np.random.default_rng(1)
    weights = random.normal(size=(9, 9)).astype(np.float32)
    np.fill_diagonal(weights, 0)
    prior = np.arange(9, dtype=np.float32)
    fitted = ItemToItem(histories(interactions(products=9)), weights, prior)
    served = as_served(fitted, 3)
    for row, kept in zip(weights, served.weights.toarray(), strict=True):
        strongest = np.sort(np.argsort(-np.abs(row))[:3])
        assert np.flatnonzero(kept).tolist() == strongest.tolist()
        assert np.abs(kept[strongest] - row[strongest]).max() <= np.abs(row).max() / 32_767 / 2 + 1e-7
    assert served.prior is prior


def test_as_served_takes_sparse_weights_and_products_without_any():
    fitted = ItemToItem(sparse.csr_array((2, 3)), sparse.csr_array(np.array([[0, 0, 0.5], [0, 0, 0], [0, 0, 0]])))
    assert as_served(fitted, 2).weights.toarray() == pytest.approx(np.array([[0, 0, 0.5], [0, 0, 0], [0, 0, 0]]))


def test_as_served_knows_the_newest_products_of_a_customer_alone():
    rows = replace(
        interactions(),
        customer=np.array([0, 0, 0, 1], dtype=np.int32),
        product=np.array([5, 6, 7, 6], dtype=np.int32),
        weight=np.ones(4, dtype=np.float32),
        at=np.array([30, 10, 20, 5]),
    )
    fitted = ItemToItem(histories(rows) * np.float32(0.5), np.eye(12, k=1, dtype=np.float32))
    found = as_served(fitted, 1, histories(rows, most=2)).histories.toarray()
    assert np.flatnonzero(found[0]).tolist() == [5, 7]
    assert found[0, 5] == found[1, 6] == 0.5  # what the method counts for them stays


def test_a_short_history_lowers_the_figures_as_served_and_not_those_offline():
    whole = interactions()
    everything, short = (
        running.evaluate(whole, {"cosine": CANDIDATES["cosine"]}, plan(served=(11,), history=history)).results[0]
        for history in (0, 1)
    )
    assert short.offline.mean("ndcg") == everything.offline.mean("ndcg")
    assert short.served[11].mean("ndcg") < everything.served[11].mean("ndcg")
