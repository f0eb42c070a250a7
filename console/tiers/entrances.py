"""The lines of what events pass on their way to the collector: CloudFront and API Gateway, or the load balancer."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from console.tiers.factors import A_MONTH, HOURS_A_MONTH, PER_GB, Factor, Row, per, times
from console.tiers.sizing import SECONDS_A_DAY, Flow

COLLECTOR_SECONDS = Decimal("0.030")  # of one call: assumed until CloudWatch says
ANSWER_BYTES, RECOMMENDATION_BYTES = 400, 3_000
HANDSHAKE_BYTES = 3_000  # that the load balancer sends to open a connection: its certificates
CONNECTION_SECONDS = 300  # that a visit's connection is open
UNIT_CONNECTIONS = 3_000  # open at once, in one capacity unit of the load balancer
PAGE_REQUESTS = 50  # through the web ACL of the load balancer when a page of the console is opened


def collecting(flow: Flow) -> Iterator[Row]:
    """Every request, from the internet to the end of the collector's call."""
    requests = times(flow.requests, "requests a day")
    yield from _filtering(flow)
    yield from _balanced(flow) if flow.is_balanced else _at_the_edge(flow)
    yield "AWS Lambda", "Collector calls", "lambda.request", (requests, A_MONTH)
    yield "AWS Lambda", "Collector", "lambda.gigabyte_second", (
        requests, times(COLLECTOR_SECONDS, "seconds a call"),
        times(Decimal(flow.tier.collector.memory_megabytes) / 1_024, "GB of memory"), A_MONTH,
    )  # fmt: skip


def _filtering(flow: Flow) -> Iterator[Row]:
    """The web ACL; on the load balancer the console's pages pass it, too."""
    pages = flow.usage.page_views_per_day * PAGE_REQUESTS if flow.is_balanced else Decimal(0)
    yield "AWS WAF", "Web ACL", "waf.web_acl_month", (times(1, "web ACL"),)
    yield "AWS WAF", "Rules", "waf.rule_month", (times(flow.tier.security.waf_rules, "rules"),)
    yield "AWS WAF", "Requests", "waf.request", (times(flow.answered + pages, "requests a day"), A_MONTH)


def _answer_bytes(flow: Flow) -> Factor:
    """Bytes of an answer, on average."""
    total = flow.requests * ANSWER_BYTES + flow.usage.recommendations_per_day * RECOMMENDATION_BYTES
    mean = total / flow.answered if flow.answered else Decimal(0)
    return times(mean.quantize(Decimal(1)), "bytes an answer")


def _at_the_edge(flow: Flow) -> Iterator[Row]:
    """CloudFront, which does not cache here, and the API behind it."""
    answered = times(flow.answered, "requests a day")
    yield "Amazon CloudFront", "HTTPS requests", "cloudfront.https_request", (answered, A_MONTH)
    yield "Amazon CloudFront", "Function calls", "cloudfront.function_invocation", (answered, A_MONTH)
    yield "Amazon CloudFront", "Data out", "cloudfront.data_out_gigabyte", (
        answered, _answer_bytes(flow), A_MONTH, PER_GB,
    )  # fmt: skip
    yield "Amazon CloudFront", "Data to the origin", "cloudfront.data_to_origin_gigabyte", (
        times(flow.requests, "requests a day"), times(flow.record_bytes, "bytes a request"), A_MONTH, PER_GB,
    )  # fmt: skip
    yield "Amazon API Gateway", "HTTP API requests", "api_gateway.http_request", (answered, A_MONTH)


def _balanced(flow: Flow) -> Iterator[Row]:
    """What requests add to the load balancer of the console: open connections, and bytes out.

    Of the measures of a capacity unit, connections are the one that costs most: a request has about 3 KB in and out.
    """
    connections = times(flow.connections, "connections a day")
    yield "Elastic Load Balancing", "Capacity for requests", "alb.capacity_unit_hour", (
        connections, times(CONNECTION_SECONDS, "seconds open"), per(SECONDS_A_DAY, "seconds a day"),
        per(UNIT_CONNECTIONS, "connections a unit"), HOURS_A_MONTH,
    )  # fmt: skip
    yield "AWS Data Transfer", "Answers out", "data_transfer.out_gigabyte", (
        times(flow.answered, "requests a day"), _answer_bytes(flow), A_MONTH, PER_GB,
    )  # fmt: skip
    yield "AWS Data Transfer", "Connections opened", "data_transfer.out_gigabyte", (
        connections, times(HANDSHAKE_BYTES, "bytes of certificates"), A_MONTH, PER_GB,
    )  # fmt: skip
