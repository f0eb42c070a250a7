"""Days that are over: their calls become one sorted file and daily totals, and their small files are removed.

Several processes may compact the same day: the first one adds each file that closes it, the others would write the
same, and such a file never changes. A file that a killed process did not add, the next one adds. The small files are
removed once all files of the day are an hour old, so that a running query finds one or the other.

A reader who looks at both tables takes all of a closed day from the closed one (`queries/own_cost/`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from console.metering.calls import CLOSED_AFTER, Files, Found
from console.metering.rows import (
    ADDED_UP,
    CLOSED,
    OPEN,
    added_up,
    as_parquet,
    day_of,
    folder_of,
    from_parquet,
    together,
)

BESIDE_FOR = timedelta(hours=1)  # how long small files stay after their day is closed: longer than any question takes
_NAME = "calls.parquet"

_LOG = logging.getLogger(__name__)


def compact_days(files: Files, now: datetime, *, keep_days: int, held: Collection[date] = ()) -> list[date]:
    """Close every day that is over, and remove what is kept no longer; gives the days that this call closed.

    Parameters
    ----------
    keep_days : how long the single calls of a closed day are kept
    held : days of which calls are still to be written

    Raises as the files do: OSError, or botocore's ClientError and BotoCoreError; calling it again goes on from there.
    """
    oldest = now.astimezone(UTC).date() - timedelta(days=keep_days)
    closed = []
    for day, found in _by_day(files.found(folder_of(OPEN))):
        is_over = now >= datetime.combine(day + timedelta(days=1), time(), UTC) + CLOSED_AFTER
        if is_over and day not in held and _compact(files, day, found, now, keeps_single=day >= oldest):
            closed.append(day)
    files.remove(file.name for file in files.found(folder_of(CLOSED)) if day_of(file.name) < oldest)
    return closed


def _compact(files: Files, day: date, small: list[Found], now: datetime, *, keeps_single: bool) -> bool:
    """Take the next step to a closed day; whether this one closed it."""
    import pyarrow as pa

    tables = [CLOSED, *ADDED_UP] if keeps_single else list(ADDED_UP)
    existing = {table: files.found(folder_of(table, day)) for table in tables}
    missing = [table for table in tables if not existing[table]]
    if not missing:
        newest = max(file.written_at for found in existing.values() for file in found)
        if now - newest >= BESIDE_FOR:
            files.remove(file.name for file in small)
        return False
    try:
        rows = together([from_parquet(files.read(file.name)) for file in small])
    except (pa.ArrowException, FileNotFoundError) as error:
        # damaged, or another console was faster: the other days are closed all the same
        _LOG.warning("The console's own calls of %s cannot be closed: %s", day, error)
        return False
    for table in missing:
        files.add(f"{folder_of(table, day)}{_NAME}", as_parquet(rows if table == CLOSED else added_up(rows, table)))
    return True


def _by_day(found: Iterable[Found]) -> list[tuple[date, list[Found]]]:
    in_order = sorted(found, key=lambda file: file.name)
    return [(day, list(mine)) for day, mine in groupby(in_order, key=lambda file: day_of(file.name))]
