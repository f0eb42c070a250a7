"""Snowplow's own tracker for pages, in a real Chromium, sending a visit to the embedded platform on another origin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.collecting.keys import FILE, KeyFile
from tests.support.client_shop import ORDER_COLUMNS, open_client_shop
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

CLIENTS = ROOT / "tests" / "clients"
LIBRARY = CLIENTS / "node_modules" / "@snowplow"
PAGES = [
    Route(
        "/",
        lambda _request: HTMLResponse(
            "<!doctype html><title>Shop</title>"
            '<script src="/library/browser-tracker/dist/index.umd.min.js"></script>'
            '<script src="/library/browser-plugin-snowplow-ecommerce/dist/index.umd.min.js"></script>'
        ),
    ),
    Route("/favicon.ico", lambda _request: Response(status_code=204)),
    Mount("/library", StaticFiles(directory=LIBRARY, check_dir=False)),
]
SEND = """([address, visit, options]) => {
    const { newTracker, trackPageView, setUserId } = snowplowBrowserTracking;
    const shop = snowplowEcommerceAccelerator;
    newTracker("shop", address, { appId: "shop-pages", plugins: [shop.SnowplowEcommercePlugin()], ...options });
    setUserId(visit.customer);
    trackPageView();
    const [viewed, added, , ordered] = visit.calls.map(({ properties }) => properties);
    const product = ({ product_id: id, currency = "EUR", ...rest }) => ({ id, currency, category: "Home", ...rest });
    shop.trackProductView(product(viewed));
    shop.trackAddToCart({ products: [product(added)], total_value: 39.8, currency: "EUR" });
    shop.trackCheckoutStep({ step: 1 });
    const order = { transaction_id: ordered.order_id, revenue: 44.85, currency: "EUR", payment_method: "card" };
    shop.trackTransaction({ ...order, products: ordered.products.map(product) });
    shop.trackTransaction({ ...order, products: ordered.products.map(product) });  // the page is loaded again
}"""


@pytest.mark.skipif(not LIBRARY.exists(), reason="Snowplow's library is not installed: npm ci --prefix tests/clients")
@pytest.mark.parametrize("options", [{}, {"eventMethod": "get"}])
def test_a_page_that_knows_its_app_id_alone_sends_a_visit_and_its_order_counts_once(
    browser: Browser, tmp_path: Path, options: dict[str, Any]
):
    visit = json.loads((CLIENTS / "visit.json").read_text(encoding="utf-8"))
    with open_client_shop(tmp_path, PAGES) as shop:
        KeyFile(shop.given.lake.root / FILE).create("pages", namespace="shop", public=True, alias="shop-pages")
        context = browser.new_context()
        page = context.new_page()
        page.goto(shop.page)
        page.evaluate(SEND, [shop.address, visit, options])

        def all_came() -> bool:
            counts = shop.counts()
            return counts.get("accepted", 0) == 5 and counts.get("duplicates", 0) >= 2

        with shop.collector.news:
            came = shop.collector.news.wait_for(all_came, 30)
        context.close()
        assert came, shop.counts()
        (order,) = shop.rows("orders", *ORDER_COLUMNS)
        assert [str(value) for value in order] == ["order-1", "customer-7", "44.8500", "0.0000", "44.8500"]
