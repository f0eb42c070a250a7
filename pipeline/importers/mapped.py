"""The csv importer: anyone's table, read with a mapping (`pipeline.importers.mapping`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.importers.importer import Fields, Translate
from pipeline.importers.mapping import (
    NUMBERS,
    TOTAL,
    WHOLE_NUMBERS,
    AmountsSection,
    ColumnMapping,
    TimeSection,
    columns_of,
)
from pipeline.importers.totals import priced_by_total, turn_negative_into_refund
from pipeline.lake import LakeSettings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXTS_KEPT = 8192
_WHOLE_AT_MOST = 10**9  # above it a number is no rank or quantity, and 1e999999999 would be an integer of that length
_UNIX_DIGITS = 18  # a longer one is no time in any unit, and 1e999999999 would become an integer of that many digits

ReadText = Callable[[str], Any]


class MappedImporter:
    """The importer that a mapping describes."""

    name = "csv"

    def __init__(self, mapping: ColumnMapping) -> None:
        self.mapping = mapping
        self.columns: Sequence[str] = mapping.columns_needed()
        self.layout = mapping.layout()
        self.in_order = mapping.event_id.row_number
        currency = mapping.constants.get("currency")
        self.lake_settings = LakeSettings(reporting_currency=str(currency)) if currency else LakeSettings()

    def translator(self, header: list[str], digest: str) -> Translate:
        """One row → the fields that the mapping names; empty values are absent. Two events where a total needs them."""
        mapping = self.mapping
        constants = {field: _constant(field, value) for field, value in mapping.constants.items()}
        single = [(field, column) for field, column in mapping.columns.items() if isinstance(column, str)]
        texts = [(field, header.index(column)) for field, column in single if _is_text(field, mapping)]
        others = [
            (field, column, header.index(column), _reader(field, mapping))
            for field, column in single
            if not _is_text(field, mapping)
        ]
        keys = [
            (field, [(column, header.index(column)) for column in columns_of(columns)], mapping.values.get(field, {}))
            for field, columns in mapping.columns.items()
            if not isinstance(columns, str)
        ]
        attributes = [(name, header.index(column)) for name, column in mapping.attributes.items()]
        identify = _identity(mapping, header, digest)
        negative_is_refund = mapping.amounts.negative == "refund"
        of_objects = [
            (field, *field.split(".", 1)) for field in dict.fromkeys([*constants, *mapping.columns]) if "." in field
        ]
        totals = TOTAL in mapping.columns

        def translate(row: list[str]) -> Fields | list[Fields] | Rejection:
            event_id = identify(row)
            fields = dict(constants)
            for field, place in texts:
                text = row[place].strip()
                if text:
                    fields[field] = text
            for field, column, place, read in others:
                try:
                    value = read(row[place])
                except (ValueError, OverflowError) as error:
                    text = row[place].strip()
                    what = str(error) if type(error) is ValueError else "is out of range"
                    return rejected(Reason.INVALID_VALUE, f"Column {column} ({field}): {text[:60]!r} {what}.")
                if value is not None:
                    fields[field] = value
            for field, parts, translated in keys:
                key = _joined(row, field, parts, mapping.keys.separator)
                if isinstance(key, Rejection):
                    return key
                if key:
                    fields[field] = translated.get(key, key)
            if negative_is_refund:
                turn_negative_into_refund(fields)
            for field, holder, name in of_objects:
                if field in fields:
                    fields.setdefault(holder, {})[name] = fields.pop(field)
            fields["event_id"] = event_id
            if attributes:
                kept = {name: row[place] for name, place in attributes if row[place]}
                if kept:
                    fields["attributes"] = kept
            return priced_by_total(fields) if totals else fields

        return translate


def _joined(row: list[str], field: str, parts: list[tuple[str, int]], separator: str) -> str | Rejection:
    """The values of several columns as one; empty where one of them is, because such rows have no key in common."""
    values = [row[place].strip() for _, place in parts]
    for (column, _), value in zip(parts, values, strict=True):
        if separator in value:
            detail = f"Column {column} ({field}): {value[:60]!r} holds {separator!r}, the separator of keys."
            return rejected(Reason.INVALID_VALUE, detail)
    return separator.join(values) if all(values) else ""


def _constant(field: str, value: str | int | float | bool) -> Any:
    """A constant of the mapping as the type of its field."""
    if isinstance(value, bool):
        return value
    if field in WHOLE_NUMBERS:
        return int(value)
    return Decimal(str(value)) if field in NUMBERS else str(value)


def _is_text(field: str, mapping: ColumnMapping) -> bool:
    """Whether the text of a column is the value of the field as it is."""
    return field != "occurred_at" and field not in NUMBERS and field not in mapping.values


def _reader(field: str, mapping: ColumnMapping) -> ReadText:
    """How the text of a field becomes its value, None where it is empty."""
    read: ReadText = str
    if field == "occurred_at":
        read = _time_reader(mapping.time)
    elif field in NUMBERS:
        read = _number_reader(mapping.amounts, field)
    translations = mapping.values.get(field, {})

    @lru_cache(_TEXTS_KEPT)  # the same times, numbers and names come again and again
    def value_of(raw: str) -> Any:
        text = raw.strip()
        text = translations.get(text, text)
        return read(text) if text else None

    return value_of


def _number_reader(amounts: AmountsSection, field: str) -> ReadText:
    decimal, thousands = amounts.decimal, amounts.thousands

    def read(text: str) -> Decimal | int:
        if thousands:
            text = text.replace(thousands, "")
        if decimal == ",":
            if "." in text:
                raise ValueError("has a decimal point where the mapping says comma")
            text = text.replace(",", ".")
        try:
            number = Decimal(text)
        except InvalidOperation as error:
            raise ValueError("is not a number") from error
        if not number.is_finite():
            raise ValueError("is not a number")
        if field not in WHOLE_NUMBERS:
            return number
        is_whole = abs(number) <= _WHOLE_AT_MOST and number == int(number)
        if is_whole:
            return int(number)
        if field == "quantity":
            return number  # whether it may have decimals is the lake's to say
        raise ValueError("is not a whole number")

    return read


def _time_reader(time: TimeSection) -> ReadText:
    zone = ZoneInfo(time.zone)

    def iso(text: str) -> datetime:
        try:
            return _aware(datetime.fromisoformat(text))
        except ValueError as error:
            raise ValueError("is not an ISO 8601 time") from error

    def pattern(text: str) -> datetime:
        try:
            return _aware(datetime.strptime(text, time.format))  # noqa: DTZ007 - the zone follows
        except ValueError as error:
            raise ValueError(f"does not fit {time.format}") from error

    def unix(text: str) -> datetime:
        try:
            number = Decimal(text)
        except InvalidOperation as error:
            raise ValueError("is not a number") from error
        if not number.is_finite() or number.adjusted() > _UNIX_DIGITS:
            raise ValueError("is no time since 1970")
        return _EPOCH + timedelta(microseconds=int(number * step))

    def _aware(moment: datetime) -> datetime:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)

    step = 1000 if time.format == "unix-ms" else 1_000_000
    if time.format.startswith("unix"):
        return unix
    return iso if time.format == "iso" else pattern


def _identity(mapping: ColumnMapping, header: list[str], digest: str) -> Callable[[list[str]], str]:
    """How a row gets its event id."""
    identity = mapping.event_id
    if identity.column:
        place = header.index(identity.column)
        return lambda row: row[place].strip()
    if identity.columns:
        places = [header.index(column) for column in identity.columns]
        return lambda row: hashlib.blake2b(
            "\x1f".join([row[p] for p in places]).encode("utf-8", "surrogatepass"), digest_size=16
        ).hexdigest()
    numbers = count(1)
    return lambda _row: f"{digest[:16]}-{next(numbers)}"
