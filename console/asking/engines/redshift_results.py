"""Results of the Redshift Data API as Arrow tables with the types that its column metadata names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Pages = Iterator[dict[str, Any]]  # answers of GetStatementResult, in order

_LONGEST = 38  # digits of a decimal in Arrow and in Redshift


def arrow_type(column: dict[str, Any]) -> pa.DataType:
    """The type of a column in an answer, the same that DuckDB gives; text where Arrow has no plain type."""
    import pyarrow as pa

    name = str(column.get("typeName", "")).lower()
    if name in ("numeric", "decimal"):
        return pa.decimal128(int(column.get("precision") or _LONGEST), int(column.get("scale") or 0))
    return {
        "bool": pa.bool_(),
        "int2": pa.int16(),
        "int4": pa.int32(),
        "int8": pa.int64(),
        "float4": pa.float32(),
        "float8": pa.float64(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "timestamptz": pa.timestamp("us", "UTC"),
        "varbyte": pa.binary(),
        "bytea": pa.binary(),
    }.get(name, pa.string())


def read_records(pages: Pages) -> pa.Table:
    """All pages as one table; one page without records is an answer without rows, with its columns."""
    import pyarrow as pa

    columns: list[dict[str, Any]] = []
    values: list[list[Any]] = []
    for page in pages:
        if not columns:
            columns = page["ColumnMetadata"]
            values = [[] for _ in columns]
        for record in page["Records"]:
            for kept, field in zip(values, record, strict=True):
                kept.append(_value(field))
    types = [arrow_type(column) for column in columns]
    arrays = [pa.array([_typed(value, kind) for value in kept], kind) for kept, kind in zip(values, types, strict=True)]
    return pa.Table.from_arrays(arrays, names=[column.get("label") or column["name"] for column in columns])


def _value(field: dict[str, Any]) -> Any:
    """The one member of a field; None for null."""
    if field.get("isNull"):
        return None
    return next(value for key, value in field.items() if key != "isNull")


def _typed(value: Any, kind: pa.DataType) -> Any:
    """A value of the Data API, which writes most types as text."""
    if value is None or not isinstance(value, str):
        return value
    read = _READERS.get(str(kind).partition("(")[0].partition("[")[0])
    return value if read is None else read(value, kind)


def _instant(text: str, kind: pa.DataType) -> datetime:
    at = datetime.fromisoformat(text)
    if kind.tz is None:
        return at
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "decimal128": lambda text, _: Decimal(text),
    "date32": lambda text, _: date.fromisoformat(text),
    "timestamp": _instant,
    "binary": lambda text, _: bytes.fromhex(text),
    "bool": lambda text, _: text.lower() in ("t", "true"),
    "double": lambda text, _: float(text),
    "float": lambda text, _: float(text),
    "int16": lambda text, _: int(text),
    "int32": lambda text, _: int(text),
    "int64": lambda text, _: int(text),
}
