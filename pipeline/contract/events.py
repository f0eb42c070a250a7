"""The event contract: one JSON object per action of a customer, parsed, checked and written canonically (pure).

What the contract decides beyond the table of fields:

- Unknown top-level fields are ignored and not kept, so that a sender may run ahead of the lake. What should be kept
  goes into ``attributes``. A sender's ``received_at``, ``source``, ``namespace`` and ``public`` are ignored too:
  the collector sets them.
- ``null`` and the empty string mean *absent*, in every field. Of a key given twice, the last one counts.
- Nothing is coerced: the customer ``42`` is refused (it must be ``"42"``). Currencies may be in small letters.
- Money and quantities are JSON numbers or strings, read exactly. What has more digits than the lake keeps (4 decimals
  of money, 3 of a quantity) is rounded half to even, and marked ``rounded``. A quantity is whole unless the lake
  takes fractions.
- An order counts where it has a line of a positive amount; a purchase for nothing makes one that counts where it says
  ``free_order``.
- A purchase or refund without a product, of quantity 1, is the amount of an order whose products are not known.
- A lone surrogate or a NUL character anywhere in the event is refused; no database keeps them.
- ``product_id`` is required for every other type but ``checkout_start`` and ``search``; ``recommendation`` for
  impressions and clicks. ``quantity`` defaults to 1 for cart, purchase and refund; ``currency`` to the reporting
  currency wherever there is a price or a cost.
- Personal data (`pipeline.contract.privacy`) is refused in every string and in the numbers of ``attributes``.
- The canonical form writes money with 4 decimals and instants in UTC, and omits what is absent: equal events are
  equal bytes.

The common case is a decode into a typed struct and a few comparisons. Why a record is refused is found out afterwards,
field by field (`pipeline.contract.fieldwise`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.contract.admission import admit, refuse_strings, unwritable_field
from pipeline.contract.fieldwise import read_fields, read_json
from pipeline.contract.privacy import may_hold_personal_data
from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.contract.shape import Event, Rules

RECORD_BYTES = 32 * 1024  # an event of every field at its longest is under 10 KiB; a larger record is not an event

_STAMPED = frozenset(
    {"received_at", "source", "namespace", "public", "rounded"}
)  # what a sender says about these is ignored
_DECODER = msgspec.json.Decoder(Event)
_ENCODER = msgspec.json.Encoder()


def parse(record: bytes, rules: Rules, *, source: str) -> Event | Rejection:
    """Read one JSON record. Never raises for any bytes.

    Parameters
    ----------
    record : one JSON object, at most `RECORD_BYTES`
    source : which format it came in, such as ``native`` or ``segment``; ``import`` of a file
    """
    if len(record) > RECORD_BYTES:
        return rejected(Reason.TOO_LARGE, f"The record has {len(record)} bytes; an event may have {RECORD_BYTES}.")
    try:
        event = _DECODER.decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        values = read_json(Event, record, ignore=_STAMPED)
        if isinstance(values, Rejection):
            return values
        event = Event(**values)
    refusal = admit(event, rules, source)
    if refusal is None and may_hold_personal_data(record):
        refusal = refuse_strings(event)
    return event if refusal is None else refusal


def build(fields: Mapping[str, Any], rules: Rules, *, source: str) -> Event | Rejection:
    """Make an event from Python values instead of JSON, under exactly the same contract.

    Parameters
    ----------
    fields : field names of `Event` to values: str, int, Decimal, aware datetime or RFC 3339 text, and dict for
        ``product``, ``recommendation`` and ``attributes``
    """
    made = _make(fields, rules, source)
    return made if isinstance(made, Rejection) else made[0]


def write(fields: Mapping[str, Any], rules: Rules, *, source: str) -> bytes | Rejection:
    """The canonical line of the event that `build` would make, at the price of `build` alone."""
    made = _make(fields, rules, source)
    return made if isinstance(made, Rejection) else made[1]


def _make(fields: Mapping[str, Any], rules: Rules, source: str) -> tuple[Event, bytes] | Rejection:
    """An event from Python values with its canonical line, which is also what the contract inspects."""
    try:
        event = msgspec.convert(fields, Event)
    except (msgspec.ValidationError, UnicodeEncodeError):
        values = read_fields(Event, fields, ignore=_STAMPED)
        if isinstance(values, Rejection):
            return values
        event = Event(**values)
    try:
        refusal = admit(event, rules, source)
        if refusal is not None:
            return refusal
        line = _ENCODER.encode(event)
    except UnicodeEncodeError:
        return rejected(Reason.INVALID_UTF8, f"Field {unwritable_field(event)} holds a lone surrogate.")
    if len(line) > RECORD_BYTES:
        return rejected(Reason.TOO_LARGE, f"The record has {len(line)} bytes; an event may have {RECORD_BYTES}.")
    if may_hold_personal_data(line):
        refusal = refuse_strings(event)
    return (event, line) if refusal is None else refusal


def encode(event: Event) -> bytes:
    """The canonical JSON line of an event, without newline. `parse` of it gives the event back."""
    return _ENCODER.encode(event)


def decode(line: bytes) -> Event:
    """Read a canonical line that `encode` wrote, keeping its ``received_at`` and ``source``.

    Raises
    ------
    msgspec.DecodeError
        The line was not written by `encode`.
    """
    return _DECODER.decode(line)
