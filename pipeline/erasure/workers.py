"""What is done to every raw object and every file of the tables, on Spark's workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from catalogue.errors import LakeError
from pipeline.curate.spark.new_files import AREAS, is_data
from pipeline.erasure import contents, packed
from pipeline.erasure.identity import Person, Pseudonyms
from pipeline.erasure.lines import Eraser, EventIds
from pipeline.erasure.scan import Place, reading, scan_parquet
from pipeline.objects import Objects
from pipeline.raw.files import UNPACKING_ERRORS, unreadable_file

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Unreadable = Mapping[str, Mapping[int, datetime]]

_TASK_FILES = 64  # read one after the other by one task


class RawFile(NamedTuple):
    """A raw object: its area, and its name in the lake."""

    area: str
    name: str


class _Broken(NamedTuple):
    """An object that could not be worked on, and why; an error that a worker raises would come without its name."""

    name: str
    why: str


def raw_files(objects: Objects, until: datetime | None = None) -> list[RawFile]:
    """Every raw object of events and refused records, or those written up to an instant."""
    return [
        RawFile(area, file.name)
        for area in AREAS
        for file in objects.found(area)
        if is_data(file) and (until is None or file.modified <= until)
    ]


def identify(session: SparkSession, objects: Objects, files: Sequence[RawFile], person: Person) -> tuple[Eraser, int]:
    """Give every id of the person a pseudonym, as `pipeline.erasure.raw.identify` does; and how many records there are.

    Raises
    ------
    CurationError
        An object cannot be read to its end.
    """
    pseudonyms = Pseudonyms()
    total = 0
    for records, own in _each(session, objects, files, partial(_own, person=person)):
        total += records
        for ids in own:
            pseudonyms.of(pseudonyms.customers, ids.customer_id)
            if ids.session_id is not None:
                pseudonyms.of(pseudonyms.sessions, (ids.namespace, ids.session_id))
    if pseudonyms.sessions or person.named_sessions:
        wanted = Person(frozenset(), frozenset(pseudonyms.sessions), person.named_sessions)
        for ids in _each(session, objects, files, partial(_of_sessions, person=wanted)):
            if ids.customer_id is None:
                pseudonyms.of(pseudonyms.sessions, (ids.namespace, ids.session_id))
            elif not person.is_customer(ids.customer_id):
                pseudonyms.shared.add((ids.namespace, ids.session_id))
    sessions = frozenset(pseudonyms.sessions).difference(pseudonyms.shared)
    named = person.named_sessions.difference(name for _, name in pseudonyms.shared)
    return Eraser(Person(person.customers, sessions, named), pseudonyms), total


def rewrite(
    session: SparkSession, objects: Objects, files: Sequence[RawFile], eraser: Eraser, unreadable: Unreadable
) -> dict[str, int]:
    """Write every raw object that names the person again, without; returns changed records by area.

    Parameters
    ----------
    unreadable : lines that curation could not read, as `contents.without` takes them, by object

    Raises
    ------
    CurationError
        An object cannot be read to its end, or another process has changed it meanwhile; others may be rewritten.
    """
    counts = dict.fromkeys(AREAS, 0)
    for area, changed in _each(session, objects, files, partial(_rewritten, eraser=eraser, unreadable=unreadable)):
        counts[area] += changed
    return counts


def scan(
    session: SparkSession, places: Sequence[tuple[str, Objects, Sequence[RawFile]]], person: Person
) -> list[Place]:
    """Read every file, value by value and line by line; says for each place how many records name the person."""
    found = []
    for name, objects, files in places:
        place = Place(name)
        for counts in _each(session, objects, files, partial(_scanned, person=person)):
            place.count(*counts)
        found.append(place)
    return found


Work = Callable[[Objects, RawFile], Iterator[Any]]


def _each(session: SparkSession, objects: Objects, files: Sequence[RawFile], work: Work) -> Iterator[Any]:
    """What the work yields for each of some files; raises CurationError for one that cannot be read."""
    if not files:
        return
    tasks = max(2, len(files) // _TASK_FILES)
    found = session.sparkContext.parallelize(list(files), tasks).mapPartitions(partial(_worked, objects, work))
    for result in found.collect():
        if isinstance(result, _Broken):
            raise unreadable_file(f"{objects.place}/{result.name}", result.why)
        yield result


def _worked(objects: Objects, work: Work, files: Iterable[RawFile]) -> Iterator[Any]:
    import pyarrow as pa

    for file in files:
        try:
            yield from work(objects, file)
        except LakeError as error:
            yield _Broken(file.name, error.what)
        except (*UNPACKING_ERRORS, pa.ArrowInvalid) as error:
            yield _Broken(file.name, str(error) or type(error).__name__)


def _own(objects: Objects, file: RawFile, *, person: Person) -> Iterator[tuple[int, list[EventIds]]]:
    content = objects.read(file.name)
    own = [ids for ids in contents.ids(*file, content, person) if person.is_customer(ids.customer_id)]
    yield contents.count(*file, content), own


def _of_sessions(objects: Objects, file: RawFile, *, person: Person) -> Iterator[EventIds]:
    for ids in contents.ids(*file, objects.read(file.name)):
        if person.is_session(ids.namespace, ids.session_id):
            yield ids


def _rewritten(
    objects: Objects, file: RawFile, *, eraser: Eraser, unreadable: Unreadable
) -> Iterator[tuple[str, int] | _Broken]:
    stored = objects.stored(file.name)
    if stored is None:
        return  # a lifecycle rule was faster
    content, changed = contents.without(*file, stored.content, eraser, unreadable.get(file.name, {}))
    if changed and not objects.replace(file.name, content, tag=stored.tag):
        yield _Broken(file.name, "another process has changed it meanwhile")
    yield file.area, changed


def _scanned(objects: Objects, file: RawFile, *, person: Person) -> Iterator[tuple[int, int, int]]:
    eraser, content = reading(person), objects.read(file.name)
    if file.area not in AREAS:
        place = Place(file.name)
        scan_parquet(BytesIO(content), person, place)
        yield place.records, place.found, place.alike
    elif file.name.endswith(packed.SUFFIX):
        _, found = contents.without(*file, content, eraser)
        yield contents.count(*file, content), found, 0
    else:
        lines = list(contents.lines_of(file.name, content))
        changed = [contents.without_line(file.area, line, eraser) is not None for line in lines]
        alike = [person.may_be_in(line) for line, found in zip(lines, changed, strict=True) if not found]
        yield len(lines), sum(changed), sum(alike)
