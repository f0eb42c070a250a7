"""One raw object of a bucket, as bytes: the ids that it names, and the object without a person (pure).

A line is an event or a refused record by its area, and in the stream's files by its first field, as curation judges it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from types import MappingProxyType

import msgspec

from pipeline.contract.rejections import ERASED, Rejection, quarantine_line
from pipeline.curate import raw
from pipeline.curate.spark.lines import packing, unpacked_content
from pipeline.curate.spark.undelivered import lines_of_undelivered
from pipeline.erasure import packed
from pipeline.erasure.identity import Person
from pipeline.erasure.lines import ERASED_TEXT, Eraser, EventIds, event_ids
from pipeline.erasure.raw import with_changed
from pipeline.lake import RAW_ERRORS, RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM
from pipeline.streams import Kind
from pipeline.streams.kinesis import kind_of

_WITH_REFUSED = frozenset({RAW_STREAM, RAW_QUARANTINE})  # whose lines may be refused records
_FAILURE = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SAID = ("errorMessage", "lastErrorMessage")  # texts that may quote a record


def ids(area: str, name: str, content: bytes, person: Person | None = None) -> Iterator[EventIds]:
    """The ids of all events, or of those that may name the person."""
    if name.endswith(packed.SUFFIX):
        if area != RAW_QUARANTINE:
            yield from packed.ids(BytesIO(content), person)
        return
    for line in lines_of(name, content):
        # an escaped character may hide an id from a look at the bytes
        may_name = person is None or b"\\" in line or person.may_be_in(line)
        if may_name and area != RAW_ERRORS and not _is_refused(area, line):
            found = event_ids(line)
            if found is not None:
                yield found


def count(area: str, name: str, content: bytes) -> int:
    """How many records curation counts in an object."""
    if name.endswith(packed.SUFFIX):
        import pyarrow.parquet as pq

        return int(pq.read_metadata(BytesIO(content)).num_rows)
    if area != RAW_ERRORS:
        return sum(1 for _ in lines_of(name, content))
    return sum(1 for line in lines_of(name, content) for _ in lines_of_undelivered(line, name))


def without(
    area: str, name: str, content: bytes, eraser: Eraser, unreadable: Mapping[int, datetime] = MappingProxyType({})
) -> tuple[bytes, int]:
    """The object without the person, and how many of its records changed; nothing else in it does.

    Parameters
    ----------
    unreadable : numbers of lines that curation could not read, and when the object came in that it dates them by. In an
        object that changes they become refused records of that time; one of `RAW_EVENTS` can have no such records

    Raises
    ------
    UNPACKING_ERRORS
        It breaks off.
    """
    if name.endswith(packed.SUFFIX):
        if area == RAW_QUARANTINE:
            rows, changed_rows = packed.erased_refusals(BytesIO(content), eraser)
        else:
            rows, places = packed.erased(BytesIO(content), eraser)
            changed_rows = len(places)
        if not changed_rows:
            return content, 0
        target = BytesIO()
        packed.write(rows, target)
        return target.getvalue(), changed_rows
    lines = list(unpacked_content(content, name))
    written = ((place, without_line(area, line.strip(), eraser)) for place, line in enumerate(lines))
    changed = {place: line for place, line in written if line is not None}
    if not changed:
        return content, 0
    dated = {
        number - 1: _refused_then(area, f"{name}:{number}", lines[number - 1], changed.get(number - 1), at)
        for number, at in unreadable.items()
        if area in _WITH_REFUSED
    }
    return with_changed(lines, changed | dated, packing(content, name)), len(changed)


def _refused_then(area: str, origin: str, line: bytes, changed: bytes | None, at: datetime) -> bytes:
    """A line that cannot be read as the refused record that curation made of it."""
    kind = raw.REFUSED if _is_refused(area, line.strip()) else raw.EVENTS
    record = line.strip() if changed is None else changed
    why = Rejection(raw.UNREADABLE, kind.unreadable)
    return quarantine_line(record, why, origin=origin, received_at=at, source=raw.SOURCE)


def without_line(area: str, line: bytes, eraser: Eraser) -> bytes | None:
    """A line without the person; None where it does not name one."""
    if not line:
        return None
    if area == RAW_ERRORS:
        return _undelivered(line, eraser)
    return _record(area, line, eraser)


def lines_of(name: str, content: bytes) -> Iterator[bytes]:
    """The lines of an object that are not blank; raises as `without`."""
    return (kept for line in unpacked_content(content, name) if (kept := line.strip()))


def _is_refused(area: str, line: bytes) -> bool:
    return area == RAW_QUARANTINE or (area != RAW_EVENTS and kind_of(line) is Kind.REFUSED)


def _record(area: str, line: bytes, eraser: Eraser) -> bytes | None:
    return eraser.refused(line) if _is_refused(area, line) else eraser.event(line)


def _undelivered(line: bytes, eraser: Eraser) -> bytes | None:
    """What the delivery stream could not deliver, without the person: a record of the quarantine loses its bytes."""
    try:
        fields = _FAILURE.decode(line)
        parts = base64.b64decode(msgspec.json.decode(fields["rawData"]), validate=True).split(b"\n")
        said = {name: str(msgspec.json.decode(fields[name])) for name in _SAID if name in fields}
    except (msgspec.MsgspecError, binascii.Error, KeyError, TypeError, ValueError):
        return _record(RAW_ERRORS, line, eraser)
    quoting = [name for name, text in said.items() if eraser.person.is_named_in(text)]
    written = [_part(part.strip(b" \t\r"), eraser, is_quoted=bool(quoting)) for part in parts]
    if not quoting and all(part is None for part in written):
        return None
    record = b"\n".join(part if new is None else new for part, new in zip(parts, written, strict=True))
    changed = {"rawData": base64.b64encode(record).decode(), **dict.fromkeys(quoting, ERASED_TEXT)}
    return msgspec.json.encode(
        fields | {name: msgspec.Raw(msgspec.json.encode(text)) for name, text in changed.items()}
    )


def _part(record: bytes, eraser: Eraser, *, is_quoted: bool) -> bytes | None:
    if not record:
        return None
    if kind_of(record) is Kind.REFUSED:
        return eraser.refused(record)
    return ERASED if is_quoted or eraser.person.is_named_in(record) else None
