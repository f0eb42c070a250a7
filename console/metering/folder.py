"""The console's own calls as files of the lake folder.

Small files add up: when a day is over, the next write puts its files together into one, as one change of the lake.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from console.metering import Call
from console.metering.rows import TABLE, by_day, file_name, folder_of
from console.tables import TABLES
from pipeline.errors import LakeError
from pipeline.lake import Lake

MOST_FILES = 200  # of one day, before they are put together while the day goes on


class FolderCalls:
    """Writes batches of calls into a lake folder.

    Parameters
    ----------
    root : the lake's folder, which exists
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._table = root / TABLES[TABLE].zone / TABLE

    def write(self, calls: Sequence[Call]) -> None:
        """Keep a batch: every file appears whole.

        Raises
        ------
        OSError
            The folder cannot be written.
        """
        import pyarrow.parquet as pq

        for day, rows in by_day(calls):
            folder = self._table / folder_of(day)
            folder.mkdir(parents=True, exist_ok=True)
            name = file_name(datetime.now(UTC))
            aside = folder / f".{name}.aside"  # a reader lists *.parquet
            pq.write_table(rows, aside, compression="zstd")
            aside.replace(folder / name)
        with suppress(LakeError):  # somebody else is writing to the lake: the next batch tries again
            self._merge(datetime.now(UTC).date())

    def _merge(self, today: date) -> None:
        """Put the files of every day together that is over, or that has many."""
        for folder in sorted(self._table.glob("call_date=*")):
            files = sorted(folder.glob("*.parquet"))
            is_over = folder.name < folder_of(today)
            if len(files) > (1 if is_over else MOST_FILES):
                self._put_together(folder, files)

    def _put_together(self, folder: Path, files: list[Path]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        lake = Lake.open(self._root)
        with lake.writing(), lake.transaction() as change:
            standing = [path for path in files if path.exists()]  # another process may have been faster
            if len(standing) < 2:
                return
            rows = pa.concat_tables([pq.ParquetFile(path).read() for path in standing])
            target = folder / file_name(datetime.now(UTC))
            path = change.stage(str(target.relative_to(self._root)))
            pq.write_table(rows.sort_by("called_at"), path, compression="zstd")
            for each in standing:
                change.remove(str(each.relative_to(self._root)))
