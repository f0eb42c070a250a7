"""What training keeps of single customers, and who refuses: read together, in one call."""

from __future__ import annotations

import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol

import msgspec

from catalogue.errors import SourceError
from pipeline.recommend.customers.histories import Action, unpack_history
from pipeline.recommend.customers.keys import digest_of, history_key, opted_out_key
from pipeline.recommend.models.items import Items, Key

CACHE_SECONDS = 1.0  # a page asks for several lists at once; longer, and who refuses or is erased is still known here
CACHED = 1_000  # customers: some 30 MB where each has a long history


class StoredCustomer(NamedTuple):
    """What is kept of a customer.

    Attributes
    ----------
    refuses : whether the customer refuses; there is no history then
    history : newest first
    """

    refuses: bool
    history: Sequence[Action]


class Customers(Protocol):
    """Reads what is kept of a customer."""

    def read(self, customer_id: str) -> StoredCustomer:
        """What is kept, as of a second ago at most. Raises SourceError where it cannot be read."""
        ...


class StoredCustomers:
    """The customers in some items. Safe to use from several threads.

    Parameters
    ----------
    renew_after : seconds that what was read is good for
    clock : seconds that never go back
    """

    def __init__(
        self, items: Items, *, renew_after: float = CACHE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._items, self._renew_after, self._clock = items, renew_after, clock
        self._read: OrderedDict[str, tuple[StoredCustomer, float]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, customer_id: str) -> StoredCustomer:
        """See `Customers.read`."""
        now = self._clock()
        with self._lock:
            known = self._read.get(customer_id)
        if known is not None and now - known[1] < self._renew_after:
            return known[0]
        digest = digest_of(customer_id)
        mark, history = opted_out_key(digest), history_key(digest)
        found = self._items.get_all([mark, history])
        refuses = mark in found
        packed = None if refuses else found.get(history)
        customer = StoredCustomer(refuses, _history(packed) if packed is not None else ())
        with self._lock:
            self._read[customer_id] = (customer, now)
            self._read.move_to_end(customer_id)
            if len(self._read) > CACHED:
                self._read.popitem(last=False)
        return customer


def _history(packed: bytes) -> Sequence[Action]:
    try:
        return unpack_history(packed)
    except (msgspec.MsgspecError, zlib.error, LookupError) as error:
        raise SourceError(
            f"The history of a customer is damaged: {error}",
            remedy="A training after the customer's next action writes it anew.",
        ) from error


def forget(items: Items, customers: Collection[str]) -> int:
    """Delete the histories of some customers; returns how many had one. Raises SourceError where that fails."""
    keys = history_keys(customers)
    found = items.get_all(keys, consistent=True)
    items.delete_all(keys)
    return len(found)


def history_keys(customers: Collection[str]) -> list[Key]:
    """The keys of the histories of some customers."""
    return [history_key(digest_of(customer)) for customer in customers]
