"""Spend in the embedded lake: bring bills in, take the daily snapshot, account for every charge."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from console.finops.billing.snapshots import SNAPSHOT, Snapshot
from console.finops.charges import SpendSource
from pipeline.curate import curate
from pipeline.lake import RAW_SPEND, Lake
from pipeline.spend import SpendImport, import_charges
from pipeline.spend.account import SpendAccount, account

if TYPE_CHECKING:
    import pyarrow as pa

_AHEAD = 8  # batches of some ten megabytes
_END = object()

Item = TypeVar("Item")
Progress = Callable[[str, float], None]


class StoredSpend:
    """The bills of the lake in the folder `root`, which is made with the first import."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def bring(self, source: str, charges: Sequence[SpendSource], progress: Progress | None = None) -> SpendImport:
        """Import what some sources of one name know, as one: each bill among it replaces the one that was there.

        Raises
        ------
        SourceError, ImportFailed, LakeError, CurationError
            A source cannot be read, or the lake cannot be written; the lake is as it was.
        """
        batches = chain.from_iterable(spend_source.charges() for spend_source in charges)
        return self._bring(source, batches, progress, {})

    def keep_snapshot(
        self,
        source: SpendSource,
        taken_at: datetime,
        cost: Callable[[], tuple[int, Decimal | None]],
        progress: Progress | None = None,
    ) -> SpendImport:
        """Ask a source that is paid for, then keep its answer and when it was asked; raises as `bring`.

        `cost` gives the requests made and their dollars; it is asked once the source has answered.
        """
        Lake.open(self._root)  # before anything is paid for
        batches = list(source.charges())  # all of it first: the lake is not held while AWS is asked
        calls, dollars = cost()
        note = Snapshot(taken_at, calls, dollars)
        return self._bring(source.name, batches, progress, {SNAPSHOT: note.written()})

    def snapshot(self, source: str) -> Snapshot | None:
        """The last snapshot of a source; None where there was none."""
        name = f"{RAW_SPEND}/{source}/{SNAPSHOT}"
        try:
            return Snapshot.read((self._root / name).read_bytes(), where=name)
        except FileNotFoundError:
            return None

    def was_taken_on(self, source: str, day: date) -> bool:
        """Whether there is a snapshot of this UTC day already."""
        last = self.snapshot(source)
        return last is not None and last.day >= day

    def account(self) -> SpendAccount:
        """The count of every charge, from the files."""
        return account(Lake.open(self._root))

    def _bring(
        self, source: str, batches: Iterable[pa.RecordBatch], progress: Progress | None, notes: dict[str, bytes]
    ) -> SpendImport:
        lake = Lake.open(self._root)
        report = import_charges(lake, source, ahead(batches), notes=notes)
        curate(lake, progress=progress)
        return report


def ahead(items: Iterable[Item], most: int = _AHEAD) -> Iterator[Item]:
    """The same items in the same order, up to `most` of them made in a thread while the reader has the last one.

    What the maker raises is raised here; it stops when the reader does.
    """
    maker, source = ThreadPoolExecutor(1, thread_name_prefix="read-ahead"), iter(items)
    try:
        waiting = deque(maker.submit(next, source, _END) for _ in range(most))
        while (item := waiting.popleft().result()) is not _END:
            waiting.append(maker.submit(next, source, _END))
            yield item  # type: ignore[misc]
    finally:
        maker.shutdown(cancel_futures=True)
