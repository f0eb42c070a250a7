"""Quotas of the account against what the tier needs. Defaults are AWS's; a raised one is what counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from catalogue.errors import QueryFailed
from console.aws.failures import error_code, translate_errors
from console.tiers.sizing import PEAK_FACTOR, SECONDS_A_DAY, Flow, typical
from infra_cdk.deploying.checks.check import Mistake
from infra_cdk.deploying.situation import Situation

FREE_CONCURRENCY = 100  # that Lambda keeps free of reservations. Source: its guide, reserved concurrency
SINGLE_FUNCTIONS = 10  # of which one may run at a time
JOBS_AT_ONCE = 3  # one of those that take turns, and a run that is asked for


@dataclass(frozen=True)
class Quota:
    """A quota as Service Quotas knows it."""

    service: str
    code: str
    name: str


CONCURRENT_EXECUTIONS = Quota("lambda", "L-B99A9384", "concurrent executions of functions")
REQUESTS = Quota("apigateway", "L-8A5B8E43", "requests a second")
JOB_RUNS = Quota("glue", "L-5E4153CA", "job runs at once")
VPCS = Quota("vpc", "L-F678F1CE", "VPCs")
ADDRESSES = Quota("ec2", "L-0263D0A3", "elastic addresses")


def functions(situation: Situation) -> Iterator[Mistake]:
    """Concurrent executions: a new account may have ten, of which none can be reserved."""
    reserved = situation.installation.tier.collector.reserved_concurrency + SINGLE_FUNCTIONS
    yield from _short(situation, CONCURRENT_EXECUTIONS, FREE_CONCURRENCY + reserved)


def requests(situation: Situation) -> Iterator[Mistake]:
    """Requests a second at the tier's peak, where an API takes them."""
    tier = situation.installation.tier
    peak = Flow(tier, typical(tier)).answered * PEAK_FACTOR / SECONDS_A_DAY
    yield from _short(situation, REQUESTS, int(Decimal(peak).to_integral_value(rounding=ROUND_CEILING)))


def jobs(situation: Situation) -> Iterator[Mistake]:
    """Glue's jobs that may run at once."""
    yield from _short(situation, JOB_RUNS, JOBS_AT_ONCE)


def networks(situation: Situation) -> Iterator[Mistake]:
    """One more VPC."""
    region = situation.installation.region
    with translate_errors("Amazon EC2", region, action="ec2:DescribeVpcs"):
        pages = situation.clients.client("ec2").get_paginator("describe_vpcs").paginate()
        used = sum(len(page["Vpcs"]) for page in pages)
    yield from _short(situation, VPCS, 1, used=used)


def addresses(situation: Situation) -> Iterator[Mistake]:
    """An elastic address for each NAT gateway."""
    region = situation.installation.region
    with translate_errors("Amazon EC2", region, action="ec2:DescribeAddresses"):
        used = len(situation.clients.client("ec2").describe_addresses()["Addresses"])
    yield from _short(situation, ADDRESSES, situation.installation.tier.network.nat_gateways, used=used)


def shards(situation: Situation) -> Iterator[Mistake]:
    """Shards of the stream, as many as it may grow to."""
    region, needed = situation.installation.region, situation.installation.tier.stream.most_shards
    with translate_errors("Kinesis", region, action="kinesis:DescribeLimits"):
        limits = situation.clients.client("kinesis").describe_limits()
    free = limits["ShardLimit"] - limits["OpenShardCount"]
    if free < needed:
        yield (
            f"{needed} shards are needed, and {free} of {limits['ShardLimit']} are free",
            f"quota of Kinesis in {region}",
            "Ask for more in the console of Service Quotas.",
        )


def _short(situation: Situation, quota: Quota, needed: int, *, used: int = 0) -> Iterator[Mistake]:
    region = situation.installation.region
    allowed = _value(situation, quota)
    if allowed - used < needed:
        free = f"{allowed:,.0f} are allowed" + (f", {used:,} of them used" if used else "")
        yield (
            f"{needed:,} {quota.name} are needed, and {free}",
            f"quota {quota.code} of {quota.service} in {region}",
            f"`aws service-quotas request-service-quota-increase --region {region} --service-code {quota.service}"
            f" --quota-code {quota.code} --desired-value {needed + used}`; AWS answers within hours or days.",
        )


def _value(situation: Situation, quota: Quota) -> float:
    """The account's value; AWS's default where the account has none of its own."""
    client = situation.clients.client("service-quotas")
    given = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    where = f"{quota.service} {quota.code}"
    try:
        with translate_errors("Service Quotas", where, action="servicequotas:GetServiceQuota"):
            return float(client.get_service_quota(**given)["Quota"]["Value"])
    except QueryFailed as error:
        if error_code(error) != "NoSuchResourceException":
            raise
    with translate_errors("Service Quotas", where, action="servicequotas:GetAWSDefaultServiceQuota"):
        return float(client.get_aws_default_service_quota(**given)["Quota"]["Value"])
