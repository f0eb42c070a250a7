"""The lines of a tier's monthly bill: service, charge, price and quantity.

A quantity is a product of named factors; their assumptions are constants below, each with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from console.asking.engines.prices import TERABYTE
from console.tiers.sizing import (
    CONSUMERS,
    CRAWLER_DPU,
    CRAWLER_MINUTES,
    DAYS,
    FIREHOSE_STEP_BYTES,
    GIGA,
    HOURS,
    ON_DEMAND_STEP_BYTES,
    PAYLOAD_UNIT_BYTES,
    QUESTIONS_PER_PAGE_VIEW,
    SECONDS_A_DAY,
    Flow,
    ceiling,
)

COLLECTOR_SECONDS, RECOMMEND_SECONDS = Decimal("0.030"), Decimal("0.020")  # of one call: assumed until CloudWatch says
RECOMMEND_GIGABYTES = LIVE_GIGABYTES = Decimal("0.5")
LIVE_SECONDS, LIVE_SECONDS_PER_EVENT = Decimal("0.15"), Decimal("0.0001")
LIVE_WRITE_UNITS = 28  # of a batch: head, document and arrivals, about 14 KB, twice because it is a transaction
ITEM_WRITE_UNITS = 2  # of a request: its customer's recent items
LIST_EVENTS = 20  # events a day for each recommendation list that is trained anew
LIST_READ_UNITS = 4
ANSWER_BYTES, RECOMMENDATION_BYTES, PAGE_BYTES = 400, 3_000, 500_000
RUN_OBJECTS, RUN_READS = 120, 2_000  # files a run of the curation writes and reads
QUESTION_READS = 20  # files a query reads
HEALTH_SHARE, HEALTH_METRICS = Decimal("0.05"), 60  # of page views that open Health, and the metrics it asks for
COST_EXPLORER_CALLS = 4  # a day: one snapshot
LOG_COMPRESSION = Decimal("0.15")
LOAD_BALANCER_UNITS = Decimal("0.1")
NAT_GIGABYTES = Decimal("0.5")  # a day and gateway
IMAGE_GIGABYTES = 1
MART_SHARE = Decimal("0.05")  # of the lake that the warehouse holds as marts
FLOW_LOG_GIGABYTES = 1  # a month and zone that GuardDuty reads


@dataclass(frozen=True)
class Factor:
    """One part of a quantity: a number, what it counts, and whether it divides."""

    value: Decimal
    what: str
    divides: bool = False


Row = tuple[str, str, str, tuple[Factor, ...]]  # service, what is charged, key of its price, factors


def charged(flow: Flow) -> Iterator[Row]:
    """Every line of the bill, in the order of the parts."""
    for part in _PARTS:
        yield from part(flow)


_DAYS, _HOURS = Factor(DAYS, "days"), Factor(HOURS, "hours")


def _times(value: Decimal | int, what: str) -> Factor:
    return Factor(Decimal(value), what)


def _per(value: Decimal | int, what: str) -> Factor:
    return Factor(Decimal(value), what, divides=True)


_PER_GB, _PER_TB = _per(GIGA, "bytes a GB"), _per(TERABYTE, "bytes a TB")


def _collecting(flow: Flow) -> Iterator[Row]:
    requests, asked = _times(flow.requests, "requests a day"), flow.usage.recommendations_per_day
    both = _times(flow.answered, "requests a day")
    memory = _times(Decimal(flow.tier.collector.memory_megabytes) / 1_024, "GB of memory")
    yield "Amazon CloudFront", "HTTPS requests", "cloudfront.https_request", (both, _DAYS)
    out = (flow.requests * ANSWER_BYTES + asked * RECOMMENDATION_BYTES) / flow.answered if flow.answered else Decimal(0)
    yield "Amazon CloudFront", "Data out", "cloudfront.data_out_gigabyte", (
        both, _times(out.quantize(Decimal(1)), "bytes an answer"), _DAYS, _PER_GB,
    )  # fmt: skip
    yield "Amazon CloudFront", "Data to the origin", "cloudfront.data_to_origin_gigabyte", (
        requests, _times(flow.record_bytes, "bytes a request"), _DAYS, _PER_GB,
    )  # fmt: skip
    yield "AWS WAF", "Web ACL", "waf.web_acl_month", (_times(1, "web ACL"),)
    yield "AWS WAF", "Rules", "waf.rule_month", (_times(flow.tier.security.waf_rules, "rules"),)
    yield "AWS WAF", "Requests", "waf.request", (both, _DAYS)
    yield "Amazon API Gateway", "HTTP API requests", "api_gateway.http_request", (both, _DAYS)
    yield "AWS Lambda", "Collector calls", "lambda.request", (requests, _DAYS)
    yield "AWS Lambda", "Collector", "lambda.gigabyte_second", (
        requests, _times(COLLECTOR_SECONDS, "seconds a call"), memory, _DAYS,
    )  # fmt: skip


def _streaming(flow: Flow) -> Iterator[Row]:
    records = _times(flow.requests, "records a day")
    service = "Amazon Kinesis"
    if flow.tier.stream.mode == "on_demand":
        rounded = _times(
            ceiling(flow.record_bytes / ON_DEMAND_STEP_BYTES) * ON_DEMAND_STEP_BYTES, "bytes a record, rounded up"
        )
        yield service, "Stream", "kinesis.on_demand_stream_hour", (_HOURS,)
        yield service, "Data in", "kinesis.on_demand_gigabyte_in", (records, rounded, _DAYS, _PER_GB)
        yield service, "Data out", "kinesis.on_demand_gigabyte_out", (
            records, rounded, _times(CONSUMERS, "consumers"), _DAYS, _PER_GB,
        )  # fmt: skip
    else:
        units = ceiling(flow.record_bytes / PAYLOAD_UNIT_BYTES)
        yield service, "Shards", "kinesis.shard_hour", (_times(flow.shard_hours, "shard-hours a day"), _DAYS)
        yield service, "PUT payload units", "kinesis.put_payload_unit", (
            records, _times(units, "units a record"), _DAYS,
        )  # fmt: skip
        if flow.tier.stream.retention_hours > 24:
            yield service, "Retention beyond a day", "kinesis.extended_retention_shard_hour", (
                _times(flow.shard_hours, "shard-hours a day"), _DAYS,
            )  # fmt: skip
    rounded = _times(
        ceiling(flow.record_bytes / FIREHOSE_STEP_BYTES) * FIREHOSE_STEP_BYTES, "bytes a record, rounded up"
    )
    yield "Amazon Data Firehose", "Data to the raw lake", "firehose.ingested_gigabyte", (
        records, rounded, _DAYS, _PER_GB,
    )  # fmt: skip
    batches = _times(flow.live_batches, "batches a day")
    per_batch = LIVE_SECONDS + LIVE_SECONDS_PER_EVENT * (
        flow.usage.events_per_day / flow.live_batches if flow.live_batches else Decimal(0)
    )
    yield "AWS Lambda", "Live calls", "lambda.request", (batches, _DAYS)
    yield "AWS Lambda", "Live", "lambda.gigabyte_second", (
        batches, _times(per_batch, "seconds a batch"), _times(LIVE_GIGABYTES, "GB of memory"), _DAYS,
    )  # fmt: skip
    yield "Amazon DynamoDB", "Live figures written", "dynamodb.write_request_unit", (
        batches, _times(LIVE_WRITE_UNITS, "write units a batch"), _DAYS,
    )  # fmt: skip
    yield "Amazon DynamoDB", "Recent items written", "dynamodb.write_request_unit", (
        _times(flow.requests, "requests a day"), _times(ITEM_WRITE_UNITS, "write units"), _DAYS,
    )  # fmt: skip


def _raw_objects(flow: Flow) -> Decimal:
    """Objects that Firehose writes a day: one each time its buffer is over."""
    return SECONDS_A_DAY / flow.tier.lake.firehose_buffer_seconds


def _lake(flow: Flow) -> Iterator[Row]:
    s3, glue = "Amazon Simple Storage Service", "AWS Glue"
    curation = flow.tier.curation
    runs, objects = _times(flow.curation_runs, "runs a day"), _raw_objects(flow)
    yield s3, "Raw and curated events", "s3.standard_gigabyte_month", (_times(flow.stored_gigabytes, "GB kept"),)
    yield s3, "Raw objects written", "s3.put_request", (_times(objects, "objects a day"), _DAYS)
    yield s3, "Curated objects written", "s3.put_request", (runs, _times(RUN_OBJECTS, "objects a run"), _DAYS)
    yield s3, "Objects read by curation", "s3.get_request", (runs, _times(RUN_READS, "objects a run"), _DAYS)
    yield glue, "Curation", "glue.dpu_hour", (
        runs, _times(flow.minutes_per_run, "minutes a run"), _times(curation.workers, "DPU"),
        _per(60, "minutes an hour"), _DAYS,
    )  # fmt: skip
    yield glue, "Crawler", "glue.crawler_dpu_hour", (
        _times(curation.crawler_runs_per_day, "runs a day"), _times(CRAWLER_MINUTES, "minutes a run"),
        _times(CRAWLER_DPU, "DPU"), _per(60, "minutes an hour"), _DAYS,
    )  # fmt: skip


def _reading(flow: Flow) -> Iterator[Row]:
    asked = _times(flow.asked_page_views, "page views a day past the cache")
    warehouse = flow.tier.warehouse
    yield "Amazon Athena", "Data scanned", "athena.scanned_terabyte", (
        asked, _times(flow.athena_bytes_per_page_view, "bytes a page view"), _DAYS, _PER_TB,
    )  # fmt: skip
    yield "Amazon Simple Storage Service", "Objects read by queries", "s3.get_request", (
        asked, _times(QUESTIONS_PER_PAGE_VIEW * QUESTION_READS, "objects a page view"), _DAYS,
    )  # fmt: skip
    if warehouse.enabled:
        yield "Amazon Redshift", "Serverless", "redshift.rpu_hour", (
            _times(flow.rpu_hours(flow.asked_page_views), "RPU-hours a day, at most the limit"), _DAYS,
        )  # fmt: skip
        yield "Amazon Redshift", "Marts kept", "redshift.managed_storage_gigabyte_month", (
            _times(flow.stored_gigabytes, "GB in the lake"), _times(MART_SHARE, "as marts"),
        )  # fmt: skip
    yield "AWS Cost Explorer", "Daily snapshot", "cost_explorer.request", (
        _times(COST_EXPLORER_CALLS, "requests a day"), _DAYS,
    )  # fmt: skip


def _recommending(flow: Flow) -> Iterator[Row]:
    asked = _times(flow.usage.recommendations_per_day, "recommendations a day")
    yield "AWS Lambda", "Recommendation calls", "lambda.request", (asked, _DAYS)
    yield "AWS Lambda", "Recommendations", "lambda.gigabyte_second", (
        asked, _times(RECOMMEND_SECONDS, "seconds a call"), _times(RECOMMEND_GIGABYTES, "GB of memory"), _DAYS,
    )  # fmt: skip
    yield "Amazon DynamoDB", "Recommendations read", "dynamodb.read_request_unit", (
        asked, _times(LIST_READ_UNITS, "read units"), _DAYS,
    )  # fmt: skip
    yield "Amazon DynamoDB", "Recommendations written", "dynamodb.write_request_unit", (
        _times(flow.usage.events_per_day, "events a day"), _per(LIST_EVENTS, "events a list"), _DAYS,
    )  # fmt: skip
    yield "Amazon DynamoDB", "Storage", "dynamodb.storage_gigabyte_month", (
        _times(flow.usage.events_per_day, "events a day"), _times(1_000, "bytes kept for each"), _PER_GB,
    )  # fmt: skip


def _hosting(flow: Flow) -> Iterator[Row]:
    console, network = flow.tier.console, flow.tier.network
    views = _times(flow.usage.page_views_per_day, "page views a day")
    if console.hosted:
        tasks = _times(console.tasks, "tasks")
        fargate, balancer = "Amazon Elastic Container Service", "Elastic Load Balancing"
        yield fargate, "vCPU", "fargate.vcpu_hour", (tasks, _times(console.vcpu, "vCPU"), _HOURS)
        yield fargate, "Memory", "fargate.gigabyte_hour", (tasks, _times(console.memory_gigabytes, "GB"), _HOURS)
        yield balancer, "Load balancer", "alb.hour", (_HOURS,)
        yield balancer, "Capacity", "alb.capacity_unit_hour", (_times(LOAD_BALANCER_UNITS, "LCU"), _HOURS)
        yield "Amazon Elastic Container Registry", "Image", "ecr.gigabyte_month", (_times(IMAGE_GIGABYTES, "GB"),)
        yield "AWS Data Transfer", "Pages out", "data_transfer.out_gigabyte", (
            views, _times(PAGE_BYTES, "bytes a page"), _DAYS, _PER_GB,
        )  # fmt: skip
        yield "Amazon Cognito", "People", "cognito.monthly_active_user", (_times(flow.usage.people, "people"),)
    vpc, ec2 = "Amazon Virtual Private Cloud", "Amazon Elastic Compute Cloud"  # a bill has NAT gateways under EC2
    gateways = _times(network.nat_gateways, "NAT gateways")
    yield ec2, "NAT gateways", "nat_gateway.hour", (gateways, _HOURS)
    yield ec2, "NAT data", "nat_gateway.gigabyte", (gateways, _times(NAT_GIGABYTES, "GB a day"), _DAYS)
    yield vpc, "Public addresses", "public_ipv4.address_hour", (
        _times(network.public_addresses, "addresses"), _HOURS,
    )  # fmt: skip
    yield vpc, "Interface endpoints", "vpc_endpoint.interface_hour", (
        _times(network.interface_endpoints, "endpoints"), _times(network.availability_zones, "zones"), _HOURS,
    )  # fmt: skip
    yield "Amazon Route 53", "Hosted zones", "route53.hosted_zone_month", (_times(network.hosted_zones, "zones"),)


def _watching(flow: Flow) -> Iterator[Row]:
    watching, service = flow.tier.watching, "AmazonCloudWatch"
    logs = _times(flow.log_gigabytes, "GB of logs a day")
    yield service, "Logs ingested", "cloudwatch.logs_ingested_gigabyte", (logs, _DAYS)
    yield service, "Logs kept", "cloudwatch.logs_stored_gigabyte_month", (
        logs, _times(flow.tier.collector.log_retention_days, "days kept"), _times(LOG_COMPRESSION, "compressed"),
    )  # fmt: skip
    yield service, "Custom metrics", "cloudwatch.custom_metric_month", (_times(watching.custom_metrics, "metrics"),)
    yield service, "Alarms", "cloudwatch.alarm_month", (_times(watching.alarms, "alarms"),)
    yield service, "Composite alarms", "cloudwatch.composite_alarm_month", (
        _times(watching.composite_alarms, "composite alarms"),
    )  # fmt: skip
    yield service, "Dashboards", "cloudwatch.dashboard_month", (_times(watching.dashboards, "dashboards"),)
    yield service, "Metrics read", "cloudwatch.metric_request", (
        _times(flow.usage.page_views_per_day, "page views a day"), _times(HEALTH_SHARE, "open Health"),
        _times(HEALTH_METRICS, "metrics"), _DAYS,
    )  # fmt: skip
    yield "AWS X-Ray", "Traces", "xray.trace_recorded", (
        _times(flow.answered, "requests a day"), _times(watching.traced_share, "traced"), _DAYS,
    )  # fmt: skip


def _securing(flow: Flow) -> Iterator[Row]:
    security = flow.tier.security
    if security.guardduty:
        yield "Amazon GuardDuty", "Management events", "guardduty.management_event", (
            _times(security.management_events_per_month, "events"),
        )  # fmt: skip
        yield "Amazon GuardDuty", "Flow and DNS logs", "guardduty.flow_and_dns_gigabyte", (
            _times(FLOW_LOG_GIGABYTES, "GB a zone"), _times(flow.tier.network.availability_zones, "zones"),
        )  # fmt: skip
        touched = _raw_objects(flow) + flow.curation_runs * (RUN_OBJECTS + RUN_READS)
        touched += flow.asked_page_views * QUESTIONS_PER_PAGE_VIEW * QUESTION_READS
        yield "Amazon GuardDuty", "S3 data events", "guardduty.s3_event", (
            _times(touched, "objects written and read a day"), _DAYS,
        )  # fmt: skip
    if security.security_hub:
        yield (
            "AWS Security Hub",
            "Checks",
            "securityhub.check",
            (_times(security.checks_per_day, "checks a day"), _DAYS),
        )
        yield "AWS Config", "Configuration items", "config.configuration_item", (
            _times(security.config_items_per_month, "items"),
        )  # fmt: skip
    if security.macie_buckets:
        yield "Amazon Macie", "Buckets", "macie.bucket_month", (_times(security.macie_buckets, "buckets"),)
        yield "Amazon Macie", "Data inspected", "macie.inspected_gigabyte", (
            _times(security.macie_gigabytes_per_month, "GB sampled"),
        )  # fmt: skip
    yield "AWS Key Management Service", "Keys", "kms.key_month", (_times(security.keys, "keys"),)
    yield "AWS Secrets Manager", "Secrets", "secrets_manager.secret_month", (_times(security.secrets, "secrets"),)


_PARTS: Sequence[Callable[[Flow], Iterator[Row]]] = (
    _collecting, _streaming, _lake, _reading, _recommending, _hosting, _watching, _securing,
)  # fmt: skip
