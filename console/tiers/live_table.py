"""The lines of the live table: what the live function reads and writes, known customers, what recommendations start
from, and readers of Live.

Units were measured by `python -m bench live_units`: the sample's visits, at each tier's traffic and window, through the
real store.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from console.tiers.factors import A_MONTH, HOURS_A_MONTH, Factor, Row, per, times
from console.tiers.sizing import PEAK_FACTOR, SECONDS_A_DAY, Flow, ceiling

# Units of one batch by the events in it: documents of the minutes that it touches, hashes, head and flow, in a
# transaction, which costs twice; and what is read before. Between two points a straight line.
WRITE_UNITS_OF_BATCH = ((0, 10), (6, 12), (116, 35), (1_736, 324))
READ_UNITS_OF_BATCH = ((0, 5), (6, 6), (116, 13), (1_736, 43))
ITEM_WRITE_UNITS = ITEM_READ_UNITS = Decimal("0.6")  # of a request: the share that has a known customer and a product
RECENT_READ_UNITS = Decimal("0.5")  # of a question for recommendations: what its customer did, eventually consistent
LINK_READ_UNITS = 1  # of a request in another tracker's format: whose its anonymous id is
LINKED_SHARE = Decimal("0.05")  # of these, those that link an id anew: assumed
WATCHED_SECONDS = 7_200  # a day in which somebody looks at Live, which asks once a second
LOOK_READ_UNITS = Decimal(2)  # ÷ those of a batch: three minutes of each region, of which a batch reads about two
USED_SHARE = Decimal("0.6")  # of provisioned capacity, at which it is scaled


def units_of_batch(points: Sequence[tuple[int, int]], events: Decimal) -> Decimal:
    """The units of a batch of so many events; beyond the last point, as the last line goes on."""
    place = min(max(bisect_right([at for at, _ in points], events) - 1, 0), len(points) - 2)
    (left, low), (right, high) = list(pairwise(points))[place]
    return (low + (events - left) * (high - low) / (right - left)).quantize(Decimal("0.01"))


def charged(flow: Flow) -> Iterator[Row]:
    """Requests to the table, each charged, or the capacity that they need."""
    if flow.tier.live.capacity == "on_demand":
        for what, price, quantity, per_unit, label in _uses(flow):
            yield "Amazon DynamoDB", what, f"dynamodb.{price}_request_unit", (
                times(quantity, label), times(per_unit, "units"), A_MONTH,
            )  # fmt: skip
        return
    live = flow.tier.live
    for price, name, least in (
        ("write", "Live table, write capacity", live.least_write_units),
        ("read", "Live table, read capacity", live.least_read_units),
    ):
        a_day = _units_a_day(flow, price)
        needed = a_day / SECONDS_A_DAY / USED_SHARE
        scaled = (times(a_day, "units a day"), per(SECONDS_A_DAY, "seconds a day"), per(USED_SHARE, "used"))
        factors: tuple[Factor, ...] = scaled if needed > least else (times(least, "units a second"),)
        yield "Amazon DynamoDB", name, f"dynamodb.{price}_capacity_unit_hour", (*factors, HOURS_A_MONTH)


def remarks(flow: Flow) -> Sequence[str]:
    """What of the busiest minutes does not fit into the capacity that the table may have, in sentences."""
    live = flow.tier.live
    if live.capacity == "on_demand":
        return []
    found = []
    for kind, most in (("write", live.most_write_units), ("read", live.most_read_units)):
        needed = ceiling(_units_a_day(flow, kind) / SECONDS_A_DAY * PEAK_FACTOR)
        if needed > most:
            found.append(
                f"{flow.tier.title}: the busiest minutes need {needed:,} {kind} units a second of the live table, "
                f"the tier may have {most:,}"
            )
    return found


def _units_a_day(flow: Flow, kind: str) -> Decimal:
    return sum((quantity * each for _, of, quantity, each, _ in _uses(flow) if of == kind), Decimal(0))


_Use = tuple[str, str, Decimal, Decimal, str]  # name, "write" or "read", how often a day, units of one, label


def _uses(flow: Flow) -> list[_Use]:
    return [*_written(flow), *_read(flow)]


def _written(flow: Flow) -> Iterator[_Use]:
    batch = units_of_batch(WRITE_UNITS_OF_BATCH, flow.events_per_batch)
    yield "Live figures written", "write", flow.live_batches, batch, "batches a day"
    yield "Recent items written", "write", flow.requests, ITEM_WRITE_UNITS, "requests a day"
    linked = flow.requests * flow.tier.usage.other_trackers_share * LINKED_SHARE
    yield "Known customers written", "write", linked, Decimal(1), "links a day"


def _read(flow: Flow) -> Iterator[_Use]:
    batch = units_of_batch(READ_UNITS_OF_BATCH, flow.events_per_batch)
    yield "Live figures read to be written", "read", flow.live_batches, batch, "batches a day"
    yield "Recent items read to be written", "read", flow.requests, ITEM_READ_UNITS, "requests a day"
    questions = flow.usage.recommendations_per_day
    yield "Recent items read to recommend", "read", questions, RECENT_READ_UNITS, "recommendations a day"
    asked = flow.requests * flow.tier.usage.other_trackers_share
    yield "Known customers read", "read", asked, Decimal(LINK_READ_UNITS), "requests a day"
    shards = flow.shard_hours / 24
    yield "Live figures looked at", "read", WATCHED_SECONDS * shards, batch * LOOK_READ_UNITS, "looks a day and shard"
