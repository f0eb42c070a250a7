"""Facts about resources and their use, as the checks are given them. Sizes in bytes, lengths of time in seconds.

A fact that is None could not be measured; a check says *unknown* where it would need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class StreamHour:
    """What passed through a stream in one hour."""

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
    """RPU-seconds that were billed in one hour, queries that ran in it, and the time of those that ended in it.

    `queries` may count one too often: of the queries that ended later, only the longest is known.
    """

    rpu_seconds: Decimal
    queries: int
    query_seconds: Decimal


@dataclass(frozen=True)
class Warehouse:
    """A Redshift Serverless workgroup.

    `rpu_hour_limit` is the usage limit on RPU-hours a month; None where there is none. `max_capacity` is None where
    nothing bounds how many RPU it may take.
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
    tables : of the lake that it reads
    unrestricted : those of them that have a partition column which stands in no condition; None where its text could
        not be understood
    reads_others : whether it reads what is not of the lake besides, so that the bytes cannot be told apart
    """

    query_id: str
    workgroup: str
    bytes_scanned: int
    tables: tuple[str, ...]
    unrestricted: tuple[str, ...] | None
    reads_others: bool = False


@dataclass(frozen=True)
class StoredTable:
    """A table of the lake in its files.

    Attributes
    ----------
    partition : the partition column; empty where it has none
    partitions : how many there are
    files_needed : how many files there would be if each partition were merged into files of the target size
    is_columnar : Parquet or ORC
    is_compressed : by the format or as files; None where it could not be told
    compressed_share : measured on a sample of its files: compressed ÷ uncompressed size
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
    cold_bytes, cold_objects : in Standard, larger than 128 KB and not written for 30 days; None where not listed
    noncurrent_bytes : of overwritten and deleted versions
    has_transition, has_noncurrent_expiration, aborts_uploads : what its lifecycle rules do
    incomplete_uploads, incomplete_bytes : multipart uploads begun more than a week ago and never completed
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
    """A CloudWatch log group; `retention_days` None keeps for ever."""

    name: str
    resource: str
    retention_days: int | None
    stored_bytes: int
    created_at: datetime


@dataclass(frozen=True)
class Function:
    """A Lambda function; `max_memory_used` in MB, None where no run was reported; `duration` is billed seconds."""

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
    hours : of the period in which it was there
    zones : availability zones that an endpoint in its place would stand in
    endpoints : AWS services its network reaches by an endpoint already, such as ``s3``
    destinations : bytes by AWS service, ``internet`` for the rest; None where flow logs do not tell
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
    """A WAF web ACL; `rules` counts rules and managed groups, `requests` those it looked at over the period.

    `protects` are the resources it stands before; None where that could not be told.
    """

    name: str
    resource: str
    rules: int
    requests: int
    protects: int | None


@dataclass(frozen=True)
class Crawler:
    """A Glue crawler and its runs over the period; `changed` are runs that changed a table or a partition."""

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
    """A DynamoDB table; provisioned units are 0 where it is on demand."""

    name: str
    resource: str
    is_on_demand: bool
    provisioned_reads: int
    provisioned_writes: int
    hours: tuple[CapacityHour, ...]


@dataclass(frozen=True)
class Recommendation:
    """What an AWS service recommends.

    Attributes
    ----------
    source : ``cost_optimization_hub`` or ``compute_optimizer``
    resource : its ARN
    monthly_savings : US dollars; None where AWS gives none, or in another currency
    effort : ``low``, ``medium`` or ``high``; empty where AWS does not say
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
