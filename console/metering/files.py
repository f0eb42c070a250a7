"""The port of what keeps the console's own calls: files by name, each there as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Found:
    """A file that stands: its name below the calls' folder, and when it was written."""

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
        """Let a file hold this, whatever it held before: a reader sees the one or the other."""
        ...

    def add(self, name: str, content: bytes) -> bool:
        """Write a file where there is none of that name; False, and nothing changed, where there is one."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Let files be gone; one that is gone already does not matter."""
        ...
