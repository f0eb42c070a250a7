"""What each customer did last with each product: the histories that training keeps, made one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.recommend.customers.histories import HISTORY_ITEMS, KINDS, pack_history
from pipeline.recommend.customers.keys import digest_of
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.learning.reading import CUSTOMER, KIND_WEIGHTS

_HOUR = 3_600
_LETTERS = "".join(KINDS)
_WEIGHTS = np.array([KIND_WEIGHTS[kind] for kind in KINDS.values()], dtype=np.float32)  # ascending, as `KINDS`


@dataclass(frozen=True)
class KnownCustomers:
    """The customers among the visitors, by their number; each product once, newest first.

    Attributes
    ----------
    visitors, products : ids by their index
    starts : where the products of each customer begin, with the end of the last one
    customer : index of the visitor, one for each of the starts but the last
    product, kind, hour : one row for each product of a customer: index, index into the letters of `KINDS`, hour since
        1970 of the newest action; the kind is the strongest one of all actions
    """

    visitors: tuple[str, ...]
    products: tuple[str, ...]
    starts: NDArray[np.int64]
    customer: NDArray[np.int32]
    product: NDArray[np.int32]
    kind: NDArray[np.int64]
    hour: NDArray[np.int64]

    @classmethod
    def of(cls, interactions: Interactions) -> KnownCustomers:
        """The customers of some interactions, which weigh what `KIND_WEIGHTS` says; sessions are none."""
        is_customer = np.array([name.startswith(CUSTOMER) for name in interactions.customers], dtype=bool)
        own = interactions.where(is_customer[interactions.customer])
        pair = own.customer.astype(np.int64) * len(own.products) + own.product
        order = np.lexsort((own.at, pair))
        pair, weight = pair[order], own.weight[order]
        first = np.flatnonzero(np.append(True, pair[1:] != pair[:-1])[: len(pair)])
        strongest = np.maximum.reduceat(weight, first) if len(first) else weight
        newest = order[np.append(first[1:], len(pair)) - 1] if len(first) else order
        rows = np.lexsort((own.product[newest], -own.at[newest], own.customer[newest]))
        chosen = newest[rows]
        customer, starts = np.unique(own.customer[chosen], return_index=True)
        return cls(
            own.customers,
            own.products,
            np.append(starts, len(chosen)),
            customer,
            own.product[chosen],
            np.searchsorted(_WEIGHTS, strongest[rows]),
            own.at[chosen] // _HOUR,
        )

    @property
    def newest_hour(self) -> NDArray[np.int64]:
        """The hour of each customer's newest action."""
        return self.hour[self.starts[:-1]]

    def packed(self, chosen: NDArray[np.bool_]) -> Iterator[tuple[str, bytes]]:
        """The digest and the packed history of some of the customers, one after the other.

        Parameters
        ----------
        chosen : one for each customer
        """
        for number in np.flatnonzero(chosen).tolist():
            start, end = self.starts[number], self.starts[number + 1]
            rows = slice(start, min(end, start + HISTORY_ITEMS))
            products = [self.products[place] for place in self.product[rows].tolist()]
            kinds = "".join([_LETTERS[kind] for kind in self.kind[rows].tolist()])
            customer_id = self.visitors[self.customer[number]].removeprefix(CUSTOMER)
            yield digest_of(customer_id), pack_history(products, kinds, self.hour[rows].tolist())
