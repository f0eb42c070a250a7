"""The csv importer: anyone's CSV or Parquet file, read with a mapping (`pipeline.importers.mapping`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.importers.core import Fields, Translate
from pipeline.importers.mapping import NUMBERS, WHOLE_NUMBERS, AmountsSection, ColumnMapping, TimeSection
from pipeline.lake import LakeSettings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIX_DIGITS = 18  # a longer one is no time in any unit, and 1e999999999 would become an integer of that many digits

ReadText = Callable[[str], Any]


class MappedImporter:
    """The importer that a mapping describes."""

    name = "csv"

    def __init__(self, mapping: ColumnMapping) -> None:
        self.mapping = mapping
        self.encoding = mapping.file.encoding
        self.delimiter = mapping.file.delimiter
        self.columns: Sequence[str] = mapping.columns_needed()
        currency = mapping.constants.get("currency")
        self.lake_settings = LakeSettings(reporting_currency=str(currency)) if currency else LakeSettings()

    def translator(self, header: list[str], digest: str) -> Translate:
        """One row → the fields that the mapping names; empty values are absent."""
        mapping = self.mapping
        constants = {field: _constant(field, value) for field, value in mapping.constants.items()}
        plan = [
            (field, column, header.index(column), mapping.values.get(field, {}), _reader(field, mapping))
            for field, column in mapping.columns.items()
        ]
        attributes = [(name, header.index(column)) for name, column in mapping.attributes.items()]
        identify = _identity(mapping, header, digest)
        negative_is_refund = mapping.amounts.negative == "refund"

        def translate(row: list[str]) -> Fields | Rejection:
            event_id = identify(row)
            values = dict(constants)
            for field, column, place, translations, read in plan:
                text = row[place].strip()
                text = translations.get(text, text)
                if text:
                    try:
                        values[field] = read(text)
                    except (ValueError, OverflowError) as error:
                        what = str(error) if type(error) is ValueError else "is out of range"
                        detail = f"Column {column} ({field}): {text[:60]!r} {what}."
                        return rejected(Reason.INVALID_VALUE, detail)
            if negative_is_refund:
                _turn_negative_into_refund(values)
            fields = _nested(values)
            fields["event_id"] = event_id
            kept = {name: row[place] for name, place in attributes if row[place]}
            if kept:
                fields["attributes"] = kept
            return fields

        return translate


def _constant(field: str, value: str | int | float) -> Any:
    """A constant of the mapping as the type of its field."""
    if field in WHOLE_NUMBERS:
        return int(value)
    return Decimal(str(value)) if field in NUMBERS else str(value)


def _reader(field: str, mapping: ColumnMapping) -> ReadText:
    """How the text of a field becomes its value."""
    if field == "occurred_at":
        return _time_reader(mapping.time)
    if field in NUMBERS:
        return _number_reader(mapping.amounts, whole=field in WHOLE_NUMBERS)
    return str


def _number_reader(amounts: AmountsSection, *, whole: bool) -> ReadText:
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
        if not whole:
            return number
        if not number.is_finite() or abs(number) > 10**9 or number != int(number):
            raise ValueError("is not a whole number")
        return int(number)

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
            "\x1f".join(row[p] for p in places).encode("utf-8"), digest_size=16
        ).hexdigest()
    numbers = count(1)
    return lambda _row: f"{digest[:16]}-{next(numbers)}"


def _turn_negative_into_refund(values: dict[str, Any]) -> None:
    """A purchase of a negative amount is a refund of the amount."""
    quantity, price = values.get("quantity"), values.get("unit_price")
    takes_back = (quantity is not None and quantity < 0) != (price is not None and price < 0)
    if quantity is not None:
        values["quantity"] = abs(quantity)
    if price is not None:
        values["unit_price"] = abs(price)
    if takes_back and values.get("event_type") == "purchase":
        values["event_type"] = "refund"


def _nested(values: dict[str, Any]) -> Fields:
    """``product.name`` and its like as objects."""
    fields: Fields = {}
    for field, value in values.items():
        holder, _, name = field.rpartition(".")
        if holder:
            fields.setdefault(holder, {})[name] = value
        else:
            fields[field] = value
    return fields
