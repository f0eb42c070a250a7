"""What the console knows of recommendations, written out by a test. Fills the `RecommendationSource` port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from catalogue.errors import SettingsError
from console.recommendations.source import (
    Answered,
    CatalogueProduct,
    ExperimentRecord,
    ModelRecord,
    Need,
    PastAction,
    Quality,
    Recommended,
    Trainer,
    TrainingState,
    Use,
)

TRAINED_AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
NEEDS = (Need("events", 1_200, 2_000), Need("products", 40, 20), Need("days", 7, 14))


def record(version: str = "v1", use: Use = Use.CURRENT, days: int = 0, **changed: Any) -> ModelRecord:
    """The card of a model, trained so many days after the first one."""
    values: dict[str, Any] = {
        "method": "blend",
        "first_event": datetime(2025, 12, 1, tzinfo=UTC),
        "last_event": datetime(2026, 3, 1, 23, tzinfo=UTC),
        "interactions": 90_000,
        "customers": 4_000,
        "products": 120,
        "parameters": {"regularisation": 300.0, "half_life_days": 15},
        "measures": measures(),
        "needs": (),
        "coverage": 0.4,
        "unknown_share": 0.02,
        "training_seconds": 75.0,
        "peak_megabytes": 386.2,
        "code_version": "1.0.0",
    }
    return ModelRecord(version=version, trained_at=TRAINED_AT + timedelta(days=days), use=use, **(values | changed))


def measures(blend: float = 0.2, popularity: float = 0.1) -> tuple[Quality, ...]:
    """nDCG@10 of the methods that are always measured."""
    return tuple(
        Quality("ndcg@10", method, value, value - 0.01, value + 0.01)
        for method, value in (("blend", blend), ("popularity", popularity), ("recent_popularity", popularity + 0.02))
    )


def lists_alone(needs: Sequence[Need] = NEEDS) -> ModelRecord:
    """A model of a shop that has too little yet."""
    return record(
        method="popularity",
        measures=(),
        needs=needs,
        parameters={},
        coverage=None,
        unknown_share=None,
        gaps=("There is too little to learn from: 1,200 of 2,000 events. Only lists are published.",),
    )


def item(product: str, rank: int, why: str = "Popular in this shop", because_of: str = "", **more: Any) -> Recommended:
    """A recommended product, called by its id with a capital."""
    return Recommended(product, rank, 1.0 / rank, product.capitalize(), more.get("category", "Home"), why, because_of)


@dataclass
class Told:
    """A source that says what its fields hold, and remembers what it was asked."""

    records: list[ModelRecord] = field(default_factory=lambda: [record()])
    products: list[CatalogueProduct] = field(default_factory=list)
    histories: dict[str, list[PastAction]] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    served: dict[str, list[Recommended]] = field(default_factory=dict)
    note: str = ""
    state: TrainingState = field(default_factory=TrainingState)
    trainer: Trainer = field(default_factory=lambda: Trainer(can_start=True))
    asked: list[dict[str, Any]] = field(default_factory=list)
    started: int = 0

    def models(self) -> Sequence[ModelRecord]:
        return self.records

    def catalogue(self) -> Sequence[CatalogueProduct]:
        return self.products

    def has_opted_out(self, customer_id: str) -> bool:
        return customer_id in self.opted_out

    def history(self, customer_id: str) -> Sequence[PastAction]:
        assert customer_id not in self.opted_out, "a history that may not be read"
        return self.histories.get(customer_id, [])

    def answers(
        self,
        customer_id: str | None,
        surfaces: Sequence[str],
        *,
        recent: Sequence[PastAction] = (),
        context_item: str = "",
        n: int = 10,
    ) -> Sequence[Answered]:
        self.asked.append({"customer_id": customer_id, "recent": list(recent), "context_item": context_item, "n": n})
        model = next((one.version for one in self.records if one.use is Use.CURRENT), "")
        return [
            Answered(surface, surface if found else "none", model, found, note=self.note)
            for surface in surfaces
            for found in [self.served.get(surface, [])[:n]]
        ]

    def experiments(self) -> Sequence[ExperimentRecord]:
        return []

    def start_experiment(self, experiment: ExperimentRecord) -> None:
        raise SettingsError("Not here")

    def end_experiment(self, name: str) -> None:
        raise SettingsError("Not here")

    def rollback(self) -> str:
        before = next((one for one in self.records if one.use is Use.PREVIOUS), None)
        if before is None:
            raise SettingsError("There is no model before the current one", remedy="Train.")
        self.records = [record(before.version)]
        return before.version

    def training(self) -> TrainingState:
        return self.state

    def train(self) -> None:
        self.started += 1
        self.state = TrainingState(is_running=True, step="Starting")
