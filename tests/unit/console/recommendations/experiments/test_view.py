"""The part *Experiments* in its states, and its buttons, clicked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from catalogue.errors import SettingsError
from console.recommendations.experiments import view
from console.recommendations.experiments.answer import findings
from console.recommendations.experiments.outcomes import Outcome
from console.recommendations.source import ExperimentRecord, Use
from pipeline.recommend.experiments.experiment import Variant
from tests.pages.conftest import charts_of, text_of
from tests.support.lake_rows import Rows
from tests.unit.console.recommendations.experiments.lake import TENTH, busy, experiment, lake_of
from tests.unit.console.recommendations.experiments.stage import GivenExperiments, opened

TO_COME = datetime(2026, 3, 28, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """No answer of another test."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


def known(folder: Path) -> tuple[ExperimentRecord, Rows]:
    """A hold-out whose customers buy for less."""
    record = experiment(*TENTH)
    return record, lake_of(folder, busy(record, {"holdout": 200, "shown": 1800}, {"holdout": "21", "shown": "31"}))


def click(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def test_a_holdout_shows_its_verdict_its_intervals_and_its_variants(tmp_path: Path) -> None:
    record, lake = known(tmp_path)
    page = opened(lake.scope(), GivenExperiments([record]))
    assert not page.exception
    said = text_of(page)
    assert "shown has more net revenue per customer than holdout (shown nothing): between +" in said
    assert "runs since 1 Mar 2026: holdout (shown nothing) 10" in said
    assert "Incremental gross margin: $" in said
    assert "Lift of net revenue" in said
    assert "47.6" in said
    assert "Waudby-Smith" in said
    variants, experiments = (table.value for table in page.dataframe)
    assert list(variants["customers"]) == [200, 1800]
    assert list(experiments["name"]) == ["spring"]
    assert "Sample-ratio mismatch" not in said


def test_the_charts_show_the_lift_of_each_outcome_and_its_interval_on_each_day(tmp_path: Path) -> None:
    record, lake = known(tmp_path)
    lifts, days = charts_of(opened(lake.scope(), GivenExperiments([record])))
    labels = [row[1] for row in lifts["baseOption"]["dataset"]["source"]]
    assert labels == ["Net revenue", "Gross margin", "Orders", "Buyers"]
    rows = days["dataset"]["source"]
    assert len(rows) == 23
    assert rows[0][2] is None  # too few buyers on the first days
    low, height = rows[-1][3:5]
    assert low > 0
    assert height > 0
    assert rows[-1][6].startswith("+")


def test_as_long_as_the_control_may_bring_nothing_the_difference_is_shown(tmp_path: Path) -> None:
    record = experiment(*TENTH)
    lake = lake_of(tmp_path, busy(record, {"holdout": 60, "shown": 540}, {"holdout": "11", "shown": "31"}))
    page = opened(lake.scope(), GivenExperiments([record]))
    assert "shown has more net revenue per customer than holdout (shown nothing): between +$" in text_of(page)
    (days,) = [chart for chart in charts_of(page) if "baseOption" not in chart]
    assert days["dataset"]["source"][-1][5] == "+$10.00"


def test_margin_of_goods_whose_cost_nobody_knows_is_shown_as_unknown_and_never_as_0(tmp_path: Path) -> None:
    record = experiment(*TENTH)
    visits = busy(record, {"holdout": 200, "shown": 1800}, {"holdout": "21", "shown": "31"})
    lake = lake_of(tmp_path, [replace(visit, cost=None) for visit in visits])
    page = opened(lake.scope(), GivenExperiments([record]), outcome="gross margin")
    said = text_of(page)
    assert said.count("No cost of goods is known") == 4  # the lift and what is incremental, each drawn and spoken
    assert "buyers yet" not in said
    assert page.dataframe[0].value["margin"].isna().all()


def test_the_share_of_net_revenue_whose_margin_is_unknown_is_said_with_a_holdout_and_without(tmp_path: Path) -> None:
    record = experiment()
    visits = busy(record, {"a": 60, "b": 60}, dict.fromkeys("ab", "10"))
    lake = lake_of(tmp_path, [replace(visit, cost=None if visit.day.day % 2 else "1") for visit in visits])
    said = text_of(opened(lake.scope(), GivenExperiments([record]))).replace("\u202f", " ")
    assert re.search(r"The margin of \d\d\.\d % of net revenue is unknown, and in no figure of margin\.", said)
    assert "is unknown, and in no" not in text_of(
        opened(lake_of(tmp_path / "all", visits).scope(), GivenExperiments([record]))
    )


def test_customers_that_no_shop_will_ever_have_are_no_figure(tmp_path: Path) -> None:
    record = experiment()
    lake = lake_of(tmp_path, busy(record, {"a": 60, "b": 60}, dict.fromkeys("ab", "10")))
    found = findings(lake.scope(), record)
    (comparison,) = found.comparisons[Outcome.ORDERS]
    endless = replace(comparison, needed=71_434_685_897_519_753_264, days_left=10**15)
    needed = view._figures(found, endless)[2]
    assert (needed.value, needed.note) == (None, "until ±\u202f5\u202f%: not within years")


def test_a_chosen_outcome_is_kept_in_the_link(tmp_path: Path) -> None:
    record, lake = known(tmp_path)
    page = opened(lake.scope(), GivenExperiments([record]), outcome="orders")
    assert "Not known yet: between −" in text_of(page)
    assert "Lift of orders" in text_of(page)


def test_a_link_to_an_experiment_opens_it_again_after_another_one_has_started(tmp_path: Path) -> None:
    record, lake = known(tmp_path)
    link = dict(opened(lake.scope(), GivenExperiments([record])).query_params)
    newer = experiment(*TENTH, name="summer", started_at=TO_COME)
    page = opened(lake.scope(), GivenExperiments([newer, record]), **link)
    assert page.selectbox(key="tk-experiment").value == "spring"


def test_without_an_experiment_the_page_says_how_one_is_started_and_starts_it(tmp_path: Path) -> None:
    source = GivenExperiments()
    page = opened(lake_of(tmp_path, []).scope(), source)
    said = text_of(page)
    assert "There is no experiment yet" in said
    assert "python -m pipeline recommend experiments start holdout --holdout 0.1" in said
    assert "10\u202f% of the customers are shown no recommendations on all surfaces" in page.caption[1].value.replace(
        "\\", ""
    )
    page.text_input(key="tk-experiment-name-0").set_value("holdout-spring")
    click(page, "Start it now")
    (started,) = source.kept
    assert started.name == "holdout-spring"
    assert [(one.name, one.share, one.is_holdout) for one in started.variants] == [
        ("holdout", 0.1, True), ("shown", 0.9, False)
    ]  # fmt: skip
    assert "Too early to see anything" in text_of(page)


def test_another_surface_is_compared_with_the_one_that_is_asked_for(tmp_path: Path) -> None:
    source = GivenExperiments()
    page = opened(lake_of(tmp_path, []).scope(), source)
    page.button_group(key="tk-experiment-design-0").set_value("Another surface").run()
    page.text_input(key="tk-experiment-name-0").set_value("trending-instead")
    page.selectbox(key="tk-experiment-surface-0").set_value("trending")
    page.multiselect(key="tk-experiment-surfaces-0").set_value(["best_sellers"])
    click(page, "Start it now")
    (started,) = source.kept
    assert [(one.name, one.share, one.surface) for one in started.variants] == [
        ("control", 0.5, ""), ("changed", 0.5, "trending")
    ]  # fmt: skip
    assert started.surfaces == ("best_sellers",)


def test_another_model_is_one_that_is_kept(tmp_path: Path) -> None:
    source = GivenExperiments(versions=[("new", Use.CURRENT), ("old", Use.PREVIOUS), ("gone", Use.FORMER)])
    page = opened(lake_of(tmp_path, []).scope(), source)
    page.button_group(key="tk-experiment-design-0").set_value("Another model").run()
    assert page.selectbox(key="tk-experiment-model-0").options == ["old"]
    page.text_input(key="tk-experiment-name-0").set_value("old-or-new")
    click(page, "Start it now")
    assert source.kept[0].variants[1].model == "old"


def test_without_a_name_nothing_is_started(tmp_path: Path) -> None:
    source = GivenExperiments()
    page = opened(lake_of(tmp_path, []).scope(), source)
    click(page, "Start it now")
    assert not source.kept
    assert "The experiment has no name" in page.error[0].value


def test_why_the_store_refuses_an_experiment_is_said_beside_the_button(tmp_path: Path) -> None:
    source = GivenExperiments(refusal=SettingsError("Experiment other runs on for_you", remedy="End it."))
    page = opened(lake_of(tmp_path, []).scope(), source)
    page.text_input(key="tk-experiment-name-0").set_value("spring")
    click(page, "Start it now")
    assert page.error[0].value == "Experiment other runs on for_you. End it."


def test_an_experiment_is_ended_with_a_button_that_says_what_it_does(tmp_path: Path) -> None:
    record, lake = known(tmp_path)
    source = GivenExperiments([record])
    page = opened(lake.scope(), source)
    assert any("Those who were shown nothing get recommendations again" in one.value for one in page.markdown)
    click(page, "End it now")
    assert source.kept[0].ended_at is not None
    assert not any(button.label == "End it now" for button in page.button)
    assert "1 Mar 2026 to 31 Mar 2026" in text_of(page)


def test_an_experiment_that_is_too_young_says_when_its_first_figures_come(tmp_path: Path) -> None:
    page = opened(lake_of(tmp_path, []).scope(), GivenExperiments([experiment(*TENTH, started_at=TO_COME)]))
    assert not page.exception
    assert "the first ones on 5 Apr 2026" in text_of(page)
    assert not charts_of(page)


def test_without_a_holdout_the_page_says_what_cannot_be_known(tmp_path: Path) -> None:
    record = experiment()
    lake = lake_of(tmp_path, busy(record, {"a": 60, "b": 60}, {"a": "10", "b": "12"}))
    said = text_of(opened(lake.scope(), GivenExperiments([record])))
    assert "None of them holds customers out" in said
    assert "Incremental" not in said


def test_a_mismatch_is_said_above_all_figures(tmp_path: Path) -> None:
    record = experiment()
    lake = lake_of(tmp_path, busy(record, {"a": 400, "b": 250}, {"a": "10", "b": "25"}))
    said = text_of(opened(lake.scope(), GivenExperiments([record])))
    assert "Sample-ratio mismatch: do not trust this experiment" in said
    assert said.index("Sample-ratio mismatch") < said.index("Not to be trusted") < said.index("Customers")


def test_three_variants_have_a_chart_each_and_the_control_has_none(tmp_path: Path) -> None:
    shares = (("a", 0.4), ("b", 0.3), ("c", 0.3))
    record = experiment(*(Variant(name=name, share=share) for name, share in shares))
    lake = lake_of(tmp_path, busy(record, {"a": 200, "b": 150, "c": 150}, dict.fromkeys("abc", "10")))
    page = opened(lake.scope(), GivenExperiments([record]))
    assert len(charts_of(page)) == 3
    assert "Lift of net revenue, b" in text_of(page)
    assert "Customers still needed, b" in text_of(page)
    assert "divided by 2 comparisons (Bonferroni)" in text_of(page)


def test_who_sees_some_regions_only_is_told_why_there_is_nothing(tmp_path: Path) -> None:
    page = opened(lake_of(tmp_path, []).scope(regions=("North",)), GivenExperiments([experiment()]))
    assert "Experiments are of the whole shop" in text_of(page)
    assert not page.button
