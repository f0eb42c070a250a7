"""What a month costs as the traffic grows to a million events a second, as built and in other ways.

The bill is that of the largest tier's parts (`estimate`), grown as far as they must. Other ways are priced from the
same book; where a price is missing, so is the answer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from msgspec import structs

from console.finops.pricing.price_book import PriceBook
from console.tiers.capacity import (
    VCPU_PER_DPU,
    Need,
    container_vcpu,
    live_write_units,
    needs,
    shard_batches,
    shards,
)
from console.tiers.entrances import COLLECTOR_SECONDS
from console.tiers.estimate import estimate
from console.tiers.live_table import WRITE_UNITS_OF_BATCH, units_of_batch
from console.tiers.load import Load
from console.tiers.quotas import Quota
from console.tiers.sizing import COMPRESSION, CONSUMERS, DAYS, GIGA, HOURS, ON_DEMAND_STEP_BYTES, PEAK_FACTOR, ceiling
from console.tiers.tiers import Tier

LOADS = (10, 100, 1_000, 10_000, 100_000, 1_000_000)  # events a second
WORTH_USD = Decimal(100)  # a month; what saves less is not worth the upkeep of another part

TASK_GIGABYTES = 2  # of memory for each vCPU of a container
BALANCER_GIGABYTES = 1  # an hour that one capacity unit of a load balancer carries
ADVANTAGE_LEAST_BYTES = 25_000_000  # a second that On-demand Advantage charges at least, in and out
DPU_GIGABYTES = 16
TABLE_FILE_BYTES = 512 * 1024 * 1024  # Iceberg's aim for a data file


@dataclass(frozen=True)
class Point:
    """A traffic on the cost curve.

    Attributes
    ----------
    monthly_usd : of all parts, as built
    usd_per_million_events : the same for a million events of the month
    services : the dearest services and their dollars of the month
    fullest : the need that is nearest to its limit, or furthest beyond it
    """

    load: Load
    monthly_usd: Decimal
    usd_per_million_events: Decimal
    services: Mapping[str, Decimal]
    fullest: Need


@dataclass(frozen=True)
class DaySize:
    """A day of events in the lake, at the mean traffic.

    Attributes
    ----------
    events, raw_bytes, table_bytes : of the day
    files : data files of the table's partition of that day
    page_view_bytes : that Athena scans for one page view once a whole retention is stored
    page_view_usd : its price; None where that is unknown
    """

    events: Decimal
    raw_bytes: Decimal
    table_bytes: Decimal
    files: Decimal
    page_view_bytes: Decimal
    page_view_usd: Decimal | None


def point(load: Load, tier: Tier, book: PriceBook, limits: Mapping[str, Quota]) -> Point:
    """One traffic of the cost curve."""
    month = estimate(tier, load.usage(tier), book)
    millions = load.events_per_day * DAYS / 1_000_000
    fullest = max((need for need in needs(load, tier, limits) if need.is_built), key=lambda need: need.share)
    dearest = dict(list(month.by_service.items())[:3])
    return Point(load, month.monthly_usd, month.monthly_usd / millions, dearest, fullest)


def day_size(load: Load, tier: Tier, book: PriceBook) -> DaySize:
    """How large a day of the lake becomes."""
    raw = load.events_per_day * load.bytes_per_event
    table = raw / COMPRESSION
    scanned = load.flow(tier).athena_bytes_per_page_view
    usd = book.price("athena.scanned_terabyte").cost(scanned / (1_000 * GIGA))
    return DaySize(load.events_per_day, raw, table, ceiling(table / TABLE_FILE_BYTES), scanned, usd)


# What a month costs one way and the other. None: a price is unknown.

MonthlyCost = Callable[[Load, Tier, PriceBook, Mapping[str, Quota]], Decimal | None]


def collector_function(load: Load, tier: Tier, book: PriceBook, _: Mapping[str, Quota]) -> Decimal | None:
    """The collector as it is built: a function, called by the load balancer or by an HTTP API, which is charged too.

    What is in front of either (CloudFront, the firewall, the load balancer with its connections) is the same for
    containers.
    """
    requests = load.flow(tier).requests * DAYS
    seconds = requests * COLLECTOR_SECONDS * tier.collector.memory_megabytes / 1_024
    called = {"lambda.request": requests, "lambda.gigabyte_second": seconds}
    return _sum(book, called if load.flow(tier).is_balanced else called | {"api_gateway.http_request": requests})


def containers(load: Load, tier: Tier, book: PriceBook, _: Mapping[str, Quota]) -> Decimal | None:
    """The collector in containers, enough for the busiest second all month, with a load balancer where none is yet.

    CloudFront keeps its connections to a load balancer open for many senders, so bytes are what it is charged by there.
    """
    vcpu = container_vcpu(load, tier)
    tasks = {"fargate.vcpu_hour": vcpu * HOURS, "fargate.gigabyte_hour": vcpu * TASK_GIGABYTES * HOURS}
    if load.flow(tier).is_balanced:
        return _sum(book, tasks)
    gigabytes_an_hour = load.bytes_per_second / PEAK_FACTOR * 3_600 / GIGA
    balancer = {"alb.hour": HOURS, "alb.capacity_unit_hour": gigabytes_an_hour / BALANCER_GIGABYTES * HOURS}
    return _sum(book, tasks | balancer)


def provisioned(load: Load, tier: Tier, book: PriceBook, _: Mapping[str, Quota]) -> Decimal | None:
    """The stream with provisioned shards that follow the traffic."""
    stream = structs.replace(tier.stream, mode="provisioned", autoscaling=True)
    return _service("Amazon Kinesis", load, structs.replace(tier, stream=stream), book)


def on_demand(load: Load, tier: Tier, book: PriceBook, _: Mapping[str, Quota]) -> Decimal | None:
    """The same stream on demand (Standard)."""
    stream = structs.replace(tier.stream, mode="on_demand")
    return _service("Amazon Kinesis", load, structs.replace(tier, stream=stream), book)


def advantage(load: Load, tier: Tier, book: PriceBook, _: Mapping[str, Quota]) -> Decimal | None:
    """The same stream on demand (Advantage), with the throughput that is charged at least."""
    flow = load.flow(tier)
    rounded = ceiling(flow.record_bytes / ON_DEMAND_STEP_BYTES) * ON_DEMAND_STEP_BYTES
    least = ADVANTAGE_LEAST_BYTES * HOURS * 3_600 / GIGA
    month = flow.requests * DAYS * rounded / GIGA
    return _sum(
        book,
        {
            "kinesis.advantage_gigabyte_in": max(month, least),
            "kinesis.advantage_gigabyte_out": max(month * CONSUMERS, least),
        },
    )


def on_glue(load: Load, tier: Tier, book: PriceBook, _: Mapping[str, Quota]) -> Decimal | None:
    """The curation as it is built."""
    return _sum(book, {"glue.dpu_hour": _dpu_hours(load, tier)})


def on_emr_serverless(load: Load, tier: Tier, book: PriceBook, _: Mapping[str, Quota]) -> Decimal | None:
    """The same curation on EMR Serverless, with the processors and the memory of as many DPU."""
    hours = _dpu_hours(load, tier)
    return _sum(
        book,
        {"emr_serverless.vcpu_hour": hours * VCPU_PER_DPU, "emr_serverless.gigabyte_hour": hours * DPU_GIGABYTES},
    )


def live_writes_estimated(load: Load, tier: Tier, book: PriceBook, _: Mapping[str, Quota]) -> Decimal | None:
    """Live's writes as the estimate counts them: by the events of a batch, as measured."""
    flow = load.flow(tier)
    units = units_of_batch(WRITE_UNITS_OF_BATCH, flow.events_per_batch)
    return _sum(book, {"dynamodb.write_request_unit": flow.live_batches * units * DAYS})


def live_writes_by_size(load: Load, tier: Tier, book: PriceBook, limits: Mapping[str, Quota]) -> Decimal | None:
    """Live's writes by the size of its documents at the end of a minute, at the mean traffic: an upper bound."""
    mean = load.at(load.events_per_second / PEAK_FACTOR)
    batches = shards(mean, limits) * shard_batches(mean, tier, limits)
    units = batches * live_write_units(mean, tier, limits) * HOURS * 3_600
    return _sum(book, {"dynamodb.write_request_unit": units})


def pays_from(
    built: MonthlyCost,
    other: MonthlyCost,
    load: Load,
    tier: Tier,
    book: PriceBook,
    limits: Mapping[str, Quota],
) -> int | None:
    """The first whole number of events a second from which the other way saves `WORTH_USD` a month; None for none.

    Searched by bisection: costs grow about in proportion, so what pays at one traffic pays at every larger one.
    """

    def pays(events: int) -> bool:
        now, then = (way(load.at(events), tier, book, limits) for way in (built, other))
        return now is not None and then is not None and now - then >= WORTH_USD

    if not pays(LOADS[-1]):
        return None
    inside = range(1, LOADS[-1] + 1)
    return inside[bisect_left(inside, True, key=pays)]


def ratio(
    built: MonthlyCost, other: MonthlyCost, load: Load, tier: Tier, book: PriceBook, limits: Mapping[str, Quota]
) -> Decimal | None:
    """How many times the cost as built the other way costs; None where a price is unknown."""
    now, then = (way(load, tier, book, limits) for way in (built, other))
    return None if now is None or then is None else then / now


def firehose_iceberg_break_even(load: Load, tier: Tier, book: PriceBook) -> Decimal | None:
    """Dollars a GB below which writing events straight into the Iceberg table costs less than curating them.

    It is the most that could be saved: sessions, orders and the rest are curated either way.
    """
    curation = on_glue(load, tier, book, {})
    gigabytes = load.events_per_day * load.bytes_per_event * DAYS / GIGA
    return None if curation is None else curation / gigabytes


def express_brokers(load: Load, limits: Mapping[str, Quota]) -> int:
    """Largest Express brokers of MSK for the busiest second; three zones need three."""
    return max(3, int(ceiling(load.bytes_per_second / limits["msk.express_broker_bytes_in"].value)))


def _dpu_hours(load: Load, tier: Tier) -> Decimal:
    flow = load.flow(tier)
    return flow.curation_runs * flow.minutes_per_run * tier.curation.workers / 60 * DAYS


def _service(service: str, load: Load, tier: Tier, book: PriceBook) -> Decimal | None:
    month = estimate(tier, load.usage(tier), book)
    lines = [line.monthly_usd for line in month.lines if line.service == service]
    known = [usd for usd in lines if usd is not None]
    return sum(known, Decimal(0)) if len(known) == len(lines) else None


def _sum(book: PriceBook, quantities: Mapping[str, Decimal]) -> Decimal | None:
    """Dollars of some quantities by the key of their price."""
    total = Decimal(0)
    for key, quantity in quantities.items():
        cost = book.price(key).cost(quantity)
        if cost is None:
            return None
        total += cost
    return total
