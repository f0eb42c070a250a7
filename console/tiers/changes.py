"""What changes as the traffic grows, and at which traffic: because a limit is reached, or because it costs less.

Every number of events a second is solved from `capacity` and `scaling`, none is typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from console.asking import formatting as text
from console.finops.pricing.price_book import PriceBook
from console.tiers import scaling
from console.tiers.capacity import full_at, is_built
from console.tiers.load import Load
from console.tiers.quotas import Quota
from console.tiers.scaling import LOADS, WORTH_USD, pays_from, ratio
from console.tiers.tiers import Tier

Reason = Literal["needed", "pays", "not needed", "does not pay", "unknown"]


@dataclass(frozen=True)
class Change:
    """One change of the deployment.

    Attributes
    ----------
    from_events : events a second from which it is made; None where the traffic gives no reason for it
    reason : needed (a limit is exceeded), pays (it saves `WORTH_USD` a month), or why it is not made
    change : what is done
    because : the limit or the comparison, with its numbers
    """

    from_events: int | None
    reason: Reason
    change: str
    because: str


def changes(load: Load, tier: Tier, book: PriceBook, limits: Mapping[str, Quota]) -> list[Change]:
    """Every change, in the order of the traffic that asks for it; what no traffic asks for comes last.

    Parameters
    ----------
    load : the shop; its own number of events a second does not matter
    """
    found = [*_forced(load, tier, limits), *_cheaper(load, tier, book, limits), *_others(load, tier, book, limits)]
    return sorted(found, key=lambda change: (change.from_events is None, change.from_events or 0))


_CONTAINERS = "Raise the quota, or move the collector into containers"
_SALT = "Salt the busiest key: add a digit made of the event id where a key sends more than a person can"
_FORCED: Mapping[str, str] = {  # by the quota that is exceeded
    "api_gateway.requests": "Raise the quota, or let requests in through a load balancer",
    "lambda.concurrency": _CONTAINERS,
    "lambda.scaling": "Keep environments ready before the peak (provisioned concurrency), or use containers",
    "dynamodb.table_writes": "Give recent items their own table, written once a session; raise the table's quota",
    "dynamodb.table_reads": "Keep more neighbours in each process; raise the table's quota",
    "live.page_read": "Merge the shards' documents into one set every second, and let readers ask for that one",
    "live.shard_busy": "Give the live function a whole vCPU, or widen its window",
    "dynamodb.partition_writes": "Spread a shard's documents over several partition keys, or widen live's window",
    "kinesis.uniform_scaling": "Raise the quota, or split the shops over several streams",
    "kinesis.shard_records_in": _SALT,
    "kinesis.shard_bytes_in": _SALT,
    "cloudfront.requests": "Raise the quota, or give each shop its own distribution",
    "waf.requests": "Raise the quota, or give each shop its own load balancer",
    "glue.dpu": "Raise the quota, or curate in several jobs by day",
}


def _forced(load: Load, tier: Tier, limits: Mapping[str, Quota]) -> Iterator[Change]:
    for key, what in _FORCED.items():
        if not is_built(key, tier):
            continue
        quota, at = limits[key], full_at(key, load, tier, limits)
        because = f"{quota.service}: {text.count(quota.value)} {quota.unit} ({quota.limits})"
        yield Change(at, "not needed" if at is None else "needed", what, because)


def _cheaper(load: Load, tier: Tier, book: PriceBook, limits: Mapping[str, Quota]) -> Iterator[Change]:
    pairs = (
        ("The collector in containers behind a load balancer", "the function that takes each request",
         scaling.collector_function, scaling.containers),
        ("On-demand stream (Standard)", "shards that follow the traffic", scaling.provisioned, scaling.on_demand),
        ("On-demand stream (Advantage)", "shards that follow the traffic", scaling.provisioned, scaling.advantage),
        ("Curation on EMR Serverless", "Glue", scaling.on_glue, scaling.on_emr_serverless),
    )  # fmt: skip
    busiest = load.at(LOADS[-1])
    for what, built, now, then in pairs:
        at, times = pays_from(now, then, load, tier, book, limits), ratio(now, then, busiest, tier, book, limits)
        if times is None:
            yield Change(None, "unknown", what, f"A price is unknown: it cannot be compared with {built}")
        else:
            because = (
                f"At a million events a second it costs {times.quantize(Decimal('0.01'))} times what {built} costs"
            )
            if at is not None:
                because += f"; from here on it saves ${WORTH_USD} a month"
            yield Change(at, "does not pay" if at is None else "pays", what, because)


def _others(load: Load, tier: Tier, book: PriceBook, limits: Mapping[str, Quota]) -> Iterator[Change]:
    busiest = load.at(LOADS[-1])
    at, shards = full_at("kinesis.shards", load, tier, limits), limits["kinesis.shards"]
    brokers = scaling.express_brokers(busiest, limits)
    yield Change(
        at, "not needed" if at is None else "needed", "MSK (Kafka) instead of Kinesis",
        f"{text.count(shards.value)} shards are the quota; {brokers} of the largest Express brokers carry a million "
        "events a second. Their price could not be established",
    )  # fmt: skip
    even = scaling.firehose_iceberg_break_even(busiest, tier, book)
    cost = "unknown: a price is missing" if even is None else f"${even.quantize(Decimal('0.0001'))} a GB"
    yield Change(
        None, "unknown", "Firehose writes events straight into the Iceberg table",
        f"What curation costs at a million events a second: {cost}. Firehose would have to cost less; its price could "
        "not be established. It is a matter of freshness, not of traffic: minutes instead of a run's interval",
    )  # fmt: skip
