"""Models of recommendations for tests: small, and written out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.recommend.models.model import DirectoryEntry, Model, ModelCard, Neighbours, RankedList

TRAINED_AT = datetime(2026, 3, 2, 4, tzinfo=UTC)


def card(version: str = "20260302T040000Z-aaaa", trained_at: datetime = TRAINED_AT, **changed: Any) -> ModelCard:
    """A card; its figures are of no data in particular."""
    values: dict[str, Any] = {
        "first_event": datetime(2025, 12, 1, tzinfo=UTC),
        "last_event": datetime(2026, 3, 1, 23, 59, tzinfo=UTC),
        "interactions": 900,
        "customers": 40,
        "products": 4,
        "method": "ease",
        "parameters": {"l2": 200.0, "half_life_days": 30},
    }
    return ModelCard(version=version, trained_at=trained_at, **(values | changed))


MUG, TEAPOT, LAMP, OLD = (
    DirectoryEntry("mug", "Kitchen", "Blue mug"),
    DirectoryEntry("teapot", "Kitchen", "Teapot"),
    DirectoryEntry("lamp", "Home", "Lamp"),
    DirectoryEntry("old", "Home", "Old chair", available=False),
)


def model(version: str = "20260302T040000Z-aaaa", trained_at: datetime = TRAINED_AT, **changed: Any) -> Model:
    """Four products, of which a mug goes with a teapot, and a lamp with nothing."""
    values: dict[str, Any] = {
        "directory": (MUG, TEAPOT, LAMP, OLD),
        "neighbours": {
            "for_you": (
                Neighbours((1, 2), (0.5, -0.25)),
                Neighbours((0, 3), (0.5, 0.125)),
                Neighbours(),
                Neighbours((2,), (1.0,)),
            ),
            "viewed_also_viewed": (Neighbours((1,), (2.0,)), Neighbours((0,), (2.0,)), Neighbours(), Neighbours()),
        },
        "lists": (
            RankedList("best_sellers", "", (2, 0, 1), (9.0, 4.0, 1.0)),
            RankedList("best_sellers", "category:Kitchen", (0, 1), (4.0, 1.0)),
            RankedList("trending", "", (1,), (3.0,)),
        ),
        "prior": (0.25, 0.0, 0.5, 0.0),
    }
    return Model(card(version, trained_at), **(values | changed))
