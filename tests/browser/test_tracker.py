"""The browser tracker in a real Chromium, sending to the real collector."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser_shop import Shop, initialise, open_shop

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

STORED = "() => Object.keys(localStorage).sort()"
KEPT = """() => Object.keys(localStorage).filter(name => name.startsWith('takings.queue.'))
    .flatMap(name => JSON.parse(localStorage.getItem(name))).filter(stored => stored.event_id)"""
QUEUED = f"() => ({KEPT})().map(event => event.event_id)"
EMPTY = f"() => !({KEPT})().length"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path) as running:
        yield running


@pytest.fixture
def enter(visitor: BrowserContext, shop: Shop) -> Callable[..., Page]:
    """Opens a page of the shop, with the tracker started."""

    def start(**options: object) -> Page:
        page = visitor.new_page()
        page.goto(shop.page)
        page.evaluate(initialise(shop, **options))
        return page

    return start


def test_a_visit_arrives_once_and_keeps_the_event_contract(shop: Shop, enter):
    page = enter(fields={"customer_id": "c1", "currency": "EUR"})
    page.evaluate("""() => {
        takings.view('p1', { product: { name: 'Moka Pot', category: 'Kitchen/Coffee' } });
        takings.cart('p1', { quantity: 2, unit_price: 0.1 + 0.2 });
        takings.checkout();
        takings.purchase('o1', [{ product_id: 'p1', quantity: 2, unit_price: '34.50' },
                                { product_id: 'p2', unit_price: 9 }]);
    }""")
    shop.wait_for_events(5)
    page.wait_for_function(EMPTY)
    page.goto("about:blank")
    stored = shop.stored()
    assert [event["event_type"] for event in stored] == [
        "product_view", "cart_add", "checkout_start", "purchase", "purchase",
    ]  # fmt: skip
    assert [event.get("unit_price") for event in stored] == [None, "0.3000", None, "34.5000", "9.0000"]
    assert {event["customer_id"] for event in stored} == {"c1"}
    assert {(event["channel"], event["device"]) for event in stored} == {("web", "desktop")}
    assert len({event["session_id"] for event in stored}) == 1
    assert set(shop.copies().values()) == {1}
    assert len(shop.seen) == 1


def test_no_request_asks_for_permission_first(shop: Shop, enter):
    page = enter()
    page.evaluate("() => { takings.view('p1'); takings.flush(); }")
    shop.wait_for_events(1)
    assert {request.method for request in shop.seen} == {"POST"}


def test_fifty_events_are_sent_without_waiting(shop: Shop, enter):
    page = enter()
    page.evaluate("() => { for (let n = 1; n <= 113; n++) takings.view('p' + n); takings.flush(); }")
    shop.wait_for_events(113)  # what is flushed while a request is under way leaves after it
    assert [len(request.events) for request in shop.seen] == [50, 50, 13]
    assert [event["product_id"] for event in shop.stored()] == [f"p{n}" for n in range(1, 114)]


@pytest.mark.parametrize(("options", "seconds"), [({}, 30), ({"wait": 5}, 5), ({"wait": "soon"}, 30)])
def test_an_event_waits_for_others_as_long_as_the_shop_says(
    shop: Shop, visitor: BrowserContext, options: dict, seconds: int
):
    page = visitor.new_page()
    page.clock.install()
    page.goto(shop.page)
    page.clock.pause_at("2126-01-01T00:00:00")  # far enough ahead not to lie in the past of the installed clock
    page.evaluate(initialise(shop, **options))
    page.evaluate("() => { takings.view('p1') }")
    page.clock.run_for(seconds * 500)
    page.evaluate("() => { takings.view('p2') }")
    page.clock.run_for(seconds * 500 - 100)
    assert shop.seen == []
    page.clock.run_for(200)
    assert [event["product_id"] for event in shop.wait_for(1)[0].events] == ["p1", "p2"]


@pytest.mark.parametrize("call", ["takings.checkout()", "takings.track('purchase', {order_id: 'o', unit_price: '1'})"])
def test_a_checkout_and_an_order_leave_at_once_with_all_that_waits(shop: Shop, enter, call: str):
    page = enter(wait=600)
    page.evaluate("() => { takings.view('p1'); takings.set({ product_id: 'p1' }); " + call + "; takings.cart('p1'); }")
    (request,) = shop.wait_for(1)
    assert len(request.events) == 3


def test_offline_and_back_delivers_the_same_ids_once(shop: Shop, enter, visitor: BrowserContext):
    page = enter()
    visitor.set_offline(True)
    page.evaluate("() => { takings.view('p1'); takings.view('p2'); takings.cart('p2'); takings.flush(); }")
    waiting = page.evaluate(QUEUED)
    assert len(waiting) == 3
    assert shop.seen == []
    visitor.set_offline(False)
    assert shop.wait_for_events(3) == waiting
    page.wait_for_function(EMPTY)
    page.goto("about:blank")
    assert set(shop.copies().values()) == {1}


def test_what_was_done_offline_on_a_closed_page_is_sent_by_the_next_one(shop: Shop, enter, visitor: BrowserContext):
    page = enter()
    visitor.set_offline(True)
    page.evaluate("() => { takings.view('p1'); takings.cart('p1'); }")
    waiting = page.evaluate(QUEUED)
    page.close()
    visitor.set_offline(False)
    assert shop.stored() == []
    page = enter(wait=1)
    assert shop.wait_for_events(2) == waiting
    page.wait_for_function(EMPTY)
    assert set(shop.copies().values()) == {1}


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_collector_gets_the_same_ids_again_when_it_asked_for_them(shop: Shop, enter, status: int):
    shop.script += [(status, {"Retry-After": "3"})]
    page = enter()
    page.evaluate("() => { takings.view('p1'); takings.cart('p1'); takings.flush(); }")
    first, second = shop.wait_for(2)
    assert (first.status, second.status) == (status, 202)
    assert first.ids == second.ids
    assert len(first.ids) == 2
    assert second.at - first.at >= 3
    page.wait_for_function(EMPTY)
    assert set(shop.copies().values()) == {1}


def test_the_same_ids_come_again_where_the_answer_was_lost(shop: Shop, enter):
    shop.script += [(502, {}), (500, {})]
    page = enter()
    page.evaluate("() => { takings.view('p1'); takings.flush(); }")
    requests = shop.wait_for(3)
    assert [request.status for request in requests] == [502, 500, 202]
    assert len({tuple(request.ids) for request in requests}) == 1
    pauses = [second.at - first.at for first, second in pairwise(requests)]
    assert pauses[0] >= 0.5
    assert pauses[1] >= 1


def test_a_request_refused_for_good_is_said_and_not_sent_again(shop: Shop, enter):
    page = enter(key="wrong")
    with page.expect_console_message(lambda message: "refused 1 events with status 401" in message.text):
        page.evaluate("() => { takings.view('p1'); takings.flush(); }")
    page.wait_for_function(EMPTY)
    assert [request.status for request in shop.seen] == [401]


@pytest.mark.parametrize("leave", ["close", "navigate"])
def test_what_waits_is_sent_by_beacon_when_the_page_is_left(shop: Shop, enter, leave: str):
    page = enter()
    page.evaluate("() => { takings.view('p1'); takings.cart('p1'); }")
    if leave == "close":
        page.close(run_before_unload=True)
    else:
        page.goto("about:blank")
    (request,) = shop.wait_for(1)
    assert request.types == ["product_view", "cart_add"]
    assert request.by_beacon
    assert set(shop.copies().values()) == {1}


def test_what_left_by_beacon_is_sent_again_with_its_id_and_known_as_a_duplicate(shop: Shop, enter):
    page = enter()
    page.evaluate("() => { takings.view('p1') }")
    page.goto("about:blank")
    (beacon,) = shop.wait_for(1)
    page = enter(wait=1)
    again = shop.wait_for(2)[1]
    assert beacon.by_beacon
    assert not again.by_beacon
    assert again.ids == beacon.ids
    page.wait_for_function(EMPTY)
    assert shop.collector.counts()["accepted"] == 1
    assert shop.collector.counts()["duplicates"] == 1


SAME_SITE = {
    "link": "() => { document.body.innerHTML = '<a href=\"/?next\"><b>next</b></a>';"
    " document.querySelector('b').click(); }",
    "form": "() => { document.body.innerHTML = '<form><button name=\"next\">go</button></form>';"
    " document.querySelector('button').click(); }",
}
IN_SCRIPT = {"address": "() => { location.href = '/?next'; }", "reload": "() => location.reload()"}


def view_and_move(page: Page, how: str) -> None:
    """Record a view, and go to the next page of the shop."""
    with page.expect_navigation():
        page.evaluate("() => { takings.view('p1') }")
        page.evaluate(how)


@pytest.mark.parametrize("how", [*SAME_SITE.values(), *IN_SCRIPT.values()], ids=[*SAME_SITE, *IN_SCRIPT])
def test_the_next_page_of_the_shop_sends_what_was_recorded_on_the_one_before(shop: Shop, enter, how: str):
    page = enter(wait=600)
    view_and_move(page, how)
    page.evaluate(initialise(shop, wait=600))
    page.evaluate("() => { takings.view('p2'); takings.flush(); }")
    page.wait_for_function(EMPTY)
    (request,) = shop.seen
    assert [event["product_id"] for event in request.events] == ["p1", "p2"]
    assert not request.by_beacon


@pytest.mark.parametrize("how", SAME_SITE.values(), ids=SAME_SITE)
def test_browsers_without_the_navigation_interface_hand_on_at_links_and_forms(
    shop: Shop, enter, visitor: BrowserContext, how: str
):
    visitor.add_init_script("delete window.navigation")
    page = enter(wait=600)
    assert page.evaluate("() => window.navigation === undefined")
    view_and_move(page, how)
    page.evaluate(initialise(shop, wait=600))
    page.evaluate("() => takings.flush()")
    page.wait_for_function(EMPTY)
    assert [request.by_beacon for request in shop.seen] == [False]


def test_an_event_waits_over_pages_no_longer_than_on_one(shop: Shop, visitor: BrowserContext):
    page = visitor.new_page()
    page.clock.install()
    page.goto(shop.page)
    page.clock.pause_at("2126-01-01T00:00:00")
    page.evaluate(initialise(shop))
    page.evaluate("() => { takings.view('p1') }")
    page.clock.run_for(20_000)
    with page.expect_navigation():
        page.evaluate(IN_SCRIPT["address"])
    page.evaluate(initialise(shop))
    page.clock.run_for(9_000)
    assert shop.seen == []
    page.clock.run_for(2_000)
    assert len(shop.wait_for(1)[0].events) == 1


@pytest.mark.parametrize("has_navigation", [True, False])
def test_a_link_to_another_site_is_a_last_chance(shop: Shop, enter, visitor: BrowserContext, has_navigation: bool):
    if not has_navigation:
        visitor.add_init_script("delete window.navigation")
    page = enter(wait=600)
    view_and_move(page, SAME_SITE["link"].replace("/?next", shop.page.replace("127.0.0.1", "localhost")))
    (request,) = shop.wait_for(1)
    assert request.by_beacon


def test_a_page_that_shows_another_view_of_itself_and_is_closed_sends_what_waits(shop: Shop, enter):
    page = enter(wait=600)
    page.evaluate("""async () => {
        takings.view('p1');
        navigation.addEventListener('navigate', event => event.intercept({ handler: async () => {} }));
        await navigation.navigate('/?view').finished;
    }""")
    page.close(run_before_unload=True)
    assert shop.wait_for(1)[0].types == ["product_view"]


def test_a_page_that_cannot_store_its_queue_sends_it_before_the_next_page(shop: Shop, enter, visitor: BrowserContext):
    visitor.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); }")
    page = enter(wait=600)
    view_and_move(page, IN_SCRIPT["address"])
    (request,) = shop.wait_for(1)
    assert request.by_beacon


def test_a_page_that_comes_back_does_not_send_what_another_page_took_over(shop: Shop, enter):
    page = enter(wait=600)
    page.evaluate("() => { takings.view('p1') }")
    other = enter(wait=600)
    other.evaluate("() => takings.flush()")
    other.wait_for_function(EMPTY)
    page.evaluate("""() => {
        dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
        takings.view('p2');
        takings.flush();
    }""")
    assert [[event["product_id"] for event in request.events] for request in shop.wait_for(2)] == [["p1"], ["p2"]]


def test_a_page_that_comes_back_before_another_took_over_keeps_what_waits_for_the_next_page(shop: Shop, enter):
    page = enter(wait=600)
    page.evaluate("() => { takings.view('p1') }")
    page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    with page.expect_navigation():
        page.evaluate(IN_SCRIPT["address"])
    page.evaluate(initialise(shop, wait=600))
    page.evaluate("() => takings.flush()")
    shop.wait_for_events(1)


def test_a_queue_of_an_earlier_version_is_sent(shop: Shop, enter):
    page = enter(consent=False)
    page.evaluate("""() => {
        const event = { event_id: 'e1', event_type: 'product_view', product_id: 'p1', session_id: 's1' };
        const old = { ...event, occurred_at: new Date().toISOString() };
        localStorage.setItem('takings.queue.1', JSON.stringify([old]));
        takings.consent(true);
        takings.flush();
    }""")
    assert shop.wait_for_events(1) == ["e1"]


def test_a_hidden_page_sends_at_once(shop: Shop, enter):
    page = enter()
    page.evaluate("""() => {
        takings.view('p1');
        Object.defineProperty(document, 'hidden', { value: true });
        document.dispatchEvent(new Event('visibilitychange'));
        takings.view('p2');
    }""")
    (request, *_) = shop.wait_for(1)
    assert [event["product_id"] for event in request.events] == ["p1"]


@pytest.mark.parametrize("options", [{"consent": False}, {"consent": None}, {"consent": "yes"}])
def test_without_consent_nothing_is_sent_and_nothing_stored(shop: Shop, enter, options: dict):
    page = enter(**options)
    page.evaluate("() => { for (let n = 0; n < 30; n++) takings.view('p' + n); takings.flush(); }")
    assert page.evaluate(STORED) == []
    assert page.evaluate("() => document.cookie") == ""
    page.goto("about:blank")
    page.goto(shop.page)
    page.evaluate(initialise(shop, **options))
    page.evaluate("() => { takings.view('p1'); takings.consent(true); takings.view('with consent'); takings.flush(); }")
    (request,) = shop.wait_for(1)  # nothing came before it, and nothing from before it came along
    assert [event["product_id"] for event in request.events] == ["with consent"]


def test_consent_withdrawn_empties_queue_and_storage(shop: Shop, enter, visitor: BrowserContext):
    page = enter()
    visitor.set_offline(True)
    page.evaluate("() => { takings.view('p1'); takings.flush(); }")
    assert [re.sub("[0-9a-f]{32}", "…", name) for name in page.evaluate(STORED)] == [
        "takings.queue.…",
        "takings.session",
    ]
    page.evaluate("() => takings.consent(false)")
    assert page.evaluate(STORED) == []
    visitor.set_offline(False)
    page.evaluate("() => { takings.view('p2'); takings.flush(); }")
    page.evaluate("() => { takings.consent(true); takings.view('p3'); takings.flush(); }")
    shop.wait_for(1)
    assert [event["product_id"] for event in shop.stored()] == ["p3"]


def test_no_cookie_is_set_or_sent(shop: Shop, enter, visitor: BrowserContext):
    visitor.add_cookies([{"name": "known", "value": "1", "url": shop.page}])
    page = enter(endpoint="/v1/events")  # on the shop's own origin: nothing but the tracker keeps the cookie back
    page.evaluate("() => { takings.view('p1'); takings.flush(); }")
    (request,) = shop.wait_for(1)
    assert "cookie" not in request.headers
    assert [cookie["name"] for cookie in visitor.cookies()] == ["known"]


def test_a_session_spans_pages_and_ends_after_thirty_idle_minutes(shop: Shop, visitor: BrowserContext):
    page = visitor.new_page()
    page.clock.install()
    page.goto(shop.page)
    page.evaluate(initialise(shop))
    page.evaluate("() => { takings.view('p1'); takings.flush(); }")
    shop.wait_for_events(1)
    page.clock.fast_forward("29:00")
    page.goto(shop.page)
    page.evaluate(initialise(shop))
    sessions = "() => JSON.parse(localStorage.getItem('takings.session')).id"
    page.evaluate("() => takings.view('p2')")
    first = page.evaluate(sessions)
    assert first == shop.stored()[0]["session_id"]
    page.clock.fast_forward("29:00")
    page.evaluate("() => takings.view('p3')")
    assert page.evaluate(sessions) == first
    page.clock.fast_forward("31:00")
    page.evaluate("() => takings.view('p4')")
    assert page.evaluate(sessions) != first


def test_a_confirmation_page_loaded_twice_is_one_order(shop: Shop, enter):
    lines = (
        "() => takings.purchase('o77', [{ product_id: 'p1', unit_price: '5' }, { product_id: 'p2', unit_price: '7' }])"
    )
    page = enter()
    page.evaluate(lines)
    page.wait_for_function(EMPTY)
    page.reload()
    page.evaluate(initialise(shop))
    page.evaluate(lines)
    page.wait_for_function(EMPTY)
    assert shop.copies() == {"o77.1": 2, "o77.2": 2}
    assert shop.collector.counts()["accepted"] == 2


def test_what_two_tabs_could_not_send_is_sent_by_a_third(shop: Shop, enter, visitor: BrowserContext):
    one, other = enter(), enter()
    visitor.set_offline(True)
    one.evaluate("() => { takings.view('p1') }")
    other.evaluate("() => { takings.view('p2') }")
    one.close()
    other.close()
    visitor.set_offline(False)
    third = enter(wait=1)
    shop.wait_for_events(2)
    third.wait_for_function(EMPTY)
    assert sorted(event["product_id"] for event in shop.stored()) == ["p1", "p2"]


def test_the_queue_keeps_the_newest_five_hundred(shop: Shop, enter, visitor: BrowserContext):
    page = enter()
    visitor.set_offline(True)
    page.evaluate("() => { for (let n = 1; n <= 620; n++) takings.view('p' + n); }")
    queued = page.evaluate(f"() => ({KEPT})().map(event => event.product_id)")
    assert queued == [f"p{n}" for n in range(121, 621)]


def test_the_campaign_of_the_landing_page_is_kept_with_its_events(shop: Shop, visitor: BrowserContext):
    page = visitor.new_page()
    page.goto(shop.page + "?utm_campaign=spring-sale")
    page.evaluate(initialise(shop))
    page.evaluate("() => { takings.view('p1'); takings.flush(); }")
    shop.wait_for_events(1)
    assert shop.stored()[0]["campaign"] == "spring-sale"


def test_nothing_that_goes_wrong_is_thrown_into_the_shop(shop: Shop, visitor: BrowserContext):
    visitor.add_init_script("""
        Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked'); } });
        Object.defineProperty(navigator, 'sendBeacon', { value: undefined });
    """)
    page = visitor.new_page()
    page.goto(shop.page)
    page.evaluate("() => { takings.view('before init'); takings.flush(); takings.init(); takings.init({}); }")
    page.evaluate("() => { takings.init({ endpoint: 'http://[', key: 'k', consent: true }); takings.view('p0'); }")
    page.evaluate(initialise(shop))
    page.evaluate("""() => {
        const circular = {}; circular.circular = circular;
        takings.track('product_view', { product_id: 'circular', attributes: circular });
        takings.track('product_view', { product_id: 'big', attributes: { big: 1n } });
        takings.track('product_view', { product_id: 'large', attributes: { large: 'x'.repeat(40000) } });
        takings.purchase('o1');
        takings.set(null);
        takings.view('p1');
        takings.flush();
    }""")
    shop.wait_for_events(1)
    assert [event["product_id"] for event in shop.stored()] == ["p1"]
    page.goto("about:blank")


def test_storage_that_others_have_written_into_does_not_stop_the_tracker(shop: Shop, enter):
    page = enter(consent=False)
    page.evaluate("""() => {
        localStorage.setItem('takings.queue.1', '[null, 7, {"event_id": ""}]');
        localStorage.setItem('takings.queue.2', '{');
        localStorage.setItem('takings.session', 'not JSON');
        takings.consent(true);
        takings.view('p1');
        takings.flush();
    }""")
    shop.wait_for_events(1)
    page.wait_for_function(EMPTY)


def test_identifiers_are_thirty_two_hexadecimal_digits(shop: Shop, enter):
    page = enter()
    page.evaluate("() => { takings.view('p1'); takings.flush(); }")
    shop.wait_for_events(1)
    (event,) = shop.stored()
    assert re.fullmatch("[0-9a-f]{32}", event["event_id"])
    assert re.fullmatch("[0-9a-f]{32}", event["session_id"])
