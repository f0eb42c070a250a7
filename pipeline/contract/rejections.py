"""Why a record is refused: reason codes, each with its sentence, and the line that keeps a refused record."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

DETAIL_LENGTH = 300  # characters: a detail is read in a table cell, the record itself is kept whole


class Reason(StrEnum):
    """Reason codes of the quarantine. They are stored: add new ones, never rename one."""

    TOO_LARGE = "too_large"
    INVALID_UTF8 = "invalid_utf8"
    INVALID_JSON = "invalid_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    MISSING_IDENTITY = "missing_identity"
    INVALID_TYPE = "invalid_type"
    INVALID_VALUE = "invalid_value"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    INVALID_CURRENCY = "invalid_currency"
    TOO_FAR_IN_FUTURE = "too_far_in_future"
    TOO_OLD = "too_old"
    PERSONAL_DATA = "personal_data"
    ATTRIBUTES_TOO_LARGE = "attributes_too_large"
    MALFORMED_ROW = "malformed_row"

    @property
    def sentence(self) -> str:
        """What the reason means, for a reader who has not seen the contract."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.TOO_LARGE: "The record is larger than an event may be.",
    Reason.INVALID_UTF8: "The record is not UTF-8 text.",
    Reason.INVALID_JSON: "The record is not one complete JSON value.",
    Reason.NOT_AN_OBJECT: "The record is JSON, but not an object.",
    Reason.MISSING_FIELD: "A field that this type of event needs is absent.",
    Reason.MISSING_IDENTITY: "The event names neither a customer nor a session.",
    Reason.INVALID_TYPE: "A field holds another type of value than the contract says.",
    Reason.INVALID_VALUE: "A field holds a value of the right type that cannot be read as what it should be.",
    Reason.OUT_OF_RANGE: "A number or a date lies outside what the contract allows, or is finer than it can keep.",
    Reason.UNKNOWN_EVENT_TYPE: "The type of the event is not one of the contract's.",
    Reason.INVALID_CURRENCY: "The currency is not an ISO 4217 code in capital letters.",
    Reason.TOO_FAR_IN_FUTURE: "The event claims to happen later than the clock allows.",
    Reason.TOO_OLD: "The event is older than the lake keeps events.",
    Reason.PERSONAL_DATA: "A field holds an e-mail address or a payment card number.",
    Reason.ATTRIBUTES_TOO_LARGE: "The attributes are larger than an event may carry.",
    Reason.MALFORMED_ROW: "A row of an imported file does not have the columns of its header.",
}


class Rejection(msgspec.Struct, frozen=True):
    """Why one record is refused.

    Attributes
    ----------
    reason : code, one of `Reason`
    detail : one sentence naming the field and what is wrong with it, at most `DETAIL_LENGTH` characters
    """

    reason: str
    detail: str


def rejected(reason: Reason, detail: str) -> Rejection:
    """A rejection whose detail is cut to `DETAIL_LENGTH` and can always be written as UTF-8."""
    readable = detail.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
    if len(readable) > DETAIL_LENGTH:
        readable = readable[: DETAIL_LENGTH - 1] + "…"
    return Rejection(reason.value, readable)


def quarantine_line(record: bytes, rejection: Rejection, *, origin: str, received_at: datetime, source: str) -> bytes:
    """The JSON line, without newline, that keeps a refused record: original bytes (base64), reason and origin.

    Parameters
    ----------
    origin : where the record came from, such as ``file.csv:17435``, or the source of a request's write key
    received_at : aware instant of reception
    source : ``native``, ``segment``, ``ga4`` or ``import``
    """
    return _ENCODER.encode(
        {
            "record": base64.b64encode(record).decode("ascii"),
            "reason": rejection.reason,
            "detail": rejection.detail,
            "origin": origin,
            "received_at": received_at.astimezone(UTC),
            "source": source,
        }
    )


_ENCODER = msgspec.json.Encoder()
