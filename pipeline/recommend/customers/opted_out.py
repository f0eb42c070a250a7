"""Customers who refuse recommendations made from their history: kept beside the models (`.keys`).

They get what everybody gets, their history is not read, and live keeps no recent items of them.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from catalogue.errors import SourceError
from pipeline.recommend.customers.keys import CUSTOMER, OPTED_OUT, digest_of, opted_out_key
from pipeline.recommend.models.items import Items

CACHE_SECONDS = 60.0  # after which a refusal in another process is known
CACHED = 10_000
MOST_LISTED = 100_000  # digests that a writer of live keeps in memory: 10 MB


class OptedOut(Protocol):
    """Says who refuses."""

    def refuses(self, customer_id: str) -> bool:
        """Whether this customer refuses. Raises SourceError where it cannot be read."""
        ...


class OptedOutCustomers:
    """The customers who refuse, in some items. Safe to use from threads.

    Parameters
    ----------
    renew_after : seconds that an answer is good for
    clock : seconds that never go back
    """

    def __init__(
        self, items: Items, *, renew_after: float = CACHE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._items, self._renew_after, self._clock = items, renew_after, clock
        self._answers: OrderedDict[str, tuple[bool, float]] = OrderedDict()
        self._lock = threading.Lock()

    def refuses(self, customer_id: str) -> bool:
        """See `OptedOut.refuses`."""
        with self._lock:
            known = self._answers.get(customer_id)
        if known is not None and self._clock() - known[1] < self._renew_after:
            return known[0]
        key = opted_out_key(digest_of(customer_id))
        found = key in self._items.get_all([key])
        with self._lock:
            self._answers[customer_id] = (found, self._clock())
            self._answers.move_to_end(customer_id)
            if len(self._answers) > CACHED:
                self._answers.popitem(last=False)
        return found

    def add(self, customer_id: str) -> None:
        """Keep that a customer refuses. Raises SourceError where it cannot be written."""
        self._items.put_all([(opted_out_key(digest_of(customer_id)), b"\0")])
        self._answers.pop(customer_id, None)

    def remove(self, customer_id: str) -> None:
        """Keep that a customer refuses no more. Raises SourceError where it cannot be written."""
        self._items.delete_all([opted_out_key(digest_of(customer_id))])
        self._answers.pop(customer_id, None)


class OptedOutList:
    """The same, read as a whole once in a while: for a writer that asks of every customer.

    While the list cannot be read, the one read before is good; before the first one, everybody counts as refusing.
    """

    def __init__(
        self, items: Items, *, renew_after: float = CACHE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._items, self._renew_after, self._clock = items, renew_after, clock
        self._digests: frozenset[str] | None = None
        self._read_at: float | None = None

    def refuses(self, customer_id: str) -> bool:
        """See `OptedOut.refuses`. Raises nothing."""
        now = self._clock()
        if self._read_at is None or now - self._read_at >= self._renew_after:
            self._read_at = now
            try:
                found = self._items.beginning(OPTED_OUT, CUSTOMER)
            except SourceError:
                pass
            else:
                self._digests = frozenset(list(found)[:MOST_LISTED])
        if not self._digests:
            return self._digests is None
        return CUSTOMER + digest_of(customer_id) in self._digests


def everybody(_customer_id: str) -> bool:
    """Whether a customer refuses, where that is unknown."""
    return True
