"""What does a number mean? Every word is defined once, in the header of the SQL file that computes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalogue.queries import load
from catalogue.tables import TABLES


@dataclass(frozen=True)
class Definition:
    """One word: what it means, and the query that computes it with its grain, tables and SQL."""

    term: str
    meaning: str
    query: str
    grain: str
    tables: Sequence[str]
    sql: str


def definitions() -> list[Definition]:
    """Every word, in the order of the alphabet."""
    found = [
        Definition(term, meaning, query.name, query.grain, sorted(query.tables), query.text)
        for query in load()
        for term, meaning in query.terms.items()
    ]
    return sorted(found, key=lambda definition: definition.term.lower())


def matching(every: Sequence[Definition], words: str) -> list[Definition]:
    """The definitions that mention every one of the words; all where nothing is asked."""
    asked = words.lower().split()

    def text(definition: Definition) -> str:
        return f"{definition.term} {definition.meaning} {definition.query}".lower()

    return [definition for definition in every if all(word in text(definition) for word in asked)]


def as_markdown() -> str:
    """Definitions and tables as one Markdown page: `docs/metrics.md`."""
    lines = [
        "# What the numbers mean",
        "",
        "Made from the headers of `queries/` and from `catalogue/tables/` by `make docs`; change it there.",
        "",
        "| word | meaning | computed by |",
        "|---|---|---|",
    ]
    lines += [f"| {word.term} | {word.meaning} | `{word.query}` |" for word in definitions()]
    lines += ["", "## Tables", ""]
    for name, table in TABLES.items():
        split = f", split by {table.partition}" if table.partition else ""
        lines += [
            f"### {name}",
            "",
            f"{table.grain[0].upper()}{table.grain[1:]}{split}.",
            "",
            "| column | type |",
            "|---|---|",
        ]
        lines += [f"| {column} | {kind} |" for column, kind in table.columns.items()]
        lines.append("")
    return "\n".join(lines)
