"""Objects as an Arrow table: amounts exact, rates as doubles, what is unknown stays unknown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from console.asking.figures import Unit
from console.kit.tables import Column, table_of


@dataclass
class _Row:
    name: str
    amount: Decimal | None
    rate: Decimal | None
    units: int | Decimal


COLUMNS = {
    "name": Column("Name"),
    "amount": Column("Amount", Unit.MONEY, "USD"),
    "rate": Column("Rate", Unit.PERCENT),
    "units": Column("Units", Unit.COUNT),
}
ROWS = [_Row("a", Decimal("0.1"), Decimal(1) / 3, 2), _Row("b", None, None, 0)]


def test_amounts_keep_four_digits_and_rates_become_doubles() -> None:
    table = table_of(ROWS, COLUMNS)
    assert table.schema.types == [pa.string(), pa.decimal128(38, 4), pa.float64(), pa.int64()]
    assert table.to_pylist() == [
        {"name": "a", "amount": Decimal("0.1000"), "rate": 1 / 3, "units": 2},
        {"name": "b", "amount": None, "rate": None, "units": 0},
    ]


def test_a_list_without_objects_is_a_table_without_rows() -> None:
    assert table_of([], COLUMNS).num_rows == 0


def test_amounts_that_are_all_unknown_are_still_amounts() -> None:
    table = table_of([_Row("a", None, None, 1)], COLUMNS, digits=12)
    assert table.schema.field("amount").type == pa.decimal128(38, 12)
    assert table["amount"].to_pylist() == [None]


def test_units_are_whole_numbers_until_something_is_sold_by_weight() -> None:
    whole = table_of([_Row("a", None, None, Decimal("2.000")), _Row("b", None, None, 0)], COLUMNS)
    assert whole["units"].to_pylist() == [2, 0]
    assert whole.schema.field("units").type == pa.int64()
    by_weight = table_of([_Row("a", None, None, Decimal("0.750")), _Row("b", None, None, 3)], COLUMNS)
    assert by_weight["units"].to_pylist() == [Decimal("0.750"), Decimal("3.000")]
