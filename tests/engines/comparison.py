"""Whether two engines gave the same answer: columns, types by kind, and rows.

Counts, money, texts, days and instants must be equal to the last digit and microsecond; a double may differ by
`TOLERANCE`, relatively: engines add in another order.
"""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
from sqlglot import exp

from catalogue.queries import Query

TOLERANCE = 1e-9


def difference(query: Query, expected: pa.Table, found: pa.Table) -> str | None:
    """What differs first, in words; None where the answers are the same."""
    if found.column_names != expected.column_names:
        return f"columns {found.column_names}, expected {expected.column_names}"
    for name in expected.column_names:
        ours, theirs = kind(expected.schema.field(name).type), kind(found.schema.field(name).type)
        if ours != theirs:
            return f"column {name} is {theirs}, expected {ours}"
    if found.num_rows != expected.num_rows:
        return f"{found.num_rows} rows, expected {expected.num_rows}"
    wanted, given = _rows(query, expected), _rows(query, found)
    for number, (ours, theirs) in enumerate(zip(wanted, given, strict=True)):
        for name, mine, other in zip(expected.column_names, ours, theirs, strict=True):
            if not same(mine, other):
                return f"row {number}, {name}: {other!r}, expected {mine!r}"
    return None


def holds_something(answer: pa.Table) -> bool:
    """Whether an answer has any value but null and zero: what holds none is the same as any other that holds none."""
    return any(value not in (None, 0) for column in answer.columns for value in column.to_pylist())


def kind(of: pa.DataType) -> str:
    """A type's kind: what a page may rely on whoever answers."""
    if pa.types.is_integer(of):
        return "whole number"
    if pa.types.is_decimal(of):
        return f"decimal of scale {of.scale}"
    if pa.types.is_floating(of):
        return "double"
    if pa.types.is_timestamp(of):
        return "instant without a zone" if of.tz is None else "instant with a zone"
    return str(of).removeprefix("large_")


def same(mine: Any, other: Any) -> bool:
    """Equal, or doubles within the tolerance."""
    if isinstance(mine, float) and isinstance(other, float):
        return (math.isnan(mine) and math.isnan(other)) or math.isclose(mine, other, rel_tol=TOLERANCE)
    return bool(mine == other)


def _rows(query: Query, table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows in their order, or sorted where the query promises none."""
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    if isinstance(query.tree, exp.Query) and query.tree.args.get("order") is not None:
        return rows
    return sorted(rows, key=repr)
