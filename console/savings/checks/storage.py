"""S3: nothing ever moves or expires, uploads that were never completed, and versions that nobody reads."""

from __future__ import annotations

from decimal import Decimal

from console.savings.facts import Bucket
from console.savings.findings import (
    GIGABYTE,
    Charges,
    Checked,
    Effort,
    Finding,
    Prices,
    Rates,
    Risk,
    count,
    dollars,
    figures,
    is_worth,
    size,
)
from console.savings.inventory import Inventory

NAME, TITLE = "storage", "S3 lifecycle and incomplete uploads"
LARGE_BUCKET = 10**9  # bytes: below, a lifecycle rule saves a cent or two
_LIFECYCLE = "docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"
_UPLOADS = "docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html"
_CHARGES = Charges(("TimedStorage",), ("S3", "Simple Storage"))


def check(inventory: Inventory, prices: Prices) -> Checked:
    """For each bucket: incomplete uploads, old objects in Standard, and old versions."""
    findings: list[Finding] = []
    for bucket in inventory.buckets.items:
        found = (
            _uploads(bucket, inventory, prices),
            _cold(bucket, inventory, prices),
            _versions(bucket, inventory, prices),
        )
        findings += [each for each in found if each is not None and is_worth(each.monthly)]
    return Checked(NAME, TITLE, len(inventory.buckets.items), tuple(findings), inventory.buckets.missing)


def _uploads(bucket: Bucket, inventory: Inventory, prices: Prices) -> Finding | None:
    if not bucket.incomplete_uploads:
        return None
    rates = Rates(prices, inventory.region)
    held = bucket.incomplete_bytes
    monthly = None if held is None else rates.cost({"s3.standard_gigabyte_month": held / GIGABYTE})
    return Finding(
        key=f"{NAME}.uploads/{bucket.resource}",
        check=NAME,
        title=f"{bucket.name} keeps {bucket.incomplete_uploads:,} uploads that were never completed",
        resource=bucket.resource,
        monthly=monthly,
        effort=Effort.LOW,
        risk=Risk.LOW,
        evidence=figures(
            [
                ("Begun more than 7 days ago", count(bucket.incomplete_uploads)),
                ("Parts kept", "unknown" if held is None else size(held)),
                ("Rule that aborts them", "yes" if bucket.aborts_uploads else "none"),
            ]
        ),
        steps=(
            f"aws s3api get-bucket-lifecycle-configuration --bucket {bucket.name}  # keep these rules",
            "Add a rule: AbortIncompleteMultipartUpload after 7 days; then put-bucket-lifecycle-configuration.",
        ),
        undo=("Put the saved configuration back. Aborted uploads begin again from their first part.",),
        formula=f"{'?' if held is None else count(held / GIGABYTE)} GB × {rates.text('s3.standard_gigabyte_month')}",
        sources=(*rates.sources, _UPLOADS),
        charges=_CHARGES,
        unknown_because=(rates.because() or "the parts could not be listed") if monthly is None else "",
    )


def _cold(bucket: Bucket, inventory: Inventory, prices: Prices) -> Finding | None:
    if bucket.has_transition or bucket.standard_bytes < LARGE_BUCKET or bucket.cold_bytes == 0:
        return None
    rates = Rates(prices, inventory.region)
    monthly: Decimal | None = None
    once: Decimal | None = None
    if bucket.cold_bytes is not None:
        gigabytes = bucket.cold_bytes / GIGABYTE
        standard = rates.cost({"s3.standard_gigabyte_month": gigabytes})
        moved = rates.cost({"s3.infrequent_access_gigabyte_month": gigabytes})
        once = rates.cost({"s3.lifecycle_transition": bucket.cold_objects or 0})
        monthly = None if standard is None or moved is None else standard - moved
    cold = (
        "not listed"
        if bucket.cold_bytes is None
        else f"{size(bucket.cold_bytes)} in {count(bucket.cold_objects or 0)} objects"
    )
    return Finding(
        key=f"{NAME}.lifecycle/{bucket.resource}",
        check=NAME,
        title=f"{bucket.name} keeps everything in Standard for ever",
        resource=bucket.resource,
        monthly=monthly,
        effort=Effort.LOW,
        risk=Risk.MEDIUM,
        evidence=figures(
            [
                ("In Standard", size(bucket.standard_bytes)),
                ("Older than 30 days, over 128 KB", cold),
                ("Moving them costs once", dollars(once)),
                ("Lifecycle transition", "none"),
            ]
        ),
        steps=(
            f"aws s3api get-bucket-lifecycle-configuration --bucket {bucket.name}  # keep these rules",
            "Add a rule for the raw zone: Transition to STANDARD_IA after 30 days (objects over 128 KB). Leave out "
            "what is read every day: a GB read back costs $0.01.",
        ),
        undo=(
            "Put the saved configuration back; copy what has moved: aws s3 cp --recursive --storage-class STANDARD. "
            "Moved objects are billed for 30 days at least.",
        ),
        formula=f"GB older than 30 days × ({rates.text('s3.standard_gigabyte_month')} − "
        f"{rates.text('s3.infrequent_access_gigabyte_month')}), retrieval not counted",
        sources=(*rates.sources, _LIFECYCLE),
        charges=_CHARGES,
        unknown_because=(rates.because() or "the objects' age was not listed") if monthly is None else "",
    )


def _versions(bucket: Bucket, inventory: Inventory, prices: Prices) -> Finding | None:
    if bucket.has_noncurrent_expiration or not bucket.noncurrent_bytes:
        return None
    rates = Rates(prices, inventory.region)
    gigabytes = bucket.noncurrent_bytes / GIGABYTE
    return Finding(
        key=f"{NAME}.versions/{bucket.resource}",
        check=NAME,
        title=f"{bucket.name} keeps every old version",
        resource=bucket.resource,
        monthly=rates.cost({"s3.standard_gigabyte_month": gigabytes}),
        effort=Effort.LOW,
        risk=Risk.HIGH,
        evidence=figures([("Old versions", size(bucket.noncurrent_bytes)), ("Rule that expires them", "none")]),
        steps=(
            "Agree how long a deleted object must be recoverable.",
            "Add a rule: NoncurrentVersionExpiration, NoncurrentDays 30.",
        ),
        undo=("Remove the rule; versions that expired are gone.",),
        formula=f"{count(gigabytes)} GB × {rates.text('s3.standard_gigabyte_month')}",
        sources=(*rates.sources, _LIFECYCLE),
        charges=_CHARGES,
        unknown_because=rates.because(),
    )
