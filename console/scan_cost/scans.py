"""A statement → the tables it reads: which columns, and under which conditions. Pure.

An engine of Trino's kind writes every CTE out where it is named, reads of each table the columns that matter, and
moves conditions down to the tables. A CTE that is named twice is read twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from sqlglot import exp, parse_one
from sqlglot.optimizer.optimizer import optimize
from sqlglot.optimizer.pushdown_predicates import pushdown_predicates
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from catalogue.tables import TABLES

_SCHEMA: dict[str, object] = {name: dict(table.columns) for name, table in TABLES.items()}


@dataclass(frozen=True)
class TableScan:
    """One scan of a table.

    Attributes
    ----------
    columns : the columns read; none where rows are only counted
    condition : what is known about the rows before they are read; None where nothing is known
    """

    table: str
    columns: frozenset[str]
    condition: exp.Expr | None


def scans(sql: str, dialect: str) -> list[TableScan]:
    """Every scan of a curated table in a statement."""
    tree = _written_out(parse_one(sql, read=dialect))
    tree = optimize(
        tree, schema=_SCHEMA, dialect=dialect, rules=(qualify, pushdown_projections, pushdown_predicates),
        validate_qualify_columns=False, infer_schema=True,
    )  # fmt: skip
    return [scan for scope in traverse_scope(tree) for scan in _of(scope)]


def _written_out(tree: exp.Expr) -> exp.Expr:
    """The statement with every CTE written out where it is named."""
    for query in list(tree.find_all(exp.Query)):
        owned = query.args.get("with_")
        if owned is None or owned.recursive:
            continue
        query.set("with_", None)
        earlier: dict[str, exp.Expr] = {}
        for cte in owned.expressions:
            earlier[cte.alias] = _replaced(cte.this, earlier)
        _replaced(query, earlier)
    return tree


def _replaced(query: exp.Expr, ctes: dict[str, exp.Expr]) -> exp.Expr:
    """Put a CTE's query in the place of its name. Changes `query`."""
    for table in list(query.find_all(exp.Table)):
        body = ctes.get(table.name)
        if body is None or table.db:
            continue
        subquery = exp.Subquery(
            this=body.copy(), alias=table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name))
        )
        subquery.set("joins", table.args.get("joins"))
        table.replace(subquery)
    return query


def _of(scope: Scope) -> Iterator[TableScan]:
    for alias, source in scope.sources.items():
        if not isinstance(source, exp.Table) or source.name not in TABLES:
            continue
        columns = frozenset(column.name for column in scope.columns if column.table == alias)
        yield TableScan(source.name, columns & set(TABLES[source.name].columns), _condition(scope, alias))


def _condition(scope: Scope, alias: str) -> exp.Expr | None:
    """The parts of `where` that name columns of this table alone."""
    where = scope.expression.args.get("where") if isinstance(scope.expression, exp.Select) else None
    if where is None:
        return None
    conditions = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    of_table = [part for part in conditions if {column.table for column in part.find_all(exp.Column)} <= {alias}]
    return reduce(lambda left, right: exp.and_(left, right, copy=True), of_table) if of_table else None
