"""The snippet that draws recommendations, in a real Chromium, on the real embedded platform."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from tests.browser.conftest import FLAGS, chromium
from tests.support.browser_shop import initialise
from tests.support.paths import ROOT
from tests.support.recommending_shop import (
    PAGE,
    RecommendingShop,
    best_sellers,
    open_recommending_shop,
    recommend,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

pytestmark = pytest.mark.browser

STORED = "() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)].map(name => name.slice(0, 15)).sort()"
DRAWN = ".takings-recommendations"
# What all observers of a page found is given to them together.
OBSERVED = "node => new Promise(done => new IntersectionObserver(done).observe(node))"
ASKED = "**/v1/recommendations*"
SILENCE = object()
EVERYWHERE = {"access-control-allow-origin": "*"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[RecommendingShop]:
    with open_recommending_shop(tmp_path) as running:
        yield running


@pytest.fixture
def enter(visitor: BrowserContext, shop: RecommendingShop) -> Callable[..., Page]:
    """Opens a page of the shop, with the tracker started."""

    def start(path: str = "", **options: object) -> Page:
        page = visitor.new_page()
        page.goto(shop.page + path)
        page.evaluate(initialise(shop, **{"wait": 0, "fields": {"customer_id": "c1"}} | options))
        return page

    return start


def paused(page: Page, shop: RecommendingShop, **options: object) -> None:
    """Open the shop with a clock that a test moves, and start the tracker."""
    page.clock.install()
    page.goto(shop.page)
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    page.evaluate(initialise(shop, **{"wait": 600, "fields": {"customer_id": "c1"}} | options))


def seen(page: Page) -> list[int]:
    """The ranks of the impressions that wait to be sent."""
    return sorted(
        page.evaluate("""() => Object.keys(localStorage).filter(name => name.startsWith('takings.queue.'))
        .flatMap(name => JSON.parse(localStorage[name]))
        .flatMap(event => event.event_type == 'recommendation_impression' ? [event.recommendation.rank] : [])""")
    )


def texts(page: Page, part: str) -> list[str]:
    return page.locator(f".takings-{part}").all_inner_texts()


def products(events: list[dict[str, Any]]) -> list[str]:
    return sorted(event["product_id"] for event in events)


def ranks(events: list[dict[str, Any]]) -> list[int]:
    return sorted(event["recommendation"]["rank"] for event in events)


def test_a_list_is_drawn_and_what_is_seen_and_clicked_of_it_reaches_the_lake(shop: RecommendingShop, enter):
    page = enter()
    page.evaluate("takings.view('mug')")
    shop.wait_until(shop.stored)
    page.wait_for_function(
        f"async () => {{ await {recommend(shop, why=True)}; return document.querySelector('.takings-why')"
        ".textContent == 'Because you viewed Blue mug'; }"
    )
    assert texts(page, "name") == ["Teapot", "Blue mug", "Lamp"]
    assert texts(page, "category") == ["Kitchen", "Kitchen", "Home"]
    shop.wait_until(lambda: len(shop.recommended("impression")) == 3)
    page.get_by_role("link", name="Teapot").click()
    page.wait_for_url("**/p/teapot")
    page.evaluate(initialise(shop, wait=0, fields={"customer_id": "c1"}))
    shop.wait_until(lambda: shop.recommended("click"))
    shop.platform.curate()
    rows = shop.given.rows(
        "events",
        "event_type",
        "recommendation_rank",
        "product_id",
        "customer_id",
        "recommendation_surface",
        "recommendation_model",
    )
    common = ("c1", "for_you", "20260302T040000Z-aaaa")
    assert [tuple(row.values()) for row in rows if row["event_type"] != "product_view"] == [
        ("recommendation_click", 1, "teapot", *common),
        ("recommendation_impression", 1, "teapot", *common),
        ("recommendation_impression", 2, "mug", *common),
        ("recommendation_impression", 3, "lamp", *common),
    ]
    (request_id,) = {row for row in shop.given.column("events", "recommendation_request_id") if row}
    assert request_id in shop.recommended("click")[0]["event_id"]


def test_one_simple_request_asks_for_what_the_shop_wants(shop: RecommendingShop, enter):
    page = enter()
    wanted = {"surface": "viewed_also_viewed", "n": 2, "category": "Kitchen", "region": "Spain", "context_item": "a&b"}
    page.evaluate(recommend(shop, **wanted, exclude=["mug", "x y"]))
    assert texts(page, "name") == ["Teapot"]
    assert shop.questions == [
        {"key": shop.read_key, "customer_id": "c1", "exclude": "mug,x y", **wanted, "n": "2"},
    ]
    assert [(seen.method, seen.status) for seen in shop.asked] == [("GET", 200)]  # no preflight
    page.evaluate(recommend(shop, customer="c/2?", endpoint=shop.endpoint.replace("events", "recommendations")))
    assert shop.questions[1]["customer_id"] == "c/2?"


def test_an_item_counts_as_seen_once_half_of_it_was_in_view_for_a_second(shop: RecommendingShop, visitor):
    shop.publish(best_sellers(["Above", "Below"]))
    shop.html = PAGE.replace(
        "</title>",
        "</title><style>.takings-list { display: block } .takings-item { height: 600px; margin-top: 100px }</style>",
    )
    page = visitor.new_page()
    page.set_viewport_size({"width": 600, "height": 500})
    paused(page, shop)
    page.evaluate(recommend(shop))
    nodes = page.locator(".takings-item").element_handles()

    def scroll_to(node: int, share: float) -> None:
        """Bring this share of a node into view, from its top."""
        page.evaluate("([node, top]) => scrollBy(0, node.getBoundingClientRect().top - top)",
                      [nodes[node], 500 - 600 * share])  # fmt: skip
        for one in nodes:
            one.evaluate(OBSERVED)

    scroll_to(0, 0.45)
    page.clock.run_for(5_000)
    assert seen(page) == []
    scroll_to(0, 0.55)
    page.clock.run_for(900)
    scroll_to(0, 0.45)  # too short
    page.clock.run_for(5_000)
    assert seen(page) == []
    scroll_to(0, 0.55)
    page.clock.run_for(1_100)
    assert seen(page) == [1]
    scroll_to(1, 0.6)
    page.clock.run_for(1_100)
    scroll_to(0, 0.6)
    page.clock.run_for(1_100)
    assert seen(page) == [1, 2]


def test_a_tab_that_is_not_shown_sees_nothing(shop: RecommendingShop, visitor: BrowserContext):
    page = visitor.new_page()
    paused(page, shop)
    page.evaluate(recommend(shop))
    page.locator(".takings-item").last.evaluate(OBSERVED)
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.clock.run_for(1_100)
    assert seen(page) == []
    page.evaluate("delete document.hidden")
    page.locator(".takings-item").last.evaluate(OBSERVED)
    page.clock.run_for(1_100)
    assert seen(page) == [1, 2, 3]


def test_a_browser_that_cannot_observe_counts_what_is_drawn(shop: RecommendingShop, enter, visitor: BrowserContext):
    visitor.add_init_script("delete window.IntersectionObserver")
    enter().evaluate(recommend(shop, n=2))
    shop.wait_until(lambda: len(shop.recommended("impression")) == 2)


def test_however_a_product_is_chosen_it_is_one_click_and_the_browser_goes_on(
    shop: RecommendingShop, enter, visitor: BrowserContext
):
    page = enter(wait=600)
    page.evaluate(recommend(shop))
    link = page.locator(".takings-link")
    link.nth(0).click(button="right")
    with visitor.expect_page() as opened:
        link.nth(0).click(button="middle")
    opened.value.wait_for_url("**/p/lamp")
    with visitor.expect_page() as opened:
        link.nth(1).click(modifiers=["Control"])
    opened.value.wait_for_url("**/p/mug")
    page.evaluate("document.addEventListener('click', click => click.preventDefault())")  # as routers of apps do
    link.nth(0).click()
    link.nth(1).dblclick()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.evaluate("takings.flush()")
    shop.wait_until(lambda: len(shop.recommended("click")) == 3)
    assert products(shop.recommended("click")) == ["lamp", "mug", "teapot"]
    assert products(shop.recommended("impression")) == ["lamp", "mug", "teapot"]  # who clicks has seen
    assert set(shop.copies().values()) == {1}


def test_a_list_is_read_and_used_without_a_mouse(shop: RecommendingShop, enter):
    page = enter(wait=600)
    page.evaluate(recommend(shop, heading="For you", why=True))
    assert page.get_by_role("heading", name="For you", level=2).count() == 1
    assert page.get_by_role("list").get_by_role("listitem").count() == 3
    for name in ("Lamp Home", "Blue mug Kitchen", "Teapot Kitchen"):
        assert page.get_by_role("link", name=f"{name} Popular in this shop", exact=True).count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.href").endswith("/p/mug")
    with page.expect_navigation(url="**/p/mug"):
        page.keyboard.press("Enter")
    page.evaluate(initialise(shop, wait=0))
    shop.wait_until(lambda: products(shop.recommended("click")) == ["mug"])


HOSTILE = [
    "<img src=x onerror='document.hacked = 1'>",
    "</b></li></ul><script>document.hacked = 1</script>",
    '" onmouseover="document.hacked = 1',
    "{product_id}",
]


def test_names_are_text_whatever_is_in_them(shop: RecommendingShop, enter):
    shop.publish(best_sellers(HOSTILE))
    page = enter()
    page.evaluate(recommend(shop, link="/p/{name}", image="/i/{name}", heading=HOSTILE[0]))
    assert texts(page, "name") == HOSTILE
    assert texts(page, "heading") == [HOSTILE[0]]
    page.locator(".takings-link").nth(2).hover()
    assert page.locator(f"{DRAWN} :is(script, [onerror], [onmouseover])").count() == 0
    assert page.evaluate("document.hacked") is None
    assert "/p/%3Cimg%20src%3Dx" in page.locator(".takings-link").first.get_attribute("href")


@pytest.mark.parametrize("address", ["javascript:document.hacked=1", "data:text/html,x", "blob:x", " JavaScript:1", ""])
def test_links_and_pictures_lead_to_web_pages_alone(shop: RecommendingShop, enter, address: str):
    page = enter()
    options = f"{{ key: '{shop.read_key}', timeout: 20000, image: () => '{address}'"
    bad = f"item => item.product_id == 'mug' ? '{address}' : '/p/' + item.product_id"
    page.evaluate(f"takings.recommend('#for-you', {options}, link: {bad} }})")
    assert texts(page, "name") == ["Lamp", "Teapot"]  # a product that leads nowhere is left out
    assert page.locator(".takings-image").count() == 0
    shop.wait_until(lambda: ranks(shop.recommended("impression")) == [1, 3])


def test_an_id_is_no_address(shop: RecommendingShop, enter):
    page = enter()
    item = {"product_id": "javascript:document.hacked=1", "rank": 1, "why": {}}
    answer = {"request_id": "r1", "surface": "for_you", "model": "m1", "items": [item]}
    shop.answers.append(JSONResponse(answer, headers=EVERYWHERE))
    page.evaluate(recommend(shop, link="{product_id}"))
    href = page.locator(".takings-link").get_attribute("href")
    assert href == f"{shop.page}javascript%3Adocument.hacked%3D1"


@pytest.mark.parametrize(
    ("answer", "options", "warning"),
    [
        (None, {"key": "tk_wrong"}, "status 401"),
        (None, {"n": 99}, "status 400"),
        (None, {"surfaces": "for_you"}, "status 400"),
        (Response(status_code=500, headers=EVERYWHERE), {}, "status 500"),
        (Response(status_code=429, headers=EVERYWHERE | {"retry-after": "1"}), {}, "status 429"),
        (JSONResponse({"items": []}), {}, "Failed to fetch"),  # for pages of other origins
        (HTMLResponse("<h1>Maintenance</h1>", headers=EVERYWHERE), {}, "is not valid JSON"),
        (JSONResponse({"message": "?"}, headers=EVERYWHERE), {}, "undefined"),
        (SILENCE, {"timeout": 0}, "no answer in time"),
    ],
)
def test_where_the_answer_is_of_no_use_nothing_is_drawn_and_the_page_goes_on(
    shop: RecommendingShop, enter, visitor: BrowserContext, answer: Any, options: dict[str, Any], warning: str
):
    if answer is SILENCE:
        visitor.route(ASKED, lambda _route: None, times=1)
    elif answer is not None:
        shop.answers.append(answer)
    page = enter()
    expected = re.compile("takings: no recommendations: .*" + warning)
    with page.expect_console_message(lambda message: message.type == "warning" and expected.match(message.text)):
        page.evaluate(recommend(shop, **options))
    page.locator("#for-you").wait_for(state="hidden")
    assert page.locator(DRAWN).count() == 0
    page.evaluate(recommend(shop))
    assert page.locator("#for-you").is_visible()


def test_nothing_that_is_called_wrongly_is_thrown_into_the_shop(shop: RecommendingShop, enter):
    page = enter()
    for call in (
        "takings.recommend()",
        "takings.recommend('#not-there')",
        "takings.recommend('][', {})",
        "takings.recommend('#for-you', { endpoint: 'http://[' })",
        f"takings.recommend('#for-you', {{ key: '{shop.read_key}', timeout: 20000, link: () => nobody.knows }})",
        f"takings.recommend('#for-you', {{ key: '{shop.read_key}', timeout: 20000, render: () => null }})",
    ):
        with page.expect_console_message(lambda message: "takings: no recommendations" in message.text):
            page.evaluate(call)
    page.evaluate(f"takings.recommend('#for-you', {{ key: '{shop.read_key}', timeout: 20000 }})")  # links to nothing
    assert page.locator(DRAWN).count() == 0


def test_an_answer_without_items_draws_nothing_and_says_nothing(shop: RecommendingShop, enter):
    page = enter()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate(recommend(shop))
    assert page.locator(DRAWN).count() == 1
    held_out = {"request_id": "r1", "surface": "for_you", "served": "none", "model": "m1", "items": []}
    shop.answers.append(JSONResponse(held_out, headers=EVERYWHERE))
    page.evaluate(recommend(shop))
    assert page.locator(DRAWN).count() == 0
    assert page.locator("#for-you").is_hidden()
    assert said == []


def test_without_consent_nothing_is_asked_sent_or_stored(shop: RecommendingShop, enter):
    page = enter(consent=False)
    page.evaluate(recommend(shop))
    assert page.locator("#for-you").is_hidden()
    assert shop.seen == []
    assert page.evaluate(STORED) == []
    page.evaluate("takings.consent(true)")
    page.locator(DRAWN).wait_for()
    shop.wait_until(lambda: len(shop.recommended("impression")) == 3)
    page.evaluate("takings.consent(false)")
    page.locator(DRAWN).wait_for(state="detached")
    assert page.evaluate(STORED) == []


def test_a_list_that_needs_no_consent_is_for_nobody_in_particular_and_reports_nothing(shop: RecommendingShop, visitor):
    page = visitor.new_page()
    paused(page, shop, consent=False)
    page.evaluate(recommend(shop, consent="optional", customer="c2"))
    assert shop.questions == [{"key": shop.read_key}]
    page.locator(".takings-item").last.evaluate(OBSERVED)
    page.clock.run_for(2_000)
    page.evaluate("document.addEventListener('click', click => click.preventDefault())")
    page.locator(".takings-link").first.click()
    assert page.evaluate(STORED) == []
    page.evaluate("takings.consent(true); takings.flush()")
    page.wait_for_function("document.querySelectorAll('.takings-item').length == 3")
    shop.wait_until(lambda: len(shop.questions) == 2)
    assert shop.questions[1] == {"key": shop.read_key, "customer_id": "c2"}
    assert shop.sent == []


def test_a_customer_who_logs_in_gets_a_list_of_their_own_once(shop: RecommendingShop, enter):
    page = enter(fields={})
    page.evaluate(recommend(shop))
    assert shop.questions == [{"key": shop.read_key}]
    page.evaluate("takings.set({ customer_id: 'c7' })")
    shop.wait_until(lambda: len(shop.questions) == 2)
    page.evaluate("takings.set({ region: 'Spain' }); takings.set({ customer_id: 'c7' })")
    shop.wait_until(lambda: len(shop.recommended("impression")) >= 3)
    assert [question.get("customer_id") for question in shop.questions] == [None, "c7"]
    assert "c7" in {event.get("customer_id") for event in shop.recommended("impression")}
    assert page.locator(DRAWN).count() == 1


def test_an_answer_that_comes_late_does_not_replace_a_later_one(shop: RecommendingShop, enter):
    page = enter(fields={})
    held: list[Route] = []
    page.route(ASKED, lambda route: held.append(route), times=1)  # noqa: PLW0108 - Playwright marks the function
    page.evaluate(f"() => {{ window.first = {recommend(shop)}; }}")
    page.evaluate("takings.set({ customer_id: 'c7' })")
    page.locator(DRAWN).wait_for()
    held[0].fulfill(json={"request_id": "r1", "surface": "for_you", "model": "m1", "items": []}, headers=EVERYWHERE)
    page.evaluate("window.first")
    assert page.locator("#for-you").is_visible()
    assert page.locator(DRAWN).count() == 1


def test_two_lists_on_a_page_are_two_answers(shop: RecommendingShop, enter):
    shop.html = PAGE.replace("</main>", '<div id="best"></div></main>')
    page = enter()
    page.evaluate(f"Promise.all([{recommend(shop)}, {recommend(shop, '#best', surface='trending', n=1)}])")
    assert page.locator(DRAWN).count() == 2
    shop.wait_until(lambda: len(shop.recommended("impression")) == 4)
    found = [event["recommendation"] for event in shop.recommended("impression")]
    assert sorted(one["surface"] for one in found) == ["for_you", "for_you", "for_you", "trending"]
    assert len({one["request_id"] for one in found}) == 2
    page.evaluate(recommend(shop, "#best", n=2))  # takes the place of the former one
    assert page.locator("#best .takings-item").count() == 2


@pytest.mark.parametrize("order", [("takings", "recommendations"), ("recommendations", "takings")])
def test_the_two_files_may_be_loaded_in_any_order(shop: RecommendingShop, visitor: BrowserContext, order: tuple):
    loads = {
        "takings": initialise(shop, wait=0, fields={"customer_id": "c1"}),
        "recommendations": recommend(shop),
    }
    shop.html = "<!doctype html><title>Shop</title><body></body>"
    page = visitor.new_page()
    page.goto(shop.page)
    for name in order:
        page.add_script_tag(url=f"/{name}.js")
        if name == order[0]:
            page.evaluate("document.body.innerHTML = '<div id=\"for-you\"></div>'")
        page.evaluate(loads[name])
    page.locator(DRAWN).wait_for()
    shop.wait_until(lambda: len(shop.recommended("impression")) == 3)
    page.evaluate("takings.view('mug')")
    shop.wait_until(lambda: len(shop.stored()) >= 4)


def test_a_call_in_the_head_finds_an_element_of_the_body(shop: RecommendingShop, visitor: BrowserContext):
    call = f"<script>{initialise(shop)}; {recommend(shop)}</script><main>"
    shop.html = PAGE.replace("<main>", call)
    page = visitor.new_page()
    page.goto(shop.page)
    page.locator(DRAWN).wait_for()


def test_a_strict_content_security_policy_forbids_nothing_that_is_needed(
    shop: RecommendingShop, visitor: BrowserContext, tmp_path: Path
):
    origin = shop.endpoint.removesuffix("/v1/events")
    shop.headers["content-security-policy"] = (
        f"default-src 'none'; script-src 'self'; connect-src {origin}; img-src 'self'; base-uri 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )
    page = visitor.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(shop.page)
    page.evaluate(initialise(shop, wait=0))
    page.evaluate(recommend(shop, image="/i/{product_id}.png"))
    assert page.locator(".takings-list").evaluate("node => getComputedStyle(node).display") == "flex"
    shop.wait_until(lambda: len(shop.recommended("impression")) == 3)
    assert [line for line in said if "ecurity" in line] == []


def test_the_shop_draws_items_of_its_own_and_words_of_its_own(shop: RecommendingShop, enter):
    page = enter(wait=600)
    page.evaluate(f"""takings.recommend('#for-you', {{
        key: '{shop.read_key}', timeout: 20000, heading: 'Für Sie', link: '/p/{{product_id}}',
        title: item => ({{ mug: 'Blaue Tasse' }})[item.product_id],
        why: item => item.why.kind == 'popular' && 'Beliebt',
    }})""")
    assert (texts(page, "heading"), texts(page, "name")) == (["Für Sie"], ["Lamp", "Blaue Tasse", "Teapot"])
    assert texts(page, "why") == ["Beliebt"] * 3
    page.evaluate(f"""takings.recommend('#for-you', {{
        key: '{shop.read_key}', timeout: 20000, heading: '',
        render: items => items.map(item => {{
            if (item.product_id == 'lamp') return null;
            const button = document.createElement('button');
            button.textContent = item.rank + ' ' + item.name;
            return button;
        }}),
    }})""")
    assert page.locator(".takings-item").all_inner_texts() == ["2 Blue mug", "3 Teapot"]
    assert texts(page, "heading") == []
    page.get_by_text("Teapot").click()
    page.evaluate("takings.flush()")
    shop.wait_until(lambda: products(shop.recommended("click")) == ["teapot"])


def test_the_rules_of_the_shop_win(shop: RecommendingShop, enter):
    shop.html = PAGE.replace(
        "</title>", "</title><style>ul { display: grid; gap: 3px } a { color: rgb(1, 2, 3) }</style>"
    )
    page = enter()
    page.evaluate(recommend(shop))
    style = "node => [getComputedStyle(node).display, getComputedStyle(node).gap]"
    assert page.locator(".takings-list").evaluate(style) == ["grid", "3px"]
    assert page.locator(".takings-link").first.evaluate("node => getComputedStyle(node).color") == "rgb(1, 2, 3)"


NAMES = [
    "Oak moka pot", "Enamel kettle with a whistle and a lid that stays where it is", "Mug", "Linen apron", "Scale",
    "Bread knife", "Mortar", "Teapot", "Salt cellar", "Donaudampfschifffahrtsgesellschaftskapitänskajütenteekanne",
]  # fmt: skip
FACE = """<style>:root { color-scheme: light dark } body { font: 16px/1.4 Georgia, serif; margin: 0 auto; padding: 1rem;
max-width: 70rem } #for-you { min-height: 22rem }</style>"""
PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 3'><rect width='4' height='3' fill='#8aa'/></svg>"


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_a_long_list_fits_any_width_and_moves_nothing(shop: RecommendingShop, browser: Browser, width: int, theme: str):
    shop.publish(best_sellers(NAMES))
    more = "<p>Below the list.</p></main>"
    shop.html = PAGE.replace("</title>", f"</title>{FACE}").replace("</main>", more)
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme)
    context.route("**/i/*", lambda route: route.fulfill(body=PICTURE, content_type="image/svg+xml"))
    page = context.new_page()
    page.goto(shop.page)
    page.evaluate(initialise(shop, wait=600))
    page.evaluate("""() => {
        window.shifts = [];
        new PerformanceObserver(list => shifts.push(...list.getEntries().map(entry => entry.value)))
            .observe({ type: 'layout-shift', buffered: true });
    }""")
    page.evaluate(recommend(shop, why=True, image="/i/{product_id}", heading="Recommended for you"))
    page.wait_for_function("[...document.images].slice(0, 2).every(image => image.complete)")
    inner = "node => node.scrollWidth - node.clientWidth"
    assert page.locator("html").evaluate(inner) == 0
    assert page.locator(".takings-list").evaluate(inner) > 0  # what does not fit is scrolled to
    assert page.locator(".takings-item").evaluate_all(
        "nodes => nodes.every(node => node.scrollWidth <= node.clientWidth)"
    )
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"recommendations-snippet-{width}-{theme}.png")
    assert page.evaluate("shifts") == []
    last = page.locator(".takings-link").last
    last.focus()
    page.wait_for_function("node => node.getBoundingClientRect().right <= innerWidth", arg=last.element_handle())
    context.close()


def test_a_page_that_comes_back_from_the_cache_counts_nothing_twice(shop: RecommendingShop, browser: Browser):
    own = browser.browser_type.launch(
        executable_path=chromium(), args=list(FLAGS), ignore_default_args=["--disable-back-forward-cache"]
    )
    page = own.new_context().new_page()
    page.goto(shop.page)
    page.evaluate(initialise(shop, wait=0))
    page.evaluate("window.restored = 0; addEventListener('pageshow', shown => { restored += shown.persisted; })")
    page.evaluate(recommend(shop))
    shop.wait_until(lambda: len(shop.recommended("impression")) == 3)
    page.locator(".takings-link").first.click()
    page.wait_for_url("**/p/lamp")
    page.go_back(wait_until="commit")  # a page from the cache is not loaded again
    page.wait_for_function("window.restored == 1")
    page.locator(".takings-link").first.click()
    page.wait_for_url("**/p/lamp")
    page.evaluate(initialise(shop, wait=0))
    page.evaluate("takings.view('end')")
    shop.wait_until(lambda: any(event.get("product_id") == "end" for event in shop.stored()))
    own.close()
    assert len(shop.asked) == 1
    assert (len(shop.recommended("click")), len(shop.recommended("impression"))) == (1, 3)


def test_the_example_of_the_page_works_as_it_is_pasted(shop: RecommendingShop, visitor: BrowserContext):
    text = (ROOT / "docs" / "tracker.md").read_text(encoding="utf-8")
    install = re.findall(r"```html\n(.*?)```", text, re.DOTALL)
    assert len(install) == 2
    placed = "\n".join(install).replace("https://collect.shop.example/v1/events", shop.endpoint)
    placed = (
        placed.replace("consent: false", "consent: true").replace("tk_…", shop.key, 1).replace("tk_…", shop.read_key)
    )
    shop.html = f"<!doctype html><title>Shop</title>{placed}"
    page = visitor.new_page()
    page.goto(shop.page)
    page.locator(DRAWN).wait_for()
    page.evaluate("takings.view('mug'); takings.flush()")
    shop.wait_until(shop.stored)
