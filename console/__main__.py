"""``python -m console``: the same answers without a browser.

``query NAME`` asks one question of the catalogue, ``queries`` lists them, ``definitions`` prints what the words mean.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NoReturn

from catalogue.errors import BindingError, TakingsError
from console.budgets import command as budgets
from console.cli import permissions
from console.finops.pricing import command as prices
from console.own_cost import command as own_cost
from console.savings import command as savings
from console.scan_cost import command as scan_cost
from console.spend import command as spend
from console.tiers import command as tiers
from console.unit_costs import command as unit_costs

if TYPE_CHECKING:
    from catalogue.queries import Query
    from catalogue.query_file import Parameter
    from console.asking.engines import Result

BROKEN = 2  # exit code for a failure that is explained, as argparse uses for wrong options
STOPPED = 130  # as a shell reports a command stopped by Ctrl-C
FORMATS = ("table", "json", "csv")
TABLE_ROWS = 1000  # a terminal is no place for more; json and csv give every row
_SHORTHAND = {"start": "start_date", "end": "end_date"}
_LISTS = {"channel": "channels", "category": "categories", "region": "regions"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. A named failure is one line on stderr."""
    parsed = _parser().parse_args(arguments)
    try:
        code = _COMMANDS[parsed.command](parsed)
        sys.stdout.flush()
        return code
    except TakingsError as error:
        print(f"console: {error}", file=sys.stderr)
        return BROKEN
    except BrokenPipeError:
        # the reader of our output, such as `head`, has seen enough: nothing is left to flush at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return STOPPED


class _Parser(argparse.ArgumentParser):
    """Explains a wrong option in one line, as every other failure."""

    def error(self, message: str) -> NoReturn:
        self.exit(BROKEN, f"console: {message}. `{self.prog} --help` lists the options.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m console", description="The console's answers without a browser.")
    # Any: the commands take a parser of any class
    commands: Any = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    query = commands.add_parser("query", help="ask one question of the catalogue")
    query.add_argument("name", metavar="NAME", help="such as sales/net_revenue_by_day; `queries` lists them")
    query.add_argument("--lake", metavar="DIR", help="lake folder (default: $TAKINGS_LAKE, else ./lake)")
    query.add_argument("--start", metavar="DATE", help="first day, included (default: the first day of the lake)")
    query.add_argument(
        "--end", metavar="DATE", help="day after the last one, not included (default: the end of the lake)"
    )
    for name in _LISTS:
        query.add_argument(
            f"--{name}", action="append", default=[], metavar="NAME", help=f"only this {name}; may be given again"
        )
    query.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="any other parameter; again for a list"
    )
    query.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    commands.add_parser("queries", help="list every question with its parameters")
    commands.add_parser("definitions", help="print what the words mean, as Markdown")
    budgets.add(commands)
    own_cost.add(commands)
    prices.add(commands)
    savings.add(commands)
    scan_cost.add(commands)
    spend.add(commands)
    tiers.add(commands)
    unit_costs.add(commands)
    permissions.add(commands)
    return parser


def _query(parsed: argparse.Namespace) -> int:
    from catalogue.queries import load
    from console import settings, wiring

    definition = load()[parsed.name]
    scope = wiring.profile(settings.chosen(parsed.lake)).scope()
    values = _values(definition, parsed)
    for name, default in (("start_date", 0), ("end_date", 1)):
        if name in definition.parameters and name not in values:
            values[name] = _bounds(scope)[default]
    if "start_date" in values and "end_date" in values and values["end_date"] <= values["start_date"]:
        raise BindingError(
            f"The period ends ({values['end_date']}) before it starts ({values['start_date']})",
            where="--end",
            remedy="--end is the day after the last one.",
        )
    _write(scope.ask(parsed.name, **values), parsed.format)
    return 0


def _bounds(scope: Any) -> tuple[date, date]:
    """The lake's days, half-open; one empty day where the lake is empty."""
    from datetime import timedelta

    row = scope.ask("lake/days").rows()[0]
    if row["first_day"] is None:
        return scope.today, scope.today + timedelta(days=1)
    return row["first_day"], row["last_day"] + timedelta(days=1)


def _values(query: Query, parsed: argparse.Namespace) -> dict[str, Any]:
    """Options and --param as values of the query's types."""
    texts: dict[str, list[str]] = {}
    for option, name in _SHORTHAND.items():
        given = getattr(parsed, option)
        if given is not None:
            texts[name] = [given]
    for option, name in _LISTS.items():
        if getattr(parsed, option):
            texts[name] = getattr(parsed, option)
    for pair in parsed.param:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BindingError(f"--param {pair} has no value", where="--param", remedy="Write --param name=value.")
        texts.setdefault(name, []).append(text)
    values: dict[str, Any] = {}
    for name, given in texts.items():
        parameter = query.parameters.get(name)
        if parameter is None:
            raise BindingError(
                f"{query.name} has no parameter {name}",
                where=query.name,
                remedy=f"Parameters: {', '.join(query.parameters) or 'none'}.",
            )
        if not parameter.is_list and len(given) > 1:
            raise BindingError(f"{name} is given {len(given)} times", where=query.name, remedy="It takes one value.")
        read = [_read(parameter, text, query.name) for text in given]
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
        examples = {
            "date": "2011-01-31",
            "timestamp": "2011-01-31T12:00:00+00:00",
            "int": "42",
            "decimal": "12.50",
            "bool": "true",
        }
        raise BindingError(
            f"{parameter.name} is {text!r}, which is no {parameter.type}",
            where=query,
            remedy=f"Write it like {examples[parameter.type]}.",
        ) from error
    return text


def _write(result: Result, form: str) -> None:
    if form == "json":
        import msgspec

        encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain)
        sys.stdout.write(encoder.encode({"rows": result.rows(), "statistics": _statistics(result)}).decode() + "\n")
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.table.column_names)
        writer.writerows([_text(value) for value in row.values()] for row in result.rows())
    else:
        _table(result)


def _plain(value: object) -> object:
    raise TypeError(f"No JSON form for {type(value).__name__}")


def _statistics(result: Result) -> dict[str, Any]:
    statistics = result.statistics
    return {
        "query": result.query,
        "engine": statistics.engine,
        "elapsed_seconds": round(statistics.elapsed_seconds, 6),
        "bytes_scanned": statistics.bytes_scanned,
        "dollars": statistics.dollars,
        "cached": statistics.cached,
        "query_id": statistics.query_id,
        "data_as_of": statistics.data_as_of,
        "rows": result.table.num_rows,
        "sql": result.sql,
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _table(result: Result) -> None:
    """Columns side by side, numbers to the right."""
    rows = result.rows()
    names = result.table.column_names
    shown = [[_text(row[name]) for name in names] for row in rows[:TABLE_ROWS]]
    numeric = [
        all(isinstance(row[name], int | float | Decimal) or row[name] is None for row in rows) and bool(rows)
        for name in names
    ]
    widths = [max([len(name), *(len(line[place]) for line in shown)]) for place, name in enumerate(names)]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        ).rstrip()

    print(line(names))
    print(line(["-" * width for width in widths]))
    for cells in shown:
        print(line(cells))
    if len(rows) > TABLE_ROWS:
        print(f"… {len(rows) - TABLE_ROWS:,} more rows; --format csv gives all")
    statistics = result.statistics
    as_of = statistics.data_as_of.isoformat(timespec="seconds") if statistics.data_as_of else "no data"
    counted = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"
    print(
        f"{counted} · {statistics.engine} · {statistics.elapsed_seconds * 1000:.0f} ms · data as of {as_of}",
        file=sys.stderr,
    )


def _queries(_: argparse.Namespace) -> int:
    from catalogue.queries import load

    for query in load():
        parameters = ", ".join(
            f"{each.name} {each.type}{'*' if each.is_list else ''}" for each in query.parameters.values()
        )
        print(f"{query.name:<36} {query.title}\n{'':<36} {query.grain} · {parameters or 'no parameters'}")
    return 0


def _definitions(_: argparse.Namespace) -> int:
    from console.definitions.answer import as_markdown

    sys.stdout.write(as_markdown())
    return 0


_COMMANDS = {
    "query": _query,
    "queries": _queries,
    "definitions": _definitions,
    "anomalies": budgets.anomalies,
    "budgets": budgets.budgets,
    "forecast": budgets.forecast,
    "own-cost": own_cost.run,
    "prices": prices.run,
    "scan-cost": scan_cost.run,
    "savings": savings.run,
    "spend": spend.run,
    "tiers": tiers.run,
    "unit-costs": unit_costs.run,
    "permissions": permissions.run,
}


if __name__ == "__main__":
    sys.exit(main())
