"""Recommendations: packing, scoring, what a Lambda handler takes without its calls, and an answer over HTTP.

The model has 20,000 products with 400 neighbours each. Of the customers who ask the server, half know fewer than 45
products, and one in ten more than 160; those of the records named `longest` have all that is kept, 200 stored products
and 20 recent ones. So many ask in turn that what was read of one is never still known when the same one asks again.
``python -m bench recommendations`` prints one JSON object a line.
"""

from __future__ import annotations

import random
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from itertools import count, islice
from pathlib import Path
from typing import Any

from bench.http import SETTLE_SECONDS, Server, serving
from bench.options import Options, Record, percentile, record
from bench.single import exchange
from pipeline.collecting.keys import FILE, KeyFile, WriteKey
from pipeline.collecting.keys import digest_of as digest_of_key
from pipeline.handlers.gateway import payload_of, request_from
from pipeline.live.documents import RECENT_ITEMS, Item
from pipeline.live.store import LiveStore
from pipeline.recommend.customers.histories import HISTORY_ITEMS, pack_history, unpack_history
from pipeline.recommend.customers.keys import digest_of, history_key
from pipeline.recommend.customers.stored_customers import StoredCustomer
from pipeline.recommend.models.embedded import FILE as MODELS
from pipeline.recommend.models.embedded import EmbeddedModelStore
from pipeline.recommend.models.model import DirectoryEntry, Model, ModelCard, Neighbours, RankedList
from pipeline.recommend.models.packing import PackedNeighbours, pack_neighbours, unpack_neighbours
from pipeline.recommend.serving.array_scoring import ArrayScoring
from pipeline.recommend.serving.recommender import Recommender
from pipeline.recommend.serving.scoring import PlainScoring, Seed
from pipeline.recommend.serving.scoring import share as share_of
from pipeline.recommend.serving.service import RecommendationService
from pipeline.streams import Batch, Entry, Kind

PRODUCTS, NEIGHBOURS = 20_000, 400
LISTS = 500  # neighbour lists that are made; a product has one of them
CUSTOMERS = 2_000  # who ask in turn: each again after four seconds
SECONDS, RATE = 4.0, 500.0
ORDINARY, LONGEST = "c", "long-"  # the ids of customers begin so
KEY = "tk_bench"
NOW = datetime.now(UTC)


def measure(_options: Options) -> Iterator[Record]:
    """The parts first, then a server."""
    model = made_model()
    lists = model.neighbours["for_you"][:HISTORY_ITEMS]
    packed = pack_neighbours(lists[0])
    yield record("recommendations.unpack", 1000 * _best(lambda: unpack_neighbours(packed)), "µs", limit=50)
    seeds = [Seed(place, "product_view", 1.0) for place in range(HISTORY_ITEMS)]
    cut = share_of(HISTORY_ITEMS)
    by_place = {place: unpack_neighbours(pack_neighbours(found)) for place, found in enumerate(lists)}
    options = {"prior": array("d", model.prior), "popular": list(range(300)), "products": PRODUCTS, "most": 50}
    plain, arrays = PlainScoring(), ArrayScoring()
    for name, score in (("plain", plain.score), ("arrays", arrays.score)):
        took = _best(partial(score, seeds, by_place, **options))  # type: ignore[arg-type]
        yield record(f"recommendations.score_{name}", took, "ms", limit=2, items=HISTORY_ITEMS, neighbours=cut)
    yield from _handler(model)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "lake") as server:
        yield from _served(server, model)


def made_model() -> Model:
    """A model of random weights: every list brings other candidates, which is the most work."""
    numbers = random.Random(7)

    def neighbours() -> Neighbours:
        weights = sorted((numbers.gauss(0, 1) for _ in range(NEIGHBOURS)), key=abs, reverse=True)
        return Neighbours(tuple(numbers.sample(range(PRODUCTS), NEIGHBOURS)), tuple(weights))

    lists = [neighbours() for _ in range(LISTS)]
    places = tuple(range(LISTS))
    return Model(
        ModelCard(
            version="20260302T040000Z-aaaa",
            trained_at=NOW,
            first_event=None,
            last_event=None,
            interactions=0,
            customers=0,
            products=PRODUCTS,
            method="bench",
            parameters={},
        ),
        tuple(DirectoryEntry(f"p{n}", f"Category {n % 12}", f"Product {n}") for n in range(PRODUCTS)),
        {"for_you": tuple(lists[n % LISTS] for n in range(PRODUCTS))},
        (RankedList("best_sellers", "", places, tuple(float(LISTS - place) for place in places)),),
        tuple(numbers.random() for _ in range(PRODUCTS)),
    )


class _InMemory:
    """Every port of the service without any call: what is left is ours."""

    def __init__(self, model: Model) -> None:
        self.card, self.directory, self.prior = model.card, model.directory, array("d", model.prior)
        self._model = model
        self._places = {entry.product_id: place for place, entry in enumerate(model.directory)}
        self._lists = [unpack_neighbours(pack_neighbours(found)) for found in model.neighbours["for_you"][:LISTS]]

    def current(self) -> Any:
        return self

    def place_of(self, product_id: str) -> int | None:
        return self._places.get(product_id)

    def neighbours(self, _surface: str, places: Sequence[int]) -> Mapping[int, PackedNeighbours]:
        return {place: self._lists[place % LISTS] for place in places}

    def ranked(self, _surface: str, scope: str) -> RankedList | None:
        return None if scope else self._model.lists[0]

    def recent_items(self, customer_id: str) -> Sequence[Item]:
        return [Item(f"p{product}", "product_view", NOW) for product in recent_products(customer_id)]

    def read(self, customer_id: str) -> StoredCustomer:
        return StoredCustomer(refuses=False, history=unpack_history(stored_history(customer_id)))

    def find(self, secret: str) -> WriteKey:
        return WriteKey(id="k", source="bench", digest=digest_of_key(secret), created_at=NOW, purpose="read")

    def all(self) -> Sequence[WriteKey]:
        return ()


@cache
def products_of(customer_id: str) -> Sequence[int]:
    """The places of the products that a customer knows, the newest first: as in a shop, some are known to many."""
    numbers, found = random.Random(customer_id), dict[int, None]()
    stored = HISTORY_ITEMS if customer_id.startswith(LONGEST) else 1 + int(HISTORY_ITEMS * numbers.random() ** 3)
    while len(found) < RECENT_ITEMS + stored:
        found[int(PRODUCTS * numbers.random() ** 2)] = None
    return list(found)


def recent_products(customer_id: str) -> Sequence[int]:
    """Those that live knows."""
    return products_of(customer_id)[:RECENT_ITEMS]


@cache
def stored_history(customer_id: str) -> bytes:
    """The older ones, as a training stores them, one an hour."""
    products = [f"p{place}" for place in products_of(customer_id)[RECENT_ITEMS:]]
    newest = int(NOW.timestamp()) // 3600
    return pack_history(products, "v" * len(products), range(newest, newest - len(products), -1))


def _handler(model: Model) -> Iterator[Record]:
    ports = _InMemory(model)
    service = RecommendationService(Recommender(ports, ports, ports), ports)

    def handled(customer: str) -> None:
        path = f"/v1/recommendations/{customer}"
        context = {"http": {"method": "GET", "path": path, "sourceIp": "192.0.2.1"}, "stage": "$default"}
        payload = {"version": "2.0", "rawPath": path, "requestContext": context, "headers": {"x-write-key": KEY}}
        if payload_of(service.answer(request_from(payload)).response)["statusCode"] != 200:
            raise RuntimeError("The service refused a request")

    times = []
    for number in range(300):
        products_of(f"{LONGEST}{number}")  # made before anything is timed
        begun = time.process_time()
        handled(f"{LONGEST}{number}")
        times.append(1000 * (time.process_time() - begun))
    for word, share in (("p50", 0.5), ("p99", 0.99)):
        yield record(f"recommendations.handler_{word}", percentile(times, share), "ms", limit=3, of="CPU")


def _served(server: Server, model: Model) -> Iterator[Record]:
    """Answers at a steady rate from the console's own server."""
    models = EmbeddedModelStore(server.lake.root / MODELS)
    models.publish(model, after=None)
    customers = [f"{kind}{number}" for kind in (ORDINARY, LONGEST) for number in range(CUSTOMERS)]
    models.items.put_all((history_key(digest_of(customer)), stored_history(customer)) for customer in customers)
    models.close()
    _, key = KeyFile(server.lake.root / FILE).create("bench", purpose="read")
    time.sleep(SETTLE_SECONDS)
    live = server.live()
    _view(live)

    def requests(kind: str) -> Iterator[bytes]:
        for number in count():
            path = f"/v1/recommendations/{kind}{number % CUSTOMERS}"
            yield f"GET {path} HTTP/1.1\r\nhost: localhost\r\nx-write-key: {key}\r\n\r\n".encode()

    for kind, name in ((ORDINARY, "response"), (LONGEST, "longest_response")):
        exchange(server.address, requests(kind), seconds=2.0, rate=RATE / 2, success=b"HTTP/1.1 200")
        used = sum(server.process.cpu_times()[:2])
        found = exchange(server.address, requests(kind), seconds=SECONDS, rate=RATE, success=b"HTTP/1.1 200")
        used = sum(server.process.cpu_times()[:2]) - used
        more = {"rate": round(found.rate), "server_ms_per_answer": round(1000 * used / found.requests, 2)}
        for word, share in (("p50", 0.5), ("p99", 0.99)):
            bound = {"limit": 10} if (kind, word) == (ORDINARY, "p99") else {}
            latency = 1000 * percentile(found.latencies, share)
            yield record(f"recommendations.{name}_{word}", latency, "ms", **bound, **more)
    live.close()


def _view(live: LiveStore) -> None:
    """Every customer views the products that are recent."""
    entries = []
    for customer in (f"{kind}{number}" for kind in (ORDINARY, LONGEST) for number in range(CUSTOMERS)):
        for place in recent_products(customer):
            line = (
                f'{{"event_id":"{customer}-{place}","event_type":"product_view","occurred_at":"{NOW:%FT%TZ}",'
                f'"received_at":"{NOW:%FT%TZ}","customer_id":"{customer}","product_id":"p{place}"}}'
            )
            entries.append(Entry(Kind.EVENT, customer, line.encode()))
    if not live.apply(Batch(entries, "1"), after=None, shard="bench"):
        raise RuntimeError("The live store has views already")


def _best(call: Callable[[], object], rounds: int = 40) -> float:
    """Milliseconds of a call, the least of some rounds: others share this machine."""
    times = []
    for _ in islice(count(), rounds):
        begun = time.process_time()
        for _ in range(10):
            call()
        times.append((time.process_time() - begun) * 100)
    return min(times)
