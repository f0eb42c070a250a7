"""PostgreSQL's result as the Redshift Data API tells it: types by Redshift's names, values by their kind."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from psycopg import Column
from psycopg.postgres import types as oids
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify

from catalogue.tables import TABLES

_NAMES = {"text": "varchar", "unknown": "varchar", "bpchar": "varchar", "bytea": "varbyte"}
_WHOLE = ("int2", "int4", "int8")
_FLOATS = ("float4", "float8")
_LONGEST = 38  # digits of a Redshift decimal


def field_of(oid: int, value: bytes | None) -> dict[str, Any]:
    """One value as a field of a record; PostgreSQL's own text where the API has no kind for it."""
    if value is None:
        return {"isNull": True}
    name, text = _name(oid), value.decode()
    if name in _WHOLE:
        return {"longValue": int(text)}
    if name in _FLOATS:
        return {"doubleValue": float(text)}
    if name == "bool":
        return {"booleanValue": text == "t"}
    if name == "varbyte":
        return {"stringValue": text.removeprefix("\\x")}
    return {"stringValue": text}


def column_metadata(
    sql: str, columns: Sequence[Column], texts: Sequence[Sequence[bytes | None]]
) -> list[dict[str, Any]]:
    """The columns of a result.

    PostgreSQL's decimals have no scale once they are computed, Redshift's always have one: that of the values, and at
    least that of the stored columns they are made of, as a sum has in Redshift.
    """
    described = []
    for place, column in enumerate(columns):
        name = _name(column.type_code)
        precision, scale = column.precision or 0, column.scale or 0
        if name == "numeric" and column.precision is None:
            written = (row[place] for row in texts)
            digits = [len(value.partition(b".")[2]) for value in written if value is not None]
            precision, scale = _LONGEST, max([*digits, _stored_scale(sql, column.name)], default=0)
        described.append(
            {
                "name": column.name,
                "label": column.name,
                "typeName": name,
                "precision": precision,
                "scale": scale,
                "length": 0,
                "nullable": 1,
                "isSigned": name in (*_WHOLE, *_FLOATS, "numeric"),
                "isCaseSensitive": name == "varchar",
                "isCurrency": False,
                "schemaName": "",
                "tableName": "",
            }
        )
    return described


def _name(oid: int) -> str:
    known = oids.get(oid)
    name = known.name if known is not None else "varchar"
    return _NAMES.get(name, name)


@lru_cache(maxsize=512)
def _stored_scale(sql: str, column: str) -> int:
    """The largest scale among the stored decimals that a column of a statement is made of; 0 where none is known."""
    schema: dict[str, object] = {name: dict(table.columns) for name, table in TABLES.items()}
    try:
        tree = qualify(parse_one(sql, read="redshift"), schema=schema, dialect="redshift", identify=False)
        leaves = list(lineage(column, tree, schema=schema, dialect="redshift").walk())
    except SqlglotError:
        return 0
    scales = [0]
    for node in leaves:
        if isinstance(node.expression, exp.Table) and node.expression.name in TABLES:
            kind = TABLES[node.expression.name].columns.get(node.name.rpartition(".")[2].strip('"'), "")
            if kind.startswith("decimal"):
                scales.append(int(kind.rstrip(")").rpartition(",")[2]))
    return max(scales)
