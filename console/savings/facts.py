"""Facts about resources and their use, which the checks judge. Sizes are in bytes, durations in seconds.

A fact that is None could not be measured; a check that needs it says *unknown*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class StreamHour:
    """Bytes and records that passed through a stream in one hour."""

    bytes_in: int
    records_in: int
    bytes_out: int


@dataclass(frozen=True)
class Stream:
    """A Kinesis data stream; `hours` are all hours of the period, idle ones included."""

    name: str
    resource: str
    is_on_demand: bool
    shards: int
    hours: tuple[StreamHour, ...]


@dataclass(frozen=True)
class WarehouseHour:
    """RPU-seconds billed in one hour, queries that ran in it, and the run time of those that ended in it.

    `queries` may be one too high: of the queries that ended later, only the longest is known.
    """

    rpu_seconds: Decimal
    queries: int
    query_seconds: Decimal


@dataclass(frozen=True)
class Warehouse:
    """A Redshift Serverless workgroup.

    `rpu_hour_limit` is the usage limit in RPU-hours a month, None if none is set; `max_capacity` is the most RPU it may
    take, None if unlimited.
    """

    name: str
    resource: str
    base_capacity: int
    max_capacity: int | None
    rpu_hour_limit: Decimal | None
    hours: tuple[WarehouseHour, ...]


@dataclass(frozen=True)
class AthenaQuery:
    """One query that Athena charged for.

    Attributes
    ----------
    tables : the tables of the lake that it reads
    unrestricted : those of them whose partition column is in no condition; None if the query could not be parsed
    reads_others : whether it also reads tables outside the lake, so that its bytes cannot be divided among the tables
    """

    query_id: str
    workgroup: str
    bytes_scanned: int
    tables: tuple[str, ...]
    unrestricted: tuple[str, ...] | None
    reads_others: bool = False


@dataclass(frozen=True)
class StoredTable:
    """A table of the lake, with its files.

    Attributes
    ----------
    partition : the partition column; empty if it has none
    partitions : number of partitions
    files_needed : number of files if each partition were merged into files of the target size
    is_columnar : Parquet or ORC
    is_compressed : by the format or as files; None if unknown
    compressed_share : compressed ÷ uncompressed size, measured on a sample of its files
    """

    name: str
    resource: str
    partition: str
    partitions: int
    files: int
    bytes: int
    files_needed: int
    is_columnar: bool
    is_compressed: bool | None
    compressed_share: Decimal | None = None


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket.

    Attributes
    ----------
    standard_bytes : in the Standard class
    cold_bytes, cold_objects : in Standard, larger than 128 KB and not written for 30 days; None if not listed
    noncurrent_bytes : size of overwritten and deleted versions
    has_transition, has_noncurrent_expiration, aborts_uploads : what its lifecycle rules do
    incomplete_uploads, incomplete_bytes : multipart uploads started more than a week ago and never completed
    """

    name: str
    resource: str
    standard_bytes: int
    cold_bytes: int | None
    cold_objects: int | None
    noncurrent_bytes: int | None
    has_transition: bool
    has_noncurrent_expiration: bool
    aborts_uploads: bool
    incomplete_uploads: int | None
    incomplete_bytes: int | None


@dataclass(frozen=True)
class LogGroup:
    """A CloudWatch log group; `retention_days` is None if events never expire."""

    name: str
    resource: str
    retention_days: int | None
    stored_bytes: int
    created_at: datetime


@dataclass(frozen=True)
class Function:
    """A Lambda function; `max_memory_used` is in MB, None if no run was reported; `duration` is billed seconds."""

    name: str
    resource: str
    architecture: str
    memory: int
    max_memory_used: int | None
    invocations: int
    duration: Decimal


@dataclass(frozen=True)
class NatGateway:
    """A NAT gateway.

    Attributes
    ----------
    bytes_processed : in both directions, over the period
    hours : hours of the period in which it existed
    zones : number of availability zones that an endpoint in its place would need
    endpoints : AWS services that its network already reaches by an endpoint, such as ``s3``
    destinations : bytes by AWS service, ``internet`` for the rest; None without flow logs
    """

    name: str
    resource: str
    bytes_processed: int
    hours: int
    zones: int
    endpoints: tuple[str, ...]
    destinations: Mapping[str, int] | None


@dataclass(frozen=True)
class WebAcl:
    """A WAF web ACL: its rules and managed groups, and the requests it inspected over the period.

    `protects` is the number of resources it protects; None if unknown.
    """

    name: str
    resource: str
    rules: int
    requests: int
    protects: int | None


@dataclass(frozen=True)
class Crawler:
    """A Glue crawler and its runs over the period; `changed` counts runs that changed a table or a partition."""

    name: str
    resource: str
    schedule: str
    runs: int
    changed: int
    dpu_hours: Decimal
    dpu_hours_unchanged: Decimal


@dataclass(frozen=True)
class CapacityHour:
    """Capacity units that a DynamoDB table consumed in one hour."""

    reads: Decimal
    writes: Decimal


@dataclass(frozen=True)
class CapacityTable:
    """A DynamoDB table; provisioned units are 0 if it is on demand."""

    name: str
    resource: str
    is_on_demand: bool
    provisioned_reads: int
    provisioned_writes: int
    hours: tuple[CapacityHour, ...]


@dataclass(frozen=True)
class Recommendation:
    """One recommendation of an AWS service.

    Attributes
    ----------
    source : ``cost_optimization_hub`` or ``compute_optimizer``
    resource : its ARN
    monthly_savings : US dollars; None if AWS gives none, or gives another currency
    effort : ``low``, ``medium`` or ``high``; empty if AWS does not say
    """

    source: str
    identifier: str
    resource: str
    kind: str
    action: str
    current: str
    recommended: str
    monthly_savings: Decimal | None
    effort: str = ""
    restart_needed: bool | None = None
    rollback_possible: bool | None = None
    lookback_days: int | None = None
    figures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BilledUsage:
    """Usage charges by day and usage type, and the days of the bill.

    Attributes
    ----------
    rows : of ``savings/usage_by_day``
    first_day, last_day : of the bill; the last day may be incomplete
    """

    rows: Sequence[Mapping[str, Any]]
    first_day: date
    last_day: date
