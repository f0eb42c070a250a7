"""Why a record is refused: reason codes, each with its sentence, and the line that keeps a refused record."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

import msgspec

ERASED = b'{"erased":true}'  # what is left of a record that named a person who was erased
DETAIL_LENGTH = 300  # characters: a detail is read in a table cell, the record itself is kept whole


class Reason(StrEnum):
    """Reason codes of the quarantine. They are stored: add new ones, never rename one."""

    sentence: str  # what the reason means, for a reader who has not seen the contract

    def __new__(cls, code: str, sentence: str) -> Self:
        """One reason, made of its code and its sentence."""
        reason = str.__new__(cls, code)
        reason._value_ = code
        reason.sentence = sentence
        return reason

    TOO_LARGE = "too_large", "The record is larger than an event may be."
    INVALID_UTF8 = "invalid_utf8", "The record is not UTF-8 text."
    INVALID_JSON = "invalid_json", "The record is not one complete JSON value."
    NOT_AN_OBJECT = "not_an_object", "The record is JSON, but not an object."
    MISSING_FIELD = "missing_field", "A field that this type of event needs is absent."
    MISSING_IDENTITY = "missing_identity", "The event names neither a customer nor a session."
    INVALID_TYPE = "invalid_type", "A field holds another type of value than the contract says."
    INVALID_VALUE = "invalid_value", "A field holds a value of the right type that cannot be read as what it should be."
    OUT_OF_RANGE = (
        "out_of_range",
        "A number or a date lies outside what the contract allows.",
    )
    UNKNOWN_EVENT_TYPE = "unknown_event_type", "The type of the event is not one of the contract's."
    INVALID_CURRENCY = "invalid_currency", "The currency is not an ISO 4217 code."
    TOO_FAR_IN_FUTURE = "too_far_in_future", "The event claims to happen later than the clock allows."
    TOO_OLD = "too_old", "The event is older than the lake keeps events."
    PERSONAL_DATA = "personal_data", "A field holds an e-mail address or a payment card number."
    HELD = "held", "The amount is larger than this lake takes without a person's yes."
    NOT_ALLOWED = "not_allowed", "A public key may not send this type of event."
    ATTRIBUTES_TOO_LARGE = "attributes_too_large", "The attributes are larger than an event may carry."
    MALFORMED_ROW = "malformed_row", "A row of an imported file does not have the columns of its header."


class Rejection(msgspec.Struct, frozen=True):
    """Why one record is refused.

    Attributes
    ----------
    reason : code, one of `Reason`
    detail : one sentence naming the field and what is wrong with it, at most `DETAIL_LENGTH` characters
    """

    reason: str
    detail: str


def rejected(reason: str, detail: str) -> Rejection:
    """A rejection whose detail is cut to `DETAIL_LENGTH` and can always be written as UTF-8."""
    readable = detail.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
    if len(readable) > DETAIL_LENGTH:
        readable = readable[: DETAIL_LENGTH - 1] + "…"
    return Rejection(str(reason), readable)


def quarantine_line(
    record: bytes,
    rejection: Rejection,
    *,
    origin: str,
    received_at: datetime,
    source: str,
    namespace: str = "",
    public: bool = False,
) -> bytes:
    """The JSON line, without newline, that keeps a refused record: original bytes (base64), reason and origin.

    Parameters
    ----------
    origin : where the record came from, such as ``file.csv:17435``, or the source of a request's write key
    received_at : aware instant of reception
    source : which format it came in, such as ``native`` or ``segment``; ``import`` of a file
    namespace, public : of the write key; written where they are not the default
    """
    sender: dict[str, str | bool] = {}
    if namespace:
        sender["namespace"] = namespace
    if public:
        sender["public"] = public
    return _ENCODER.encode(
        {
            "record": base64.b64encode(record).decode("ascii"),
            "reason": rejection.reason,
            "detail": rejection.detail,
            "origin": origin,
            "received_at": received_at.astimezone(UTC),
            "source": source,
            **sender,
        }
    )


_ENCODER = msgspec.json.Encoder()
