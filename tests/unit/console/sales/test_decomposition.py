"""Why revenue changed: the parts add up to the change, to the cent, whatever the numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.sales.decomposition import CONVERSION, ORDER_VALUE, ORDERS, TRAFFIC, SalesTotals, split

MONEY = st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False)
TOTALS = st.builds(
    SalesTotals,
    sessions=st.integers(0, 10**9),
    orders=st.one_of(st.integers(0, 3), st.integers(0, 10**9)),
    net_revenue=st.one_of(st.just(Decimal(0)), MONEY),
)
WHOLE = st.builds(SalesTotals, sessions=st.integers(1, 10**6), orders=st.integers(1, 10**6), net_revenue=MONEY)


def amounts(now: SalesTotals, before: SalesTotals) -> dict[str, Decimal]:
    return {part.name: part.amount for part in split(now, before)}


def test_a_change_is_split_as_worked_out_by_hand() -> None:
    # before: 100 sessions × 10 % × 50.00 = 500.00; now: 120 × 20 % × 40.00 = 960.00
    before, now = SalesTotals(100, 10, Decimal("500.00")), SalesTotals(120, 24, Decimal("960.00"))
    # Shapley: 20 × ((0.1×50 + 0.2×40) ÷ 3 + (0.1×40 + 0.2×50) ÷ 6) = 20 × (13/3 + 14/6) = 133.33
    #          0.1 × ((100×50 + 120×40) ÷ 3 + (100×40 + 120×50) ÷ 6) = 0.1 × (9800/3 + 10000/6) = 493.33
    #          −10 × ((100×0.1 + 120×0.2) ÷ 3 + (100×0.2 + 120×0.1) ÷ 6) = −10 × (34/3 + 32/6) = −166.67
    assert amounts(now, before) == {
        TRAFFIC: Decimal("133.33"),
        CONVERSION: Decimal("493.34"),  # 493.33 and the cent that rounding left over
        ORDER_VALUE: Decimal("-166.67"),
    }


def test_without_sessions_orders_and_order_value_share_the_change() -> None:
    before, now = SalesTotals(0, 10, Decimal("500.00")), SalesTotals(0, 20, Decimal("800.00"))
    assert amounts(now, before) == {ORDERS: Decimal("450.00"), ORDER_VALUE: Decimal("-150.00")}  # 10 × 45, −10 × 15


@pytest.mark.parametrize(("now", "before"), [(0, 5), (5, 0), (0, 0)])
def test_without_orders_in_a_period_all_of_the_change_is_orders(now: int, before: int) -> None:
    found = split(SalesTotals(9, now, Decimal("3.50")), SalesTotals(9, before, Decimal("1.25")))
    assert [(part.name, part.amount) for part in found] == [(ORDERS, Decimal("2.25"))]


@given(TOTALS, TOTALS)
def test_the_parts_add_up_to_the_change_exactly_to_the_cent(now: SalesTotals, before: SalesTotals) -> None:
    parts = split(now, before)
    assert sum((part.amount for part in parts), Decimal(0)) == now.net_revenue - before.net_revenue
    assert all(part.amount == part.amount.quantize(Decimal("0.01")) for part in parts)


@given(TOTALS, TOTALS)
def test_looking_back_negates_every_part(now: SalesTotals, before: SalesTotals) -> None:
    assert amounts(before, now) == {name: -amount for name, amount in amounts(now, before).items()}


@given(TOTALS)
def test_nothing_changed_means_no_part_has_an_amount(totals: SalesTotals) -> None:
    assert set(amounts(totals, totals).values()) == {Decimal(0)}


@given(WHOLE, st.integers(1, 10**6))
def test_traffic_that_did_not_change_contributes_nothing(before: SalesTotals, orders: int) -> None:
    now = SalesTotals(before.sessions, orders, before.net_revenue + 100)
    assert amounts(now, before)[TRAFFIC] == 0


@given(WHOLE, st.integers(1, 1000), MONEY)
def test_conversion_that_did_not_change_contributes_nothing(before: SalesTotals, factor: int, net: Decimal) -> None:
    now = SalesTotals(before.sessions * factor, before.orders * factor, net)
    assert amounts(now, before)[CONVERSION] == 0


@given(WHOLE, st.integers(1, 1000), st.integers(1, 10**6))
def test_order_value_that_did_not_change_contributes_nothing(before: SalesTotals, factor: int, sessions: int) -> None:
    now = SalesTotals(sessions, before.orders * factor, before.net_revenue * factor)
    assert amounts(now, before)[ORDER_VALUE] == 0


@given(WHOLE, WHOLE)
def test_only_a_factor_that_rose_raises_revenue_where_order_values_are_positive(
    now: SalesTotals, before: SalesTotals
) -> None:
    now, before = (SalesTotals(item.sessions, item.orders, abs(item.net_revenue) + 1) for item in (now, before))
    traffic = amounts(now, before)[TRAFFIC]
    allowed = Decimal("0.02")  # what rounding may have given to it
    if now.sessions >= before.sessions:
        assert traffic >= -allowed
    else:
        assert traffic <= allowed
