"""Which version of the curated tables AWS has, and how new its data is.

Curation ends by writing one small object, ``curated/state.json`` in the lake's bucket, after the last table::

    {"version": 812, "data_as_of": "2026-03-31T11:59:00Z", "bills_as_of": "2026-03-31T04:10:00Z",
     "tables": {"events": "8270633197658268308", "daily_spend": null}}

Its ETag is the data version and its LastModified the time of the commit, so whatever rewrites it makes a new version.
It is read at most every few seconds, for all readers; a failure to read it is kept as long, so that they do not wait
for the same failure one after the other. Tables are committed one by one before it; `tables` names the Iceberg snapshot
of each that belongs to the version, so that readers see all of the new version or nothing of it. A table that is not
named, or has no snapshot because it never had a row, is read as it is.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from catalogue.errors import QueryFailed
from console.asking.engines import newest
from console.asking.engines.running import seen_versions
from console.aws.failures import error_code, translate_errors

if TYPE_CHECKING:
    from catalogue.binding import Statement

STATE_KEY = "curated/state.json"
KEEP_SECONDS = 5.0  # a new version is seen that much later at most
_ABSENT = frozenset({"NoSuchKey", "404"})


@dataclass(frozen=True)
class CuratedVersion:
    """One version. `version` is ``empty`` and the times are None before the first curation.

    `snapshots` are the Iceberg snapshots of its tables, by name; empty where the curation names none.
    """

    version: str
    data_as_of: datetime | None
    committed_at: datetime | None
    bills_as_of: datetime | None = None  # when the last bill came in; an older curation did not write it
    snapshots: Mapping[str, int] = field(default_factory=dict)

    def as_of(self, tables: Set[str]) -> datetime | None:
        """How new an answer from these tables can be."""
        return newest(tables, self.data_as_of, self.bills_as_of)


EMPTY = CuratedVersion("empty", None, None)


class CuratedState:
    """The object ``<prefix>curated/state.json`` of one bucket, shared by the engines.

    `key` names another one of that kind below the prefix: the warehouse has its own (`catalogue.warehouse`).
    """

    def __init__(
        self,
        client: Any,
        bucket: str,
        prefix: str = "",
        *,
        key: str = STATE_KEY,
        keep_seconds: float = KEEP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._key = prefix + key
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._read: tuple[float, CuratedVersion] | None = None
        self._failed: tuple[float, QueryFailed] | None = None

    @property
    def place(self) -> str:
        """The object's address, for people."""
        return f"s3://{self._bucket}/{self._key}"

    def current(self) -> CuratedVersion:
        """The current version, or the one that questions which belong together see (`running.one_version`).

        Raises QueryFailed where the bucket does not answer, or the object is damaged.
        """
        seen = seen_versions()
        if seen is None:
            return self._newest()
        if self not in seen:
            seen[self] = self._newest()
        version: CuratedVersion = seen[self]
        return version

    def renewed(self) -> CuratedVersion:
        """The version that is published at this moment, for questions that belong together too; raises as `current`."""
        with self._lock:
            self._read = None
        seen = seen_versions()
        if seen is not None:
            seen.pop(self, None)
        return self.current()

    def _newest(self) -> CuratedVersion:
        """The version published last, as it was read some seconds ago at most."""
        with self._lock:
            now = self._clock()
            if self._read is not None and now - self._read[0] < self._keep_seconds:
                return self._read[1]
            if self._failed is not None and now - self._failed[0] < self._keep_seconds:
                failure = self._failed[1]
                raise QueryFailed(failure.what, where=failure.where, remedy=failure.remedy) from failure
            try:
                state = self._ask()
            except QueryFailed as error:
                # timed by its end: a service that does not answer takes half a minute to fail
                self._failed = (self._clock(), error)
                raise
            self._read, self._failed = (now, state), None
            return state

    def _ask(self) -> CuratedVersion:
        from botocore.exceptions import ClientError

        with translate_errors("Amazon S3", self.place):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._key)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return EMPTY
                raise
            content: bytes = answer["Body"].read()
        try:
            state = json.loads(content)
            data_as_of, bills_as_of = (
                None if text is None else datetime.fromisoformat(text).astimezone(UTC)
                for text in (state.get("data_as_of"), state.get("bills_as_of"))
            )
            named = (state.get("tables") or {}).items()
            snapshots = {table: _whole_number(text) for table, text in named if text is not None}
        except (ValueError, TypeError, AttributeError) as error:
            raise QueryFailed(
                "The state of the curated tables cannot be read",
                where=self.place,
                remedy="Curate again: it writes the object anew.",
            ) from error
        return CuratedVersion(answer["ETag"].strip('"'), data_as_of, answer["LastModified"], bills_as_of, snapshots)


def _whole_number(text: object) -> int:
    """A snapshot's id, which is written as a text: a JSON number of its size loses digits in many readers."""
    if not isinstance(text, str) or not text.isdecimal():
        raise ValueError(f"{text!r} is no snapshot")
    return int(text)


class CuratedEngine:
    """What the engines over the curated tables on AWS share: all of `SqlEngine` except running a statement."""

    _state: CuratedState

    @property
    def data_version(self) -> str:
        """The curated version; changes with every curation."""
        return self._state.current().version

    @property
    def data_as_of(self) -> datetime | None:
        """The largest ``received_at`` in the curated tables."""
        return self._state.current().data_as_of

    def version_of(self, statement: Statement) -> str:  # noqa: ARG002 - the same for all
        """The curated version: what is still on its way to the lake is not seen."""
        return self.data_version
