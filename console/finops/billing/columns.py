"""Columns of a bill → columns of charge rows: vectorised, exact, and every value that cannot be read remembered.

Amounts never pass through binary arithmetic. A text is read as the decimal it spells. A number that a Parquet file
holds as a float is read as the shortest decimal that gives this float (0.1 for 0.1), which is what the provider wrote.
More than 12 fractional digits are rounded half to even, and counted (`Rounding`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from catalogue.errors import SourceError
from console.finops.billing.charge_rows import AMOUNT, INSTANT, LONGEST_FRACTION, total

if TYPE_CHECKING:
    from console.finops.billing.table_file import Rows

NULLS = ("", "NULL", "null")  # how bills write "nothing"
SHOWN = 5  # refused values that a message names
_WIDE = pa.decimal256(76, 38)
_TEXTS = pa.array(NULLS)


@dataclass
class Refusals:
    """Values that could not be read: how many rows, and the first of them."""

    rows: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, row: int, column: str, value: object, why: str) -> None:
        """Remember a value; rows are counted from 1 without the header."""
        if len(self.first) < SHOWN:
            self.first.append(f"row {row:,}, {column} {value!r}: {why}")

    def __bool__(self) -> bool:
        return self.rows > 0

    def raise_if_any(self, where: str) -> None:
        """Refuse the whole bill where any row was refused: a bill without some of its rows is a wrong bill.

        The SourceError names the first rows with column, value and reason, and how many there are.
        """
        if self:
            counted = "1 row cannot" if self.rows == 1 else f"{self.rows:,} rows cannot"
            more = " …" if self.rows > len(self.first) else ""
            raise SourceError(
                f"{counted} be read: {'; '.join(self.first)}{more}",
                where=where,
                remedy="Nothing was imported. Correct these rows, or export the file again.",
            )


@dataclass
class Rounding:
    """Amounts with more than 12 fractional digits: how many by column, and how much rounding changed their sum."""

    cells: dict[str, int] = field(default_factory=dict)
    lost: dict[str, Decimal] = field(default_factory=dict)

    def add(self, column: str, cells: int, lost: Decimal) -> None:
        """Count rounded cells of a column; `lost` is the sum before minus the sum after."""
        if cells:
            self.cells[column] = self.cells.get(column, 0) + cells
            self.lost[column] = self.lost.get(column, Decimal(0)) + lost


class Chunk:
    """Some rows of a bill, asked for by column. Values that cannot be read are null and among the refusals.

    `shown` says what a column of a normalised name is called in the file, for messages.
    """

    def __init__(self, rows: Rows, shown: Mapping[str, str], refusals: Refusals, rounding: Rounding) -> None:
        self.columns, self.rows, self._first_row = rows.columns, rows.count, rows.first
        self._shown = shown
        self._refusals = refusals
        self._rounding = rounding
        self._refused: set[int] = set()

    def text(self, *names: str) -> pa.Array | None:
        """For each row the first of these columns that is not null; None where the file has none of them."""
        found = [_text(self.columns[name]) for name in names if name in self.columns]
        if not found:
            return None
        return found[0] if len(found) == 1 else pc.coalesce(*found)

    def amount(self, *names: str, required: bool = False) -> pa.Array | None:
        """The first of these columns that the file has, as decimal(38, 12)."""
        return self._read(self._amount, names, required)

    def instant(self, *names: str, required: bool = False) -> pa.Array | None:
        """The first of these columns that the file has, as instants in UTC."""
        return self._read(self._instant, names, required)

    def _read(
        self, read: Callable[[str, pa.Array], pa.Array], names: tuple[str, ...], required: bool
    ) -> pa.Array | None:
        name = next((name for name in names if name in self.columns), None)
        if name is None:
            return None
        values = read(name, self.columns[name])
        if required:
            self._require(name, values)
        return values

    def required_text(self, *names: str) -> pa.Array:
        """As `text`, refusing rows where it is null; the file must have one of the columns."""
        values = self.text(*names)
        assert values is not None  # noqa: S101 - the header was checked
        self._require(next(name for name in names if name in self.columns), values)
        return values

    def refuse(self, where: pa.Array, column: str, why: str) -> None:
        """Refuse the rows where a condition holds."""
        for index in pc.indices_nonzero(pc.fill_null(where, False)).to_pylist():
            self._refuse(index, column, why)

    def _require(self, name: str, values: pa.Array) -> None:
        if values.null_count:
            for index in pc.indices_nonzero(pc.is_null(values)).to_pylist():
                if index not in self._refused:  # its value was refused already
                    self._refuse(index, name, "a value is required")

    def _refuse(self, index: int, name: str, why: str) -> None:
        if index not in self._refused:
            self._refused.add(index)
            self._refusals.rows += 1
        column = self.columns.get(name)
        value = None if column is None else column[index].as_py()
        self._refusals.add(self._first_row + index, self._shown.get(name, name), value, why)

    def _amount(self, name: str, column: pa.Array) -> pa.Array:
        kind = column.type
        if pa.types.is_null(kind):
            return pa.nulls(self.rows, AMOUNT)
        if pa.types.is_dictionary(kind):
            column = column.dictionary_decode()
            kind = column.type
        if pa.types.is_floating(kind) or not (pa.types.is_decimal(kind) or pa.types.is_integer(kind)):
            column = _text(column)
        try:
            return pc.cast(column, AMOUNT)
        except pa.ArrowInvalid:
            pass  # a longer fraction, or no number: the code below finds out which
        try:
            wide = pc.cast(column, _WIDE)
            rounded = pc.round(wide, LONGEST_FRACTION, "half_to_even")
            values = pc.cast(rounded, AMOUNT)
        except pa.ArrowInvalid:
            return self._one_by_one(name, column)
        cells = pc.sum(pc.cast(pc.not_equal(wide, rounded), pa.int64())).as_py() or 0
        self._rounding.add(self._shown.get(name, name), cells, total(wide) - total(rounded))
        return values

    def _one_by_one(self, name: str, column: pa.Array) -> pa.Array:
        """The slow way, for chunks with values that are no amount: refuses each of them."""
        values: list[Decimal | None] = []
        cells, lost = 0, Decimal(0)
        step = Decimal(1).scaleb(-LONGEST_FRACTION)
        with localcontext() as context:
            context.prec = 200
            for index, value in enumerate(column.to_pylist()):
                if value is None:
                    values.append(None)
                    continue
                try:
                    exact = _decimal(value)
                    rounded = exact.quantize(step)
                except (InvalidOperation, ValueError):
                    self._refuse(index, name, "not a number; write it plain, such as 1234.56")
                    values.append(None)
                    continue
                if abs(rounded) >= 10**26:
                    self._refuse(index, name, "more than 26 digits before the point")
                    values.append(None)
                    continue
                if rounded != exact:
                    cells, lost = cells + 1, lost + exact - rounded
                values.append(rounded)
        self._rounding.add(self._shown.get(name, name), cells, lost)
        return pa.array(values, AMOUNT)

    def _instant(self, name: str, column: pa.Array) -> pa.Array:
        kind = column.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            # with a zone Arrow keeps UTC inside; nanoseconds are cut
            zone = kind.tz if pa.types.is_timestamp(kind) else None
            return pc.cast(pc.cast(column, pa.timestamp("us", zone), safe=False), INSTANT)
        if pa.types.is_null(kind):
            return pa.nulls(self.rows, INSTANT)
        wrong: dict[object, str] = {}

        def read(text: Any) -> datetime | None:
            try:
                return _moment(str(text))
            except ValueError:
                wrong[text] = "not an ISO 8601 date; write it such as 2026-01-31T00:00:00Z"
                return None

        values = distinct(_text(column), read, INSTANT)
        if wrong:
            for index, value in enumerate(_text(column).to_pylist()):
                if value in wrong:
                    self._refuse(index, name, wrong[value])
        return values


def distinct(column: pa.Array, read: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    """Read each distinct value once: bills repeat their dates and tags thousands of times."""
    encoded = pc.dictionary_encode(column)
    values = pa.array([read(value) for value in encoded.dictionary.to_pylist()], kind)
    return values.take(encoded.indices)


def _text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if not pa.types.is_string(kind):
        column = pc.cast(column, pa.string())
    if column.null_count == len(column):
        return column
    nothing = pc.is_in(column, _TEXTS)
    return pc.if_else(nothing, pa.scalar(None, pa.string()), column) if pc.any(nothing).as_py() else column


def _decimal(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    exact = Decimal(str(value).strip())
    if not exact.is_finite():
        raise InvalidOperation
    return exact


def _moment(text: str) -> datetime:
    """An instant in UTC, naive; one without an offset is UTC, as FOCUS and CUR write them."""
    moment = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
