"""The contract of stores of models: one suite, every adapter."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalogue.errors import PublishConflict, SettingsError, SourceError
from pipeline.recommend.models.dynamodb import DynamoDbItems, DynamoDbModelStore
from pipeline.recommend.models.embedded import EmbeddedModelStore, SqliteItems
from pipeline.recommend.models.items import Items
from pipeline.recommend.models.model import SURFACES, DirectoryEntry, Neighbours, RankedList
from pipeline.recommend.models.model_store import ModelStore, PublishedModel, Use
from pipeline.recommend.models.stored_models import ASIDE_KEPT, CARD_KEPT, SUPERSEDED_KEPT, StoredModels
from tests.contracts.test_live_store import TABLE, Clock, aws_table
from tests.support.models import LAMP, MUG, OLD, TEAPOT, TRAINED_AT, card, model

FIRST, SECOND, THIRD = "20260302T040000Z-aaaa", "20260303T040000Z-bbbb", "20260304T040000Z-cccc"


@dataclass
class Place:
    """A store under test, its items, ways to open another one as a new process would, and to break it."""

    store: ModelStore
    items: Items
    clock: Clock
    reopen: Callable[[], ModelStore]
    break_it: Callable[[], None]

    def current(self) -> PublishedModel:
        found = self.reopen().current()
        assert found is not None
        return found


@pytest.fixture(params=["embedded", "dynamodb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    clock = Clock(TRAINED_AT)
    if request.param == "embedded":
        opened: list[Any] = []

        def again() -> EmbeddedModelStore:
            opened.append(EmbeddedModelStore(tmp_path / "recommendations.sqlite", now=clock))
            return opened[-1]

        first = again()
        opened.append(SqliteItems(tmp_path / "recommendations.sqlite", now=clock))
        yield Place(first, opened[-1], clock, again, first.close)
        for one in opened:
            one.close()
        return
    with aws_table() as client:

        def made() -> DynamoDbModelStore:
            return DynamoDbModelStore(client, TABLE, now=clock)

        yield Place(
            made(),
            DynamoDbItems(client, TABLE, now=clock),
            clock,
            made,
            lambda: client.delete_table(TableName=TABLE) and None,
        )


class Interrupted(Exception):  # noqa: N818 - it stands for a process that ends
    """The process ends here."""


class Interrupting:
    """Items whose writing ends after some calls."""

    def __init__(self, items: Items, calls: int) -> None:
        self._items, self._left = items, calls

    def __getattr__(self, name: str) -> Any:
        if name in ("put_all", "delete_all", "swap"):
            self._left -= 1
            if self._left < 0:
                raise Interrupted
        return getattr(self._items, name)


def remains(place: Place, version: str) -> list[str]:
    """The items that a version has, but its card."""
    found = [sk for kind in ("directory#", "prior#", "list#") for sk in place.items.beginning(version, kind)]
    return found + [sk for surface in SURFACES for sk in place.items.beginning(f"{version}#{surface}", "0")]


def test_there_is_no_model_before_the_first_one(place: Place):
    assert place.store.current() is None
    assert place.store.cards() == []
    with pytest.raises(SettingsError, match="no model before"):
        place.store.rollback()


def test_another_process_reads_all_of_a_model_as_it_was_trained(place: Place):
    place.store.publish(model(FIRST), after=None)
    found = place.current()
    assert found.card == card(FIRST)
    assert tuple(found.directory) == (MUG, TEAPOT, LAMP, OLD)
    assert tuple(found.prior) == (0.25, 0.0, 0.5, 0.0)
    assert [found.place_of(name) for name in ("mug", "lamp", "unknown")] == [0, 2, None]
    assert found.ranked("trending", "") == RankedList("trending", "", (1,), (3.0,))
    assert found.ranked("best_sellers", "category:Kitchen").places == (0, 1)
    assert found.ranked("best_sellers", "category:Garden") is None
    neighbours = found.neighbours("for_you", [0, 2, 3])
    assert {at: tuple(known.places) for at, known in neighbours.items()} == {0: (1, 2), 3: (2,)}
    assert neighbours[0].weights == pytest.approx((0.5, -0.25), abs=0.5 / 2 / 32767)
    assert found.neighbours("viewed_also_viewed", [0])[0].places.tolist() == [1]
    assert found.neighbours("bought_together", [0]) == {}


def test_a_model_of_several_thousand_products_comes_back_whole(place: Place):
    count, numbers = 3_000, random.Random(7)
    directory = tuple(DirectoryEntry(f"p{n}", f"Category {n % 9}", f"Name {numbers.random()}") for n in range(count))
    neighbours = tuple(Neighbours(((n + 1) % count, (n + 2) % count), (2.0, 1.0)) for n in range(count))
    place.store.publish(
        model(FIRST, directory=directory, neighbours={"for_you": neighbours}, prior=(0.5,) * count, lists=()),
        after=None,
    )
    found = place.current()
    assert tuple(found.directory) == directory
    assert len(found.prior) == count
    asked = found.neighbours("for_you", range(0, count, 7))  # more than one call of DynamoDB takes
    assert {at: tuple(known.places) for at, known in asked.items()} == {
        n: ((n + 1) % count, (n + 2) % count) for n in range(0, count, 7)
    }


def test_an_empty_model_is_one_too(place: Place):
    place.store.publish(model(FIRST, directory=(), neighbours={}, lists=(), prior=()), after=None)
    found = place.current()
    assert (tuple(found.directory), found.place_of("mug"), found.ranked("best_sellers", "")) == ((), None, None)


def test_a_new_model_takes_the_place_of_the_former_one_which_stays_for_a_rollback(place: Place):
    place.store.publish(model(FIRST), after=None)
    place.store.publish(model(SECOND, prior=(1.0,) * 4), after=FIRST)
    assert place.current().card.version == SECOND
    assert [kept.version for kept in place.store.cards()] == [SECOND, FIRST]
    assert place.store.rollback().version == FIRST
    assert place.current().card.version == FIRST
    assert tuple(place.current().prior) == (0.25, 0.0, 0.5, 0.0)
    with pytest.raises(SettingsError, match="no model before"):
        place.store.rollback()


def test_who_publishes_sees_its_model_at_once_and_who_has_read_the_former_one_goes_on_with_it(place: Place):
    place.store.publish(model(FIRST), after=None)
    former = place.store.current()
    assert former is not None
    place.store.publish(model(SECOND, directory=(LAMP,)), after=FIRST)
    assert place.store.current().card.version == SECOND  # type: ignore[union-attr]
    assert former.neighbours("for_you", [0])[0].places.tolist() == [1, 2]


def test_of_two_that_were_trained_after_the_same_model_the_second_is_kept_aside(place: Place):
    place.store.publish(model(FIRST), after=None)
    place.store.publish(model(SECOND), after=FIRST)
    with pytest.raises(PublishConflict, match=THIRD) as caught:
        place.store.publish(model(THIRD), after=FIRST)
    assert caught.value.remedy
    assert place.current().card.version == SECOND
    assert [kept.version for kept in place.store.cards()] == [THIRD, SECOND, FIRST]


def test_of_two_that_publish_at_the_same_moment_one_wins(place: Place):
    class Overtaken:
        """Items whose pointer another process moves just before this one does."""

        def __getattr__(self, name: str) -> Any:
            return getattr(place.items, name)

        def swap(self, *values: Any) -> bool:
            place.store.publish(model(SECOND), after=first)
            return place.items.swap(*values)

    overtaken = StoredModels(Overtaken(), renew_after=0, now=place.clock)  # type: ignore[arg-type]
    first: str | None = None
    with pytest.raises(PublishConflict, match=THIRD):
        overtaken.publish(model(THIRD), after=None)
    assert place.current().card.version == SECOND
    place.store.publish(model(FIRST), after=SECOND)
    first = FIRST
    with pytest.raises(PublishConflict, match="meanwhile"):
        overtaken.rollback()
    assert place.current().card.version == SECOND


def test_a_model_that_is_kept_aside_changes_nothing_and_expires(place: Place):
    place.store.publish(model(FIRST), after=None)
    place.store.publish(model(SECOND), after=FIRST, current=False)
    assert place.current().card.version == FIRST
    assert [kept.version for kept in place.store.cards()] == [SECOND, FIRST]
    place.clock.now += ASIDE_KEPT
    assert [kept.version for kept in place.store.cards()] == [FIRST]
    assert remains(place, SECOND) == []


def test_what_is_neither_current_nor_the_one_before_is_deleted_a_day_after_it_was_trained(place: Place):
    place.store.publish(model(FIRST, TRAINED_AT), after=None)
    place.store.publish(model(SECOND, TRAINED_AT), after=FIRST)
    place.store.publish(model(THIRD, TRAINED_AT), after=SECOND)
    assert [kept.version for kept in place.store.cards()] == [THIRD, SECOND, FIRST]
    place.clock.now += SUPERSEDED_KEPT + timedelta(seconds=1)
    place.store.publish(model("20260305T040000Z-dddd", place.clock.now), after=THIRD)
    assert [kept.version for kept in place.store.cards()] == ["20260305T040000Z-dddd", THIRD, SECOND]
    assert remains(place, FIRST) == []
    assert list(place.items.beginning(f"{THIRD}#for_you", "0")) == ["00000000", "00000001", "00000003"]


def test_a_process_that_ends_at_any_step_of_publishing_leaves_the_former_model_and_no_rest(place: Place):
    place.store.publish(model(FIRST), after=None)
    for calls in range(4):
        with pytest.raises(Interrupted):
            StoredModels(Interrupting(place.items, calls), renew_after=0, now=place.clock).publish(  # type: ignore[arg-type]
                model(f"20260303T04000{calls}Z-bbbb"), after=FIRST
            )
        assert place.current().card.version == FIRST
    # the last one was written whole, and not made current
    assert [kept.version for kept in place.store.cards()] == ["20260303T040003Z-bbbb", FIRST]
    place.clock.now += SUPERSEDED_KEPT + timedelta(seconds=1)
    place.store.publish(model(THIRD, place.clock.now), after=FIRST)
    assert place.current().card.version == THIRD
    for calls in range(4):
        assert remains(place, f"20260303T04000{calls}Z-bbbb") == []
    kept = {card.version: use for card, use in place.store.history()}
    assert kept == {THIRD: Use.CURRENT, FIRST: Use.PREVIOUS, "20260303T040003Z-bbbb": Use.FORMER}
    assert len(place.items.beginning("model", "card#")) == len(kept)  # of those that were not whole nothing is left


def test_a_process_that_ends_while_it_deletes_an_old_version_leaves_the_rest_to_the_next(place: Place):
    place.store.publish(model(FIRST), after=None)
    place.store.publish(model(SECOND), after=FIRST)
    place.store.publish(model(THIRD), after=SECOND)
    place.clock.now += SUPERSEDED_KEPT + timedelta(seconds=1)
    with pytest.raises(Interrupted):
        StoredModels(Interrupting(place.items, 1), renew_after=0, now=place.clock).publish(  # type: ignore[arg-type]
            model("20260305T040000Z-dddd"), after=THIRD
        )
    assert place.current().card.version == THIRD
    place.store.publish(model("20260305T050000Z-eeee", place.clock.now), after=THIRD)
    assert FIRST not in [kept.version for kept in place.store.cards()]
    assert remains(place, FIRST) == []


def test_the_card_of_every_whole_model_stays_for_more_than_a_year_and_says_what_the_model_is_used_for(place: Place):
    place.store.publish(model(FIRST), after=None)
    place.store.publish(model(SECOND), after=FIRST)
    place.store.publish(model(THIRD), after=SECOND)
    place.store.publish(model("20260304T050000Z-eeee"), after=None, current=False)
    uses = {FIRST: Use.SUPERSEDED, SECOND: Use.PREVIOUS, THIRD: Use.CURRENT, "20260304T050000Z-eeee": Use.ASIDE}
    assert {card.version: use for card, use in place.store.history()} == uses
    place.clock.now += ASIDE_KEPT
    place.store.publish(model("20260318T040000Z-ffff", place.clock.now), after=THIRD)
    assert [(card.version, use) for card, use in place.store.history()] == [
        ("20260318T040000Z-ffff", Use.CURRENT),
        ("20260304T050000Z-eeee", Use.FORMER),
        (THIRD, Use.PREVIOUS),
        (SECOND, Use.SUPERSEDED),  # it was the one before until now: the next training deletes it
        (FIRST, Use.FORMER),
    ]
    assert [kept.version for kept in place.store.cards()] == ["20260318T040000Z-ffff", THIRD, SECOND]
    place.clock.now = TRAINED_AT + CARD_KEPT
    assert [card.version for card, _ in place.store.history()] == ["20260318T040000Z-ffff", THIRD, SECOND]


def test_the_model_in_use_stays_in_use_however_long_nothing_is_learnt(place: Place):
    place.store.publish(model(FIRST), after=None)
    place.store.publish(model(SECOND), after=FIRST)
    place.clock.now += 3 * CARD_KEPT
    again = StoredModels(place.items, renew_after=0, now=place.clock)
    assert again.current().card.version == SECOND
    assert again.rollback().version == FIRST


def test_a_damaged_card_stops_neither_the_list_nor_the_next_model(place: Place):
    place.store.publish(model(FIRST), after=None)
    place.items.put_all([(("model", "card#20260301T040000Z-zzzz"), b"\x93junk")])
    assert [kept.version for kept in place.store.cards()] == [FIRST]
    place.store.publish(model(SECOND), after=FIRST)
    assert place.current().card.version == SECOND


def test_a_damaged_page_of_the_model_in_use_is_an_error_with_a_way_out(place: Place):
    place.store.publish(model(FIRST), after=None)
    place.items.put_all([((FIRST, "directory#0"), b"\x93junk")])
    with pytest.raises(SourceError, match=f"Model {FIRST} is damaged") as found:
        StoredModels(place.items, renew_after=0, now=place.clock).current()
    assert "rollback" in found.value.remedy


def test_a_model_that_is_kept_aside_outlives_later_trainings_until_it_expires(place: Place):
    place.store.publish(model(FIRST), after=None)
    place.store.publish(model(SECOND), after=FIRST, current=False)
    place.clock.now += SUPERSEDED_KEPT + timedelta(seconds=1)
    place.store.publish(model(THIRD, place.clock.now), after=FIRST)
    assert [kept.version for kept in place.store.cards()] == [THIRD, SECOND, FIRST]
    assert remains(place, SECOND)


def test_a_model_whose_pages_are_missing_is_an_error_that_says_what_to_do(place: Place):
    place.store.publish(model(FIRST), after=None)
    place.items.delete_all([(FIRST, "directory#0")])
    with pytest.raises(SourceError, match=f"1 of 1 directory pages of model {FIRST} are missing") as caught:
        place.reopen().current()
    assert "rollback" in caught.value.remedy


def test_a_store_that_does_not_answer_is_an_error_and_the_model_that_is_known_stays_in_use(place: Place):
    place.store.publish(model(FIRST), after=None)
    known = StoredModels(place.store.items, renew_after=0, now=place.clock)  # type: ignore[attr-defined]
    assert known.current().card.version == FIRST  # type: ignore[union-attr]
    place.break_it()
    assert known.current().card.version == FIRST  # type: ignore[union-attr]
    for ask in (place.store.cards, place.store.current, place.store.rollback):
        with pytest.raises(SourceError) as caught:
            ask()
        assert caught.value.where
    with pytest.raises(SourceError):
        place.store.publish(model(SECOND), after=FIRST)


def test_what_is_current_is_looked_up_again_only_after_a_while(place: Place):
    seconds = [0.0]
    place.store.publish(model(FIRST), after=None)
    reading = StoredModels(place.items, renew_after=30, now=place.clock, clock=lambda: seconds[0])
    assert reading.current().card.version == FIRST  # type: ignore[union-attr]
    place.store.publish(model(SECOND), after=FIRST)
    seconds[0] = 29.9
    assert reading.current().card.version == FIRST  # type: ignore[union-attr]
    seconds[0] = 30.0
    assert reading.current().card.version == SECOND  # type: ignore[union-attr]


def test_neighbours_are_read_once_and_those_read_longest_ago_are_forgotten(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pipeline.recommend.models.published.CACHED_NEIGHBOURS", 2)
    asked: list[str] = []

    class Recording:
        def __getattr__(self, name: str) -> Any:
            return getattr(place.items, name)

        def get_all(self, keys: Any, **options: Any) -> Any:
            asked.extend(sk for pk, sk in keys if pk.endswith("#for_you"))
            return place.items.get_all(keys, **options)

    place.store.publish(model(FIRST), after=None)
    found = StoredModels(Recording(), renew_after=60, now=place.clock).current()  # type: ignore[arg-type]
    assert found is not None
    for places in ([0, 1], [0], [3], [0], [1]):
        assert list(found.neighbours("for_you", places)) == places
    assert asked == ["00000000", "00000001", "00000003", "00000000", "00000001"]


def test_a_product_without_neighbours_is_looked_for_once_with_certainty(place: Place):
    asked: list[bool] = []

    class Recording:
        def __getattr__(self, name: str) -> Any:
            return getattr(place.items, name)

        def get_all(self, keys: Any, *, consistent: bool = False) -> Any:
            if any(pk.endswith("#for_you") for pk, _ in keys):
                asked.append(consistent)
            return place.items.get_all(keys, consistent=consistent)

    place.store.publish(model(FIRST, neighbours={"for_you": (Neighbours((1,), (1.0,)), Neighbours())}), after=None)
    found = StoredModels(Recording(), renew_after=60, now=place.clock).current()  # type: ignore[arg-type]
    assert found is not None
    for _ in range(2):
        assert list(found.neighbours("for_you", [0, 1])) == [0]
    assert asked == [False, True]


def test_every_figure_of_a_card_comes_back(place: Place):
    place.store.publish(
        msgspec.structs.replace(
            model(FIRST), card=card(FIRST, first_event=None, last_event=None, gaps=("No categories: " + "ü" * 2000,))
        ),
        after=None,
    )
    (kept,) = place.store.cards()
    assert (kept.first_event, kept.parameters, kept.trained_at) == (
        None,
        {"l2": 200.0, "half_life_days": 30},
        TRAINED_AT,
    )
    assert kept.gaps == ("No categories: " + "ü" * 2000,)
