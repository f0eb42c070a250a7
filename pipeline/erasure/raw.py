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
    eraser : with the person's sessions, and a pseudonym for each id
    events : keys of the events that change
    sizes : records that change, by raw area
    """

    eraser: Eraser
    events: set[EventKey] = field(default_factory=set)
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


def rewrite(lake: Lake, eraser: Eraser, change: Transaction, copies: Path) -> Found:
    """Stage the raw files without the person, and write all copies of the events that change to `copies`, as lines.

    Raises
    ------
    CurationError
        A raw file cannot be read to its end; nothing is staged that would be published.
    """
    found = Found(eraser)
    staged: dict[str, Path] = {}
    with copies.open("wb") as kept:
        for name in lake.raw_files(RAW_EVENTS):
            content = list(lines(lake.root / name))
            written = ((place, eraser.event(line.strip())) for place, line in enumerate(content))
            changed = {place: line for place, line in written if line is not None}
            for place in changed:
                ids = event_ids(content[place])
                if ids is not None and ids.event_id is not None:
                    found.events.add((ids.namespace, ids.event_id))
            if changed:
                staged[name] = _stage(change, lake, name, content, changed)
                found.sizes[RAW_EVENTS] += len(changed)
        for name in lake.raw_files(RAW_EVENTS):
            with staged.get(name, lake.root / name).open("rb") as file:
                for line in unpacked(file, Path(name).suffix) if found.events else ():
                    ids = event_ids(line)
                    if ids is not None and (ids.namespace, ids.event_id) in found.events:
                        kept.write(line.strip() + b"\n")
    for name in lake.raw_files(RAW_QUARANTINE):
        content = list(lines(lake.root / name))
        refused = {place: eraser.refused(line.strip()) for place, line in enumerate(content) if line.strip()}
        changed = {place: line for place, line in refused.items() if line is not None}
        if changed:
            _stage(change, lake, name, content, changed)
            found.sizes[RAW_QUARANTINE] += len(changed)
    return found


def _ids(lake: Lake, person: Person | None = None) -> Iterator[EventIds]:
    """The ids of all raw events, or of those lines that may name the person."""
    for name in lake.raw_files(RAW_EVENTS):
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
    import pyarrow as pa

    place, original = change.stage(name), lake.root / name
    if not content[-1].strip():
        content = content[:-1]
    data = b"".join(changed.get(number, line.rstrip(b"\n")) + b"\n" for number, line in enumerate(content))
    suffix = original.suffix
    if suffix == ".zst":
        data = pa.Codec("zstd", COMPRESSION_LEVEL).compress(data, asbytes=True)
    elif suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    place.write_bytes(data)
    times = original.stat()
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    return place


def every_id(lake: Lake) -> tuple[set[str], set[str]]:
    """All customer ids and all session ids that raw events name."""
    customers, sessions = set[str](), set[str]()
    for ids in _ids(lake):
        customers.update([ids.customer_id] if ids.customer_id else ())
        sessions.update([ids.session_id] if ids.session_id else ())
    return customers, sessions
