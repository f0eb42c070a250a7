"""What a traffic needs of each part of the deployment, and how much of its limit that is. Pure arithmetic.

A need is for the busiest second (`Load`). It never falls when the traffic rises, so the traffic at which a limit is
reached is found by bisection. The limits are in ``quotas.toml``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from console.tiers import quotas
from console.tiers.entrances import COLLECTOR_SECONDS
from console.tiers.lines import LIVE_SECONDS, LIVE_SECONDS_PER_EVENT, MODEL_READ_UNITS
from console.tiers.live_table import ITEM_WRITE_UNITS
from console.tiers.load import Load
from console.tiers.quotas import Quota
from console.tiers.sizing import (
    CONSUMERS,
    EVENTS_PER_WORKER_MINUTE,
    PEAK_FACTOR,
    QUESTIONS_PER_PAGE_VIEW,
    SECONDS_A_DAY,
    ceiling,
)
from console.tiers.tiers import Tier

MOST_EVENTS_PER_SECOND = 100_000_000  # up to which a limit is searched
POLLS_PER_SECOND = 1  # of one consumer and shard: Lambda and Firehose ask about once a second
FIREHOSE_BUFFER_BYTES = 128 * 1024 * 1024  # at which Firehose writes an object before its time is up
READS_PER_SHARD = 3  # that one look at Live makes: minutes, flows, head
READ_SECONDS = Decimal("0.004")  # of one of them, one after the other: assumed until CloudWatch says
LAMBDA_VCPU_MEGABYTES = 1_769  # memory at which a function has one vCPU, by the Lambda developer guide
LEAST_VCPU = 1  # two containers of half a vCPU, in two zones
VCPU_PER_DPU = 4
RUN_SHARE = Decimal(
    "0.8"
)  # of the time between two runs that a run may take, so that a slow one does not delay the next
QUERY_SECONDS = 3  # of one question to Athena: assumed until it is measured on AWS
BUSY_VIEWS = 10  # page views of the busiest minute ÷ those of a mean minute of the day: people come in the morning

# Bytes of one packed document of live (a minute of a region) by the events in it, measured with
# `pipeline.live.documents.pack`: 20,000 products, the one of rank r seen in proportion to 1 ÷ r. Between two points a
# straight line.
DOCUMENT_BYTES = ((0, 600), (100, 1_200), (1_000, 9_100), (10_000, 31_500), (50_000, 59_000))
MOST_DOCUMENT_BYTES = 260_000
HASH_BYTES = 8  # of an event id that live remembers
HEAD_BYTES = 2_048  # position, totals and the flow of the minute
WRITE_UNIT_BYTES = 1_024
TRANSACTION = 2  # an item that is written in a transaction costs twice its units

OTHER_WAYS = ("fargate.vcpu", "kinesis.on_demand_bytes_in", "emr_serverless.vcpu")  # limits of what no tier builds
ENTRANCES = {  # limits of what requests pass, by the entrance of the tier
    "cloudfront": ("cloudfront.requests", "api_gateway.requests", "api_gateway.payload"),
    "load_balancer": ("waf.requests", "alb.lambda_body"),
}


@dataclass(frozen=True)
class Need:
    """What one part needs.

    Attributes
    ----------
    part : collect, stream, live, lake or read
    what : what is counted, such as ``shards at the busiest``
    needed : how much, in the unit of the quota
    quota : its limit
    formula : how `needed` comes about
    is_built : whether the deployment does it so; else it is another way, to compare with
    """

    part: str
    what: str
    needed: Decimal
    quota: Quota
    formula: str
    is_built: bool = True

    @property
    def share(self) -> Decimal:
        """The share of the limit that is used; above 1 it does not fit."""
        return self.needed / self.quota.value


Formula = Callable[[Load, Tier, Mapping[str, Quota]], Decimal]


def shards(load: Load, limits: Mapping[str, Quota]) -> Decimal:
    """Shards by records and by bytes, whichever are more."""
    records = ceiling(load.requests_per_second / limits["kinesis.shard_records_in"].value)
    volume = ceiling(load.bytes_per_second / limits["kinesis.shard_bytes_in"].value)
    return max(records, volume, Decimal(1))


def collector_environments(load: Load, limits: Mapping[str, Quota]) -> Decimal:
    """Environments of the collector: requests a second × seconds of one (Little's law).

    More where one environment would take more calls a second than Lambda gives it.
    """
    busy = load.requests_per_second * COLLECTOR_SECONDS
    allowed = load.requests_per_second / limits["lambda.requests_an_environment"].value
    return ceiling(max(busy, allowed))


def container_vcpu(load: Load, tier: Tier) -> Decimal:
    """vCPU of the collector in containers, at the busiest.

    A request costs the processor time that it costs in the function, whose share of a vCPU follows from its memory.
    """
    seconds = COLLECTOR_SECONDS * tier.collector.memory_megabytes / LAMBDA_VCPU_MEGABYTES
    return max(load.requests_per_second * seconds, Decimal(LEAST_VCPU))


def shard_events(load: Load, limits: Mapping[str, Quota]) -> Decimal:
    """Events a second of one shard: all there are, until a shard is full."""
    by_records = limits["kinesis.shard_records_in"].value * load.events_per_request
    by_bytes = limits["kinesis.shard_bytes_in"].value / load.bytes_per_event
    return min(load.events_per_second, by_records, by_bytes)


def shard_batches(load: Load, tier: Tier, limits: Mapping[str, Quota]) -> Decimal:
    """Batches of live a second and shard: one a window, and no more than there are records."""
    return min(shard_events(load, limits) / load.events_per_request, 1 / Decimal(tier.stream.live_window_seconds))


def document_bytes(events: Decimal) -> Decimal:
    """Bytes of a packed document of live after so many events of its minute and region."""
    for (start, low), (end, high) in pairwise(DOCUMENT_BYTES):
        if events <= end:
            return low + (high - low) * (events - start) / (end - start)
    slope = Decimal(high - low) / (end - start)
    return min(high + slope * (events - end), Decimal(MOST_DOCUMENT_BYTES))


def live_write_units(load: Load, tier: Tier, limits: Mapping[str, Quota]) -> Decimal:
    """Write units of one batch of live at the end of a minute, when its documents are largest.

    A batch puts the document of each region whole, the hashes of its events, the head and the flow, in a transaction.
    """
    a_second = shard_events(load, limits)
    a_batch = a_second / shard_batches(load, tier, limits)
    documents = load.regions * ceiling(document_bytes(a_second * 60 / load.regions) / WRITE_UNIT_BYTES)
    hashes = ceiling(a_batch * HASH_BYTES / WRITE_UNIT_BYTES)
    return TRANSACTION * (documents + hashes + ceiling(Decimal(HEAD_BYTES) / WRITE_UNIT_BYTES))


def curation_workers(load: Load, tier: Tier) -> Decimal:
    """Workers of one DPU that a run needs to be done before the next one, at the busiest."""
    minutes = Decimal(tier.curation.every_minutes)
    events = load.events_per_second * 60 * minutes
    reading = minutes * RUN_SHARE - tier.curation.minutes_per_run
    if reading <= 0:
        raise ValueError(f"{tier.title}: a run of {tier.curation.minutes_per_run} minutes does not fit in {minutes}")
    return ceiling(events / (EVENTS_PER_WORKER_MINUTE * reading))


def raw_objects(load: Load, tier: Tier) -> Decimal:
    """Objects that Firehose writes a second: one when its buffer is full, or its time is up."""
    timed = Decimal(1) / tier.lake.firehose_buffer_seconds
    return max(timed, load.bytes_per_second / FIREHOSE_BUFFER_BYTES)


_FORMULAS: Sequence[tuple[str, str, str, str, Formula]] = (
    ("collect", "requests to CloudFront", "cloudfront.requests", "events ÷ events a request",
     lambda load, _, __: load.requests_per_second),
    ("collect", "requests to API Gateway", "api_gateway.requests", "events ÷ events a request",
     lambda load, _, __: load.requests_per_second),
    ("collect", "body of a request to API Gateway", "api_gateway.payload", "events a request × bytes an event",
     lambda load, _, __: load.record_bytes),
    ("collect", "requests to the load balancer", "waf.requests", "events ÷ events a request",
     lambda load, _, __: load.requests_per_second),
    ("collect", "body of a request to the load balancer", "alb.lambda_body", "events a request × bytes an event",
     lambda load, _, __: load.record_bytes),
    ("collect", "Lambda environments: collector, and live on each shard", "lambda.concurrency",
     "requests × max(seconds of one, 1 ÷ calls an environment takes) + shards",
     lambda load, _, limits: collector_environments(load, limits) + shards(load, limits)),
    ("collect", "environments started when the busiest minute comes within 10 s", "lambda.scaling",
     "collector environments at the busiest − at the mean",
     lambda load, _, limits: collector_environments(load, limits) * (1 - 1 / PEAK_FACTOR)),
    ("collect", "vCPU of the collector in containers", "fargate.vcpu",
     "requests × seconds of one × share of a vCPU that the function has",
     lambda load, tier, _: container_vcpu(load, tier)),
    ("stream", "shards, provisioned", "kinesis.shards", "max(records ÷ 1,000, bytes ÷ 1 MB)",
     lambda load, _, limits: shards(load, limits)),
    ("stream", "shards that one call must reach", "kinesis.uniform_scaling", "the same",
     lambda load, _, limits: shards(load, limits)),
    ("stream", "scalings of the stream in a day", "kinesis.scalings", "2 × doublings from the mean to the busiest",
     lambda _, __, ___: Decimal(2 * int(ceiling(PEAK_FACTOR) - 1).bit_length())),
    ("stream", "bytes into the stream, on demand", "kinesis.on_demand_bytes_in", "events × bytes an event",
     lambda load, _, __: load.bytes_per_second),
    ("stream", "bytes of the busiest partition key", "kinesis.shard_bytes_in", "bytes × share of the busiest key",
     lambda load, _, __: load.bytes_per_second * load.busiest_key_share),
    ("stream", "records of the busiest partition key", "kinesis.shard_records_in", "records × share of the busiest key",
     lambda load, _, __: load.requests_per_second * load.busiest_key_share),
    ("stream", "bytes read from the fullest shard", "kinesis.shard_bytes_out", "bytes of a shard × consumers",
     lambda load, _, limits: shard_events(load, limits) * load.bytes_per_event * CONSUMERS),
    ("stream", "read calls to a shard", "kinesis.shard_reads", "calls of one consumer × consumers",
     lambda _, __, ___: Decimal(POLLS_PER_SECOND * CONSUMERS)),
    ("live", "time that live needs for a shard", "live.shard_busy",
     "batches × seconds a batch + events × seconds an event",
     lambda load, tier, limits: shard_batches(load, tier, limits) * LIVE_SECONDS
     + shard_events(load, limits) * LIVE_SECONDS_PER_EVENT),
    ("live", "write units of one shard", "dynamodb.partition_writes", "batches of a shard × units a batch",
     lambda load, tier, limits: shard_batches(load, tier, limits) * live_write_units(load, tier, limits)),
    ("live", "write units of the table: figures and recent items", "dynamodb.table_writes",
     "shards × units of a shard + requests × units an item",
     lambda load, tier, limits: shards(load, limits) * shard_batches(load, tier, limits)
     * live_write_units(load, tier, limits) + load.requests_per_second * ITEM_WRITE_UNITS),
    ("live", "seconds to read Live once", "live.page_read", "shards × reads a shard × seconds a read",
     lambda load, _, limits: shards(load, limits) * READS_PER_SHARD * READ_SECONDS),
    ("lake", "raw objects written", "s3.prefix_writes", "max(1 ÷ buffer seconds, bytes ÷ 128 MiB)",
     lambda load, tier, _: raw_objects(load, tier)),
    ("lake", "DPU of a curation run, on Glue", "glue.dpu", "events between runs ÷ events a worker reads meanwhile",
     lambda load, tier, _: curation_workers(load, tier)),
    ("lake", "vCPU of the same run, on EMR Serverless", "emr_serverless.vcpu", "4 × DPU",
     lambda load, tier, _: curation_workers(load, tier) * VCPU_PER_DPU),
    ("lake", "commits of an Iceberg table in a year", "glue.table_versions", "runs a day × 365",
     lambda _, tier, __: Decimal(1_440 * 365) / tier.curation.every_minutes),
    ("read", "questions to Athena at once", "athena.active_queries",
     "page views past the cache in the busiest second × questions × seconds of one",
     lambda load, tier, _: load.flow(tier).asked_page_views / SECONDS_A_DAY * BUSY_VIEWS
     * QUESTIONS_PER_PAGE_VIEW * QUERY_SECONDS),
    ("read", "read units for recommendations", "dynamodb.table_reads", "requests for recommendations × units of one",
     lambda load, tier, _: load.flow(tier).usage.recommendations_per_day / SECONDS_A_DAY * PEAK_FACTOR
     * MODEL_READ_UNITS),
)  # fmt: skip


def is_built(key: str, tier: Tier) -> bool:
    """Whether a tier has what a limit is about; else the limit is one of another way, to compare with."""
    others = (key for entrance, keys in ENTRANCES.items() if entrance != tier.collector.entrance for key in keys)
    return key not in OTHER_WAYS and key not in others


def needs(load: Load, tier: Tier, limits: Mapping[str, Quota] | None = None) -> list[Need]:
    """Every need of a traffic, in the order of the parts; `limits` replaces the ones of ``quotas.toml``."""
    known = quotas.load() if limits is None else limits
    return [
        Need(part, what, formula(load, tier, known), known[key], text, is_built(key, tier))
        for part, what, key, text, formula in _FORMULAS
    ]


def full_at(key: str, load: Load, tier: Tier, limits: Mapping[str, Quota] | None = None) -> int | None:
    """The first whole number of events a second at which a limit is exceeded; None where no traffic does.

    Parameters
    ----------
    key : of the quota; where several needs have it, the one that exceeds it first
    load : the shop; its own number of events a second does not matter
    """
    known = quotas.load() if limits is None else limits
    formulas = [formula for _, _, of, _, formula in _FORMULAS if of == key]

    def is_exceeded(events: int) -> bool:
        return any(formula(load.at(events), tier, known) > known[key].value for formula in formulas)

    if not is_exceeded(MOST_EVENTS_PER_SECOND):
        return None
    inside = range(1, MOST_EVENTS_PER_SECOND + 1)
    return inside[bisect_left(inside, True, key=is_exceeded)]
