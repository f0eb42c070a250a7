"""Two answers are the same only when columns, kinds, order and every value are."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from catalogue.queries import load
from tests.engines.comparison import difference, holds_something

QUERY = load()["sales/net_revenue_by_day"]  # has an order
MONEY = pa.decimal128(38, 4)


def table(**columns: pa.Array) -> pa.Table:
    return pa.table(columns)


def money(*texts: str | None) -> pa.Array:
    return pa.array([None if text is None else Decimal(text) for text in texts], MONEY)


def test_equal_answers_have_no_difference_whatever_the_width_of_their_numbers() -> None:
    one = table(n=pa.array([1, None], pa.int64()), amount=money("0.10", None), text=pa.array(["", None]))
    other = table(
        n=pa.array([1, None], pa.int32()), amount=money("0.1", None), text=pa.array(["", None], pa.large_string())
    )
    assert difference(QUERY, one, other) is None


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        (table(a=money("1")), table(b=money("1")), "columns ['b'], expected ['a']"),
        (table(a=money("1")), table(a=money("1", "2")), "2 rows, expected 1"),
        (table(a=money("0.1000")), table(a=money("0.1001")), "row 0, a: Decimal('0.1001'), expected Decimal('0.1000')"),
        (table(a=money(None)), table(a=money("0")), "row 0, a: Decimal('0.0000'), expected None"),
        (table(a=pa.array([""])), table(a=pa.array([None], pa.string())), "row 0, a: None, expected ''"),
        (table(a=pa.array(["x", "y"])), table(a=pa.array(["y", "x"])), "row 0, a: 'y', expected 'x'"),
        (table(a=pa.array([1])), table(a=money("1")), "column a is decimal of scale 4, expected whole number"),
        (
            table(a=money("1")),
            table(a=pa.array([Decimal(1)], pa.decimal128(38, 0))),
            "column a is decimal of scale 0, expected decimal of scale 4",
        ),
        (
            table(a=pa.array([date(2026, 3, 1)])),
            table(a=pa.array(["2026-03-01"])),
            "column a is string, expected date32[day]",
        ),
        (
            table(a=pa.array([datetime(2026, 3, 1, microsecond=1)])),
            table(a=pa.array([datetime(2026, 3, 1)])),
            "row 0, a: datetime.datetime(2026, 3, 1, 0, 0), expected datetime.datetime(2026, 3, 1, 0, 0, 0, 1)",
        ),
        (table(a=pa.array([1.0])), table(a=pa.array([1.00000001])), "row 0, a: 1.00000001, expected 1.0"),
    ],
)
def test_a_difference_is_named(expected: pa.Table, found: pa.Table, said: str) -> None:
    assert difference(QUERY, expected, found) == said


def test_doubles_may_differ_by_the_order_of_their_addition() -> None:
    assert difference(QUERY, table(a=pa.array([0.3])), table(a=pa.array([0.1 + 0.2]))) is None


def test_an_answer_of_nulls_and_zeros_holds_nothing() -> None:
    assert not holds_something(table(a=pa.array([], pa.string())))
    assert not holds_something(table(a=pa.array([None, 0]), b=money("0.0000", "0.0000")))
    assert holds_something(table(a=pa.array([None, 0]), b=pa.array(["", None])))
    assert holds_something(table(a=money("0.0001")))
