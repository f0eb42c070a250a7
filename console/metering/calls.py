"""The files of the console's own calls, each there as a whole or not at all; a batch's is replaced while it grows."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from console.metering import Call
from console.metering.rows import OPEN, as_parquet, folder_of, from_parquet, table_of

OPEN_FOR = timedelta(hours=1)  # after midnight UTC a call may still be booked on the day it was made
CLOSED_AFTER = timedelta(hours=2)  # after midnight UTC a day may be closed: an hour for late writes and wrong clocks


@dataclass(frozen=True)
class Found:
    """An existing file: its name below the calls' folder, and when it was written."""

    name: str
    written_at: datetime


class Files(Protocol):
    """Files below the lake's ``console`` folder. What the disk or the service raises travels up unmodified."""

    def found(self, below: str) -> list[Found]:
        """The files whose name begins so, in the order of their names; `below` ends with a slash."""

    def read(self, name: str) -> bytes:
        """The content of a file."""

    def replace(self, name: str, content: bytes) -> None:
        """Write a file, in place of one of that name: a reader sees the old content or the new."""

    def add(self, name: str, content: bytes) -> bool:
        """Write a file where there is none of that name; False, and nothing changed, where there is one."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; one that does not exist is no error."""


@dataclass
class Batch:
    """Calls of one day that are, or will be, one file; `name` is unique, and names sort by time."""

    day: date
    name: str
    calls: list[Call] = field(default_factory=list)

    @classmethod
    def begun(cls, day: date, now: datetime) -> Batch:
        """An empty batch with a new name."""
        return cls(day, f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex}")

    @property
    def file(self) -> str:
        """The name of the batch's file."""
        return f"{folder_of(OPEN, self.day)}{self.name}.parquet"


def booked_on(called_at: datetime, now: datetime) -> date:
    """The UTC day that a call is booked on: its own, or the current open day once its own is closed.

    So a closed day gets no more calls.
    """
    return max(called_at.astimezone(UTC).date(), (now.astimezone(UTC) - OPEN_FOR).date())


class Calls:
    """Writes batches into files, one a batch."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def keep(self, batch: Batch) -> None:
        """Write all calls of a batch into its file; writing them again changes nothing.

        Raises as the files do: OSError, or botocore's ClientError and BotoCoreError.
        """
        self.files.replace(batch.file, as_parquet(table_of(batch.calls)))

    def kept(self, batch: Batch) -> int:
        """How many calls the batch's file holds; 0 where there is none; raises as `keep`."""
        if not any(file.name == batch.file for file in self.files.found(folder_of(OPEN, batch.day))):
            return 0
        return int(from_parquet(self.files.read(batch.file)).num_rows)

    def write(self, calls: Sequence[Call]) -> None:
        """Keep calls of days that are not closed, one new file a day; raises as `keep`."""
        days: dict[date, list[Call]] = defaultdict(list)
        for call in calls:
            days[call.called_at.astimezone(UTC).date()].append(call)
        for day, mine in days.items():
            batch = Batch.begun(day, datetime.now(UTC))
            batch.calls.extend(mine)
            self.keep(batch)
