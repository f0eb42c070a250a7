"""What one of something costs, to the last digit, and how much of a day's cost stands still."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.finops.decimals import STEP, total
from console.unit_costs.unit_costs import Parts, efficiency, per_unit


def test_a_cost_is_divided_by_its_count_and_keeps_its_three_parts() -> None:
    assert per_unit(Parts(Decimal(30), Decimal(15), Decimal(5)), 20) == Parts(
        Decimal("1.5"), Decimal("0.75"), Decimal("0.25")
    )


def test_a_thousand_events_cost_a_thousand_times_one() -> None:
    assert per_unit(Parts(direct=Decimal(3)), 60_000, 1_000) == Parts(direct=Decimal("0.05"))


def test_what_there_was_none_of_has_no_cost_rather_than_none() -> None:
    assert per_unit(Parts(direct=Decimal(3)), 0) is None


_cost = st.decimals(Decimal("-1e6"), Decimal("1e9"), places=12)


@given(direct=_cost, shared=_cost, unallocated=_cost, count=st.integers(1, 10**9), units=st.sampled_from([1, 1000]))
def test_the_parts_of_a_unit_cost_add_up_to_the_rounded_whole(
    direct: Decimal, shared: Decimal, unallocated: Decimal, count: int, units: int
) -> None:
    cost = Parts(direct, shared, unallocated)
    found = per_unit(cost, count, units)
    assert found is not None
    whole = cost.total * units / count
    assert abs(found.total - whole) <= STEP
    assert found.total == total((found.direct, found.shared, found.unallocated))
    for part, of in ((found.direct, direct), (found.shared, shared), (found.unallocated, unallocated)):
        assert abs(part - of * units / count) <= 2 * STEP


def test_a_straight_line_is_found_again() -> None:
    volumes = list(range(100, 120))
    fitted = efficiency(volumes, [Decimal("6.50") + Decimal("0.02") * volume for volume in volumes])
    assert fitted is not None
    assert fitted.fixed == pytest.approx(Decimal("6.50"), abs=Decimal("1e-9"))
    assert fitted.variable == pytest.approx(Decimal("0.02"), abs=Decimal("1e-9"))
    assert fitted.fixed_share == pytest.approx(Decimal("6.50") / Decimal("8.69"), abs=Decimal("1e-6"))  # at 109.5
    assert fitted.unit_cost(Decimal(100)) == pytest.approx(Decimal("0.085"), abs=Decimal("1e-9"))
    assert fitted.unit_cost(Decimal(0)) is None


def test_days_of_monthly_charges_do_not_bend_the_line() -> None:
    chance = random.Random(3)
    volumes = [chance.randrange(80, 200) for _ in range(90)]
    costs = [Decimal(str(5 + 0.03 * volume + chance.gauss(0, 0.05))) for volume in volumes]
    for first in (0, 30, 60):
        costs[first] += 40
    fitted = efficiency(volumes, costs)
    assert fitted is not None
    assert float(fitted.fixed) == pytest.approx(5, abs=0.1)
    assert float(fitted.variable) == pytest.approx(0.03, abs=0.001)
    assert fitted.low <= fitted.variable <= fitted.high


def test_a_cost_that_does_not_follow_volume_has_no_fixed_share_to_tell() -> None:
    chance = random.Random(5)
    volumes = [chance.randrange(80, 200) for _ in range(60)]
    fitted = efficiency(volumes, [Decimal(str(round(chance.gauss(9, 1), 4))) for _ in volumes])
    assert fitted is not None
    assert fitted.low <= 0
    assert fitted.fixed_share is None


def test_the_fixed_share_is_a_share() -> None:
    volumes = list(range(10, 30))
    fitted = efficiency(volumes, [Decimal(volume) * 2 - 15 for volume in volumes])  # the line cuts zero above 0 orders
    assert fitted is not None
    assert fitted.fixed < 0
    assert fitted.fixed_share == 0


@pytest.mark.parametrize("volumes", [[], [3] * 20, [0] * 20, list(range(1, 8)), [0] * 20 + list(range(1, 8))])
def test_too_few_days_or_one_volume_make_no_line(volumes: list[int]) -> None:
    assert efficiency(volumes, [Decimal(1)] * len(volumes)) is None
