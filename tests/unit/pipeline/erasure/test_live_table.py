"""The live table on DynamoDB is read item by item, before and after a person is erased from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from catalogue.errors import StreamUnavailable
from pipeline.collecting.known_customers_dynamodb import DynamoDbKnownCustomers
from pipeline.erasure.identity import Person
from pipeline.erasure.live_table import NAME, scan
from pipeline.erasure.scan import Place
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.streams import Batch
from tests.contracts.test_live_store import TABLE, aws_table
from tests.support.live_lines import NOW, event


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with aws_table() as client:
        yield client


def items(client: Any) -> dict[tuple[str, str], Any]:
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in client.scan(TableName=TABLE)["Items"]}


def test_a_person_is_found_in_recent_items_and_links_until_both_are_forgotten(client: Any) -> None:
    live, links = DynamoDbLiveStore(client, TABLE, "EUR", now=lambda: NOW), DynamoDbKnownCustomers(client, TABLE)
    sale = {"event_type": "purchase", "order_id": "anna-1", "quantity": 1, "unit_price": "9.0000", "currency": "EUR"}
    lines = [
        event("e1", customer_id="anna-1", product_id="p1"),
        event("e2", customer_id="ben-2", product_id="p2"),
        event("e3", customer_id="device-1", product_id="p3"),
        event("e4", customer_id="ben-2", product_id="p4", **sale),  # an order that is called as the person is
    ]
    live.apply(Batch(lines, "1"), after=None)
    links.link("shop", {"device-1": "anna-1", "device-2": "ben-2"})
    assert links.linked_to({"anna-1"}) == {"device-1"}
    person = Person(frozenset({"anna-1", "device-1"}))
    before = items(client)
    found = scan(client, TABLE, person)
    assert (found.name, found.records, found.found) == (NAME, len(before), 3)
    assert found.alike >= 1, "the order's document"
    assert scan(client, TABLE, Person(frozenset({"device-1"}))).found == 2, "its items, and its link"
    assert live.forget(person.customers) == 2
    assert scan(client, TABLE, person).found == 1
    assert links.forget(person.customers) == 1
    after = items(client)
    gone = {("customer#anna-1", "items"), ("customer#device-1", "items"), ("customer_of#shop/device-1", "link")}
    assert before.keys() - after.keys() == gone
    assert after.items() <= before.items(), "all other items are what they were"
    assert scan(client, TABLE, person) == Place(NAME, len(after), 0, found.alike)
    assert scan(client, TABLE, Person(frozenset({"ben-2"}))).found == 2


def test_a_table_that_is_not_there_is_an_error_that_names_it(client: Any) -> None:
    with pytest.raises(StreamUnavailable, match="no-such-table"):
        scan(client, "no-such-table", Person(frozenset({"anna-1"})))
