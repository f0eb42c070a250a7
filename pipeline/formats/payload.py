"""Reads loosely typed JSON of other trackers, and makes stable event ids for it (pure)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from pipeline.contract import events
from pipeline.contract.batches import MAX_RECORDS, SentBatch, TooMany, Unreadable
from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.contract.shape import Event, Rules
from pipeline.contract.splitting import SPACE, split, split_members

Fields = dict[str, Any]

_NUMBERS = msgspec.json.Decoder(float_hook=Decimal)  # a price is read as it is written, never through a float
_RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_BROKEN = (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError)


def members(body: bytes) -> dict[str, bytes]:
    """The members of a JSON object as bytes; one that cannot be read does not cost the others.

    Raises
    ------
    Unreadable
        The body is no JSON object.
    """
    try:
        return {name: bytes(value) for name, value in _RAW_OBJECT.decode(body).items()}
    except _BROKEN as error:
        found = split_members(body, MAX_RECORDS) if body.lstrip(SPACE)[:1] == b"{" else {}
        if not found:
            raise Unreadable(f"The body cannot be read as a JSON object: {str(error)[:200]}.") from error
        return found


def elements(raw: bytes | None, name: str) -> list[bytes]:
    """The elements of a JSON array as bytes; one that cannot be read does not cost the others.

    Raises
    ------
    Unreadable
        There is no array.
    TooMany
        It has more than `MAX_RECORDS` elements.
    """
    try:
        found = [bytes(element) for element in _RAW_LIST.decode(raw or b"null")]
    except _BROKEN:
        if raw is None or raw[:1] != b"[":
            raise Unreadable(f"The body has no array {name!r}.") from None
        found = split(raw, MAX_RECORDS)
    if len(found) > MAX_RECORDS:
        raise TooMany
    return found


def value(raw: bytes) -> Any:
    """A JSON value with exact numbers; None where it cannot be read."""
    read = _read(raw)
    return None if isinstance(read, Rejection) else read


def _read(raw: bytes) -> Any:
    """A JSON value with exact numbers, or why it is none.

    Other languages' NaN and lone surrogates are read: they matter only in the fields that the lake keeps, and the
    contract refuses them there.
    """
    try:
        return _NUMBERS.decode(raw)
    except _BROKEN:
        pass
    try:
        return json.loads(raw.decode("utf-8"), parse_float=Decimal, parse_constant=lambda _name: None)
    except UnicodeDecodeError as error:
        return rejected(Reason.INVALID_UTF8, f"The message is not UTF-8: byte {error.start} is {raw[error.start]:#x}.")
    except RecursionError:
        return rejected(Reason.INVALID_JSON, "The message is nested too deeply to be read.")
    except _BROKEN as error:
        return rejected(Reason.INVALID_JSON, f"The message cannot be read as JSON: {str(error)[:200]}.")


def add_message(
    batch: SentBatch,
    record: bytes,
    rules: Rules,
    source: str,
    translate: Callable[[Fields], list[Fields] | Rejection | None],
    *,
    limit: int = events.RECORD_BYTES,
) -> None:
    """Put one message at the end of a batch: all its events, or its refusal, or nothing.

    Parameters
    ----------
    record : the message, a JSON object
    translate : from the message to the fields of its events; None where it names no action
    limit : bytes that a message may have
    """
    if len(record) > limit:
        detail = f"The message has {len(record)} bytes; one may have {limit}."
        batch.add(rejected(Reason.TOO_LARGE, detail), record)
        return
    message = _read(record)
    if isinstance(message, Rejection):
        batch.add(message, record)
        return
    if not isinstance(message, dict):
        batch.add(rejected(Reason.NOT_AN_OBJECT, "The message is no JSON object."), record)
        return
    try:
        made = _make(translate(message), rules, source)
    except RecursionError:
        made = rejected(Reason.INVALID_JSON, "The message is nested too deeply to be read.")
    if made is None:
        batch.ignored += 1
    elif isinstance(made, Rejection):
        batch.add(made, record)
    else:
        for event in made:
            batch.add(event, record)


def _make(translated: list[Fields] | Rejection | None, rules: Rules, source: str) -> list[Event] | Rejection | None:
    """All events of a message, or its first refusal."""
    if translated is None or isinstance(translated, Rejection):
        return translated
    if len(translated) > MAX_RECORDS:
        detail = f"The message has {len(translated)} products; one may have {MAX_RECORDS}."
        return rejected(Reason.TOO_LARGE, detail)
    made: list[Event] = []
    for place, fields in enumerate(translated):
        event = events.build(fields, rules, source=source)
        if isinstance(event, Rejection):
            line = f"Product {place + 1}: " if len(translated) > 1 else ""
            return rejected(event.reason, line + event.detail)
        made.append(event)
    return made


def unsupported(name: Any) -> Rejection:
    """The refusal of a message that names no action known here."""
    shown = repr(name)[:80]
    return rejected(Reason.UNKNOWN_EVENT_TYPE, f"Event {shown} is none of those that become events of this lake.")


def stable_id(*parts: Any) -> str:
    """An event id of 32 hexadecimal digits that is the same whenever its parts are."""
    text = json.dumps(parts, default=str, ensure_ascii=True)
    return blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def table(given: Any) -> Mapping[str, Any]:
    """An object, or an empty one."""
    return given if isinstance(given, dict) else {}


def rows(given: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; an element that is no object becomes an empty one, which the contract refuses."""
    return [table(element) for element in given] if isinstance(given, list) else []


def total(given: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The line of an order that names no products: its amount, under the first of some names; empty without one."""
    amount = next((given[name] for name in names if given.get(name) is not None), None)
    return {} if amount is None else {"price": amount}


def text(given: Any) -> Any:
    """A name as text; whole numbers become text, since some senders have numeric ids."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def whole(given: Any) -> Any:
    """A count: ``2``, ``2.0`` and ``"2"`` are 2; anything else is returned as given, and refused by the contract."""
    if (
        isinstance(given, Decimal)
        and given.is_finite()
        and abs(given.adjusted()) < 10
        and given == given.to_integral_value()
    ):
        return int(given)
    if isinstance(given, str) and given.isdecimal() and given.isascii() and len(given) < 10:
        return int(given)
    return given


def path(*names: Any) -> str | None:
    """A category path from its levels."""
    return "/".join(name for name in names if isinstance(name, str) and name) or None


def note(**given: Any) -> Fields | None:
    """The values that are short texts, as attributes; None where there are none."""
    return {name: text for name, text in given.items() if isinstance(text, str) and 0 < len(text) <= 200} or None
