"""Dividing interactions into what is learnt from and what is asked for.

Nothing that a customer did with a product is on both sides: what the training part knows of them is no question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from catalogue.errors import SettingsError
from pipeline.recommend.evaluation.metrics import Matrix
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.histories import histories

InTraining = NDArray[np.bool_]  # of each row of the interactions


@dataclass(frozen=True)
class Split:
    """Both sides, with the customers and products numbered as before.

    Attributes
    ----------
    training : what is learnt from
    customers : int32, those who are asked about: they have a training interaction and a relevant product
    relevant : shape (those customers, all products), 1 for each product of their test part that is new to them
    test_interactions : rows that are not in training
    known_again : of these, rows with a product that the customer has in training
    strangers : customers with test interactions alone, of whom nothing can be learnt; left out
    unseen_products : of the relevant pairs, those with a product that nobody has in training; they count as misses
    """

    training: Interactions
    customers: NDArray[np.int32]
    relevant: Matrix
    test_interactions: int
    known_again: int
    strangers: int
    unseen_products: int


def stratified_by_item(interactions: Interactions, *, ratio: float, seed: int) -> InTraining:
    """Of each product's customers, `ratio` at random: rounded half to even, one at least.

    A customer's interactions with one product go to the same side.
    """
    pairs, row_pair = np.unique(_pairs(interactions), return_inverse=True)
    product = pairs % len(interactions.products)
    shuffled = np.random.default_rng(seed).permutation(len(pairs))
    by_product = shuffled[np.argsort(product[shuffled], kind="stable")]
    sizes = np.bincount(product, minlength=len(interactions.products))
    rank = np.arange(len(pairs)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kept = np.maximum(np.rint(sizes * ratio), 1)
    in_training = np.zeros(len(pairs), dtype=np.bool_)
    in_training[by_product] = rank < np.repeat(kept, sizes)
    return in_training[row_pair]


def temporal(interactions: Interactions, *, ratio: float, seed: int) -> InTraining:  # noqa: ARG001 - nothing is drawn
    """The oldest `ratio` of all interactions; those of the second in which it ends are on the test side."""
    _require_times(interactions)
    ordered = np.sort(interactions.at)
    end = int(ordered[min(int(len(ordered) * ratio), len(ordered) - 1)])
    return np.less(interactions.at, end)


def leave_last_out(interactions: Interactions, *, ratio: float, seed: int) -> InTraining:  # noqa: ARG001
    """All but each customer's latest interaction; of two in the same second, the one further down is later."""
    _require_times(interactions)
    order = np.lexsort((interactions.at, interactions.customer))  # stable: the rows of one second stay in order
    customer = interactions.customer[order]
    last = np.append(customer[1:] != customer[:-1], True)
    in_training = np.ones(len(interactions), dtype=np.bool_)
    in_training[order[last]] = False
    return in_training


SPLITS: dict[str, Callable[..., InTraining]] = {
    "stratified-by-item": stratified_by_item,
    "temporal": temporal,
    "leave-last-out": leave_last_out,
}


def split(interactions: Interactions, *, kind: str, ratio: float, seed: int) -> Split:
    """Divide interactions; the same for the same seed.

    Parameters
    ----------
    kind : a name in `SPLITS`
    ratio : share of training, within (0, 1); leave-last-out has none

    Raises
    ------
    SettingsError
        The split needs times and there are none, or a side of it is empty.
    """
    if not len(interactions):
        raise SettingsError("There is no interaction to evaluate on", remedy="Check the file and its columns.")
    in_training = SPLITS[kind](interactions, ratio=ratio, seed=seed)
    found = divide(interactions, in_training)
    if not len(found.customers):
        what = f"The split {kind!r} leaves no customer to ask about"
        raise SettingsError(what, remedy="Use more interactions, another split, or another ratio.")
    return found


def divide(interactions: Interactions, in_training: InTraining) -> Split:
    """Both sides, for rows that are divided already."""
    training = interactions.where(in_training)
    test = interactions.where(~in_training)
    learnt = np.unique(_pairs(training))
    pairs = np.unique(_pairs(test))
    new = pairs[~np.isin(pairs, learnt)]
    customer, product = np.divmod(new, max(len(interactions.products), 1))
    has_history = np.bincount(training.customer, minlength=len(interactions.customers)) > 0
    asked = has_history[customer]
    customers, row = np.unique(customer[asked], return_inverse=True)
    shape = (len(customers), len(interactions.products))
    ones = np.ones(len(row), dtype=np.float32)
    known_products = np.bincount(training.product, minlength=len(interactions.products)) > 0
    return Split(
        training=training,
        customers=customers.astype(np.int32),
        relevant=sparse.csr_array((ones, (row, product[asked])), shape=shape),
        test_interactions=len(test),
        known_again=int(np.isin(_pairs(test), learnt).sum()),
        strangers=len(np.unique(customer[~asked])),
        unseen_products=int((~known_products[product[asked]]).sum()),
    )


def known(split: Split) -> Matrix:
    """What each customer has in training: never recommended."""
    return histories(split.training)


def _pairs(interactions: Interactions) -> NDArray[np.int64]:
    """One number for each customer and product."""
    return interactions.customer.astype(np.int64) * len(interactions.products) + interactions.product


def _require_times(interactions: Interactions) -> None:
    if not interactions.at.any():
        remedy = "Name the column of time, or use --split stratified-by-item."
        raise SettingsError("This split goes by time, and the interactions have none", remedy=remedy)
