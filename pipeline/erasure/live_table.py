"""Proof by reading of the live table on DynamoDB: which of its items name a person.

Recent items and links name customers in their keys and in `customer_id`. All others are counts and orders, packed,
without a name: where one has the characters of an id, it is the id of something else, such as an order.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pipeline.collecting.known_customers_dynamodb import LINKS, anonymous_id_of
from pipeline.erasure.identity import Person
from pipeline.erasure.scan import Place
from pipeline.failures import aws_failures
from pipeline.live.dynamodb_recent import CUSTOMERS

NAME = "live table"


def scan(client: Any, table: str, person: Person) -> Place:
    """Read every item of the table, and say how many name the person.

    Parameters
    ----------
    client : a low-level DynamoDB client (``boto3.client("dynamodb")``)

    Raises
    ------
    StreamUnavailable
        The table does not answer.
    """
    place = Place(NAME)
    remedy = "Check the table's name, and that the role may scan it."
    with aws_failures("The live table did not answer", where=table, remedy=remedy):
        for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            for item in page["Items"]:
                found = any(map(person.is_customer, _customers(item)))
                place.count(1, found, not found and any(map(person.may_be_in, _contents(item))))
    return place


def _customers(item: dict[str, Any]) -> Iterator[str]:
    """The ids of customers, and anonymous ids, that an item names."""
    pk = item["pk"]["S"]
    if pk.startswith(CUSTOMERS):
        yield pk.removeprefix(CUSTOMERS)
    if pk.startswith(LINKS):
        yield anonymous_id_of(pk)
    if "customer_id" in item:
        yield item["customer_id"]["S"]


def _contents(item: dict[str, Any]) -> Iterator[bytes]:
    """Every text and every packed value of an item, as bytes."""
    for value in item.values():
        if "S" in value:
            yield value["S"].encode()
        elif "B" in value:
            content = bytes(value["B"])
            with suppress(zlib.error):  # small ones are not compressed
                content = zlib.decompress(content)
            yield content
