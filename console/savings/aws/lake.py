"""The lake's bucket: objects, lifecycle rules, incomplete uploads; and its tables in their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from catalogue.errors import SourceError
from catalogue.tables import TABLES
from console.aws.failures import error_code
from console.savings.aws.reading import Account, Collected, ServiceReader
from console.savings.checks.files import files_needed
from console.savings.facts import Bucket, StoredTable
from console.savings.inventory import Read, Unread

MOST_OBJECTS = 300_000  # listed of one bucket: 300 requests, $0.0015
MOST_UPLOADS = 1_000
COLD_AFTER = timedelta(days=30)
LEAST_COLD = 128 * 1024  # bytes: smaller objects are billed as that in Standard-IA
ABANDONED_AFTER = timedelta(days=7)
_PACKED = (".gz", ".zst", ".bz2", ".snappy")
_COLUMNAR = ("parquet", "orc")


@dataclass(frozen=True)
class Object:
    """One object of a listing."""

    key: str
    size: int
    modified: datetime
    storage_class: str


@dataclass(frozen=True)
class Listing:
    """A bucket's objects; `is_whole` is False where there are more than were listed."""

    bucket: str
    objects: Sequence[Object]
    is_whole: bool


def listed(account: Account, bucket: str) -> Listing:
    """The objects of a bucket, at most `MOST_OBJECTS`."""
    found = account.reader("s3").items("list_objects_v2", "Contents", Bucket=bucket)
    objects = [
        Object(item["Key"], item["Size"], item["LastModified"], item.get("StorageClass", "STANDARD"))
        for item in islice(found, MOST_OBJECTS + 1)
    ]
    return Listing(bucket, objects[:MOST_OBJECTS], len(objects) <= MOST_OBJECTS)


def bucket(account: Account, listing: Listing, now: datetime) -> Read[Bucket]:
    """What the bucket holds and what its rules do."""
    s3 = account.reader("s3")
    found: Collected[Bucket] = Collected()
    name = listing.bucket
    rules = _rules(s3, name)
    standard = [item for item in listing.objects if item.storage_class == "STANDARD"]
    cold = [item for item in standard if now - item.modified >= COLD_AFTER and item.size > LEAST_COLD]
    noncurrent = uploads = held = None
    with found.part(f"old versions in {name}"):
        noncurrent = _noncurrent(s3, name)
    with found.part(f"incomplete uploads in {name}"):
        uploads, held = _uploads(s3, name, now)
    if not listing.is_whole:
        beyond = f"objects of {name} beyond the first {MOST_OBJECTS:,}"
        found.missing.append(Unread(beyond, "there are too many to list"))
    found.items.append(
        Bucket(
            name=name,
            resource=f"arn:aws:s3:::{name}",
            standard_bytes=sum(item.size for item in standard),
            cold_bytes=sum(item.size for item in cold) if listing.is_whole else None,
            cold_objects=len(cold) if listing.is_whole else None,
            noncurrent_bytes=noncurrent,
            has_transition=any(rule.get("Transitions") for rule in rules),
            has_noncurrent_expiration=any(rule.get("NoncurrentVersionExpiration") for rule in rules),
            aborts_uploads=any(rule.get("AbortIncompleteMultipartUpload") for rule in rules),
            incomplete_uploads=uploads,
            incomplete_bytes=held,
        )
    )
    return found.read()


def _rules(s3: ServiceReader, name: str) -> list[Mapping[str, Any]]:
    try:
        rules = s3.call("get_bucket_lifecycle_configuration", Bucket=name).get("Rules", [])
    except SourceError as error:
        if error_code(error) == "NoSuchLifecycleConfiguration":
            return []
        raise
    return [rule for rule in rules if rule.get("Status") == "Enabled"]


def _noncurrent(s3: ServiceReader, name: str) -> int:
    """Bytes of versions that are not the latest; 0 without asking where the bucket never had versions."""
    if not s3.call("get_bucket_versioning", Bucket=name).get("Status"):
        return 0
    versions = s3.items("list_object_versions", "Versions", Bucket=name)
    return sum(version["Size"] for version in islice(versions, MOST_OBJECTS) if not version["IsLatest"])


def _uploads(s3: ServiceReader, name: str, now: datetime) -> tuple[int, int | None]:
    """Abandoned uploads and the bytes of their parts; the bytes are None where there are too many to ask."""
    found = [
        upload
        for upload in s3.items("list_multipart_uploads", "Uploads", Bucket=name)
        if now - upload["Initiated"] >= ABANDONED_AFTER
    ]
    if len(found) > MOST_UPLOADS:
        return len(found), None
    held = 0
    for upload in found:
        parts = s3.items("list_parts", "Parts", Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        held += sum(part["Size"] for part in parts)
    return len(found), held


def tables(account: Account, database: str, listings: Sequence[Listing]) -> Read[StoredTable]:
    """Tables of the catalogue whose files were listed."""
    found: Collected[StoredTable] = Collected()
    by_bucket = {listing.bucket: listing for listing in listings}
    for table in account.reader("glue").items("get_tables", "TableList", DatabaseName=database):
        location = str(table.get("StorageDescriptor", {}).get("Location", ""))
        name, _, prefix = location.removeprefix("s3://").partition("/")
        listing = by_bucket.get(name)
        if listing is None:
            if location:
                found.missing.append(Unread(f"files of {table['Name']}", f"its bucket {name} was not listed"))
            continue
        if not listing.is_whole:
            found.missing.append(Unread(f"files of {table['Name']}", f"{name} has too many objects to list"))
            continue
        files = [item for item in listing.objects if item.key.startswith(prefix.rstrip("/") + "/")]
        found.items.append(_table(account, database, table, files))
    return found.read()


def _table(account: Account, database: str, table: Mapping[str, Any], files: Sequence[Object]) -> StoredTable:
    name = table["Name"]
    keys = [key["Name"] for key in table.get("PartitionKeys", ())]
    is_iceberg = str(table.get("Parameters", {}).get("table_type", "")).upper() == "ICEBERG"
    if is_iceberg:  # Glue does not list its partitions; ours are those of the table's definition
        files = [item for item in files if "/data/" in item.key]
        ours = TABLES.get(name)
        keys = [ours.partition] if ours and ours.partition else []
    sizes = [(item.key.rpartition("/")[0], item.size) for item in files]
    kind = str(table.get("StorageDescriptor", {}).get("InputFormat", "")) + str(table.get("Parameters", {}))
    is_columnar = is_iceberg or any(name in kind.lower() for name in _COLUMNAR)
    resource = f"arn:aws:glue:{account.region}:{table.get('CatalogId', '')}:table/{database}/{name}"
    return StoredTable(
        name=name,
        resource=resource,
        partition=keys[0] if keys else "",
        partitions=len({folder for folder, _ in sizes}) if keys else 0,
        files=len(files),
        bytes=sum(size for _, size in sizes),
        files_needed=files_needed(sizes),
        is_columnar=is_columnar,
        is_compressed=is_columnar or all(item.key.endswith(_PACKED) for item in files),
    )
