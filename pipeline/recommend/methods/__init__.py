"""How to learn what to recommend: one module per method, each with the `Method` protocol.

Offline evaluation and training use the same methods.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.recommend.interactions import Interactions

Scores = NDArray[np.float32]


class Fitted(Protocol):
    """What was learnt."""

    def scores(self, customers: NDArray[np.int32]) -> Scores:
        """Scores of every product for some customers of the interactions: shape (customers, products), higher first.

        Products that a customer knows are scored like any other; who asks leaves them out.
        """
        ...


class Method(Protocol):
    """A way to learn, with its parameters.

    Attributes
    ----------
    name : in tables and in the model's card, such as ``ease``
    parameters : by name, as they are printed
    """

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> dict[str, float | int | str]: ...

    def fit(self, interactions: Interactions, *, seed: int) -> Fitted:
        """Learn from interactions; the same for the same seed."""
        ...
