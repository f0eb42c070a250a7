"""The scatter of Products in a real browser: a box is drawn, the table follows, and the file is taken along."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Visit
from tests.pages.conftest import lake_of_sales

pytestmark = pytest.mark.browser

PRICES = {"Bulb": "4.00", "Lamp": "20.00", "Vase": "30.00", "Sofa": "900.00"}
PLOT = '[data-testid="stPlotlyChart"]'
TITLE = ".tk-chart-title"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four products, one sale each, far apart in price."""
    sales = [{"product_id": name.lower(), "product": name, "unit_price": price} for name, price in PRICES.items()]
    return lake_of_sales(tmp_path_factory.mktemp("products") / "lake", sales)


def open_scatter(visit: Visit, **window: int) -> None:
    page = visit.open("/products", **window)  # type: ignore[arg-type]
    page.wait_for_selector(f"{PLOT} .scatterlayer .point")
    page.locator(PLOT).scroll_into_view_if_needed()


def test_a_box_drawn_over_points_filters_the_table_until_it_is_cleared(
    console_on: Callable[[Path], str], visit_to: Callable[[str], Visit], lake: Path
) -> None:
    visit = visit_to(console_on(lake))
    open_scatter(visit)
    page = visit.page
    assert page is not None
    assert page.get_by_role("heading", name="All products 4 rows").is_visible()
    points = sorted(
        (box for point in page.locator(f"{PLOT} .point").all() if (box := point.bounding_box())), key=lambda at: at["x"]
    )
    assert len(points) == 4
    middle = points[1:3]  # Lamp and Vase
    page.mouse.move(middle[0]["x"] - 15, middle[0]["y"] - 30)
    page.mouse.down()
    page.mouse.move(middle[1]["x"] + 20, middle[1]["y"] + 40, steps=8)
    page.mouse.up()
    page.get_by_text("2 of 4 products selected").wait_for()
    visit.idle()
    assert page.get_by_role("heading", name="Selected products 2 rows").is_visible()
    visit.screenshot("selected")
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_role("heading", name="All products 4 rows").wait_for()
    visit.idle()
    assert page.get_by_text("products selected").count() == 0
    visit.check()


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_the_scatter_stays_inside_the_page_in_the_colours_of_its_scheme(
    width: int, theme: str, console_on: Callable[[Path], str], visit_to: Callable[[str], Visit], lake: Path
) -> None:
    visit = visit_to(console_on(lake))
    page = visit.open("/products", width=width, theme=theme)
    page.wait_for_selector(f"{PLOT} .scatterlayer .point")
    visit.screenshot("scatter")
    assert visit.overflow() == 0
    paper = page.locator(f"{PLOT} .main-svg").first.evaluate("one => getComputedStyle(one).background")
    assert ("rgb(255, 255, 255)" if theme == "light" else "rgb(20, 23, 26)") in paper
    assert page.locator(PLOT).get_attribute("aria-label")
    visit.check()


def test_the_file_taken_along_draws_itself_without_a_network(
    console_on: Callable[[Path], str], visit_to: Callable[[str], Visit], lake: Path, tmp_path: Path
) -> None:
    visit = visit_to(console_on(lake))
    open_scatter(visit)
    page = visit.page
    assert page is not None
    with page.expect_download() as waiting:
        page.get_by_role("button", name="HTML").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert file.name == "products-price-volume-margin.html"
    page.context.set_offline(True)
    page.goto(file.as_uri())
    page.wait_for_selector(".scatterlayer .point")
    assert page.locator(".scatterlayer .point").count() == 4
    assert page.get_by_text("Currency: USD").is_visible()
    assert visit.errors == []
