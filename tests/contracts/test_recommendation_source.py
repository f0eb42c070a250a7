"""What the console knows of recommendations: one suite over the stores of both profiles, on literal models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from catalogue.errors import SettingsError, SourceError, StreamUnavailable
from console.recommendations.source import CatalogueProduct, Need, PastAction, Quality, Use
from console.recommendations.stored import StoredRecommendations
from console.recommendations.stored_trainings import NoTrainings
from pipeline.live.documents import Item
from pipeline.recommend.customers.opted_out import OptedOutCustomers
from pipeline.recommend.models import model as models
from pipeline.recommend.models.dynamodb import DynamoDbModelStore
from pipeline.recommend.models.embedded import EmbeddedModelStore
from pipeline.recommend.models.stored_models import StoredModels
from pipeline.recommend.serving.array_scoring import ArrayScoring
from tests.contracts.test_live_store import TABLE, Clock, aws_table
from tests.support.models import TRAINED_AT, card, model

FIRST, SECOND, THIRD = "20260302T040000Z-aaaa", "20260303T040000Z-bbbb", "20260304T040000Z-cccc"
SURFACES = ("for_you", "viewed_also_viewed", "best_sellers")
VIEWED_MUG = Item("mug", "product_view", TRAINED_AT)


class Recent:
    """Recent items that a test sets, and says when they cannot be read."""

    def __init__(self) -> None:
        self.of: dict[str, list[Item]] = {}
        self.is_broken = False

    def recent_items(self, customer_id: str) -> list[Item]:
        if self.is_broken:
            raise StreamUnavailable("Live does not answer", where="live", remedy="Wait.")
        return self.of.get(customer_id, [])


@dataclass
class Place:
    """The source under test, its stores, and the way to break the one of models."""

    source: StoredRecommendations
    store: StoredModels
    recent: Recent
    clock: Clock
    break_it: Callable[[], object]

    def publish(self, *versions: str) -> None:
        before = None
        for day, version in enumerate(versions):
            self.store.publish(model(version, TRAINED_AT + timedelta(days=day)), after=before)
            before = version


@pytest.fixture(params=["embedded", "dynamodb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    clock, recent = Clock(TRAINED_AT), Recent()

    def made(store: StoredModels, break_it: Callable[[], object]) -> Place:
        source = StoredRecommendations(lambda: store, lambda: recent, NoTrainings("Train elsewhere."), now=clock)
        return Place(source, store, recent, clock, break_it)

    if request.param == "embedded":
        store = EmbeddedModelStore(tmp_path / "recommendations.sqlite", now=clock)
        yield made(store, store.close)
        store.close()
        return
    with aws_table() as client:
        yield made(DynamoDbModelStore(client, TABLE, now=clock), lambda: client.delete_table(TableName=TABLE))


def test_before_the_first_model_there_is_none_and_every_surface_says_so(place: Place):
    assert list(place.source.models()) == []
    assert list(place.source.catalogue()) == []
    answers = place.source.answers("c1", SURFACES)
    assert [(answer.surface, answer.served, answer.model) for answer in answers] == [
        (surface, "none", "") for surface in SURFACES
    ]
    assert {answer.note for answer in answers} == {"There is no model yet: the first training makes one."}


def test_each_model_says_what_it_is_used_for_the_newest_first(place: Place):
    place.publish(FIRST, SECOND)
    place.store.publish(model(THIRD, TRAINED_AT + timedelta(days=2)), after=None, current=False)
    assert [(one.version, one.use) for one in place.source.models()] == [
        (THIRD, Use.ASIDE),
        (SECOND, Use.CURRENT),
        (FIRST, Use.PREVIOUS),
    ]


def test_a_card_arrives_whole(place: Place):
    made = card(
        FIRST,
        measures=(models.Measure("ndcg@10", "blend", 0.2, 0.1, 0.3),),
        needs=(models.Need("events", 12, 2_000),),
        unknown_share=0.25,
        coverage=0.5,
        gaps=("No product has a category.",),
        training_seconds=7.5,
        peak_megabytes=120.0,
        code_version="1.2.3",
    )
    place.store.publish(msgspec.structs.replace(model(FIRST), card=made), after=None)
    [record] = place.source.models()
    assert record.measures == [Quality("ndcg@10", "blend", 0.2, 0.1, 0.3)]
    assert record.needs == [Need("events", 12, 2_000)]
    for name in ("method", "interactions", "customers", "products", "parameters", "trained_at", "first_event"):
        assert getattr(record, name) == getattr(made, name)
    for name in ("last_event", "unknown_share", "coverage", "gaps", "training_seconds", "peak_megabytes"):
        assert getattr(record, name) == getattr(made, name)
    assert record.code_version == "1.2.3"


def test_the_catalogue_is_that_of_the_model_in_use_with_what_is_no_longer_sold(place: Place):
    place.publish(FIRST)
    assert list(place.source.catalogue()) == [
        CatalogueProduct("mug", "Blue mug", "Kitchen", True),
        CatalogueProduct("teapot", "Teapot", "Kitchen", True),
        CatalogueProduct("lamp", "Lamp", "Home", True),
        CatalogueProduct("old", "Old chair", "Home", False),
    ]


def test_answers_are_scored_with_arrays(place: Place, monkeypatch: pytest.MonkeyPatch):
    scored = []
    score = ArrayScoring.score
    monkeypatch.setattr(ArrayScoring, "score", lambda *args, **named: scored.append(1) or score(*args, **named))
    place.publish(FIRST)
    place.recent.of["c1"] = [VIEWED_MUG]
    assert place.source.answers("c1", ["for_you"])[0].items
    assert scored


def test_a_history_has_the_names_that_the_model_knows(place: Place):
    place.publish(FIRST)
    place.recent.of["c1"] = [Item("new-one", "cart_add", TRAINED_AT + timedelta(hours=1)), VIEWED_MUG]
    assert list(place.source.history("c1")) == [
        PastAction("new-one", "", "", "cart_add", TRAINED_AT + timedelta(hours=1)),
        PastAction("mug", "Blue mug", "Kitchen", "product_view", TRAINED_AT),
    ]
    assert list(place.source.history("somebody else")) == []


def test_an_answer_says_for_each_product_which_one_it_is_because_of(place: Place):
    place.publish(FIRST)
    place.recent.of["c1"] = [VIEWED_MUG]
    [answer] = place.source.answers("c1", ["viewed_also_viewed"], n=1)
    assert (answer.surface, answer.served, answer.model, answer.note) == (
        "viewed_also_viewed",
        "viewed_also_viewed",
        FIRST,
        "",
    )
    [item] = answer.items
    assert (item.product_id, item.rank, item.name, item.category) == ("teapot", 1, "Teapot", "Kitchen")
    assert (item.why, item.because_of) == ("Viewed by others who viewed Blue mug", "mug")


def test_what_was_done_in_a_session_is_taken_for_the_history_of_somebody_whom_nobody_knows(place: Place):
    place.publish(FIRST)
    action = PastAction("mug", "", "", "product_view", TRAINED_AT)
    [answer] = place.source.answers(None, ["viewed_also_viewed"], recent=[action], n=1)
    assert [item.product_id for item in answer.items] == ["teapot"]
    [nobody] = place.source.answers(None, ["viewed_also_viewed"], n=1)
    assert nobody.served == "best_sellers"


def test_the_product_of_the_page_counts_as_viewed_and_is_not_recommended(place: Place):
    place.publish(FIRST)
    [answer] = place.source.answers(None, ["viewed_also_viewed"], context_item="mug", n=3)
    assert answer.items[0].because_of == "mug"
    assert "mug" not in {item.product_id for item in answer.items}


def test_of_who_opted_out_no_history_is_read(place: Place):
    place.publish(FIRST)
    place.recent.of["c1"] = [VIEWED_MUG]
    OptedOutCustomers(place.store.items).add("c1")
    assert place.source.has_opted_out("c1")
    assert not place.source.has_opted_out("c2")
    assert list(place.source.history("c1")) == []
    [answer] = place.source.answers("c1", ["viewed_also_viewed"])
    assert answer.served == "best_sellers"


def test_recent_actions_that_cannot_be_read_are_a_note_in_an_answer_and_a_failure_of_a_history(place: Place):
    place.publish(FIRST)
    place.recent.is_broken = True
    [answer] = place.source.answers("c1", ["best_sellers"])
    assert answer.items
    assert answer.note == "The customer's recent actions could not be read."
    with pytest.raises(SourceError, match="Live does not answer"):
        place.source.history("c1")


def test_a_rollback_uses_the_model_before_and_there_is_no_second_one(place: Place):
    place.publish(FIRST, SECOND)
    assert place.source.rollback() == FIRST
    assert {one.version: one.use for one in place.source.models()}[FIRST] is Use.CURRENT
    with pytest.raises(SettingsError, match="no model before"):
        place.source.rollback()


def test_a_store_that_does_not_answer_is_named(place: Place):
    place.break_it()
    for ask in (place.source.models, place.source.catalogue, lambda: place.source.has_opted_out("c1")):
        with pytest.raises(SourceError):
            ask()


def test_a_console_that_cannot_train_says_what_else_does(place: Place):
    assert not place.source.trainer.can_start
    assert place.source.trainer.how == "Train elsewhere."
    assert not place.source.training().is_running
    with pytest.raises(SettingsError, match="cannot start a training"):
        place.source.train()
