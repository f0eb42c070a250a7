"""Snowplow's tracker protocol: its e-commerce events, and the older transactions, become events (pure).

``POST /com.snowplowanalytics.snowplow/tp2`` brings several events as a self-describing ``payload_data``, ``GET /i`` one
as parameters of the address. An e-commerce event is an action (`ACTIONS`) whose products, transaction, refund and user
are entities beside it. A transaction is named by its order, so that a reloaded confirmation page is no second order;
every other event by its ``eid``.

Of the older events, each ``ti`` is an order line. A ``tr`` repeats its order's total: it is ignored where a line of the
order is in the same request, and refused otherwise, since its lines may have come or come yet in another one.

A sender's clock that is wrong by more than `CLOCK_SKEW` is corrected: the event happened as long before its reception
as it was made (``dtm``) before it was sent (``stm``).

Source of the names: Snowplow's *Tracker Protocol* and its schemas in Iglu Central.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec

from pipeline.contract.batches import SentBatch, TooMany, Unreadable
from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.contract.shape import Rules
from pipeline.formats import payload, visitors
from pipeline.formats.payload import Fields

SOURCE = "snowplow"
CLOCK_SKEW = timedelta(seconds=10)  # between well-kept clocks, the way of a request and `stm` in whole seconds included

ACTIONS = MappingProxyType(
    {
        "product_view": "product_view",
        "add_to_cart": "cart_add",
        "remove_from_cart": "cart_remove",
        "checkout_step": "checkout_start",
        "transaction": "purchase",
        "refund": "refund",
    }
)
IGNORED_ACTIONS = frozenset({"list_click", "list_view", "promo_click", "promo_view", "trns_error"})
OLDER_ACTIONS = MappingProxyType(
    {"add_to_cart": "cart_add", "remove_from_cart": "cart_remove", "site_search": "search"}
)
IGNORED_EVENTS = frozenset({"pv", "pp", "se", "ad"})  # page views and pings, structured events, impressions

Entities = Mapping[str, list[Mapping[str, Any]]]  # what is beside an event, by the name of its schema

_ECOMMERCE, _OLDER = "com.snowplowanalytics.snowplow.ecommerce", "com.snowplowanalytics.snowplow"
_ACTION = "snowplow_ecommerce_action"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHANNELS = MappingProxyType({"web": "web", "mob": "app", "app": "app", "srv": None, "pc": None})


def read(body: bytes, rules: Rules) -> SentBatch:
    """Read the body of ``/com.snowplowanalytics.snowplow/tp2``.

    Raises
    ------
    Unreadable, TooMany
        As `pipeline.contract.batches.read`.
    """
    records = payload.elements(payload.members(body).get("data"), "data")
    return _batch(records, rules)


def read_query(query: Mapping[str, str], rules: Rules) -> SentBatch:
    """Read the parameters of ``/i``, which are one event; the write key is not kept."""
    fields = {name: value for name, value in query.items() if name != "key"}
    return _batch([msgspec.json.encode(fields)], rules)


def app_id(body: bytes) -> str:
    """The app id of the first event of a body that has one: a tracker has one; empty where there is none."""
    try:
        records = payload.elements(payload.members(body).get("data"), "data")
    except (Unreadable, TooMany):
        return ""
    names = (payload.table(payload.value(record)).get("aid") for record in records)
    return next((name for name in names if isinstance(name, str) and name), "")


def read_again(record: bytes, rules: Rules) -> SentBatch:
    """Read what the quarantine keeps of an event."""
    return _batch([record], rules)


def _batch(records: list[bytes], rules: Rules) -> SentBatch:
    itemised = {_order_of_line(record) for record in records if b'"ti"' in record}
    batch = SentBatch()
    for place, record in enumerate(records):
        payload.add_message(batch, record, rules, SOURCE, partial(_translate, batch, rules, place, itemised))
    return batch


def _order_of_line(record: bytes) -> Any:
    fields = payload.table(payload.value(record))
    name = fields.get("ti_id") if fields.get("e") == "ti" else None
    return name if isinstance(name, str) else None


def _translate(
    batch: SentBatch, rules: Rules, place: int, itemised: set[Any], fields: Fields
) -> list[Fields] | Rejection | None:
    """The fields of the events of one event of Snowplow."""
    kind, entities = fields.get("e"), _entities(fields)
    common = _common(fields, entities, _customer(batch, rules, fields, entities), rules)
    if kind == "ue":
        return _self_describing(rules, place, fields, common, entities)
    if kind == "ti":
        return [common | _order_line(fields)]
    if kind == "tr":
        if fields.get("tr_id") in itemised:
            return None
        detail = "A transaction (tr) without a line (ti) in its request: only lines are counted, wherever they come."
        return rejected(Reason.MISSING_FIELD, detail)
    return None if isinstance(kind, str) and kind in IGNORED_EVENTS else payload.unsupported(kind)


def _self_describing(
    rules: Rules, place: int, fields: Fields, common: Fields, entities: Entities
) -> list[Fields] | Rejection | None:
    event = _json(fields, "ue_pr", "ue_px")
    if not event:
        return rejected(Reason.INVALID_VALUE, "Field ue_pr, or ue_px in Base64, is no JSON object.")
    inner = payload.table(event.get("data"))
    vendor, name = _schema(inner)
    if not vendor:
        return rejected(
            Reason.INVALID_VALUE, "The event inside names no schema, such as iglu:com.acme/x/jsonschema/1-0-0."
        )
    data = payload.table(inner.get("data"))
    identity = (SOURCE, fields.get("eid") or [fields, rules.now.isoformat(), place])
    if vendor == _OLDER and name in OLDER_ACTIONS:
        kind = OLDER_ACTIONS[name]
        own = _older_product(data) if kind != "search" else {"attributes": _terms(data.get("terms"))}
        return [common | own | {"event_type": kind, "event_id": payload.stable_id(*identity)}]
    if vendor != _ECOMMERCE or name != _ACTION:
        return None  # what else a site tracks is no action of a shop
    action = data.get("type")
    if not isinstance(action, str) or action not in ACTIONS:
        ignored = isinstance(action, str) and action in IGNORED_ACTIONS
        return None if ignored else payload.unsupported(action)
    return _action(ACTIONS[action], common, identity, entities)


def _action(kind: str, common: Fields, identity: tuple[Any, ...], entities: Entities) -> list[Fields] | None:
    """The events of one e-commerce action: one for each of its products."""
    common = common | {"event_type": kind}
    if kind == "checkout_start":
        step = next(iter(entities.get("checkout_step", [])), {}).get("step", 1)
        # the later steps are the same checkout
        return [common | {"event_id": payload.stable_id(*identity)}] if str(step) in ("0", "1") else None
    head = next(iter(entities.get("transaction" if kind == "purchase" else "refund", [])), {})
    order = payload.text(head.get("transaction_id"))
    if kind == "purchase" and order:
        identity = (SOURCE, kind, order)
    if order and not common["customer_id"] and not common["session_id"]:
        common["session_id"] = (
            f"order-{order}"  # anonymous tracking names nobody, and the revenue is revenue all the same
        )
    common |= {"order_id": order, "attributes": payload.note(coupon=head.get("discount_code"))}
    products = entities.get("product", [])
    if not products and kind in ("purchase", "refund"):
        total = head.get("revenue") if kind == "purchase" else head.get("refund_amount")
        return [
            common
            | {"event_id": payload.stable_id(*identity, 0), "unit_price": total, "currency": head.get("currency")}
        ]
    return [
        common
        | _product(product)
        | {
            "event_id": payload.stable_id(*identity, number),
            "currency": product.get("currency") or head.get("currency"),
        }
        for number, product in enumerate(products or [{}])
    ]


def _product(product: Mapping[str, Any]) -> Fields:
    """The fields of a product entity."""
    return {
        "product_id": payload.text(product.get("id")),
        "quantity": payload.whole(product.get("quantity")),
        "unit_price": product.get("price"),
        "product": {"name": product.get("name"), "category": product.get("category"), "brand": product.get("brand")},
    }


def _older_product(data: Mapping[str, Any]) -> Fields:
    """The fields of the older add_to_cart and remove_from_cart."""
    return {
        "product_id": payload.text(data.get("sku")),
        "quantity": payload.whole(data.get("quantity")),
        "unit_price": data.get("unitPrice"),
        "currency": data.get("currency"),
        "product": {"name": data.get("name"), "category": data.get("category")},
    }


def _terms(given: Any) -> Fields | None:
    words = [word for word in given if isinstance(word, str)] if isinstance(given, list) else []
    return payload.note(query=" ".join(words))


def _order_line(fields: Fields) -> Fields:
    """The purchase of an older order line, named by its order and product: the lines of an order come one by one."""
    order, product = fields.get("ti_id"), fields.get("ti_sk")
    identity = [order, product, fields.get("ti_pr"), fields.get("ti_qu")] if order else [fields.get("eid"), fields]
    return {
        "event_type": "purchase",
        "event_id": payload.stable_id(SOURCE, "ti", *identity),
        "order_id": payload.text(order),
        "product_id": payload.text(product),
        "quantity": payload.whole(fields.get("ti_qu")),
        "unit_price": fields.get("ti_pr"),
        "currency": fields.get("ti_cu"),
        "product": {"name": fields.get("ti_nm"), "category": fields.get("ti_ca")},
    }


def _customer(batch: SentBatch, rules: Rules, fields: Fields, entities: Entities) -> Any:
    """Who sent an event; the link of two ids is noted in the batch."""
    user = next(iter(entities.get("user", [])), {})
    session = next(iter(entities.get("client_session", [])), {})  # of mobile trackers
    device = fields.get("duid") or session.get("userId") or fields.get("nuid")
    return visitors.customer_of(batch, rules, known=fields.get("uid") or user.get("id"), anonymous=device)


def _common(fields: Fields, entities: Entities, customer: Any, rules: Rules) -> Fields:
    """The fields that all events of one event share."""
    session = next(iter(entities.get("client_session", [])), {})
    platform = fields.get("p")
    return {
        "occurred_at": _instant(fields, rules),
        "customer_id": customer,
        "session_id": payload.text(fields.get("sid") or session.get("sessionId")),
        "channel": _CHANNELS.get(platform, platform) if isinstance(platform, str) else None,
    }


def _instant(fields: Fields, rules: Rules) -> Any:
    """When an event happened: ``ttm`` where it is given, else ``dtm`` with its clock corrected, else now."""
    made, sent = _moment(fields.get("ttm") or fields.get("dtm")), _moment(fields.get("stm"))
    if made is None:
        given = fields.get("ttm") or fields.get("dtm")
        return rules.now if not given else str(given)  # the contract says what is wrong with it
    if sent is None or fields.get("ttm") or abs(rules.now - sent) <= CLOCK_SKEW:
        return made
    return rules.now - max(sent - made, timedelta(0))


def _moment(milliseconds: Any) -> datetime | None:
    text = str(milliseconds)
    if not (text.isascii() and text.isdecimal() and len(text) <= 14):
        return None
    return _EPOCH + timedelta(milliseconds=int(text))


def _entities(fields: Fields) -> Entities:
    """The entities beside an event, by the name of their schema."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for entity in payload.rows(_json(fields, "co", "cx").get("data")):
        found.setdefault(_schema(entity)[1], []).append(payload.table(entity.get("data")))
    return found


def _schema(given: Mapping[str, Any]) -> tuple[str, str]:
    """Vendor and name of a schema such as ``iglu:com.acme/product/jsonschema/1-0-0``; empty where it is none."""
    schema = given.get("schema")
    parts = schema.removeprefix("iglu:").split("/") if isinstance(schema, str) else []
    return (parts[0], parts[1]) if len(parts) == 4 else ("", "")


def _json(fields: Fields, plain: str, encoded: str) -> Mapping[str, Any]:
    """The object in a field, plain or in URL-safe Base64; an empty one where there is none."""
    text = fields.get(plain)
    if isinstance(text, str) and text:
        return payload.table(payload.value(text.encode("utf-8", "replace")))
    text = fields.get(encoded)
    if not isinstance(text, str):
        return {}
    try:
        # trackers leave the padding out, and some use the other alphabet
        raw = base64.b64decode(text.replace("+", "-").replace("/", "_") + "==", altchars=b"-_")
    except (binascii.Error, ValueError):
        return {}
    return payload.table(payload.value(raw))
