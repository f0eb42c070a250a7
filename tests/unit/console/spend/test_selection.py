"""The Spend page's link: what it says, what it ignores, and where drilling leads."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.finops.charges import Basis
from console.finops.contents import Contents
from console.spend.part import DIMENSIONS, BillPart, grouped, of_part
from console.spend.selection import SpendSelection, groupings, read

CONTENTS = Contents(
    first_day=date(2026, 1, 1),
    last_day=date(2026, 3, 31),
    today=date(2026, 4, 1),
    values={
        "service": ("EC2", "S3"),
        "account": ("1", "2"),
        "cloud_region": ("(none)", "us-east-1"),
        "charge": ("Tax", "Usage"),
    },
    names={"1": "production"},
    currencies=("USD", "EUR"),
    tag_keys=("team", "a=b"),
)


def test_an_empty_link_means_effective_cost_by_service_of_the_whole_bill() -> None:
    assert read({}, CONTENTS) == SpendSelection(basis=Basis.EFFECTIVE, by="service")
    assert SpendSelection().as_query() == {}


def test_what_a_link_says_that_does_not_exist_is_ignored() -> None:
    asked = {
        "basis": ["net"],
        "by": ["tag:nobody"],
        "service": ["Nothing"],
        "currency": ["CHF"],
        "tag_key": ["nobody"],
        "tag_value": ["x"],
        "drill": ["service", "tag", "nonsense"],
        "untagged": ["nobody"],
    }
    assert read(asked, CONTENTS) == SpendSelection()


STATES = st.builds(
    SpendSelection,
    basis=st.sampled_from(Basis),
    by=st.sampled_from(groupings(CONTENTS)),
    currency=st.sampled_from([None, "USD", "EUR"]),
    narrowed=st.fixed_dictionaries(
        {},
        optional={
            "service": st.sampled_from([("EC2",), ("S3", "EC2")]),
            "account": st.just(("2",)),
            "usage_type": st.just(("Box=Usage & more",)),
        },
    ),
    tag=st.sampled_from([None, ("a=b", "c=d"), ("team", "(untagged)")]),
    untagged=st.sampled_from([None, "team"]),
)


@given(STATES)
def test_a_link_reopens_what_was_seen(state: SpendSelection) -> None:
    assert read(state.as_query(), CONTENTS) == state


@given(STATES, st.lists(st.integers(0, 2), max_size=6))
def test_every_state_that_drilling_leads_to_can_be_reopened_and_left_again(
    state: SpendSelection, choices: list[int]
) -> None:
    start, visited = state, [state]
    for choice in choices:
        if not state.can_look_into():
            break
        state = state.into(["EC2", "1", "us-east-1"][choice] if state.by in CONTENTS.values else f"v{choice}")
        visited.append(state)
    if all(
        name not in CONTENTS.values or set(state.narrowed[name]) <= set(CONTENTS.values[name])
        for name in state.narrowed
    ):
        assert read(state.as_query(), CONTENTS) == state
    assert state.back(0).drilled == ()
    assert len(state.crumbs({})) == len(state.drilled) <= len(visited)
    assert start.drilled == ()


def test_a_service_drills_to_usage_types_then_resources_and_crumbs_lead_back() -> None:
    inside = SpendSelection().into("EC2")
    assert (inside.by, inside.narrowed, inside.drilled) == ("usage_type", {"service": ("EC2",)}, ("service",))
    deeper = inside.into("BoxUsage")
    assert (deeper.by, deeper.drilled) == ("resource", ("service", "usage_type"))
    assert deeper.crumbs({}) == ["EC2", "BoxUsage"]
    assert deeper.back(1) == SpendSelection(by="usage_type", narrowed={"service": ("EC2",)}, drilled=("service",))
    assert deeper.back(0) == SpendSelection()


def test_looking_into_a_tag_narrows_to_it_and_goes_on_with_services() -> None:
    inside = SpendSelection(by="tag:team").into("search")
    assert (inside.tag, inside.by, inside.drilled) == (("team", "search"), "service", ("tag",))
    assert inside.crumbs({}) == ["team = search"]
    assert inside.back(0) == SpendSelection(by="tag:team")
    assert inside.part("USD") == BillPart("USD", {}, ("team", "search"))


def test_a_second_value_chosen_by_hand_ends_the_drill() -> None:
    inside = SpendSelection().into("EC2")
    assert inside.with_values("service", ["EC2", "S3"]).drilled == ()
    assert inside.with_values("service", []).drilled == ()
    assert inside.with_values("service", ["S3"]).drilled == ("service",)


def test_accounts_are_called_by_their_names() -> None:
    assert SpendSelection(by="account").into("1").crumbs(CONTENTS.names) == ["production"]


@pytest.mark.parametrize(
    ("by", "part", "query"),
    [
        ("service", BillPart("USD"), "spend/by_dimension"),
        ("tag:team", BillPart("USD", {"service": ("EC2",)}), "spend/by_tag"),
        ("tag:team", BillPart("USD", {"usage_type": ("BoxUsage",)}), "spend/charges/by_dimension"),
        ("resource", BillPart("USD", {"usage_type": ("BoxUsage",)}), "spend/by_resource"),
        ("resource", BillPart("USD", {"charge": ("Usage",)}), "spend/charges/by_dimension"),
        ("service", BillPart("USD", {}, ("team", "search")), "spend/charges/by_dimension"),
        ("service", BillPart("USD", {"resource": ("arn",)}), "spend/charges/by_dimension"),
    ],
)
def test_a_mart_answers_where_it_can_and_the_charges_otherwise(by: str, part: BillPart, query: str) -> None:
    assert grouped(by, part)[0] == query
    assert grouped(by, part)[1] == f"{query}_and_day"


def test_sums_of_a_resource_or_a_tag_come_from_the_charges() -> None:
    assert of_part("by_day", BillPart("USD", {"service": ("EC2",)})) == "spend/by_day"
    assert of_part("by_day", BillPart("USD", {"resource": ("arn",)})) == "spend/charges/by_day"
    assert of_part("change", BillPart("USD", {}, ("team", "x"))) == "spend/charges/change"


def test_the_currency_is_the_chosen_else_the_reporting_else_the_most_frequent() -> None:
    assert CONTENTS.currency("EUR", "USD") == "EUR"
    assert CONTENTS.currency(None, "EUR") == "EUR"
    assert CONTENTS.currency("CHF", "GBP") == "USD"


def test_every_dimension_leads_on_to_one_that_exists() -> None:
    assert all(dimension.then in DIMENSIONS for dimension in DIMENSIONS.values())


@pytest.mark.parametrize(
    ("value", "text"), [("search", "search"), ("team 3", "team 3"), ("(untagged)", None), ("a/b", None), ('"', None)]
)
def test_only_a_value_that_json_writes_as_it_is_spares_the_parsing_of_other_tags(value: str, text: str | None) -> None:
    assert BillPart("USD", {}, ("team", value)).values().get("tag_text") == text
