"""The note of a source's last snapshot, beside its bills: when it was taken, and what it cost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from catalogue.errors import SourceError

SNAPSHOT = "_snapshot.json"  # a name that begins with _ is no data


@dataclass(frozen=True)
class Snapshot:
    """The last snapshot of Cost Explorer: when, by how many requests, for how much (None: unknown)."""

    taken_at: datetime
    calls: int
    dollars: Decimal | None

    @property
    def day(self) -> date:
        """The UTC day it was taken on."""
        return self.taken_at.astimezone(UTC).date()

    def written(self) -> bytes:
        """The note's content."""
        dollars = None if self.dollars is None else f"{self.dollars:f}"
        return json.dumps({"taken_at": self.taken_at.isoformat(), "calls": self.calls, "dollars": dollars}).encode()

    @classmethod
    def read(cls, note: bytes, *, where: str) -> Snapshot:
        """The snapshot that a note is of; raises SourceError, naming the place, where it cannot be read."""
        try:
            return msgspec.json.decode(note, type=cls)
        except msgspec.MsgspecError as error:
            raise SourceError(
                f"The note of the last snapshot cannot be read: {error}",
                where=where,
                remedy="Remove the file, then take the snapshot again.",
            ) from error
