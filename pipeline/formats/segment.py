"""Segment's HTTP API: ``track`` calls of its e-commerce specification become events (pure).

Segment's servers answer 200 and put in what a sender left out; so does this. An *Order Completed* is named by its order
alone: sent again after a lost answer, or by a customer who reloads the confirmation page, it is the same order.

Source of the names: Segment's specification, *V2 Ecommerce Events* and *Common Fields*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec

from pipeline.contract.batches import SentBatch, Unreadable
from pipeline.contract.rejections import Rejection
from pipeline.contract.shape import Instant, Rules
from pipeline.formats import payload, visitors
from pipeline.formats.payload import Fields

SOURCE = "segment"
CLOCK_TOLERANCE = timedelta(seconds=30)  # between sentAt and reception: what a slow network takes

ACTIONS = MappingProxyType(
    {
        "product viewed": "product_view",
        "product added": "cart_add",
        "product removed": "cart_remove",
        "checkout started": "checkout_start",
        "order completed": "purchase",
        "order refunded": "refund",
        "products searched": "search",
    }
)
PATHS = MappingProxyType(
    {
        f"/v1/{name}": call
        for call in ("track", "page", "batch", "identify", "screen", "group", "alias")
        for name in (call, call[0])
    }
    | {"/v1/import": "batch"}
)
IGNORED_CALLS = frozenset({"page", "screen", "identify", "group", "alias"})

_WRITE_KEY = re.compile(rb'"writeKey"\s*:\s*"[^"\\]*"')
_OF_PRODUCTS = frozenset({"purchase", "refund"})
_OF_NO_PRODUCT = frozenset({"checkout_start", "search"})
_TOTALS = ("revenue", "subtotal", "total", "value")  # the first is without shipping and tax, as the specification says
_CHANNELS = MappingProxyType({"browser": "web", "client": "web", "mobile": "app", "server": None})


def read(body: bytes, rules: Rules, *, call: str) -> SentBatch:
    """Read the body of one of the `PATHS`.

    Parameters
    ----------
    call : what its path means: ``batch``, or the type of a single message

    Raises
    ------
    Unreadable, TooMany
        As `pipeline.contract.batches.read`.
    """
    body = _WRITE_KEY.sub(rb'"writeKey":"***"', body)  # a refused message is kept as it came, but for the key
    envelope = payload.members(body)
    batch = SentBatch()
    if call == "batch":
        shared = {"context": payload.table(payload.value(envelope.get("context", b"null")))}
        sent = payload.value(envelope.get("sentAt", b"null"))
        fixed = {"sentAt": sent} if sent else {}
        for place, record in enumerate(payload.elements(envelope.get("batch"), "batch")):
            payload.add_message(batch, record, rules, SOURCE, partial(_translate, batch, shared, fixed, rules, place))
    else:
        payload.add_message(batch, body, rules, SOURCE, partial(_translate, batch, {}, {"type": call}, rules, 0))
    return batch


def write_key(body: bytes) -> str:
    """The ``writeKey`` that a body holds; empty where it holds none."""
    try:
        key = payload.value(payload.members(body).get("writeKey", b"null"))
    except Unreadable:
        return ""
    return key if isinstance(key, str) else ""


def _translate(
    batch: SentBatch, shared: Fields, fixed: Fields, rules: Rules, place: int, message: Fields
) -> list[Fields] | Rejection | None:
    """The fields of a message's events, from what its batch shares, its own fields, and what its request fixes."""
    message = shared | message | fixed
    call = message.get("type", "track")
    customer = _customer(batch, rules, call, message)
    if call != "track":
        return None if isinstance(call, str) and call in IGNORED_CALLS else payload.unsupported(call)
    name = message.get("event")
    kind = ACTIONS.get(name.strip().lower()) if isinstance(name, str) else None
    if kind is None:
        return payload.unsupported(name)
    properties = payload.table(message.get("properties"))
    common = _common(message, properties, kind, customer, rules)
    order = payload.text(properties.get("order_id"))
    if kind in _OF_PRODUCTS:
        lines = payload.rows(properties.get("products")) or [payload.total(properties, *_TOTALS)]
        return [
            common
            | _line(line, properties)
            | {"event_id": _event_id(message, kind, order, number, rules, place), "order_id": order}
            for number, line in enumerate(lines)
        ]
    fields = common | {"event_id": _event_id(message, kind, None, 0, rules, place), "order_id": order}
    if kind in _OF_NO_PRODUCT:
        return [fields]
    return [fields | _line(properties, properties)]


def _customer(batch: SentBatch, rules: Rules, call: Any, message: Fields) -> Any:
    """Who sent a message. An ``alias`` links the former id of a customer too."""
    known = message.get("userId")
    if call == "alias":
        visitors.customer_of(batch, rules, known=known, anonymous=message.get("previousId"))
    return visitors.customer_of(batch, rules, known=known, anonymous=message.get("anonymousId"))


def _common(message: Fields, properties: Mapping[str, Any], kind: str, customer: Any, rules: Rules) -> Fields:
    """The fields that all events of a message share."""
    context = payload.table(message.get("context"))
    channel = properties.get("channel") or message.get("channel") or context.get("channel")
    query = properties.get("query") if kind == "search" else None
    anonymous = message.get("anonymousId")
    return {
        "event_type": kind,
        "occurred_at": _moment(message, rules),
        "customer_id": customer,
        "session_id": payload.text(properties.get("session_id") or context.get("sessionId")),
        "channel": _CHANNELS.get(channel, channel) if isinstance(channel, str) else channel,
        "device": payload.table(context.get("device")).get("type"),
        "region": properties.get("region"),
        "store_id": payload.text(properties.get("store_id") or properties.get("affiliation")),
        "campaign": payload.table(context.get("campaign")).get("name"),
        "attributes": payload.note(
            message_id=message.get("messageId"),
            coupon=properties.get("coupon"),
            query=query,
            anonymous_id=anonymous if anonymous != customer else None,  # which device it was is kept
        ),
    }


def _moment(message: Fields, rules: Rules) -> Any:
    """When a message's action happened, by our clock: as long before its reception as it was before it was sent."""
    given = message.get("timestamp") or message.get("originalTimestamp")
    if not given:
        return rules.now
    try:
        skew = rules.now - msgspec.convert(message.get("sentAt"), Instant)
        happened = msgspec.convert(message.get("originalTimestamp") or given, Instant)
        return happened + skew if abs(skew) > CLOCK_TOLERANCE else given
    except (msgspec.ValidationError, UnicodeEncodeError, OverflowError):
        return given  # without a sentAt that is one; a wrong moment is refused by the contract


def _line(product: Mapping[str, Any], properties: Mapping[str, Any]) -> Fields:
    """The fields of one product."""
    return {
        "product_id": payload.text(product.get("product_id") or product.get("productId") or product.get("sku")),
        "quantity": payload.whole(product.get("quantity")),
        "unit_price": product.get("price"),
        "currency": product.get("currency") or properties.get("currency"),
        "product": {"name": product.get("name"), "category": product.get("category"), "brand": product.get("brand")},
    }


def _event_id(message: Fields, kind: str, order: Any, line: int, rules: Rules, place: int) -> str:
    """The event id: the same for every copy of a message, and for every message about the same purchase."""
    if kind == "purchase" and order:
        return payload.stable_id(SOURCE, kind, order, line)
    name = message.get("messageId")
    if not name:  # without a message id, a copy is recognised by its content, if that has a time
        timed = message.get("timestamp") or message.get("originalTimestamp")
        message = {name: value for name, value in message.items() if name != "sentAt"}  # a retry has another
        name = message if timed or kind == "refund" else [msgspec.json.encode(rules.now).decode(), place, message]
    return payload.stable_id(SOURCE, kind, order, line, name)
