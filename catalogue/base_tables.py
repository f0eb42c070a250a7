"""Which tables a statement reads: what the catalogue checks and fills in, and what the row filter narrows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from sqlglot import exp

from catalogue.tables import TABLES

BESIDE = ("alias", "joins", "pivots")  # parts of a table in the tree that belong to its place, not to the table


def base_tables(tree: exp.Query) -> Iterator[exp.Table]:
    """Tables that are read from storage, and not names that a CTE shadows at that place."""
    return (table for table in tree.find_all(exp.Table) if not _is_shadowed(table))


def replace_table(table: exp.Table, rows: exp.Query) -> None:
    """Let a query take the place of a table, under the table's alias or name and with the joins beside it."""
    subquery = rows.copy().subquery()
    for key in BESIDE:
        subquery.set(key, table.args.get(key))
    if not subquery.args.get("alias"):
        subquery.set("alias", exp.TableAlias(this=table.this.copy()))
    table.replace(subquery)


def read_snapshots(tree: exp.Query, snapshots: Mapping[str, int]) -> None:
    """Let every base table be read in its snapshot, by name; one without as it is. Changes `tree` in place."""
    for table in base_tables(tree):
        snapshot = snapshots.get(table.name.lower())
        if snapshot is not None:
            number = exp.Literal.number(snapshot)
            table.set("version", exp.Version(this="VERSION", kind="AS OF", expression=number))


def _is_shadowed(table: exp.Table) -> bool:
    """Whether a CTE that is visible at this place has the table's name.

    Visible are the CTEs of every enclosing query, and inside a CTE those before it. A recursive CTE sees itself, unless
    it is named like a curated table: its first branch then reads the table, and must not escape the row filter.
    """
    if table.db or table.catalog:
        return False
    inner: exp.Expr = table
    outer = table.parent
    while outer is not None:
        if isinstance(outer, exp.With):
            place = next(index for index, cte in enumerate(outer.expressions) if cte is inner)
            visible = outer.expressions[: place + 1 if outer.recursive and table.name.lower() not in TABLES else place]
            outer = cast(exp.Expr, outer.parent)  # the query that owns this `with` shows nothing more
        else:
            owned = outer.args.get("with_")
            visible = owned.expressions if owned is not None else []
        if any(cte.alias == table.name for cte in visible):
            return True
        inner, outer = outer, outer.parent
    return False
