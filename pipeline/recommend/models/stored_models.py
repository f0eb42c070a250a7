"""Models as items under two keys. Fills the `ModelStore` port over `pipeline.recommend.models.items.Items`.

::

    pk                    sk                        what
    model                 current                   the version in use, and the one before it
    model                 card#<version>            card, and what items the version has
    <version>             directory#<page>          products by place
    <version>             prior#<page>              prior by place
    <version>             list#<surface>#<scope>    a list for everybody
    <version>#<surface>   <place, 8 digits>         neighbours of the product at that place

A version is written whole before `current` names it, so that a writer which is killed leaves the former model in use.
What it has written is found by its card, which comes first, and deleted by a later `publish`, as are versions that are
neither in use nor the one before: `SUPERSEDED_KEPT` after they were trained, when no reader goes by an old pointer and
no other training still writes them. A model that is kept aside expires `ASIDE_KEPT` after it was written. A version
that a running experiment names is not deleted, and does not expire. The cards of whole models stay for `CARD_KEPT`, so
that quality can be followed.
"""

from __future__ import annotations

import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import msgspec

from catalogue.clock import utc_now
from catalogue.errors import PublishConflict, SettingsError, SourceError
from pipeline.live.documents import pack, unpack
from pipeline.recommend.models.items import Items, Key
from pipeline.recommend.models.model import Model, ModelCard, Neighbours, RankedList
from pipeline.recommend.models.model_store import KeptCard, Use
from pipeline.recommend.models.named import named_versions
from pipeline.recommend.models.packing import directory_pages, pack_neighbours, prior_pages
from pipeline.recommend.models.published import Inventory, StoredModel, list_key, neighbours_key, page_keys
from pipeline.recommend.models.versions import Versions

MODEL = "model"
CURRENT: Key = (MODEL, "current")
CARD = "card#"
SUPERSEDED_KEPT = timedelta(days=1)
ASIDE_KEPT = timedelta(days=14)
CARD_KEPT = timedelta(days=400)  # a year can be compared with the one before
_COPIED = 1_000  # items in memory at once, of 2 KB each, where a version is made to last


class Pointer(msgspec.Struct, frozen=True):
    """The version in use, and the one before it."""

    version: str
    previous: str | None = None


class StoredCard(msgspec.Struct, frozen=True):
    """A card, and what items its version has.

    Attributes
    ----------
    complete : whether all of them are written
    aside : whether the model was not good enough
    expires : when its items are no longer there; None where nothing is said of it
    """

    card: ModelCard
    inventory: Inventory
    complete: bool = False
    aside: bool = False
    expires: datetime | None = None


class StoredModels:
    """The models in some items.

    Parameters
    ----------
    renew_after : seconds after which `current` looks again which version is in use
    now, clock : the time of day, and seconds that never go back

    Attributes
    ----------
    items : where the models are kept, with the customers who refuse (`pipeline.recommend.customers.opted_out`)
    """

    def __init__(
        self,
        items: Items,
        *,
        renew_after: float,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.items, self._renew_after, self._now, self._clock = items, renew_after, now, clock
        self._model: StoredModel | None = None
        self._looked_at: float | None = None
        self._lock = threading.Lock()
        self._versions = Versions(self._read_version, renew_after=renew_after, clock=clock)

    def publish(self, model: Model, *, after: str | None, current: bool = True) -> None:
        """See `ModelStore.publish`."""
        before, pointer = self._pointer()
        self._delete_superseded(pointer)
        version = model.card.version
        expires = None if current else self._now() + ASIDE_KEPT
        stored = StoredCard(model.card, Inventory.of(model), aside=not current, expires=expires)
        self._put_card(stored)
        self.items.put_all(_contents(model), expires=expires)
        self._put_card(msgspec.structs.replace(stored, complete=True))
        if not current:
            return
        in_use = pointer.version if pointer else None
        if in_use != after or not self.items.swap(CURRENT, before, pack(Pointer(version, in_use))):
            raise PublishConflict(
                f"Model {version} was not made current: another one was meanwhile, it was trained after {after}",
                remedy="Train again.",
            )
        self._looked_at = None

    def current(self) -> StoredModel | None:
        """See `ModelStore.current`. While the storage does not answer, the model that is known stays in use."""
        with self._lock:
            if self._looked_at is not None and self._clock() - self._looked_at < self._renew_after:
                return self._model
            try:
                self._model = self._read_current()
            except SourceError:
                if self._model is None:
                    raise
            self._looked_at = self._clock()
            return self._model

    def version(self, version: str) -> StoredModel | None:
        """See `ModelStore.version`."""
        current = self._model
        return current if current is not None and current.card.version == version else self._versions.get(version)

    def keep(self, version: str) -> None:
        """See `ModelStore.keep`.

        The card says first that nothing expires, and that something lacks. So a version whose keeping is broken off is
        not read, is kept by the next call, or is deleted whole like one that is no longer used.
        """
        stored = self._stored_card(version)
        is_broken_off = stored is not None and stored.aside and not stored.complete and stored.expires is None
        if stored is None or not (is_broken_off or _is_whole(stored, self._now())):
            raise SettingsError(
                f"Model {version[:80]!r} is not kept",
                remedy="`python -m pipeline recommend models` lists those that are.",
            )
        if stored.complete and stored.expires is None:
            return
        lasting = msgspec.structs.replace(stored, complete=False, expires=None)
        self._put_card(lasting)
        every_key = stored.inventory.keys(version)
        while keys := list(islice(every_key, _COPIED)):
            self.items.put_all(self.items.get_all(keys, consistent=True).items())
        StoredModel.read(self.items, stored.card, stored.inventory)  # raises where some have expired meanwhile
        self._put_card(msgspec.structs.replace(lasting, complete=True))

    def cards(self) -> Sequence[ModelCard]:
        """See `ModelStore.cards`."""
        return [kept.card for kept in self.history() if kept.use is not Use.FORMER]

    def history(self) -> Sequence[KeptCard]:
        """See `ModelStore.history`."""
        _, pointer = self._pointer()
        found = sorted(self._stored_cards().items(), reverse=True)
        return [KeptCard(stored.card, self._use(stored, pointer)) for _, stored in found if stored.complete]

    def _use(self, stored: StoredCard, pointer: Pointer | None) -> Use:
        version = stored.card.version
        if pointer is not None and version == pointer.version:
            return Use.CURRENT
        if pointer is not None and version == pointer.previous:
            return Use.PREVIOUS
        if stored.expires is not None and stored.expires <= self._now():
            return Use.FORMER
        return Use.ASIDE if stored.aside else Use.SUPERSEDED

    def _put_card(self, stored: StoredCard) -> None:
        """Write a card; it expires only where its model does, which one in use never does."""
        key: Key = (MODEL, CARD + stored.card.version)
        expires = None if stored.expires is None else stored.card.trained_at + CARD_KEPT
        self.items.put_all([(key, pack(stored))], expires=expires)

    def pointer(self) -> Pointer | None:
        """Which version is in use, and which one was before it; None before the first one. Raises SourceError."""
        return self._pointer()[1]

    def rollback(self) -> ModelCard:
        """See `ModelStore.rollback`. There is no way on from there but the next training."""
        before, pointer = self._pointer()
        stored = self._stored_card(pointer.previous) if pointer and pointer.previous else None
        if stored is None:
            raise SettingsError(
                "There is no model before the current one",
                remedy="See what is kept with `python -m pipeline recommend models`; the next training makes another.",
            )
        if not self.items.swap(CURRENT, before, pack(Pointer(stored.card.version))):
            raise PublishConflict(
                "Another model was made current meanwhile",
                remedy="See which one with `python -m pipeline recommend models`.",
            )
        self._looked_at = None
        return stored.card

    def _read_current(self) -> StoredModel | None:
        _, pointer = self._pointer()
        if pointer is None:
            return None
        if self._model is not None and self._model.card.version == pointer.version:
            return self._model
        stored = self._stored_card(pointer.version)
        if stored is None:
            raise SourceError(
                f"Model {pointer.version} is current, but is not kept",
                remedy="Go back with `python -m pipeline recommend rollback`, or train again.",
            )
        return self._read(stored)

    def _read_version(self, version: str) -> StoredModel | None:
        stored = self._stored_card(version)
        if stored is None or not _is_whole(stored, self._now()):
            return None
        return self._read(stored)

    def _read(self, stored: StoredCard) -> StoredModel:
        try:
            return StoredModel.read(self.items, stored.card, stored.inventory)
        except (msgspec.MsgspecError, struct.error, zlib.error) as error:
            raise SourceError(
                f"Model {stored.card.version} is damaged: {error}",
                remedy="Go back with `python -m pipeline recommend rollback`, or train again.",
            ) from error

    def _pointer(self) -> tuple[bytes | None, Pointer | None]:
        """The item that says what is current, packed and unpacked."""
        packed = self.items.get(CURRENT)
        return packed, unpack(packed, Pointer) if packed is not None else None

    def _stored_card(self, version: str) -> StoredCard | None:
        packed = self.items.get((MODEL, CARD + version))
        return _card_of(packed) if packed is not None else None

    def _stored_cards(self) -> dict[str, StoredCard]:
        found = self.items.beginning(MODEL, CARD)
        cards = ((sk.removeprefix(CARD), _card_of(packed)) for sk, packed in found.items())
        return {version: stored for version, stored in cards if stored is not None}

    def _delete_superseded(self, pointer: Pointer | None) -> None:
        named, now = named_versions(self.items), self._now()
        if named is None:
            return  # what is damaged may have named any of them
        kept = {*named, *((pointer.version, pointer.previous) if pointer else ())}
        for version, stored in self._stored_cards().items():
            is_kept = version in kept or (stored.complete and stored.expires is not None)
            if is_kept or now - stored.card.trained_at <= SUPERSEDED_KEPT:
                continue
            self.items.delete_all(stored.inventory.keys(version))
            if stored.complete:
                self._put_card(msgspec.structs.replace(stored, expires=now))
            else:
                self.items.delete_all([(MODEL, CARD + version)])


def _card_of(packed: bytes) -> StoredCard | None:
    """None for what is damaged: one card must not stop the next training, which takes its place."""
    try:
        return unpack(packed, StoredCard)
    except (msgspec.MsgspecError, zlib.error):
        return None


def _is_whole(stored: StoredCard, now: datetime) -> bool:
    """Whether all items of a version are there."""
    return stored.complete and (stored.expires is None or stored.expires > now)


def _contents(model: Model) -> Iterator[tuple[Key, bytes]]:
    """Every item of a version but its card."""
    version = model.card.version
    yield from zip(page_keys(version, "directory"), directory_pages(model.directory), strict=False)
    yield from zip(page_keys(version, "prior"), prior_pages(model.prior), strict=False)
    for ranked in model.lists:
        yield list_key(version, ranked.surface, ranked.scope), _packed_list(ranked)
    for surface, all_neighbours in model.neighbours.items():
        for place, neighbours in enumerate(all_neighbours):
            if neighbours.places:
                yield neighbours_key(version, surface, place), pack_neighbours(neighbours)


def _packed_list(ranked: RankedList) -> bytes:
    return pack_neighbours(Neighbours(ranked.places, ranked.scores))
