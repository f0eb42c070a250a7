"""Costs given to business functions: rules, splits to the last digit, and complaints that name the line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.errors import SettingsError
from console.finops.decimals import STEP, total
from console.unit_costs.allocation import COUNTS, EVENT_TYPES, NO_RULE, Allocation, Charge, allocate, split
from console.unit_costs.allocation_file import DEFAULT, load, of_lake
from pipeline.contract.shape import EVENT_TYPES as CONTRACT

DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)
RULES = """tag_key = "component"

[function.selling]
title = "Selling"
unit = "orders"

[function.browsing]
title = "Browsing"
unit = "sessions"

[driver.events]
selling = ["purchase", "cart_add"]
browsing = "product_view"

[[rule]]
name = "Checkout"
tag = "checkout"
function = "selling"

[[rule]]
name = "Stream"
service = ["Amazon Kinesis", "AWS *"]
usage_type = "*Shard*"
share = "events"

[[rule]]
name = "Tax"
category = "Tax"
share = "direct"

[[rule]]
name = "Support"
account = "21"
share = { selling = "0.25", browsing = "0.75" }
"""


@pytest.fixture
def rules(tmp_path: Path) -> Allocation:
    return written(tmp_path, RULES)


def written(folder: Path, text: str) -> Allocation:
    path = folder / "allocation.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def charge(amount: str, **more: str) -> Charge:
    values = {"service": "Amazon S3", "usage_type": "", "account": "", "category": "Usage", "tag": ""} | more
    return Charge(DAY, amount=Decimal(amount), **values)


def test_a_direct_cost_belongs_to_one_function(rules: Allocation) -> None:
    costs = allocate([charge("3.10", tag="checkout"), charge("0.90", tag="checkout")], rules, {})[DAY]
    assert (costs.direct, costs.shared, costs.unallocated) == ({"selling": Decimal("4.00")}, {}, {})


def test_a_shared_cost_is_split_by_the_counts_of_its_day(rules: Allocation) -> None:
    stream = charge("8", service="Amazon Kinesis", usage_type="Storage-ShardHour")
    counts = {DAY: {"purchase": 1, "cart_add": 2, "product_view": 5, "search": 100}}
    costs = allocate([stream], rules, counts)[DAY]
    assert costs.shared == {"selling": Decimal(3), "browsing": Decimal(5)}


def test_a_pattern_stands_for_any_text_and_all_conditions_must_hold(rules: Allocation) -> None:
    lambda_shards = charge("1", service="AWS Lambda", usage_type="EFO-ShardHours")
    lambda_seconds = charge("1", service="AWS Lambda", usage_type="GB-Second")
    assert rules.rule_for(lambda_shards) is rules.rules[1]
    assert rules.rule_for(lambda_seconds) is None


def test_the_first_rule_that_fits_is_taken(rules: Allocation) -> None:
    assert rules.rule_for(charge("1", tag="checkout", category="Tax")) is rules.rules[0]


def test_fixed_shares_split_without_counts(rules: Allocation) -> None:
    costs = allocate([charge("10", account="21")], rules, {})[DAY]
    assert costs.shared == {"selling": Decimal("2.5"), "browsing": Decimal("7.5")}


def test_what_follows_direct_costs_is_split_like_them(rules: Allocation) -> None:
    costs = allocate([charge("1", category="Tax"), charge("5", tag="checkout")], rules, {})[DAY]
    assert costs.shared == {"selling": Decimal(1)}


def test_what_no_rule_fits_and_what_has_nothing_to_be_split_by_is_unallocated(rules: Allocation) -> None:
    charges = [charge("2"), charge("4", service="Amazon Kinesis", usage_type="Shard"), charge("1", category="Tax")]
    costs = allocate(charges, rules, {DAY: {"search": 9}})[DAY]
    assert (costs.direct, costs.shared) == ({}, {})
    assert costs.unallocated == {
        NO_RULE: Decimal(2),
        "Stream: nothing to split by that day": Decimal(4),
        "Tax: nothing to split by that day": Decimal(1),
    }


def test_a_credit_is_split_like_a_charge(rules: Allocation) -> None:
    costs = allocate([charge("-1", account="21")], rules, {})[DAY]
    assert costs.shared == {"selling": Decimal("-0.25"), "browsing": Decimal("-0.75")}


_amounts = st.decimals(Decimal("-1e9"), Decimal("1e9"), places=12)


@given(
    amounts=st.lists(st.tuples(_amounts, st.integers(0, 4), st.booleans()), max_size=12),
    counts=st.dictionaries(st.sampled_from(["purchase", "cart_add", "product_view"]), st.integers(0, 10**9)),
)
def test_the_parts_of_every_day_add_up_to_its_charges_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory,
    amounts: list[tuple[Decimal, int, bool]],
    counts: dict[str, int],
) -> None:
    rules = _cached_rules(tmp_path_factory)
    kinds: list[dict[str, str]] = [
        {"tag": "checkout"}, {"service": "Amazon Kinesis", "usage_type": "Shard"}, {"category": "Tax"},
        {"account": "21"}, {},
    ]  # fmt: skip
    charges = [
        Charge(
            NEXT if later else DAY,
            one_charge.service,
            one_charge.usage_type,
            one_charge.account,
            one_charge.category,
            one_charge.tag,
            amount,
        )
        for amount, kind, later in amounts
        for one_charge in [charge("0", **kinds[kind])]
    ]
    found = allocate(charges, rules, {DAY: counts})
    for day in (DAY, NEXT):
        mine = [one_charge.amount for one_charge in charges if one_charge.day == day]
        assert (found[day].total if mine else Decimal(0)) == total(mine)


_RULES: list[Allocation] = []


def _cached_rules(folders: pytest.TempPathFactory) -> Allocation:
    if not _RULES:
        _RULES.append(written(folders.mktemp("rules"), RULES))
    return _RULES[0]


@given(
    amount=_amounts,
    weights=st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 10**6), min_size=1, max_size=6),
)
def test_a_split_adds_up_and_each_part_is_as_near_as_digits_allow(amount: Decimal, weights: dict[str, int]) -> None:
    exact = {name: Decimal(weight) for name, weight in weights.items()}
    if not any(weights.values()):
        with pytest.raises(ValueError, match="Nothing to split by"):
            split(amount, exact)
        return
    parts = split(amount, exact)
    assert total(parts.values()) == amount
    for name, weight in weights.items():
        wanted = amount * weight / sum(weights.values())
        assert abs(parts.get(name, Decimal(0)) - wanted) <= STEP * (len(weights) + 1)


def test_the_file_that_ships_is_read_and_a_lakes_own_takes_its_place(tmp_path: Path) -> None:
    shipped = of_lake(tmp_path)
    assert shipped.path == DEFAULT
    assert set(shipped.functions) == {"browsing", "selling", "recommending", "deciding"}
    (tmp_path / "allocation.toml").write_text(RULES, encoding="utf-8")
    assert of_lake(tmp_path).path == tmp_path / "allocation.toml"


def test_the_file_that_ships_leaves_no_tag_of_the_sample_without_a_function() -> None:
    from pipeline.sample.prices import USAGE

    shipped = load()
    tags = {line.component for line in USAGE if line.component}
    assert all(shipped.rule_for(charge("1", tag=tag)) is not None for tag in tags)


def test_the_event_types_are_those_of_the_contract() -> None:
    assert set(EVENT_TYPES) == set(CONTRACT)
    assert set(EVENT_TYPES) < set(COUNTS)


@pytest.mark.parametrize(
    ("before", "after", "line", "reported"),
    [
        ('tag_key = "component"', "tag_key = 3", 1, "tag_key is 3"),
        ('tag_key = "component"', "", 17, "looks at a tag"),
        ('tag_key = "component"', 'tag_key = "component"\nowner = "me"', 2, "There is no setting owner"),
        ('title = "Selling"', "", 3, "function.selling.title is missing"),
        ('unit = "orders"', 'unit = "parcels"', 5, "function.selling.unit is 'parcels'"),
        ('browsing = "product_view"', 'browsing = "views"', 13, "counts 'views' for browsing"),
        ('browsing = "product_view"', "browsing = []", 13, "counts nothing for browsing"),
        ('browsing = "product_view"', 'dreaming = "search"', 13, "There is no function 'dreaming'"),
        ("[driver.events]", "[driver.direct]", 11, "A driver cannot be called direct"),
        ('name = "Checkout"', "", 15, "rule.name is missing"),
        ('tag = "checkout"', "", 16, "Rule Checkout has no condition"),
        ('tag = "checkout"', "tag = []", 17, "Rule Checkout names no tag"),
        ('tag = "checkout"', 'label = "checkout"', 17, "There is no setting rule.label"),
        ('function = "selling"', 'function = "sailing"', 18, "There is no function 'sailing'"),
        ('function = "selling"', "", 16, "neither direct nor shared"),
        ('share = "events"', 'share = "orders"', 24, "There is no driver 'orders'"),
        ('share = "events"', 'share = ["events"]', 24, "rule.share is ['events']"),
        ('share = "events"', "share = {}", 24, "add up to 0"),
        ('unit = "orders"', 'unit = "orders"\nowner = "me"', 6, "There is no setting function.selling.owner"),
        ('name = "Tax"', 'name = "Stream"', 27, "Two rules are named Stream"),
        ('share = "direct"', 'share = "direct"\nfunction = "selling"', 27, "neither direct nor shared, or both"),
        ('browsing = "0.75" }', 'browsing = "0.7" }', 34, "add up to 0.95"),
        ('browsing = "0.75" }', "browsing = 0.75 }", 34, "rule.share.browsing is 0.75"),
        ('browsing = "0.75" }', 'boating = "0.75" }', 34, "There is no function 'boating'"),
    ],
)
def test_a_complaint_names_the_line(tmp_path: Path, before: str, after: str, line: int, reported: str) -> None:
    text = RULES.replace(before, after, 1)
    with pytest.raises(SettingsError) as refused:
        written(tmp_path, text)
    assert reported in refused.value.what
    assert refused.value.where.endswith(f"allocation.toml:{line}")
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("[[rule]\n", "cannot be read"),
        ("rule = []\n", "There is no function"),
        ("function = 3\n", "no table of tables"),
        (RULES.split("[[rule]]", maxsplit=1)[0] + '[rule]\nname = "Tax"\n', "rule is no list of tables"),
        ('rule = "Tax"\n' + RULES.split("[[rule]]", maxsplit=1)[0], "rule is no list of tables"),
        ('rule = ["Tax"]\n' + RULES.split("[[rule]]", maxsplit=1)[0], "rule is no list of tables"),
    ],
)
def test_a_file_that_is_no_set_of_rules_is_refused(tmp_path: Path, text: str, reported: str) -> None:
    with pytest.raises(SettingsError, match=reported):
        written(tmp_path, text)
