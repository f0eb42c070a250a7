"""Every question the console can ask: `queries/**/*.sql`, read once and checked.

A query file starts with a header that says what it answers::

    -- title:   Net revenue by day
    -- grain:   one row per order_date
    -- source:  warehouse
    -- term:    Net revenue = gross revenue − refunds.
    -- param:   start_date date  First day, included
    -- param:   channels   str*  Channels; empty for all

Types of parameters: ``date timestamp str int decimal bool``, with ``*`` for a list or ``?`` where null is allowed.
`term` defines a word, once in the whole catalogue; `note` says what else a reader should know; both go on in lines that
start with ``--`` and have no key. A list stands alone in ``x in (:name)``; an empty list means no restriction.

Loading refuses drift: a parameter that is declared and not used or used and not declared, a table or column that does
not exist, a grain that names no column of the result. The error names the file and the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlglot import exp, parse
from sqlglot.errors import OptimizeError, ParseError, TokenError
from sqlglot.optimizer.qualify import qualify

from catalogue.base_tables import base_tables
from catalogue.errors import CatalogueError
from catalogue.tables import CURATION_RELATIONS, TABLES, Columns

DIALECT = "trino"
QUERIES = Path(__file__).resolve().parent.parent / "queries"
TYPES = ("date", "timestamp", "str", "int", "decimal", "bool")
KEYS = ("title", "grain", "source", "term", "note", "param")
SOURCES = ("lake", "warehouse")
_WRITING = (exp.DML, exp.DDL, exp.Command, exp.Into)  # what no question may hold, not even inside a CTE
_CURATION = "curate"  # a folder of its own: written for the pipeline, against raw relations

_HEADER = re.compile(r"^--\s?(?P<key>[a-z]+):\s*(?P<text>.*)$")
_PARAMETER = re.compile(r"^(?P<name>[a-z][a-z0-9_]*)\s+(?P<type>[a-z]+)(?P<suffix>[*?]?)(?:\s+(?P<text>.*))?$")
_GRAIN_COLUMNS = re.compile(r"^one row per (?P<columns>[a-z0-9_]+(?:, [a-z0-9_]+)*)$")


@dataclass(frozen=True)
class Parameter:
    """One declared parameter: its type, whether it is a list, whether null is allowed, and what it means."""

    name: str
    type: str
    is_list: bool
    nullable: bool
    text: str


@dataclass(frozen=True, eq=False)
class Query:
    """One question: its header, its SQL text in Trino's dialect, and the parsed tree (shared: copy before changing)."""

    name: str
    title: str
    grain: str
    source: str
    note: str
    terms: Mapping[str, str]
    parameters: Mapping[str, Parameter]
    tables: frozenset[str]
    columns: tuple[str, ...]
    text: str
    tree: exp.Query


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All queries by name, such as ``sales/net_revenue_by_day``."""

    queries: Mapping[str, Query]

    def __getitem__(self, name: str) -> Query:
        try:
            return self.queries[name]
        except KeyError:
            close = _closest(name, self.queries)
            raise CatalogueError(
                f"There is no query {name!r}",
                where="queries/",
                remedy=(f"Did you mean {close}? " if close else "") + "`python -m console queries` lists them.",
            ) from None

    def __iter__(self) -> Iterator[Query]:
        return iter(self.queries.values())


@lru_cache(maxsize=8)
def load(folder: Path = QUERIES) -> Catalogue:
    """Read and check every query below `folder`, the curation's own excepted.

    Raises
    ------
    CatalogueError
        A file drifted; names the file, the line and the remedy.
    """
    schema = {name: table.columns for name, table in TABLES.items()}
    paths = sorted(path for path in folder.rglob("*.sql") if path.relative_to(folder).parts[0] != _CURATION)
    queries = {query.name: query for query in (_Reader(folder, path, schema).query() for path in paths)}
    _check_terms(folder, queries)
    return Catalogue(queries)


@lru_cache(maxsize=8)
def load_curation(folder: Path = QUERIES / _CURATION) -> Mapping[str, Query]:
    """Read and check the queries that make the curated tables, by table name.

    Raises
    ------
    CatalogueError
        A file drifted; names the file, the line and the remedy.
    """
    queries = {path.stem: _Reader(folder, path, CURATION_RELATIONS).query() for path in sorted(folder.glob("*.sql"))}
    for name, query in queries.items():
        if query.columns != tuple(TABLES[name].columns):
            raise CatalogueError(
                f"The columns made for {name} are not the table's",
                where=f"{folder.name}/{name}.sql",
                remedy=f"Select exactly: {', '.join(TABLES[name].columns)}.",
            )
    return queries


class _Reader:
    """Reads one file; every complaint knows its line."""

    def __init__(self, folder: Path, path: Path, schema: Mapping[str, Columns]) -> None:
        self.schema = schema
        self.name = path.relative_to(folder).with_suffix("").as_posix()
        self.shown = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        content = path.read_bytes()
        try:
            self.text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise self.drift("The file is not UTF-8", line, "Save it as UTF-8.") from error
        self.lines = self.text.splitlines()

    def drift(self, what: str, line: int, remedy: str) -> CatalogueError:
        return CatalogueError(what, where=f"{self.shown}:{line}", remedy=remedy)

    def query(self) -> Query:
        header, terms, parameters = self._header()
        tree = self._tree()
        self._check_parameters(tree, parameters)
        tables = self._check_tables(tree)
        columns = self._check_columns(tree)
        grain, grain_line = header["grain"]
        self._check_grain(grain, grain_line, columns)
        return Query(
            name=self.name,
            title=header["title"][0],
            grain=grain,
            source=header["source"][0],
            note=header.get("note", ("", 0))[0],
            terms=terms,
            parameters={name: parameter for name, (parameter, _) in parameters.items()},
            tables=tables,
            columns=columns,
            text=self.text,
            tree=tree,
        )

    def _header(self) -> tuple[dict[str, tuple[str, int]], dict[str, str], dict[str, tuple[Parameter, int]]]:
        values: dict[str, tuple[str, int]] = {}
        terms: dict[str, str] = {}
        parameters: dict[str, tuple[Parameter, int]] = {}
        for key, text, number in self._entries():
            if key == "param":
                parameter = self._parameter(text, number)
                if parameter.name in parameters:
                    raise self.drift(f"Parameter {parameter.name} is declared twice", number, "Remove one.")
                parameters[parameter.name] = (parameter, number)
            elif key == "term":
                term, equals, meaning = (part.strip() for part in text.partition("="))
                if not (term and equals and meaning):
                    raise self.drift(
                        "A term reads `Word = meaning`", number, "For example: AOV = net revenue ÷ orders."
                    )
                terms[term] = meaning
            elif key in values:
                raise self.drift(f"The header says {key} twice", number, "Remove one.")
            else:
                values[key] = (text, number)
        for key in ("title", "grain", "source"):
            if not values.get(key, ("", 0))[0]:
                raise self.drift(f"The header has no {key}", 1, f"Add a line `-- {key}: …`.")
        source, line_number = values["source"]
        if source not in SOURCES:
            raise self.drift(f"Unknown source {source!r}", line_number, f"Use one of {', '.join(SOURCES)}.")
        return values, terms, parameters

    def _entries(self) -> list[tuple[str, str, int]]:
        """The header as (key, text, line); a line without a key goes on with the one above."""
        entries: list[tuple[str, str, int]] = []
        for number, line in enumerate(self.lines, start=1):
            if not line.startswith("--"):
                break
            match = _HEADER.match(line)
            if match is None:
                if not entries or entries[-1][0] not in ("note", "term"):
                    raise self.drift("A header line reads `-- key: text`", number, f"Keys: {', '.join(KEYS)}.")
                key, text, first = entries[-1]
                entries[-1] = (key, f"{text} {line.removeprefix('--').strip()}", first)
            elif match["key"] not in KEYS:
                raise self.drift(f"Unknown header key {match['key']!r}", number, f"Keys: {', '.join(KEYS)}.")
            else:
                entries.append((match["key"], match["text"].strip(), number))
        return entries

    def _parameter(self, text: str, number: int) -> Parameter:
        match = _PARAMETER.match(text)
        if match is None:
            raise self.drift(
                "A parameter reads `name type description`", number, "For example: start_date date First day, included."
            )
        if match["type"] not in TYPES:
            raise self.drift(
                f"Unknown type {match['type']!r}",
                number,
                f"Types: {', '.join(TYPES)}, with * for a list or ? for nullable.",
            )
        return Parameter(
            match["name"], match["type"], match["suffix"] == "*", match["suffix"] == "?", (match["text"] or "").strip()
        )

    def _tree(self) -> exp.Query:
        try:
            statements = [statement for statement in parse(self.text, read=DIALECT) if statement is not None]
        except (ParseError, TokenError) as error:
            details: dict[str, Any] = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
            reason = str(details.get("description") or error).splitlines()[0]
            raise self.drift(
                f"The SQL cannot be parsed: {reason}",
                int(details.get("line") or self._first_line()),
                "Write it in Trino's dialect.",
            ) from error
        if len(statements) != 1 or not isinstance(statements[0], exp.Query) or statements[0].find(*_WRITING):
            raise self.drift(
                "The file must hold exactly one query",
                self._first_line(),
                "Write a single select, with CTEs where needed.",
            )
        return statements[0]

    def _first_line(self) -> int:
        """The line where the SQL starts, below the header."""
        return next((number for number, line in enumerate(self.lines, start=1) if not line.startswith("--")), 1)

    def _line_of(self, name: str) -> int:
        """The line of the SQL (not the header) where a name first stands."""
        pattern = re.compile(rf"\b{re.escape(name)}\b")
        for number, line in enumerate(self.lines, start=1):
            if not line.startswith("--") and pattern.search(line):
                return number
        return 1

    def _check_parameters(self, tree: exp.Query, parameters: Mapping[str, tuple[Parameter, int]]) -> None:
        used: set[str] = set()
        for placeholder in tree.find_all(exp.Placeholder, exp.Parameter):
            name = placeholder.name
            if name not in parameters or not isinstance(placeholder, exp.Placeholder):
                raise self.drift(
                    f"Parameter :{name} is used and not declared",
                    self._line_of(name),
                    f"Add `-- param: {name} type description` to the header.",
                )
            used.add(name)
            parameter = parameters[name][0]
            if parameter.is_list and not _alone_in_list(placeholder):
                raise self.drift(
                    f"List :{name} must stand alone in `x in (:{name})`",
                    self._line_of(name),
                    "Write it so, without `not` before it.",
                )
            if (
                not parameter.is_list
                and isinstance(placeholder.parent, exp.In)
                and placeholder is not placeholder.parent.this
            ):
                raise self.drift(
                    f"Parameter :{name} stands in a list and is declared as a single value",
                    parameters[name][1],
                    f"Declare it as {parameter.type}*.",
                )
        for name, (_, number) in parameters.items():
            if name not in used:
                raise self.drift(
                    f"Parameter {name} is declared and not used", number, "Use it in the SQL or remove the line."
                )

    def _check_tables(self, tree: exp.Query) -> frozenset[str]:
        for cte in (cte for each in tree.find_all(exp.With) if each.recursive for cte in each.expressions):
            if cte.alias.lower() in self.schema:
                raise self.drift(
                    f"A recursive CTE has the name of the table {cte.alias}", self._line_of(cte.alias), "Rename it."
                )
        found = set()
        for table in base_tables(tree):
            if table.db or table.catalog or table.name not in self.schema:
                raise self.drift(
                    f"There is no curated table {table.sql(dialect=DIALECT)}",
                    self._line_of(table.name),
                    f"Tables: {', '.join(self.schema)}.",
                )
            found.add(table.name)
        if not found:
            raise self.drift("The query reads no table", 1, "Every question stands on a curated table.")
        return frozenset(found)

    def _check_columns(self, tree: exp.Query) -> tuple[str, ...]:
        schema: dict[str, object] = {name: dict(columns) for name, columns in self.schema.items()}
        try:
            qualified = qualify(
                tree.copy(), schema=schema, dialect=DIALECT, validate_qualify_columns=True, identify=False
            )
        except OptimizeError as error:
            reason = str(error).splitlines()[0]
            words = re.findall(r"[a-z_][a-z0-9_]*", reason.partition("'")[2] or reason)
            raise self.drift(
                f"The SQL does not fit the tables: {reason}",
                self._line_of(words[0]) if words else 1,
                "Columns are listed in catalogue/tables.py.",
            ) from error
        return tuple(qualified.named_selects)

    def _check_grain(self, grain: str, line: int, columns: tuple[str, ...]) -> None:
        if grain == "one row":
            return
        match = _GRAIN_COLUMNS.match(grain)
        if match is None:
            raise self.drift(
                "The grain reads `one row` or `one row per column, column`",
                line,
                f"Columns of the result: {', '.join(columns)}.",
            )
        for column in match["columns"].split(", "):
            if column not in columns:
                raise self.drift(
                    f"The grain names {column}, which is no column of the result",
                    line,
                    f"Columns of the result: {', '.join(columns)}.",
                )


def _check_terms(folder: Path, queries: Mapping[str, Query]) -> None:
    """A word has one definition in the whole catalogue."""
    defined: dict[str, str] = {}
    for query in queries.values():
        for term in query.terms:
            if term in defined:
                raise CatalogueError(
                    f"{term} is defined twice, here and in {defined[term]}",
                    where=f"{folder.name}/{query.name}.sql",
                    remedy="Keep one definition.",
                )
            defined[term] = query.name


def _alone_in_list(placeholder: exp.Placeholder) -> bool:
    """Whether a list parameter is the only member of `x in (…)` that nothing negates."""
    parent = placeholder.parent
    if not isinstance(parent, exp.In) or parent.args.get("expressions") != [placeholder]:
        return False
    outer = parent.parent
    while outer is not None and not isinstance(outer, exp.Query | exp.Not):
        outer = outer.parent
    return not isinstance(outer, exp.Not)


def _closest(name: str, names: Mapping[str, object]) -> str | None:
    from difflib import get_close_matches

    found = get_close_matches(name, list(names), n=1, cutoff=0.4)
    return found[0] if found else None
