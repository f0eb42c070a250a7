"""One training from a shop's data to what is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pipeline.recommend.learning.keeping import HistoryKeeper
from pipeline.recommend.learning.reading import ShopData
from pipeline.recommend.learning.training import Progress, Trained, train
from pipeline.recommend.models.model import Model, ModelCard
from pipeline.recommend.models.model_store import ModelStore


@dataclass(frozen=True)
class Retrained:
    """What a training published.

    Attributes
    ----------
    current : card of the model that is in use now; None where there is none yet
    aside : card of a model that is not good enough, kept beside
    histories : of customers that were written
    """

    current: ModelCard | None
    aside: ModelCard | None
    histories: int = 0

    def lines(self) -> Iterator[str]:
        """What to tell a person."""
        if self.current is None and self.aside is None:
            yield "There is nothing to recommend yet: no event names a product."
        if self.current is not None:
            yield from _lines(self.current, "in use")
        if self.aside is not None:
            yield from _lines(self.aside, "kept aside")
        if self.histories:
            yield f"Histories of customers written: {self.histories:,}."


def retrain(
    data: ShopData,
    store: ModelStore,
    *,
    seed: int,
    now: datetime,
    keeper: HistoryKeeper | None = None,
    progress: Progress | None = None,
) -> Retrained:
    """Learn a model and publish what came of it; then keep the histories of customers.

    Parameters
    ----------
    keeper : was made before the data were read; None keeps no histories

    Raises
    ------
    PublishConflict
        Another training made a model current meanwhile; this one is not used, and deleted after a day.
    SourceError
        The store does not answer.
    """
    in_use = store.current()
    card = in_use.card if in_use is not None else None
    trained = train(data, seed=seed, now=now, in_use=in_use, progress=progress) if data.names else Trained(None)
    if trained.aside is not None:
        store.publish(trained.aside, after=None, current=False)
    if trained.model is not None:
        store.publish(trained.model, after=card.version if card is not None else None)
        card = trained.model.card
    histories = keeper.keep(data.interactions if data.lately is None else data.lately) if keeper is not None else 0
    return Retrained(card, _card(trained.aside), histories)


def _card(model: Model | None) -> ModelCard | None:
    return model.card if model is not None else None


def _lines(card: ModelCard, use: str) -> Iterator[str]:
    yield (
        f"{card.version}  {card.method}, {use}: {card.products:,} products, {card.customers:,} visitors,"
        f" {card.interactions:,} interactions, {card.training_seconds:.0f} s, {card.peak_megabytes:,.0f} MB"
    )
    for measure in card.measures:
        yield f"    {measure.name} {measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})  {measure.method}"
    yield from (f"    {gap}" for gap in card.gaps)


def described(cards: Iterable[ModelCard], current: str | None) -> Iterator[str]:
    """What to tell a person about some models.

    Parameters
    ----------
    current : version that is in use
    """
    for card in cards:
        yield from _lines(card, "in use" if card.version == current else "not in use")
