"""A model of ten products and the customers who ask, without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from catalogue.errors import SourceError, StreamUnavailable
from pipeline.live.documents import Item
from pipeline.recommend.customers.histories import Action
from pipeline.recommend.customers.stored_customers import StoredCustomer
from pipeline.recommend.experiments.experiment import Experiment
from pipeline.recommend.models.model import SURFACES, DirectoryEntry, Model, ModelCard, Neighbours, RankedList
from pipeline.recommend.models.packing import PackedNeighbours, pack_neighbours, unpack_neighbours
from pipeline.recommend.serving.question import Question
from pipeline.recommend.serving.recommender import Answer, Recommender
from tests.support.models import TRAINED_AT, card

NOW = TRAINED_AT + timedelta(hours=8)
PRODUCTS = ("mug", "teapot", "tray", "bowl", "lamp", "shade", "rug", "chair", "old", "gift")
MUG, TEAPOT, TRAY, BOWL, LAMP, SHADE, RUG, CHAIR, OLD, GIFT = range(10)
DIRECTORY = tuple(
    DirectoryEntry(
        name,
        "Kitchen" if place <= BOWL else "" if name == "gift" else "Home",
        f"The {name}" if name != "rug" else "",
        available=name != "old",
    )
    for place, name in enumerate(PRODUCTS)
)


def neighbours(of: Mapping[int, Mapping[int, float]]) -> tuple[Neighbours, ...]:
    return tuple(Neighbours(tuple(of.get(p, {})), tuple(of.get(p, {}).values())) for p in range(len(PRODUCTS)))


def model(**changed: Any) -> Model:
    values: dict[str, Any] = {
        "directory": DIRECTORY,
        "neighbours": {
            "for_you": neighbours({MUG: {TEAPOT: 0.9, TRAY: 0.5, OLD: 0.8, LAMP: -0.9}, LAMP: {SHADE: 0.7, TRAY: 0.1}}),
            "viewed_also_viewed": neighbours({MUG: {BOWL: 3.0, TEAPOT: 2.0}, CHAIR: {RUG: 1.0}}),
            "bought_together": neighbours({MUG: {TRAY: 5.0}}),
        },
        "lists": (
            RankedList("best_sellers", "", (RUG, MUG, OLD, CHAIR, TEAPOT, LAMP), (9.0, 8.0, 7.0, 6.0, 5.0, 4.0)),
            RankedList("best_sellers", "category:Kitchen", (MUG, BOWL), (8.0, 1.0)),
            RankedList("best_sellers", "region:North", (CHAIR,), (2.0,)),
            RankedList("trending", "", (GIFT,), (3.0,)),
            RankedList("trending", "category:Home", (SHADE,), (2.0,)),
        ),
        "prior": (),
    }
    return Model(card(), **(values | changed))


def packed(neighbours: Neighbours) -> PackedNeighbours:
    return unpack_neighbours(pack_neighbours(neighbours))


class Read:
    """A model as a store gives it."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def card(self) -> ModelCard:
        return self._model.card

    @property
    def directory(self) -> Sequence[DirectoryEntry]:
        return self._model.directory

    @property
    def prior(self) -> Sequence[float]:
        return self._model.prior

    def place_of(self, product_id: str) -> int | None:
        return next((p for p, entry in enumerate(self._model.directory) if entry.product_id == product_id), None)

    def neighbours(self, surface: str, places: Sequence[int]) -> Mapping[int, PackedNeighbours]:
        of = self._model.neighbours.get(surface)
        return {place: packed(of[place]) for place in places if of[place].places} if of else {}

    def ranked(self, surface: str, scope: str) -> RankedList | None:
        return next((one for one in self._model.lists if (one.surface, one.scope) == (surface, scope)), None)


@dataclass
class Shop:
    """What a recommender asks, all of it a test's to change."""

    model: Model | None = field(default_factory=model)
    items: dict[str, list[Item]] = field(default_factory=dict)
    stored: dict[str, list[Action]] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    down: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    experiments: list[Experiment] = field(default_factory=list)
    versions: dict[str, Model] = field(default_factory=dict)

    def current(self) -> Read | None:
        if "models" in self.down:
            raise SourceError("The table of recommendations did not answer", where="recommendations")
        return Read(self.model) if self.model else None

    def version(self, version: str) -> Read | None:
        if "versions" in self.down:
            raise SourceError("The table of recommendations did not answer", where="recommendations")
        return Read(self.versions[version]) if version in self.versions else None

    def concerning(self, surface: str) -> Experiment | None:
        return next((one for one in self.experiments if surface in (one.surfaces or SURFACES)), None)

    def recent_items(self, customer_id: str) -> Sequence[Item]:
        if "live" in self.down:
            raise StreamUnavailable("The live table did not answer", where="live")
        self.asked.append(customer_id)
        return self.items.get(customer_id, [])

    def read(self, customer_id: str) -> StoredCustomer:
        if "customers" in self.down:
            raise SourceError("The table of recommendations did not answer", where="recommendations")
        refuses = customer_id in self.opted_out
        return StoredCustomer(refuses, () if refuses else self.stored.get(customer_id, ()))

    def did(self, customer: str, *actions: tuple[str, str]) -> None:
        """A customer's actions, newest first: (kind, product)."""
        self.items[customer] = [
            Item(product, kind, NOW - timedelta(hours=hours)) for hours, (kind, product) in enumerate(actions)
        ]

    def recommender(self) -> Recommender:
        return Recommender(self, self, self, experiments=self, now=lambda: NOW, new_id=lambda: "r1")

    def ask(self, customer_id: str | None = None, **asked: Any) -> Answer:
        return self.recommender().answer(Question(customer_id=customer_id, **asked))


def ids(answer: Answer) -> list[str]:
    return [item.product_id for item in answer.items]
