"""Answers that are lists of objects, as Arrow tables: what a table draws and exports."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

AMOUNT_DIGITS = 4  # of the shop's amounts; a cloud bill has twelve


def table_of(
    records: Sequence[object], names: Sequence[str], *, rates: Sequence[str] = (), digits: int = AMOUNT_DIGITS
) -> pa.Table:
    """A table with one row per record and one column per attribute named.

    `rates` names the attributes that are fractions: they become doubles, since a quotient has no exact decimal. Every
    other decimal keeps `digits` of them after the point.
    """
    import pyarrow as pa

    step = Decimal(1).scaleb(-digits)
    columns: dict[str, pa.Array] = {}
    for name in names:
        values = [getattr(record, name) for record in records]
        if name in rates:
            columns[name] = pa.array([None if value is None else float(value) for value in values], pa.float64())
        elif any(isinstance(value, Decimal) for value in values):
            exact = [None if value is None else Decimal(value).quantize(step) for value in values]
            columns[name] = pa.array(exact, pa.decimal128(38, digits))
        else:
            columns[name] = pa.array(values)
    return pa.table(columns)
