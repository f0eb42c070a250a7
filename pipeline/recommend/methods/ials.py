"""iALS: factors of customers and products (Hu, Koren and Volinsky 2008), by the library `implicit` where installed.

A comparison only: factors have no neighbours that could be published, or shown as a reason.
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
from pipeline.recommend.methods.parameters import Parameters


@dataclass(frozen=True)
class IALS(Parameters):
    """Alternating least squares over all pairs, those without an interaction too.

    Attributes
    ----------
    confidence : weight of an interaction, beside 1 of a pair without
    rounds : over both sides
    """

    name: ClassVar[str] = "ials"
    factors: int = 128
    regularisation: float = 20.0
    confidence: float = 4.0
    rounds: int = 15

    def fit(self, interactions: Interactions, *, seed: int) -> FittedFactors:
        """See `pipeline.recommend.methods.Method`. Raises ImportError where `implicit` is not installed."""
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(
            factors=self.factors,
            regularization=self.regularisation,
            alpha=self.confidence,
            iterations=self.rounds,
            num_threads=1,
            random_state=seed,
        )
        model.fit(sparse.csr_matrix(histories(interactions)), show_progress=False)
        return FittedFactors(model.user_factors, model.item_factors)


@dataclass(frozen=True)
class FittedFactors:
    """A score is the product of two vectors."""

    customers: NDArray[np.float32]
    products: NDArray[np.float32]

    def scores(self, customers: NDArray[np.int32]) -> Scores:
        """See `pipeline.recommend.methods.Fitted`."""
        return np.asarray(self.customers[customers] @ self.products.T, dtype=np.float32)
