"""One file of `queries/`: its header, its SQL as a syntax tree, and complaints that name the line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources.abc import Traversable
from typing import Any

from sqlglot import exp, parse
from sqlglot.errors import ParseError, TokenError

from catalogue.errors import CatalogueError

DIALECT = "trino"
TYPES = ("date", "timestamp", "str", "int", "decimal", "bool")
KEYS = ("title", "grain", "source", "question", "term", "note", "param")
SOURCES = ("lake", "warehouse")
_WRITING = (exp.DML, exp.DDL, exp.Command, exp.Into)  # what no question may hold, not even inside a CTE
_LONG = ("note", "question", "term")  # keys whose text may go on in the next lines

_LINE = re.compile(r"^--\s?(?P<key>[a-z]+):\s*(?P<text>.*)$")
_PARAMETER = re.compile(r"^(?P<name>[a-z][a-z0-9_]*)\s+(?P<type>[a-z]+)(?P<suffix>[*?]?)(?:\s+(?P<text>.*))?$")
_RENAME = r"[a-z][a-z0-9_]* = [a-z][a-z0-9_]*"
_QUESTION = re.compile(
    r"^(?P<name>[a-z][a-z0-9_]*(?:/[a-z0-9_]+)*)"
    rf"(?: where (?P<renames>{_RENAME}(?:, {_RENAME})*))?(?:: (?P<title>.+))?$"
)


@dataclass(frozen=True)
class Parameter:
    """One declared parameter: its type, whether it is a list, whether null is allowed, and what it means."""

    name: str
    type: str
    is_list: bool
    nullable: bool
    text: str


@dataclass(frozen=True)
class DeclaredQuestion:
    """One question that a file answers: its name, which identifiers become which, and its own title if any."""

    name: str
    renames: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    line: int = 1

    def renamed(self, text: str) -> str:
        """A line of the header with the identifiers of the question."""
        return re.sub(r"\w+", lambda word: self.renames.get(word[0], word[0]), text)


@dataclass(frozen=True)
class Header:
    """The header of a file: texts, meanings of terms and parameters, each with its line number."""

    values: Mapping[str, tuple[str, int]]
    terms: Mapping[str, tuple[str, int]]
    parameters: Mapping[str, tuple[Parameter, int]]
    questions: tuple[DeclaredQuestion, ...]

    def text(self, key: str) -> str:
        """What the header says under a key; empty where it has none."""
        return self.values.get(key, ("", 0))[0]


def sql_files(folder: Traversable) -> Iterator[str]:
    """The query files in a folder and below it, by their paths from there, sorted; none where there is no folder."""
    if not folder.is_dir():
        return
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield from (f"{item.name}/{place}" for place in sql_files(item))
        elif item.name.endswith(".sql"):
            yield item.name


class QueryFile:
    """One file as it is written: `place` is its path below `folder`.

    Raises
    ------
    CatalogueError
        The text, the header or the SQL cannot be read; names the file, the line and the remedy.
    """

    def __init__(self, folder: Traversable, place: str) -> None:
        self.name = place.removesuffix(".sql")
        self.shown = f"{folder.name}/{place}"
        content = (folder / place).read_bytes()
        try:
            self.text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise self.drift("The file is not UTF-8", line, "Save it as UTF-8.") from error
        self.lines = self.text.splitlines()

    def drift(self, what: str, line: int, remedy: str) -> CatalogueError:
        """The error that names a line of this file."""
        return CatalogueError(what, where=f"{self.shown}:{line}", remedy=remedy)

    def first_line(self) -> int:
        """The line where the SQL starts, below the header."""
        return next((number for number, line in enumerate(self.lines, start=1) if not line.startswith("--")), 1)

    def line_of(self, name: str) -> int:
        """The first line of the SQL (not the header) that has a name; 1 where none has it."""
        pattern = re.compile(rf"\b{re.escape(name)}\b")
        for number, line in enumerate(self.lines, start=1):
            if not line.startswith("--") and pattern.search(line):
                return number
        return 1

    @cached_property
    def header(self) -> Header:
        """The header; a file without a `question` line answers one, by its own name."""
        values: dict[str, tuple[str, int]] = {}
        terms: dict[str, tuple[str, int]] = {}
        parameters: dict[str, tuple[Parameter, int]] = {}
        questions: list[DeclaredQuestion] = []
        for key, text, number in self._entries():
            if key == "param":
                parameter = self._parameter(text, number)
                if parameter.name in parameters:
                    raise self.drift(f"Parameter {parameter.name} is declared twice", number, "Remove one.")
                parameters[parameter.name] = (parameter, number)
            elif key == "question":
                questions.append(self._question(text, number))
            elif key == "term":
                term, equals, meaning = (part.strip() for part in text.partition("="))
                if not (term and equals and meaning):
                    raise self.drift(
                        "A term reads `Word = meaning`", number, "For example: AOV = net revenue ÷ orders."
                    )
                if term in terms:
                    raise self.drift(f"{term} is defined twice", number, "Keep one definition.")
                terms[term] = (meaning, number)
            elif key in values:
                raise self.drift(f"The header says {key} twice", number, "Remove one.")
            else:
                values[key] = (text, number)
        return Header(values, terms, parameters, tuple(questions) or (DeclaredQuestion(self.name),))

    def require(self, *keys: str) -> None:
        """Refuse a header that leaves one of the keys out, or names a source that does not exist."""
        for key in keys:
            if not self.header.text(key):
                raise self.drift(f"The header has no {key}", 1, f"Add a line `-- {key}: …`.")
        source, line = self.header.values.get("source", (SOURCES[0], 0))
        if source not in SOURCES:
            raise self.drift(f"Unknown source {source!r}", line, f"Use one of {', '.join(SOURCES)}.")

    def _entries(self) -> list[tuple[str, str, int]]:
        """The header as (key, text, line); a line without a key goes on with the one above."""
        entries: list[tuple[str, str, int]] = []
        for number, line in enumerate(self.lines, start=1):
            if not line.startswith("--"):
                break
            match = _LINE.match(line)
            if match is None:
                if not entries or entries[-1][0] not in _LONG:
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

    def _question(self, text: str, number: int) -> DeclaredQuestion:
        match = _QUESTION.match(text)
        if match is None:
            raise self.drift(
                "A question reads `name where identifier = identifier, …: title`",
                number,
                "For example: by_region where dimension = region.",
            )
        pairs = [pair.partition(" = ")[::2] for pair in (match["renames"] or "").split(", ") if pair]
        renames = dict(pairs)
        if len(renames) < len(pairs):
            raise self.drift(f"Question {match['name']} renames one identifier twice", number, "Remove one.")
        parent, slash, _ = self.name.rpartition("/")
        return DeclaredQuestion(f"{parent}{slash}{match['name']}", renames, match["title"] or "", number)

    @cached_property
    def tree(self) -> exp.Query:
        """The SQL, parsed (shared: copy before changing)."""
        try:
            statements = [statement for statement in parse(self.text, read=DIALECT) if statement is not None]
        except (ParseError, TokenError) as error:
            details: dict[str, Any] = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
            reason = str(details.get("description") or error).splitlines()[0]
            raise self.drift(
                f"The SQL cannot be parsed: {reason}",
                int(details.get("line") or self.first_line()),
                "Write it in Trino's dialect.",
            ) from error
        if len(statements) != 1 or not isinstance(statements[0], exp.Query) or statements[0].find(*_WRITING):
            raise self.drift(
                "The file must hold exactly one query",
                self.first_line(),
                "Write a single select, with CTEs where needed.",
            )
        return statements[0]

    def tree_of(self, question: DeclaredQuestion) -> exp.Query:
        """The SQL of one question: identifiers renamed, in tables, columns and aliases alike."""
        tree = self.tree.copy()
        unused = set(question.renames)
        for identifier in list(tree.find_all(exp.Identifier)):
            if identifier.name in question.renames:
                unused.discard(identifier.name)
                identifier.set("this", question.renames[identifier.name])
        if unused:
            raise self.drift(
                f"Question {question.name} renames {min(unused)}, which is not in the SQL",
                question.line,
                "Use it in the SQL, or leave it out.",
            )
        return tree
