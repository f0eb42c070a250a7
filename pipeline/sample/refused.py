"""Broken records: events of the sample, damaged the way real senders damage them.

The event contract (`pipeline.contract.events.parse`) refuses each and names the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from catalogue.errors import TakingsError
from pipeline.contract.events import parse
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.contract.shape import Rules

_STAMPS = b',"received_at"'  # here begins what the collector adds


def _without(field: bytes) -> Callable[[bytes], bytes]:
    """Drop a string field."""

    def damage(record: bytes) -> bytes:
        begin = record.index(b'"' + field + b'":"')
        return record[:begin] + record[record.index(b'",', begin) + 2 :]

    return damage


def _with(fields: bytes) -> Callable[[bytes], bytes]:
    """Append fields; of a repeated key, the last one counts."""
    return lambda record: record[:-1] + b"," + fields + b"}"


DAMAGES: Sequence[tuple[str, Callable[[bytes], bytes]]] = (
    ("cut off in transit", lambda record: record[: len(record) * 2 // 3]),
    ("e-mail address for a customer", _with(b'"customer_id":"jane.roe@example.com"')),
    ("negative price", _with(b'"unit_price":"-12.50"')),
    ("no event type", _without(b"event_type")),
    ("Latin-1 instead of UTF-8", _with('"attributes":{"page":"café"}'.encode("latin-1"))),
    ("no event id", _without(b"event_id")),
    ("number for text", _with(b'"region":7')),
    ("clock far ahead", _with(b'"occurred_at":"2199-01-01T00:00:00Z"')),
    ("unknown event type", _with(b'"event_type":"page_scroll"')),
)


def quarantined(lines: Sequence[bytes], received: Sequence[datetime], *, first: int, currency: str) -> list[bytes]:
    """The quarantine lines of damaged events.

    Parameters
    ----------
    lines : canonical lines of events, with what the collector added
    received : when each arrived
    first : number of the first record in the whole sample; chooses the damage
    currency : the lake's reporting currency
    """
    kept = []
    for number, (line, moment) in enumerate(zip(lines, received, strict=True), start=first):
        source = line.rpartition(b'"source":"')[2].partition(b'"')[0].decode()
        name, damage = DAMAGES[number % len(DAMAGES)]
        record = damage(line.rpartition(_STAMPS)[0] + b"}")
        verdict = parse(record, Rules(now=moment, retention_days=None, reporting_currency=currency), source=source)
        if not isinstance(verdict, Rejection):
            raise TakingsError("A damaged record passed the event contract", where=f"damage: {name}")
        kept.append(quarantine_line(record, verdict, origin="", received_at=moment, source=source) + b"\n")
    return kept
