"""The port of what keeps the console's own calls: files by name, each there as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Found:
    """An existing file: its name below the calls' folder, and when it was written."""

    name: str
    written_at: datetime


class Files(Protocol):
    """Files below the lake's ``console`` folder. What the disk or the service raises travels up unmodified."""

    def found(self, below: str) -> list[Found]:
        """The files whose name begins so, in the order of their names; `below` ends with a slash."""
        ...

    def read(self, name: str) -> bytes:
        """The content of a file."""
        ...

    def replace(self, name: str, content: bytes) -> None:
        """Write a file, in place of one of that name: a reader sees the old content or the new."""
        ...

    def add(self, name: str, content: bytes) -> bool:
        """Write a file where there is none of that name; False, and nothing changed, where there is one."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; one that does not exist is no error."""
        ...
