"""The mapping file of the csv importer: which column of anyone's table is which field of an event.

A mapping is TOML with the sections of `EXAMPLE`. It is read strictly: an unknown section or key, a field that events do
not have, a translation into an unknown event type are refused by name before a row is read.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from catalogue.errors import SettingsError
from pipeline.contract.shape import EVENT_TYPES, Product, Recommendation, SentEvent
from pipeline.importers.layout import WHITESPACE, Layout

EXAMPLE = """\
# How the columns of a table become events. Import with:
#   python -m pipeline import csv FILE --map THIS_FILE
# FILE is CSV, JSON lines, Parquet or an Excel workbook with one row per event (an order line, a product view, …).

# namespace = "web-shop"   # event and order ids are unique within it; the lake's own by default

[file]
delimiter = ","            # "\\t" for tabs, "whitespace" for any run of spaces
encoding = "utf-8"         # such as "cp1252" for a spreadsheet saved on Windows
# columns = ["Order", …]   # where the file has no header
# widths = [6, 9, 3]       # characters of each column, in place of a delimiter
# sheet = "Orders"         # of a workbook; the first one by default

[columns]                  # event field = column of the file
occurred_at = "Created at"
order_id = "Order"         # or of several columns: ["Customer", "Day"]
customer_id = "Customer"
product_id = "SKU"
quantity = "Quantity"
unit_price = "Unit price"  # or total = "Amount", the amount of the row: quantity × unit price
region = "Country"
"product.name" = "Title"
"product.category" = "Category"    # a path with "/", such as Home/Lighting

[constants]                # event field = the same value in every row
event_type = "purchase"
currency = "EUR"
channel = "online"
# free_order = true        # an order whose lines all cost nothing counts as an order

[attributes]               # name = column; kept with the event, never interpreted
payment_method = "Payment"

[values.region]            # translations of one field: text in the file = text in the event
"Deutschland" = "Germany"

[time]
format = "iso"             # or "unix", "unix-ms", or a pattern such as "%d/%m/%Y %H:%M"
zone = "Europe/Berlin"     # of times that name no offset

[amounts]
decimal = "."              # or ","
thousands = ""             # or "," or "." or " "
negative = "refund"        # a negative quantity or price makes the row a refund; "refuse" sends it to quarantine

[keys]
separator = "|"            # between the values of a field of several columns

[event_id]                 # what makes a row unique; one of the three
columns = ["Order", "SKU", "Created at"]   # a refund is a row of its own: another time, or a line id
# column = "Line id"
# row_number = true        # of the file: editing the file makes new events of its rows
"""

_NOT_FROM_A_COLUMN = ("event_id", "product", "recommendation", "attributes", "rounded")
TOTAL = "total"  # no field of an event: the amount of the row, from which its unit price follows
FIELDS = (
    *(name for name in SentEvent.__struct_fields__ if name not in _NOT_FROM_A_COLUMN),
    *(f"product.{name}" for name in Product.__struct_fields__),
    *(f"recommendation.{name}" for name in Recommendation.__struct_fields__),
    TOTAL,
)
NUMBERS = frozenset({"quantity", "unit_price", TOTAL, "product.unit_cost", "recommendation.rank"})
WHOLE_NUMBERS = frozenset({"quantity", "recommendation.rank"})


class FileSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the text, or the workbook, is laid out; see `Layout`."""

    delimiter: str = ","
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()
    widths: tuple[Annotated[int, msgspec.Meta(ge=1)], ...] = ()
    sheet: str = ""


class TimeSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How times are written, and the zone of those without an offset."""

    format: str = "iso"
    zone: str = "UTC"


class AmountsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How numbers are written, and what a negative one means."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    negative: Literal["refuse", "refund"] = "refuse"


class KeysSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the values of several columns become one."""

    separator: Annotated[str, msgspec.Meta(min_length=1, max_length=8)] = "|"


class IdentitySection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a row unique: exactly one of the three."""

    column: str = ""
    columns: tuple[str, ...] = ()
    row_number: bool = False


class ColumnMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping file, checked."""

    columns: dict[str, str | tuple[str, ...]]
    event_id: IdentitySection
    namespace: Annotated[str, msgspec.Meta(max_length=64)] = ""
    file: FileSection = FileSection()
    time: TimeSection = TimeSection()
    amounts: AmountsSection = AmountsSection()
    keys: KeysSection = KeysSection()
    constants: dict[str, str | int | float | bool] = {}
    attributes: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}

    def columns_needed(self) -> tuple[str, ...]:
        """Every column of the file that the mapping names, once, in its order."""
        identity = (self.event_id.column,) if self.event_id.column else self.event_id.columns
        named = [name for value in self.columns.values() for name in columns_of(value)]
        return tuple(dict.fromkeys([*named, *self.attributes.values(), *identity]))

    def layout(self) -> Layout:
        """How the file is laid out."""
        file = self.file
        return Layout(
            encoding=file.encoding,
            delimiter=file.delimiter,
            widths=file.widths,
            columns=file.columns,
            sheet=file.sheet,
            keys=self.columns_needed(),
        )


def columns_of(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """The columns that a field comes from: one, or several whose values are joined."""
    return (value,) if isinstance(value, str) else value


def load_mapping(path: Path) -> ColumnMapping:
    """Read and check a mapping file.

    Raises
    ------
    SettingsError
        The file is missing, is not TOML, or a key of it has no meaning; the error names the key.
    """
    try:
        return read_mapping(path.read_text(encoding="utf-8"), where=str(path))
    except OSError as error:
        remedy = "Print one to start from with `python -m pipeline import csv --example-map`."
        raise SettingsError(f"The mapping cannot be read: {error.strerror}", where=str(path), remedy=remedy) from error
    except UnicodeDecodeError as error:
        raise SettingsError("The mapping is not UTF-8 text", where=str(path), remedy="Save it as UTF-8.") from error


def read_mapping(text: str, *, where: str) -> ColumnMapping:
    """Check the text of a mapping file; `where` names it in errors (see `load_mapping`)."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The mapping is not TOML: {error}", where=where, remedy="Mend that line.") from error
    check = _MappingCheck(where)
    check.keys(content)
    try:
        mapping = msgspec.convert(content, ColumnMapping)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$.")
        raise check.error(place.rstrip("`") or "the top level", problem.replace("`", "'")) from error
    check.fields(mapping)
    check.identity(mapping)
    check.layout(mapping)
    return mapping


@dataclass(frozen=True)
class _MappingCheck:
    """Checks of a mapping that its types cannot express."""

    where: str

    def error(self, key: str, what: str, remedy: str = "") -> SettingsError:
        """An error that names the key of the mapping."""
        return SettingsError(f"{key}: {what}", where=self.where, remedy=remedy or "Compare with --example-map.")

    def keys(self, content: Mapping[str, Any]) -> None:
        """Refuse sections and keys that mean nothing."""
        sections = {field.name: field.type for field in msgspec.structs.fields(ColumnMapping)}
        for section, value in content.items():
            if section not in sections:
                raise self.error(section, "is no section of a mapping", _nearest(section, sections))
            kind = sections[section]
            if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                known = [field.name for field in msgspec.structs.fields(kind)]
                for key in value:
                    if key not in known:
                        raise self.error(f"{section}.{key}", "is no key of a mapping", _nearest(key, known))
        for section in ("columns", "event_id"):
            if section not in content:
                raise self.error(section, "is absent")

    def fields(self, mapping: ColumnMapping) -> None:
        """Refuse fields that events do not have, or that get their value twice or never."""
        for section in ("columns", "constants", "values"):
            for field in getattr(mapping, section):
                if field not in FIELDS:
                    raise self.error(f"{section}.{field}", "events have no such field", _nearest(field, FIELDS))
        for field, value in mapping.constants.items():
            if field in mapping.columns:
                raise self.error(f"constants.{field}", "columns names it too", "Keep one of the two.")
            fits = isinstance(value, int) or (field not in WHOLE_NUMBERS and _is_number(value))
            if field in NUMBERS and not fits:
                raise self.error(f"constants.{field}", f"{value!r} is not a number that fits", "Write a number.")
        if TOTAL in mapping.columns and "unit_price" in {*mapping.columns, *mapping.constants}:
            raise self.error("columns.total", "unit_price is given too", "Keep one of the two.")
        for field, columns in mapping.columns.items():
            if not isinstance(columns, str) and (len(columns) < 2 or field in NUMBERS or field == "occurred_at"):
                what = "needs at least two columns" if len(columns) < 2 else "comes from one column"
                raise self.error(f"columns.{field}", what, f'Write {field} = "COLUMN".')
        if TOTAL in mapping.constants:
            raise self.error("constants.total", "comes from a column")
        given = {*mapping.columns, *mapping.constants}
        for field in ("event_type", "occurred_at"):
            if field not in given:
                raise self.error(f"columns.{field}", "every event needs it", "Name a column or a constant.")
        if not given & {"customer_id", "session_id"}:
            raise self.error("columns.customer_id", "an event needs a customer_id or a session_id", "Name a column.")
        types = [mapping.constants.get("event_type"), *mapping.values.get("event_type", {}).values()]
        for kind in types:
            if kind is not None and kind not in EVENT_TYPES:
                key = "constants.event_type" if kind is types[0] else "values.event_type"
                raise self.error(key, f"{kind!r} is no type of event", _nearest(str(kind), EVENT_TYPES))

    def identity(self, mapping: ColumnMapping) -> None:
        """Refuse a mapping without exactly one source of the event id."""
        identity = mapping.event_id
        if (bool(identity.column) + bool(identity.columns) + identity.row_number) != 1:
            raise self.error("event_id", "give exactly one of column, columns and row_number")

    def layout(self, mapping: ColumnMapping) -> None:
        """Refuse layouts that cannot be read."""
        if mapping.amounts.decimal == mapping.amounts.thousands:
            raise self.error("amounts.thousands", "is the decimal sign too")
        try:
            ZoneInfo(mapping.time.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise self.error(
                "time.zone", f"{mapping.time.zone!r} is unknown", "Use a name such as Europe/Berlin."
            ) from error
        if mapping.time.format not in ("iso", "unix", "unix-ms") and "%" not in mapping.time.format:
            raise self.error("time.format", "is neither iso, unix, unix-ms nor a pattern such as %d/%m/%Y %H:%M")
        if mapping.file.delimiter != WHITESPACE and len(mapping.file.delimiter) != 1:
            raise self.error("file.delimiter", f'is neither one character nor "{WHITESPACE}"')
        if mapping.file.delimiter in '"\r\n':
            raise self.error("file.delimiter", "cannot be a quote or a line ending")
        if mapping.file.widths and mapping.file.columns and len(mapping.file.widths) != len(mapping.file.columns):
            raise self.error("file.widths", "has not one width for each of file.columns", "Give as many of both.")
        try:
            ascii_kept = 'a"\n'.encode(mapping.file.encoding) == b'a"\n'
        except (LookupError, UnicodeError) as error:
            raise self.error(
                "file.encoding", f"{mapping.file.encoding!r} is unknown", "Use utf-8 or cp1252."
            ) from error
        if not ascii_kept:
            raise self.error("file.encoding", "does not keep ASCII as it is", "Convert the file to UTF-8.")


def _is_number(value: str | float) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _nearest(word: str, known: Any) -> str:
    likely = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"Did you mean {likely[0]}?" if likely else f"Known: {', '.join(known)}."
