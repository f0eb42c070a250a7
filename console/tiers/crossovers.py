"""The traffic at which one way of building becomes dearer than another, solved on the estimates to the last event.

Bills rise in steps (a shard more, a limit reached), so two of them can cross more than once: the range is first
searched at points evenly spread over its powers of ten, and each change of sign is then narrowed down by bisection.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise, zip_longest
from math import log10

from msgspec import structs

from console.asking import formatting as text
from console.asking.engines.prices import TERABYTE
from console.asking.figures import Unit
from console.finops.pricing.price_book import PriceBook
from console.tiers.estimate import estimate
from console.tiers.sizing import (
    DAYS,
    GIGA,
    PEAK_FACTOR,
    Flow,
    Usage,
    with_events,
)
from console.tiers.tiers import Tier

LEAST_EVENTS, MOST_EVENTS = 1_000, 1_000_000_000  # a day: from a corner shop to more than any tier is made for
POINTS_A_DECADE = 8

EVENTS = "events a day"
PAGE_VIEWS = "page views a day past the cache"

BillByTraffic = Callable[[int], Decimal]


@dataclass(frozen=True)
class Crossover:
    """One point where two bills meet.

    Attributes
    ----------
    question : what is weighed
    at : the first whole number at which the other one is cheaper; None where that happens nowhere in the range
    unit : what `at` counts
    answer : the sentence for a reader
    """

    question: str
    at: int | None
    unit: str
    answer: str


def grid(low: int, high: int, points_a_decade: int = POINTS_A_DECADE) -> list[int]:
    """Whole numbers from `low` to `high`, evenly spread over their powers of ten."""
    steps = max(1, round(log10(high / low) * points_a_decade))
    return sorted({round(low * (high / low) ** (step / steps)) for step in range(steps + 1)})


def crossings(
    first: BillByTraffic, second: BillByTraffic, low: int = LEAST_EVENTS, high: int = MOST_EVENTS
) -> list[int]:
    """Every first whole number at which the order of two bills changes, to the resolution of the search."""

    def is_dearer(point: int) -> bool:
        return first(point) > second(point)

    def changed(left: int, right: int) -> int:
        """The first number after `left` at which the order is that of `right`."""
        after = is_dearer(right)
        inside = range(left, right + 1)
        return inside[bisect_left(inside, True, key=lambda point: is_dearer(point) == after)]

    points = grid(low, high)
    dearer = [is_dearer(point) for point in points]
    return [
        changed(left, right)
        for (left, before), (right, after) in pairwise(zip(points, dearer, strict=True))
        if before != after
    ]


def bill(tier: Tier, usage: Usage, book: PriceBook, *, free_tier: bool = False) -> BillByTraffic:
    """The monthly bill of a tier by events a day, everything else as in `usage`."""

    def of(events_per_day: int) -> Decimal:
        return estimate(tier, with_events(usage, events_per_day), book, free_tier=free_tier).monthly_usd

    return of


def cheaper(dear: BillByTraffic, cheap: BillByTraffic) -> tuple[list[int], str]:
    """Where the second of two bills is the cheaper one: the points where that changes, and the ranges in words.

    The words are empty where it is nowhere cheaper.
    """
    met = crossings(dear, cheap)
    starts = [LEAST_EVENTS, *met] if dear(LEAST_EVENTS) > cheap(LEAST_EVENTS) else met
    ranges = []
    for start, end in zip_longest(starts[::2], starts[1::2]):
        if start > LEAST_EVENTS:
            ranges.append(f"from {start:,} to {end - 1:,} {EVENTS}" if end else f"from {start:,} {EVENTS} on")
        else:
            ranges.append(f"below {end:,} {EVENTS}" if end else "at every traffic")
    return met, " and ".join(ranges)


def between_tiers(
    tiers: Sequence[Tier], usages: Sequence[Usage], book: PriceBook, *, free_tier: bool = False
) -> list[Crossover]:
    """Up to which traffic each tier stays in its band and carries its peak, and where the next one is cheaper."""
    sizes = [
        (tier, usage, bill(tier, usage, book, free_tier=free_tier)) for tier, usage in zip(tiers, usages, strict=True)
    ]
    found = [
        crossover
        for tier, usage, bills in sizes
        for crossover in (_leaves_its_band(tier, bills), _is_too_small(tier, usage))
    ]
    for (small, _, bills), (large, _, larger_bills) in pairwise(sizes):
        met, where = cheaper(bills, larger_bills)
        answer = (
            f"{large.title} is cheaper than {small.title} {where}"
            if where
            else f"{large.title} is never cheaper than {small.title}; choose it for what it adds"
        )
        question = f"When is {large.title} cheaper than {small.title} for the same traffic?"
        found.append(Crossover(question, met[0] if met else None, EVENTS, answer))
    return found


def _leaves_its_band(tier: Tier, bills: BillByTraffic) -> Crossover:
    top = tier.monthly_usd.high
    leaves = _first(lambda events: bills(events) > top)
    if leaves is None:
        answer = f"{tier.title} costs at most ${top:,f} a month up to {MOST_EVENTS:,} events a day"
    elif leaves == LEAST_EVENTS:
        answer = f"{tier.title} costs more than ${top:,f} a month at every traffic"
    else:
        answer = f"{tier.title} costs more than ${top:,f} a month from {leaves:,} events a day on"
    return Crossover(f"{tier.title}: when does the bill leave its band?", leaves, EVENTS, answer)


def _is_too_small(tier: Tier, usage: Usage) -> Crossover:
    full = _first(lambda events: not Flow(tier, with_events(usage, events)).carries_its_peak)
    most = tier.stream.most_shards
    carry = "1 shard carries" if most == 1 else f"{most} shards carry"
    answer = (
        f"{tier.title}: {carry} up to {text.compact(full - 1, Unit.COUNT)} events a day at {PEAK_FACTOR} times the mean"
        if full
        else f"{tier.title} carries {PEAK_FACTOR} times the mean up to {MOST_EVENTS:,} events a day"
    )
    return Crossover(f"{tier.title}: when is the stream too small?", full, EVENTS, answer)


def stream_modes(tier: Tier, usage: Usage, book: PriceBook, *, free_tier: bool = False) -> Crossover:
    """Where an on-demand stream and shards kept for the peak cost the same."""
    provisioned = structs.replace(tier, stream=structs.replace(tier.stream, mode="provisioned", autoscaling=False))
    on_demand = structs.replace(tier, stream=structs.replace(tier.stream, mode="on_demand"))
    met, where = cheaper(
        bill(on_demand, usage, book, free_tier=free_tier), bill(provisioned, usage, book, free_tier=free_tier)
    )
    if not where:
        answer = f"Kinesis for {tier.title}: on demand costs no more at every traffic"
    else:
        answer = f"Kinesis for {tier.title}: provisioned shards are cheaper {where}"
        answer += ", on demand elsewhere" if met else ""
    return Crossover(f"{tier.title}: provisioned or on-demand Kinesis?", met[0] if met else None, EVENTS, answer)


def entrances(tier: Tier, usage: Usage, book: PriceBook, *, free_tier: bool = False) -> Crossover:
    """From which traffic the load balancer takes requests for less than CloudFront and API Gateway.

    The load balancer itself is the console's, and is paid for either way.
    """
    at_the_edge, balanced = (
        bill(
            structs.replace(tier, collector=structs.replace(tier.collector, entrance=entrance)),
            usage,
            book,
            free_tier=free_tier,
        )
        for entrance in ("cloudfront", "load_balancer")
    )
    met, where = cheaper(at_the_edge, balanced)
    answer = (
        f"Requests to {tier.title} cost less through the load balancer than through CloudFront and API Gateway {where}"
        if where
        else f"Requests to {tier.title} cost no less through the load balancer at any traffic"
    )
    return Crossover(f"{tier.title}: API Gateway or load balancer?", met[0] if met else None, EVENTS, answer)


def warehouse_or_athena(tier: Tier, usage: Usage, book: PriceBook) -> Crossover:
    """From how many uncached page views a day the warehouse is cheaper than Athena for the questions it answers.

    Athena is paid by the bytes of each page view, the warehouse by the minutes it is awake, up to its daily limit:
    below it a page view costs the same whatever their number, beyond it nothing more.
    """
    question = f"{tier.title}: Athena or Redshift?"
    scanned, rpu_hour = book.price("athena.scanned_terabyte").amount, book.price("redshift.rpu_hour").amount
    if not tier.warehouse.enabled:
        return Crossover(question, None, PAGE_VIEWS, "The tier has no warehouse")
    if scanned is None or rpu_hour is None:
        return Crossover(question, None, PAGE_VIEWS, "Unknown: a price is missing")
    lake = structs.replace(
        tier, warehouse=structs.replace(tier.warehouse, enabled=False, share_of_questions=Decimal(0))
    )
    flow = Flow(tier, usage)
    moved = Flow(lake, usage).athena_bytes_per_page_view - flow.athena_bytes_per_page_view

    def athena(page_views: int) -> Decimal:
        return page_views * moved / TERABYTE * scanned * DAYS

    def redshift(page_views: int) -> Decimal:
        return flow.rpu_hours(Decimal(page_views)) * rpu_hour * DAYS

    met = crossings(athena, redshift, 1, 100_000_000)
    gigabytes = moved / GIGA
    return Crossover(
        question,
        met[0] if met else None,
        PAGE_VIEWS,
        f"Athena costs less than Redshift for {tier.title} below {met[0]:,} uncached page views a day "
        f"({gigabytes:.2f} GB each)"
        if met
        else f"Athena costs less than Redshift for {tier.title} at every number of page views",
    )


def all_of(
    tiers: Sequence[Tier], usages: Sequence[Usage], book: PriceBook, *, free_tier: bool = False
) -> list[Crossover]:
    """Every crossover the page shows."""
    found = between_tiers(tiers, usages, book, free_tier=free_tier)
    largest, usage = tiers[-1], usages[-1]
    return [
        *found,
        stream_modes(largest, usage, book, free_tier=free_tier),
        entrances(largest, usage, book, free_tier=free_tier),
        warehouse_or_athena(largest, usage, book),
    ]


def _first(holds: Callable[[int], bool]) -> int | None:
    """The first whole number of events at which something that stays true holds; None where it never does."""
    if not holds(MOST_EVENTS):
        return None
    inside = range(LEAST_EVENTS, MOST_EVENTS + 1)
    return inside[bisect_left(inside, True, key=holds)]
