"""Decisions in one DynamoDB table. Fills the `DecisionStore` port.

::

    kind (partition key)   key_at (sort key)               attributes
    saving                 <key>#<instant in UTC>#0000     key, verdict, note, decided_by, decided_at

An item is only ever added, on the condition that its place is free; decisions of the same microsecond count on in the
last four digits. Reads are consistent, so that whoever decided sees it on the next page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from catalogue.errors import SourceError
from console.aws.failures import KnownFailure, translate_errors
from console.decisions import Decision
from console.decisions.validation import FIELDS, as_texts, check, from_texts, latest

KNOWN = (
    KnownFailure(
        "ResourceNotFoundException",
        "There is no table of decisions",
        "Set TAKINGS_DECISIONS_TABLE to the table that was deployed, in the right region.",
    ),
)
_SAME_INSTANT = 100  # decisions on one finding in one microsecond: more are never taken on purpose

Item = dict[str, Any]


class DynamoDbDecisionStore:
    """Decisions in `table`, through a low-level DynamoDB client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def current(self, kind: str) -> Mapping[str, Decision]:
        return latest(self._query(kind))

    def history(self, kind: str, key: str) -> Sequence[Decision]:
        # another key may begin with this one and the separator
        return [decision for decision in self._query(kind, f"{key}#") if decision.key == key]

    def decide(self, decision: Decision) -> None:
        """Raises BindingError too, for a decision that cannot be kept."""
        check(decision)
        for number in range(_SAME_INSTANT):
            if self._put(decision, number):
                return
        raise SourceError(
            "A decision could not be kept: others were taken at the same instant",
            where=self._table,
            remedy="Try again.",
        )

    def _put(self, decision: Decision, number: int) -> bool:
        """False where the place is taken."""
        texts = as_texts(decision)
        texts["key_at"] = f"{decision.key}#{texts['decided_at']}#{number:04d}"
        with self._translated():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item={name: {"S": text} for name, text in texts.items()},
                    ConditionExpression="attribute_not_exists(key_at)",
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _query(self, kind: str, start: str = "") -> list[Decision]:
        """Decisions of a kind, by key and then by time; only those whose sort key begins with `start`."""
        condition, values = "kind = :kind", {":kind": {"S": kind}}
        if start:
            condition, values = f"{condition} and begins_with(key_at, :start)", {**values, ":start": {"S": start}}
        with self._translated():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                ConsistentRead=True,
            )
            return [_decision(item) for page in pages for item in page["Items"]]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """What the table refuses, and an item that lacks an attribute, as `SourceError`."""
        try:
            with translate_errors("DynamoDB", self._table, KNOWN, error=SourceError):
                yield
        except (KeyError, ValueError) as error:
            raise SourceError(
                f"An item of the table of decisions is damaged: {error!r}",
                where=self._table,
                remedy="Somebody else wrote to the table: remove the item that lacks an attribute.",
            ) from error


def _decision(item: Item) -> Decision:
    return from_texts({name: item[name]["S"] for name in FIELDS})
