"""What does a number mean? Every definition stands in the SQL file that computes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.catalogue import Catalogue, load
from console.tables import TABLES


@dataclass(frozen=True)
class Definition:
    """One question of the catalogue that defines words: its title, its text, its grain, its tables and its SQL."""

    query: str
    title: str
    text: str
    grain: str
    tables: Sequence[str]
    sql: str


def definitions(catalogue: Catalogue | None = None) -> list[Definition]:
    """Every defined metric, by title."""
    found = [
        Definition(query.name, query.title, query.note, query.grain, sorted(query.tables), query.text)
        for query in (catalogue or load())
        if query.note
    ]
    return sorted(found, key=lambda each: each.title)


def as_markdown(catalogue: Catalogue | None = None) -> str:
    """The definitions and the tables as one Markdown page: `docs/metrics.md`."""
    lines = [
        "# What the numbers mean",
        "",
        "Made from the headers of `queries/` by `make docs`; change it there.",
        "",
        "## Metrics",
        "",
    ]
    for each in definitions(catalogue):
        lines += [f"### {each.title}", "", each.text, "", f"`{each.query}`: {each.grain}, from {', '.join(each.tables)}.", ""]
    lines += ["## Tables", ""]
    for name, table in TABLES.items():
        split = f", a file per {table.partition}" if table.partition else ""
        lines += [f"### {name}", "", f"{table.grain[0].upper()}{table.grain[1:]}{split}.", "", "| column | type |", "|---|---|"]
        lines += [f"| {column} | {kind} |" for column, kind in table.columns.items()]
        lines.append("")
    return "\n".join(lines)


def matching(every: Sequence[Definition], words: str) -> list[Definition]:
    """The definitions that mention every one of the words, in title, text or SQL name; all where nothing is asked."""
    asked = words.lower().split()
    return [
        each
        for each in every
        if all(word in f"{each.title} {each.text} {each.query} {' '.join(each.tables)}".lower() for word in asked)
    ]
