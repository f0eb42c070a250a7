"""Settings of a tier as the templates have them: a row each.

Where a part is not there, its settings are 0 or false, as `infra_cdk/tiers.toml` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from infra_cdk.bill.expressions import DAY_MINUTES, minutes_between
from infra_cdk.bill.template_set import Properties, TemplateSet
from infra_cdk.installation import DATA

GIGABYTE = 10**9
SHARES, MEBIBYTES = 1_024, 1_024  # of one virtual CPU, of one gigabyte
FUNCTION, SCHEDULE = "AWS::Lambda::Function", "AWS::Scheduler::Schedule"
BALANCER, SERVICE = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ECS::Service"
MACIE_JOB = "Custom::ClassificationJob"
OWN_METRICS = "Takings"  # namespace
RAW = "raw"  # what the prefixes of raw files begin with

Templates = TemplateSet
Read = Callable[[Templates], Any]


def _function(purpose: str, setting: str) -> Read:
    """A property of a function; 0 where it has none, or is not there."""
    return lambda templates: templates.named(FUNCTION, "FunctionName", purpose).get(setting, 0)


def _variable(purpose: str, name: str, kind: Callable[[str], Any]) -> Read:
    """An environment variable of a function; 0 where the function is not there."""

    def read(templates: Templates) -> Any:
        function = templates.named(FUNCTION, "FunctionName", purpose)
        return kind(function["Environment"]["Variables"][name]) if function else 0

    return read


def _stream(templates: Templates) -> Properties:
    return templates.one("AWS::Kinesis::Stream")


def _most_shards(templates: Templates) -> int:
    """What the function that scales may go up to; without it the shards that the stream begins with."""
    most: int = _variable("shards", "TAKINGS_MOST_SHARDS", int)(templates)
    return most or _stream(templates).get("ShardCount", 0)


def _log_retention_days(templates: Templates) -> int:
    """Of the collector's log group; every group but those with a reason of their own has the same."""
    (days,) = {
        group["RetentionInDays"]
        for group in templates.resources("AWS::Logs::LogGroup").values()
        if str(group.get("LogGroupName", "")).endswith("-collector")
    }
    return int(days)


def _entrance(templates: Templates) -> str:
    return "cloudfront" if templates.resources("AWS::CloudFront::Distribution") else "load_balancer"


def _capacity(templates: Templates) -> str:
    table = templates.named("AWS::DynamoDB::Table", "TableName", "live")
    return {"PAY_PER_REQUEST": "on_demand", "PROVISIONED": "provisioned"}[table.get("BillingMode", "PROVISIONED")]


def _units(dimension: str, bound: str) -> Read:
    """A bound of the live table's capacity, which alone is scaled; 0 where it is charged on demand."""

    def read(templates: Templates) -> int:
        targets = templates.resources("AWS::ApplicationAutoScaling::ScalableTarget", DATA).values()
        return next((target[bound] for target in targets if target["ScalableDimension"].endswith(dimension)), 0)

    return read


def _raw_retention_days(templates: Templates) -> int:
    """Days after which raw files are removed, the same for each kind of them."""
    rules = [
        rule
        for bucket in templates.resources("AWS::S3::Bucket").values()
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if rule.get("Prefix", "").startswith(RAW) and "ExpirationInDays" in rule
    ]
    (days,) = {rule["ExpirationInDays"] for rule in rules}
    return int(days)


def _firehose_buffer_seconds(templates: Templates) -> int:
    delivery = templates.one("AWS::KinesisFirehose::DeliveryStream")
    return int(delivery["ExtendedS3DestinationConfiguration"]["BufferingHints"]["IntervalInSeconds"])


def _most_gigabytes_per_question(templates: Templates) -> int:
    """The limit of a question; 0, none, where a question may bring its own."""
    workgroup = templates.one("AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
    is_enforced = workgroup["EnforceWorkGroupConfiguration"]
    return int(workgroup["BytesScannedCutoffPerQuery"]) // GIGABYTE if is_enforced else 0


def _schedule(purpose: str, whole: int) -> Read:
    """How many times `whole` minutes lie between two starts."""
    return lambda templates: _whole(minutes_between(_expression(templates, purpose)) / whole)


def _runs_per_day(templates: Templates, purpose: str) -> int | Decimal:
    return _whole(DAY_MINUTES / minutes_between(_expression(templates, purpose)))


def _whole(number: Fraction) -> int | Decimal:
    return int(number) if number.denominator == 1 else Decimal(number.numerator) / number.denominator


def _expression(templates: Templates, purpose: str) -> str:
    return str(templates.named(SCHEDULE, "Name", purpose)["ScheduleExpression"])


def _crawler_runs_per_day(templates: Templates) -> int | Decimal:
    expression = templates.one("AWS::Glue::Crawler")["Schedule"]["ScheduleExpression"]
    return _whole(DAY_MINUTES / minutes_between(expression))


def _workers(part: str) -> Read:
    """Workers of a part's jobs, the same for each."""

    def read(templates: Templates) -> int:
        (workers,) = {job["NumberOfWorkers"] for job in templates.resources("AWS::Glue::Job", part).values()}
        return int(workers)

    return read


def _only(kind: str, setting: str) -> Read:
    """A property of the only resource of a type; 0 where there is none."""
    return lambda templates: next(iter(templates.resources(kind).values()), {}).get(setting, 0)


def _count(kind: str) -> Read:
    return lambda templates: len(templates.resources(kind))


def _exists(kind: str) -> Read:
    return lambda templates: bool(templates.resources(kind))


def _console(setting: str, whole: int) -> Read:
    """CPU or memory of the console's task, in whole units; 0 where it is not hosted."""
    return lambda templates: Decimal(_only("AWS::ECS::TaskDefinition", setting)(templates)) / whole


def _zones(templates: Templates) -> int:
    """Zones of the console: the subnets of its service; 0 where it is not hosted."""
    networks = [service["NetworkConfiguration"] for service in templates.resources(SERVICE).values()]
    return len(networks[0]["AwsvpcConfiguration"]["Subnets"]) if networks else 0


def _interface_endpoints(templates: Templates) -> int:
    endpoints = templates.resources("AWS::EC2::VPCEndpoint").values()
    return sum(endpoint.get("VpcEndpointType") == "Interface" for endpoint in endpoints)


def _public_addresses(templates: Templates) -> int:
    """One of each NAT gateway, of each load balancer one a zone, and of each task that is in a public subnet."""
    tasks = [
        int(service["DesiredCount"])
        for service in templates.resources(SERVICE).values()
        if service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "ENABLED"
    ]
    balancers = [
        len(balancer["Subnets"])
        for balancer in templates.resources(BALANCER).values()
        if balancer["Scheme"] == "internet-facing"
    ]
    return len(templates.resources("AWS::EC2::EIP")) + sum(balancers) + sum(tasks)


def _hosted_zones(templates: Templates) -> int:
    """Zones that records are written to; whoever deploys has them."""
    return len({str(record["HostedZoneId"]) for record in templates.resources("AWS::Route53::RecordSet").values()})


def _compared(templates: Templates) -> Iterator[Mapping[str, Any]]:
    """Each metric that an alarm compares; an expression compares all that it is made of."""
    for alarm in templates.resources("AWS::CloudWatch::Alarm").values():
        metrics = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", ()) if "MetricStat" in query]
        yield from metrics or [alarm]


def _custom_metrics(templates: Templates) -> int:
    """Metrics of our own on the dashboards: `console.health` draws each that is emitted."""
    drawn = set()
    for dashboard in templates.resources("AWS::CloudWatch::Dashboard").values():
        for widget in json.loads(_text(dashboard["DashboardBody"]))["widgets"]:
            lines = widget["properties"]["metrics"]
            drawn |= {json.dumps(line[:-1]) for line in lines if line[0] == OWN_METRICS}
    return len(drawn)


def _text(value: Any) -> str:
    """A text of a template with a word for what CloudFormation fills in."""
    if isinstance(value, str):
        return value
    return "".join(part if isinstance(part, str) else "made-by-aws" for part in value["Fn::Join"][1])


def _waf_rules(templates: Templates) -> int:
    return sum(len(acl["Rules"]) for acl in templates.resources("AWS::WAFv2::WebACL").values())


def _macie_buckets(templates: Templates) -> int:
    """Buckets that Macie keeps an inventory of: all."""
    return len(templates.resources("AWS::S3::Bucket")) if templates.resources(MACIE_JOB) else 0


def _secrets(templates: Templates) -> int:
    """Ours, and the one in which Redshift keeps a namespace's password."""
    namespaces = templates.resources("AWS::RedshiftServerless::Namespace").values()
    own = len(templates.resources("AWS::SecretsManager::Secret"))
    return own + sum(1 for namespace in namespaces if namespace.get("ManageAdminPassword"))


SETTINGS: Mapping[str, Read] = {
    "stream.mode": lambda templates: _stream(templates)["StreamModeDetails"]["StreamMode"].lower(),
    "stream.shards": lambda templates: _stream(templates).get("ShardCount", 0),
    "stream.most_shards": _most_shards,
    "stream.autoscaling": lambda templates: bool(templates.named(SCHEDULE, "Name", "shards")),
    "stream.retention_hours": lambda templates: _stream(templates)["RetentionPeriodHours"],
    "stream.live_window_seconds": _only("AWS::Lambda::EventSourceMapping", "MaximumBatchingWindowInSeconds"),
    "collector.memory_megabytes": _function("collector", "MemorySize"),
    "collector.log_retention_days": _log_retention_days,
    "collector.entrance": _entrance,
    "collector.timeout_seconds": _function("collector", "Timeout"),
    "collector.reserved_concurrency": _function("collector", "ReservedConcurrentExecutions"),
    "collector.log_level": _variable("collector", "POWERTOOLS_LOG_LEVEL", str),
    "live.memory_megabytes": _function("live", "MemorySize"),
    "live.timeout_seconds": _function("live", "Timeout"),
    "live.capacity": _capacity,
    "live.least_write_units": _units("WriteCapacityUnits", "MinCapacity"),
    "live.most_write_units": _units("WriteCapacityUnits", "MaxCapacity"),
    "live.least_read_units": _units("ReadCapacityUnits", "MinCapacity"),
    "live.most_read_units": _units("ReadCapacityUnits", "MaxCapacity"),
    "recommendations.memory_megabytes": _function("recommend", "MemorySize"),
    "recommendations.timeout_seconds": _function("recommend", "Timeout"),
    "recommendations.training_workers": _workers("recommendations"),
    "lake.raw_retention_days": _raw_retention_days,
    "lake.firehose_buffer_seconds": _firehose_buffer_seconds,
    "lake.most_gigabytes_per_question": _most_gigabytes_per_question,
    "curation.every_minutes": _schedule("curate", 1),
    "curation.workers": _workers("lake"),
    "curation.maintenance_every_days": _schedule("maintain", DAY_MINUTES),
    "curation.crawler_runs_per_day": _crawler_runs_per_day,
    "warehouse.enabled": _exists("AWS::RedshiftServerless::Workgroup"),
    "warehouse.base_rpu": _only("AWS::RedshiftServerless::Workgroup", "BaseCapacity"),
    "warehouse.most_rpu": _only("AWS::RedshiftServerless::Workgroup", "MaxCapacity"),
    "warehouse.most_rpu_hours_per_day": _only("Custom::UsageLimit", "RpuHoursADay"),
    "warehouse.load_every_minutes": _variable("load", "TAKINGS_LOAD_EVERY_MINUTES", int),
    "console.hosted": _exists(SERVICE),
    "console.tasks": _only(SERVICE, "DesiredCount"),
    "console.vcpu": _console("Cpu", SHARES),
    "console.memory_gigabytes": _console("Memory", MEBIBYTES),
    "network.availability_zones": _zones,
    "network.nat_gateways": _count("AWS::EC2::NatGateway"),
    "network.interface_endpoints": _interface_endpoints,
    "network.public_addresses": _public_addresses,
    "network.hosted_zones": _hosted_zones,
    "watching.custom_metrics": _custom_metrics,
    "watching.alarms": lambda templates: sum(1 for _ in _compared(templates)),
    "watching.composite_alarms": _count("AWS::CloudWatch::CompositeAlarm"),
    "watching.canary_runs_per_day": lambda templates: _runs_per_day(templates, "canary"),
    "watching.dashboards": _count("AWS::CloudWatch::Dashboard"),
    "watching.traced_share": _variable("collector", "TAKINGS_TRACED_SHARE", Decimal),
    "watching.metrics_every_seconds": _variable("collector", "TAKINGS_METRICS_SECONDS", int),
    "security.waf_rules": _waf_rules,
    "security.guardduty": _exists("AWS::GuardDuty::Detector"),
    "security.security_hub": _exists("AWS::SecurityHub::Hub"),
    "security.macie_buckets": _macie_buckets,
    "security.keys": _count("AWS::KMS::Key"),
    "security.secrets": _secrets,
}
"""Settings that the stacks build, and how each is read from the templates."""
