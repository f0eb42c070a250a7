"""Lines of the raw lake without a person: what an event and a refused record become (pure).

Every value that is no id of the person is kept byte for byte, so that no amount is read and written again.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from pipeline.contract.rejections import ERASED
from pipeline.contract.shape import Event
from pipeline.curate import raw
from pipeline.erasure.identity import Person, Pseudonyms

_FIELDS = frozenset(Event.__struct_fields__)
ERASED_TEXT = "Erased on request."
_Object = dict[str, msgspec.Raw]
_DECODER = msgspec.json.Decoder(_Object)
_ENCODER = msgspec.json.Encoder()
_FAILURES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class EventIds:
    """The ids of an event; None where it has none."""

    namespace: str
    event_id: str | None
    customer_id: str | None
    session_id: str | None


_Value = str | int | None  # curation reads a number as text


class _Ids(msgspec.Struct):
    event_id: _Value = None
    customer_id: _Value = None
    session_id: _Value = None
    namespace: _Value = None


_IDS = msgspec.json.Decoder(_Ids)


def event_ids(line: bytes) -> EventIds | None:
    """The ids that a line names; None where it is no event."""
    try:
        ids = _IDS.decode(line)
    except _FAILURES:
        return None
    return EventIds(_text(ids.namespace) or "", _text(ids.event_id), _text(ids.customer_id), _text(ids.session_id))


def _text(value: _Value) -> str | None:
    return str(value) if isinstance(value, int) else value


@dataclass(frozen=True)
class Eraser:
    """Writes lines without the person.

    Attributes
    ----------
    person : with every session that has a pseudonym
    """

    person: Person
    pseudonyms: Pseudonyms

    def is_own(self, ids: EventIds) -> bool:
        """Whether an event is the person's: it names the person, or nobody and a session that is the person's alone."""
        if ids.customer_id is not None:
            return ids.customer_id in self.pseudonyms.customers
        session = (ids.namespace, ids.session_id or "")
        return session in self.pseudonyms.sessions and session not in self.pseudonyms.shared

    def concerns(self, line: bytes) -> bool:
        """Whether the line of an event may change; a quick look that rules most of them out."""
        if self.person.may_be_in(line):
            return True
        ids = event_ids(line)
        return self.is_own(ids) if ids is not None else bool(line.strip())

    def event(self, line: bytes) -> bytes | None:
        """The line of an event without the person; None where it does not name one.

        A line that is no JSON object and names the person becomes one that says that it was erased.
        """
        if not self.concerns(line):
            return None
        ids = event_ids(line)
        try:
            fields = _DECODER.decode(line)
        except _FAILURES:
            return ERASED if self.person.is_named_in(line) else None
        mentions = self._drop_mentions(fields)
        if ids is not None and self.is_own(ids):
            self._rename(fields, ids)
        elif not mentions:
            return None
        return _ENCODER.encode(fields)

    def _rename(self, fields: _Object, ids: EventIds) -> None:
        """Give the person's event other ids, and drop its attributes, which anything may be in."""
        fields.pop("attributes", None)
        if ids.customer_id is not None:
            fields["customer_id"] = _raw(self.pseudonyms.customers[ids.customer_id])
        if ids.session_id is not None:
            fields["session_id"] = _raw(self.pseudonyms.sessions[ids.namespace, ids.session_id])
        request = msgspec.json.decode(fields.get("recommendation", b"null"))
        if isinstance(request, dict) and isinstance(request.get("request_id"), str):
            parts = _DECODER.decode(fields["recommendation"])
            parts["request_id"] = _raw(self.pseudonyms.of(self.pseudonyms.requests, request["request_id"]))
            fields["recommendation"] = msgspec.Raw(_ENCODER.encode(parts))

    def _drop_mentions(self, fields: _Object) -> bool:
        """Drop what is kept and never interpreted, where it names the person; whether there was any."""
        mentions = [
            name
            for name, value in fields.items()
            if (name == "attributes" or name not in _FIELDS)
            and self.person.is_quoted_in(b'"%b"%b' % (name.encode("utf-8", "surrogatepass"), bytes(value)))
        ]
        for name in mentions:
            del fields[name]
        return bool(mentions)

    def refused(self, line: bytes) -> bytes | None:
        """The line of a refused record without the person; None where it does not name one.

        A line that is no refused record and names the person becomes one that says that it was erased.
        """
        try:
            fields, values = _DECODER.decode(line), msgspec.json.decode(line)
            changed = {name: value for name, value in self.refused_fields(values).items() if value != values[name]}
        except (*_FAILURES, KeyError, TypeError, ValueError):
            return ERASED if self.person.is_named_in(line) else None
        return _ENCODER.encode(fields | {name: _raw(value) for name, value in changed.items()}) if changed else None

    def refused_fields(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """All fields of a refused record, whose bytes are in Base64, where some of them change; else nothing."""
        changed = self.refused_values({**values, "record": base64.b64decode(values["record"])})
        if "record" in changed:
            changed["record"] = base64.b64encode(_bytes(changed["record"])).decode()
        return {**values, **changed} if changed else {}

    def refused_values(self, values: Mapping[str, object]) -> dict[str, str | bytes]:
        """The columns of a refused record that change: its bytes, and texts that quote them.

        A line that could not be read any more changes as it would where it is still in its file.
        """
        record = values.get("record")
        if values.get("reason") == raw.UNREADABLE and isinstance(record, bytes):
            written = self.event(record) if values.get("detail") == raw.EVENTS.unreadable else self.refused(record)
            return {} if written is None else {"record": written}
        changed: dict[str, str | bytes] = {}
        for name in ("detail", "origin"):
            value = values.get(name)
            if isinstance(value, str) and self.person.is_named_in(value):
                changed[name] = ERASED_TEXT
        if changed or (isinstance(record, bytes) and self.person.is_named_in(record)):
            changed["record"] = ERASED
        return changed


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_ENCODER.encode(value))
