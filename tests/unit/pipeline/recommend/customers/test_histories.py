"""What a customer did: packed small, and merged with what live knows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.live.documents import Item, latest_items
from pipeline.recommend.customers.histories import (
    HISTORY_BYTES,
    HISTORY_ITEMS,
    Action,
    History,
    merged,
    pack_history,
    unpack_history,
)

DAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = 3_600
HOURS = int(DAY.timestamp()) // HOUR


def test_a_history_is_read_as_it_was_stored():
    packed = pack_history(["mug", "lamp", "ü"], "bcv", [HOURS, HOURS - 1, HOURS - 24 * 365])
    assert unpack_history(packed) == [
        Action("mug", "purchase", DAY.timestamp()),
        Action("lamp", "cart_add", DAY.timestamp() - HOUR),
        Action("ü", "product_view", DAY.timestamp() - 365 * 24 * HOUR),
    ]


def test_a_history_of_ordinary_ids_has_room_for_all_items_and_one_of_long_ids_for_its_newest():
    numbers = random.Random(7)
    hours = sorted((HOURS - numbers.randrange(8_760) for _ in range(HISTORY_ITEMS)), reverse=True)
    short = [f"sku-{number:06d}" for number in numbers.sample(range(10**6), HISTORY_ITEMS)]
    packed = pack_history(short, "v" * HISTORY_ITEMS, hours)
    assert len(packed) <= HISTORY_BYTES
    assert [action.product_id for action in unpack_history(packed)] == short
    long = [f"{numbers.getrandbits(256):064x}" for _ in range(HISTORY_ITEMS)]
    packed = pack_history(long, "v" * HISTORY_ITEMS, hours)
    found = [action.product_id for action in unpack_history(packed)]
    assert HISTORY_BYTES * 0.8 < len(packed) <= HISTORY_BYTES
    assert found == long[: len(found)]
    assert len(found) > 70


def test_more_products_than_an_answer_is_made_from_are_not_stored():
    count = HISTORY_ITEMS + 1
    packed = pack_history([f"p{number}" for number in range(count)], "v" * count, [HOURS] * count)
    assert len(unpack_history(packed)) == HISTORY_ITEMS


@given(
    st.lists(st.tuples(st.text(max_size=64), st.sampled_from("vcb"), st.integers(0, HOURS)), min_size=1, max_size=300)
)
def test_whatever_is_stored_its_newest_part_is_read(rows: list[tuple[str, str, int]]):
    rows.sort(key=lambda row: row[2], reverse=True)
    products, kinds, hours = ([row[column] for row in rows] for column in range(3))
    packed = pack_history(products, "".join(kinds), hours)  # type: ignore[arg-type]
    found = unpack_history(packed)
    assert len(packed) <= HISTORY_BYTES or len(found) == 1
    assert 1 <= len(found) <= HISTORY_ITEMS
    assert [(action.product_id, action.at) for action in found] == [(row[0], row[2] * HOUR) for row in rows][
        : len(found)
    ]


def test_of_a_product_the_newer_action_counts_whoever_knows_it():
    stored = [Action("mug", "product_view", DAY.timestamp()), Action("lamp", "product_view", 0.0)]
    recent = [Item("lamp", "product_view", DAY + timedelta(hours=1)), Item("mug", "product_view", DAY - timedelta(1))]
    assert merged(recent, stored, now=DAY).actions == [
        Action("lamp", "product_view", DAY.timestamp() + HOUR),
        Action("mug", "product_view", DAY.timestamp()),
    ]


def test_who_has_no_history_has_an_empty_one():
    assert merged([], now=DAY) == History([])


def test_what_was_bought_at_any_time_is_bought_and_only_a_cart_of_live_is_one():
    stored = [Action("mug", "purchase", 9.0), Action("lamp", "cart_add", 8.0), Action("rug", "product_view", 7.0)]
    recent = [Item("mug", "product_view", DAY), Item("tray", "cart_add", DAY), Item("pen", "purchase", DAY)]
    found = merged(recent, stored, now=DAY)
    assert (found.bought, found.in_cart) == ({"mug", "pen"}, {"tray"})
    assert {action.product_id: action.kind for action in found.actions} == {
        "mug": "product_view",
        "tray": "cart_add",
        "pen": "purchase",
        "lamp": "product_view",
        "rug": "product_view",
    }


@pytest.mark.parametrize(
    ("items", "in_cart", "bought"),
    [
        ([("cart_add", 0), ("product_view", 1)], True, False),
        ([("purchase", 0), ("product_view", 1)], False, True),
        ([("purchase", 0), ("cart_remove", 1), ("product_view", 2)], False, True),
        ([("cart_add", 0), ("cart_remove", 1)], False, False),
        ([("cart_add", 0), ("cart_remove", 1), ("product_view", 2)], False, False),
        ([("cart_remove", 0), ("cart_add", 1)], True, False),
        ([("cart_add", 0), ("purchase", 1), ("cart_add", 2)], False, True),
    ],
)
def test_a_view_takes_nothing_out_of_the_cart_and_makes_nothing_unbought(items, in_cart, bought):
    kept: list[Item] = []
    for kind, hour in items:  # each in a batch of its own
        kept = latest_items([*kept, Item("mug", kind, DAY + timedelta(hours=hour))])
    assert kept == latest_items([Item("mug", kind, DAY + timedelta(hours=hour)) for kind, hour in items])
    found = merged(kept, now=DAY + timedelta(days=1))
    assert (found.in_cart, found.bought) == (
        frozenset({"mug"} if in_cart else ()),
        frozenset({"mug"} if bought else ()),
    )
    assert found.actions[0].at == (DAY + timedelta(hours=items[-1][1])).timestamp()
    if not (in_cart or bought):
        assert found.actions[0].kind == "product_view"


def test_a_cart_that_nobody_touched_for_a_month_is_none():
    recent = [Item("mug", "cart_add", DAY)]
    assert merged(recent, now=DAY + timedelta(days=30)).in_cart == {"mug"}
    late = merged(recent, now=DAY + timedelta(days=30, seconds=1))
    assert (late.in_cart, late.actions[0].kind) == (frozenset(), "product_view")


def test_the_newest_products_of_both_count_and_what_was_bought_before_stays_bought():
    stored = [Action(f"p{number}", "purchase", 1_000_000.0 - number) for number in range(HISTORY_ITEMS)]
    found = merged([Item("new", "product_view", DAY)], stored, now=DAY)
    assert [action.product_id for action in found.actions] == ["new", *(f"p{n}" for n in range(HISTORY_ITEMS - 1))]
    assert f"p{HISTORY_ITEMS - 1}" in found.bought
