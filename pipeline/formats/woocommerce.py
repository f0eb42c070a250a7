"""WooCommerce's webhooks of orders become purchases and refunds (pure).

An order counts once it is paid (``date_paid_gmt``): before, it may still be abandoned. The revenue of a line is what it
was sold for: its ``total``, which is after discounts, with its tax where the shop's prices include it
(``prices_include_tax``), without shipping and fees.

An order lists its refunds as totals, tax and shipping included, and does not say which lines came back. So each refund
is spread over the lines, in proportion to what they were sold for: after a full refund every line is refunded to the
cent. A paid order that is cancelled, failed or thrown away is refunded in full, whatever is returned after that.

Identity: a purchase is named by its order and line, a refund by the order, the line, and what had been refunded of it
before and after. So copies of an order count once, and a cancellation and the refund that follows it are one refund.

Source of the names: the *Orders* and *Webhooks* of WooCommerce's REST API, version 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipeline.contract.batches import SentBatch
from pipeline.contract.rejections import Reason
from pipeline.contract.shape import Rules
from pipeline.formats import payload, shop_orders
from pipeline.formats.payload import Fields
from pipeline.formats.shop_orders import Kept, Unusable, amount, count, identifier

SOURCE = "woocommerce"

ORDER_TOPICS = frozenset({"order.created", "order.updated", "order.restored"})
DELETED_TOPIC = "order.deleted"

_ORDER: Kept = {
    "id": True, "status": True, "currency": True, "date_created_gmt": True, "date_paid_gmt": True,
    "date_modified_gmt": True, "customer_id": True, "created_via": True, "prices_include_tax": True, "total": True,
    "line_items": [
        {"id": True, "name": True, "product_id": True, "sku": True, "quantity": True, "total": True, "total_tax": True}
    ],
    "refunds": [{"id": True, "total": True}],
}  # fmt: skip
_CENT = Decimal("0.01")
_ENDED = frozenset({"cancelled", "failed", "trash"})
_CHANNELS = {"checkout": "web", "store-api": "web", "admin": "back office"}


def read(body: bytes, rules: Rules, topic: str) -> SentBatch:
    """Read a webhook whose signature is right.

    Parameters
    ----------
    topic : of the header ``X-WC-Webhook-Topic``; one that is about no order is ignored

    Raises
    ------
    Unreadable
        As `pipeline.contract.batches.read`.
    """
    batch = SentBatch()
    if topic == DELETED_TOPIC:
        order = shop_orders.read_object(body, {"id": True})
        shop_orders.add_message(batch, {"deleted": order}, rules, SOURCE, _translate)
    elif topic in ORDER_TOPICS:
        order = shop_orders.read_object(body, _ORDER)
        if not order.get("date_paid_gmt"):
            batch.ignored += 1
            return batch
        refunds = order.pop("refunds", [])
        shop_orders.add_message(batch, {"order": order}, rules, SOURCE, _translate)
        if refunds or order.get("status") in _ENDED:
            shop_orders.add_message(batch, {"order": order, "refunds": refunds}, rules, SOURCE, _translate)
    else:
        batch.ignored += 1
    return batch


def read_again(record: bytes, rules: Rules) -> SentBatch:
    """Read what the quarantine keeps of a message."""
    return shop_orders.read_again(record, rules, SOURCE, _translate)


def _translate(message: Fields) -> list[Fields]:
    """The fields of the events of a message: the refunds of an order, or its purchases."""
    if "deleted" in message:
        return _deleted(message)
    return _refunds(message) if "refunds" in message else _purchases(message)


def _deleted(message: Fields) -> list[Fields]:
    """An order that is deleted brings its id alone."""
    name = identifier(message["deleted"].get("id"), "id")
    detail = f"Order {name} was deleted; the message does not say what it held. Cancel an order before it is deleted."
    raise Unusable(detail, Reason.MISSING_FIELD)


def _purchases(message: Fields) -> list[Fields]:
    """A purchase of each line."""
    order = message["order"]
    common = _common(order) | {"event_type": "purchase", "occurred_at": _instant(order.get("date_created_gmt"))}
    events: list[Fields] = []
    for name, line in _sold(order):
        identity = (SOURCE, "purchase", common["order_id"], name)
        units = count(line.get("quantity"), "quantity")
        events += shop_orders.priced(common | _product(line), identity, units, _line_total(order, line))
    return events


def _refunds(message: Fields) -> list[Fields]:
    """The refunds of each line: its share of each refund of the order, and the rest of an order that ended."""
    order = message["order"]
    common = _common(order) | {"event_type": "refund", "occurred_at": _instant(order.get("date_modified_gmt"))}
    lines = _sold(order)
    sold = [_line_total(order, line) for _, line in lines]
    left = list(sold)
    events: list[Fields] = []
    for total in _returned(order, message.get("refunds"), sum(sold, Decimal(0))):
        shares = shop_orders.spread(total, left)
        for place, (name, line) in enumerate(lines):
            share, was = shares[place], sold[place] - left[place]
            left[place] -= share
            if share > 0:
                identity = (SOURCE, "refund", common["order_id"], name, f"{was:.4f}", f"{was + share:.4f}")
                # units came back where the whole line did; a share of its money says nothing of units
                units = count(line.get("quantity"), "quantity") if share == sold[place] else 1
                events += shop_orders.priced(common | _product(line), identity, units, share)
    return events


def _returned(order: Mapping[str, Any], refunds: Any, revenue: Decimal) -> list[Decimal]:
    """What each refund returned of the revenue; of an order that ended, all of it at once."""
    charged = amount(order.get("total"), "total")
    totals, refunded, returned = [], Decimal(0), Decimal(0)
    for refund in sorted(payload.rows(refunds), key=lambda refund: _order_of(refund.get("id"))):
        refunded += abs(amount(refund.get("total"), "refunds.total"))
        until = (revenue * refunded / charged).quantize(_CENT) if 0 < refunded < charged else revenue
        totals.append(until - returned)
        returned = until
    # most shops cancel first and then return the money, perhaps without shipping: the cancellation was all of it
    return [revenue] if order.get("status") in _ENDED and returned < revenue else totals


def _order_of(name: Any) -> int:
    """The place of a refund among the others: WooCommerce counts its ids upward."""
    if isinstance(name, int) and not isinstance(name, bool):
        return name
    raise Unusable(f"Field refunds.id: {str(name)[:60]!r} is no id of WooCommerce.")


def _sold(order: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The lines with at least one unit, each with its id, in the order of their ids."""
    lines = [line for line in payload.rows(order.get("line_items")) if count(line.get("quantity"), "quantity") > 0]
    return sorted(((identifier(line.get("id"), "line_items.id"), line) for line in lines), key=lambda pair: pair[0])


def _line_total(order: Mapping[str, Any], line: Mapping[str, Any]) -> Decimal:
    """What a line was sold for, after all discounts."""
    net = amount(line.get("total"), "total")
    return net + amount(line.get("total_tax") or 0, "total_tax") if order.get("prices_include_tax") is True else net


def _common(order: Mapping[str, Any]) -> Fields:
    """The fields that all events of an order share. A guest has no customer id; his session is the order."""
    number = identifier(order.get("id"), "id")
    customer, via = order.get("customer_id"), order.get("created_via")
    return {
        "order_id": number,
        "customer_id": payload.text(customer) if customer else None,
        "session_id": None if customer else f"order-{number}",
        "currency": order.get("currency"),
        "channel": _CHANNELS.get(via, via) if isinstance(via, str) else None,
    }


def _product(line: Mapping[str, Any]) -> Fields:
    """The product of a line; one that is in no catalogue any more is named by its name."""
    name = line.get("name")
    known = payload.text(line.get("product_id") or None) or line.get("sku")
    return {"product_id": known or (name[:64] if isinstance(name, str) else None), "product": {"name": name}}


def _instant(given: Any) -> Any:
    """WooCommerce writes its instants in UTC without saying so."""
    return f"{given}Z" if isinstance(given, str) and not given.endswith("Z") else given
