"""Rows under the contract: what each row of an import becomes."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from pipeline.contract import events
from pipeline.contract.rejections import Rejection
from pipeline.contract.shape import Rules
from pipeline.importers.importer import Importer, Translate

SOURCE = "import"
_GARBAGE_EVERY = 500_000  # new objects
DUPLICATES_WATCHED = 2_000_000  # event ids remembered for the report's own count; curation finds the others

_ROUNDED = b'"rounded":true'  # in an event that was rounded, or in one with an attribute of that name

Row = list[str] | Rejection


@contextmanager
def rare_garbage_collection() -> Iterator[None]:
    """Look for cycles of objects less often: rows hold none, and looking takes a fifth of the time of an import."""
    before = gc.get_threshold()
    gc.set_threshold(_GARBAGE_EVERY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Checked(NamedTuple):
    """What a batch of rows became.

    Attributes
    ----------
    lines : canonical events, each ended by a newline
    events : how many; more than the accepted rows where a row is two lines of an order
    ids : event id of each accepted row, that of the first event where it is two
    rounded : events with an amount or a quantity of more digits than the lake keeps
    refusals : position in the batch and reason of each refused row
    """

    lines: bytes
    events: int
    ids: list[str]
    rounded: int
    refusals: list[tuple[int, Rejection]]


class EventIds:
    """The event ids of an import so far."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def known(self, ids: Sequence[str]) -> int:
        """How many of `ids` came before; they are remembered."""
        seen = self._seen
        before = len(seen)
        if before + len(ids) <= DUPLICATES_WATCHED:
            seen.update(map(hash, ids))
            return len(ids) - (len(seen) - before)
        duplicates = 0
        for identity in map(hash, ids):
            if identity in seen:
                duplicates += 1
            elif len(seen) < DUPLICATES_WATCHED:
                seen.add(identity)
        return duplicates


class RowChecker:
    """Turns rows into canonical events, file after file."""

    def __init__(self, importer: Importer, rules: Rules) -> None:
        self._importer = importer
        self._rules = rules
        self._translate: Translate = _before_any_file

    def begin_file(self, header: Sequence[str], digest: str) -> None:
        """Name the columns of the rows that follow, and the file (hex SHA-256) that they come from."""
        self._translate = self._importer.translator(list(header), digest)

    def check(self, rows: Sequence[Row]) -> Checked:
        """Translate and check a batch. A row that is two events is accepted or refused as a whole."""
        translate, rules = self._translate, self._rules
        write = events.write
        lines: list[bytes] = []
        refusals: list[tuple[int, Rejection]] = []
        ids: list[str] = []
        for place, row in enumerate(rows):
            outcome = row if isinstance(row, Rejection) else translate(row)
            if isinstance(outcome, Rejection):
                refusals.append((place, outcome))
                continue
            if isinstance(outcome, dict):
                first = outcome
                line = write(outcome, rules, source=SOURCE)
                if isinstance(line, Rejection):
                    refusals.append((place, line))
                    continue
                lines.append(line)
            else:
                first = outcome[0]
                written = [write(fields, rules, source=SOURCE) for fields in outcome]
                refusal = next((line for line in written if isinstance(line, Rejection)), None)
                if refusal is not None:
                    refusals.append((place, refusal))
                    continue
                lines += [line for line in written if isinstance(line, bytes)]
            ids.append(first["event_id"])
        count = len(lines)
        lines.append(b"")
        text = b"\n".join(lines)
        rounded = text.count(_ROUNDED) and sum(events.decode(line).rounded for line in lines if _ROUNDED in line)
        return Checked(text, count, ids, rounded, refusals)


def _before_any_file(row: list[str]) -> Rejection:
    raise ValueError(f"begin_file comes before the rows, such as {row}")
