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
start with ``--`` and have no key. A list is the only member of ``x in (:name)``; an empty list means no restriction.

A file may answer several questions that differ by a column or a table. Each has a line that names it and says which
identifiers of the SQL, the title and the grain become which; a title of its own follows a colon::

    -- question: by_channel where dimension = channel
    -- question: by_device where dimension = device, daily_sales = daily_device_sales: Net revenue by kind of device

`queries/relations/*.sql` are no questions: they are selects with parameters that several questions read by name, as
they would a table. Their header needs a title alone, and its `question` lines name relations. A question that reads one
has its parameters too, and may use them itself.

Loading refuses drift: a parameter that is declared and not used or used and not declared, a table or column that does
not exist, a grain that names no column of the result. The error names the file and the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources.abc import Traversable

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify

from catalogue.base_tables import base_tables, replace_table
from catalogue.errors import CatalogueError
from catalogue.project_files import resource
from catalogue.query_file import DIALECT, DeclaredQuestion, Parameter, QueryFile, sql_files
from catalogue.tables import CURATION_RELATIONS, TABLES, UNIT_RELATIONS, Columns

QUERIES = resource("queries")
_CURATION = "curate"  # a folder of its own: written for the pipeline, against raw relations
_UNITS = "units"  # below it: which rows new records can change
_RECOMMENDATION = "recommend"  # a folder of its own: what recommendations are learnt from
_RELATIONS = "relations"  # a folder of its own: what questions read as they would a table

_GRAIN_FORM = "The grain reads `one row` or `one row per column, column`"
_GRAIN_COLUMNS = re.compile(r"^one row per (?P<columns>[a-z0-9_]+(?:, [a-z0-9_]+)*)$")


@dataclass(frozen=True, eq=False)
class Query:
    """One question: its header, its SQL text in Trino's dialect, and the parsed tree (shared: copy before changing).

    `text` is the file as it is written, followed by the relations that it reads; `tree` holds them in place.
    """

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
            close = get_close_matches(name, self.queries, n=1, cutoff=0.4)
            raise CatalogueError(
                f"There is no query {name!r}",
                where="queries/",
                remedy=(f"Did you mean {close[0]}? " if close else "") + "`python -m console queries` lists them.",
            ) from None

    def __iter__(self) -> Iterator[Query]:
        return iter(self.queries.values())


@lru_cache(maxsize=8)
def load(folder: Traversable = QUERIES) -> Catalogue:
    """Read and check every query below `folder`, those excepted that the pipeline asks for itself.

    Raises
    ------
    CatalogueError
        A file drifted; names the file, the line and the remedy. Or there are no files.
    """
    schema = {name: table.columns for name, table in TABLES.items()}
    relations: dict[str, Query] = {}
    for place in _directly_in(folder / _RELATIONS):
        file = QueryFile(folder, f"{_RELATIONS}/{place}")
        _add(relations, file, schema, {}, needs=("title",))
        for _, line in file.header.terms.values():
            raise file.drift("A relation defines no words", line, "Define it in a question that reads the relation.")
    queries: dict[str, Query] = {}
    defined: dict[str, str] = {}
    for place in sql_files(folder):
        if place.partition("/")[0] not in (_CURATION, _RECOMMENDATION, _RELATIONS):
            file = QueryFile(folder, place)
            _add(queries, file, schema, relations)
            for term, (_, line) in file.header.terms.items():
                if term in defined:  # a word has one definition in the whole catalogue
                    raise file.drift(
                        f"{term} is defined twice, here and in {defined[term]}", line, "Keep one definition."
                    )
                defined[term] = file.name
    return Catalogue(_any(queries, folder))


@lru_cache(maxsize=8)
def load_curation(folder: Traversable = QUERIES / _CURATION) -> Mapping[str, Query]:
    """Read and check the queries that make the curated tables, by table name; raises as `load`."""
    queries: dict[str, Query] = {}
    for place in _directly_in(folder):
        _add(queries, QueryFile(folder, place), CURATION_RELATIONS, {})
    for name, query in _any(queries, folder).items():
        if query.columns != tuple(TABLES[name].columns):
            raise CatalogueError(
                f"The columns made for {name} are not the table's",
                where=f"{folder.name}/{name}.sql",
                remedy=f"Select exactly: {', '.join(TABLES[name].columns)}.",
            )
    return _any(queries, folder)


@lru_cache(maxsize=8)
def load_recommendation(folder: Traversable = QUERIES / _RECOMMENDATION) -> Mapping[str, Query]:
    """Read and check the queries that recommendations are learnt from, by name; raises as `load`."""
    queries: dict[str, Query] = {}
    schema = {name: table.columns for name, table in TABLES.items()}
    for place in _directly_in(folder):
        _add(queries, QueryFile(folder, place), schema, {})
    return _any(queries, folder)


@lru_cache(maxsize=8)
def load_units(folder: Traversable = QUERIES / _CURATION / _UNITS) -> Mapping[str, Query]:
    """Read and check the queries that name what new records can change, by relation; raises as `load`."""
    queries: dict[str, Query] = {}
    for place in _directly_in(folder):
        _add(queries, QueryFile(folder, place), UNIT_RELATIONS, {})
    return _any(queries, folder)


def _directly_in(folder: Traversable) -> list[str]:
    """The query files of a folder without those of folders in it."""
    return [place for place in sql_files(folder) if "/" not in place]


def _any(queries: Mapping[str, Query], folder: Traversable) -> Mapping[str, Query]:
    """The queries, sorted by name; raises CatalogueError where there are none: then the files were not shipped."""
    if not queries:
        raise CatalogueError(
            "There are no query files",
            where=str(folder),
            remedy="Run from a checkout, or take the wheel that `make wheel` builds: it has them, unpacked or not.",
        )
    return dict(sorted(queries.items()))


def _add(
    queries: dict[str, Query],
    file: QueryFile,
    schema: Mapping[str, Columns],
    relations: Mapping[str, Query],
    *,
    needs: Sequence[str] = ("title", "grain", "source"),
) -> None:
    """Add every question of a file to those that are known; its header must have the keys of `needs`."""
    file.require(*needs)
    for question in file.header.questions:
        if question.name in queries:
            raise file.drift(f"There are two questions {question.name}", question.line, "Rename one of them.")
        queries[question.name] = _Check(file, question, schema).query(relations)


class _Check:
    """Makes one question of a file, and refuses what does not fit the tables."""

    def __init__(self, file: QueryFile, question: DeclaredQuestion, schema: Mapping[str, Columns]) -> None:
        self.file = file
        self.question = question
        self.schema = schema
        self._written = {after: before for before, after in question.renames.items()}  # as the file calls them

    def query(self, relations: Mapping[str, Query]) -> Query:
        """The question, or relation, with the relations that it reads in place."""
        file, header, question = self.file, self.file.header, self.question
        tree = file.tree_of(question)
        read = self._inline(tree, relations)
        parameters = {name: parameter for name, (parameter, _) in header.parameters.items()}
        for relation in read:
            parameters |= relation.parameters
        self._check_parameters(tree, parameters)
        tables = self._check_tables(tree)
        columns = self._check_columns(tree)
        grain = self._check_grain(columns)
        terms = {term: meaning for term, (meaning, _) in header.terms.items()}
        return Query(
            name=question.name,
            title=question.title or question.renamed(header.text("title")),
            grain=grain,
            source=header.text("source"),
            note=header.text("note"),
            terms=terms if question is header.questions[0] else {},
            parameters=parameters,
            tables=tables,
            columns=columns,
            text="\n".join([file.text, *(relation.text for relation in read)]),
            tree=tree,
        )

    def _line_of(self, name: str) -> int:
        """The line of the SQL where a name is first written, before it was renamed."""
        return self.file.line_of(self._written.get(name, name))

    def _inline(self, tree: exp.Query, relations: Mapping[str, Query]) -> list[Query]:
        """Put the relations that a query names in their places; returns those it names."""
        read: dict[str, Query] = {}
        for table in list(base_tables(tree)):
            relation = relations.get(f"{_RELATIONS}/{table.name}")
            if relation is not None and not (table.db or table.catalog):
                replace_table(table, relation.tree)
                read[table.name] = relation
        for relation in read.values():
            for name in sorted(relation.tables.intersection(cte.alias for cte in tree.find_all(exp.CTE))):
                raise self.file.drift(
                    f"A CTE has the name of the table {name}, which {relation.name} reads",
                    self._line_of(name),
                    "Rename the CTE.",
                )
            for name in sorted(set(relation.parameters).intersection(self.file.header.parameters)):
                raise self.file.drift(
                    f"Parameter {name} is declared here and in {relation.name}",
                    self.file.header.parameters[name][1],
                    "Remove the line.",
                )
        return list(read.values())

    def _check_parameters(self, tree: exp.Query, parameters: Mapping[str, Parameter]) -> None:
        declared = self.file.header.parameters
        used: set[str] = set()
        for placeholder in tree.find_all(exp.Placeholder, exp.Parameter):
            name, place = placeholder.name, placeholder.parent
            if name not in parameters or not isinstance(placeholder, exp.Placeholder):
                raise self.file.drift(
                    f"Parameter :{name} is used and not declared",
                    self._line_of(name),
                    f"Add `-- param: {name} type description` to the header.",
                )
            used.add(name)
            parameter = parameters[name]
            if parameter.is_list and not _alone_in_list(placeholder):
                raise self.file.drift(
                    f"List :{name} must be the only member of `x in (:{name})`",
                    self._line_of(name),
                    "Write it so, without `not` before it.",
                )
            if not parameter.is_list and isinstance(place, exp.In) and placeholder is not place.this:
                raise self.file.drift(
                    f"Parameter :{name} is used as a list and declared as a single value",
                    declared[name][1] if name in declared else 1,
                    f"Declare it as {parameter.type}*.",
                )
        for name, (_, line) in declared.items():
            if name not in used:
                raise self.file.drift(
                    f"Parameter {name} is declared and not used", line, "Use it in the SQL or remove the line."
                )

    def _check_tables(self, tree: exp.Query) -> frozenset[str]:
        for cte in (cte for clause in tree.find_all(exp.With) if clause.recursive for cte in clause.expressions):
            if cte.alias.lower() in self.schema:
                raise self.file.drift(
                    f"A recursive CTE has the name of the table {cte.alias}", self._line_of(cte.alias), "Rename it."
                )
        found = set()
        for table in base_tables(tree):
            if table.db or table.catalog or table.name not in self.schema:
                raise self.file.drift(
                    f"There is no curated table {table.sql(dialect=DIALECT)}",
                    self._line_of(table.name),
                    f"Tables: {', '.join(self.schema)}.",
                )
            found.add(table.name)
        if not found:
            raise self.file.drift("The query reads no table", 1, "Every question reads a curated table.")
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
            raise self.file.drift(
                f"The SQL does not fit the tables: {reason}",
                self._line_of(words[0]) if words else 1,
                "Columns are listed in catalogue/tables/.",
            ) from error
        return tuple(qualified.named_selects)

    def _check_grain(self, columns: tuple[str, ...]) -> str:
        """The grain with the question's own identifiers; empty where the header has none, as a relation's may."""
        written, line = self.file.header.values.get("grain", ("", 1))
        grain = self.question.renamed(written)
        if grain in ("", "one row"):
            return grain
        match = _GRAIN_COLUMNS.match(grain)
        wrong = [column for column in match["columns"].split(", ") if column not in columns] if match else []
        if match and not wrong:
            return grain
        what = f"The grain names {wrong[0]}, which is no column of the result" if match else _GRAIN_FORM
        raise self.file.drift(what, line, f"Columns of the result: {', '.join(columns)}.")


def _alone_in_list(placeholder: exp.Placeholder) -> bool:
    """Whether a list parameter is the only member of `x in (…)` that nothing negates."""
    parent = placeholder.parent
    if not isinstance(parent, exp.In) or parent.args.get("expressions") != [placeholder]:
        return False
    outer = parent.parent
    while outer is not None and not isinstance(outer, exp.Query | exp.Not):
        outer = outer.parent
    return not isinstance(outer, exp.Not)
