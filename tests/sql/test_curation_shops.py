"""A shop whose pages and whose own webhooks report the same orders: from what they send to what is counted."""

from decimal import Decimal
from pathlib import Path

from pipeline.collecting.envelope import Request
from tests.support.collecting import Shelf, collector, write_key
from tests.support.given import Given
from tests.support.webhooks import LAMP, SHOPIFY_KEY, SHOPIFY_ORDER, WOO_KEY, WOO_ORDER, shopify, woocommerce

TAG = write_key("pages", "tk_pages", namespace="shop", public=True, alias="G-1")
PAGE = {"v": "2", "tid": "G-1", "cid": "1.2", "sid": "3", "cu": "EUR", "_p": "1", "_s": "1"}
SALE = PAGE | {"en": "purchase", "ep.transaction_id": "1001", "pr1": "id501~pr10.00~qt3", "pr2": "id502~pr5.00"}
REFUND = {
    "id": 900, "order_id": 1001, "created_at": "2026-03-02T09:00:00+01:00",
    "refund_line_items": [{"id": 31, "line_item_id": 11, "quantity": 1, "subtotal": "9.99", "line_item": LAMP}],
}  # fmt: skip


def test_the_webhook_confirms_the_order_of_the_page_and_every_copy_counts_once_to_the_cent(tmp_path: Path):
    stream = Shelf()
    intake = collector(stream, TAG, SHOPIFY_KEY, WOO_KEY)
    for _ in range(2):
        intake.answer(Request("GET", "/g/collect", {}, SALE))
        shopify(intake, "refunds/create", REFUND)
        shopify(intake, "orders/create", SHOPIFY_ORDER)
        shopify(intake, "orders/updated", SHOPIFY_ORDER | {"refunds": [REFUND]})
        woocommerce(intake, "order.updated", WOO_ORDER)
        woocommerce(intake, "order.updated", WOO_ORDER | {"refunds": [{"id": 801, "total": "-30.00"}]})
    lake = Given(tmp_path).raw(b"".join(entry.line + b"\n" for entry in stream.entries)).curate()
    names = ("order_id", "gross_revenue", "refunds", "net_revenue", "units", "customer_id")
    assert lake.rows("orders", *names) == [
        {
            "order_id": "1001",
            "gross_revenue": Decimal("34.9900"),  # the page said 35.00: it knows nothing of the discount
            "refunds": Decimal("9.9900"),
            "net_revenue": Decimal("25.0000"),
            "units": Decimal(4),
            "customer_id": "77",
        },
        {
            "order_id": "727",
            "gross_revenue": Decimal("25.0000"),
            "refunds": Decimal("25.0000"),
            "net_revenue": Decimal(0),
            "units": Decimal(3),
            "customer_id": "26",
        },
    ]
