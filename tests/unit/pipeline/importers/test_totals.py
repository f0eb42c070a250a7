"""The amount of a whole row, as events with unit prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.rejections import Rejection
from pipeline.importers.totals import priced_by_total, second_id, turn_negative_into_refund


def lines(total: str, quantity: Any) -> list[dict[str, Any]]:
    priced = priced_by_total({"event_id": "e", "total": Decimal(total), "quantity": quantity})
    assert not isinstance(priced, Rejection)
    return priced if isinstance(priced, list) else [priced]


@pytest.mark.parametrize(
    ("total", "quantity", "expected"),
    [
        ("12.00", 3, [("e", 3, "4.0000")]),
        ("10.00", 3, [("e", 2, "3.3333"), ("e~2", 1, "3.3334")]),
        ("0.00", 3, [("e", 3, "0.0000")]),
        ("0.0001", 2, [("e", 1, "0.0000"), ("e~2", 1, "0.0001")]),
    ],
)
def test_a_total_is_one_line_or_two_that_add_up_to_it(total: str, quantity: int, expected: list[tuple[str, int, str]]):
    found = [(line["event_id"], line["quantity"], str(line["unit_price"])) for line in lines(total, quantity)]
    assert found == expected


@given(
    st.decimals(0, 10**9, places=4),
    st.one_of(st.integers(1, 10**6), st.decimals("0.001", 10**6, places=3)),
)
def test_amounts_and_quantities_of_the_lines_are_exactly_those_of_the_row(total: Decimal, quantity: int | Decimal):
    found = lines(str(total), quantity)
    assert len(found) <= 2
    assert sum(line["quantity"] * line["unit_price"] for line in found) == total
    assert sum(line["quantity"] for line in found) == quantity
    assert all(line["quantity"] > 0 and line["unit_price"] == round(line["unit_price"], 4) for line in found)
    assert all(type(line["quantity"]) is int for line in found if isinstance(quantity, int))


def test_a_total_with_the_tail_of_a_binary_fraction_is_rounded_and_marked():
    assert lines("20.990000000000002", 1) == [
        {"event_id": "e", "quantity": 1, "unit_price": Decimal("20.9900"), "rounded": True}
    ]


@pytest.mark.parametrize("total", ["0.00001", "NaN", "Infinity", "1e999999999"])
def test_a_total_that_is_no_amount_or_rounds_to_nothing_is_refused(total: str):
    refused = priced_by_total({"event_id": "e", "total": Decimal(total)})
    assert isinstance(refused, Rejection)
    assert refused.reason == "out_of_range"


def test_the_second_line_has_an_id_of_its_own_that_is_not_too_long():
    assert second_id("536365-1") == "536365-1~2"
    assert len(second_id("x" * 64)) == 32
    assert second_id("x" * 64) != second_id("y" * 64)


@pytest.mark.parametrize(
    ("quantity", "total", "kind"),
    [(2, "9", "purchase"), (-2, "-9", "refund"), (-2, "9", "refund"), (2, "-9", "refund")],
)
def test_goods_that_come_back_are_a_refund_however_their_total_is_signed(quantity: int, total: str, kind: str):
    values = {"event_type": "purchase", "quantity": quantity, "total": Decimal(total)}
    turn_negative_into_refund(values)
    assert values == {"event_type": kind, "quantity": 2, "total": Decimal(9)}
