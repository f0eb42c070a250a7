"""A person's records in the raw zone: which they are, and the files without the person.

Events are found in the raw files and not in the tables, because a further copy of an event, which the tables do not
keep, may name another customer than the copy that counts.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.erasure import packed
from pipeline.erasure.identity import Person, Pseudonyms, Session
from pipeline.erasure.lines import Eraser, EventIds, event_ids
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, Lake
from pipeline.raw.files import lines, unpacked
from pipeline.raw.writer import COMPRESSION_LEVEL
from pipeline.transaction import Transaction

EventKey = tuple[str, str]  # namespace and event id


@dataclass
class Found:
    """What the raw zone holds of a person.

    Attributes
    ----------
    events : keys of the events that change
    copies : files of all copies of these events, without the person
    sizes : records that change, by raw area
    """

    events: set[EventKey] = field(default_factory=set)
    copies: list[Path] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=lambda: {RAW_EVENTS: 0, RAW_QUARANTINE: 0})


def identify(lake: Lake, person: Person) -> Eraser:
    """Give every id of the person a pseudonym, those of the sessions too that its events name.

    A session is *shared* where an event names it with another customer.

    Raises
    ------
    CurationError
        A raw file cannot be read to its end.
    """
    pseudonyms = Pseudonyms()
    for ids in _ids(lake, person):
        if ids.customer_id is not None and person.is_customer(ids.customer_id):
            pseudonyms.of(pseudonyms.customers, ids.customer_id)
            if ids.session_id is not None:
                pseudonyms.of(pseudonyms.sessions, (ids.namespace, ids.session_id))
    if pseudonyms.sessions or person.named_sessions:
        for ids in _ids(lake):
            session = (ids.namespace, ids.session_id or "")
            if ids.session_id is None or not (session in pseudonyms.sessions or person.is_session(*session)):
                continue
            if ids.customer_id is None:
                pseudonyms.of(pseudonyms.sessions, session)
            elif not person.is_customer(ids.customer_id):
                pseudonyms.shared.add(session)
    own: frozenset[Session] = frozenset(pseudonyms.sessions).difference(pseudonyms.shared)
    named = person.named_sessions.difference(name for _, name in pseudonyms.shared)
    return Eraser(Person(person.customers, own, named), pseudonyms)


def rewrite(lake: Lake, eraser: Eraser, change: Transaction) -> Found:
    """Stage the raw files without the person.

    Raises
    ------
    CurationError
        A raw file cannot be read to its end; nothing is staged that would be published.
    """
    found = Found()
    names = lake.raw_files(RAW_EVENTS)
    staged = {name: _rewrite_events(lake, name, eraser, change, found) for name in names}
    for number, name in enumerate(names if found.events else ()):
        copies = change.folder / f"copies-{number:06d}{_unpacked_suffix(name)}"
        if _copy(staged[name] or lake.root / name, Path(name).suffix, found.events, copies):
            found.copies.append(copies)
    for name in lake.raw_files(RAW_QUARANTINE):
        if name.endswith(packed.SUFFIX):
            rows, count = packed.erased_refusals(lake.root / name, eraser)
            if count:
                packed.write(rows, change.stage(name))
                found.sizes[RAW_QUARANTINE] += count
            continue
        content = list(lines(lake.root / name))
        refused = ((place, eraser.refused(line.strip())) for place, line in enumerate(content) if line.strip())
        changed = {place: line for place, line in refused if line is not None}
        if changed:
            _stage(change, lake, name, content, changed)
            found.sizes[RAW_QUARANTINE] += len(changed)
    return found


def _rewrite_events(lake: Lake, name: str, eraser: Eraser, change: Transaction, found: Found) -> Path | None:
    """Stage one file of events without the person, and note what changes; None where nothing does."""
    if name.endswith(packed.SUFFIX):
        rows, places = packed.erased(lake.root / name, eraser)
        keys = packed.keys(rows, places)
    else:
        content = list(lines(lake.root / name))
        written = ((place, eraser.event(line.strip())) for place, line in enumerate(content))
        changed = {place: line for place, line in written if line is not None}
        places = list(changed)
        keys = {_key(ids) for ids in (event_ids(content[place]) for place in places) if ids is not None}
    if not places:
        return None
    found.events |= keys
    found.sizes[RAW_EVENTS] += len(places)
    if not name.endswith(packed.SUFFIX):
        return _stage(change, lake, name, content, changed)
    place = change.stage(name)
    packed.write(rows, place)
    return place


def _key(ids: EventIds) -> EventKey:
    return ids.namespace, ids.event_id or ""


def _unpacked_suffix(name: str) -> str:
    return packed.SUFFIX if name.endswith(packed.SUFFIX) else ".jsonl"


def _copy(source: Path, suffix: str, keys: set[EventKey], target: Path) -> bool:
    """Write the records of some events of a raw file to another one; whether there are any."""
    if suffix == packed.SUFFIX:
        return packed.copy(source, keys, target)
    with source.open("rb") as file:
        judged = ((line, event_ids(line)) for line in unpacked(file, suffix))
        kept = [line.strip() + b"\n" for line, ids in judged if ids is not None and _key(ids) in keys]
    target.write_bytes(b"".join(kept))
    return bool(kept)


def _ids(lake: Lake, person: Person | None = None) -> Iterator[EventIds]:
    """The ids of all raw events, or of those lines that may name the person."""
    for name in lake.raw_files(RAW_EVENTS):
        if name.endswith(packed.SUFFIX):
            yield from packed.ids(lake.root / name, person)
            continue
        for line in lines(lake.root / name):
            # an escaped character may hide an id from a look at the bytes
            if person is None or b"\\" in line or person.may_be_in(line):
                ids = event_ids(line)
                if ids is not None:
                    yield ids


def _stage(change: Transaction, lake: Lake, name: str, content: Sequence[bytes], changed: Mapping[int, bytes]) -> Path:
    """Stage a raw file with changed lines, packed as its suffix says.

    It keeps its time: that of a line which cannot be read any more is the time of its file.
    """
    place, original = change.stage(name), lake.root / name
    place.write_bytes(with_changed(content, changed, original.suffix))
    times = original.stat()
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    return place


def with_changed(content: Sequence[bytes], changed: Mapping[int, bytes], suffix: str) -> bytes:
    """A file of lines with other ones at some places, packed as its suffix says."""
    import pyarrow as pa

    if not content[-1].strip():
        content = content[:-1]
    data = b"".join(changed.get(number, line.rstrip(b"\n")) + b"\n" for number, line in enumerate(content))
    if suffix == ".zst":
        return bytes(pa.Codec("zstd", COMPRESSION_LEVEL).compress(data, asbytes=True))
    return gzip.compress(data, mtime=0) if suffix == ".gz" else data


def every_id(lake: Lake) -> tuple[set[str], set[str]]:
    """All customer ids and all session ids that raw events name."""
    customers, sessions = set[str](), set[str]()
    for ids in _ids(lake):
        customers.update([ids.customer_id] if ids.customer_id else ())
        sessions.update([ids.session_id] if ids.session_id else ())
    return customers, sessions
