"""Known customers in the live table of DynamoDB. Fills the `KnownCustomers` port.

::

    pk                                       sk      what
    customer_of#<namespace>/<anonymous id>   link    customer_id, expires

A namespace has no slash. A link expires `KEPT` after it was made, if the customer is not linked anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from catalogue.clock import utc_now
from pipeline.collecting.known_customers import CACHED, CachedCustomers
from pipeline.failures import aws_failures

KEPT = timedelta(days=400)  # as long as browsers keep a cookie
LINKS = "customer_of#"  # the keys of links begin so
CACHE_SECONDS = 60.0  # after which a link that another process made is seen


class DynamoDbKnownCustomers(CachedCustomers):
    """The links in `table`.

    Parameters
    ----------
    client : a low-level DynamoDB client (``boto3.client("dynamodb")``)
    """

    def __init__(
        self,
        client: Any,
        table: str,
        *,
        capacity: int = CACHED,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(lifetime=CACHE_SECONDS, capacity=capacity, clock=clock)
        self._client, self._table, self._now = client, table, now

    def linked_to(self, customers: Collection[str]) -> frozenset[str]:
        """The anonymous ids, of all namespaces, that are linked to some customers, or to one of these ids.

        Reads the whole table.
        """
        found, wanted = set[str](), set(customers)
        while wanted:
            linked = {anonymous_id for _, anonymous_id, customer_id in self._links() if customer_id in wanted}
            wanted = linked - found - set(customers)
            found |= wanted
        return frozenset(found)

    def forget(self, customers: Collection[str]) -> int:
        """Delete the links from and to some customers; returns how many. Reads the whole table."""
        wanted, removed = set(customers), 0
        for pk, anonymous_id, customer_id in self._links():
            if {anonymous_id, customer_id} & wanted:
                with self._translate_errors():
                    self._client.delete_item(TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": "link"}})
                removed += 1
        self._answers.clear()
        return removed

    def _links(self) -> Iterator[tuple[str, str, str]]:
        """Key, anonymous id and customer id of every link."""
        with self._translate_errors():
            pages = self._client.get_paginator("scan").paginate(
                TableName=self._table,
                FilterExpression="begins_with(pk, :links)",
                ExpressionAttributeValues={":links": {"S": LINKS}},
                ConsistentRead=True,
            )
            for page in pages:
                for item in page["Items"]:
                    pk = item["pk"]["S"]
                    yield pk, anonymous_id_of(pk), item["customer_id"]["S"]

    def _read(self, namespace: str, anonymous_id: str) -> str | None:
        with self._translate_errors():
            key = _key(namespace, anonymous_id)
            # consistent: the message after an identify may come to another process
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        # DynamoDB gives an expired item until it deletes it, days later
        is_valid = item is not None and int(item["expires"]["N"]) > self._now().timestamp()
        return item["customer_id"]["S"] if is_valid else None

    def _write(self, namespace: str, links: Mapping[str, str]) -> None:
        expires = {"N": str(int((self._now() + KEPT).timestamp()))}
        with self._translate_errors():
            for anonymous_id, customer_id in links.items():
                item = _key(namespace, anonymous_id) | {"customer_id": {"S": customer_id}, "expires": expires}
                self._client.put_item(TableName=self._table, Item=item)

    def _translate_errors(self) -> AbstractContextManager[None]:
        return aws_failures(
            "The table of known customers did not answer",
            where=self._table,
            remedy="Check that the table exists and that the collector's role may read and write it.",
        )


def _key(namespace: str, anonymous_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"{LINKS}{namespace}/{anonymous_id}"}, "sk": {"S": "link"}}


def anonymous_id_of(key: str) -> str:
    """The anonymous id of a link's key."""
    return key.removeprefix(LINKS).partition("/")[2]
