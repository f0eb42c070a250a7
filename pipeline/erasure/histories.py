"""The histories beside the models of recommendations: deleted, and looked for, by the digests of a person's ids.

An item's key is the digest of a customer's id, and its content has products and hours; so nobody is found by reading
them all, and each person by the keys that the ids lead to.
"""

from __future__ import annotations

from collections.abc import Collection

from pipeline.erasure.identity import Person
from pipeline.erasure.scan import Place
from pipeline.recommend.customers.stored_customers import forget, history_keys
from pipeline.recommend.models.items import Items

NAME = "histories of recommendations"


class Histories:
    """The histories in some items. Every method raises SourceError where they do not answer."""

    def __init__(self, items: Items) -> None:
        self._items = items

    def forget(self, customers: Collection[str]) -> int:
        """Delete those of some customers; returns how many there were."""
        return forget(self._items, customers)

    def scan(self, person: Person) -> Place:
        """How many of the person's ids have a history."""
        keys = history_keys(person.customers)
        return Place(NAME, len(keys), len(self._items.get_all(keys, consistent=True)))
