"""A/A on a sample year through the page's own query and statistics, as ``python -m bench aa`` does with 100 seeds."""

from __future__ import annotations

from datetime import date

import pytest

from bench.aa import Alarms, alarms
from console.recommendations.experiments.outcomes import Outcome
from pipeline.curate import curate
from pipeline.lake import Lake
from pipeline.sample import generate

EVENTS, SEEDS = 60_000, range(1, 21)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Alarms:
    """What twenty experiments without an effect seem to show."""
    lake = Lake.create(tmp_path_factory.mktemp("aa") / "lake")
    generate(lake, events=EVENTS, end=date(2026, 6, 1))
    curate(lake)
    return alarms(lake.root, SEEDS)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_experiment_without_an_effect_shows_none_on_any_day(found: Alarms, outcome: Outcome) -> None:
    assert found.days > 300
    assert found.always_valid[outcome] == 0


def test_an_interval_for_one_look_shows_effects_that_are_none(found: Alarms) -> None:
    assert sum(found.one_look.values()) >= len(SEEDS) / 3


def test_customers_come_in_the_shares_promised(found: Alarms) -> None:
    assert found.mismatches == 0
