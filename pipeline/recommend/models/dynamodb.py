"""Models in a DynamoDB table (`..stored_models` says which items). Fills the `ModelStore` port."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from catalogue.clock import utc_now
from catalogue.errors import SourceError
from pipeline.dynamodb_table import TRIES, DynamoDbTable, DynamoItem, content
from pipeline.recommend.models.items import Key
from pipeline.recommend.models.stored_models import StoredModels

RENEW_SECONDS = 30.0
_LAST = "\U0010ffff"  # comes after every other character


class DynamoDbItems:
    """The items of `table`, each with its content in one attribute."""

    def __init__(
        self,
        client: Any,
        table: str,
        *,
        now: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
        tries: int = TRIES,
    ) -> None:
        title = "table of recommendations"
        self._table = DynamoDbTable(client, table, now, title=title, error=SourceError, pause=pause, tries=tries)

    def get(self, key: Key) -> bytes | None:
        item = self._table.get(*key, consistent=True)
        return None if item is None else _content(item)

    def get_all(self, keys: Sequence[Key], *, consistent: bool = False) -> Mapping[Key, bytes]:
        found = self._table.get_all(keys, consistent=consistent)
        return {key: _content(item) for key, item in found.items()}

    def beginning(self, pk: str, sk: str) -> Mapping[str, bytes]:
        found = self._table.query(pk, sk, sk + _LAST, consistent=True)
        return {item["sk"]["S"]: _content(item) for item in found}

    def put_all(self, items: Iterable[tuple[Key, bytes]], *, expires: datetime | None = None) -> None:
        self._table.put_all(content(*key, packed, expires) for key, packed in items)

    def delete_all(self, keys: Iterable[Key]) -> None:
        self._table.delete_all(keys)

    def swap(self, key: Key, before: bytes | None, after: bytes) -> bool:
        item = content(*key, after)
        if before is None:
            return self._table.put_if(item, "attribute_not_exists(pk)", {})
        return self._table.put_if(item, "content = :before", {":before": {"B": before}})


class DynamoDbModelStore(StoredModels):
    """The models in `table`.

    Parameters
    ----------
    client : a low-level DynamoDB client (``boto3.client("dynamodb")``)
    tries : as those of `DynamoDbTable`
    """

    def __init__(
        self,
        client: Any,
        table: str,
        *,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
        tries: int = TRIES,
    ) -> None:
        super().__init__(
            DynamoDbItems(client, table, now=now, tries=tries), renew_after=RENEW_SECONDS, now=now, clock=clock
        )


def _content(item: DynamoItem) -> bytes:
    return bytes(item["content"]["B"])
