"""The published version of the curated tables: one small object, written last, by one job at a time.

``curated/state.json`` names a snapshot of every table. Readers ask the tables as of these snapshots, and the next run
goes on from them: what a killed run left behind them is never seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from catalogue.errors import LakeError
from pipeline.lake import STATE
from pipeline.objects import Objects


@dataclass(frozen=True)
class Version:
    """One version of the curated tables.

    Attributes
    ----------
    number : 0 before the first
    data_as_of : the largest ``received_at`` in the tables (aware); None where there is none
    bills_as_of : when the last bill came in (aware); None without one
    made_by : table → fingerprint of what decides its rows besides the raw files
    records : ``received``, ``accepted``, ``duplicates``, ``quarantined`` of the whole lake
    tables : table → id of its snapshot, in decimal: 64 bits do not fit into a number of JSON
    tag : of the object it was read from; None before the first
    """

    number: int = 0
    data_as_of: datetime | None = None
    bills_as_of: datetime | None = None
    made_by: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    tag: str | None = field(default=None, compare=False)


def published(objects: Objects) -> Version:
    """The version that readers see now.

    Raises
    ------
    LakeError
        The object cannot be read, or is not one that this module writes.
    """
    found = objects.stored(STATE)
    if found is None:
        return Version()
    try:
        state = json.loads(found.content)
        return Version(
            number=int(state["version"]),
            data_as_of=_instant(state["data_as_of"]),
            bills_as_of=_instant(state["bills_as_of"]),
            made_by=dict(state["made_by"]),
            records=dict(state["records"]),
            tables=dict(state["tables"]),
            tag=found.tag,
        )
    except (ValueError, TypeError, KeyError) as error:
        raise LakeError(
            f"The state of the curated tables cannot be read: {error!r}",
            where=f"{objects.place}/{STATE}",
            remedy="Take back its last version; or remove it, and all tables are made again.",
        ) from error


class Exports(Protocol):
    """Copies of tables for readers that cannot read the tables themselves."""

    def write(self, snapshots: Mapping[str, str]) -> None:
        """Make the copies of these snapshots by table; those that are there stay."""
        ...

    def keep(self, *versions: Mapping[str, str]) -> None:
        """Remove the copies of all other snapshots."""
        ...


def publish(objects: Objects, before: Version, after: Version, exports: Exports | None = None) -> Version:
    """Let readers see a new version; publishes nothing where it says what the published one says.

    Parameters
    ----------
    before : as `published` gave it when the run began
    after : its number and its tag are given here
    exports : made before the version is seen; removed once two versions old

    Raises
    ------
    LakeError
        Another job has published since; nothing changed.
    """
    seen = published(objects)
    if seen.tag != before.tag:
        raise _overtaken(objects)
    if exports is not None:
        exports.write(after.tables)
    after = replace(after, number=before.number)
    if after == before:
        return before
    after = replace(after, number=before.number + 1)
    _write(objects, after, before.tag)
    if exports is not None:
        exports.keep(seen.tables, after.tables)
    return published(objects)


def fence(objects: Objects, before: Version) -> None:
    """Publish the same version under the next number, so that a job that works from `before` cannot publish any more.

    Raises
    ------
    LakeError
        Another job has published since; nothing changed.
    """
    _write(objects, replace(before, number=before.number + 1), before.tag)


def _write(objects: Objects, version: Version, tag: str | None) -> None:
    content = {
        "version": version.number,
        "data_as_of": _text(version.data_as_of),
        "bills_as_of": _text(version.bills_as_of),
        "made_by": dict(version.made_by),
        "records": dict(version.records),
        "tables": dict(version.tables),
    }
    if not objects.replace(STATE, json.dumps(content, indent=1).encode(), tag=tag):
        raise _overtaken(objects)


def _overtaken(objects: Objects) -> LakeError:
    return LakeError(
        "Another job has published these tables meanwhile",
        where=f"{objects.place}/{STATE}",
        remedy="Nothing of this run is seen. Let one job run at a time, then run it again.",
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
