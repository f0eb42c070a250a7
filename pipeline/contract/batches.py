"""A body of many records, read under the event contract at a fraction of the price of one record at a time (pure).

A body is a JSON array, or JSON objects one after another (newline-delimited; a single object is one of those). In the
common case all records are good: one decode of the whole body into typed structs, a few comparisons per event, one
encode into one buffer, one look for personal data over that buffer. Only where a record is not an event is it taken
apart on its own, under exactly the same rules: `pipeline.contract.events.parse` gives the same verdict for each record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from pipeline.contract import events
from pipeline.contract.admission import ATTRIBUTES_BYTES, refuse_attributes, refuse_strings, settle
from pipeline.contract.privacy import may_hold_personal_data
from pipeline.contract.rejections import Reason, Rejection
from pipeline.contract.shape import Event, Rules, SentEvent
from pipeline.contract.splitting import SPACE, split

MAX_RECORDS = 500

_ARRAY = msgspec.json.Decoder(list[SentEvent])
_LINES = msgspec.json.Decoder(SentEvent)
_RAW_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_RAW_LINES = msgspec.json.Decoder(msgspec.Raw)
_ENCODER = msgspec.json.Encoder()
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_ID_MARK, _ID_GAP = b'"event_id"', events.RECORD_BYTES // 4


class _Stamp(msgspec.Struct, omit_defaults=True):
    """What reception adds to an event, as `Event` writes it."""

    received_at: datetime
    source: str
    namespace: str = ""
    public: bool = False


class Unreadable(ValueError):  # noqa: N818 - reads as the sentence it is
    """Nothing in a body could be read; says why."""


class TooMany(ValueError):  # noqa: N818 - reads as the sentence it is
    """A body holds more records than `MAX_RECORDS`."""


@dataclass(slots=True)
class SentBatch:
    """The records of one body: the good events, and the refused records with their reasons.

    Attributes
    ----------
    ids, keys, lines : of each good event, in order: its id, the key that keeps its customer's events in order, and its
        canonical line
    refused : place among all records, counted from 0 → the original bytes, and why
    ignored : messages of another tracker that name no action of the contract; they are not received
    rounded : how many of the good events had an amount or a quantity rounded
    links : anonymous id → known id, of the messages that link two in a new way
    """

    ids: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    refused: dict[int, tuple[bytes, Rejection]] = field(default_factory=dict)
    ignored: int = 0
    rounded: int = 0
    links: dict[str, str] = field(default_factory=dict)

    @property
    def received(self) -> int:
        """How many records there were: the good ones and the refused ones."""
        return len(self.ids) + len(self.refused)

    def add(self, event: Event | Rejection, record: bytes) -> None:
        """Put one more record at the end: the event that it is, or why it is none."""
        if isinstance(event, Rejection):
            self.refused[self.received] = (record, event)
            return
        self.ids.append(event.event_id)
        self.keys.append(event.customer_id or event.session_id or event.event_id)
        self.lines.append(events.encode(event))
        self.rounded += event.rounded


def read(body: bytes, rules: Rules, *, source: str) -> SentBatch:
    """Read every record of a body.

    Parameters
    ----------
    body : uncompressed, of bounded length: memory is a small multiple of it
    source : ``native``

    Raises
    ------
    Unreadable
        Not a single record is JSON.
    TooMany
        There are more than `MAX_RECORDS`; none was looked at.
    """
    is_array = body.lstrip(SPACE)[:1] == b"["
    try:
        sent: list[SentEvent] | None = _ARRAY.decode(body) if is_array else _LINES.decode_lines(body)
    except _UNREADABLE:
        sent = None
    if sent is None or _may_hold_a_large_record(body):
        return _read_one_by_one(body, is_array, rules, source)
    if len(sent) > MAX_RECORDS:
        raise TooMany
    if not sent and not is_array:
        raise Unreadable("The body is empty.")
    batch = _admit(sent, rules, source)
    if batch.refused:
        _attach_originals(batch, body, is_array)
    return batch


def _admit(sent: list[SentEvent], rules: Rules, source: str) -> SentBatch:
    """Settle decoded events, and write the good ones into one buffer."""
    refused = _settle_all(sent, rules)
    kept = [event for place, event in enumerate(sent) if place not in refused] if refused else sent
    buffer = _ENCODER.encode_lines(kept)
    lines = buffer.split(b"\n")[:-1]
    has_long_lines = len(buffer) > ATTRIBUTES_BYTES and max(map(len, lines)) > ATTRIBUTES_BYTES
    if has_long_lines or may_hold_personal_data(buffer):
        kept, lines = _inspect(sent, lines, refused)
    stamp = b"," + _ENCODER.encode(_Stamp(rules.now, source, rules.namespace, rules.public))[1:]
    return SentBatch(
        ids=[event.event_id for event in kept],
        keys=[event.customer_id or event.session_id or event.event_id for event in kept],
        lines=[line[:-1] + stamp for line in lines],
        refused={place: (b"", refusal) for place, refusal in refused.items()},
        rounded=sum([event.rounded for event in kept]),
    )


def _inspect(
    sent: list[SentEvent], lines: list[bytes], refused: dict[int, Rejection]
) -> tuple[list[SentEvent], list[bytes]]:
    """Refuse events for what their lines hold; returns those that are left, with their lines.

    Parameters
    ----------
    lines : of the events that are not refused yet
    """
    kept: list[SentEvent] = []
    kept_lines: list[bytes] = []
    settled = [(place, event) for place, event in enumerate(sent) if place not in refused]
    for (place, event), line in zip(settled, lines, strict=True):
        refusal = refuse_attributes(event) if len(line) > ATTRIBUTES_BYTES else None
        if refusal is None and may_hold_personal_data(line):
            refusal = refuse_strings(event)
        if refusal is None:
            kept.append(event)
            kept_lines.append(line)
        else:
            refused[place] = refusal
    return kept, kept_lines


def _settle_all(sent: list[SentEvent], rules: Rules) -> dict[int, Rejection]:
    """Which events are refused, and why. A plain product view needs no more than these comparisons."""
    earliest, latest = rules.earliest, rules.latest
    unsettled = [
        event
        for event in sent
        if event.event_type != "product_view"
        or event.product_id is None
        or (event.customer_id is None and event.session_id is None)
        or event.unit_price is not None
        or event.quantity is not None
        or event.product is not None
        or event.currency is not None
        or event.attributes is not None
        or event.recommendation is not None
        or event.occurred_at.tzinfo is not UTC
        or not earliest <= event.occurred_at <= latest
    ]
    refusals = {id(event): refusal for event in unsettled if (refusal := settle(event, rules)) is not None}
    return {place: refusals[id(event)] for place, event in enumerate(sent) if id(event) in refusals} if refusals else {}


def _attach_originals(batch: SentBatch, body: bytes, is_array: bool) -> None:
    """Give refused records their original bytes; the body is known to be well-formed."""
    raws = _RAW_ARRAY.decode(body) if is_array else _RAW_LINES.decode_lines(body)
    for place, (_, refusal) in batch.refused.items():
        batch.refused[place] = (bytes(raws[place]).strip(SPACE), refusal)


def _read_one_by_one(body: bytes, is_array: bool, rules: Rules, source: str) -> SentBatch:
    """Read a body record by record: something in it is not an event, or not even JSON."""
    records = _records(body, is_array)
    if len(records) > MAX_RECORDS:
        raise TooMany
    batch = SentBatch()
    for record in records:
        batch.add(events.parse(record, rules, source=source), record)
    unread = (Reason.INVALID_JSON, Reason.INVALID_UTF8)
    if not batch.ids and all(refusal.reason in unread for _, refusal in batch.refused.values()):
        first = next((refusal.detail for _, refusal in batch.refused.values()), "The body is empty.")
        raise Unreadable(first)
    return batch


def _records(body: bytes, is_array: bool) -> list[bytes]:
    """The bytes of each record; at most one more than `MAX_RECORDS`, which shows that there are too many."""
    try:
        raws = _RAW_ARRAY.decode(body) if is_array else _RAW_LINES.decode_lines(body)
    except _UNREADABLE:
        return split(body, MAX_RECORDS) if is_array else _split_lines(body)
    return [bytes(raw).strip(SPACE) for raw in raws[: MAX_RECORDS + 1]]


def _split_lines(body: bytes) -> list[bytes]:
    lines = (line.strip(SPACE) for line in body.split(b"\n"))
    return [line for line in lines if line][: MAX_RECORDS + 1]


def _may_hold_a_large_record(body: bytes) -> bool:
    """Whether one record may be over `RECORD_BYTES`: then two ids, or an id and an end, are a quarter of that apart."""
    position, size = 0, len(body)
    while position + _ID_GAP < size:
        found = body.rfind(_ID_MARK, position, position + _ID_GAP)
        if found < 0:
            return True
        position = found + 1
    return False
