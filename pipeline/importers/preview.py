"""The first rows of a file as the events that they would be; writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from pipeline.importers.checking import EventIds, RowChecker
from pipeline.importers.core import BATCH_ROWS, begin_file, digest_of, import_rules
from pipeline.importers.importer import Importer
from pipeline.importers.opening import open_table
from pipeline.importers.sources import Source
from pipeline.lake import LakeSettings

ROWS_CHECKED = 10_000  # a fraction of a second, and enough to see what a mapping gets wrong
ROWS_SHOWN = 10
_REFUSALS_SHOWN = 3  # of each reason
_CELL = 28  # characters
_OF_EVERY_IMPORT = ("received_at", "source", "namespace", "public")


@dataclass(frozen=True)
class Preview:
    """What the first rows of a file would become: ``received = accepted + duplicates + quarantined``.

    Attributes
    ----------
    complete : whether the file has no further rows
    shown : line of the file → field → value of an event, for the first accepted rows; a row may be two events
    unseen : keys of the mapping that no line of JSON has had so far
    reasons : reason code → rows
    refusals : reason code → ``origin: detail`` of the first rows
    """

    file: str
    received: int
    accepted: int
    duplicates: int
    quarantined: int
    complete: bool
    shown: Sequence[tuple[int, Mapping[str, str]]]
    unseen: Sequence[str]
    reasons: Mapping[str, int]
    refusals: Mapping[str, Sequence[str]]


def preview(importer: Importer, source: Source, settings: LakeSettings, *, now: datetime | None = None) -> Preview:
    """Read and check the first `ROWS_CHECKED` rows of a file, under the settings of the lake it is meant for.

    Raises
    ------
    ImportFailed
        The file cannot be read so far, or lacks columns.
    """
    checker = RowChecker(importer, import_rules(settings, now or datetime.now(UTC)))
    known_ids = EventIds()
    received = duplicates = events_shown = 0
    complete = True
    shown: list[tuple[int, Mapping[str, str]]] = []
    reasons: Counter[str] = Counter()
    refusals: dict[str, list[str]] = {}
    with source.named(), open_table(source.path, importer.layout) as table:
        begin_file(checker, table.header, importer, source, digest_of(source))
        for batch in table.batches(BATCH_ROWS):
            if received >= ROWS_CHECKED:
                complete = False
                break
            rows = batch.rows[: ROWS_CHECKED - received]
            complete = len(rows) == len(batch.rows)
            received += len(rows)
            for place, row in enumerate(rows):
                checked = checker.check([row])
                duplicates += known_ids.known(checked.ids)
                for _, refusal in checked.refusals:
                    reasons[refusal.reason] += 1
                    first = refusals.setdefault(refusal.reason, [])
                    if len(first) < _REFUSALS_SHOWN:
                        first.append(f"{source.name}:{batch.line(place)}: {refusal.detail}")
                if checked.events and events_shown < ROWS_SHOWN:
                    events_shown += 1
                    shown += [
                        (batch.line(place), _flat(msgspec.json.decode(line))) for line in checked.lines.splitlines()
                    ]
            if not complete:
                break
        unseen = sorted(table.unseen) if received else []
    quarantined = reasons.total()
    return Preview(
        file=str(source.name),
        received=received,
        accepted=received - duplicates - quarantined,
        duplicates=duplicates,
        quarantined=quarantined,
        complete=complete,
        shown=shown,
        unseen=unseen,
        reasons=dict(reasons.most_common()),
        refusals=refusals,
    )


def as_text(preview: Preview) -> str:
    """The preview for a terminal: what all shown events have in common, a table of the rest, and the refusals."""
    which = f"all {preview.received:,} rows" if preview.complete else f"the first {preview.received:,} rows"
    lines = [
        f"{preview.file}: {which} = {preview.accepted:,} accepted + {preview.duplicates:,} duplicates"
        f" + {preview.quarantined:,} quarantined; nothing was imported"
    ]
    if preview.unseen:
        lines += ["", f"no line so far has {', '.join(preview.unseen)}; an import fails where none has"]
    if preview.shown:
        lines += ["", *_table(preview.shown)]
    for reason, rows in preview.reasons.items():
        lines += ["", f"would be quarantined, {reason}: {rows:,}"]
        lines += [f"  {refusal}" for refusal in preview.refusals[reason]]
    return "\n".join(lines) + "\n"


def _table(shown: Sequence[tuple[int, Mapping[str, str]]]) -> list[str]:
    names = list(dict.fromkeys(name for _, event in shown for name in event))
    common = [name for name in names if len(shown) > 1 and len({event.get(name) for _, event in shown}) == 1]
    lines = []
    if common:
        lines += ["in every event: " + ", ".join(f"{name} {shown[0][1][name]}" for name in common), ""]
    names = [name for name in names if name not in common]
    cells = [["line", *names]]
    cells += [[str(line), *(_cell(event.get(name, "")) for name in names)] for line, event in shown]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names) + 1)]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return lines


def _cell(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _CELL else flat[: _CELL - 1] + "…"


def _flat(event: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Field → value of an event, those of objects as ``product.name``."""
    found: dict[str, str] = {}
    for name, value in event.items():
        if isinstance(value, dict):
            found.update(_flat(value, f"{prefix}{name}."))
        elif prefix or name not in _OF_EVERY_IMPORT:
            found[prefix + name] = str(value)
    return found
