"""Shopify's webhooks of orders and refunds become purchases and refunds (pure).

An order counts when it is made, as in Shopify's own reports. The revenue of a line is what it was sold for: price ×
quantity − its discounts, with tax where the shop's prices include it (``taxes_included``), without shipping and tips.
Gift cards are a means of payment, and no revenue.

Identity: a purchase is named by its order and line, so that the first copy that arrives counts; a line that is added to
an order later is a further purchase. A refund is named by Shopify's refund and its line: it is in ``refunds/create``
and in every later copy of its order. Units that are taken off an order are refunds there too. What a cancelled order
holds besides is refunded as of ``cancelled_at``. A higher quantity of an existing line is not seen: the copy that came
first counts.

Source of the names: Shopify's *Order* and *Refund* resources of the REST Admin API, which its webhooks carry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from pipeline.contract.batches import SentBatch
from pipeline.contract.rejections import Reason
from pipeline.contract.shape import Rules
from pipeline.formats import payload, shop_orders
from pipeline.formats.payload import Fields
from pipeline.formats.shop_orders import Kept, Unusable, amount, count, identifier

SOURCE = "shopify"

ORDER_TOPICS = frozenset(
    {
        "orders/create",
        "orders/paid",
        "orders/updated",
        "orders/cancelled",
        "orders/fulfilled",
        "orders/partially_fulfilled",
    }
)
REFUND_TOPIC = "refunds/create"

_MONEY: Kept = {"shop_money": {"currency_code": True}}
_LINE: Kept = {
    "id": True, "product_id": True, "sku": True, "title": True, "vendor": True, "quantity": True, "price": True,
    "gift_card": True, "total_discount": True, "discount_allocations": [{"amount": True}],
}  # fmt: skip
_REFUND: Kept = {
    "id": True, "order_id": True, "created_at": True, "processed_at": True,
    "refund_line_items": [
        {"id": True, "line_item_id": True, "quantity": True, "subtotal": True, "subtotal_set": _MONEY,
         "line_item": {"product_id": True, "sku": True, "title": True, "gift_card": True}}
    ],
    "order_adjustments": [{"id": True, "amount": True, "kind": True, "amount_set": _MONEY}],
}  # fmt: skip
_ORDER: Kept = {
    "id": True, "created_at": True, "processed_at": True, "cancelled_at": True, "currency": True, "test": True,
    "source_name": True, "location_id": True, "customer": {"id": True}, "line_items": [_LINE], "refunds": [_REFUND],
}  # fmt: skip
_CHANNELS = MappingProxyType({"pos": "store", "iphone": "app", "android": "app"})
_SHIPPING = "shipping_refund"


def read(body: bytes, rules: Rules, topic: str) -> SentBatch:
    """Read a webhook whose signature is right.

    Parameters
    ----------
    topic : of the header ``X-Shopify-Topic``; one that is about no order is ignored

    Raises
    ------
    Unreadable
        As `pipeline.contract.batches.read`.
    """
    batch = SentBatch()
    if topic == REFUND_TOPIC:
        refund = shop_orders.read_object(body, _REFUND)
        shop_orders.add_message(batch, {"refund": refund}, rules, SOURCE, _translate)
    elif topic in ORDER_TOPICS:
        order = shop_orders.read_object(body, _ORDER)
        if order.get("test") is True:
            batch.ignored += 1
            return batch
        refunds = order.pop("refunds", [])
        shop_orders.add_message(batch, {"order": order}, rules, SOURCE, _translate)
        head = {name: value for name, value in order.items() if name != "line_items"}
        for refund in refunds:
            shop_orders.add_message(batch, {"refund": refund, "order": head}, rules, SOURCE, _translate)
        if order.get("cancelled_at"):
            message = {"cancelled": order, "refunds": refunds}
            shop_orders.add_message(batch, message, rules, SOURCE, _translate)
    else:
        batch.ignored += 1
    return batch


def read_again(record: bytes, rules: Rules) -> SentBatch:
    """Read what the quarantine keeps of a message."""
    return shop_orders.read_again(record, rules, SOURCE, _translate)


def _translate(message: Fields) -> list[Fields]:
    """The fields of the events of a message: a refund, what a cancelled order holds, or its purchases."""
    if "refund" in message:
        return _refund(message)
    return _cancellation(message) if "cancelled" in message else _purchases(message)


def _purchases(message: Fields) -> list[Fields]:
    """A purchase of each line."""
    order = message["order"]
    number = identifier(order.get("id"), "id")
    common = _common(order, number) | {"event_type": "purchase", "occurred_at": _made_at(order)}
    events: list[Fields] = []
    for line in _sold(order):
        identity = (SOURCE, "purchase", number, identifier(line.get("id"), "line_items.id"))
        events += shop_orders.priced(
            common | _product(line), identity, count(line.get("quantity"), "quantity"), _line_total(line)
        )
    return events


def _refund(message: Fields) -> list[Fields]:
    """A refund of each line that came back; one without a product where money alone was returned."""
    refund, order = message["refund"], payload.table(message.get("order"))
    number = identifier(refund.get("order_id") or order.get("id"), "order_id")
    name = identifier(refund.get("id"), "id")
    lines = [
        line
        for line in payload.rows(refund.get("refund_line_items"))
        if payload.table(line.get("line_item")).get("gift_card") is not True
        and count(line.get("quantity"), "quantity") > 0
    ]
    subtotals = [amount(line.get("subtotal"), "subtotal") for line in lines]
    # a negative adjustment: more was returned than the lines came to; a positive one: less
    adjustments = [entry for entry in payload.rows(refund.get("order_adjustments")) if entry.get("kind") != _SHIPPING]
    adjusted = sum((amount(entry.get("amount"), "order_adjustments.amount") for entry in adjustments), Decimal(0))
    total = sum(subtotals, Decimal(0)) - adjusted
    if total < 0:
        raise Unusable(f"The refund comes to {total}: less than nothing was returned.", Reason.OUT_OF_RANGE)
    common = _common(order, number) | {
        "event_type": "refund",
        "occurred_at": _made_at(refund),
        "currency": order.get("currency") or _currency_of([*lines, *adjustments]),
    }
    identity = (SOURCE, "refund", number, name)
    if not lines:
        return shop_orders.priced(common, (*identity, None), 1, total) if total else []
    events: list[Fields] = []
    for line, share in zip(lines, shop_orders.spread(total, subtotals) if adjusted else subtotals, strict=True):
        events += shop_orders.priced(
            common | _product(payload.table(line.get("line_item"))),
            (*identity, identifier(line.get("id"), "refund_line_items.id")),
            count(line.get("quantity"), "quantity"),
            share,
        )
    return events


def _cancellation(message: Fields) -> list[Fields]:
    """A refund of what a cancelled order holds that no refund of it has returned."""
    order = message["cancelled"]
    number = identifier(order.get("id"), "id")
    units: Counter[str] = Counter()
    money: dict[str, Decimal] = {}
    for refund in payload.rows(message.get("refunds")):
        for line in payload.rows(refund.get("refund_line_items")):
            name = identifier(line.get("line_item_id"), "line_item_id")
            units[name] += count(line.get("quantity"), "quantity")
            money[name] = money.get(name, Decimal(0)) + amount(line.get("subtotal"), "subtotal")
    common = _common(order, number) | {"event_type": "refund", "occurred_at": order.get("cancelled_at")}
    events: list[Fields] = []
    for line in _sold(order):
        name = identifier(line.get("id"), "line_items.id")
        left = count(line.get("quantity"), "quantity") - units[name]
        worth = _line_total(line) - money.get(name, Decimal(0))
        if left > 0 and worth > 0:
            events += shop_orders.priced(common | _product(line), (SOURCE, "cancelled", number, name), left, worth)
    return events


def _sold(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The lines that are revenue."""
    return [
        line
        for line in payload.rows(order.get("line_items"))
        if line.get("gift_card") is not True and count(line.get("quantity"), "quantity") > 0
    ]


def _line_total(line: Mapping[str, Any]) -> Decimal:
    """What a line was sold for, after all discounts."""
    listed = amount(line.get("price"), "price") * count(line.get("quantity"), "quantity")
    if "discount_allocations" in line:
        given = sum((amount(each.get("amount"), "discount") for each in line["discount_allocations"]), Decimal(0))
    else:
        given = amount(line.get("total_discount") or 0, "total_discount")
    return listed - given


def _common(order: Mapping[str, Any], number: str) -> Fields:
    """The fields that all events of an order share. Without a customer, its session is the order."""
    source = payload.text(order.get("source_name"))
    return {
        "order_id": number,
        "customer_id": payload.text(payload.table(order.get("customer")).get("id")),
        "session_id": None if payload.table(order.get("customer")).get("id") else f"order-{number}",
        "currency": order.get("currency"),
        "channel": _CHANNELS.get(source, source) if isinstance(source, str) else None,
        "store_id": payload.text(order.get("location_id")),
    }


def _product(line: Mapping[str, Any]) -> Fields:
    """The product of a line; one that is in no catalogue is named by its title."""
    title = line.get("title")
    name = payload.text(line.get("product_id")) or line.get("sku") or (title[:64] if isinstance(title, str) else None)
    return {"product_id": name, "product": {"name": title, "brand": line.get("vendor")}}


def _made_at(given: Mapping[str, Any]) -> Any:
    return given.get("processed_at") or given.get("created_at")


def _currency_of(amounts: list[Mapping[str, Any]]) -> Any:
    """The shop's currency as the amounts of a refund name it."""
    for given in amounts:
        money = payload.table(given.get("subtotal_set") or given.get("amount_set"))
        code = payload.table(money.get("shop_money")).get("currency_code")
        if code:
            return code
    return None
