"""Learning what to recommend: seconds and memory at sizes of shops.

Seconds of the processor say what it costs on a machine that others use, too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bench.options import Options, Record, peak_memory_mib, record
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.learning.training import EASE_PRODUCTS, FOR_YOU_NEIGHBOURS
from pipeline.recommend.methods.blend import Blend
from pipeline.recommend.methods.ease import Ease

DAYS = 365
ZIPF = 0.8  # popularity of a product is 1 ÷ rank to this power


@dataclass(frozen=True)
class Size:
    """A shop of a size, and what is learnt of it."""

    interactions: int
    customers: int
    products: int
    method: Ease | Blend


SIZES = {
    "ease, 1 M × 20,000": Size(1_000_000, 100_000, 20_000, Ease()),
    "blend, 1 M × 20,000": Size(
        1_000_000, 100_000, 20_000, Blend(ease_products=EASE_PRODUCTS, neighbours=FOR_YOU_NEIGHBOURS)
    ),
    "blend, 10 M × 100,000": Size(
        10_000_000, 1_000_000, 100_000, Blend(ease_products=EASE_PRODUCTS, neighbours=FOR_YOU_NEIGHBOURS)
    ),
}


def measure(_: Options) -> Iterator[Record]:
    """Each size in a process of its own, so that its memory is its own."""
    for name in SIZES:
        command = [sys.executable, "-c", f"from bench.recommend_training import learn; learn({name!r})"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        yield record("recommend.learn", found["elapsed"], "s", size=name, processor_seconds=found["processor"])
        yield record("recommend.learn_memory", found["memory"], "MiB", size=name)


def learn(name: str) -> None:
    """Learn from a shop of a size, and print what it took."""
    size = SIZES[name]
    shop = made_up(size)
    elapsed, processor = _timed(lambda: size.method.fit(shop, seed=1))
    sys.stdout.write(json.dumps({"elapsed": elapsed, "processor": processor, "memory": peak_memory_mib()}))


def made_up(size: Size, seed: int = 1) -> Interactions:
    """Customers with tastes: 70 % of what each does is in one of 40 categories, by popularity."""
    random = np.random.default_rng(seed)
    rows = size.interactions
    categories = 40
    customer = random.integers(size.customers, size=rows)
    category = np.where(random.random(rows) < 0.7, customer % categories, random.integers(categories, size=rows))
    within = size.products // categories
    popularity = np.cumsum(1 / np.arange(1, within + 1) ** ZIPF)
    place = np.searchsorted(popularity / popularity[-1], random.random(rows))
    product = category * within + np.minimum(place, within - 1)
    visit = random.integers(0, DAYS // 10, size=rows) * 10 + customer % 10  # a customer comes every ten days at most
    return Interactions(
        tuple(map(str, range(size.customers))),
        tuple(map(str, range(size.products))),
        customer.astype(np.int32),
        product.astype(np.int32),
        np.ones(rows, dtype=np.float32),
        visit.astype(np.int64) * 86_400,
        tuple(str(number // within) for number in range(size.products)),
    )


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that passed, and of the processor."""
    started, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - used
