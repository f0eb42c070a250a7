"""The UI kit in a real browser, on the gallery's literal data."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_the_page_with_data_fits_its_window_and_cuts_no_label(gallery: Visit, width: int, theme: str):
    page = gallery.open("/?compare=previous&compare=year&channel=web", width=width, theme=theme)
    assert page.locator(".tk-tile").count() == 6
    assert page.locator('[data-testid="stEChartsChart"]').count() == 3
    assert gallery.overflow() == 0
    assert gallery.cut_texts() == []
    gallery.screenshot()
    gallery.check()


def test_tiles_cut_no_value_on_a_phone(gallery: Visit):
    page = gallery.open("/", width=390)
    cut = page.eval_on_selector_all(
        ".tk-tile p", "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
    )
    assert cut == []


def test_numerals_are_as_wide_as_each_other(gallery: Visit):
    page = gallery.open()
    assert page.eval_on_selector(".tk-value", "one => getComputedStyle(one).fontVariantNumeric") == "tabular-nums"


def test_the_trust_line_is_quieter_than_the_text(gallery: Visit):
    page = gallery.open()
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    assert page.eval_on_selector(".tk-trust span", size) < page.eval_on_selector(".tk-head p", size)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(
    ("state", "sentence", "button"),
    [
        ("empty", "Nothing to show for this selection", "Clear filters"),
        ("failed", "queries/sales/net_revenue_by_day.sql, line 14", "Try again"),
        ("lake", "There is no data yet", None),
    ],
)
def test_the_other_states_say_what_to_do_next(
    gallery: Visit, state: str, sentence: str, button: str | None, width: int
):
    page = gallery.open(f"/?state={state}&channel=web", width=width)
    assert page.get_by_text(sentence).is_visible()
    assert page.locator(".tk-tile").count() == 0
    if button:
        assert page.get_by_role("button", name=button).last.is_visible()
    assert gallery.overflow() == 0
    gallery.screenshot(state)
    gallery.check()


def test_clearing_the_filters_of_an_empty_page_clears_the_url(gallery: Visit):
    page = gallery.open("/?state=empty&channel=web&region=North")
    page.get_by_role("button", name="Clear filters").last.click()
    page.wait_for_url(lambda url: "channel" not in url and "region" not in url)
    gallery.idle()
    assert page.get_by_role("button", name="Clear filters").count() == 0
    gallery.check()


def test_choosing_a_channel_writes_it_into_the_url_and_a_link_reopens_it(gallery: Visit):
    page = gallery.open()
    page.get_by_role("combobox", name="Channel").click()
    page.get_by_role("option", name="store").click()
    page.wait_for_url("**/?channel=store")
    link = page.url.removeprefix(gallery.address)
    page = gallery.open(link)
    assert page.locator(".st-key-tk-filter-channel [data-tag]").all_inner_texts() == ["store"]
    gallery.check()


@pytest.mark.parametrize("past_a_page_without_a_bar", [False, True])
def test_filters_travel_from_page_to_page(gallery: Visit, past_a_page_without_a_bar: bool):
    page = gallery.open("/?period=custom&from=2026-11-01&to=2026-11-20&compare=year&channel=web&region=North")
    menu = page.get_by_test_id("stSidebarNav")
    if past_a_page_without_a_bar:
        menu.get_by_text("Plain").click()
        page.get_by_text("No filters here.").wait_for()
    menu.get_by_text("Second").click()
    lines = page.get_by_text("Channel: ")
    lines.wait_for()
    gallery.idle()
    assert lines.inner_text().split("\n") == [
        "Period: 1 – 20 Nov 2026 (20 days)",
        "Compared with: A year ago: 2 – 21 Nov 2025",
        "Channel: web",
        "Category: all",
        "Region: North",
    ]
    assert page.url.endswith(
        "/second?period=custom&from=2026-11-01&to=2026-11-20&compare=year&channel=web&region=North"
    )
    gallery.check()


def test_an_address_that_cannot_be_used_falls_back_to_the_defaults(gallery: Visit):
    page = gallery.open("/?period=custom&from=2026-11-20&to=2026-11-01&compare=never&channel=nowhere")
    assert page.get_by_text("2 – 29 Nov 2026").is_visible()
    page.wait_for_url(lambda url: "?" not in url)
    gallery.check()


def test_on_a_phone_the_slices_come_out_on_demand(gallery: Visit):
    page = gallery.open("/?channel=web", width=390)
    channel = page.get_by_role("combobox", name="Channel")
    assert page.get_by_role("combobox", name="Period").is_visible()
    assert page.get_by_role("combobox", name="Compare with").is_visible()
    assert not channel.is_visible()
    page.get_by_text("Filters · 1").click()
    channel.wait_for(state="visible")
    compare = page.get_by_role("combobox", name="Compare with").bounding_box()
    below = channel.bounding_box()
    assert compare is not None
    assert below is not None
    assert below["y"] > compare["y"] + compare["height"]
    gallery.idle()
    assert gallery.overflow() == 0
    gallery.screenshot("filters")
    gallery.check()


def test_hovering_a_day_shows_exact_amounts_and_the_day_compared_with(gallery: Visit):
    page = gallery.open()
    page.get_by_test_id("stEChartsChart").first.hover(position={"x": 500, "y": 150})
    hover = page.get_by_text("This period", exact=True).locator("visible=true").last
    hover.wait_for()
    text = page.locator("[data-testid=stEChartsChart] table").first.inner_text()
    assert "$" in text
    assert "." in text
    assert "Oct 2026" in text
    gallery.check()


def test_the_csv_carries_what_was_asked(gallery: Visit):
    page = gallery.open("/?channel=web")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert download.value.suggested_filename == "revenue-by-category.csv"
    assert "# Channel: web" in lines
    assert "Electronics,402311.0500,5120,0.3271,1.2,2026-11-29" in lines
    gallery.check()


def test_the_sql_behind_the_page_can_be_read(gallery: Visit):
    page = gallery.open()
    page.get_by_role("button", name="Show SQL").click()
    page.get_by_text("order by order_date").wait_for()
    gallery.check()
