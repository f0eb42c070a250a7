"""``query`` and ``queries``: one question of the catalogue, and the list of them all."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalogue.binding import no_parameter
from catalogue.errors import BindingError
from console.cli import options, output
from console.cli.options import End, Format, Lake, Start

if TYPE_CHECKING:
    from catalogue.queries import Query
    from catalogue.query_file import Parameter
    from console.asking.engines import Result
    from console.asking.scope import Scope

TABLE_ROWS = 1000  # a terminal is no place for more; json and csv give every row
_EXAMPLES = {
    "date": "2011-01-31",
    "timestamp": "2011-01-31T12:00:00+00:00",
    "int": "42",
    "decimal": "12.50",
    "bool": "true",
}

Values = Annotated[list[str], typer.Option(metavar="NAME", help="only this one; may be given again")]


def query(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="such as sales/net_revenue_by_day; `queries` lists them")],
    lake: Lake = None,
    start: Start = None,
    end: End = None,
    channel: Values = [],  # noqa: B006 - Typer makes a new list for each call
    category: Values = [],  # noqa: B006
    region: Values = [],  # noqa: B006
    param: Annotated[list[str], typer.Option(metavar="NAME=VALUE", help="any other parameter; again for a list")] = [],  # noqa: B006
    form: Format = "table",
) -> None:
    """Ask one question of the catalogue.

    By default of all days of the lake.
    """
    from catalogue.queries import load

    definition = load()[name]
    scope = options.profile(context, lake).scope()
    given = {"channels": channel, "categories": category, "regions": region}
    given |= {"start_date": [] if start is None else [start], "end_date": [] if end is None else [end]}
    values = _values(definition, given, param)
    for bound, place in (("start_date", 0), ("end_date", 1)):
        if bound in definition.parameters and bound not in values:
            values[bound] = _bounds(scope)[place]
    if "start_date" in values and "end_date" in values and values["end_date"] <= values["start_date"]:
        raise options.ends_too_early(values["start_date"], values["end_date"])
    _write(scope.ask(name, **values), form)


def queries() -> None:
    """List every question with its parameters."""
    from catalogue.queries import load

    for query in load():
        parameters = ", ".join(
            f"{parameter.name} {parameter.type}{'*' if parameter.is_list else ''}"
            for parameter in query.parameters.values()
        )
        sys.stdout.write(f"{query.name:<36} {query.title}\n{'':<36} {query.grain} · {parameters or 'no parameters'}\n")


def _bounds(scope: Scope) -> tuple[date, date]:
    """The lake's days, half-open; one empty day where the lake is empty."""
    row = scope.ask("lake/days").rows()[0]
    if row["first_day"] is None:
        return scope.today, scope.today + timedelta(days=1)
    return row["first_day"], row["last_day"] + timedelta(days=1)


def _values(query: Query, given: Mapping[str, Sequence[str]], pairs: Sequence[str]) -> dict[str, Any]:
    """Options and --param as values of the query's types."""
    texts = {name: list(written) for name, written in given.items() if written}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BindingError(f"--param {pair} has no value", where="--param", remedy="Write --param name=value.")
        texts.setdefault(name, []).append(text)
    values: dict[str, Any] = {}
    for name, written in texts.items():
        parameter = query.parameters.get(name)
        if parameter is None:
            raise no_parameter(query, name)
        if not parameter.is_list and len(written) > 1:
            raise BindingError(f"{name} is given {len(written)} times", where=query.name, remedy="It takes one value.")
        read = [_read(parameter, text, query.name) for text in written]
        values[name] = read if parameter.is_list else read[0]
    return values


def _read(parameter: Parameter, text: str, query: str) -> Any:
    """One value from text, by the parameter's type."""
    try:
        if parameter.type == "date":
            return date.fromisoformat(text)
        if parameter.type == "timestamp":
            instant = datetime.fromisoformat(text)
            return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        if parameter.type == "int":
            return int(text)
        if parameter.type == "decimal":
            return Decimal(text)
        if parameter.type == "bool":
            return {"true": True, "false": False}[text.lower()]
    except (ValueError, InvalidOperation, KeyError) as error:
        raise BindingError(
            f"{parameter.name} is {text!r}, which is no {parameter.type}",
            where=query,
            remedy=f"Write it like {_EXAMPLES[parameter.type]}.",
        ) from error
    return text


def _write(result: Result, form: str) -> None:
    statistics = result.statistics
    rows, columns = result.rows(), result.table.column_names
    if form == "json":
        costs = ("bytes_scanned", "dollars", "cached", "query_id", "data_as_of")
        about = {
            "query": result.query,
            "engine": statistics.engine,
            "elapsed_seconds": round(statistics.elapsed_seconds, 6),
            **{name: getattr(statistics, name) for name in costs},
            "stand_in": statistics.stand_in,
            "rows": len(rows),
            "sql": result.sql,
        }
        output.json({"rows": rows, "statistics": about})
        return
    output.show(rows if form == "csv" else rows[:TABLE_ROWS], columns, form, under="rows")
    if form == "table":
        if len(rows) > TABLE_ROWS:
            sys.stdout.write(f"… {len(rows) - TABLE_ROWS:,} more rows; --format csv gives all\n")
        as_of = statistics.data_as_of.isoformat(timespec="seconds") if statistics.data_as_of else "no data"
        counted = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"
        answered = statistics.stand_in or statistics.engine
        sys.stderr.write(f"{counted} · {answered} · {statistics.elapsed_seconds * 1000:.0f} ms · data as of {as_of}\n")
