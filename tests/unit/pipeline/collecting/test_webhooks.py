"""Signed webhooks: whose they are, and that nothing unsigned is stored."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest
import requests

from catalogue.errors import SettingsError
from pipeline.collecting.envelope import Request
from pipeline.collecting.keys import FILE, KeyFile
from pipeline.lake import Lake
from tests.support.collecting import SECRET, VIEW, Shelf, collector, request, write_key
from tests.support.commands import call
from tests.support.webhooks import (
    SHOPIFY_KEY,
    SHOPIFY_ORDER,
    SIGNING_SECRET,
    WOO_KEY,
    WOO_ORDER,
    shopify,
    shops,
    signature,
    woocommerce,
)
from tests.unit.pipeline.collecting.test_http import Service, serving


@pytest.mark.parametrize(
    "given",
    ["", "x", signature(b"another body"), signature(json.dumps(SHOPIFY_ORDER).encode(), "another secret"), "ünsigned"],
)
def test_a_missing_or_wrong_signature_is_401_and_stores_nothing(given: str):
    stream = Shelf()
    intake = shops(stream)
    answers = [
        shopify(intake, "orders/create", SHOPIFY_ORDER, **{"x-shopify-hmac-sha256": given}),
        woocommerce(intake, "order.created", WOO_ORDER, **{"x-wc-webhook-signature": given}),
    ]
    assert [answer.status for answer in answers] == [401, 401]
    assert (stream.entries, intake.counts()) == ([], {"http_401": 2})


def test_a_changed_byte_breaks_the_signature():
    body = json.dumps(SHOPIFY_ORDER).encode()
    headers = {"x-shopify-topic": "orders/create", "x-shopify-hmac-sha256": signature(body)}
    changed = body.replace(b"10.00", b"90.00")
    for sent, status in ((body, 200), (changed, 401)):
        answer = shops(Shelf()).answer(Request("POST", "/v1/webhooks/shopify", headers, {"id": "shopify"}, sent))
        assert answer.status == status


@pytest.mark.parametrize("name", ["", "unknown", "woo", "till"])
def test_an_address_that_names_no_key_of_that_system_is_401(name: str):
    body = json.dumps(SHOPIFY_ORDER).encode()
    headers = {"x-shopify-topic": "orders/create", "x-shopify-hmac-sha256": signature(body, "")}
    intake = collector(Shelf(), SHOPIFY_KEY, WOO_KEY, write_key("till", SECRET))
    assert intake.answer(Request("POST", "/v1/webhooks/shopify", headers, {"id": name}, body)).status == 401


def test_a_webhook_key_sends_nothing_else():
    for secret in (SIGNING_SECRET, "shopify"):
        assert shops(Shelf()).answer(request(VIEW, secret=secret)).status == 401


def test_woocommerce_tries_a_new_address_with_an_unsigned_form_which_says_nothing():
    stream = Shelf()
    ping = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    for name, status in (("woo", 200), ("unknown", 401)):
        sent = Request("POST", "/v1/webhooks/woocommerce", ping, {"id": name}, b"webhook_id=3")
        assert shops(stream).answer(sent).status == status
    assert stream.entries == []


def test_the_pages_of_a_shop_and_its_webhook_share_orders():
    stream = Shelf()
    pages = write_key("pages", SECRET, namespace="shop", public=True)
    intake = collector(stream, SHOPIFY_KEY, pages)
    intake.answer(request(VIEW | {"event_type": "purchase", "order_id": "1001", "unit_price": "1"}))
    shopify(intake, "orders/create", SHOPIFY_ORDER)
    assert {(event["namespace"], event["order_id"]) for event in stream.events()} == {("shop", "1001")}
    assert [event.get("public", False) for event in stream.events()] == [True, False, False, False]


def test_the_command_reads_the_signing_secret_from_the_input_and_prints_the_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    lake = Lake.create(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SIGNING_SECRET}\n"))
    call("keys", "create", "orders", "--webhook", "shopify", "--lake", lake.root)
    said = capsys.readouterr()
    (key,) = KeyFile(lake.root / FILE).all()
    assert said.out == f"/v1/webhooks/shopify?id={key.id}\n"
    assert (key.webhook, key.signing_secret, key.public, key.namespace) == ("shopify", SIGNING_SECRET, False, "orders")
    assert SIGNING_SECRET not in said.out + said.err + repr(key)
    assert stat.S_IMODE((lake.root / FILE).stat().st_mode) == 0o600


def test_the_list_says_which_key_is_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lake = Lake.create(tmp_path)
    file = KeyFile(lake.root / FILE)
    file.create("tag", public=True, alias="G-1")
    file.create_webhook("orders", "woocommerce", SIGNING_SECRET, namespace="tag")
    call("keys", "list", "--lake", lake.root)
    first, second = capsys.readouterr().out.splitlines()
    assert "public as G-1" in first
    assert "woocommerce  namespace tag" in second
    assert SIGNING_SECRET not in second


def test_a_shop_sends_its_ping_and_its_orders_over_a_real_connection():
    stream = Shelf()
    service = Service(stream)
    service.collector = shops(stream)
    order, ping = json.dumps(WOO_ORDER).encode(), b"webhook_id=3"
    with serving(service) as port, requests.Session() as session:
        address = f"http://127.0.0.1:{port}/v1/webhooks/woocommerce?id=woo"
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        signed = {"Content-Type": "application/json", "X-WC-Webhook-Topic": "order.created"}
        answers = [
            session.post(address, data=body, headers=headers, timeout=20).status_code
            for body, headers in (
                (ping, form),
                (order, signed | {"X-WC-Webhook-Signature": signature(order)}),
                (order, signed | {"X-WC-Webhook-Signature": signature(ping)}),
                (order, signed),
            )
        ]
    assert answers == [200, 200, 401, 401]
    assert [event["product_id"] for event in stream.events()] == ["93", "94"]


def test_a_short_signing_secret_is_refused(tmp_path: Path):
    with pytest.raises(SettingsError, match="under 16 characters"):
        KeyFile(tmp_path / FILE).create_webhook("shop", "shopify", "short")
