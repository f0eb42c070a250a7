"""Buckets: how large they are, and how they are emptied, every version of every object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from catalogue.clock import utc_now
from catalogue.errors import QueryFailed
from console.aws.failures import error_code, translate_errors
from infra_cdk.deploying.clients import Clients
from infra_cdk.deploying.kept.item import Kept, Progress, cost, gigabytes, size_text
from infra_cdk.deploying.stacks import belongs
from infra_cdk.installation import Installation

KIND = "bucket"
MOST_LISTED = 20_000  # versions that are added up where CloudWatch knows no size yet: 20 requests
MEASURED_DAYS = 3  # CloudWatch measures buckets once a day, and late
DELETIONS_AT_ONCE = 8  # requests of 1,000 keys: what waits in memory is bounded by it
MOST_KEYS = 1_000  # of one request; source: S3's API reference, DeleteObjects
ATTEMPTS = 5  # to find a bucket empty: logs may still be delivered to it
Versions = list[dict[str, str]]


def find(clients: Clients, installation: Installation, region: str) -> Iterator[Kept]:
    """Buckets whose name and tags are the installation's."""
    client = clients.client("s3", region)
    for name in _named(client, installation, region):
        if belongs(installation, _tags(client, name)):
            yield _kept(clients, client, name, region)


def find_untagged(clients: Clients, installation: Installation, region: str) -> Iterator[Kept]:
    """Buckets that have the installation's name and not its tags: nobody knows whose they are."""
    client = clients.client("s3", region)
    for name in _named(client, installation, region):
        if not belongs(installation, _tags(client, name)):
            item = _kept(clients, client, name, region)
            yield replace(item, note=f"{item.note}; it has not the installation's tags, and is left alone")


def _named(client: Any, installation: Installation, region: str) -> list[str]:
    beginning = f"{installation.prefix}-"
    with translate_errors("Amazon S3", region, action="s3:ListAllMyBuckets"):
        pages = client.get_paginator("list_buckets").paginate(Prefix=beginning, BucketRegion=region)
        names = [bucket["Name"] for page in pages for bucket in page.get("Buckets", ())]
    return [name for name in names if name.startswith(beginning)]


def _kept(clients: Clients, client: Any, name: str, region: str) -> Kept:
    size, known = _size(clients, client, name, region)
    note = f"{'' if known else 'at least '}{size_text(size)}"
    return Kept(KIND, name, region, cost("s3.standard_gigabyte_month", gigabytes(size)), note)


def _tags(client: Any, name: str) -> list[Mapping[str, str]]:
    try:
        with translate_errors("Amazon S3", name, action="s3:GetBucketTagging"):
            found: list[Mapping[str, str]] = client.get_bucket_tagging(Bucket=name)["TagSet"]
            return found
    except QueryFailed as error:
        if error_code(error) in ("NoSuchTagSet", "NoSuchBucket"):
            return []
        raise


def _size(clients: Clients, client: Any, name: str, region: str) -> tuple[Decimal, bool]:
    """Bytes, and whether these are all: what CloudWatch measured, else what the first versions add up to."""
    measured = _measured(clients, name, region)
    if measured is not None:
        return measured, True
    size, listed = 0, 0
    with translate_errors("Amazon S3", name, action="s3:ListBucketVersions"):
        for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
            versions = page.get("Versions", ())
            size, listed = size + sum(version["Size"] for version in versions), listed + len(versions)
            if listed >= MOST_LISTED:
                return Decimal(size), not page.get("IsTruncated")
    return Decimal(size), True


def _measured(clients: Clients, name: str, region: str) -> Decimal | None:
    """Bytes of the last day that CloudWatch knows, all storage classes together."""
    now = utc_now()
    metric = f'{{AWS/S3,BucketName,StorageType}} MetricName="BucketSizeBytes" BucketName="{name}"'
    with translate_errors("CloudWatch", name, action="cloudwatch:GetMetricData"):
        answer = clients.client("cloudwatch", region).get_metric_data(
            MetricDataQueries=[{"Id": "size", "Expression": f"SEARCH('{metric}', 'Average', 86400)"}],
            StartTime=now - timedelta(days=MEASURED_DAYS),
            EndTime=now,
            ScanBy="TimestampDescending",
        )
    latest = [Decimal(str(series["Values"][0])) for series in answer["MetricDataResults"] if series.get("Values")]
    return sum(latest, Decimal(0)) if latest else None


def delete(clients: Clients, item: Kept, progress: Progress) -> str:
    """Empty the bucket and delete it. Begun again, it goes on where it was.

    Raises
    ------
    QueryFailed
        S3 refused, or the bucket fills again as fast as it is emptied.
    """
    client = clients.client("s3", item.region)
    with translate_errors("Amazon S3", item.name):
        client.put_bucket_logging(Bucket=item.name, BucketLoggingStatus={})  # else it keeps filling the bucket of logs
        deleted = 0
        for _ in range(ATTEMPTS):
            _abort_uploads(client, item.name)
            deleted = _empty(client, item.name, deleted, progress)
            try:
                client.delete_bucket(Bucket=item.name)
            except client.exceptions.ClientError as error:
                if error_code(error) != "BucketNotEmpty":
                    raise
            else:
                return ""
    raise QueryFailed(
        "The bucket is written to while it is emptied",
        where=item.name,
        remedy="See who writes to it; logs are delivered for some hours more. Then run the same command again.",
    )


def _abort_uploads(client: Any, name: str) -> None:
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for upload in page.get("Uploads", ()):
            client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])


def _empty(client: Any, name: str, deleted: int, progress: Progress) -> int:
    """Delete every version and every delete marker, some requests at once; returns how many, with those before."""
    running: set[Future[int]] = set()
    with ThreadPoolExecutor(DELETIONS_AT_ONCE) as pool:
        for keys in _versions(client, name):
            running.add(pool.submit(_deleted, client, name, keys))
            if len(running) == DELETIONS_AT_ONCE:
                deleted, running = _first_done(running, deleted)
                progress(f"{name}: {deleted:,} deleted")
        while running:
            deleted, running = _first_done(running, deleted)
            progress(f"{name}: {deleted:,} deleted")
    return deleted


def _first_done(running: set[Future[int]], deleted: int) -> tuple[int, set[Future[int]]]:
    """Wait for the first of some requests; gives the new total and those that still run."""
    done, left = wait(running, return_when=FIRST_COMPLETED)
    return deleted + sum(future.result() for future in done), left


def _versions(client: Any, name: str) -> Iterator[Versions]:
    for page in client.get_paginator("list_object_versions").paginate(
        Bucket=name, PaginationConfig={"PageSize": MOST_KEYS}
    ):
        found = [
            {"Key": item["Key"], "VersionId": item["VersionId"]}
            for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        if found:
            yield found


def _deleted(client: Any, name: str, keys: Versions) -> int:
    with translate_errors("Amazon S3", name, action="s3:DeleteObjectVersion"):
        answer = client.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})
    for failed in answer.get("Errors", ()):
        raise QueryFailed(
            f"Amazon S3 kept {failed['Key']}: {failed.get('Message', failed['Code']).rstrip('.')}",
            where=name,
            remedy="Allow s3:DeleteObjectVersion on the bucket, then run the same command again.",
        )
    return len(keys)
