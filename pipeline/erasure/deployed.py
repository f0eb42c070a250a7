"""Erasing a person from a lake in a bucket, and checking that nothing names the person any more.

An object that is written again looks new to curation, and no two objects change at the same instant. So a version is
published first that says of no table by what definition it was made: readers see the same rows, and whoever curates
next, this job or another, makes all tables from all raw files and counts them anew. Killed between any two writes, the
same call goes on with the pseudonyms of its plan (`pipeline.erasure.plan`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from catalogue.clock import utc_now
from catalogue.errors import CurationError, LakeError, SettingsError
from catalogue.warehouse import EXPORTS
from pipeline.curate.spark import curate
from pipeline.curate.spark.new_files import AREAS
from pipeline.curate.spark.publishing import Exports, publish, published
from pipeline.curate.step import Progress
from pipeline.erasure import iceberg, plan, workers
from pipeline.erasure.identity import Person
from pipeline.erasure.manifest import FILE, Erasures
from pipeline.erasure.scan import Place
from pipeline.erasure.workers import RawFile
from pipeline.lake import LakeSettings
from pipeline.objects import Objects, opened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTLED = timedelta(minutes=1)  # an object that is newer may have come while the others were listed: it is left alone
# what no job can change; printed after each erasure
NOT_COVERED = (
    "records in the stream, until its retention ends",
    "the warehouse, until its next load",
    "backups of the bucket and of the tables of DynamoDB, and their point-in-time recovery, until they expire",
    "results of Athena, exports and copies",
    "the arguments of this run in the history of the job",
)


class Links(Protocol):
    """What links anonymous ids to customers."""

    def linked_to(self, customers: frozenset[str]) -> frozenset[str]:
        """The anonymous ids that are linked to some customers."""
        ...

    def forget(self, customers: frozenset[str]) -> int:
        """Delete the links from and to some customers."""
        ...


class KeptByCustomer(Protocol):
    """What Live, or recommendations, keep by customer."""

    def forget(self, customers: frozenset[str]) -> int:
        """Delete what is kept of some customers."""
        ...


@dataclass(frozen=True)
class DeployedErasure:
    """What an erasure changed, and where the person is still found.

    Attributes
    ----------
    version : number of the published version after it
    records : changed or deleted records by place; of a run that goes on after a killed one, those that were left
    shared : sessions that another customer used too: each counts as two from now on
    snapshots : older snapshots removed
    places : every place that was read again
    """

    version: int
    records: Mapping[str, int]
    shared: int
    snapshots: int
    places: list[Place] = field(repr=False)

    @property
    def found(self) -> int:
        """Records that still name the person."""
        return sum(place.found for place in self.places)


@dataclass(frozen=True)
class DeployedLake:
    """A lake on Spark: nothing else curates or maintains it meanwhile.

    Attributes
    ----------
    root : a folder, or ``s3://bucket/prefix``
    namespace : catalog and database of the tables, such as ``glue_catalog.takings``
    exports : copies for the warehouse; None without one
    links, items : of the live table; None where there is none
    histories : beside the models of recommendations; None where there are none
    others : read the live table and the histories for a person, where there are any
    """

    session: SparkSession
    root: str
    namespace: str
    settings: LakeSettings
    exports: Exports | None = None
    links: Links | None = None
    items: KeptByCustomer | None = None
    histories: KeptByCustomer | None = None
    others: Sequence[Callable[[Person], Place]] = ()

    @property
    def objects(self) -> Objects:
        """The files of the lake."""
        return opened(self.root)

    def erase(
        self,
        customers: frozenset[str],
        sessions: frozenset[str] = frozenset(),
        *,
        reason: str = "",
        progress: Progress | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> DeployedErasure:
        """Replace a person's ids by fresh random ones in raw files and tables, and read all of them again.

        Parameters
        ----------
        customers, sessions : ids of one person, or of several who are erased together: it costs the same
        reason : kept in the list of erasures; it may not name the person
        progress : called with a step's name and the fraction done

        Raises
        ------
        SettingsError
            There is no id, one is empty, the reason names the person, or an erasure of other ids is not finished.
        CurationError
            A raw file cannot be read, or raw files are gone that the tables were made of. Where that is before the
            first object was written, nothing has changed.
        LakeError
            Another job has published meanwhile, or the bucket refuses. Call it again.
        """
        report = progress or (lambda _step, _fraction: None)
        objects, asked = self.objects, _asked(customers, sessions)
        if asked.may_be_in(reason.encode()):
            raise SettingsError("The reason names the person", where="--reason", remedy="Say it without the id.")
        begun = plan.unfinished(objects, asked)
        if begun is None:
            report("Finding the person", 0.0)
            begun = self._plan(asked, report, now())
            plan.save(objects, begun)
        before = published(objects)
        unreadable = iceberg.unreadable(self.session, self.namespace, before.tables["quarantine"])
        publish(objects, before, replace(before, made_by={}))  # whoever curates next makes all tables again
        report("Rewriting", 0.3)
        files = workers.raw_files(objects, begun.until)
        records = workers.rewrite(self.session, objects, files, begun.eraser, unreadable)
        curated = curate(
            self.session,
            self.root,
            self.namespace,
            self.settings,
            exports=self.exports,
            progress=lambda step, done: report(step, 0.4 + done * 0.4),
        )
        report("Removing what was", 0.8)
        snapshots = self._remove_former(curated.version.tables, now())
        person = begun.person
        if self.items is not None:
            records["live"] = self.items.forget(person.customers)
        if self.histories is not None:
            records["histories"] = self.histories.forget(person.customers)
        if self.links is not None:
            records["links"] = self.links.forget(person.customers)
        _list(objects, person, reason, records, now())
        objects.remove([plan.FILE])
        objects.remove_former(plan.FILE)
        found = self.scan(begun.eraser.person, lambda step, done: report(step, 0.9 + done / 10))
        return DeployedErasure(curated.version.number, records, len(begun.eraser.pseudonyms.shared), snapshots, found)

    def person_of(self, customers: frozenset[str], sessions: frozenset[str] = frozenset()) -> Person:
        """The person of some ids, with the anonymous ids that are linked to them; raises SettingsError for none."""
        asked = _asked(customers, sessions)
        linked = self.links.linked_to(asked.customers) if self.links is not None else frozenset()
        every = asked.customers | linked
        # a tracker may send the id of a customer as the session's, too
        return Person(every, named_sessions=asked.named_sessions | every)

    def scan(self, person: Person, report: Progress) -> list[Place]:
        """Read every raw object, every file of the tables and their copies, and `others`; say who is named where.

        Raises
        ------
        CurationError
            A file cannot be read to its end.
        """
        report("Scanning", 0.0)
        objects, raw = self.objects, workers.raw_files(self.objects)
        places = [(area, objects, [file for file in raw if file.area == area]) for area in AREAS]
        for table in sorted(published(objects).tables):
            places.append((table, *iceberg.files(self.session, self.namespace, table)))
        copies = [RawFile(iceberg.TABLE, file.name) for file in objects.found(EXPORTS) if file.name.endswith("parquet")]
        found = workers.scan(self.session, [*places, (EXPORTS, objects, copies)], person)
        return [*found, *(read(person) for read in self.others)]

    def _plan(self, asked: Person, report: Progress, now: datetime) -> plan.Plan:
        """Find everything of the person, once the tables have all raw files."""
        curate(self.session, self.root, self.namespace, self.settings, exports=self.exports)
        report("Finding the person", 0.1)
        objects = self.objects
        counted = published(objects).records["received"]
        person = self.person_of(asked.customers, asked.named_sessions)
        until = now - SETTLED
        eraser, received = workers.identify(self.session, objects, workers.raw_files(objects, until), person)
        if received < counted:
            raise CurationError(
                f"The tables are made of {counted:,} records, and the raw files hold {received:,}",
                where=objects.place,
                remedy="Nothing has changed. If no raw file was removed, curate with --full 1, then try again. "
                "Tables of raw files that are gone cannot be made without the person.",
            )
        return plan.planned(asked, person, eraser, until)

    def _remove_former(self, snapshots: Mapping[str, str], now: datetime) -> int:
        """Remove all that holds the person as it was; returns how many snapshots."""
        objects = self.objects
        removed = iceberg.keep_only(self.session, self.namespace, snapshots, now)
        if self.exports is not None:
            self.exports.keep(snapshots)
        for folder in (*AREAS, EXPORTS):
            objects.remove_former(f"{folder}/")
        return removed


def _asked(customers: frozenset[str], sessions: frozenset[str]) -> Person:
    if not (customers or sessions) or "" in customers | sessions:
        raise SettingsError("An id is empty", where="--customers", remedy="Name the person's id as events have it.")
    return Person(customers, named_sessions=sessions)


def _list(objects: Objects, person: Person, reason: str, records: Mapping[str, int], at: datetime) -> None:
    """Add the erasure to the list of erasures."""
    stored = objects.stored(FILE)
    erasures = Erasures() if stored is None else Erasures.parsed(stored.content, f"{objects.place}/{FILE}")
    after = erasures.with_entry(at, person.customers, person.named_sessions - person.customers, reason, records)
    if not objects.replace(FILE, after.content, tag=stored and stored.tag):
        raise LakeError(
            "Another job has changed the list of erasures",
            where=f"{objects.place}/{FILE}",
            remedy="Let one job run at a time, then run it again.",
        )
