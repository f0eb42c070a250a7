"""A request to the collector and its answer: what an HTTP server and a Lambda payload both turn into (pure)."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

MAX_BODY = 1024 * 1024  # bytes, as they travel and again once unpacked
RETRY_AFTER = 1  # seconds: a full or lost stream is usually back as soon as it is

JSON = "application/json"
_JSON_TYPES = frozenset({JSON, "text/json"})
_LINE_TYPES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
_BODY_TYPES = _JSON_TYPES | _LINE_TYPES | {"text/plain", ""}  # what sendBeacon can say; and senders that say nothing
# what HTTP libraries say of bytes they were handed; such a body is read if it is JSON, packed or not
_UNNAMED_TYPES = frozenset(
    {"application/x-www-form-urlencoded", "application/octet-stream", "application/gzip", "application/x-gzip"}
)
_GZIP = 31  # window bits of a gzip member
_GZIP_MAGIC = b"\x1f\x8b"  # no JSON begins with it
_MAGIC_AS_TEXT = (
    b"\x1f\xef\xbf\xbd",
    b"\x1f\xc2\x8b",
)  # its bytes taken for UTF-8, or for Latin-1, and written as UTF-8
_PACKED = ("gzip", "x-gzip")
_MAX_MEMBERS = 16  # a body is one member; thousands of empty ones are an attack on the time to step through them
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes
    ----------
    headers : names in lower case; of a header given twice, either
    query : decoded parameters
    body : bytes as they travelled
    address : the sender's network address; empty where it is unknown
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; `headers` hold the content type where there is a body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Problem(Exception):  # noqa: N818 - an answer to the sender, not a failure of ours
    """Why a request is refused as a whole; nothing of it is acknowledged.

    Parameters
    ----------
    code : stable word for programs
    message : what is wrong and what to do, one or two sentences
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})

    def response(self) -> Response:
        """The answer with the code and the message, as JSON."""
        return json_response(self.status, {"code": self.code, "message": self.message}, self.headers)


def json_response(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body; bytes are taken as JSON already."""
    body = content if isinstance(content, bytes) else _ENCODER.encode(content)
    return Response(status, {"content-type": JSON, **(headers or {})}, body)


def too_large() -> Problem:
    """The refusal of a body over `MAX_BODY`."""
    return Problem(413, "too_large", f"A body may have {MAX_BODY} bytes, unpacked too; send the events in several.")


def unavailable(code: str, what: str, remedy: str = "Nothing was stored; send it again.") -> Problem:
    """The refusal of a request that something of ours cannot take just now, which may be sent again soon.

    Parameters
    ----------
    what : a sentence without its full stop. What follows its colon is why, with names of the account that it runs in:
        that is for our log and not for a sender
    """
    return Problem(503, code, f"{what.partition(': ')[0]}. {remedy}", {"retry-after": str(RETRY_AFTER)})


def check_head(headers: Mapping[str, str]) -> None:
    """Refuse a body that its headers alone show to be unreadable.

    Raises
    ------
    Problem
        413 for a declared length over `MAX_BODY`, 415 for a type or an encoding that is none of ours.
    """
    declared = headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > MAX_BODY):
        raise too_large()
    media, _, parameters = headers.get("content-type", "").partition(";")
    is_packed = _encoding(headers) in _PACKED
    if not is_packed and media.strip().lower() not in _BODY_TYPES | _UNNAMED_TYPES:
        raise Problem(
            415,
            "unsupported_media_type",
            f"Content-Type {media.strip()[:80]!r} cannot be read; send application/json or application/x-ndjson.",
        )
    charset = parameters.partition("charset=")[2].split(";")[0].strip(' "').lower()
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise Problem(415, "unsupported_media_type", f"Charset {charset[:40]!r} cannot be read; send UTF-8.")
    if not is_packed and _encoding(headers) not in ("", "identity"):
        raise Problem(
            415,
            "unsupported_encoding",
            f"Content-Encoding {_encoding(headers)[:40]!r} cannot be read; send gzip or none.",
            {"accept-encoding": "gzip, identity"},
        )


def unpack(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body, unpacked where it is gzip, said or not. Never holds more than `MAX_BODY` bytes of it.

    Raises
    ------
    Problem
        413 where it is longer than `MAX_BODY`, packed or unpacked; 400 where it is not whole, or was handled as text on
        its way.
    """
    if len(body) > MAX_BODY:
        raise too_large()
    if body.startswith(_MAGIC_AS_TEXT):
        raise Problem(
            400,
            "gzip_as_text",
            "The gzip was taken for text on its way, and is lost: API Gateway does so with text types such as"
            " application/json. Send it with Content-Type application/x-ndjson or application/octet-stream (both may"
            " hold a JSON array), or send it unpacked.",
        )
    if _encoding(headers) not in _PACKED and not body.startswith(_GZIP_MAGIC):
        return body
    unpacked, rest = b"", body
    for _ in range(_MAX_MEMBERS):
        member = zlib.decompressobj(_GZIP)
        try:
            unpacked += member.decompress(rest, MAX_BODY + 1 - len(unpacked))
        except zlib.error as error:
            raise Problem(400, "invalid_gzip", f"The body is not gzip: {error}.") from error
        if len(unpacked) > MAX_BODY:
            raise too_large()
        if not member.eof:
            raise Problem(400, "invalid_gzip", "The body is cut: its gzip does not end.")
        rest = member.unused_data
        if not rest:
            return unpacked
    raise Problem(400, "invalid_gzip", f"The body has more than {_MAX_MEMBERS} gzip members; pack it as one.")


def write_key(request: Request, parameter: str) -> str:
    """The write key of a request; empty where there is none.

    ``Authorization: Bearer KEY``, ``X-Write-Key: KEY``, ``Authorization: Basic`` with the key as the user, or, for
    senders that can set no header, a parameter of the address.
    """
    scheme, _, value = request.headers.get("authorization", "").strip().partition(" ")
    key = ""
    if scheme.lower() == "bearer":
        key = value.strip()
    elif scheme.lower() == "basic":
        with suppress(binascii.Error, ValueError):  # no base64, or no UTF-8 in it
            key = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")[0]
    return key or request.headers.get("x-write-key", "").strip() or request.query.get(parameter, "")


def _encoding(headers: Mapping[str, str]) -> str:
    return headers.get("content-encoding", "").strip().lower()
