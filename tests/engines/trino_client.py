"""Trino's HTTP protocol, as much of it as the Athena double needs: values stay the texts that Trino writes.

Athena's results are such texts too, so nothing is parsed and written again between the engine and the result file.
The client of the package index turns them into Python values first, and would go through moto's patch of `requests`.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_REQUEST_SECONDS = 60.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is never asked by way of a proxy


class TrinoError(Exception):
    """What Trino says of a statement that failed: its error's name, such as ``TABLE_NOT_FOUND``, and its message."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


@dataclass(frozen=True)
class Column:
    """A column of a result: its name and its Trino type, such as ``decimal(38,4)``."""

    name: str
    type: str


@dataclass
class TrinoQuery:
    """One statement on its way. `start` returns when Trino has parsed it; `finish` when the last row is there."""

    port: int
    sql: str
    catalog: str
    schema: str | None = None
    session: str = ""  # its session properties, such as ``enable_dynamic_filtering=false``
    columns: list[Column] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    statistics: dict[str, Any] = field(default_factory=dict)
    _next: str | None = None

    def start(self) -> TrinoQuery:
        """Submit the statement.

        Raises
        ------
        TrinoError
            It cannot be parsed or planned.
        """
        headers = {
            "X-Trino-User": "tests",
            "X-Trino-Catalog": self.catalog,
            "X-Trino-Time-Zone": "UTC",
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",  # else instants lose their microseconds
        }
        if self.schema is not None:
            headers["X-Trino-Schema"] = self.schema
        if self.session:
            headers["X-Trino-Session"] = self.session
        url = f"http://127.0.0.1:{self.port}/v1/statement"
        self._take(called(urllib.request.Request(url, self.sql.encode(), headers, method="POST")))
        while self._next is not None and "/queued/" in self._next:
            self._advance()
        return self

    def finish(self) -> TrinoQuery:
        """Fetch everything; raises TrinoError where the statement fails on its way or is cancelled."""
        while self._next is not None:
            self._advance()
        return self

    def cancel(self) -> None:
        """Ask Trino to break the statement off; `finish` then raises."""
        place = self._next
        if place is not None:
            called(urllib.request.Request(place, method="DELETE"))  # noqa: S310 - the server's own address

    def _advance(self) -> None:
        assert self._next is not None
        self._take(called(urllib.request.Request(self._next)))  # noqa: S310

    def _take(self, answer: dict[str, Any]) -> None:
        self._next = answer.get("nextUri")
        self.statistics = answer.get("stats", self.statistics)
        if not self.columns and "columns" in answer:
            self.columns = [Column(column["name"], column["type"]) for column in answer["columns"]]
        self.rows += answer.get("data") or []
        if "error" in answer:
            self._next = None
            raise TrinoError(answer["error"]["errorName"], answer["error"]["message"])


def called(request: urllib.request.Request, seconds: float = _REQUEST_SECONDS) -> dict[str, Any]:
    """What the server answers; numbers with a point stay the texts that it wrote."""
    try:
        with _DIRECT.open(request, timeout=seconds) as response:
            body = response.read()
    except urllib.error.HTTPError as error:
        raise TrinoError("HTTP_ERROR", f"{error.code} {error.reason}") from error
    # a double keeps the digits that Trino wrote
    return json.loads(body, parse_float=str) if body else {}


def texts(query: TrinoQuery) -> Iterator[list[str | None]]:
    """The rows of a finished statement as Athena writes values: texts, and None for null."""
    kinds = [column.type for column in query.columns]
    for row in query.rows:
        yield [text(kind, value) for kind, value in zip(kinds, row, strict=True)]


def text(kind: str, value: Any) -> str | None:
    """One value as Athena writes it; bytes are hexadecimal with blanks between."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "varbinary":
        import base64

        return base64.b64decode(value).hex(" ")
    return str(value)
