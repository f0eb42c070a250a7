"""The price table of the sample shop's cloud bill: what its platform uses in a day, and what that costs.

Prices are AWS public on-demand list prices of region us-east-1 (N. Virginia) as published in 2025, in US dollars per
pricing unit, first tier, free tier not deducted. Quantities follow the day's traffic (`Day`); the fixed ones are what
one startup-size deployment keeps running. In us-east-1 most usage types begin with ``USE1-``; older services (S3, EC2,
load balancing, DynamoDB) write no prefix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

HOURS = 24
EVENT_BYTES = 465  # a raw line of the sample, on average
EVENTS_PER_REQUEST = 10  # clients batch
COMPRESSION = 10  # raw lines, zstd


@dataclass(frozen=True)
class Day:
    """One day of the full-size shop; the quantities are computed from it.

    `share_of_month` is 1 ÷ days of the month, `stored_gigabytes` the size of the lake; `query_factor` is above 1 on the
    days of the runaway query.
    """

    events: float
    recommendations: float
    relative_traffic: float
    stored_gigabytes: float
    share_of_month: float
    weekend: bool
    query_factor: int

    @property
    def requests(self) -> float:
        """Requests to the collector."""
        return self.events / EVENTS_PER_REQUEST

    @property
    def gigabytes(self) -> float:
        """Event bytes received."""
        return self.events * EVENT_BYTES / 1e9

    @property
    def shards(self) -> int:
        """Two shards, four on the busiest days."""
        return 4 if self.relative_traffic > 2.5 else 2


@dataclass(frozen=True)
class Usage:
    """One row of the price table; `component` is a cost allocation tag, empty for untagged resources."""

    sku: str
    usage_type: str
    operation: str | None
    service: str
    category: str
    description: str
    price: Decimal
    unit: str
    quantity: Callable[[Day], float]
    resource: str = ""
    component: str = ""
    account: str = "production"
    regional: bool = True
    committed_from_day: int | None = None


def _fixed(amount: float) -> Callable[[Day], float]:
    return lambda _day: amount


def _monthly(amount: float) -> Callable[[Day], float]:
    return lambda day: amount * day.share_of_month


D = Decimal
ANALYTICS, COMPUTE, NETWORK, SECURITY = "Analytics", "Compute", "Networking", "Security"
MANAGEMENT = "Management and Governance"
SAVINGS_PLAN_FROM_DAY = 150

USAGE: tuple[Usage, ...] = (
    # collector
    Usage("CloudFront-Requests", "US-Requests-Tier2-HTTPS", "GET", "Amazon CloudFront", NETWORK,
          "$0.0100 per 10,000 HTTPS requests", D("0.000001"), "Requests", lambda d: d.requests + 2 * d.recommendations,
          "distribution/collector", "collector", regional=False),
    Usage("CloudFront-Out-Bytes", "US-DataTransfer-Out-Bytes", "GET", "Amazon CloudFront", NETWORK,
          "$0.085 per GB data transfer out", D("0.085"), "GB",
          lambda d: (d.requests * 400 + d.recommendations * 3_000) / 1e9, "distribution/collector", "collector",
          regional=False),
    Usage("WebACL", "WebACLV2", None, "AWS WAF", SECURITY, "$5.00 per web ACL per month", D("5"), "Months", _monthly(1),
          "webacl/collector", "collector", regional=False),
    Usage("WebACL-Rule", "RuleV2", None, "AWS WAF", SECURITY, "$1.00 per rule per month", D("1"), "Months", _monthly(5),
          "webacl/collector", "collector", regional=False),
    Usage("WebACL-Request", "RequestV2-Tier1", None, "AWS WAF", SECURITY, "$0.60 per million requests", D("0.0000006"),
          "Requests", lambda d: d.requests + d.recommendations, "webacl/collector", "collector", regional=False),
    Usage("ApiGatewayHttpRequest", "USE1-ApiGatewayHttpRequest", "ApiGatewayHttpApi", "Amazon API Gateway",
          "Integration", "$1.00 per million HTTP API requests", D("0.000001"), "Requests", lambda d: d.requests,
          "apis/collector", "collector"),
    Usage("Lambda-Request-Collector", "USE1-Request-ARM", "Invoke", "AWS Lambda", COMPUTE, "$0.20 per million requests",
          D("0.0000002"), "Requests", lambda d: d.requests, "function/collector", "collector"),
    Usage("Lambda-GB-Second-Collector", "USE1-Lambda-GB-Second-ARM", "Invoke", "AWS Lambda", COMPUTE,
          "$0.0000133334 per GB-second (Arm)", D("0.0000133334"), "GB-Seconds", lambda d: d.requests * 0.030 * 0.5,
          "function/collector", "collector"),
    # stream
    Usage("Storage-ShardHour", "USE1-Storage-ShardHour", "shardHourStorage", "Amazon Kinesis", ANALYTICS,
          "$0.015 per provisioned shard-hour", D("0.015"), "Shard-Hours", lambda d: HOURS * d.shards, "stream/events",
          "stream"),
    Usage("PutRequestPayloadUnits", "USE1-PutRequestPayloadUnits", "PutRequest", "Amazon Kinesis", ANALYTICS,
          "$0.014 per million PUT payload units", D("0.000000014"), "Payload Units", lambda d: d.events,
          "stream/events", "stream"),
    Usage("BilledBytes", "USE1-BilledBytes", None, "Amazon Data Firehose", ANALYTICS,
          "$0.029 per GB ingested, records rounded up to 5 KB", D("0.029"), "GB", lambda d: d.events * 5_000 / 1e9,
          "deliverystream/raw", "stream"),
    Usage("Lambda-GB-Second-Live", "USE1-Lambda-GB-Second-ARM", "Invoke", "AWS Lambda", COMPUTE,
          "$0.0000133334 per GB-second (Arm)", D("0.0000133334"), "GB-Seconds", lambda d: d.events / 100 * 0.2 * 0.5,
          "function/live", "stream"),
    # lake
    Usage("TimedStorage-ByteHrs", "TimedStorage-ByteHrs", "StandardStorage", "Amazon Simple Storage Service", "Storage",
          "$0.023 per GB-month, Standard", D("0.023"), "GB-Months", lambda d: d.stored_gigabytes * d.share_of_month,
          "bucket/lake", "lake"),
    Usage("Requests-Tier1", "Requests-Tier1", "PutObject", "Amazon Simple Storage Service", "Storage",
          "$0.005 per 1,000 PUT, COPY, POST or LIST", D("0.000005"), "Requests", _fixed(1_440 + 24 * 120),
          "bucket/lake", "lake"),
    Usage("Requests-Tier2", "Requests-Tier2", "GetObject", "Amazon Simple Storage Service", "Storage",
          "$0.0004 per 1,000 GET", D("0.0000004"), "Requests", lambda d: 60_000 * d.query_factor, "bucket/lake",
          "lake"),
    Usage("ETL-DPU-Hour", "USE1-ETL-DPU-Hour", "Jobrun", "AWS Glue", ANALYTICS, "$0.44 per DPU-hour", D("0.44"),
          "DPU-Hours", lambda d: 24 * 2 * (0.020 + 0.010 * d.relative_traffic), "job/curate", "curation"),
    Usage("Crawler-DPU-Hour", "USE1-Crawler-DPU-Hour", "CrawlerRun", "AWS Glue", ANALYTICS,
          "$0.44 per DPU-hour for crawlers", D("0.44"), "DPU-Hours", _fixed(2 * 10 / 60), "crawler/raw", "curation"),
    # reading
    Usage("DataScannedInTB", "USE1-DataScannedInTB", "StartQueryExecution", "Amazon Athena", ANALYTICS,
          "$5.00 per TB scanned", D("5"), "TB", lambda d: (0.09 if d.weekend else 0.17) * d.query_factor,
          "workgroup/console", "console"),
    Usage("Serverless-RPU-Hour", "USE1-ServerlessUsage", "Serverless", "Amazon Redshift", "Databases",
          "$0.375 per RPU-hour", D("0.375"), "RPU-Hours", lambda d: 1.2 if d.weekend else 3.2, "workgroup/warehouse",
          "warehouse"),
    Usage("Fargate-vCPU-Hours", "USE1-Fargate-vCPU-Hours:perCPU", "FargateTask", "Amazon Elastic Container Service",
          COMPUTE, "$0.04048 per vCPU-hour", D("0.04048"), "vCPU-Hours", _fixed(HOURS * 0.5), "service/console",
          "console", committed_from_day=SAVINGS_PLAN_FROM_DAY),
    Usage("Fargate-GB-Hours", "USE1-Fargate-GB-Hours", "FargateTask", "Amazon Elastic Container Service", COMPUTE,
          "$0.004445 per GB-hour", D("0.004445"), "GB-Hours", _fixed(HOURS * 1), "service/console", "console",
          committed_from_day=SAVINGS_PLAN_FROM_DAY),
    Usage("LoadBalancerUsage", "LoadBalancerUsage", "LoadBalancing:Application", "Elastic Load Balancing", NETWORK,
          "$0.0225 per Application Load Balancer-hour", D("0.0225"), "Hours", _fixed(HOURS), "loadbalancer/console",
          "console"),
    Usage("LCUUsage", "LCUUsage", "LoadBalancing:Application", "Elastic Load Balancing", NETWORK, "$0.008 per LCU-hour",
          D("0.008"), "LCU-Hours", _fixed(HOURS * 0.1), "loadbalancer/console", "console"),
    # recommendations
    Usage("WriteRequestUnits", "WriteRequestUnits", "PayPerRequestThroughput", "Amazon DynamoDB", "Databases",
          "$0.625 per million write request units", D("0.000000625"), "Request Units", lambda d: 60_000 + d.events / 20,
          "table/recommendations", "recommendations"),
    Usage("ReadRequestUnits", "ReadRequestUnits", "PayPerRequestThroughput", "Amazon DynamoDB", "Databases",
          "$0.125 per million read request units", D("0.000000125"), "Request Units", lambda d: 4 * d.recommendations,
          "table/recommendations", "recommendations"),
    Usage("ApiGatewayHttpRequest-Recommend", "USE1-ApiGatewayHttpRequest", "ApiGatewayHttpApi", "Amazon API Gateway",
          "Integration", "$1.00 per million HTTP API requests", D("0.000001"), "Requests", lambda d: d.recommendations,
          "apis/recommend", "recommendations"),
    Usage("Lambda-GB-Second-Recommend", "USE1-Lambda-GB-Second-ARM", "Invoke", "AWS Lambda", COMPUTE,
          "$0.0000133334 per GB-second (Arm)", D("0.0000133334"), "GB-Seconds",
          lambda d: d.recommendations * 0.020 * 0.5, "function/recommend", "recommendations"),
    # shared
    Usage("DataProcessing-Bytes", "USE1-DataProcessing-Bytes", "PutLogEvents", "AmazonCloudWatch", MANAGEMENT,
          "$0.50 per GB of logs ingested", D("0.50"), "GB", lambda d: 0.08 + d.requests * 1_200 / 1e9, "log-group/all"),
    Usage("MetricMonitorUsage", "USE1-CW:MetricMonitorUsage", "MetricStorage", "AmazonCloudWatch", MANAGEMENT,
          "$0.30 per custom metric per month", D("0.30"), "Metrics", _monthly(28), "metrics/takings"),
    Usage("AlarmMonitorUsage", "USE1-CW:AlarmMonitorUsage", "Unknown", "AmazonCloudWatch", MANAGEMENT,
          "$0.10 per alarm per month", D("0.10"), "Alarms", _monthly(22), "alarms/takings"),
    Usage("NatGateway-Hours", "NatGateway-Hours", "NatGateway", "Amazon Elastic Compute Cloud", NETWORK,
          "$0.045 per NAT gateway-hour", D("0.045"), "Hours", _fixed(HOURS), "natgateway/main"),
    Usage("NatGateway-Bytes", "NatGateway-Bytes", "NatGateway", "Amazon Elastic Compute Cloud", NETWORK,
          "$0.045 per GB processed by NAT gateways", D("0.045"), "GB", lambda d: 0.5 + d.gigabytes, "natgateway/main"),
    Usage("HostedZone", "HostedZone", "HostedZone", "Amazon Route 53", NETWORK, "$0.50 per hosted zone per month",
          D("0.50"), "Months", _monthly(1), "hostedzone/shop", "console", regional=False),
    Usage("AWSSecretsManager-Secrets", "USE1-AWSSecretsManager-Secrets", None, "AWS Secrets Manager", "Identity",
          "$0.40 per secret per month", D("0.40"), "Secrets", _monthly(3), "secret/console", "console"),
    Usage("KMS-Keys", "us-east-1-KMS-Keys", "Unknown", "AWS Key Management Service", "Identity",
          "$1.00 per customer managed key per month", D("1"), "Keys", _monthly(2), "key/lake", "lake"),
    Usage("APIRequest", "USE1-APIRequest", "GetCostAndUsage", "AWS Cost Explorer", MANAGEMENT, "$0.01 per request",
          D("0.01"), "API Requests", _fixed(2), "", "console", regional=False),
    Usage("PaidEventsAnalyzed", "USE1-PaidEventsAnalyzed", None, "Amazon GuardDuty", SECURITY,
          "$4.00 per million management events analysed", D("0.000004"), "Events",
          lambda d: 18_000 + 4_000 * d.relative_traffic, "detector/main", "security", account="security"),
    Usage("PaidComplianceCheck", "USE1-PaidComplianceCheck", None, "AWS Security Hub", SECURITY,
          "$0.0010 per security check", D("0.001"), "Security Checks", _fixed(95), "hub/default", "security",
          account="security"),
)  # fmt: skip
