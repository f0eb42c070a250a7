"""The Spend page in a real browser: names that other people gave, the drill and its link, two currencies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from console.finops.billing.charge_rows import SCHEMA
from pipeline.curate import curate
from pipeline.lake import Lake
from pipeline.spend import import_charges
from tests.browser.conftest import Visit
from tests.sql.test_curation_spend import charge

pytestmark = pytest.mark.browser

WORD = "k" * 180
NAMES = ("AWS Lambda", WORD, "Robert'); drop table spend;--", "<b>bold</b> **md** $x$ {@day_name}", "数据库 Café")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bill in two currencies with days below zero, and names that break what can be broken."""
    made = Lake.create(tmp_path_factory.mktemp("spend") / "lake")
    tags = json.dumps({WORD: "v" * 200})
    days = [f"2026-03-{day:02}" for day in range(1, 31)]
    charges = [
        charge(day, "2.5", service_name=name, sub_account_id="1", sub_account_name=WORD, tags=tags)
        for day in days
        for name in NAMES
    ]
    charges += [charge("2026-03-10", "-50", charge_category="Credit"), charge("2026-03-20", "-40", service_name=WORD)]
    charges += [charge(day, "9", billing_currency="EUR") for day in days]
    batch = pa.RecordBatch.from_pylist([one_charge | {"source": "focus"} for one_charge in charges], SCHEMA)
    import_charges(made, "focus", [batch])
    curate(made)
    return made.root


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
@pytest.mark.parametrize("query", ["", f"?by=tag:{WORD}", "?currency=EUR&basis=billed"])
def test_names_of_any_length_and_spelling_stay_inside_the_page(
    width: int, theme: str, query: str, console_on: Callable[[Path], str], visit_to: Callable[[str], Visit], lake: Path
) -> None:
    visit = visit_to(console_on(lake))
    page = visit.open(f"/spend{query}", width=width, theme=theme)
    visit.screenshot(f"names-{len(query)}")
    assert page.locator(".tk-tiles").is_visible()
    assert visit.overflow() == 0
    # neither the texts: a box that hides what is beyond it does not make the page wider
    assert page.evaluate(BEYOND) == []
    assert visit.cut_texts() == []
    visit.check()


BEYOND = """() => [...document.querySelectorAll('.tk-tile, .tk-chart-title, ul.tk-lines li, .tk-trust p')]
    .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent.slice(0, 80))"""


def test_a_value_is_looked_into_and_the_link_reopens_what_was_seen(
    console_on: Callable[[Path], str], visit_to: Callable[[str], Visit], lake: Path
) -> None:
    visit = visit_to(console_on(lake))
    page = visit.open("/spend?basis=billed&currency=USD")
    page.get_by_role("combobox", name="Look into").click()
    page.get_by_role("option", name="Robert'); drop table spend;--").click()
    page.wait_for_url("**drill=service**")
    visit.idle()
    assert page.locator(".tk-crumb").inner_text() == "› Robert'); drop table spend;--"
    seen = page.locator(".tk-tiles").inner_text()
    assert "$70.00" in seen  # 28 days of $2.50
    link = page.url
    reopened = visit.open(link.removeprefix(visit.address))
    assert reopened.locator(".tk-tiles").inner_text() == seen
    reopened.get_by_role("button", name="Whole bill").first.click()
    reopened.wait_for_function("() => !location.search.includes('drill')")
    visit.idle()
    assert "basis=billed" in reopened.url
    visit.check()


def test_a_click_on_a_tile_drills_the_page_and_its_frame_leads_back(
    console_on: Callable[[Path], str], visit_to: Callable[[str], Visit], lake: Path
) -> None:
    visit = visit_to(console_on(lake))
    page = visit.open("/spend?currency=USD")
    tiles = page.locator('[data-testid="stPlotlyChart"] .treemaplayer .slice')
    tiles.filter(has_text="AWS Lambda").last.scroll_into_view_if_needed()
    tiles.filter(has_text="AWS Lambda").last.click()
    page.wait_for_url("**drill=service**")
    visit.idle()
    assert "service=AWS+Lambda" in page.url
    assert page.locator(".tk-crumb").inner_text() == "› AWS Lambda"
    visit.screenshot("drilled")
    tiles.filter(has_text="Whole bill").first.click(position={"x": 30, "y": 8})
    page.wait_for_function("() => !location.search.includes('drill')")
    visit.idle()
    assert page.locator(".tk-crumb").count() == 0
    visit.check()
