"""What changed between two periods: quantity, price, new and gone add up to the change, to the last digit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.finops.decimals import STEP, total
from console.spend.effects import Effect, PricedLine, added, movers, split_line

KINDS = ("Usage", "Purchase", "Tax", "Credit", "Correction")
COST = st.decimals(min_value=-(10**25), max_value=10**25, places=12, allow_nan=False)
QUANTITY = st.one_of(st.just(Decimal(0)), st.decimals(min_value=0, max_value=10**20, places=12, allow_nan=False))
LINES = st.builds(
    PricedLine,
    service=st.just("S"),
    usage_type=st.sampled_from("abc"),
    region=st.just("R"),
    account=st.just("A"),
    pricing_unit=st.just("Hours"),
    kind=st.sampled_from(KINDS),
    cost=st.one_of(st.none(), COST),
    cost_before=st.one_of(st.none(), COST),
    quantity=st.one_of(st.none(), QUANTITY),
    quantity_before=st.one_of(st.none(), QUANTITY),
    charges=st.integers(0, 3),
    charges_before=st.integers(0, 3),
)


def line(
    cost: str | None, before: str | None, quantity: str | None, quantity_before: str | None, **more: Any
) -> PricedLine:
    def number(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    given: dict[str, Any] = {
        "service": "AWS Lambda",
        "usage_type": "Request",
        "region": "us-east-1",
        "account": "production",
        "pricing_unit": "Requests",
        "kind": "Usage",
        "charges": 0 if cost is None else 1,
        "charges_before": 0 if before is None else 1,
    }
    return PricedLine(
        **(given | more),
        cost=number(cost),
        cost_before=number(before),
        quantity=number(quantity),
        quantity_before=number(quantity_before),
    )


def test_a_cost_that_one_period_does_not_say_is_no_change_of_price_or_quantity() -> None:
    was_said = line(None, "7", "3", "3", charges=1)
    assert split_line(was_said) == {Effect.UNKNOWN: Decimal(-7)}
    assert split_line(line(None, None, "3", "3", charges=1, charges_before=1)) == {}


def test_more_hours_at_a_lower_price_are_split_as_worked_out_by_hand() -> None:
    # 100 hours at 1.00, then 150 at 0.90: quantity 50 × (1.00 + 0.90) ÷ 2, price −0.10 × (100 + 150) ÷ 2
    assert split_line(line("135", "100", "150", "100")) == {
        Effect.QUANTITY: Decimal("47.5"),
        Effect.PRICE: Decimal("-12.5"),
    }


def test_an_equal_price_gives_the_change_to_quantity_and_the_reverse() -> None:
    assert split_line(line("30", "20", "3", "2")) == {Effect.QUANTITY: Decimal(10)}
    assert split_line(line("30", "20", "2", "2")) == {Effect.PRICE: Decimal(10)}


def test_what_rounding_makes_of_one_price_is_no_price_effect() -> None:
    week = line("4.730689729727", "4.400951351350", "7884482.882882", "7334918.918917", charges=28, charges_before=28)
    assert split_line(week) == {Effect.QUANTITY: week.change}
    assert set(split_line(replace(week, cost=Decimal("4.730689729827")))) == {Effect.QUANTITY, Effect.PRICE}


def test_usage_that_was_free_and_is_not_any_more_has_a_price_effect() -> None:
    # 10 at 0, then 20 at 0.50: quantity 10 × 0.25, price 0.50 × 15
    assert split_line(line("10", "0", "20", "10")) == {Effect.QUANTITY: Decimal("2.5"), Effect.PRICE: Decimal("7.5")}


def test_what_is_there_in_one_period_only_is_new_or_gone() -> None:
    assert split_line(line("7", None, "3", None)) == {Effect.NEW: Decimal(7)}
    assert split_line(line(None, "7", None, "3")) == {Effect.GONE: Decimal(-7)}


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("Purchase", Effect.PURCHASES),
        ("Tax", Effect.TAX),
        ("Credit", Effect.CREDITS),
        ("Correction", Effect.CORRECTIONS),
    ],
)
def test_what_has_no_price_is_named_by_its_kind_even_where_it_is_new(kind: str, effect: Effect) -> None:
    assert split_line(line("5", "3", "1", "1", kind=kind)) == {effect: Decimal(2)}
    assert split_line(line("5", None, None, None, kind=kind)) == {effect: Decimal(5)}


@pytest.mark.parametrize("quantity", [None, "0", "-4"])
def test_usage_without_a_quantity_above_zero_in_both_periods_has_no_price(quantity: str | None) -> None:
    assert split_line(line("5", "3", quantity, "1")) == {Effect.UNMEASURED: Decimal(2)}
    assert split_line(line("5", "3", "1", quantity)) == {Effect.UNMEASURED: Decimal(2)}


def test_thirds_are_rounded_once_and_still_add_up() -> None:
    effects = split_line(line("1", "1", "3", "7"))
    assert sum(effects.values()) == 0
    assert all(amount == amount.quantize(STEP) for amount in effects.values())
    # (3 − 7) × (1/7 + 1/3) ÷ 2 = −20/21
    assert abs(Fraction(effects[Effect.QUANTITY]) + Fraction(20, 21)) <= Fraction(STEP) / 2


PRESENT = st.decimals(min_value="0.000000000001", max_value=10**20, places=12, allow_nan=False)
MEASURED = st.builds(
    replace,
    LINES,
    kind=st.just("Usage"),
    cost=COST,
    cost_before=COST,
    quantity=PRESENT,
    quantity_before=PRESENT,
    charges=st.just(1),
    charges_before=st.just(1),
)


@given(st.lists(st.one_of(LINES, MEASURED), max_size=8))
@pytest.mark.slow
def test_the_effects_add_up_to_the_change_of_the_total_to_the_last_digit(lines: list[PricedLine]) -> None:
    # only charged costs can be charged: a line without charges has no cost
    real = [
        one_line
        for one_line in lines
        if (one_line.charges or one_line.cost is None) and (one_line.charges_before or one_line.cost_before is None)
    ]
    found = added([(item, split_line(item)) for item in real])
    assert Fraction(found.now) == sum((Fraction(item.cost) for item in real if item.cost is not None), Fraction(0))
    assert sum((Fraction(amount) for amount in found.effects.values()), Fraction(0)) == Fraction(found.now) - Fraction(
        found.before
    )
    assert found.change == total(found.effects.values())


@given(st.one_of(LINES, MEASURED))
def test_swapping_the_periods_swaps_the_signs(one: PricedLine) -> None:
    other = PricedLine(
        **{name: getattr(one, name) for name in ("service", "usage_type", "region", "account", "pricing_unit", "kind")},
        cost=one.cost_before,
        cost_before=one.cost,
        quantity=one.quantity_before,
        quantity_before=one.quantity,
        charges=one.charges_before,
        charges_before=one.charges,
    )
    here, there = split_line(one), split_line(other)
    swapped = {Effect.NEW: Effect.GONE, Effect.GONE: Effect.NEW}
    if one.charges or one.charges_before:
        assert {swapped.get(effect, effect): amount.copy_negate() for effect, amount in there.items()} == here


def test_movers_are_the_lines_that_changed_the_largest_change_first() -> None:
    small, large, still = (
        line("2", "1", "1", "1", usage_type="small"),
        line("1", "9", "1", "1", usage_type="large"),
        line("4", "4", "1", "1", usage_type="still"),
    )
    ranked = movers([(item, split_line(item)) for item in (small, still, large)])
    assert ranked == [(large, {Effect.PRICE: Decimal(-8)}), (small, {Effect.PRICE: Decimal(1)})]


def test_unit_prices_are_cost_by_quantity_and_unknown_without_one() -> None:
    found = line("3", "4", "2", None)
    assert found.unit_price == Decimal("1.5")
    assert found.unit_price_before is None
