"""Erasing a person from a lake folder, and checking that nothing names the person any more.

The order matters where a process is killed. What the append log and Live hold is deleted first, because the raw zone
has it all; then files and tables change in one transaction, and the histories that a training made of them are
deleted; the links of known customers, by which the person's anonymous ids are found, go last. Killed at any moment, the
same call goes on. No training runs meanwhile: it could keep what it read of the person before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalogue.clock import utc_now
from catalogue.errors import SettingsError
from pipeline.curate import curate
from pipeline.curate.step import Progress
from pipeline.erasure import beside, curated, raw
from pipeline.erasure.beside import KNOWN_CUSTOMERS
from pipeline.erasure.identity import Person
from pipeline.erasure.manifest import FILE, Erasures
from pipeline.erasure.scan import Place, scan
from pipeline.lake import Lake
from pipeline.recommend.models.embedded import FILE as MODELS


@dataclass(frozen=True)
class Erasure:
    """What an erasure changed, and where the person is still found.

    Attributes
    ----------
    records : changed or deleted records by place
    tables : files written by table
    shared : sessions that another customer used too: each counts as two from now on
    places : every place of the lake, read again afterwards
    """

    records: Mapping[str, int]
    tables: Mapping[str, int]
    shared: int
    places: list[Place] = field(repr=False)

    @property
    def found(self) -> int:
        """Records that still name the person."""
        return sum(place.found for place in self.places)


def person_of(lake: Lake, customers: frozenset[str], sessions: frozenset[str] = frozenset()) -> Person:
    """The person of some customer ids and session ids, with the anonymous ids that were linked to them.

    Raises
    ------
    SettingsError
        There is no id, or one is empty.
    """
    if not (customers or sessions) or "" in customers | sessions:
        raise SettingsError("An id is empty", where="--customer", remedy="Name the person's id as events have it.")
    every = customers | beside.linked_to(lake, customers)
    # a tracker may send the id of a customer as the session's, too
    return Person(every, named_sessions=sessions | every)


def erase(
    lake: Lake, person: Person, *, reason: str = "", progress: Progress | None = None, now: datetime | None = None
) -> Erasure:
    """Replace the ids of a person by fresh random ones wherever the lake has them, and read all of the lake again.

    Parameters
    ----------
    reason : kept in the list of erasures; it may not name the person
    progress : called with a step's name and the fraction done

    Raises
    ------
    SettingsError
        The reason names the person.
    StreamUnavailable
        The lake's platform runs.
    LakeError, CurationError, SourceError
        Another process writes or trains, the disk refuses, or a raw file cannot be read: the lake is as it was.
    """
    report = progress or (lambda _step, _fraction: None)
    if person.may_be_in(reason.encode()):
        raise SettingsError("The reason names the person", where="--reason", remedy="Say it without the id.")
    with beside.stopped_platform(lake), lake.training():
        curate(lake, progress=lambda step, done: report(step, done / 5))
        beside.note_curated(lake)
        with lake.writing():
            report("Finding the person", 0.2)
            eraser = raw.identify(lake, person)
            records = beside.forget(lake, eraser)
            with lake.transaction() as change:
                found = raw.rewrite(lake, eraser, change)
                changed = curated.rewrite(
                    lake, eraser, found.copies, change, lambda step, done: report(step, 0.4 + done * 0.4)
                )
                records |= found.sizes
                if any(records.values()):
                    Erasures.read(lake.root / FILE).with_entry(
                        now or utc_now(), person.customers, person.named_sessions - person.customers, reason, records
                    ).stage(change)
        records[MODELS] = beside.forget_histories(lake, person.customers)
        records[KNOWN_CUSTOMERS] = beside.forget_links(lake, person.customers)
    places = scan(lake, eraser.person, lambda step, done: report(step, 0.8 + done / 5))
    return Erasure(records, changed, len(eraser.pseudonyms.shared), places)


def erased_before(lake: Lake, erasures: Erasures) -> Person | None:
    """The persons that a list of erasures names and the lake holds, as after a backup was restored; None for nobody.

    What the append log holds is brought into the raw zone first.

    Raises
    ------
    StreamUnavailable
        The lake's platform runs.
    CurationError
        A raw file cannot be read to its end.
    """
    with beside.stopped_platform(lake):
        customers, sessions = raw.every_id(lake)
    found = Person(erasures.erased(customers, "customers"), named_sessions=erasures.erased(sessions, "sessions"))
    if not (found.customers or found.named_sessions):
        return None
    return person_of(lake, found.customers, found.named_sessions)
