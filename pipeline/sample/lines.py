"""Turns columns of events into canonical JSON lines, without a Python loop over events.

A line is made of a few pieces of text. Pieces that depend on the product or the visit are made once and looked up;
instants and identifiers are written into byte matrices; Arrow joins the pieces, and the data buffer of the resulting
string column *is* the content of the file. Lines equal what `pipeline.contract.events.encode` writes, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.sample.actions import (
    CART_ADD,
    CART_REMOVE,
    EVENT_TYPES,
    MODELS,
    PURCHASE,
    REFUND,
    SEARCH,
    SURFACES,
    Actions,
)  # fmt: skip
from pipeline.sample.people import CHANNELS, DEVICES, MARKETPLACE, STORE
from pipeline.sample.season import DAY_MS, DAYS, NEWSLETTER, Calendar, Ints
from pipeline.sample.shop import Shop
from pipeline.sample.visits import Visits
from pipeline.sample.words import REGIONS

SOURCES = ("native", "segment")  # the marketplace reports through Segment
Bytes = NDArray[np.uint8]

# One byte as two characters. A digit is always followed by a letter, so no identifier can look like a card number.
_PAIRS = np.frombuffer(
    b"".join(f"{high:x}{'ghjkmnpqrstuvwyz'[low]}".encode() for high in range(16) for low in range(16)), np.uint16
)


class Writer:
    """Writes the lines of one shop and calendar; safe to use from several threads."""

    def __init__(self, shop: Shop, when: Calendar, seed: int) -> None:
        self._shop = shop
        self._seed = seed
        self._types = pa.array([f',"event_type":"{name}","occurred_at":"' for name in EVENT_TYPES])
        self._products = pa.array([f',"product_id":"{identifier}"' for identifier in shop.identifiers] + [""])
        self._described = pa.array([_product_object(shop, index) for index in range(len(shop.names))] + [""])
        self._terms = pa.array([_search_object(name) for name in shop.names])
        self._slates = pa.array(
            [
                f',"recommendation":{{"surface":"{surface}","model":"{model}","rank":{rank},"request_id":"r'
                for surface in SURFACES
                for model in MODELS
                for rank in range(8)
            ]
        )
        self._sources = pa.array([f'Z","source":"{source}"}}\n' for source in SOURCES])
        self._campaigns = [f',"campaign":"{c.name}"' for c in when.campaigns] + [f',"campaign":"{NEWSLETTER}"', ""]
        days = "".join((when.start + timedelta(days=n)).isoformat() + "T" for n in range(DAYS))
        self._days = np.frombuffer(days.encode(), np.uint8).reshape(DAYS, 11)
        seconds = "".join(f"{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}." for n in range(86_400))
        self._seconds = np.frombuffer(seconds.encode(), np.uint8).reshape(86_400, 9)
        # No instant is a whole second: it would be written without a fraction, and all lines have the same length.
        self._fractions = np.frombuffer("".join(f"{max(n, 1):03d}000" for n in range(1000)).encode(), np.uint8)

    def lines(self, events: Actions, visits: Visits, first_event: int, first_visit: int) -> pa.StringArray:
        """One line per event, with its line end.

        Parameters
        ----------
        first_event, first_visit : numbers of the first event and the first visit in the whole sample
        """
        number = np.arange(first_event, first_event + events.kind.size, dtype=np.uint64)
        who, where = self._visit_pieces(visits, first_visit)
        return _joined(
            _enclosed(b'{"event_id":"', _identifiers64(number, self._seed), b'"'),
            self._types.take(pa.array(events.kind)),
            _enclosed(b"", self._instants(events.at), b'Z"'),
            who.take(pa.array(events.visit)),
            self._products.take(
                pa.array(np.where(events.kind == SEARCH, -1, events.product) % self._products_and_none)
            ),
            self._amounts(events, visits, first_visit),
            where.take(pa.array(events.visit)),
            self._described.take(pa.array(np.where(events.described, events.product, -1) % self._products_and_none)),
            self._extras(events, first_visit),
            _enclosed(b',"received_at":"', self._instants(events.received), b""),
            self._sources.take(pa.array((visits.channel == MARKETPLACE).astype(np.int8)[events.visit])),
        )

    def delayed(self, lines: pa.StringArray, received: Ints) -> list[bytes]:
        """The same lines with other instants of arrival."""
        instants = _text(self._instants(received)).to_pylist()
        mark = b'"received_at":"'
        copies = []
        for line, instant in zip(lines.cast(pa.binary()).to_pylist(), instants, strict=True):
            head, _, tail = line.rpartition(mark)
            copies.append(head + mark + instant.encode() + tail[len(instant) :])
        return copies

    @property
    def _products_and_none(self) -> int:
        return len(self._products)

    def _instants(self, milliseconds: Ints) -> Bytes:
        """Instants as text without the Z, 26 bytes each."""
        day, within = np.divmod(milliseconds, DAY_MS)
        second, fraction = np.divmod(within, 1000)
        text = np.empty((milliseconds.size, 26), np.uint8)
        text[:, :11] = self._days[day]
        text[:, 11:20] = self._seconds[second]
        text[:, 20:] = self._fractions.reshape(1000, 6)[fraction]
        return text

    def _visit_pieces(self, visits: Visits, first_visit: int) -> tuple[pa.StringArray, pa.StringArray]:
        """Per visit: customer and session; channel, device, region, store and campaign."""
        number = np.arange(first_visit, first_visit + visits.size, dtype=np.uint32)
        known = pa.array(visits.customer >= 0)
        customer = _enclosed(b',"customer_id":"c', _identifiers32(np.maximum(visits.customer, 0), self._seed + 1), b'"')
        session = _enclosed(b',"session_id":"s', _identifiers32(number, self._seed + 2), b'"')
        who = _joined(pc.if_else(known, customer, ""), pc.if_else(pa.array(visits.named), session, ""))
        place = (visits.channel * len(DEVICES) + visits.device) * len(REGIONS) + visits.region
        places = pa.array(
            [
                f',"channel":"{channel}","device":"{device}","region":"{region.name}"'
                for channel in CHANNELS
                for device in DEVICES
                for region in REGIONS
            ]
        )
        stores = [f',"store_id":"{store}"' for region in REGIONS for store in region.stores] + [""]
        begins = np.cumsum([0] + [len(region.stores) for region in REGIONS])
        several = np.array([len(region.stores) for region in REGIONS])
        store = np.where(
            visits.channel == STORE, begins[visits.region] + visits.customer % several[visits.region], len(stores) - 1
        )
        where = _joined(
            places.take(pa.array(place)),
            pa.array(stores).take(pa.array(store)),
            pa.array(self._campaigns).take(pa.array(visits.campaign % len(self._campaigns))),
        )
        return who, where

    def _amounts(self, events: Actions, visits: Visits, first_visit: int) -> pa.StringArray:
        """Quantity, price, currency and order of the events that have them; the currency of every event with a cost."""
        rows = np.flatnonzero(np.isin(events.kind, (CART_ADD, CART_REMOVE, PURCHASE, REFUND)))
        kind, visit = events.kind[rows], events.visit[rows]
        cents = self._shop.price_cents[events.product[rows]] * (100 - visits.discount[visit]) // 100
        whole, rest = np.divmod(np.maximum(cents, 1), 100)
        price = _joined(
            ',"unit_price":"',
            pa.array(whole).cast(pa.string()),
            pa.array([f'.{n:02d}00","currency":"USD"' for n in range(100)]).take(pa.array(rest)),
        )
        order = _enclosed(b',"order_id":"o', _identifiers32(first_visit + visit, self._seed + 3), b'"')
        pieces = _joined(
            ',"quantity":',
            pa.array(events.quantity[rows]).cast(pa.string()),
            pc.if_else(pa.array(kind != CART_REMOVE), price, ""),
            pc.if_else(pa.array((kind == PURCHASE) | (kind == REFUND)), order, ""),
        )
        index = np.where(events.described, 1, 0)
        index[rows] = np.arange(2, rows.size + 2)
        return pa.concat_arrays([pa.array(["", ',"currency":"USD"']), pieces]).take(pa.array(index))

    def _extras(self, events: Actions, first_visit: int) -> pa.StringArray:
        """Recommendation or attributes of the events that have them."""
        shown = np.flatnonzero(events.slate >= 0)
        request = _identifiers32(first_visit + events.visit[shown], self._seed + 4)
        slates = _joined(self._slates.take(pa.array(events.slate[shown])), _enclosed(b"", request, b'"}'))
        searched = np.flatnonzero(events.kind == SEARCH)
        terms = self._terms.take(pa.array(events.product[searched]))
        index = np.zeros(events.kind.size, dtype=np.int64)
        index[shown] = np.arange(1, shown.size + 1)
        index[searched] = np.arange(shown.size + 1, shown.size + searched.size + 1)
        return pa.concat_arrays([pa.array([""]), slates, terms]).take(pa.array(index))


def customer_ids(customers: Ints, seed: int) -> list[str]:
    """The ids that customers have in the events, by their numbers."""
    return ["c" + text for text in _text(_identifiers32(customers, seed + 1)).to_pylist()]


def as_bytes(lines: pa.StringArray, without: Ints) -> list[memoryview]:
    """The bytes of all lines in order, without a copy.

    Parameters
    ----------
    lines : as `Writer.lines` returns them
    without : positions of lines to leave out, ascending
    """
    offsets = np.frombuffer(lines.buffers()[1], np.int32)[: len(lines) + 1]
    data = memoryview(lines.buffers()[2])
    begins, ends = np.append(0, without + 1), np.append(without, len(lines))
    return [data[offsets[begin] : offsets[end]] for begin, end in zip(begins, ends, strict=True)]


def _product_object(shop: Shop, index: int) -> str:
    known = shop.description(index)
    if "unit_cost" in known:
        known["unit_cost"] += "00"  # four decimals, as the contract writes them
    return f',"product":{_compact(known)}'


def _search_object(product_name: str) -> str:
    """A search for a kind of product, such as "table lamp"."""
    return f',"attributes":{_compact({"query": product_name.split(" ", 1)[1].lower()})}'


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _joined(*pieces: pa.StringArray | str) -> pa.StringArray:
    """The texts of several columns, joined row by row."""
    return pc.binary_join_element_wise(*pieces, "")


def _enclosed(before: bytes, text: Bytes, after: bytes) -> pa.StringArray:
    """Fixed-width texts with the same bytes before and after each."""
    count, width = text.shape
    framed = np.empty((count, len(before) + width + len(after)), np.uint8)
    framed[:, : len(before)] = np.frombuffer(before, np.uint8)
    framed[:, len(before) : len(before) + width] = text
    framed[:, len(before) + width :] = np.frombuffer(after, np.uint8)
    return _text(framed)


def _text(matrix: Bytes) -> pa.StringArray:
    count, width = matrix.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)[: count + 1]
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(matrix)))


def _identifiers64(numbers: NDArray[np.uint64], salt: int) -> Bytes:
    """Distinct 16-character names (Steele, Lea & Flood, SplitMix64 finalizer: a bijection of 64-bit integers)."""
    mixed = numbers + np.uint64(salt * 0x9E3779B97F4A7C15 % (1 << 64))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return _as_text(mixed ^ (mixed >> np.uint64(31)))


def _identifiers32(numbers: Ints | NDArray[np.uint32], salt: int) -> Bytes:
    """Distinct 8-character names (Appleby, MurmurHash3 32-bit finalizer: a bijection of 32-bit integers)."""
    mixed = numbers.astype(np.uint32) ^ np.uint32(salt * 0x9E3779B1 % (1 << 32))
    mixed = (mixed ^ (mixed >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return _as_text(mixed ^ (mixed >> np.uint32(16)))


def _as_text(mixed: Sequence[int] | NDArray[np.unsignedinteger]) -> Bytes:
    values = np.ascontiguousarray(mixed)
    pairs = _PAIRS[values.view(np.uint8).reshape(values.size, -1)]
    return np.ascontiguousarray(pairs).view(np.uint8)
