"""What Athena makes of rows: the result file, a page of `GetQueryResults`, an unloaded Parquet file."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from tests.engines.trino_client import Column

_TYPE = re.compile(r"^(?P<name>[a-z ]+?)(?:\((?P<first>\d+)(?:,\s*(?P<second>\d+))?\))?$")
_PRECISION = {"varchar": 2147483647, "bigint": 19, "integer": 10, "double": 17, "timestamp": 3, "varbinary": 1073741824}

Texts = Sequence[str | None]


def csv(columns: Sequence[Column], rows: Iterable[Texts]) -> bytes:
    """The result file: every value in quotes, null as nothing at all, a quote doubled."""
    lines = [",".join(_quoted(column.name) for column in columns)]
    lines += [",".join("" if value is None else _quoted(value) for value in row) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def column_info(column: Column) -> dict[str, Any]:
    """A column as `ResultSetMetadata` describes it: of a type's parameters only a decimal's are told."""
    name, first, second = _parts(column.type)
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column.name,
        "Label": column.name,
        "Type": name,
        "Precision": first if name == "decimal" else _PRECISION.get(name, 0),
        "Scale": second if name == "decimal" else 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": name == "varchar",
    }


def page(rows: Sequence[Texts]) -> list[dict[str, Any]]:
    """Rows of `GetQueryResults`: a null has no value at all."""
    return [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in rows]


def parquet_file(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as Trino's client gives them, as the Parquet that `UNLOAD` writes."""
    fields = [pa.field(column.name, _arrow_type(column.type)) for column in columns]
    arrays = [
        pa.array([_value(column.type, row[place]) for row in rows], field.type)
        for place, (column, field) in enumerate(zip(columns, fields, strict=True))
    ]
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), buffer)
    return buffer.getvalue()


def _parts(kind: str) -> tuple[str, int, int]:
    match = _TYPE.match(kind)
    assert match is not None, f"No Trino type that these tables hold: {kind}"
    return match["name"], int(match["first"] or 0), int(match["second"] or 0)


def _arrow_type(kind: str) -> pa.DataType:
    name, first, second = _parts(kind)
    if name == "decimal":
        return pa.decimal128(first, second)
    return {
        "varchar": pa.string(),
        "bigint": pa.int64(),
        "integer": pa.int32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("ms"),  # Hive's precision, which UNLOAD writes
        "varbinary": pa.binary(),
    }[name]


def _value(kind: str, value: Any) -> Any:
    if value is None:
        return None
    name = _parts(kind)[0]
    convert: dict[str, Any] = {
        "decimal": Decimal,
        "double": float,
        "date": date.fromisoformat,
        "timestamp": lambda text: datetime.fromisoformat(text[:23]),
        "varbinary": base64.b64decode,
    }
    return convert[name](value) if name in convert else value
