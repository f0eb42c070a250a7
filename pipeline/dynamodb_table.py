"""Items of a DynamoDB table with the keys `pk` and `sk`: read, written and tried again. Knows not what they mean.

DynamoDB deletes an item some time after its ``expires`` (TTL attribute, in seconds), up to two days later. Until then
it still gives the item: every reading here leaves out what has expired.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import islice
from typing import Any

from catalogue.errors import SourceError, StreamUnavailable, TakingsError
from pipeline.failures import aws_failures

_READ_KEYS = 100  # BatchGetItem takes that many keys,
_WRITE_ITEMS = 25  # BatchWriteItem that many items
TRIES = 8  # for what a batch call leaves undone: once at once, then
_FIRST_PAUSE = 0.05  # seconds, doubled each time: 3 s in all

DynamoItem = dict[str, Any]
Key = tuple[str, str]


def dynamodb_client() -> Any:
    """A low-level client for a command, of the region and the credentials that are set.

    Raises
    ------
    SourceError
        No region is set.
    """
    import boto3

    with aws_failures(
        "DynamoDB cannot be reached",
        where="AWS settings",
        remedy="Set AWS_REGION to the region of the deployment, or choose a profile with AWS_PROFILE.",
        error=SourceError,
    ):
        return boto3.client("dynamodb")


class DynamoDbTable:
    """The items of `table`. Every method raises `error` where the table does not answer.

    Parameters
    ----------
    client : a low-level DynamoDB client (``boto3.client("dynamodb")``)
    title : what errors call the table, such as ``live table``
    pause : waits some seconds before a batch call is made again
    tries : of a batch call; 2 make it once more at once, and wait for nothing
    """

    def __init__(
        self,
        client: Any,
        table: str,
        now: Callable[[], datetime],
        *,
        title: str,
        error: type[TakingsError] = StreamUnavailable,
        pause: Callable[[float], None] = time.sleep,
        tries: int = TRIES,
    ) -> None:
        self._client, self._table, self._now = client, table, now
        self._title, self._error, self._pause, self._tries = title, error, pause, tries

    def get(self, pk: str, sk: str, *, consistent: bool = False) -> DynamoItem | None:
        """One item; None where there is none, or where it has expired."""
        with self._translate_errors():
            answer = self._client.get_item(TableName=self._table, Key=key(pk, sk), ConsistentRead=consistent)
        item: DynamoItem | None = answer.get("Item")
        return item if item is not None and self._is_valid(item) else None

    def get_all(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, DynamoItem]:
        """The items of these keys, those that exist."""
        found: dict[Key, DynamoItem] = {}
        for start in range(0, len(keys), _READ_KEYS):
            asked = [key(*one_key) for one_key in keys[start : start + _READ_KEYS]]
            requests = {"Keys": asked, "ConsistentRead": consistent}
            for answer in self._in_batches(self._client.batch_get_item, requests, "UnprocessedKeys"):
                for item in filter(self._is_valid, answer["Responses"].get(self._table, [])):
                    found[item["pk"]["S"], item["sk"]["S"]] = item
        return found

    def query(self, pk: str, first: str, last: str, *, consistent: bool = False) -> Iterator[DynamoItem]:
        """The items of one `pk` whose `sk` is from `first` to `last`, in order."""
        if first > last:
            return
        with self._translate_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk and sk between :first and :last",
                ExpressionAttributeValues={":pk": {"S": pk}, ":first": {"S": first}, ":last": {"S": last}},
                ConsistentRead=consistent,
            )
            for page in pages:
                yield from filter(self._is_valid, page["Items"])

    def put_all(self, items: Iterable[DynamoItem]) -> None:
        """Write items, whatever was there."""
        self._write({"PutRequest": {"Item": item}} for item in items)

    def delete_all(self, keys: Iterable[Key]) -> None:
        """Delete items, those that exist."""
        self._write({"DeleteRequest": {"Key": key(*one_key)}} for one_key in keys)

    def put_if(self, item: DynamoItem, condition: str, values: DynamoItem) -> bool:
        """Write an item on a condition, which may name `values`; whether it held."""
        from botocore.exceptions import ClientError

        named = {"ExpressionAttributeValues": values} if values else {}
        with self._translate_errors():
            try:
                self._client.put_item(TableName=self._table, Item=item, ConditionExpression=condition, **named)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def delete(self, pk: str, sk: str) -> bool:
        """Delete an item; whether there was one."""
        with self._translate_errors():
            answer = self._client.delete_item(TableName=self._table, Key=key(pk, sk), ReturnValues="ALL_OLD")
        return "Attributes" in answer

    def transact(self, actions: Sequence[tuple[str, dict[str, Any]]]) -> bool:
        """Do all of the actions (``("Put", …)``), or nothing of them: False where a condition does not hold."""
        from botocore.exceptions import ClientError

        items = [{action: {"TableName": self._table, **values}} for action, values in actions]
        with self._translate_errors():
            try:
                self._client.transact_write_items(TransactItems=items)
            except ClientError as error:
                reasons = error.response.get("CancellationReasons") or []
                if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
                    return False
                raise
        return True

    def _write(self, requests: Iterable[DynamoItem]) -> None:
        waiting = iter(requests)
        while batch := list(islice(waiting, _WRITE_ITEMS)):
            self._in_batches(self._client.batch_write_item, batch, "UnprocessedItems")

    def _is_valid(self, item: DynamoItem) -> bool:
        return "expires" not in item or int(item["expires"]["N"]) > self._now().timestamp()

    def _in_batches(self, call: Callable[..., Any], requests: object, unprocessed: str) -> list[dict[str, Any]]:
        """The answers to a batch call, which is made again with what it leaves unprocessed."""
        answers: list[dict[str, Any]] = []
        waiting: Mapping[str, Any] = {self._table: requests}
        for attempt in range(self._tries):
            if attempt > 1:
                self._pause(_FIRST_PAUSE * 2 ** (attempt - 2))
            with self._translate_errors():
                answers.append(call(RequestItems=waiting))
            waiting = answers[-1][unprocessed]
            if not waiting:
                return answers
        raise self._error(
            f"The {self._title} is busy",
            where=self._table,
            remedy="It is tried again; raise the table's capacity if it stays.",
        )

    def _translate_errors(self) -> AbstractContextManager[None]:
        return aws_failures(
            f"The {self._title} did not answer",
            where=self._table,
            remedy="Check that the table exists and that the role may read and write it.",
            error=self._error,
        )


def key(pk: str, sk: str) -> DynamoItem:
    """A key as DynamoDB takes it."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def content(pk: str, sk: str, packed: bytes, expires: datetime | None = None) -> DynamoItem:
    """An item that holds packed bytes until it expires; for good where no end is given."""
    until = {} if expires is None else {"expires": number(expires)}
    return key(pk, sk) | {"content": {"B": packed}} | until


def number(at: datetime) -> DynamoItem:
    """An instant in whole seconds, as TTL needs it."""
    return {"N": str(int(at.timestamp()))}
