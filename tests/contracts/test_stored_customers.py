"""The contract of what is kept of single customers: one suite, every adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from catalogue.errors import SourceError
from pipeline.recommend.customers.histories import Action, pack_history
from pipeline.recommend.customers.keys import digest_of, history_key
from pipeline.recommend.customers.opted_out import OptedOutCustomers
from pipeline.recommend.customers.stored_customers import StoredCustomer, StoredCustomers, forget
from pipeline.recommend.models.dynamodb import DynamoDbItems
from pipeline.recommend.models.embedded import SqliteItems
from pipeline.recommend.models.items import Items
from tests.contracts.test_live_store import TABLE, Clock, aws_table

MUG = Action("mug", "purchase", 3_600.0)
NOBODY = StoredCustomer(refuses=False, history=())


@dataclass
class Place:
    """The items under test, the clock of those who read them, and the way to break them."""

    items: Items
    break_it: Callable[[], None]
    seconds: float = 0.0
    customers: StoredCustomers = field(init=False)

    def __post_init__(self) -> None:
        self.customers = StoredCustomers(self.items, clock=lambda: self.seconds)

    def store(self, *customers: str) -> None:
        packed = pack_history(["mug"], "b", [1])
        self.items.put_all((history_key(digest_of(customer)), packed) for customer in customers)


@pytest.fixture(params=["embedded", "dynamodb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "embedded":
        items = SqliteItems(tmp_path / "recommendations.sqlite")
        yield Place(items, items.close)
        items.close()
        return
    with aws_table() as client:
        yield Place(DynamoDbItems(client, TABLE, now=Clock()), lambda: client.delete_table(TableName=TABLE) and None)


def test_a_customer_has_the_history_that_was_stored_and_another_has_none(place: Place):
    place.store("ü '#/7")
    assert place.customers.read("ü '#/7") == StoredCustomer(refuses=False, history=[MUG])
    assert place.customers.read("c1") == NOBODY


@pytest.mark.parametrize("damaged", [b"\x93junk", b"\x78junk", b""])
def test_a_damaged_history_is_an_error_like_one_that_cannot_be_read(place: Place, damaged: bytes):
    place.store("c2")
    place.items.put_all([(history_key(digest_of("c1")), damaged or b"\xc0")])
    with pytest.raises(SourceError, match="history of a customer is damaged"):
        place.customers.read("c1")
    assert place.customers.read("c2").history == [MUG]


def test_who_refuses_has_no_history_even_where_one_is_stored(place: Place):
    place.store("c1")
    OptedOutCustomers(place.items).add("c1")
    assert place.customers.read("c1") == StoredCustomer(refuses=True, history=())


def test_a_refusal_and_what_was_forgotten_are_known_after_a_second(place: Place):
    place.store("c1", "c2", "c3")
    for customer in ("c1", "c2"):
        place.customers.read(customer)
    OptedOutCustomers(place.items).add("c1")
    assert forget(place.items, ["c2", "nobody"]) == 1
    place.seconds = 0.9
    assert place.customers.read("c1").history == place.customers.read("c2").history == [MUG]
    place.seconds = 1.0
    assert place.customers.read("c1").refuses
    assert place.customers.read("c2") == NOBODY
    assert place.customers.read("c3").history == [MUG]


def test_what_is_kept_names_nobody(place: Place):
    place.store("customer-1")
    assert "customer-1" not in str(history_key(digest_of("customer-1")))
    assert place.items.get(history_key(digest_of("customer-1"))) is not None


def test_what_cannot_be_read_is_an_error_and_never_nobody(place: Place):
    place.break_it()
    with pytest.raises(SourceError):
        place.customers.read("c1")


def test_what_is_remembered_is_bounded(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.recommend.customers.stored_customers.CACHED", 2)
    place.store("c1")
    for customer in ("c1", "c2", "c3"):
        place.customers.read(customer)
    forget(place.items, ["c1"])
    assert place.customers.read("c1") == NOBODY
