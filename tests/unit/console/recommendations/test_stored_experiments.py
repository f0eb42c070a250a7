"""Experiments as the console sees them: those that the servers go by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalogue.errors import SettingsError
from console.recommendations.source import ExperimentRecord, VariantRecord
from console.recommendations.stored import StoredRecommendations
from console.recommendations.stored_trainings import NoTrainings
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.recommend.experiments.experiment import Experiment, Variant
from pipeline.recommend.experiments.stored import StoredExperiments
from pipeline.recommend.models.embedded import EmbeddedModelStore
from tests.support.experiments import HOLDOUT, RECOMMENDED, customer_in, experiment
from tests.support.models import model

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def models(tmp_path: Path) -> Iterator[EmbeddedModelStore]:
    store = EmbeddedModelStore(tmp_path / "recommendations.sqlite")
    store.publish(model(), after=None)
    yield store
    store.close()


@pytest.fixture
def source(models: EmbeddedModelStore, tmp_path: Path) -> Iterator[StoredRecommendations]:
    live = EmbeddedLiveStore(tmp_path / "live.sqlite", "EUR")
    yield StoredRecommendations(lambda: models, lambda: live, NoTrainings("by night"), now=lambda: NOW)
    live.close()


def record(**changed: Any) -> ExperimentRecord:
    values: dict[str, Any] = {
        "name": "autumn",
        "variants": [VariantRecord("holdout", 0.1, is_holdout=True), VariantRecord("recommended", 0.9)],
        "bounds": (),
        "started_at": datetime(2020, 1, 1, tzinfo=UTC),
        "surfaces": ["for_you"],
        "comment": "Pays?",
    }
    return ExperimentRecord(**(values | changed))


def test_what_the_page_starts_and_ends_is_what_servers_go_by(source: StoredRecommendations, models: EmbeddedModelStore):
    assert source.experiments() == []
    source.start_experiment(record())
    running = StoredExperiments(models.items, models).running()
    assert running == (
        Experiment(
            name="autumn", variants=(HOLDOUT, RECOMMENDED), started_at=NOW, surfaces=("for_you",), comment="Pays?"
        ),
    )
    (shown,) = source.experiments()
    assert (shown.name, shown.bounds, shown.started_at, shown.surfaces) == ("autumn", ["199a", "g"], NOW, ("for_you",))
    assert shown.holdout == VariantRecord("holdout", 0.1, is_holdout=True)
    source.end_experiment("autumn")
    assert [one.ended_at for one in source.experiments()] == [NOW]
    with pytest.raises(SettingsError, match="has ended"):
        source.end_experiment("autumn")


def test_a_refusal_of_the_store_is_the_pages(source: StoredRecommendations):
    with pytest.raises(SettingsError, match=r"add up to 0\.5"):
        source.start_experiment(record(variants=[VariantRecord("a", 0.25), VariantRecord("b", 0.25)]))


def test_an_answer_says_what_a_customer_is_given(source: StoredRecommendations, models: EmbeddedModelStore):
    trends = experiment(
        "trends", Variant(name="control", share=0.5), Variant(name="trending", share=0.5, surface="trending")
    )
    StoredExperiments(models.items, models).start(trends)
    (answer,) = source.answers(customer_in(trends, "trending"), ["for_you"])
    assert (answer.surface, answer.served, answer.experiment, answer.variant) == (
        "for_you", "trending", "trends", "trending",
    )  # fmt: skip
    (nobody,) = source.answers(None, ["for_you"])
    assert (nobody.served, nobody.experiment) == ("best_sellers", "")
