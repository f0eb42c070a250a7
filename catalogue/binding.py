"""A query, its values and a row filter → one engine's SQL.

Values enter the parsed tree as typed literals and the tree is written out in the engine's dialect, so nothing that a
person types is ever parsed as SQL. The row filter is added to every base table, wherever it is: CTE, union,
sub-query or join. A table with a region shows the rows of the viewer's regions, a shared one (`SHARED`) shows all its
rows, and any other shows none: its rows belong to several regions at once, or cannot say to which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from sqlglot import exp, parse_one

from catalogue.base_tables import BESIDE, base_tables, read_snapshots, replace_table
from catalogue.errors import BindingError
from catalogue.tables import TABLES

if TYPE_CHECKING:
    from catalogue.queries import Query
    from catalogue.query_file import Parameter

Value = date | datetime | str | int | Decimal | bool | None
Values = Mapping[str, Value | Sequence[Value]]

MAXIMUM_TEXT = 4096  # characters in one value: longer ones are a mistake, and engines limit statement length
MAXIMUM_LIST = 1000  # members in one list, for the same reason
_BIGINT = 2**63
_UTC = exp.Literal.string("UTC")

# Tables that a row filter does not restrict: products, the cloud's bill and the console's calls say nothing about the
# customers or sales of a region.
SHARED = frozenset({
    "closed_calls", "console_calls", "daily_page_calls", "daily_question_calls", "daily_spend",
    "daily_spend_resources", "daily_spend_tags", "products", "spend",
})  # fmt: skip


@dataclass(frozen=True)
class RowFilter:
    """The regions a viewer may see. None: all of them. An empty tuple: no row at all."""

    regions: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Statement:
    """SQL ready for one engine, with the query it came from and the tables it reads."""

    query: str
    title: str
    sql: str
    dialect: str
    tables: frozenset[str]


def bind(query: Query, values: Values, *, dialect: str, row_filter: RowFilter | None = None) -> Statement:
    """Put values and row filter into a query.

    Raises
    ------
    BindingError
        A value is missing, unknown, of the wrong type, or cannot be written in SQL; names query and parameter.
    """
    unknown = sorted(set(values) - set(query.parameters))
    if unknown:
        raise no_parameter(query, unknown[0])
    missing = [
        name
        for name, parameter in query.parameters.items()
        if name not in values and not parameter.is_list and not parameter.nullable
    ]
    if missing:
        raise BindingError(
            f"{query.name} needs a value for {missing[0]}",
            where=query.name,
            remedy=f"Give --param {missing[0]}=…, or its own option.",
        )
    tree = query.tree.copy()
    tree.comments = None
    for placeholder in list(tree.find_all(exp.Placeholder)):
        parameter = query.parameters[placeholder.name]
        _replace(placeholder, parameter, values.get(parameter.name), query.name)
    if row_filter is not None and row_filter.regions is not None:
        restrict(tree, row_filter.regions)
    _drop_conversions(tree)
    if dialect == "redshift":
        _drop_precision(tree)
    return Statement(query.name, query.title, tree.sql(dialect=dialect, comments=False), dialect, query.tables)


def no_parameter(query: Query, name: str) -> BindingError:
    """The error that a query has no parameter of this name."""
    remedy = f"Parameters: {', '.join(query.parameters) or 'none'}."
    return BindingError(f"{query.name} has no parameter {name}", where=query.name, remedy=remedy)


@lru_cache(maxsize=2048)
def bind_again(
    query: Query, values: tuple[tuple[str, Value | tuple[Value, ...]], ...], dialect: str, row_filter: RowFilter
) -> Statement:
    """`bind`, remembered: writing a statement takes some milliseconds and a page asks the same ones at every click."""
    return bind(query, dict(values), dialect=dialect, row_filter=row_filter)


def at_snapshots(statement: Statement, snapshots: Mapping[str, int]) -> Statement:
    """The statement over the snapshots of its tables, by name, where they are Iceberg tables; none: as they are.

    A statement is bound for every version and put on one when it is sent: its text is what answers are kept under.
    """
    if not snapshots:
        return statement
    tree = cast(exp.Query, parse_one(statement.sql, read=statement.dialect))
    read_snapshots(tree, snapshots)
    return replace(statement, sql=tree.sql(dialect=statement.dialect, comments=False))


def restrict(tree: exp.Query, regions: Sequence[str]) -> None:
    """Let every base table show only what viewers of these regions may see. Changes `tree` in place.

    Raises
    ------
    BindingError
        A region cannot be written in SQL, or a table is not a curated one.
    """
    allowed = [_text(region, "region", "row filter") for region in regions]
    for table in list(base_tables(tree)):
        name = table.name.lower()
        if name not in TABLES:
            raise BindingError(
                f"No row filter fits {table.sql()}", where="row filter", remedy="Ask the curated tables only."
            )
        if name in SHARED:
            continue
        condition: exp.Expression = exp.false()
        if allowed and TABLES[name].has_region:
            condition = exp.In(this=exp.column("region"), expressions=[region.copy() for region in allowed])
        plain = table.copy()
        for key in BESIDE:
            plain.set(key, None)
        replace_table(table, exp.select("*").from_(plain).where(condition))


def _replace(placeholder: exp.Placeholder, parameter: Parameter, value: object, query: str) -> None:
    if not parameter.is_list:
        placeholder.replace(literal(value, parameter, query))
        return
    if value is None:
        value = ()
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise BindingError(f"{parameter.name} takes a list", where=query, remedy="Give a list, even of one value.")
    if len(value) > MAXIMUM_LIST:
        raise BindingError(
            f"{parameter.name} has {len(value):,} members", where=query, remedy=f"At most {MAXIMUM_LIST:,}."
        )
    membership = cast(exp.In, placeholder.parent)
    if value:
        membership.set("expressions", [literal(member, parameter, query) for member in value])
    else:
        membership.replace(exp.true())  # an empty list restricts nothing


def literal(value: object, parameter: Parameter, query: str) -> exp.Expression:
    """One value as a typed literal of the syntax tree.

    Raises
    ------
    BindingError
        The value does not fit the parameter's type.
    """
    name = parameter.name
    if value is None:
        if parameter.nullable:
            return exp.null()
        raise BindingError(f"{name} must have a value", where=query, remedy=f"Give a {parameter.type}.")
    if parameter.type == "str" and isinstance(value, str):
        return _text(value, name, query)
    if parameter.type == "bool" and isinstance(value, bool):
        return exp.true() if value else exp.false()
    if parameter.type == "int" and isinstance(value, int) and not isinstance(value, bool):
        if not -_BIGINT <= value < _BIGINT:
            raise BindingError(f"{name} does not fit 64 bits", where=query, remedy="Give a smaller whole number.")
        # the cast keeps the type the same for every value: an engine types a bare literal by its size
        return exp.cast(exp.Literal.string(str(value)), "bigint")
    if parameter.type == "decimal" and isinstance(value, Decimal | int) and not isinstance(value, bool):
        return _decimal(Decimal(value), name, query)
    if parameter.type == "date" and isinstance(value, date) and not isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat()), "date")
    if parameter.type == "timestamp" and isinstance(value, datetime):
        if value.tzinfo is None:
            raise BindingError(f"{name} has no time zone", where=query, remedy="Give an instant with its offset.")
        try:
            instant = value.astimezone(UTC).replace(tzinfo=None)
        except OverflowError as error:
            raise BindingError(
                f"{name} is {value.isoformat()}, which UTC cannot write", where=query, remedy="Give another instant."
            ) from error
        # a plain timestamp keeps milliseconds in Trino
        text = exp.Literal.string(instant.isoformat(sep=" ", timespec="microseconds"))
        return exp.cast(text, "timestamp(6)", dialect="trino")
    raise BindingError(
        f"{name} takes a {parameter.type}, not {type(value).__name__}", where=query, remedy=f"Give a {parameter.type}."
    )


def _drop_conversions(tree: exp.Query) -> None:
    """An instant in UTC that is asked for in UTC is left as it is: engines take 100 ns a row to find that out."""
    for outer in list(tree.find_all(exp.AtTimeZone)):
        inner = outer.this.unnest()
        if isinstance(inner, exp.AtTimeZone) and outer.args["zone"] == inner.args["zone"] == _UTC:
            outer.replace(inner.this)


def _drop_precision(tree: exp.Query) -> None:
    """Redshift's timestamps keep microseconds, and its type takes no precision."""
    for kind in tree.find_all(exp.DataType):
        if kind.this == exp.DataType.Type.TIMESTAMP:
            kind.set("expressions", [])


def _text(value: str, name: str, query: str) -> exp.Expression:
    if len(value) > MAXIMUM_TEXT:
        raise BindingError(
            f"{name} is {len(value):,} characters long", where=query, remedy=f"At most {MAXIMUM_TEXT:,}."
        )
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise BindingError(
            f"{name} holds a character that no engine stores",
            where=query,
            remedy="Remove NUL characters and lone surrogates.",
        )
    return exp.Literal.string(value)


def _decimal(value: Decimal, name: str, query: str) -> exp.Expression:
    if not value.is_finite():
        raise BindingError(f"{name} is not a number", where=query, remedy="Give a finite decimal.")
    exponent = cast(int, value.as_tuple().exponent)
    scale = max(0, -exponent)
    digits = 0 if value == 0 else max(0, value.adjusted() + 1)
    if digits + scale > 38:
        raise BindingError(f"{name} has more than 38 digits", where=query, remedy="Give a shorter decimal.")
    return exp.cast(exp.Literal.string(f"{value:f}"), f"decimal(38,{scale})", dialect="trino")
