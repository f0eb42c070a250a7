"""What followed in similar sessions: V-SKNN (Ludewig and Jannach 2018) with the decays of STAN (Garg et al. 2019).

Each customer of the interactions is one session, and its interactions are in the order of their times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods import Scores
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import Histories
from pipeline.recommend.methods.parameters import Parameters

_DAY = 86_400


@dataclass(frozen=True)
class SessionNeighbours(Parameters):
    """A product's score is the similarity of the nearest sessions that hold it, times its rarity.

    Attributes
    ----------
    neighbours : sessions that are taken into account
    position_decay : interactions after which one of the session itself counts 1/e of the latest
    recency_days : days between two sessions after which their similarity counts 1/e
    """

    name: ClassVar[str] = "session_neighbours"
    neighbours: int = 500
    position_decay: float = 5.0
    recency_days: float = 30.0

    def fit(self, interactions: Interactions, *, seed: int) -> FittedSessions:  # noqa: ARG002 - nothing is drawn
        """See `pipeline.recommend.methods.Method`."""
        sessions = histories(interactions)
        latest = np.zeros(sessions.shape[0], dtype=np.int64)
        np.maximum.at(latest, interactions.customer, interactions.at)
        sizes = np.maximum(sessions.sum(axis=1), 1)
        knowing = np.maximum(sessions.sum(axis=0), 1)
        return FittedSessions(
            sessions=sessions,
            questions=_decayed(interactions, self.position_decay),
            candidates=(sparse.diags_array(1 / np.sqrt(sizes)) @ sessions).T.tocsr(),
            latest=latest,
            rarity=np.log(sessions.shape[0] / knowing).astype(np.float32),
            neighbours=self.neighbours,
            recency=self.recency_days * _DAY,
        )


@dataclass(frozen=True)
class FittedSessions:
    """Every session, ready to be compared."""

    sessions: Histories
    questions: Histories  # the same, each product by how late it came
    candidates: Histories  # shape (products, sessions), each session divided by the root of its size
    latest: NDArray[np.int64]
    rarity: NDArray[np.float32]
    neighbours: int
    recency: float  # in seconds

    def scores(self, customers: NDArray[np.int32]) -> Scores:
        """See `pipeline.recommend.methods.Fitted`."""
        similar = (self.questions[customers] @ self.candidates).tocoo()
        row, session = similar.coords
        apart = np.abs(self.latest[customers[row]] - self.latest[session])
        similarity = np.where(session == customers[row], 0, similar.data * np.exp(-apart / self.recency))
        order = np.lexsort((session, -similarity, row))
        sizes = np.bincount(row, minlength=len(customers))
        rank = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        nearest = order[rank < self.neighbours]
        shape = (len(customers), len(self.latest))
        chosen = sparse.csr_array((similarity[nearest], (row[nearest], session[nearest])), shape=shape)
        return np.asarray((chosen @ self.sessions).toarray() * self.rarity, dtype=np.float32)


def _decayed(interactions: Interactions, decay: float) -> Histories:
    """Each session's products by their latest place in it: 1 for the last interaction, 1/e `decay` places before."""
    order = np.lexsort((interactions.at, interactions.customer))
    customer, product = interactions.customer[order], interactions.product[order]
    shape = (len(interactions.customers), len(interactions.products))
    ends = np.cumsum(np.bincount(customer, minlength=shape[0]))
    behind = ends[customer] - 1 - np.arange(len(order))
    _, last = np.unique((customer.astype(np.int64) * shape[1] + product)[::-1], return_index=True)
    last = len(order) - 1 - last  # a product that came twice counts where it came last
    weight = np.exp(-behind[last] / decay).astype(np.float32)
    return sparse.csr_array((weight, (customer[last], product[last])), shape=shape)
