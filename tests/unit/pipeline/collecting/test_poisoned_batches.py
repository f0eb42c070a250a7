"""One bad element costs one element: in every format the others are accepted, and it is kept as it came."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.collecting import SECRET, VIEW, Shelf, collector, request

MOMENT = "2026-03-01T12:00:00Z"


@dataclass(frozen=True)
class Format:
    """A format of batches: a good element whose product is given as JSON, a body of elements, and where it is sent."""

    path: str
    element: Callable[[str, bytes], bytes]
    body: Callable[[Sequence[bytes]], bytes]


def native(name: str, product: bytes) -> bytes:
    return json.dumps(VIEW | {"event_id": name, "product_id": "P"}).encode().replace(b'"P"', product)


def segment(name: str, product: bytes) -> bytes:
    call = {"type": "track", "event": "Product Viewed", "userId": "c1", "messageId": name, "timestamp": MOMENT}
    return json.dumps(call | {"properties": {"product_id": "P"}}).encode().replace(b'"P"', product)


def ga4(name: str, product: bytes) -> bytes:
    items = {"session_id": name, "items": [{"item_id": "P"}]}
    event = {"name": "view_item", "params": items, "timestamp_micros": 1772366400_000_000}
    return json.dumps(event).encode().replace(b'"P"', product)


FORMATS = {
    "native array": Format("/v1/events", native, lambda elements: b"[" + b", ".join(elements) + b"]"),
    "native lines": Format("/v1/events", native, b"\r\n".join),
    "segment": Format("/v1/batch", segment, lambda elements: b'{"sentAt":null,"batch":[' + b",".join(elements) + b"]}"),
    "ga4": Format("/mp/collect", ga4, lambda elements: b'{"client_id":"c1","events":[' + b",".join(elements) + b"]}"),
}
UNREADABLE = {"invalid_utf8", "invalid_json"}
POISONED_PRODUCTS = {
    "an emoji cut in half": (b'"\\ud83d"', UNREADABLE),
    "its other half": (b'"lamp \\uDE00"', UNREADABLE),
    "5,000 lists in lists": (b"[" * 5000 + b"]" * 5000, UNREADABLE),
    "2,000 objects in objects": (b'{"a":' * 2000 + b"1" + b"}" * 2000, UNREADABLE),
    "NaN": (b"NaN", set()),
    "Infinity": (b"-Infinity", set()),
    "bytes that are no UTF-8": (b'"l\xe4mp"', UNREADABLE),
    "a number without end": (b"9" * 5000, set()),
    "a name over the bound of a record": (b'"' + b"x" * 40_000 + b'"', {"too_large"}),
    "an object": (b"{}", set()),
    "a word that is no JSON": (b"undefined", UNREADABLE),
    "an escape that is none": (b'"\\x41"', UNREADABLE),
    "signs in a text": (b'"],}[{\\"\\ud83d"', UNREADABLE),
}
WHOLE = {"a number": b"7", "null": b"null", "a text": b'"},{"', "a list": b'[{"a":[1]}]', "no JSON": b"nul"}


def sent(form: Format, elements: Sequence[bytes]) -> Shelf:
    """Send a batch, and check that what is told is what is stored."""
    stream = Shelf()
    intake = collector(stream)
    response = intake.answer(
        request(form.body(elements), path=form.path, query={"measurement_id": "G-1", "api_secret": SECRET})
    )
    assert response.status in (200, 202, 204), response.body
    counts = intake.counts()
    assert counts["received"] == len(elements) == counts["accepted"] + counts["quarantined"] + counts["duplicates"]
    return stream


def holds(form: Format, good: int, place: int, poison: bytes) -> dict[str, str]:
    """Send one poisoned element among good ones; its line in the quarantine."""
    elements = [form.element(f"g{number}", b'"p1"') for number in range(good)]
    elements.insert(place, poison)
    stream = sent(form, elements)
    assert stream.events() == sent(form, elements[:place] + elements[place + 1 :]).events()
    assert len(stream.events()) == good
    (refused,) = stream.refused()
    record = base64.b64decode(refused["record"])
    assert poison in record if form.path == "/mp/collect" else record == poison
    return refused


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(("product", "reasons"), POISONED_PRODUCTS.values(), ids=POISONED_PRODUCTS)
def test_a_poisoned_element_is_quarantined_alone_with_its_bytes(form: Format, product: bytes, reasons: set[str]):
    refused = holds(form, 3, 1, form.element("bad", product))
    assert not reasons or refused["reason"] in reasons


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("element", WHOLE.values(), ids=WHOLE)
def test_an_element_that_is_no_object_is_quarantined_alone(form: Format, element: bytes):
    assert holds(form, 2, 1, element)["reason"] in ("not_an_object", "invalid_json", "unknown_event_type")


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(FORMATS.values())),
    st.integers(1, 6).flatmap(lambda good: st.tuples(st.just(good), st.integers(0, good))),
    st.binary(max_size=30).filter(lambda text: not any(sign in text for sign in b'"\\\n')),
)
def test_whatever_bytes_a_text_holds_its_element_costs_no_other(form: Format, places: tuple[int, int], text: bytes):
    good, place = places
    holds(form, good, place, form.element("bad", b'"\xff' + text + b'"'))
