"""Days that are over: their calls in one sorted file, added up, and the small files and old single calls gone.

A day is closed by files that are added, each by whoever is first, and that never change after. They hold the same,
whoever makes them, and a process killed between two of them leaves the rest to the next one. Only where all of them
have stood for an hour do the small files go, so that no question that was asked before finds neither.

A reader who looks at both tables takes all of a closed day from the closed one (`queries/own_cost/`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from console.metering.calls import CLOSED_AFTER
from console.metering.files import Files, Found
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

BESIDE_FOR = timedelta(hours=1)  # small files stay beside what they became: longer than any question takes
_NAME = "calls.parquet"

_LOG = logging.getLogger(__name__)


def close_days(files: Files, now: datetime, *, keep_days: int, held: Collection[date] = ()) -> None:
    """Close every day that is over, and let go what is kept no longer.

    Parameters
    ----------
    keep_days : how long the single calls of a closed day are kept
    held : days that calls are still to come of

    Raises
    ------
    OSError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        As the files say; calling it again goes on from there.
    """
    oldest = now.astimezone(UTC).date() - timedelta(days=keep_days)
    for day, found in _by_day(files.found(folder_of(OPEN))):
        is_over = now >= datetime.combine(day + timedelta(days=1), time(), UTC) + CLOSED_AFTER
        if is_over and day not in held:
            _close(files, day, found, now, keeps_single=day >= oldest)
    files.remove(each.name for each in files.found(folder_of(CLOSED)) if day_of(each.name) < oldest)


def _close(files: Files, day: date, small: list[Found], now: datetime, *, keeps_single: bool) -> None:
    import pyarrow as pa

    tables = [CLOSED, *ADDED_UP] if keeps_single else list(ADDED_UP)
    standing = {table: files.found(folder_of(table, day)) for table in tables}
    missing = [table for table in tables if not standing[table]]
    if not missing:
        newest = max(each.written_at for found in standing.values() for each in found)
        if now - newest >= BESIDE_FOR:
            files.remove(each.name for each in small)
        return
    try:
        rows = together([from_parquet(files.read(each.name)) for each in small])
    except (pa.ArrowException, FileNotFoundError) as error:
        # damaged, or another console was faster: the other days are closed all the same
        _LOG.warning("The console's own calls of %s cannot be closed: %s", day, error)
        return
    for table in missing:
        files.add(f"{folder_of(table, day)}{_NAME}", as_parquet(rows if table == CLOSED else added_up(rows, table)))


def _by_day(found: Iterable[Found]) -> list[tuple[date, list[Found]]]:
    in_order = sorted(found, key=lambda each: each.name)
    return [(day, list(mine)) for day, mine in groupby(in_order, key=lambda each: day_of(each.name))]
