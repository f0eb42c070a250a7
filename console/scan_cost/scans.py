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
    for select in tree.find_all(exp.Select):  # outer ones first: a union may hold another
        _move_into_union(select)
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


def _move_into_union(select: exp.Select) -> None:
    """Repeat conditions on the columns of a union in the queries that it unites: sqlglot moves none into a union."""
    source = select.args["from_"].this if select.args.get("from_") else None
    if not isinstance(source, exp.Subquery) or not isinstance(source.this, exp.SetOperation):
        return
    places = {name: place for place, name in enumerate(source.this.named_selects)}
    for united in _united(source.this):
        if united.args.get("group") or united.find(exp.AggFunc, exp.Window):
            continue
        for part in _parts(select, source.alias):
            moved = part.transform(
                lambda node, united=united: (
                    exp.paren(united.selects[places[node.name]].unalias().copy())
                    if isinstance(node, exp.Column)
                    else node
                )
            )
            united.where(moved, copy=False)


def _united(query: exp.Expr) -> Iterator[exp.Select]:
    if isinstance(query, exp.SetOperation):
        yield from _united(query.left)
        yield from _united(query.right)
    elif isinstance(query, exp.Select):
        yield query


def _of(scope: Scope) -> Iterator[TableScan]:
    for alias, source in scope.sources.items():
        if not isinstance(source, exp.Table) or source.name not in TABLES:
            continue
        columns = frozenset(column.name for column in scope.columns if column.table == alias)
        yield TableScan(source.name, columns & set(TABLES[source.name].columns), _condition(scope, alias))


def _condition(scope: Scope, alias: str) -> exp.Expr | None:
    """The parts of `where` that name columns of this table alone."""
    parts = _parts(scope.expression, alias) if isinstance(scope.expression, exp.Select) else []
    return reduce(lambda left, right: exp.and_(left, right, copy=True), parts) if parts else None


def _parts(select: exp.Select, alias: str) -> list[exp.Expr]:
    where = select.args.get("where")
    if where is None:
        return []
    parts = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    return [part for part in parts if {column.table for column in part.find_all(exp.Column)} <= {alias}]
