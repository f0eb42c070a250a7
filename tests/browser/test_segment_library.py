"""Segment's own library for pages, in a real Chromium, sending a visit to the embedded platform on another origin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.support.client_shop import COUNTS, ORDER, ORDER_COLUMNS, open_client_shop
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

CLIENTS = ROOT / "tests" / "clients"
LIBRARY = CLIENTS / "node_modules" / "@segment" / "analytics-next" / "dist" / "umd"
PAGES = [
    Route(
        "/",
        lambda _request: HTMLResponse('<!doctype html><title>Shop</title><script src="/library/index.js"></script>'),
    ),
    Route("/favicon.ico", lambda _request: Response(status_code=204)),
    Mount("/library", StaticFiles(directory=LIBRARY, check_dir=False)),
]
SEND = """async ([host, writeKey, visit]) => {
    const destination = { apiKey: writeKey, apiHost: host + "/v1", protocol: "http" };
    const [analytics] = await AnalyticsNext.AnalyticsBrowser.load({
        writeKey, cdnURL: location.origin, cdnSettings: { integrations: { "Segment.io": destination } },
    });
    window.delivered = 0;
    analytics.on("deliver:success", () => { window.delivered += 1; });
    analytics.setAnonymousId(visit.anonymous);
    analytics.identify(visit.customer, { plan: "club" });
    analytics.page("Home");
    for (const { event, properties } of visit.calls) analytics.track(event, properties);
}"""


@pytest.mark.skipif(not LIBRARY.exists(), reason="Segment's library is not installed: npm ci --prefix tests/clients")
def test_a_visit_whose_first_answers_are_lost_counts_once(browser: Browser, tmp_path: Path):
    visit = json.loads((CLIENTS / "visit.json").read_text(encoding="utf-8"))
    with open_client_shop(tmp_path, PAGES) as shop:
        context = browser.new_context()
        page = context.new_page()
        page.goto(shop.page)
        page.evaluate(SEND, [shop.address.removeprefix("http://"), shop.key, visit])
        with shop.collector.news:
            came = shop.collector.news.wait_for(lambda: shop.counts() == COUNTS, 30)
        context.close()
        assert came, shop.counts()
        assert shop.rows("orders", *ORDER_COLUMNS) == ORDER
