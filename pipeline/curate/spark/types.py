"""Trino's types of `catalogue.tables` as Spark names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogue.tables import Columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TYPES = {
    "varchar": "string",
    "timestamp": "timestamp_ntz",
    "timestamp(6)": "timestamp_ntz",
    "varbinary": "binary",
    "integer": "int",
    "json": "string",
}


def sql_type(kind: str) -> str:
    """A type as Spark writes it."""
    return _TYPES.get(kind.lower(), kind.lower())


def schema(columns: Columns) -> str:
    """Columns as Spark writes them."""
    return ", ".join(f"`{name}` {sql_type(kind)}" for name, kind in columns.items())


def typed(frame: DataFrame, columns: Columns) -> DataFrame:
    """The frame with exactly these columns and types; a value that does not fit stops the job."""
    return frame.select(*(frame[name].cast(sql_type(kind)).alias(name) for name, kind in columns.items()))
