"""The port below the stores of models: items of bytes under two keys. SQLite and DynamoDB fill it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

Key = tuple[str, str]
"""``pk`` and ``sk``."""


class Items(Protocol):
    """Every method raises SourceError where the storage does not answer. What has expired is not there."""

    def get(self, key: Key) -> bytes | None:
        """The newest content of one item; None where there is none."""
        ...

    def get_all(self, keys: Sequence[Key], *, consistent: bool = False) -> Mapping[Key, bytes]:
        """The content of those that exist; where `consistent` is False, what was just written may be missing."""
        ...

    def beginning(self, pk: str, sk: str) -> Mapping[str, bytes]:
        """The items of a `pk` whose own ``sk`` begins with `sk`, by ``sk``."""
        ...

    def put_all(self, items: Iterable[tuple[Key, bytes]], *, expires: datetime | None = None) -> None:
        """Write items, whatever was there. A call that is broken off may have written some."""
        ...

    def delete_all(self, keys: Iterable[Key]) -> None:
        """Delete those that exist."""
        ...

    def swap(self, key: Key, before: bytes | None, after: bytes) -> bool:
        """Write one item in one step if it still is `before` (None: is not there); whether it was."""
        ...
