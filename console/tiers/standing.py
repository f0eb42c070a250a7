"""The lines of what is there whatever the traffic: the hosted console, its network, what watches and what secures."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from console.tiers.factors import A_MONTH, HOURS_A_MONTH, PER_GB, Row, times
from console.tiers.sizing import FLOW_RECORD_BYTES, Flow

PAGE_BYTES = 500_000
CANARY_SECONDS, CANARY_GIGABYTES = Decimal("0.5"), Decimal("0.25")  # of one run: assumed until CloudWatch says
HEALTH_SHARE, HEALTH_METRICS = Decimal("0.05"), 60  # of page views that open Health, and the metrics it asks for
LOG_COMPRESSION = Decimal("0.15")
LOAD_BALANCER_UNITS = Decimal("0.1")
NAT_GIGABYTES = Decimal("0.5")  # a day and gateway
IMAGE_GIGABYTES = 1
FLOW_LOG_GIGABYTES = 1  # a month and zone that GuardDuty reads


def hosting(flow: Flow) -> Iterator[Row]:
    """The console's containers, and the network."""
    console, network = flow.tier.console, flow.tier.network
    views = times(flow.usage.page_views_per_day, "page views a day")
    if console.hosted:
        tasks = times(console.tasks, "tasks")
        fargate, balancer = "Amazon Elastic Container Service", "Elastic Load Balancing"
        yield fargate, "vCPU", "fargate.vcpu_hour", (tasks, times(console.vcpu, "vCPU"), HOURS_A_MONTH)
        yield fargate, "Memory", "fargate.gigabyte_hour", (tasks, times(console.memory_gigabytes, "GB"), HOURS_A_MONTH)
        yield balancer, "Load balancer", "alb.hour", (HOURS_A_MONTH,)
        yield balancer, "Capacity", "alb.capacity_unit_hour", (times(LOAD_BALANCER_UNITS, "LCU"), HOURS_A_MONTH)
        yield "Amazon Elastic Container Registry", "Image", "ecr.gigabyte_month", (times(IMAGE_GIGABYTES, "GB"),)
        yield "AWS Data Transfer", "Pages out", "data_transfer.out_gigabyte", (
            views, times(PAGE_BYTES, "bytes a page"), A_MONTH, PER_GB,
        )  # fmt: skip
        yield "Amazon Cognito", "People", "cognito.monthly_active_user", (times(flow.usage.people, "people"),)
    vpc, ec2 = "Amazon Virtual Private Cloud", "Amazon Elastic Compute Cloud"  # a bill has NAT gateways under EC2
    gateways = times(network.nat_gateways, "NAT gateways")
    yield ec2, "NAT gateways", "nat_gateway.hour", (gateways, HOURS_A_MONTH)
    yield ec2, "NAT data", "nat_gateway.gigabyte", (gateways, times(NAT_GIGABYTES, "GB a day"), A_MONTH)
    yield vpc, "Public addresses", "public_ipv4.address_hour", (
        times(network.public_addresses, "addresses"), HOURS_A_MONTH,
    )  # fmt: skip
    yield vpc, "Interface endpoints", "vpc_endpoint.interface_hour", (
        times(network.interface_endpoints, "endpoints"), times(network.availability_zones, "zones"), HOURS_A_MONTH,
    )  # fmt: skip
    yield "Amazon Route 53", "Hosted zones", "route53.hosted_zone_month", (times(network.hosted_zones, "zones"),)


def watching(flow: Flow) -> Iterator[Row]:
    """Logs, metrics, alarms, the canary and traces."""
    watching, service = flow.tier.watching, "AmazonCloudWatch"
    logs = times(flow.log_gigabytes, "GB of logs a day")
    yield service, "Logs ingested", "cloudwatch.logs_ingested_gigabyte", (logs, A_MONTH)
    yield service, "Logs kept", "cloudwatch.logs_stored_gigabyte_month", (
        logs, times(flow.tier.collector.log_retention_days, "days kept"), times(LOG_COMPRESSION, "compressed"),
    )  # fmt: skip
    yield service, "Custom metrics", "cloudwatch.custom_metric_month", (times(watching.custom_metrics, "metrics"),)
    yield service, "Alarms", "cloudwatch.alarm_month", (times(watching.alarms, "alarms"),)
    yield service, "Composite alarms", "cloudwatch.composite_alarm_month", (
        times(watching.composite_alarms, "alarms"),
    )  # fmt: skip
    yield "AWS Lambda", "Canary", "lambda.gigabyte_second", (
        times(watching.canary_runs_per_day, "runs a day"), times(CANARY_SECONDS, "seconds"),
        times(CANARY_GIGABYTES, "GB of memory"), A_MONTH,
    )  # fmt: skip
    yield service, "Dashboards", "cloudwatch.dashboard_month", (times(watching.dashboards, "dashboards"),)
    yield service, "Metrics read", "cloudwatch.metric_request", (
        times(flow.usage.page_views_per_day, "page views a day"), times(HEALTH_SHARE, "open Health"),
        times(HEALTH_METRICS, "metrics"), A_MONTH,
    )  # fmt: skip
    yield "AWS X-Ray", "Traces", "xray.trace_recorded", (
        times(flow.calls, "calls a day"), times(watching.traced_share, "traced"), A_MONTH,
    )  # fmt: skip


def securing(flow: Flow) -> Iterator[Row]:
    """What watches the account, keys and secrets."""
    security = flow.tier.security
    if security.guardduty:
        yield "Amazon GuardDuty", "Management events", "guardduty.management_event", (
            times(security.management_events_per_month, "events"),
        )  # fmt: skip
        yield "Amazon GuardDuty", "Flow and DNS logs", "guardduty.flow_and_dns_gigabyte", (
            times(FLOW_LOG_GIGABYTES, "GB a zone"), times(flow.tier.network.availability_zones, "zones"),
        )  # fmt: skip
        yield "Amazon GuardDuty", "Flow logs of senders", "guardduty.flow_and_dns_gigabyte", (
            times(flow.flow_records, "records a day"), times(FLOW_RECORD_BYTES, "bytes a record"), A_MONTH, PER_GB,
        )  # fmt: skip
        yield "Amazon GuardDuty", "S3 data events", "guardduty.s3_event", (
            times(flow.touched_objects, "objects written and read a day"), A_MONTH,
        )  # fmt: skip
    if security.security_hub:
        yield (
            "AWS Security Hub",
            "Checks",
            "securityhub.check",
            (times(security.checks_per_day, "checks a day"), A_MONTH),
        )
        yield "AWS Config", "Configuration items", "config.configuration_item", (
            times(security.config_items_per_month, "items"),
        )  # fmt: skip
    if security.macie_buckets:
        yield "Amazon Macie", "Buckets", "macie.bucket_month", (times(security.macie_buckets, "buckets"),)
        yield "Amazon Macie", "Data inspected", "macie.inspected_gigabyte", (
            times(security.macie_gigabytes_per_month, "GB sampled"),
        )  # fmt: skip
    yield "AWS Key Management Service", "Keys", "kms.key_month", (times(security.keys, "keys"),)
    yield "AWS Secrets Manager", "Secrets", "secrets_manager.secret_month", (times(security.secrets, "secrets"),)
