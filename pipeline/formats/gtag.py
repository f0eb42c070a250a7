"""gtag.js, GA4's tag for pages: what it sends to ``/g/collect`` becomes events (pure).

Every parameter of an event is one of the address or of a line of the body; several events in one request are as many
lines, which share the address. The events are GA4's, and are read as `pipeline.formats.ga4` reads them, so that a
purchase that comes from the page and over the Measurement Protocol is one. Another event is named by its page view
(``_p``), its place in it (``_s``) and its line. It happened when it is received: the tag sends no time.

Source of the names: the requests of gtag.js, which Google does not document; parameters are those of GA4's events.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from pipeline.contract.batches import MAX_RECORDS, SentBatch, TooMany, Unreadable
from pipeline.contract.rejections import Rejection
from pipeline.contract.shape import Rules
from pipeline.formats import ga4, payload
from pipeline.formats.payload import Fields

SOURCE = "gtag"
MESSAGE_BYTES = 128 * 1024  # the tag sends up to 200 items with an event

_ITEM = re.compile(r"pr([0-9]{1,3})")
_ITEM_FIELDS = MappingProxyType(
    {
        "id": "item_id", "nm": "item_name", "br": "item_brand", "pr": "price", "qt": "quantity", "ca": "item_category",
        "c2": "item_category2", "c3": "item_category3", "c4": "item_category4", "c5": "item_category5",
    }
)  # fmt: skip


def read(body: bytes, rules: Rules, query: Mapping[str, str]) -> SentBatch:
    """Read a request to ``/g/collect``; the write key is not kept.

    Parameters
    ----------
    query : parameters of the address; ``tid``, the measurement id, must be among them

    Raises
    ------
    Unreadable, TooMany
        As `pipeline.contract.batches.read`.
    """
    if not query.get("tid"):
        raise Unreadable("The address has no tid.")
    shared = {name: value for name, value in query.items() if name != "key"}
    lines = [line for line in body.decode("utf-8", "replace").split("\n") if line.strip()] or [""]
    if len(lines) > MAX_RECORDS:
        raise TooMany
    batch = SentBatch()
    for place, line in enumerate(lines):
        _add(batch, msgspec.json.encode(shared | dict(parse_qsl(line.strip(), keep_blank_values=True))), rules, place)
    return batch


def read_again(record: bytes, rules: Rules) -> SentBatch:
    """Read what the quarantine keeps of an event: its parameters, as a JSON object."""
    batch = SentBatch()
    _add(batch, record, rules, 0)
    return batch


def _add(batch: SentBatch, record: bytes, rules: Rules, place: int) -> None:
    payload.add_message(batch, record, rules, SOURCE, partial(_translate, batch, rules, place), limit=MESSAGE_BYTES)


def _translate(batch: SentBatch, rules: Rules, place: int, sent: Fields) -> list[Fields] | Rejection | None:
    """The fields of the events of one event of the tag."""
    head, event = _head(sent), {"name": sent.get("en"), "params": _params(sent)}
    events = ga4.translate(head, ga4.customer(batch, rules, head), rules, place, {"events": [event]})
    if not isinstance(events, list):
        return events
    for number, event in enumerate(events):
        if event["event_type"] != "purchase" or not event.get("order_id"):
            hit = [sent.get(name) for name in ("tid", "cid", "sid", "_p", "_s", "en")]
            if not (sent.get("_p") and sent.get("_s")):
                hit.append(rules.now.isoformat())
            event["event_id"] = payload.stable_id(SOURCE, *hit, place, number)
    return events


def _head(sent: Fields) -> Fields:
    return {"client_id": sent.get("cid"), "user_id": sent.get("uid")}


def _params(sent: Fields) -> Fields:
    """The parameters of an event as GA4's Measurement Protocol has them."""
    named = {name.partition(".")[2]: value for name, value in sent.items() if name.startswith(("ep.", "epn."))}
    places = sorted((int(found[1]), name) for name in sent if (found := _ITEM.fullmatch(name)))
    items = [_item(sent[name]) for _, name in places]
    return {
        "channel": "web",
        **named,
        "session_id": sent.get("sid"),
        "currency": sent.get("cu") or named.get("currency"),
        "items": items,
    }


def _item(text: Any) -> Fields:
    """One item: fields with ``~`` between them, each its value behind two letters; ``~~`` is a tilde of a value."""
    fields = re.split(r"(?<!~)~(?!~)", text) if isinstance(text, str) else []
    return {_ITEM_FIELDS[name]: field[2:].replace("~~", "~") for field in fields if (name := field[:2]) in _ITEM_FIELDS}
