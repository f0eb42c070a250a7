"""One version of a model, read from its items. Fills the `PublishedModel` port.

The directory and the prior are in memory. Neighbours are read as they are asked for, and those read last are kept.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice

import msgspec

from catalogue.errors import SourceError
from pipeline.recommend.models.items import Items, Key
from pipeline.recommend.models.model import DirectoryEntry, Model, ModelCard, RankedList
from pipeline.recommend.models.packing import (
    PackedNeighbours,
    directory_pages,
    prior_pages,
    unpack_directory,
    unpack_neighbours,
    unpack_prior,
)

_UNREAD = PackedNeighbours(array("H"), array("h"), 0.0)
CACHED_NEIGHBOURS = 20_000  # products, of each surface: 40 MB where each has 400 neighbours


class Inventory(msgspec.Struct, frozen=True):
    """What items a version has.

    Attributes
    ----------
    products : places of the directory; each may have neighbours on each surface
    pages : of the directory, and of the prior
    lists : surface and scope of each
    """

    products: int
    directory_pages: int
    prior_pages: int
    surfaces: tuple[str, ...]
    lists: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, model: Model) -> Inventory:
        """What `model` is made of."""
        return cls(
            len(model.directory),
            sum(1 for _ in directory_pages(model.directory)),
            sum(1 for _ in prior_pages(model.prior)),
            tuple(model.neighbours),
            tuple((ranked.surface, ranked.scope) for ranked in model.lists),
        )

    def keys(self, version: str) -> Iterator[Key]:
        """The keys of every item that there may be, but the card."""
        yield from islice(page_keys(version, "directory"), self.directory_pages)
        yield from islice(page_keys(version, "prior"), self.prior_pages)
        for surface, scope in self.lists:
            yield list_key(version, surface, scope)
        for surface in self.surfaces:
            for place in range(self.products):
                yield neighbours_key(version, surface, place)


def page_keys(version: str, kind: str) -> Iterator[Key]:
    """The keys of the pages of a version, without an end."""
    return ((version, f"{kind}#{number}") for number in count())


def list_key(version: str, surface: str, scope: str) -> Key:
    """The key of a list for everybody."""
    return version, f"list#{surface}#{scope}"


def neighbours_key(version: str, surface: str, place: int) -> Key:
    """The key of the neighbours of the product at a place."""
    return f"{version}#{surface}", f"{place:08d}"


class StoredModel:
    """A version whose directory and prior are read. Safe to use from threads."""

    def __init__(
        self,
        items: Items,
        card: ModelCard,
        inventory: Inventory,
        directory: tuple[DirectoryEntry, ...],
        prior: Sequence[float],
    ) -> None:
        self.card, self.directory, self.prior = card, directory, prior
        self._items = items
        self._places = {entry.product_id: place for place, entry in enumerate(directory)}
        self._lists: dict[tuple[str, str], RankedList | None] = dict.fromkeys(inventory.lists)
        self._neighbours: dict[str, dict[int, PackedNeighbours | None]] = {
            surface: {} for surface in inventory.surfaces
        }
        self._lock = threading.Lock()

    @classmethod
    def read(cls, items: Items, card: ModelCard, inventory: Inventory) -> StoredModel:
        """Read a version's directory and prior.

        Raises
        ------
        SourceError
            The items cannot be read, or some are missing.
        """

        def pages(kind: str, number: int) -> list[bytes]:
            keys = list(islice(page_keys(card.version, kind), number))
            found = items.get_all(keys, consistent=True)
            if len(found) < number:
                raise SourceError(
                    f"{number - len(found)} of {number} {kind} pages of model {card.version} are missing",
                    remedy="Go back with `python -m pipeline recommend rollback`, or train again.",
                )
            return [found[key] for key in keys]

        directory = unpack_directory(pages("directory", inventory.directory_pages))
        return cls(items, card, inventory, directory, unpack_prior(pages("prior", inventory.prior_pages)))

    def place_of(self, product_id: str) -> int | None:
        """See `PublishedModel.place_of`."""
        return self._places.get(product_id)

    def neighbours(self, surface: str, places: Sequence[int]) -> Mapping[int, PackedNeighbours]:
        """See `PublishedModel.neighbours`."""
        if surface not in self._neighbours:
            return {}
        known = self._neighbours[surface]
        # another thread may forget some meanwhile: each is looked up once
        held = {place: known.get(place, _UNREAD) for place in places}
        missing = [place for place, neighbours in held.items() if neighbours is _UNREAD]
        fresh = self._read(surface, missing) if missing else {}
        held |= fresh
        found = {place: neighbours for place in places if (neighbours := held[place])}
        if fresh:
            with self._lock:  # which a reader of what is known does not need
                known |= fresh
                while len(known) > CACHED_NEIGHBOURS:
                    del known[next(iter(known))]
        return found

    def _read(self, surface: str, places: Sequence[int]) -> dict[int, PackedNeighbours | None]:
        """The neighbours of some products; None for a product without any, which is not asked for again."""
        keys = {neighbours_key(self.card.version, surface, place): place for place in places}
        found = dict(self._items.get_all(list(keys)))
        if absent := [key for key in keys if key not in found]:
            found |= self._items.get_all(absent, consistent=True)
        packed = {place: found.get(key) for key, place in keys.items()}
        return {place: unpack_neighbours(one) if one is not None else None for place, one in packed.items()}

    def ranked(self, surface: str, scope: str) -> RankedList | None:
        """See `PublishedModel.ranked`."""
        if (surface, scope) not in self._lists:
            return None
        known = self._lists[surface, scope]
        if known is None:
            key = list_key(self.card.version, surface, scope)
            packed = self._items.get_all([key]).get(key) or self._items.get_all([key], consistent=True).get(key)
            if packed is None:
                return None
            listed = unpack_neighbours(packed)
            known = self._lists[surface, scope] = RankedList(surface, scope, tuple(listed.places), listed.weights)
        return known
