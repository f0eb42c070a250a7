"""What AWS calls the lines of the sample's price table: usage type and operation, as they stand on a bill.

In us-east-1 most usage types begin with ``USE1-``; older services (S3, EC2, load balancing, DynamoDB) write none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Named(NamedTuple):
    """Usage type and operation; None where the bill has none."""

    usage_type: str | None
    operation: str | None


_COMPUTE_SECONDS = Named("USE1-Lambda-GB-Second-ARM", "Invoke")
_HTTP_API = Named("USE1-ApiGatewayHttpRequest", "ApiGatewayHttpApi")

USAGE_TYPES: Mapping[str, Named] = {
    "APIRequest": Named("USE1-APIRequest", "GetCostAndUsage"),
    "AWSSecretsManager-Secrets": Named("USE1-AWSSecretsManager-Secrets", None),
    "AlarmMonitorUsage": Named("USE1-CW:AlarmMonitorUsage", "Unknown"),
    "ApiGatewayHttpRequest": _HTTP_API,
    "ApiGatewayHttpRequest-Recommend": _HTTP_API,
    "BilledBytes": Named("USE1-BilledBytes", None),
    "CloudFront-Out-Bytes": Named("US-DataTransfer-Out-Bytes", "GET"),
    "CloudFront-Requests": Named("US-Requests-Tier2-HTTPS", "GET"),
    "ComputeSP-1yr-NoUpfront": Named("ComputeSP:1yrNoUpfront", None),
    "Crawler-DPU-Hour": Named("USE1-Crawler-DPU-Hour", "CrawlerRun"),
    "DataProcessing-Bytes": Named("USE1-DataProcessing-Bytes", "PutLogEvents"),
    "DataScannedInTB": Named("USE1-DataScannedInTB", "StartQueryExecution"),
    "ETL-DPU-Hour": Named("USE1-ETL-DPU-Hour", "Jobrun"),
    "Fargate-GB-Hours": Named("USE1-Fargate-GB-Hours", "FargateTask"),
    "Fargate-vCPU-Hours": Named("USE1-Fargate-vCPU-Hours:perCPU", "FargateTask"),
    "HostedZone": Named("HostedZone", "HostedZone"),
    "KMS-Keys": Named("us-east-1-KMS-Keys", "Unknown"),
    "LCUUsage": Named("LCUUsage", "LoadBalancing:Application"),
    "Lambda-GB-Second-Collector": _COMPUTE_SECONDS,
    "Lambda-GB-Second-Live": _COMPUTE_SECONDS,
    "Lambda-GB-Second-Recommend": _COMPUTE_SECONDS,
    "Lambda-Request-Collector": Named("USE1-Request-ARM", "Invoke"),
    "LoadBalancerUsage": Named("LoadBalancerUsage", "LoadBalancing:Application"),
    "MetricMonitorUsage": Named("USE1-CW:MetricMonitorUsage", "MetricStorage"),
    "NatGateway-Bytes": Named("NatGateway-Bytes", "NatGateway"),
    "NatGateway-Hours": Named("NatGateway-Hours", "NatGateway"),
    "PaidComplianceCheck": Named("USE1-PaidComplianceCheck", None),
    "PaidEventsAnalyzed": Named("USE1-PaidEventsAnalyzed", None),
    "Promotional-Credit": Named(None, None),
    "PutRequestPayloadUnits": Named("USE1-PutRequestPayloadUnits", "PutRequest"),
    "ReadRequestUnits": Named("ReadRequestUnits", "PayPerRequestThroughput"),
    "Requests-Tier1": Named("Requests-Tier1", "PutObject"),
    "Requests-Tier2": Named("Requests-Tier2", "GetObject"),
    "Sales-Tax": Named(None, None),
    "Serverless-RPU-Hour": Named("USE1-ServerlessUsage", "Serverless"),
    "Storage-ShardHour": Named("USE1-Storage-ShardHour", "shardHourStorage"),
    "Support-Developer": Named("Dollar", None),
    "TimedStorage-ByteHrs": Named("TimedStorage-ByteHrs", "StandardStorage"),
    "WebACL": Named("WebACLV2", None),
    "WebACL-Request": Named("RequestV2-Tier1", None),
    "WebACL-Rule": Named("RuleV2", None),
    "WriteRequestUnits": Named("WriteRequestUnits", "PayPerRequestThroughput"),
}
