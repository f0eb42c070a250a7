"""Literal facts and round prices for the tests of savings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from console.asking.periods import Period
from console.savings.facts import (
    AthenaQuery,
    Bucket,
    CapacityHour,
    CapacityTable,
    Crawler,
    Function,
    LogGroup,
    NatGateway,
    Recommendation,
    StoredTable,
    Stream,
    StreamHour,
    Warehouse,
    WarehouseHour,
    WebAcl,
)
from console.savings.findings import Finding
from console.savings.inventory import Inventory, Read

NOW = datetime(2026, 3, 31, tzinfo=UTC)
PERIOD = Period(date(2026, 3, 17), date(2026, 3, 31))  # 14 days
HOURS = 14 * 24

AMOUNTS = {
    "kinesis.shard_hour": "0.015",
    "kinesis.put_payload_unit": "0.000000014",
    "kinesis.on_demand_stream_hour": "0.04",
    "kinesis.on_demand_gigabyte_in": "0.08",
    "kinesis.on_demand_gigabyte_out": "0.04",
    "redshift.rpu_hour": "0.375",
    "athena.scanned_terabyte": "5",
    "s3.standard_gigabyte_month": "0.023",
    "s3.infrequent_access_gigabyte_month": "0.0125",
    "s3.lifecycle_transition": "0.00001",
    "s3.get_request": "0.0000004",
    "cloudwatch.logs_stored_gigabyte_month": "0.03",
    "lambda.gigabyte_second": "0.0000133334",
    "lambda.gigabyte_second_x86": "0.0000166667",
    "nat_gateway.hour": "0.045",
    "nat_gateway.gigabyte": "0.045",
    "vpc_endpoint.interface_hour": "0.01",
    "vpc_endpoint.gigabyte": "0.01",
    "waf.web_acl_month": "5",
    "waf.rule_month": "1",
    "glue.crawler_dpu_hour": "0.44",
    "dynamodb.read_request_unit": "0.000000125",
    "dynamodb.write_request_unit": "0.000000625",
    "dynamodb.read_capacity_unit_hour": "0.00013",
    "dynamodb.write_capacity_unit_hour": "0.00065",
}


@dataclass(frozen=True)
class FakePrice:
    amount: Decimal | None
    source: str = "aws.amazon.com/example/pricing"
    as_of: date = date(2026, 1, 31)


@dataclass(frozen=True)
class FakePrices:
    """Round prices; those in `unknown` are not known."""

    unknown: frozenset[str] = field(default_factory=frozenset)

    def price(self, key: str, region: str) -> FakePrice:
        return FakePrice(None if key in self.unknown else Decimal(AMOUNTS[key]))


PRICES = FakePrices()


def without(*keys: str) -> FakePrices:
    return FakePrices(frozenset(keys))


def inventory(**facts: Any) -> Inventory:
    """An inventory of these facts; a tuple of facts is read whole."""
    read = {name: value if isinstance(value, Read) else Read(tuple(value)) for name, value in facts.items()}
    return Inventory(taken_at=NOW, period=PERIOD, region="us-east-1", origin="AWS us-east-1", **read)


def only(findings: tuple[Finding, ...]) -> Finding:
    assert len(findings) == 1, [finding.title for finding in findings]
    return findings[0]


def stream(bytes_in: int, records_in: int = 1, bytes_out: int = 0, *, hours: int = HOURS, **more: Any) -> Stream:
    """The same in every hour."""
    given = {"is_on_demand": False, "shards": 2, **more}
    return Stream("events", "arn:aws:kinesis:us-east-1:1:stream/events",
                  hours=(StreamHour(bytes_in, records_in, bytes_out),) * hours, **given)  # fmt: skip


def warehouse(*hours: tuple[str, int, str], **more: Any) -> Warehouse:
    """Hours of (RPU-seconds, queries, seconds they ran), repeated over the period."""
    given = {"base_capacity": 8, "max_capacity": 64, "rpu_hour_limit": Decimal(100), **more}
    pattern = tuple(WarehouseHour(Decimal(rpu), count, Decimal(seconds)) for rpu, count, seconds in hours)
    return Warehouse("main", "arn:aws:redshift-serverless:us-east-1:1:workgroup/main",
                     hours=pattern * (HOURS // len(pattern)), **given)  # fmt: skip


def table(**more: Any) -> StoredTable:
    given: dict[str, Any] = {
        "name": "events", "resource": "arn:aws:glue:us-east-1:1:table/lake/events", "partition": "event_date",
        "partitions": 310, "files": 310, "bytes": 10**12, "files_needed": 310, "is_columnar": True,
        "is_compressed": True, **more,
    }  # fmt: skip
    return StoredTable(**given)


def query(scanned: int, dated: bool | None = False, **more: Any) -> AthenaQuery:
    """A query with a condition on the partition of its tables, without one, or one whose text is not understood."""
    given: dict[str, Any] = {"query_id": "q1", "workgroup": "console", "tables": ("events",), **more}
    unrestricted = {True: (), False: given["tables"], None: None}[dated]
    return AthenaQuery(bytes_scanned=scanned, **{"unrestricted": unrestricted, **given})


def bucket(**more: Any) -> Bucket:
    given: dict[str, Any] = {
        "name": "lake", "resource": "arn:aws:s3:::lake", "standard_bytes": 10**12, "cold_bytes": 0, "cold_objects": 0,
        "noncurrent_bytes": 0, "has_transition": True, "has_noncurrent_expiration": True, "aborts_uploads": True,
        "incomplete_uploads": 0, "incomplete_bytes": 0, **more,
    }  # fmt: skip
    return Bucket(**given)


def log_group(stored: int, created: datetime, retention: int | None = None) -> LogGroup:
    return LogGroup("/shop", "arn:aws:logs:us-east-1:1:log-group:/shop", retention, stored, created)


def function(used: int | None, memory: int = 1024, **more: Any) -> Function:
    given: dict[str, Any] = {"architecture": "arm64", "invocations": 1_000_000, "duration": Decimal(100_000), **more}
    return Function("collector", "arn:aws:lambda:us-east-1:1:function:collector", memory=memory,
                    max_memory_used=used, **given)  # fmt: skip


def gateway(processed: int, **more: Any) -> NatGateway:
    given: dict[str, Any] = {"hours": HOURS, "zones": 1, "endpoints": (), "destinations": None, **more}
    return NatGateway("nat-1", "nat-1", processed, **given)


def web_acl(requests: int, rules: int = 4, protects: int | None = 0) -> WebAcl:
    return WebAcl("old", "arn:aws:wafv2:us-east-1:1:regional/webacl/old/1", rules, requests, protects)


def crawler(runs: int, changed: int, hours: str = "10", unchanged: str = "10") -> Crawler:
    return Crawler("raw", "crawler/raw", "cron(0 * * * ? *)", runs, changed, Decimal(hours), Decimal(unchanged))


def capacity(reads: str, writes: str, *, hours: int = HOURS, **more: Any) -> CapacityTable:
    """The same units consumed in every hour."""
    given: dict[str, Any] = {"is_on_demand": True, "provisioned_reads": 0, "provisioned_writes": 0, **more}
    return CapacityTable("recommendations", "arn:aws:dynamodb:us-east-1:1:table/recommendations",
                         hours=(CapacityHour(Decimal(reads), Decimal(writes)),) * hours, **given)  # fmt: skip


def recommendation(resource: str, saved: str | None = "12.50", **more: Any) -> Recommendation:
    given: dict[str, Any] = {
        "source": "cost_optimization_hub", "identifier": "r-1", "kind": "LambdaFunction", "action": "Rightsize",
        "current": "1024 MB", "recommended": "512 MB", "effort": "Low", "restart_needed": False,
        "rollback_possible": True, "lookback_days": 14, **more,
    }  # fmt: skip
    return Recommendation(resource=resource, monthly_savings=None if saved is None else Decimal(saved), **given)
