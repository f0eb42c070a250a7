"""The page Recommendations: its own parts with data, empty and failing; the link; a training and its progress."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from catalogue.errors import SourceError
from console.asking.formatting import NARROW_SPACE
from console.recommendations.source import CatalogueProduct, PastAction, Trainer, TrainingState, Use
from console.wiring.embedded import Embedded
from pipeline.lake import LakeSettings
from pipeline.recommend.models.embedded import FILE
from tests.pages.conftest import Open, lake_of_sales
from tests.support.lake_rows import Rows, money
from tests.support.recommendation_source import Told, item, lists_alone, measures, record

OpenPage = Callable[..., AppTest]
NOW = datetime.now(UTC)
SERVED = {
    "for_you": [
        item("shade", 1, "Because you viewed Brass lamp", "lamp"),
        item("teapot", 2, "Goes with Blue mug in your cart", "mug"),
        item("bulb", 3, "Because you viewed Brass lamp", "lamp"),
    ],
    "best_sellers": [item("sofa", 1), item("vase", 2)],
}


def history() -> list[PastAction]:
    """What somebody did three minutes and two hours ago."""
    now = datetime.now(UTC)
    return [
        PastAction("lamp", "Brass lamp", "Home", "product_view", now - timedelta(minutes=3, seconds=5)),
        PastAction("mug", "Blue mug", "Kitchen", "cart_add", now - timedelta(hours=2)),
    ]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One customer, c1, with one order of $20."""
    return lake_of_sales(tmp_path_factory.mktemp("recommended") / "lake", [{"customer_id": "c1"}])


@pytest.fixture
def opened(open_page: Open, lake: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenPage]:
    """Run the page on what a source says: ``opened(source, part=["models"])``."""

    def page(source: Any, **query: list[str]) -> AppTest:
        monkeypatch.setattr(Embedded, "recommendations", source)
        return open_page("recommendations", lake, **query)

    return page


def text_of(app: AppTest) -> str:
    """What a reader gets, the style sheet left out."""
    blocks = [block.proto.body for block in app.get("html") if not block.proto.body.startswith("<style")]
    return "\n".join(blocks).replace(NARROW_SPACE, " ")


def seed_of(html: str, name: str) -> str:
    """The class by which the line or the list with a name is connected to others."""
    before = html[: html.index(f"<b>{name}</b>")]
    return re.findall(r'class="((?:tk-seed tk-seed-\w+)|tk-unseeded)"', before)[-1]


def test_a_customer_is_shown_with_the_history_and_five_surfaces_whose_reasons_are_connected(opened: OpenPage):
    app = opened(Told(histories={"c1": history()}, served=SERVED), customer=["c1"])
    assert not app.exception
    html = text_of(app)
    assert "<dt>Orders</dt><dd>1</dd>" in html
    assert "<dt>Net revenue</dt><dd>$20.00</dd>" in html
    assert "<dt>Recommendations</dt><dd>allowed</dd>" in html
    assert re.findall(r"<h4>(.*?)</h4>", html) == [
        "For you", "Bought together", "Viewed, also viewed", "Best sellers", "Trending",
    ]  # fmt: skip
    assert "<i>Viewed</i><b>Brass lamp</b><small>Home</small>" in html
    assert "3 min ago" in html
    assert html.index("Brass lamp</b>") < html.index("Blue mug</b>")
    assert "<p>Because you viewed Brass lamp</p>" in html
    assert seed_of(html, "Brass lamp") == seed_of(html, "Shade") == seed_of(html, "Bulb") == "tk-seed tk-seed-0"
    assert seed_of(html, "Blue mug") == seed_of(html, "Teapot") == "tk-seed tk-seed-1"
    assert seed_of(html, "Sofa") == "tk-unseeded"
    assert "tk-trust" in html
    assert "nothing shown here counts as an impression" in html


def test_a_reader_of_some_regions_sees_what_a_customer_did_there_and_not_the_history(
    opened: OpenPage, monkeypatch: pytest.MonkeyPatch
):
    source = Told(histories={"c1": history(), "c2": history()}, served=SERVED)
    monkeypatch.setenv("TAKINGS_REGIONS", "South,West")
    html = text_of(opened(source, customer=["c1"]))
    assert "You see South, West: only what was done there in the last 7 days of the lake counts." in html
    assert "<i>Bought</i><b>Lamp</b>" in html
    assert "Blue mug</b>" not in html
    assert "Net revenue" not in html
    assert "from the same models and what was done in your regions" in html
    html = text_of(opened(source, customer=["c2"]))
    assert "Nobody of this id did anything with a product in your regions in the last 7 days" in html
    assert "lamp</b>" not in html.lower()
    assert [(asked["customer_id"], len(asked["recent"])) for asked in source.asked] == [(None, 1), (None, 0)]


def test_a_customer_was_seen_on_days_of_the_reporting_time_zone(
    open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lake = Rows(tmp_path / "tokyo", LakeSettings(reporting_time_zone="Asia/Tokyo"))
    seen = {"first_seen": datetime(2026, 3, 1, 20), "last_seen": datetime(2026, 3, 5, 14)}  # 5:00 the next day; 23:00
    lake.table("customers", [{"customer_id": "c1", "orders": 2, "net_revenue": money("12.5"), **seen}])
    lake.table("daily_events", [{"event_date": date(2026, 3, 5), "event_type": "product_view", "events": 1}])
    monkeypatch.setattr(Embedded, "recommendations", Told())
    html = text_of(open_page("recommendations", lake.lake.root, customer=["c1"]))
    assert "<dt>First seen</dt><dd>2 Mar 2026</dd>" in html
    assert "<dt>Last seen</dt><dd>5 Mar 2026</dd>" in html


def test_neighbours_of_one_reason_share_its_line(opened: OpenPage):
    html = text_of(opened(Told(served=SERVED), customer=["c1"]))
    assert html.count("Popular in this shop") == 1
    assert html.count("Because you viewed Brass lamp") == 2, "a list keeps its order"


def test_a_link_names_the_customer_the_session_and_the_product(opened: OpenPage):
    source = Told(products=[CatalogueProduct("p7", "Green vase", "Home", True)])
    app = opened(source, customer=["c 'x"], product=["green"])
    assert source.asked[-1]["customer_id"] == "c 'x"
    assert source.asked[-1]["context_item"] == "p7"
    assert "On the page</i><b>Green vase</b>" in text_of(app)
    assert app.query_params["customer"] == "c 'x"
    app = opened(source, session=["s0"])
    assert source.asked[-1]["customer_id"] is None
    assert [action.product_id for action in source.asked[-1]["recent"]] == ["lamp"]
    assert "<dt>Session</dt><dd>s0</dd>" in text_of(app)


def test_without_a_choice_who_was_here_last_is_shown_and_without_a_customer_anybody(opened: OpenPage):
    source = Told(served=SERVED)
    app = opened(source)
    assert source.asked[-1]["customer_id"] == "c1"
    assert app.query_params["customer"] == "c1"
    [box] = [one for one in app.selectbox if one.label == "Customer"]
    html = text_of(box.set_value(None).run())
    assert source.asked[-1]["customer_id"] is None
    assert "<dd>Anybody</dd>" in html
    assert "Sofa" in html
    assert app.query_params["customer"] == ""
    app = opened(source, customer=[""])
    assert source.asked[-1]["customer_id"] is None, "the link opens for anybody again"
    assert app.query_params["customer"] == ""


def test_the_customers_who_were_here_last_can_be_chosen(opened: OpenPage):
    source = Told()
    app = opened(source)
    [box] = [one for one in app.selectbox if one.label == "Customer"]
    assert [option.split(" · ")[0] for option in box.options] == ["c1"]
    box.select_index(0).run()
    assert source.asked[-1]["customer_id"] == "c1"
    assert app.query_params["customer"] == "c1"
    app.text_input(key="tk-recommend-session").set_value("s0").run()
    assert source.asked[-1]["customer_id"] is None
    assert "customer" not in app.query_params


def test_somebody_who_is_not_known_gets_what_everybody_gets(opened: OpenPage):
    html = text_of(opened(Told(served=SERVED), customer=["stranger"]))
    assert "Nothing is known of this customer: this is what everybody gets." in html
    assert "Sofa" in html


def test_of_who_opted_out_the_page_says_that_nothing_is_read_or_kept(opened: OpenPage):
    html = text_of(opened(Told(opted_out={"c1"}, histories={"c1": history()}, served=SERVED), customer=["c1"]))
    assert "the history is neither read nor kept" in html
    assert "<dt>Recommendations</dt><dd>opted out</dd>" in html
    assert "Brass lamp</b>" not in html


def test_before_the_first_model_a_meter_says_what_is_missing(opened: OpenPage):
    html = text_of(opened(Told([record(use=Use.ASIDE, needs=lists_alone().needs)], note="There is no model yet.")))
    assert "There is no model yet" in html
    assert "Missing: events, days." in html
    assert "1,200 of 2,000" in html
    html = text_of(opened(Told([])))
    assert "No training has counted yet what there is. Train now, on the part Models, starts one." in html
    html = text_of(opened(Told([], trainer=Trainer(False, "The job train learns each night, or `learn now`."))))
    assert "what there is. The job train learns each night, or <code>learn now</code>." in html


def test_what_a_shop_calls_its_products_cannot_bring_its_own_markup(opened: OpenPage):
    bad = "<img src=x onerror=y>"
    past = PastAction("lamp", bad, bad, "product_view", NOW)
    served = {"for_you": [item("a", 1, f"Because you viewed {bad}", "lamp", category=bad)]}
    html = text_of(opened(Told(histories={"c1": [past]}, served=served), customer=["c1"]))
    assert "<img" not in html


def test_an_id_that_is_too_long_is_explained(opened: OpenPage):
    app = opened(Told(), customer=["c" * 65])
    assert not app.exception
    assert "The id of the customer has 65 characters" in text_of(app)


def test_a_damaged_file_of_models_is_the_failed_state_with_its_fix(open_page: Open, lake: Path, tmp_path: Path) -> None:
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(lake, broken)
    (broken / FILE).write_bytes(b"no database, but something else" * 100)
    for part in ("customer", "models"):
        app = open_page("recommendations", broken, part=[part])
        assert not app.exception
        html = text_of(app)
        assert 'role="alert"' in html
        assert "A damaged file may be deleted: the next training makes models again" in html
        assert FILE in html


def test_a_source_that_fails_is_named_on_the_part(opened: OpenPage):
    class Broken(Told):
        def models(self) -> Any:
            raise SourceError("The table does not answer", where="recommendations", remedy="Look at DynamoDB.")

    html = text_of(opened(Broken(), part=["models"]))
    assert "The table does not answer" in html
    assert "Look at DynamoDB." in html


ASIDE = record("v2", Use.ASIDE, 1, measures=measures(0.09), gaps=("Not in use: it is worse than the blend in use.",))


def test_models_show_the_card_the_quality_over_time_and_every_model(opened: OpenPage):
    app = opened(Told([ASIDE, record("v1"), record("v0", Use.PREVIOUS, -1)]), part=["models"])
    assert not app.exception
    html = text_of(app)
    assert "The model in use" in html
    for name, value in (("Method", "Blend"), ("Interactions", "90,000"), ("Coverage", "40.0 %"), ("Version", "v1")):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in html
    assert "<span>Blend</span><i></i><b>0.200</b><small>0.190 to 0.210</small>" in html
    assert "<span>Popularity</span><i></i><b>0.100</b>" in html
    assert [table.value.shape[0] for table in app.dataframe] == [3]
    assert list(app.dataframe[0].value["use"]) == ["kept aside", "in use", "the one before"]
    assert app.dataframe[0].value["reason"][0] == "it is worse than the blend in use."
    assert len(app.get("plotly_chart")) == 3


def test_a_model_of_lists_alone_says_what_is_missing_for_more(opened: OpenPage):
    html = text_of(opened(Told([lists_alone()]), part=["models"]))
    assert "Missing: events, days." in html
    assert "<dt>Method</dt><dd>lists for everybody</dd>" in html
    assert "It was not measured" in html


def test_a_reader_of_some_regions_is_not_shown_how_much_the_whole_shop_does(
    opened: OpenPage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TAKINGS_REGIONS", "South")
    gaps = ("The oldest 7,000 of these interactions are left out.", "No product has a category.")
    app = opened(Told([record("v1", gaps=gaps)]), part=["models"])
    html = text_of(app)
    assert not app.exception
    assert "90,000" not in html
    assert "4,000" not in html
    assert "7,000" not in html
    assert "<dt>Products</dt><dd>120</dd>" in html
    assert "No product has a category." in html
    assert {"interactions", "customers"}.isdisjoint(app.dataframe[0].value.columns)
    assert "how many interactions and visitors there are is left out" in html
    for part in ("models", "customer"):
        html = text_of(opened(Told([record(use=Use.ASIDE, needs=lists_alone().needs)]), part=[part]))
        assert "Missing: events, days." in html
        assert "1,200" not in html


def test_a_rollback_is_confirmed_and_done(opened: OpenPage):
    source = Told([record("v1"), record("v0", Use.PREVIOUS, -1)])
    app = opened(source, part=["models"])
    app.button(key="tk-recommend-rollback").click().run()
    assert not app.exception
    assert source.models()[0].version == "v0"
    assert "<dt>Version</dt><dd>v0</dd>" in text_of(app)
    assert "tk-recommend-rollback" not in [button.key for button in app.button]


def test_a_training_starts_on_demand_and_its_progress_is_seen_by_whoever_opens_the_page(opened: OpenPage):
    source = Told()
    app = opened(source, part=["models"])
    app.button(key="tk-recommend-train").click().run()
    assert source.started == 1
    assert "tk-recommend-train" not in [button.key for button in app.button]
    source.state = TrainingState(True, "Measuring on the newest days", 0.35, datetime.now(UTC) - timedelta(seconds=20))
    app = opened(source, part=["models"])
    [bar] = app.get("progress")
    assert bar.proto.value == 35
    assert "Measuring on the newest days · 35 %" in bar.proto.text.replace(NARROW_SPACE, " ")
    source.state = TrainingState(started_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert "The last training is in use." in text_of(opened(source, part=["models"]))


def test_a_training_that_failed_says_how(opened: OpenPage):
    failed = TrainingState(started_at=NOW, failure="The disk is full (/lake).")
    html = text_of(opened(Told(state=failed), part=["models"]))
    assert "The last training failed: The disk is full (/lake)." in html


def test_a_console_that_cannot_train_says_the_command(opened: OpenPage):
    app = opened(Told(trainer=Trainer(False, "Train with `python -m pipeline recommend train`.")), part=["models"])
    assert "<code>python -m pipeline recommend train</code>" in text_of(app)
    assert "tk-recommend-train" not in [button.key for button in app.button]


def test_before_the_first_model_the_part_says_so(opened: OpenPage):
    html = text_of(opened(Told([]), part=["models"]))
    assert "There is no model yet" in html
    assert "Nothing was learnt yet." in html


def test_only_the_part_chosen_is_asked(opened: OpenPage):
    source = Told()
    opened(source, part=["models"])
    assert source.asked == []


def test_an_empty_lake_shows_the_commands_that_fill_it(open_page: Open, empty_lake: Path):
    app = open_page("recommendations", empty_lake)
    assert not app.exception
    assert "There is no data yet" in text_of(app)
