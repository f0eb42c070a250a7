"""The port that remembers which known customer an anonymous id belongs to, and what its adapters share.

A link is made by a message that holds both ids (`pipeline.formats.visitors`); from then on, what that anonymous id
sends without a known one is the customer's. Adapters: `known_customers_embedded.py`, a file beside the embedded log,
and `known_customers_dynamodb.py`, the live table.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Protocol

CACHED = 50_000  # anonymous ids, those that nobody has named included: some 25 MB


class KnownCustomers(Protocol):
    """Links from anonymous ids to known ones, one for each anonymous id of a namespace. Safe to use from threads."""

    def customer_of(self, namespace: str, anonymous_id: str) -> str | None:
        """The id that `anonymous_id` was last linked to; None where it never was.

        Raises
        ------
        StreamUnavailable
            The links cannot be read.
        """
        ...

    def link(self, namespace: str, links: Mapping[str, str]) -> None:
        """Keep links from anonymous ids to known ones, in place of former ones; another process may ask for them next.

        Raises
        ------
        StreamUnavailable
            The links cannot be written; some of them may be kept.
        """
        ...


class CachedCustomers(ABC):
    """An adapter that asks its storage at most once for an anonymous id that it knows, or knows to be nobody's.

    Parameters
    ----------
    lifetime : seconds that an answer is good for; None for good, where no other process writes links
    capacity : answers kept, the most recently used ones
    clock : seconds that never go back
    """

    def __init__(
        self,
        *,
        lifetime: float | None = None,
        capacity: int = CACHED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lifetime, self._capacity, self._clock = lifetime, capacity, clock
        self._answers: OrderedDict[tuple[str, str], tuple[str | None, float]] = OrderedDict()
        # held while the storage is asked, so that no answer from before a link is remembered after it
        self._lock = threading.Lock()

    def customer_of(self, namespace: str, anonymous_id: str) -> str | None:
        """See `KnownCustomers.customer_of`."""
        key = (namespace, anonymous_id)
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None and (self._lifetime is None or self._clock() - answer[1] < self._lifetime):
                self._answers.move_to_end(key)
                return answer[0]
            found = self._read(namespace, anonymous_id)
            self._remember(key, found)
            return found

    def link(self, namespace: str, links: Mapping[str, str]) -> None:
        """See `KnownCustomers.link`."""
        with self._lock:
            for anonymous_id in links:  # a write that fails may have kept some of them
                self._answers.pop((namespace, anonymous_id), None)
            self._write(namespace, links)
            for anonymous_id, customer_id in links.items():
                self._remember((namespace, anonymous_id), customer_id)

    @abstractmethod
    def _read(self, namespace: str, anonymous_id: str) -> str | None:
        """Ask the storage. Raises as `customer_of`."""

    @abstractmethod
    def _write(self, namespace: str, links: Mapping[str, str]) -> None:
        """Write to the storage. Raises as `link`."""

    def _remember(self, key: tuple[str, str], customer_id: str | None) -> None:
        self._answers[key] = (customer_id, self._clock())
        self._answers.move_to_end(key)
        if len(self._answers) > self._capacity:
            self._answers.popitem(last=False)
