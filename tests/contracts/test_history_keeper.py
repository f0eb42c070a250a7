"""The contract of keeping histories of customers, training by training: one suite, every adapter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.recommend.customers.keys import digest_of, history_key
from pipeline.recommend.customers.opted_out import OptedOutCustomers
from pipeline.recommend.customers.stored_customers import StoredCustomers
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.learning import keeping
from pipeline.recommend.learning.keeping import HistoryKeeper
from pipeline.recommend.models.dynamodb import DynamoDbItems
from pipeline.recommend.models.embedded import SqliteItems
from pipeline.recommend.models.items import Items, Key
from tests.contracts.test_live_store import TABLE, Clock, aws_table
from tests.unit.pipeline.recommend.learning.test_known_customers import Row, interactions

NOW = datetime(2026, 3, 3, 3, tzinfo=UTC)
DAY = 24
TODAY = int(NOW.timestamp()) // 3_600 - 3  # the hour in which the day begins


@dataclass
class Written:
    """Items that note which histories were written, and may end their writer."""

    items: Items
    keys: list[Key] = field(default_factory=list)
    left: int = 1_000_000

    def put_all(self, items: Iterable[tuple[Key, bytes]], **more: Any) -> None:
        self.left -= 1
        if self.left < 0:
            raise InterruptedError
        written = list(items)
        self.keys += [key for key, _ in written]
        self.items.put_all(written, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.items, name)


@dataclass
class Place:
    """The items under test and their clock."""

    items: Items
    clock: Clock
    opted_out: OptedOutCustomers = field(init=False)

    def __post_init__(self) -> None:
        self.opted_out = OptedOutCustomers(self.items)

    def train(self, rows: list[Row], *, left: int = 1_000_000) -> list[str]:
        """Keep what these rows say; the customers c0 to c9 whose histories were written."""
        noting = Written(self.items, left=left)
        keeper = HistoryKeeper(noting, now=self.clock(), kept=timedelta(days=365))
        written = keeper.keep(interactions(rows))
        names = [f"c{n}" for n in range(10) if history_key(digest_of(f"c{n}")) in noting.keys]
        assert written == len(names)
        return names

    def products(self, customer: str) -> list[str]:
        return [action.product_id for action in StoredCustomers(self.items).read(customer).history]


@pytest.fixture(params=["embedded", "dynamodb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    clock = Clock(NOW)
    if request.param == "embedded":
        items = SqliteItems(tmp_path / "recommendations.sqlite", now=clock)
        yield Place(items, clock)
        items.close()
        return
    with aws_table() as client:
        yield Place(DynamoDbItems(client, TABLE, now=clock), clock)


def viewed(customer: int, product: str, hour: int = TODAY - DAY) -> Row:
    return f"c:c{customer}", product, "product_view", hour


EVERYBODY = [viewed(number, "mug", TODAY - 30 * DAY - number) for number in range(10)]


def test_the_first_training_keeps_everybodys_history_and_the_next_one_those_who_did_something(place: Place):
    assert place.train(EVERYBODY) == [f"c{number}" for number in range(10)]
    assert place.products("c3") == ["mug"]
    # c0 did something in the newest hour that was known, which may not have been over
    assert place.train([*EVERYBODY, viewed(3, "lamp"), viewed(5, "rug")]) == ["c0", "c3", "c5"]
    assert (place.products("c3"), place.products("c4")) == (["lamp", "mug"], ["mug"])


def test_the_hour_of_the_last_action_was_not_over_when_it_was_read(place: Place):
    place.train([*EVERYBODY, viewed(3, "lamp", TODAY)])
    assert place.train([*EVERYBODY, viewed(3, "lamp", TODAY), viewed(4, "rug", TODAY)]) == ["c3", "c4"]
    assert place.products("c4") == ["rug", "mug"]


def test_a_training_that_is_killed_is_completed_by_the_next_one(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keeping, "_AT_ONCE", 4)
    with pytest.raises(InterruptedError):
        place.train(EVERYBODY, left=2)
    assert sum(bool(place.products(f"c{number}")) for number in range(10)) == 8
    assert len(place.train(EVERYBODY)) == 10
    after = [*EVERYBODY, *(viewed(number, "lamp") for number in range(5))]
    with pytest.raises(InterruptedError):
        place.train(after, left=2)  # all histories, and not the pointer
    assert place.train([*after, viewed(7, "rug")]) == ["c0", "c1", "c2", "c3", "c4", "c7"]


def test_after_an_import_of_older_actions_everybodys_history_is_written_and_a_late_action_waits(place: Place):
    many = [viewed(0, f"p{number}", TODAY - 40 * DAY) for number in range(150)]
    late, imported = viewed(1, "lamp", TODAY - 35 * DAY), [viewed(2, f"q{n}", TODAY - 300 * DAY) for n in range(20)]
    place.train([*EVERYBODY, *many, viewed(9, "rug")])
    assert place.train([*EVERYBODY, *many, late, viewed(9, "rug")]) == ["c9"]
    assert len(place.train([*EVERYBODY, *many, late, *imported, viewed(9, "rug")])) == 10
    assert place.products("c1") == ["mug", "lamp"]
    assert place.train([*EVERYBODY, *many, late, *imported, viewed(9, "rug")]) == ["c9"]


def test_late_actions_of_many_nights_count_together(place: Place):
    many = [viewed(0, f"p{number}", TODAY - 40 * DAY) for number in range(200)]
    last = viewed(9, "rug")
    late: list[Row] = []
    place.train([*EVERYBODY, *many, last])
    for night in range(2):
        late.append(viewed(1, f"late-{night}", TODAY - 35 * DAY))
        assert place.train([*EVERYBODY, *many, *late, last]) == ["c9"]
    late.append(viewed(1, "late-2", TODAY - 35 * DAY))
    assert len(place.train([*EVERYBODY, *many, *late, last])) == 10


def test_what_fell_out_of_the_window_is_no_reason_to_write(place: Place):
    place.train(EVERYBODY)
    assert place.train([*EVERYBODY[:5], viewed(2, "rug")]) == ["c0", "c2"]


def test_who_opts_out_while_a_training_runs_has_no_history_afterwards(place: Place):
    keeper = HistoryKeeper(place.items, now=NOW, kept=timedelta(days=365))
    place.opted_out.add("c4")
    assert keeper.keep(interactions(EVERYBODY)) == 10
    place.opted_out.remove("c4")
    assert (place.products("c3"), place.products("c4")) == (["mug"], [])


def test_a_history_ends_when_nothing_was_done_for_as_long_as_is_learnt_from(place: Place):
    place.train(EVERYBODY)
    place.clock.now += timedelta(days=365, seconds=1)
    assert place.products("c3") == []


def test_where_each_history_costs_money_only_those_are_written_that_live_does_not_have(place: Place):
    many = [viewed(3, f"p{number}") for number in range(20)]
    keeper = HistoryKeeper(place.items, now=NOW, kept=timedelta(days=365), beyond=20)
    assert keeper.keep(interactions([*EVERYBODY, *many])) == 1
    assert len(place.products("c3")) == 21
    assert place.products("c4") == []
    keeper = HistoryKeeper(place.items, now=NOW, kept=timedelta(days=365), beyond=20)
    more = [viewed(4, f"p{number}", TODAY) for number in range(20)]  # its first long history
    assert keeper.keep(interactions([*EVERYBODY, *many, *more])) == 2
    assert len(place.products("c4")) == 21


def test_nobody_is_no_error(place: Place):
    assert place.train([]) == []
    nobody: Interactions = interactions([("s:s1", "mug", "product_view", TODAY)])
    assert HistoryKeeper(place.items, now=NOW, kept=timedelta(days=1)).keep(nobody) == 0
