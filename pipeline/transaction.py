"""All-or-nothing changes to the files of a folder.

Files are written aside, then committed together by one atomic rename of a journal, then moved into place. A process
killed before that rename leaves the old files; one killed after it leaves a journal that `finish` carries out. No
reader ever opens half a file, because a file appears only by rename.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from catalogue.files import fsync_path

JOURNAL = ".journal.json"
STAGING = ".staging"
_SYNC_THREADS = 8  # fsync waits for the disk, not for a core


class _Move(NamedTuple):
    """A file written aside, where it will appear, and its fsync where that has begun."""

    source: Path
    target: str
    syncing: Future[None] | None


class Transaction:
    """Files written aside and committed together. Closing it without a commit deletes them.

    Parameters
    ----------
    durable : wait for the disk. False in a scratch folder, whose files are made durable where they are published

    Attributes
    ----------
    folder : a scratch folder on the same disk, gone after the transaction
    """

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self._root = root
        self._durable = durable
        self.folder = root / STAGING / uuid.uuid4().hex
        self.folder.mkdir(parents=True)
        self._moves: list[_Move] = []
        self._removals: list[str] = []
        self._committed = False
        self._pool = ThreadPoolExecutor(_SYNC_THREADS)

    def stage(self, target: str) -> Path:
        """Where to write the file that will appear at `target` (relative to the root) on commit."""
        path = self.folder / f"file-{len(self._moves):06d}"
        self._moves.append(_Move(path, target, None))
        return path

    def adopt(self, written: Path, target: str) -> None:
        """Let a file that is already written below `folder` appear at `target` on commit."""
        # its fsync begins now, while the caller computes the next file
        self._moves.append(_Move(written, target, self._pool.submit(fsync_path, written) if self._durable else None))

    def remove(self, target: str) -> None:
        """Let the file at `target` disappear on commit."""
        self._removals.append(target)

    def commit(self) -> None:
        """Make every staged file and removal visible. The rename of the journal is the commit.

        Raises
        ------
        OSError
            The disk is full or refuses. Before that rename nothing has changed; after it, `finish` does the rest.
        """
        moves = [move for move in self._moves if move.source.exists()]  # a caller may stage a file and not need it
        if self._durable:
            for syncing in [move.syncing or self._pool.submit(fsync_path, move.source) for move in moves]:
                syncing.result()
        journal = self.folder / "journal"
        plan = {
            "removals": sorted(set(self._removals) - {move.target for move in moves}),
            "moves": [(str(move.source.relative_to(self._root)), move.target) for move in moves],
            "staging": str(self.folder.relative_to(self._root)),
        }
        journal.write_text(json.dumps(plan), encoding="utf-8")
        if self._durable:
            # the names of the files must be on the disk too, or the journal would list files that are not found
            _sync_all({self.folder, self.folder.parent, journal, *(move.source.parent for move in moves)})
        journal.replace(self._root / JOURNAL)
        self._committed = True
        finish(self._root, durable=self._durable)

    def close(self) -> None:
        """Delete everything that was staged and not committed."""
        self._pool.shutdown(cancel_futures=True)
        if not self._committed:
            shutil.rmtree(self.folder, ignore_errors=True)


def finish(root: Path, *, durable: bool = True) -> None:
    """Carry out the committed plan, if there is one. Safe to repeat: a move that was made finds no source any more."""
    journal = root / JOURNAL
    try:
        plan = json.loads(journal.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    if durable:
        fsync_path(root)  # no file moves before the journal is on the disk
    removed = [root / target for target in plan["removals"]]
    for path in removed:
        path.unlink(missing_ok=True)
    filled = {root}
    for source, target in plan["moves"]:
        folder = (root / target).parent
        if folder not in filled:
            folder.mkdir(parents=True, exist_ok=True)
        while folder not in filled:  # a new folder is a new name in the folder above it
            filled.add(folder)
            folder = folder.parent
        with suppress(FileNotFoundError):
            (root / source).replace(root / target)
    for folder in {path.parent for path in removed} - {root}:
        with suppress(OSError):
            folder.rmdir()  # one that is not empty stays
    if durable:
        _sync_all(folder for folder in filled.union(path.parent for path in removed) if folder.exists())
    journal.unlink()
    shutil.rmtree(root / plan["staging"], ignore_errors=True)


def discard(root: Path) -> None:
    """Remove what transactions left that were never committed."""
    shutil.rmtree(root / STAGING, ignore_errors=True)


def _sync_all(paths: Iterable[Path]) -> None:
    """Force files or folders to the disk, several at a time."""
    with ThreadPoolExecutor(_SYNC_THREADS) as pool:
        list(pool.map(fsync_path, paths))
