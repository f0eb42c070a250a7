"""What is learnt from: who did something with which product, how much it weighs, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Interactions:
    """One row per interaction, in any order; a customer may have several with one product.

    Attributes
    ----------
    customers, products : ids by their index
    customer, product : int32, index of each row's customer and product
    weight : float32 > 0, what the kind of action is worth; 1 where all count alike
    at : int64, seconds since 1970 in UTC; all zero where nothing is known of time
    categories : top category of each product, empty where it is unknown; no entry at all where none is known
    """

    customers: tuple[str, ...]
    products: tuple[str, ...]
    customer: NDArray[np.int32]
    product: NDArray[np.int32]
    weight: NDArray[np.float32]
    at: NDArray[np.int64]
    categories: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, chosen: NDArray[np.bool_]) -> Interactions:
        """Some of the rows, with the customers and products of all: places stay what they are."""
        return replace(
            self,
            customer=self.customer[chosen],
            product=self.product[chosen],
            weight=self.weight[chosen],
            at=self.at[chosen],
        )
