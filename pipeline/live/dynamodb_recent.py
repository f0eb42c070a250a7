"""Recent items of customers in the live table, for those who only read them: nothing of the rollup is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from catalogue.clock import utc_now
from pipeline.dynamodb_table import DynamoDbTable, Key
from pipeline.live.documents import Item, unpack

CUSTOMERS = "customer#"  # the keys of recent items begin so


def items_key(customer_id: str) -> Key:
    """The key of a customer's recent items."""
    return f"{CUSTOMERS}{customer_id}", "items"


def read_items(table: DynamoDbTable, customer_id: str) -> Sequence[Item]:
    """The recent items of a customer, newest first."""
    found = table.get(*items_key(customer_id))
    return unpack(found["content"]["B"], list[Item]) if found else []


class DynamoDbRecentItems:
    """The recent items in `table`.

    Parameters
    ----------
    client : a low-level DynamoDB client (``boto3.client("dynamodb")``)
    """

    def __init__(self, client: Any, table: str, *, now: Callable[[], datetime] = utc_now) -> None:
        self._table = DynamoDbTable(client, table, now, title="live table")

    def recent_items(self, customer_id: str) -> Sequence[Item]:
        """See `pipeline.live.store.LiveStore.recent_items`."""
        return read_items(self._table, customer_id)
