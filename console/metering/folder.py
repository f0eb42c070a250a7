"""The console's own calls in the lake folder."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from catalogue.files import atomic_write
from console.metering.calls import Calls, Found
from console.metering.rows import ZONE


class FolderFiles:
    """Files below a folder, which is made with the first file. Fills the `Files` port."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def found(self, below: str) -> list[Found]:
        """See `Files.found`; a file that is still being written has a hidden name without this suffix."""
        found = []
        for path in sorted((self._root / below).rglob("*.parquet")):
            with suppress(FileNotFoundError):  # gone meanwhile
                written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                found.append(Found(path.relative_to(self._root).as_posix(), written_at))
        return found

    def read(self, name: str) -> bytes:
        return (self._root / name).read_bytes()

    def replace(self, name: str, content: bytes) -> None:
        atomic_write(self._target(name), content, durable=False)

    def add(self, name: str, content: bytes) -> bool:
        """See `Files.add`: a link, unlike a rename, is refused where the name is taken."""
        target = self._target(name)
        hidden = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        try:
            hidden.write_bytes(content)
            target.hardlink_to(hidden)
        except FileExistsError:
            return False
        finally:
            hidden.unlink(missing_ok=True)
        return True

    def remove(self, names: Iterable[str]) -> None:
        """See `Files.remove`; a folder that is empty then goes too."""
        folders = set()
        for name in names:
            path = self._root / name
            path.unlink(missing_ok=True)
            folders.add(path.parent)
        for folder in folders:
            with suppress(OSError):  # not empty
                folder.rmdir()

    def _target(self, name: str) -> Path:
        """The path of a file; its folder exists afterwards."""
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


class FolderCalls(Calls):
    """The calls of a lake folder, which exists."""

    def __init__(self, root: Path) -> None:
        super().__init__(FolderFiles(root / ZONE))
