"""The contract of experiments that are kept: one suite, every adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalogue.errors import SettingsError, SourceError
from pipeline.recommend.experiments.experiment import Experiment, Variant
from pipeline.recommend.experiments.stored import RunningExperiments, StoredExperiments
from pipeline.recommend.models.dynamodb import DynamoDbItems
from pipeline.recommend.models.embedded import SqliteItems
from pipeline.recommend.models.items import Items
from pipeline.recommend.models.named import RUNNING
from pipeline.recommend.models.stored_models import ASIDE_KEPT, SUPERSEDED_KEPT, StoredModels
from tests.contracts.test_live_store import TABLE, Clock, aws_table
from tests.support.experiments import HOLDOUT, RECOMMENDED, experiment
from tests.support.models import model

FIRST, SECOND, THIRD, FOURTH = (f"2026030{day}T040000Z-aaaa" for day in (2, 3, 4, 5))
BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
CONTROL = Variant(name="control", share=0.5)


@dataclass
class Place:
    """The items under test, the time of day, that of those who read them, and the way to break them."""

    items: Items
    clock: Clock
    break_it: Callable[[], None]
    seconds: float = 0.0

    @property
    def models(self) -> StoredModels:
        return StoredModels(self.items, renew_after=0, now=self.clock)

    def stored(self, items: Items | None = None) -> StoredExperiments:
        return StoredExperiments(items or self.items, self.models, now=self.clock)

    def server(self, **options: Any) -> RunningExperiments:
        return RunningExperiments(self.items, clock=lambda: self.seconds, **options)

    def versions(self) -> list[str]:
        return [card.version for card in self.models.cards()]


@pytest.fixture(params=["embedded", "dynamodb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    clock = Clock(BEGUN)
    if request.param == "embedded":
        items = SqliteItems(tmp_path / "recommendations.sqlite", now=clock)
        yield Place(items, clock, items.close)
        items.close()
        return
    with aws_table() as client:
        yield Place(
            DynamoDbItems(client, TABLE, now=clock), clock, lambda: client.delete_table(TableName=TABLE) and None
        )


class Overtaken:
    """Items before whose next conditional write another process does something."""

    def __init__(self, items: Items, *others: Callable[[], object]) -> None:
        self._items, self._others = items, list(others)

    def __getattr__(self, name: str) -> Any:
        if name == "swap" and self._others:
            self._others.pop(0)()
        return getattr(self._items, name)


def test_an_experiment_runs_until_it_ends_and_stays_listed(place: Place):
    assert place.stored().all() == []
    begun = place.stored().start(experiment(comment="Does it pay? ü", surfaces=("for_you",)))
    assert begun == Experiment(
        name="autumn",
        variants=(HOLDOUT, RECOMMENDED),
        started_at=BEGUN,
        surfaces=("for_you",),
        comment="Does it pay? ü",
    )
    place.clock.now += timedelta(days=1)
    second = place.stored().start(experiment("trends", surfaces=("trending",)))
    assert place.stored().all() == [second, begun]
    place.clock.now += timedelta(days=1)
    ended = place.stored().end("autumn")
    assert ended == msgspec.structs.replace(begun, ended_at=BEGUN + timedelta(days=2))
    assert place.stored().all() == [second, ended]
    assert place.stored().running() == (second,)


def test_it_begins_when_it_is_started_whatever_it_says(place: Place):
    begun = place.stored().start(experiment(started_at=BEGUN + timedelta(days=9), ended_at=BEGUN + timedelta(days=10)))
    assert (begun.started_at, begun.ended_at) == (BEGUN, None)


def test_a_clock_that_is_behind_ends_an_experiment_no_earlier_than_it_began(place: Place):
    place.stored().start(experiment())
    place.clock.now -= timedelta(minutes=5)
    assert place.stored().end("autumn").ended_at == BEGUN


def test_a_name_is_never_used_twice(place: Place):
    place.stored().start(experiment())
    with pytest.raises(SettingsError, match="autumn runs already"):
        place.stored().start(experiment())
    place.stored().end("autumn")
    with pytest.raises(SettingsError, match="There was an experiment autumn, from 2026-03-02") as caught:
        place.stored().start(experiment())
    assert "another name" in caught.value.remedy


@pytest.mark.parametrize(("first", "second"), [((), ()), ((), ("trending",)), (("for_you", "trending"), ("trending",))])
def test_a_surface_has_one_experiment_at_a_time_and_the_refusal_names_it(
    place: Place, first: tuple[str, ...], second: tuple[str, ...]
):
    place.stored().start(experiment("one", surfaces=first))
    with pytest.raises(
        SettingsError, match=r"Experiment one runs on .*trending.* since 2026-03-02 09:00 UTC"
    ) as caught:
        place.stored().start(experiment("two", surfaces=second))
    assert "experiments end one" in caught.value.remedy
    place.stored().end("one")
    assert place.stored().start(experiment("two", surfaces=second)).name == "two"


def test_what_does_not_run_cannot_be_ended_and_the_error_says_what_runs(place: Place):
    with pytest.raises(SettingsError, match="No experiment 'autum' runs") as caught:
        place.stored().end("autum")
    assert "None does" in caught.value.remedy
    place.stored().start(experiment())
    with pytest.raises(SettingsError, match="No experiment 'autum' runs") as caught:
        place.stored().end("autum")
    assert "These do: autumn." in caught.value.remedy
    place.stored().end("autumn")
    with pytest.raises(SettingsError, match="autumn has ended, at 2026-03-02 09:00 UTC"):
        place.stored().end("autumn")


def test_of_two_that_start_at_once_on_a_surface_one_runs(place: Place):
    items: Any = Overtaken(place.items, lambda: place.stored().start(experiment("other")))
    with pytest.raises(SettingsError, match="Experiment other runs on"):
        place.stored(items).start(experiment("mine"))
    assert [one.name for one in place.stored().all()] == ["other"]


def test_of_two_that_start_at_once_on_different_surfaces_both_run(place: Place):
    items: Any = Overtaken(place.items, lambda: place.stored().start(experiment("other", surfaces=("trending",))))
    place.stored(items).start(experiment("mine", surfaces=("for_you",)))
    assert [one.name for one in place.stored().running()] == ["other", "mine"]


def test_an_experiment_that_two_end_at_once_ends_once(place: Place):
    place.stored().start(experiment())
    items: Any = Overtaken(place.items, lambda: place.stored().end("autumn"))
    with pytest.raises(SettingsError, match="autumn has ended"):
        place.stored(items).end("autumn")
    assert [one.ended_at for one in place.stored().all()] == [BEGUN]


def test_a_process_that_is_broken_off_while_it_ends_an_experiment_has_changed_nothing(place: Place):
    class Killed(Exception):  # noqa: N818 - it is what happens to the process
        pass

    def kill() -> None:
        raise Killed

    begun = place.stored().start(experiment())
    items: Any = Overtaken(place.items, kill)
    with pytest.raises(Killed):
        place.stored(items).end("autumn")
    assert place.stored().all() == [begun]
    place.clock.now += timedelta(hours=1)
    place.stored().end("autumn")
    assert [one.ended_at for one in place.stored().all()] == [BEGUN + timedelta(hours=1)]


def test_who_always_comes_too_late_is_an_error_and_changes_nothing(place: Place):
    class Busy:
        def __getattr__(self, name: str) -> Any:
            return (lambda *_: False) if name == "swap" else getattr(place.items, name)

    with pytest.raises(SourceError, match="10 times"):
        place.stored(Busy()).start(experiment())  # type: ignore[arg-type]
    assert place.stored().all() == []


# servers


def test_a_server_knows_after_a_while_what_was_started_and_ended(place: Place):
    server = place.server()
    assert server.concerning("for_you") is None
    begun = place.stored().start(experiment(surfaces=("for_you",)))
    place.seconds = 59.9
    assert server.concerning("for_you") is None
    place.seconds = 60.0
    assert (server.concerning("for_you"), server.concerning("trending")) == (begun, None)
    place.stored().end("autumn")
    place.seconds = 119.9
    assert server.concerning("for_you") == begun
    place.seconds = 120.0
    assert server.concerning("for_you") is None


def test_an_experiment_without_surfaces_is_about_all(place: Place):
    begun = place.stored().start(experiment())
    assert {place.server().concerning(surface) for surface in ("for_you", "trending", "best_sellers")} == {begun}


def test_while_the_store_does_not_answer_what_was_known_goes_on(place: Place):
    begun, failures = place.stored().start(experiment()), list[SourceError]()
    server = place.server(failed=failures.append)
    assert server.concerning("for_you") == begun
    place.break_it()
    place.seconds = 60.0
    assert (server.concerning("for_you"), len(failures)) == (begun, 1)
    place.seconds = 64.9
    assert (server.concerning("for_you"), len(failures)) == (begun, 1)
    place.seconds = 65.0
    assert (server.concerning("for_you"), len(failures)) == (begun, 2)


def test_a_server_that_has_never_read_them_runs_none_while_the_store_does_not_answer(place: Place):
    place.stored().start(experiment())
    place.break_it()
    assert place.server().concerning("for_you") is None


def test_a_store_that_does_not_answer_is_an_error(place: Place):
    stored = place.stored()
    place.break_it()
    for ask in (stored.all, stored.running, lambda: stored.start(experiment()), lambda: stored.end("autumn")):
        with pytest.raises(SourceError):
            ask()


@pytest.mark.parametrize("content", [b"\x00", b"\x78not compressed", b"\x93\x01\x02\x03", b""])
def test_a_damaged_item_is_an_error_that_says_which_and_servers_go_on(place: Place, content: bytes):
    begun, failures = place.stored().start(experiment()), list[SourceError]()
    server = place.server(failed=failures.append)
    server.concerning("for_you")
    place.items.put_all([(RUNNING, content or b"\xc1")])
    stored = place.stored()
    for ask in (stored.all, stored.running, lambda: stored.start(experiment("b")), lambda: stored.end("autumn")):
        with pytest.raises(SourceError, match="item experiment, running") as caught:
            ask()
        assert "backup" in caught.value.remedy
    place.seconds = 60.0
    assert server.concerning("for_you") == begun
    assert len(failures) == 1


# models


def compared(version: str) -> tuple[Variant, ...]:
    return (CONTROL, Variant(name="challenger", share=0.5, model=version))


def test_the_model_before_is_named_by_its_version(place: Place):
    place.models.publish(model(FIRST), after=None)
    with pytest.raises(SettingsError, match="the model before the one in use, and there is none"):
        place.stored().start(experiment("models", *compared("previous")))
    place.models.publish(model(SECOND), after=FIRST)
    begun = place.stored().start(experiment("models", *compared("previous")))
    assert [variant.model for variant in begun.variants] == ["", FIRST]


def test_a_model_that_is_not_kept_cannot_answer(place: Place):
    place.models.publish(model(FIRST), after=None)
    with pytest.raises(SettingsError, match=f"Model '{SECOND}' is not kept") as caught:
        place.stored().start(experiment("models", *compared(SECOND)))
    assert "recommend models" in caught.value.remedy
    assert place.stored().all() == []


def test_a_version_that_a_running_experiment_names_is_deleted_only_after_it_has_ended(place: Place):
    place.models.publish(model(FIRST, place.clock.now), after=None)
    place.models.publish(model(SECOND, place.clock.now), after=FIRST)
    place.stored().start(experiment("models", *compared(FIRST)))
    place.models.publish(model(THIRD, place.clock.now), after=SECOND)
    place.clock.now += SUPERSEDED_KEPT + timedelta(seconds=1)
    place.models.publish(model(FOURTH, place.clock.now), after=THIRD)
    assert place.versions() == [FOURTH, THIRD, SECOND, FIRST]  # the second was the one before
    found = place.models.version(FIRST)
    assert found is not None
    assert found.neighbours("for_you", [0])[0].places.tolist() == [1, 2]
    place.stored().end("models")
    place.models.publish(model("20260306T040000Z-aaaa", place.clock.now), after=FOURTH)
    assert FIRST not in place.versions()


def test_while_what_is_kept_of_experiments_is_damaged_no_version_is_deleted(place: Place):
    place.models.publish(model(FIRST, place.clock.now), after=None)
    place.models.publish(model(SECOND, place.clock.now), after=FIRST)
    place.models.publish(model(THIRD, place.clock.now), after=SECOND)
    place.items.put_all([(RUNNING, b"\xc1")])
    place.clock.now += SUPERSEDED_KEPT + timedelta(seconds=1)
    place.models.publish(model(FOURTH, place.clock.now), after=THIRD)
    assert FIRST in place.versions()


def test_a_model_that_is_kept_aside_stays_whole_while_an_experiment_names_it(place: Place):
    place.models.publish(model(FIRST, place.clock.now), after=None)
    place.models.publish(model(SECOND, place.clock.now), after=None, current=False)
    place.stored().start(experiment("models", *compared(SECOND)))
    place.clock.now += ASIDE_KEPT + timedelta(days=1)
    place.models.publish(model(THIRD, place.clock.now), after=FIRST)
    found = place.models.version(SECOND)
    assert found is not None
    assert [tuple(found.prior), found.ranked("trending", "").places] == [(0.25, 0.0, 0.5, 0.0), (1,)]  # type: ignore[union-attr]
    assert found.neighbours("for_you", [0, 3]).keys() == {0, 3}
    place.stored().end("models")
    place.models.publish(model(FOURTH, place.clock.now), after=THIRD)
    assert (place.models.version(SECOND), place.items.beginning(f"{SECOND}#for_you", "0")) == (None, {})


def test_a_model_that_is_kept_aside_and_that_nobody_names_expires(place: Place):
    place.models.publish(model(SECOND), after=None, current=False)
    assert place.models.version(SECOND) is not None
    place.clock.now += ASIDE_KEPT
    assert place.models.version(SECOND) is None
    with pytest.raises(SettingsError, match="is not kept"):
        place.stored().start(experiment("models", *compared(SECOND)))


def test_keeping_a_model_that_is_broken_off_is_done_again(place: Place):
    class Broken(Exception):  # noqa: N818 - it is what happens to the process
        pass

    class Breaking:
        calls = 0

        def __getattr__(self, name: str) -> Any:
            if name == "put_all":
                Breaking.calls += 1
                if Breaking.calls == 2:
                    raise Broken
            return getattr(place.items, name)

    place.models.publish(model(SECOND, place.clock.now), after=None, current=False)
    with pytest.raises(Broken):
        StoredModels(Breaking(), renew_after=0, now=place.clock).keep(SECOND)  # type: ignore[arg-type]
    assert place.models.version(SECOND) is None
    place.models.keep(SECOND)
    place.clock.now += ASIDE_KEPT
    found = place.models.version(SECOND)
    assert found is not None
    assert found.neighbours("for_you", [0, 3]).keys() == {0, 3}


def test_a_version_is_read_once_and_looked_for_again_only_after_a_while(place: Place):
    class Counting:
        gets = 0

        def __getattr__(self, name: str) -> Any:
            Counting.gets += name in ("get", "get_all")
            return getattr(place.items, name)

    models = StoredModels(Counting(), renew_after=30, now=place.clock, clock=lambda: place.seconds)  # type: ignore[arg-type]
    assert models.version(FIRST) is None
    place.models.publish(model(FIRST), after=None)
    assert (models.version(FIRST), Counting.gets) == (None, 1)
    place.seconds = 30.0
    found = models.version(FIRST)
    assert found is not None
    read = Counting.gets
    place.seconds = 1000.0
    assert models.version(FIRST) is found
    assert Counting.gets == read


def test_so_many_versions_are_in_memory_at_most(place: Place):
    for number in range(1, 8):
        place.models.publish(model(f"2026030{number}T040000Z-aaaa", place.clock.now), after=None, current=False)
    models = place.models
    for number in range(1, 8):
        assert models.version(f"2026030{number}T040000Z-aaaa") is not None
    assert len(models._versions._known) == 4


def test_all_that_run_name_so_many_versions_at_most(place: Place):
    names = [f"2026030{number}T040000Z-aaaa" for number in range(1, 6)]
    for name in names:
        place.models.publish(model(name, place.clock.now), after=None, current=False)
    variants = [Variant(name=f"v{n}", share=0.25, model=name) for n, name in enumerate(names[:4])]
    place.stored().start(experiment("four", *variants, surfaces=("for_you",)))
    with pytest.raises(SettingsError, match="would make 5 models answer") as caught:
        place.stored().start(experiment("fifth", *compared(names[4]), surfaces=("trending",)))
    assert "at most 4" in caught.value.remedy


def test_a_damaged_version_is_an_error_and_servers_look_again_only_after_a_while(place: Place):
    place.models.publish(model(FIRST), after=None, current=False)
    place.items.put_all([((FIRST, "directory#0"), b"\xc1")])
    models = StoredModels(place.items, renew_after=30, now=place.clock, clock=lambda: place.seconds)
    with pytest.raises(SourceError, match=f"Model {FIRST} is damaged") as caught:
        models.version(FIRST)
    assert caught.value.remedy
    assert models.version(FIRST) is None
    place.seconds = 30.0
    with pytest.raises(SourceError):
        models.version(FIRST)
