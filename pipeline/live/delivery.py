"""Records of a shard → the live store, unreadable lines sent back: what the Kinesis handler does, without Lambda.

A record holds one line or several (`pipeline.streams.kinesis` packs a key's lines together). Every line is looked at
on its own: what is no canonical event and no refused record is *poison*. It goes back to the stream as a refused record
with its reason, and so to the quarantine, to the raw lake and to the counts like any other; the lines around it count
on.

A position in a shard is a record's sequence number and the number of lines done in it, so that a delivery in other
batches than before, or one that was broken off within a record, goes on exactly where it stopped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from catalogue.errors import StreamFull, StreamUnavailable
from pipeline.contract import events
from pipeline.contract.rejections import Reason, Rejection, quarantine_line, rejected
from pipeline.contract.shape import EARLIEST, Event, Rules
from pipeline.live.dynamodb import MOST_DOCUMENTS, MOST_FLOWS
from pipeline.live.rollup import is_remembered, minute_of
from pipeline.live.store import BatchSizeError, LiveStore
from pipeline.streams import Batch, Entry, Kind, Stream
from pipeline.streams.kinesis import kind_of

MOST_LINES = 5_000  # in one change of the store
LINE_BYTES = 2 * events.RECORD_BYTES  # a canonical line repeats an accepted record with its stamps
SOURCE = "stream"

LinePosition = tuple[int, int]


class _Quarantined(msgspec.Struct):
    """What a line of the quarantine must have."""

    record: str
    reason: str
    received_at: datetime


_QUARANTINED = msgspec.json.Decoder(_Quarantined)
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """One record of a shard: its sequence number, its partition key and its bytes."""

    sequence: str
    key: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _DeliveredLine:
    """One line and its position: an entry to count, or poison as a refused record; neither for an empty record.

    `documents` and `flows` are those of the store that the entry changes.
    """

    sequence: str
    position: LinePosition
    entry: Entry | None = None
    poison: Entry | None = None
    documents: frozenset[tuple[int, str]] = frozenset()
    flows: frozenset[int] = frozenset()


def deliver(
    records: Sequence[ShardRecord],
    *,
    shard: str,
    store: LiveStore,
    stream: Stream,
    now: datetime,
    stopped: Callable[[str], None] = lambda _: None,
) -> tuple[str | None, int]:
    """Apply records in order, each line exactly once.

    Parameters
    ----------
    records : of one shard, in the order of their sequence numbers
    stream : where poison goes back to
    stopped : called with the reason where not all records are applied

    Returns
    -------
    tuple[str | None, int]
        The sequence number of the first record that is not wholly applied (None: all are), and how many lines were
        poison.
    """
    lines: list[_DeliveredLine] = []
    first = records[0].sequence if records else None
    try:
        after = store.position(shard)
        done = _line_position(after)
        lines = [line for record in records for line in _lines(record, now) if line.position > done]
        poison = [line.poison for line in lines if line.poison is not None]
        if poison:
            stream.append(poison)
        pieces = deque(_pieces(lines))
        while pieces:
            piece = pieces.popleft()
            first = piece[0].sequence
            entries = [line.entry for line in piece if line.entry is not None]
            position = "{}/{}".format(*piece[-1].position)
            try:
                if not store.apply(Batch(entries, position), after=after, shard=shard):
                    stopped(f"Another delivery has moved shard {shard} on from {after}")
                    return first, 0
            except BatchSizeError:
                if len(piece) == 1:
                    raise
                half = len(piece) // 2
                pieces.extendleft((piece[half:], piece[:half]))
                continue
            after = position
    except (StreamUnavailable, StreamFull) as error:
        stopped(str(error))
        return first, 0
    return None, len(poison)


def _line_position(position: str | None) -> LinePosition:
    if position is None:
        return -1, 0
    sequence, _, line = position.partition("/")
    return int(sequence), int(line)


def _lines(record: ShardRecord, now: datetime) -> Iterator[_DeliveredLine]:
    """The lines of a record; an empty record is one empty line, so that the position moves past it."""
    sequence = int(record.sequence)
    texts = [text for text in record.data.split(b"\n") if text]
    if not texts:
        yield _DeliveredLine(record.sequence, (sequence, 1))
    for number, text in enumerate(texts, start=1):
        yield _line(record, (sequence, number), text, now)


def _line(record: ShardRecord, position: LinePosition, text: bytes, now: datetime) -> _DeliveredLine:
    kind = kind_of(text)
    if kind is Kind.REFUSED:
        try:
            received_at = _QUARANTINED.decode(text).received_at
        except _UNREADABLE:
            pass
        else:
            return _DeliveredLine(
                record.sequence, position, Entry(kind, record.key, text), flows=frozenset({minute_of(received_at)})
            )
    event = _event(text, now)
    if isinstance(event, Event):
        minute = minute_of(event.occurred_at)
        documents = frozenset({(minute, event.region or "")} if is_remembered(minute, now) else ())
        flows = frozenset({minute_of(event.received_at)})
        entry = Entry(Kind.EVENT, record.key, text)
        return _DeliveredLine(record.sequence, position, entry, documents=documents, flows=flows)
    origin = f"{record.sequence}/{position[1]}"
    line = quarantine_line(text, event, origin=origin, received_at=now, source=SOURCE)
    return _DeliveredLine(record.sequence, position, poison=Entry(Kind.REFUSED, record.key, line))


def _event(text: bytes, now: datetime) -> Event | Rejection:
    """The event of a canonical line, or why it is none."""
    if len(text) > LINE_BYTES:
        return rejected(Reason.TOO_LARGE, f"The record has {len(text)} bytes; an event may have {events.RECORD_BYTES}.")
    try:
        event = events.decode(text)
    except _UNREADABLE:
        found = events.parse(text, Rules(now, None, "USD"), source=SOURCE)
        if isinstance(found, Rejection):
            return found
        event = found
    else:
        if event.received_at > EARLIEST:
            return event
    return rejected(Reason.MISSING_FIELD, f"Event {event.event_id} has no received_at: it did not pass the collector.")


def _pieces(lines: Sequence[_DeliveredLine]) -> Iterator[list[_DeliveredLine]]:
    """Lines in runs that one change of the store can hold, as far as their number says."""
    piece: list[_DeliveredLine] = []
    documents: frozenset[tuple[int, str]] = frozenset()
    flows: frozenset[int] = frozenset()
    for line in lines:
        documents |= line.documents
        flows |= line.flows
        if piece and (len(documents) > MOST_DOCUMENTS or len(flows) > MOST_FLOWS or len(piece) >= MOST_LINES):
            yield piece
            piece, documents, flows = [], line.documents, line.flows
        piece.append(line)
    if piece:
        yield piece
