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


def _type_of(column: dict[str, Any]) -> tuple[pa.DataType, Callable[[str], Any]]:
    """The type of a column in an answer, the same that DuckDB gives, and how the Data API's text becomes it.

    Text where Arrow has no plain type.
    """
    import pyarrow as pa

    name = str(column.get("typeName", "")).lower()
    if name in ("numeric", "decimal"):
        return pa.decimal128(int(column.get("precision") or _LONGEST), int(column.get("scale") or 0)), Decimal
    plain: dict[str, tuple[Any, Callable[[str], Any]]] = {
        "bool": (pa.bool_(), _truth),
        "int2": (pa.int16(), int),
        "int4": (pa.int32(), int),
        "int8": (pa.int64(), int),
        "float4": (pa.float32(), float),
        "float8": (pa.float64(), float),
        "date": (pa.date32(), date.fromisoformat),
        "timestamp": (pa.timestamp("us"), datetime.fromisoformat),
        "timestamptz": (pa.timestamp("us", "UTC"), _instant),
        "varbyte": (pa.binary(), bytes.fromhex),
        "bytea": (pa.binary(), bytes.fromhex),
    }
    return plain.get(name, (pa.string(), str))


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
    arrays = []
    for column, kept in zip(columns, values, strict=True):
        kind, read = _type_of(column)  # the Data API writes most types as text
        arrays.append(pa.array([read(value) if isinstance(value, str) else value for value in kept], kind))
    return pa.Table.from_arrays(arrays, names=[column.get("label") or column["name"] for column in columns])


def _value(field: dict[str, Any]) -> Any:
    """The one member of a field; None for null."""
    if field.get("isNull"):
        return None
    return next(value for key, value in field.items() if key != "isNull")


def _truth(text: str) -> bool:
    return text.lower() in ("t", "true")


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
