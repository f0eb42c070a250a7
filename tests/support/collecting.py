"""A collector on a stream that is a list, for the tests of everything before the stream."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from catalogue.errors import StreamUnavailable
from pipeline.collecting.collector import Collector
from pipeline.collecting.envelope import Request, Response
from pipeline.collecting.keys import WriteKey, digest_of, key_of_secret
from pipeline.streams import Entry, Kind

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRET, OTHER_SECRET = "tk_secret", "tk_other"

VIEW: dict[str, Any] = {
    "event_id": "e1",
    "event_type": "product_view",
    "occurred_at": "2026-03-01T12:00:00Z",
    "customer_id": "c1",
    "product_id": "p1",
}


class Shelf:
    """A stream that keeps entries in a list, or fails with the error it is given."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.failure: Exception | None = None

    def append(self, entries: Sequence[Entry]) -> None:
        if self.failure is not None:
            raise self.failure
        self.entries += entries

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(entry.line) for entry in self.entries if entry.kind == Kind.EVENT]

    def refused(self) -> list[dict[str, Any]]:
        return [json.loads(entry.line) for entry in self.entries if entry.kind == Kind.REFUSED]


class ForgetfulShelf(Shelf):
    """A stream that stores everything and loses its first answer: the worst of all failures for a sender."""

    def __init__(self) -> None:
        super().__init__()
        self.attempts = 0

    def append(self, entries: Sequence[Entry]) -> None:
        self.attempts += 1
        super().append(entries)
        if self.attempts == 1:
            raise StreamUnavailable("The answer of the stream was lost")


def write_key(source: str, secret: str, **fields: Any) -> WriteKey:
    return WriteKey(id=source, source=source, digest=digest_of(secret), created_at=NOW, **fields)


class Ring:
    """Some valid keys; without other ones, two of two sources."""

    def __init__(self, *keys: WriteKey) -> None:
        self._keys = list(keys) or [write_key("shop", SECRET), write_key("till", OTHER_SECRET)]

    def find(self, secret: str) -> WriteKey | None:
        return key_of_secret(self._keys, secret, NOW)

    def all(self) -> list[WriteKey]:
        return self._keys


def collector(stream: Shelf, *keys: WriteKey, **options: Any) -> Collector:
    settings = {"reporting_currency": "EUR", "retention_days": 400, "now": lambda: NOW, **options}
    return Collector(stream, Ring(*keys), **settings)


def request(
    body: Any,
    *,
    path: str = "/v1/events",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    secret: str = SECRET,
    method: str = "POST",
) -> Request:
    """A request with a body of bytes, or of anything that JSON can say."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    all_headers = {"content-type": "application/json", "authorization": f"Bearer {secret}", **(headers or {})}
    return Request(method, path, all_headers, dict(query or {}), sent)


def decoded(response: Response) -> dict[str, Any]:
    return json.loads(response.body)


def views(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [VIEW | {"event_id": f"e{number}"} | fields for number in range(count)]
