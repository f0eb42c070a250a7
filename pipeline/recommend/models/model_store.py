"""The port of where models are published: one version is current, earlier ones stay for a rollback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from pipeline.recommend.models.model import DirectoryEntry, Model, ModelCard, RankedList
from pipeline.recommend.models.packing import PackedNeighbours


class Use(StrEnum):
    """What a version is used for."""

    CURRENT = "current"
    PREVIOUS = "previous"  # what a rollback makes current
    ASIDE = "aside"  # it was not good enough
    SUPERSEDED = "superseded"  # soon deleted
    FORMER = "former"  # its card alone is kept


class KeptCard(NamedTuple):
    """The card of a version, and what the version is used for."""

    card: ModelCard
    use: Use


class PublishedModel(Protocol):
    """Reads one version, which never changes: what was read once may be kept."""

    @property
    def card(self) -> ModelCard: ...

    @property
    def directory(self) -> Sequence[DirectoryEntry]: ...

    @property
    def prior(self) -> Sequence[float]: ...

    def place_of(self, product_id: str) -> int | None:
        """The place of a product in the directory; None where the model does not know it."""
        ...

    def neighbours(self, surface: str, places: Sequence[int]) -> Mapping[int, PackedNeighbours]:
        """The neighbours of some products, by place; a product without any is left out."""
        ...

    def ranked(self, surface: str, scope: str) -> RankedList | None:
        """A list for everybody; None where there is none for that scope."""
        ...


class ModelStore(Protocol):
    """Keeps models. Every method raises SourceError where the store does not answer."""

    def publish(self, model: Model, *, after: str | None, current: bool = True) -> None:
        """Write a whole model, then make it current in one step, on the condition that `after` still is.

        Parameters
        ----------
        after : version that was current when the training began; None where there was none
        current : False keeps it aside, with its card, and leaves what is current as it is

        Raises
        ------
        PublishConflict
            Another model was made current meanwhile; this one is not used, and deleted after a day.
        """
        ...

    def current(self) -> PublishedModel | None:
        """The model in use; None before the first one. Looks again after a minute at most.

        Where the store does not answer, the model that was in use is given.
        """
        ...

    def version(self, version: str) -> PublishedModel | None:
        """One version, read once; None where it is not kept, or could not be read a moment ago."""
        ...

    def keep(self, version: str) -> None:
        """Let a version not expire, until it is deleted as superseded; one that an experiment names is not.

        Raises
        ------
        SettingsError
            It is not kept.
        """
        ...

    def cards(self) -> Sequence[ModelCard]:
        """The cards of every version that is kept, newest first, those kept aside too."""
        ...

    def history(self) -> Sequence[KeptCard]:
        """The cards of the last 400 days, newest first, of versions that are no longer kept too."""
        ...

    def rollback(self) -> ModelCard:
        """Make the version before the current one current again; returns its card.

        Raises
        ------
        SettingsError
            There is none.
        """
        ...
