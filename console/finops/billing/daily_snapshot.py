"""The daily snapshot of Cost Explorer into a lake in a bucket, with a limit to the requests of a day.

Asks for the open bill and the one before, whose last days are restated, and for all since the last snapshot. A note
beside the bills counts the requests of the day. It is written before anything is asked, with all that may be asked, and
put right afterwards: what a killed run has asked is not known, so that counts as all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec

from catalogue.errors import ImportFailed, SourceError
from console.aws.paid import PaidClient
from console.finops.billing.cost_explorer import NAME, CostExplorer, months_since, snapshot_period
from console.finops.billing.snapshots import SNAPSHOT, Snapshot
from pipeline.lake import RAW_SPEND
from pipeline.objects import Objects
from pipeline.spend import SpendImport
from pipeline.spend.replacing import replace_bills

MOST_REQUESTS = 100  # a day, of $0.01 each; two months of one account take some ten
_FOLDER = f"{RAW_SPEND}/{NAME}"
_REQUESTS = f"{_FOLDER}/_requests.json"


@dataclass(frozen=True)
class Taken:
    """What a snapshot brought; `notes` says what was left out of it, in sentences."""

    snapshot: Snapshot
    report: SpendImport
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Requests:
    """How many requests were made on a UTC day."""

    day: date
    calls: int


def take(
    objects: Objects,
    client: Callable[[int], PaidClient],
    now: datetime,
    *,
    most_requests: int = MOST_REQUESTS,
    tag: str | None = None,
) -> Taken | None:
    """Take the snapshot of this UTC day; None where it was taken already, and nothing was asked.

    Parameters
    ----------
    client : gives the client of Cost Explorer that makes no more than so many requests
    now : with offset
    most_requests : of a day, those of runs that failed included
    tag : a cost allocation tag to split costs by

    Raises
    ------
    SourceError
        Cost Explorer did not answer, or more requests would be needed; the bills are as they were.
    LakeError, ImportFailed
        The bucket refuses, or another process brings the same bill.
    """
    today = now.astimezone(UTC).date()
    place = f"{_FOLDER}/{SNAPSHOT}"
    note = objects.stored(place)
    last = None if note is None else Snapshot.read(note.content, where=place)
    if last is not None and last.day >= today:
        return None
    made = _made(objects, today)
    if made >= most_requests:
        raise SourceError(
            f"The {most_requests} requests of {today} are used up",
            where=NAME,
            remedy="The next day's snapshot makes up for this one. See why today's failed, or raise the limit.",
        )
    _write(objects, _REQUESTS, msgspec.json.encode(_Requests(today, most_requests)))
    paid = client(most_requests - made)
    start, end = snapshot_period(today, months_since(last.day if last else None, today))
    source = CostExplorer(paid, start=start, end=end, tag=tag)
    try:
        batches = list(source.charges())  # all of it before anything is replaced
    finally:
        _write(objects, _REQUESTS, msgspec.json.encode(_Requests(today, made + paid.calls)))
    report = replace_bills(objects, NAME, batches)
    taken = Snapshot(now, paid.calls, paid.dollars)
    _write(objects, place, taken.written())
    return Taken(taken, report, tuple(source.notes))


def _made(objects: Objects, today: date) -> int:
    """The requests of this day so far."""
    note = objects.stored(_REQUESTS)
    if note is None:
        return 0
    try:
        requests = msgspec.json.decode(note.content, type=_Requests)
    except msgspec.MsgspecError as error:
        raise SourceError(
            f"The note of the day's requests cannot be read: {error}", where=_REQUESTS, remedy="Remove the object."
        ) from error
    return requests.calls if requests.day == today else 0


def _write(objects: Objects, name: str, content: bytes) -> None:
    """Write a note, which one process does at a time."""
    before = objects.stored(name)
    if not objects.replace(name, content, tag=before and before.tag):
        raise ImportFailed(
            "Another process takes a snapshot at the same time", where=name, remedy="Let one run at a time."
        )
