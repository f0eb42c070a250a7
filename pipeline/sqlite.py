"""SQLite files: rows that are deleted so that nothing of them is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence


def erase_rows(database: sqlite3.Connection, delete: str, values: Sequence[tuple[str, ...]]) -> int:
    """Delete rows, so that neither a free page nor the write-ahead log holds them any more; returns how many.

    Parameters
    ----------
    database : in autocommit, with no transaction of its own
    delete : statement that is run once for each of `values`

    Raises
    ------
    sqlite3.Error
        As SQLite says, for example where another process is in a transaction; it is safe to try again.
    """
    database.execute("pragma secure_delete = on")
    database.execute("begin immediate")
    try:
        deleted = database.executemany(delete, values).rowcount
        database.execute("commit")
    finally:
        if database.in_transaction:
            database.execute("rollback")
    database.execute("vacuum")
    database.execute("pragma wal_checkpoint(truncate)").fetchone()
    return max(0, deleted)
