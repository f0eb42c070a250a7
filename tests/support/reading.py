"""One database in memory for every file that a test reads: opening one takes longer than most of the answers."""

from functools import cache

import duckdb


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")


def connection() -> duckdb.DuckDBPyConnection:
    """A connection of its own; its temporary tables and views end with it."""
    return _database().cursor()
