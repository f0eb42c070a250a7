"""What came of recommendations: sums and rates by hand, and the interval of a rate by two other ways."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from console.recommendations.profit.outcomes import Outcome, added, wilson

money = Decimal


def test_a_rate_without_impressions_is_unknown_and_not_0() -> None:
    nothing = Outcome()
    assert (nothing.click_rate, nothing.click_rate_interval, nothing.revenue_per_thousand) == (None, None, None)


def test_outcomes_are_added_to_the_cent() -> None:
    both = added(
        [
            Outcome(400, 9, 2, money("59.90"), money("40.00"), money("22.15")),
            Outcome(100, 3, 1, money("-10.05"), money("-10.05"), money("-4.00")),
        ]
    )
    assert both == Outcome(500, 12, 3, money("49.85"), money("29.95"), money("18.15"))
    assert both.click_rate == money("0.024")
    assert both.gross_margin == money("11.80")
    assert both.revenue_per_thousand == money("99.70")


def test_the_margin_of_what_has_no_cost_is_unknown_and_says_for_how_much() -> None:
    part = Outcome(net_revenue=money("80"), net_revenue_with_cost=money("60"), cost=money("45"))
    assert (part.gross_margin, part.unknown_margin_share) == (money("15"), money("0.25"))
    none = Outcome(net_revenue=money("80"))
    assert (none.gross_margin, none.unknown_margin_share) == (None, money("1"))
    assert Outcome(impressions=5).gross_margin == 0  # nothing was bought: nothing was earned
    assert Outcome(impressions=5).unknown_margin_share is None


def test_the_interval_is_the_one_in_wilsons_paper() -> None:
    low, high = wilson(10, 50) or (0, 0)  # 20 %: a value found in many tables
    assert low == pytest.approx(0.1124, abs=5e-5)
    assert high == pytest.approx(0.3304, abs=5e-5)


@given(trials=st.integers(1, 5_000), share=st.floats(0, 1))
def test_the_interval_is_scipys(trials: int, share: float) -> None:
    successes = round(trials * share)
    expected = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    found = wilson(successes, trials)
    assert found is not None
    assert found == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert found[0] <= successes / trials <= found[1]


def test_more_clicks_than_impressions_have_no_interval() -> None:
    assert wilson(3, 2) is None
    assert Outcome(impressions=2, clicks=3).click_rate == money("1.5")  # shown as it is: impressions are missing
