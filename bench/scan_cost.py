"""What every page scans on Athena at a billion events over two years, and its price: `python -m console scan-cost`."""

from __future__ import annotations

from collections.abc import Iterator

from bench.options import Options, Record, record
from console.finops.pricing import price_book
from console.scan_cost import command as scan_cost
from console.scan_cost.estimate import LIMIT_BYTES, dollars
from console.wiring import samples

EVENTS = 1_000_000_000


def measure(options: Options) -> Iterator[Record]:
    """Bytes and dollars of every view of every page."""
    price = price_book.load().price(scan_cost.PRICE, region="us-east-1").amount
    assert price is not None
    for view in scan_cost.measure(EVENTS, options.folder / "scan-cost", samples):
        assert not view.failure, view.failure
        name = f"scan_cost.{view.page.lower().replace(' ', '_')}"
        more = {"view": view.view, "events": EVENTS, "queries": len(view.cost.statements)}
        yield record(f"{name}.bytes", view.cost.scanned, "bytes", limit=LIMIT_BYTES, **more)
        for kind, size in (("scanned", view.cost.scanned), ("billed", view.cost.billed)):
            yield {"bench": f"{name}.{kind}_dollars", "value": float(dollars(size, price)), "unit": "USD", **more}
