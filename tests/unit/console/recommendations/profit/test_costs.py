"""What recommending costs: direct by service, shared by rule, to the last digit of what unit costs give it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from console.finops.decimals import total
from console.recommendations.profit.costs import (
    RECOMMENDING,
    SERVING,
    SHARED,
    TRAINING,
    CostLine,
    nothing_charged,
    recommending_cost,
)
from console.unit_costs.allocation import Charge, allocate
from console.unit_costs.allocation_file import load

DAY = date(2026, 3, 1)
RULES = load()


def charge(amount: str, service: str, tag: str = "recommendations", category: str = "Usage", day: date = DAY) -> Charge:
    return Charge(day, service, "", "1", category, tag, Decimal(amount))


def test_direct_cost_is_split_by_service_and_shared_cost_by_rule() -> None:
    found = recommending_cost(
        [
            charge("0.44", "AWS Glue"),
            charge("0.10", "AWS Lambda"),
            charge("0.05", "AWS Lambda"),
            charge("0.30", "Amazon DynamoDB"),
            charge("2.00", "Amazon Kinesis", "stream"),  # a quarter of the events are recommendations'
            charge("7.11", "Amazon Athena", "console"),  # another function's
            charge("1.00", "Amazon Route 53", ""),  # nobody's
            charge("0.80", "Tax", "", "Tax"),  # like direct costs: 0.89 of 8.00
        ],
        RULES,
        {DAY: {"product_view": 60, "purchase": 15, "recommendation_impression": 20, "recommendation_click": 5}},
        [DAY],
        "USD",
    )
    assert found.lines == [
        CostLine(TRAINING, "AWS Glue", Decimal("0.44")),
        CostLine(SERVING, "Amazon DynamoDB", Decimal("0.30")),
        CostLine(SERVING, "AWS Lambda", Decimal("0.15")),
        CostLine(SHARED, "Collector and stream", Decimal("0.50")),
        CostLine(SHARED, "Support, tax, credits and corrections", Decimal("0.089")),
    ]
    assert found.total == Decimal("1.479")
    assert (found.of(TRAINING), found.of(SERVING), found.of(SHARED)) == (
        Decimal("0.44"),
        Decimal("0.45"),
        Decimal("0.589"),
    )


def test_charges_of_days_that_are_not_asked_for_are_left_out() -> None:
    later = DAY + timedelta(days=1)
    charges = [charge("0.10", "AWS Lambda"), charge("0.20", "AWS Lambda", day=later)]
    found = recommending_cost(charges, RULES, {}, [later], "USD")
    assert found.by_day == {later: Decimal("0.20")}
    assert found.total == Decimal("0.20")


def test_a_day_charged_for_other_things_alone_costs_0_and_a_bill_without_recommending_is_noticed() -> None:
    found = recommending_cost([charge("5", "Amazon Athena", "console")], RULES, {}, [DAY], "USD")
    assert found.by_day == {DAY: Decimal(0)}
    assert found.lines == []
    assert nothing_charged(found)


_charges = st.lists(
    st.builds(
        Charge,
        st.sampled_from([DAY, DAY + timedelta(days=1)]),
        st.sampled_from(["AWS Glue", "AWS Lambda", "Amazon Kinesis"]),
        st.just(""),
        st.just("1"),
        st.sampled_from(["Usage", "Usage", "Tax", "Credit"]),
        st.sampled_from(["recommendations", "stream", "console", "lake", "security", ""]),
        st.decimals(Decimal("-100"), Decimal("1e6"), places=12),
    ),
    max_size=30,
)
_counts = st.dictionaries(
    st.sampled_from(["product_view", "purchase", "recommendation_impression"]), st.integers(0, 10**6)
)


@given(charges=_charges, counts=_counts)
def test_lines_and_days_add_up_to_what_unit_costs_give_to_the_function(
    charges: list[Charge], counts: dict[str, int]
) -> None:
    days = sorted({charge.day for charge in charges})
    by_day = dict.fromkeys(days, counts)
    found = recommending_cost(charges, RULES, by_day, days, "USD")
    expected = total(
        amount
        for day in allocate(charges, RULES, by_day).values()
        for amount in (day.direct.get(RECOMMENDING), day.shared.get(RECOMMENDING))
    )
    assert total(line.amount for line in found.lines) == expected == found.total
