"""Every page of the real console in a real browser: on the sample lake, on an empty lake, and on a damaged one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from console.kit.navigation import PAGES
from pipeline.curate import curate
from pipeline.curate.status import account
from pipeline.lake import Lake
from pipeline.sample import generate
from tests.browser.conftest import ROOT, Visit, served

pytestmark = pytest.mark.browser

Start = Callable[[Path], str]
VisitTo = Callable[[str], Visit]
PATHS = [f"/{entry.url_path}" for entry in PAGES]
# what a page that does not stand on events says where there are none
OTHERWISE = {"/budgets": "python -m console spend import", "/tiers": "Inside its band"}
READING = [path for path in PATHS if path not in ("/definitions", "/live")]


@pytest.fixture(scope="session")
def sample_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = Lake.create(tmp_path_factory.mktemp("browser") / "sample")
    generate(lake, events=200_000, end=date(2026, 6, 1), seed=7)
    curate(lake)
    return lake.root


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Lake.create(tmp_path_factory.mktemp("browser") / "empty").root


@pytest.fixture(scope="session")
def damaged_lake(tmp_path_factory: pytest.TempPathFactory, sample_lake: Path) -> Path:
    root = tmp_path_factory.mktemp("browser") / "damaged"
    shutil.copytree(sample_lake, root)
    (root / "curated" / "daily_sales" / "data.parquet").write_bytes(b"PAR1 and no more")
    return root


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("width", "theme"), [(1440, "light"), (1440, "dark"), (1024, "light"), (390, "light"), (390, "dark")]
)
def test_a_page_draws_fits_and_cuts_nothing(
    path: str, width: int, theme: str, console_on: Start, visit_to: VisitTo, sample_lake: Path
) -> None:
    visit = visit_to(console_on(sample_lake))
    visit.open(path, width=width, theme=theme)
    visit.screenshot()
    assert visit.overflow() == 0
    assert visit.cut_texts() == []
    assert visit.touching_texts() == []
    visit.check()


@pytest.mark.parametrize(
    "tried",
    [
        "events=100000000&batch=1&views=100000&asked=50000000&kept=1825&free=yes&legacy=754",
        "events=1000&batch=500&views=10&asked=1000&kept=30",
    ],
)
def test_tiers_at_the_ends_of_their_sliders_cut_nothing(
    tried: str, console_on: Start, visit_to: VisitTo, sample_lake: Path
) -> None:
    visit = visit_to(console_on(sample_lake))
    page = visit.open(f"/tiers?{tried}")
    assert page.url.endswith(tried)
    assert visit.cut_texts() == []
    assert visit.touching_texts() == []
    visit.check()


@pytest.mark.parametrize("path", READING)
@pytest.mark.parametrize("width", [1440, 390])
def test_a_page_on_an_empty_lake_says_what_to_do(
    path: str, width: int, console_on: Start, visit_to: VisitTo, empty_lake: Path
) -> None:
    visit = visit_to(console_on(empty_lake))
    page = visit.open(path, width=width)
    visit.screenshot("empty")
    assert page.get_by_text(OTHERWISE.get(path, "python -m pipeline sample")).first.is_visible()
    assert visit.overflow() == 0
    visit.check()


@pytest.mark.parametrize("path", READING)
def test_a_page_on_a_damaged_lake_names_the_remedy(
    path: str, console_on: Start, visit_to: VisitTo, damaged_lake: Path
) -> None:
    visit = visit_to(console_on(damaged_lake))
    page = visit.open(path)
    visit.screenshot("failed")
    assert page.get_by_role("alert").filter(has_text="curate --full").is_visible()
    visit.check()


def test_filters_travel_from_page_to_page_and_a_link_reopens_them(
    console_on: Start, visit_to: VisitTo, sample_lake: Path
) -> None:
    visit = visit_to(console_on(sample_lake))
    page = visit.open("/revenue?period=90d&region=UK&compare=previous&compare=year")
    before = page.locator(".tk-tiles").inner_text()
    page.get_by_role("link", name="Products").click()
    page.wait_for_url("**/products**")
    visit.idle()
    assert "region=UK" in page.url
    assert "period=90d" in page.url
    page.get_by_role("link", name="Revenue").click()
    page.wait_for_url("**/revenue**")
    visit.idle()
    assert page.locator(".tk-tiles").inner_text() == before
    link = page.url
    reopened = visit.open(link.removeprefix(visit.address))
    assert reopened.locator(".tk-tiles").inner_text() == before
    visit.check()


def test_a_filter_narrows_the_figures_and_the_table_downloads_with_it(
    console_on: Start, visit_to: VisitTo, sample_lake: Path
) -> None:
    visit = visit_to(console_on(sample_lake))
    page = visit.open("/revenue?category=Books&period=12m")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").first.click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert download.value.suggested_filename == "revenue-by-category.csv"
    assert "# Category: Books" in text
    assert "# Data as of:" in text
    assert "\nBooks," in text
    assert "\nShoes," not in text
    visit.check()


def test_show_sql_opens_the_statements_behind_the_page(console_on: Start, visit_to: VisitTo, sample_lake: Path) -> None:
    visit = visit_to(console_on(sample_lake))
    page = visit.open("/revenue")
    page.get_by_role("button", name="Show SQL").click()
    shown = page.get_by_text("daily_sales", exact=False).first
    shown.wait_for()
    assert shown.is_visible()
    visit.check()


def test_the_menu_works_with_the_keyboard_alone(console_on: Start, visit_to: VisitTo, sample_lake: Path) -> None:
    visit = visit_to(console_on(sample_lake))
    page = visit.open("/")
    link = page.get_by_role("link", name="Definitions")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/definitions**")
    visit.idle()
    assert page.get_by_role("heading", name="Definitions").is_visible()
    visit.check()


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_live_without_an_event_says_how_to_send_one(
    width: int, theme: str, console_on: Start, visit_to: VisitTo, empty_lake: Path
) -> None:
    visit = visit_to(console_on(empty_lake))
    page = visit.open("/live", width=width, theme=theme)
    visit.screenshot("empty")
    assert page.get_by_text("No events yet").is_visible()
    assert page.get_by_text("python -m pipeline keys create shop").is_visible()
    assert visit.overflow() == 0
    visit.check()


def test_live_shows_the_traffic_that_the_console_starts_with(
    visit_to: VisitTo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake.create(tmp_path / "live")
    generate(lake, events=5_000, end=date(2026, 6, 1), seed=7)
    curate(lake)
    monkeypatch.setenv("TAKINGS_TRAFFIC", "50")
    with served(ROOT / "app.py", lake.root) as address:
        visit = visit_to(address)
        page = visit.open("/live")
        received = page.get_by_text(re.compile(r"in all: [1-9][0-9,]* received"))
        received.wait_for()
        before = received.inner_text()
        page.wait_for_function("text => !document.body.innerText.includes(text)", arg=before)  # it counts on by itself
        assert "holds" in received.inner_text()
        visit.screenshot()
        visit.check()
    # the lake accounts for everything once the console has stopped
    curate(lake)
    assert account(lake).holds
    assert account(lake).received > 5_000
