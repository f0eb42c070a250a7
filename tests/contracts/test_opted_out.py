"""The contract of customers who refuse recommendations: one suite, every adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalogue.errors import SourceError
from pipeline.recommend.customers.keys import digest_of, history_key, opted_out_key
from pipeline.recommend.customers.opted_out import OptedOutCustomers, OptedOutList, refusing
from pipeline.recommend.models.dynamodb import DynamoDbItems
from pipeline.recommend.models.embedded import SqliteItems
from pipeline.recommend.models.items import Items
from tests.contracts.test_live_store import TABLE, Clock, aws_table


@dataclass
class Place:
    """The items under test, the clock of those who read them, and the way to break them."""

    items: Items
    break_it: Callable[[], None]
    seconds: float = 0.0

    def customers(self) -> OptedOutCustomers:
        return OptedOutCustomers(self.items)


@pytest.fixture(params=["embedded", "dynamodb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "embedded":
        items = SqliteItems(tmp_path / "recommendations.sqlite")
        yield Place(items, items.close)
        items.close()
        return
    with aws_table() as client:
        yield Place(DynamoDbItems(client, TABLE, now=Clock()), lambda: client.delete_table(TableName=TABLE) and None)


def test_nobody_refuses_until_told_and_may_come_back(place: Place):
    customers = place.customers()
    assert not customers.refuses("c1")
    customers.add("c1")
    assert (customers.refuses("c1"), customers.refuses("c2")) == (True, False)
    customers.add("c1")
    customers.remove("c1")
    assert not customers.refuses("c1")


def test_who_opts_out_leaves_no_history(place: Place):
    keys = [history_key(digest_of(name)) for name in ("ü '#/7", "c2")]
    place.items.put_all((key, b"-") for key in keys)
    place.customers().add("ü '#/7")
    assert list(place.items.get_all(keys, consistent=True)) == keys[1:]
    assert refusing(place.items) == {digest_of("ü '#/7")}


def test_what_is_kept_names_nobody(place: Place):
    place.customers().add("customer-1")
    (kept,) = place.items.beginning("opted-out", "customer#")
    assert "customer-1" not in kept
    assert len(kept) == len("customer#") + 64


def test_a_writer_that_asks_of_every_customer_reads_the_list_once_a_minute(place: Place):
    listed = OptedOutList(place.items, clock=lambda: place.seconds)
    assert not listed.refuses("c1")
    place.customers().add("c1")
    assert not listed.refuses("c1")
    place.seconds = 60.0
    assert (listed.refuses("c1"), listed.refuses("c2")) == (True, False)
    place.break_it()
    place.seconds = 120.0
    assert listed.refuses("c1")  # by what was read before


def test_everybody_on_a_long_list_is_known_and_nobody_else(place: Place):
    refusing_ones = [f"c{number}" for number in range(400)]
    place.items.put_all((opted_out_key(digest_of(customer)), b"-") for customer in refusing_ones)
    listed = OptedOutList(place.items, clock=lambda: place.seconds)
    assert all(map(listed.refuses, refusing_ones))
    assert not any(listed.refuses(f"d{number}") for number in range(400))


def test_a_writer_that_has_not_read_the_list_takes_everybody_for_refusing(place: Place):
    listed = OptedOutList(place.items, clock=lambda: place.seconds)
    place.break_it()
    assert listed.refuses("c1")


def test_a_store_that_does_not_answer_is_an_error(place: Place):
    customers = place.customers()
    place.break_it()
    for ask in (customers.refuses, customers.add, customers.remove):
        with pytest.raises(SourceError):
            ask("c1")
