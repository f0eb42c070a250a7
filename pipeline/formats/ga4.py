"""GA4's Measurement Protocol: the e-commerce events of ``/mp/collect`` become events (pure).

The protocol has no message id. A purchase is named by its transaction, as GA4 itself does; a refund by its transaction,
what came back, and its time where the sender gives one (``timestamp_micros``); another event by its content where it
has a time. Without one, each arrival is an action of its own.

Source of the names: Google's *Measurement Protocol (Google Analytics 4)* reference and *Recommended events*.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec

from pipeline.contract.batches import SentBatch, Unreadable
from pipeline.contract.rejections import Rejection
from pipeline.contract.shape import Rules
from pipeline.formats import payload, visitors
from pipeline.formats.payload import Fields

SOURCE = "ga4"

ACTIONS = MappingProxyType(
    {
        "view_item": "product_view",
        "add_to_cart": "cart_add",
        "remove_from_cart": "cart_remove",
        "begin_checkout": "checkout_start",
        "purchase": "purchase",
        "refund": "refund",
        "search": "search",
        "view_search_results": "search",
    }
)
IGNORED_EVENTS = frozenset(  # what GA4's own tags send by themselves
    {
        "app_remove", "app_update", "click", "error", "file_download", "first_open", "first_visit", "form_start",
        "form_submit", "os_update", "page_view", "screen_view", "scroll", "session_start", "user_engagement",
        "video_complete", "video_progress", "video_start", "view_item_list", "select_item", "view_cart",
        "view_promotion", "select_promotion", "add_shipping_info", "add_payment_info",
    }
)  # fmt: skip

_HEAD = ("client_id", "app_instance_id", "user_id", "timestamp_micros")
_HEAD_BYTES = 2048
_ORDERS = frozenset({"purchase", "refund"})
_OF_NO_ITEM = frozenset({"checkout_start", "search"})
_OF_ORDERS = frozenset({"purchase", "refund"})
_OF_REFUND = ("items", "value", "currency")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(body: bytes, rules: Rules, query: Mapping[str, str]) -> SentBatch:
    """Read the body of ``/mp/collect``.

    Parameters
    ----------
    query : parameters of the address; ``measurement_id`` (or an app's ``firebase_app_id``) must be among them

    Raises
    ------
    Unreadable, TooMany
        As `pipeline.contract.batches.read`.
    """
    if not (query.get("measurement_id") or query.get("firebase_app_id")):
        raise Unreadable("The address has no measurement_id.")
    envelope = payload.members(body)
    given = {name: envelope[name] for name in _HEAD if name in envelope and len(envelope[name]) <= _HEAD_BYTES}
    head = {name: payload.value(raw) for name, raw in given.items()}
    batch = SentBatch()
    who = customer(batch, rules, head)
    for place, event in enumerate(payload.elements(envelope.get("events"), "events")):
        record = _wrap(given, event)
        payload.add_message(batch, record, rules, SOURCE, partial(translate, head, who, rules, place))
    return batch


def _wrap(head: Mapping[str, bytes], event: bytes) -> bytes:
    """One event as a request of its own, which is kept where it is refused and can be sent again."""
    fields = {name: msgspec.Raw(raw) for name, raw in head.items()}
    return msgspec.json.encode({**fields, "events": [msgspec.Raw(event)]})


def customer(batch: SentBatch, rules: Rules, head: Fields) -> Any:
    """Who sent a request of this head; the link of two ids is noted in the batch."""
    return visitors.customer_of(batch, rules, known=head.get("user_id"), anonymous=_visitor(head))


def _visitor(head: Fields) -> Any:
    """The browser's or the app's own id."""
    return payload.text(head.get("client_id")) or payload.text(head.get("app_instance_id"))


def translate(head: Fields, who: Any, rules: Rules, place: int, wrapped: Fields) -> list[Fields] | Rejection | None:
    """The fields of the events of one event of GA4.

    Parameters
    ----------
    head : who did it and when, of the request
    who : the customer, as `customer` says
    place : of the event in its request
    wrapped : a request with this event alone
    """
    event = payload.table(wrapped["events"][0])
    name = event.get("name")
    kind = ACTIONS.get(name) if isinstance(name, str) else None
    if kind is None:
        return None if isinstance(name, str) and name in IGNORED_EVENTS else payload.unsupported(name)
    parameters = payload.table(event.get("params"))
    moment = event.get("timestamp_micros") or head.get("timestamp_micros")
    common = _common(head, who, parameters, kind) | {"occurred_at": _instant(moment, rules)}
    order = payload.text(parameters.get("transaction_id"))
    identity = _identity(head, event, kind, order, moment, rules, place)
    if kind in _OF_NO_ITEM:
        return [common | {"event_id": payload.stable_id(SOURCE, kind, identity), "order_id": order}]
    items = payload.rows(parameters.get("items")) or [payload.total(parameters, "value") if kind in _ORDERS else {}]
    return [
        common
        | _line(item, parameters)
        | {"event_id": payload.stable_id(SOURCE, kind, identity, number), "order_id": order}
        for number, item in enumerate(items)
    ]


def _identity(
    head: Fields, event: Mapping[str, Any], kind: str, order: Any, moment: Any, rules: Rules, place: int
) -> list[Any]:
    """The parts that make an event's id unique."""
    if kind == "purchase" and order:
        return [order]
    if kind == "refund" and order:  # clients add how long a page was read, which differs each time they send
        parameters = payload.table(event.get("params"))
        return [order, moment, *(parameters.get(name) for name in _OF_REFUND)]
    if moment:
        return [order, head, event]
    return [order, head, event, rules.now.isoformat(), place]


def _common(head: Fields, who: Any, parameters: Mapping[str, Any], kind: str) -> Fields:
    """The fields that all events of one GA4 event share."""
    visitor = _visitor(head)
    session = payload.text(parameters.get("session_id"))
    # a session's number is unique for its visitor only
    unique = f"{visitor}.{session}" if isinstance(visitor, str) and isinstance(session, str) and session else session
    is_long = isinstance(unique, str) and len(unique) > 64
    return {
        "event_type": kind,
        "customer_id": who,
        "session_id": payload.stable_id(unique) if is_long else unique,
        "channel": "app" if head.get("app_instance_id") else parameters.get("channel"),
        "device": parameters.get("device"),
        "region": parameters.get("region"),
        "store_id": payload.text(parameters.get("store_id") or parameters.get("affiliation")),
        "campaign": parameters.get("campaign"),
        "attributes": payload.note(
            coupon=parameters.get("coupon"), query=parameters.get("search_term") if kind == "search" else None
        ),
    }


def _line(item: Mapping[str, Any], parameters: Mapping[str, Any]) -> Fields:
    """The fields of one item."""
    levels = ("item_category", "item_category2", "item_category3", "item_category4", "item_category5")
    return {
        "product_id": payload.text(item.get("item_id")) or item.get("item_name"),
        "quantity": payload.whole(item.get("quantity")),
        "unit_price": item.get("price"),
        "currency": parameters.get("currency") or item.get("currency"),
        "product": {
            "name": item.get("item_name"),
            "category": payload.path(*(item.get(level) for level in levels)),
            "brand": item.get("item_brand"),
        },
    }


def _instant(micros: Any, rules: Rules) -> Any:
    """The instant of microseconds since 1970; now where there are none."""
    if not micros:
        return rules.now
    number = payload.whole(micros) if not (isinstance(micros, str) and micros.isdecimal()) else int(micros[:20])
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 10**17:
        return str(micros)  # the contract says what is wrong with it
    return _EPOCH + timedelta(microseconds=number)
