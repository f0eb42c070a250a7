"""Large results through UNLOAD: the SQL that writes them as Parquet, and their order put back.

Athena writes one CSV file from one node; UNLOAD writes Parquet from all of them. It has three gaps, closed here: its
Parquet keeps only milliseconds of a timestamp, so timestamps go as text; it writes no file for no rows, so the columns
are asked first; and its files have no order among each other, so the rows are sorted again by the statement's own
order, where that is made of columns of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp, parse_one

if TYPE_CHECKING:
    import pyarrow as pa

    from console.asking.engines.athena_results import ResultColumn

Order = tuple[tuple[str, str], ...]  # (column, "ascending" or "descending")


def columns_sql(sql: str) -> str:
    """A statement that has the columns of another one and no rows: it scans nothing."""
    return f"select * from ({sql}) as answer limit 0"


def unload_sql(sql: str, columns: Sequence[ResultColumn], folder: str) -> str:
    """A statement that writes the rows of another one below a folder of S3."""
    names = [f'"{column.name.replace(chr(34), chr(34) * 2)}"' for column in columns]
    selected = ", ".join(
        f"cast({name} as varchar) as {name}" if column.is_exported_as_text else name
        for name, column in zip(names, columns, strict=True)
    )
    target = folder.replace("'", "''")
    rows = f"select {selected} from ({sql}) as answer"
    return f"unload ({rows}) to '{target}' with (format = 'PARQUET', compression = 'ZSTD')"


def order_of(sql: str, names: Sequence[str]) -> Order | None:
    """The order of a statement's rows by the columns of its result; None where it cannot be put back so."""
    if len(set(names)) < len(names):
        return None
    keys = []
    ordered = parse_one(sql, read="trino").args.get("order")
    for part in ordered.expressions if ordered is not None else ():
        key = part.this
        if isinstance(key, exp.Literal) and key.is_int and 0 < int(key.name) <= len(names):
            name = names[int(key.name) - 1]
        elif isinstance(key, exp.Column) and not key.table and key.name in names:
            name = key.name
        else:
            return None
        if part.args.get("nulls_first"):
            return None
        keys.append((name, "descending" if part.args.get("desc") else "ascending"))
    return tuple(keys)


def in_order(table: pa.Table, order: Order) -> pa.Table:
    """The rows in this order, nulls last as in Trino."""
    import pyarrow.compute as pc

    if not order:
        return table
    return table.take(pc.sort_indices(table, sort_keys=list(order)))
