"""Reading a struct one field at a time: the slow way that finds out which field is wrong, and why (pure).

A typed decoder reads all fields at once and is fast, but takes ``null`` and ``""`` for wrong values and explains a
refusal in its own words. These functions read the same types field by field: empty values are absent, and the first
wrong field is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from pipeline.contract.privacy import personal_data
from pipeline.contract.rejections import Reason, Rejection, rejected

_SHOWN = 60  # characters of a wrong value worth showing in a detail
_ABSENT = (b"null", b'""')

Value = msgspec.Raw | Any


def read_json(struct: type[msgspec.Struct], record: bytes, *, ignore: frozenset[str]) -> dict[str, Any] | Rejection:
    """The present fields of a JSON object as values of `struct`'s types, or the first thing wrong with it.

    Parameters
    ----------
    ignore : fields of `struct` that a record may hold but not set
    """
    try:
        record.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = record[error.start]
        return rejected(Reason.INVALID_UTF8, f"The record is not UTF-8: byte {error.start} is 0x{byte:02x}.")
    try:
        fields = msgspec.json.decode(record, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return rejected(Reason.NOT_AN_OBJECT, "The record is JSON, but not an object.")
    except msgspec.DecodeError as error:
        problem = f"cannot be read as JSON: {error}" if record.strip() else "is empty"
        return rejected(Reason.INVALID_JSON, f"The record {problem}.")
    except RecursionError:
        return rejected(Reason.INVALID_JSON, "The record is nested too deeply to be read.")
    return read_fields(struct, fields, ignore=ignore)


def read_fields(
    struct: type[msgspec.Struct], fields: Mapping[str, Value], *, ignore: frozenset[str] = frozenset(), prefix: str = ""
) -> dict[str, Any] | Rejection:
    """The present fields as values of `struct`'s types, from raw JSON values or Python values; or the first wrong one.

    Parameters
    ----------
    prefix : path of the object that holds the fields, such as ``product.``
    """
    values: dict[str, Any] = {}
    for name, (kind, nested, required) in _kinds(struct).items():
        if name in ignore:
            continue
        given = fields.get(name)
        try:
            value = _read(given, dict[str, msgspec.Raw] if nested and isinstance(given, msgspec.Raw) else kind, nested)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError) as error:
            return _explain(prefix + name, given, error)
        if nested and isinstance(value, Mapping):
            inner = read_fields(nested, value, prefix=f"{prefix}{name}.")
            if isinstance(inner, Rejection):
                return inner
            value = nested(**inner)
        if value is not None:
            values[name] = value
        elif required:
            return rejected(Reason.MISSING_FIELD, f"Field {prefix}{name} is absent.")
    return values


def _read(given: Value, kind: Any, nested: type[msgspec.Struct] | None) -> Any:
    """One value as its type; None where it is absent."""
    if isinstance(given, msgspec.Raw):
        return None if bytes(given) in _ABSENT else msgspec.json.decode(given, type=kind)
    if given is None or (isinstance(given, str) and not given):
        return None
    if nested and isinstance(given, Mapping):
        return given
    return msgspec.convert(given, kind)


@cache
def _kinds(struct: type[msgspec.Struct]) -> dict[str, tuple[Any, type[msgspec.Struct] | None, bool]]:
    """Field name → its type, the struct it nests (or None), and whether it is required."""
    kinds: dict[str, tuple[Any, type[msgspec.Struct] | None, bool]] = {}
    for field in msgspec.structs.fields(struct):
        options = getattr(field.type, "__args__", ())
        nested = next((option for option in options if msgspec.inspect.is_struct_type(option)), None)
        kinds[field.encode_name] = (field.type, nested, field.required)
    return kinds


def _explain(path: str, given: Value, error: Exception) -> Rejection:
    """Name what is wrong with one value, from what the typed reader says about it."""
    said = str(error).split(" - at `")[0].replace("`", "").replace(" | null", "")
    reason = Reason.INVALID_VALUE
    if isinstance(error, UnicodeError):
        reason, said = Reason.INVALID_UTF8, "holds a lone surrogate"
    elif isinstance(error, RecursionError):
        reason, said = Reason.INVALID_TYPE, "is nested too deeply"
    elif "Invalid enum value" in said:
        reason, said = Reason.UNKNOWN_EVENT_TYPE, "is not a type of the contract"
    elif path == "currency" and "of length" in said:
        reason, said = Reason.INVALID_CURRENCY, "is not an ISO 4217 code such as EUR"
    elif said.startswith("Expected") and ", got" in said:
        reason = Reason.INVALID_TYPE
    elif "out of range" in said or said.startswith("Expected int"):
        reason = Reason.OUT_OF_RANGE
    separator = " " if said[:1].islower() else ": "
    return rejected(reason, f"Field {path}{separator}{said}{_shown(given)}.")


def _shown(given: Value) -> str:
    """The beginning of a wrong value, unless it is personal."""
    text = bytes(given).decode("utf-8", "replace") if isinstance(given, msgspec.Raw) else repr(given)
    if personal_data(text):
        return ""
    return f" (given: {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'})"
