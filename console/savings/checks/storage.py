"""S3: buckets in which nothing moves or expires, uploads that were never completed, and old versions."""

from __future__ import annotations

from decimal import Decimal

from console.asking.formatting import counted, data_size, number
from console.savings.facts import Bucket
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.judging import GIGABYTE, Case, Check, Kind, dollars

LARGE_BUCKET = 10**9  # bytes: below, a lifecycle rule saves a cent or two
_STANDARD, _INFREQUENT = "s3.standard_gigabyte_month", "s3.infrequent_access_gigabyte_month"
_LIFECYCLE_PAGE = "docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"
_UPLOADS_PAGE = "docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html"
_CHARGES = Charges(("TimedStorage",), ("S3", "Simple Storage"))

_UPLOADS = Kind("uploads", Effort.LOW, Risk.LOW, _CHARGES, _UPLOADS_PAGE)
_LIFECYCLE = Kind("lifecycle", Effort.LOW, Risk.MEDIUM, _CHARGES, _LIFECYCLE_PAGE)
_VERSIONS = Kind("versions", Effort.LOW, Risk.HIGH, _CHARGES, _LIFECYCLE_PAGE)


def _save_rules(bucket: Bucket) -> str:
    return f"aws s3api get-bucket-lifecycle-configuration --bucket {bucket.name}  # keep these rules"


def _uploads(case: Case[Bucket]) -> Finding | None:
    """Parts of uploads that were never completed."""
    bucket, rates = case.facts, case.rates
    if not bucket.incomplete_uploads:
        return None
    held = bucket.incomplete_bytes
    formula = f"{'?' if held is None else number(held / GIGABYTE)} GB × {rates.text(_STANDARD)}"
    return case.finding(
        _UPLOADS,
        f"{bucket.name} keeps {counted(bucket.incomplete_uploads, 'unfinished upload')}",
        monthly=None if held is None else rates.cost({_STANDARD: held / GIGABYTE}),
        evidence=[
            ("Begun more than 7 days ago", number(bucket.incomplete_uploads)),
            ("Parts kept", "unknown" if held is None else data_size(held)),
            ("Rule that aborts them", "yes" if bucket.aborts_uploads else "none"),
        ],
        steps=[
            _save_rules(bucket),
            "Add a rule: AbortIncompleteMultipartUpload after 7 days; then put-bucket-lifecycle-configuration.",
        ],
        undo=["Put the saved configuration back. Aborted uploads begin again from their first part."],
        formula=formula,
        unknown_because=rates.missing() or "the parts could not be listed",
    )


def _cold(case: Case[Bucket]) -> Finding | None:
    """Objects of more than 30 days that stay in Standard."""
    bucket, rates = case.facts, case.rates
    if bucket.has_transition or bucket.standard_bytes < LARGE_BUCKET or bucket.cold_bytes == 0:
        return None
    monthly: Decimal | None = None
    once: Decimal | None = None
    cold = "not listed"
    if bucket.cold_bytes is not None:
        gigabytes, objects = bucket.cold_bytes / GIGABYTE, bucket.cold_objects or 0
        standard, moved = rates.cost({_STANDARD: gigabytes}), rates.cost({_INFREQUENT: gigabytes})
        once = rates.cost({"s3.lifecycle_transition": objects})
        monthly = None if standard is None or moved is None else standard - moved
        cold = f"{data_size(bucket.cold_bytes)} in {counted(objects, 'object')}"
    formula = f"GB older than 30 days × ({rates.text(_STANDARD)} − {rates.text(_INFREQUENT)}), retrieval not counted"
    return case.finding(
        _LIFECYCLE,
        f"{bucket.name} keeps everything in Standard for ever",
        monthly=monthly,
        evidence=[
            ("In Standard", data_size(bucket.standard_bytes)),
            ("Older than 30 days, over 128 KB", cold),
            ("Moving them costs once", dollars(once)),
            ("Lifecycle transition", "none"),
        ],
        steps=[
            _save_rules(bucket),
            "Add a rule for the raw zone: Transition to STANDARD_IA after 30 days (objects over 128 KB). Leave out "
            "what is read every day: a GB read back costs $0.01.",
        ],
        undo=[
            "Put the saved configuration back; copy what has moved: aws s3 cp --recursive --storage-class STANDARD. "
            "Moved objects are billed for 30 days at least.",
        ],
        formula=formula,
        unknown_because=rates.missing() or "the objects' age was not listed",
    )


def _versions(case: Case[Bucket]) -> Finding | None:
    """Old versions that no rule expires."""
    bucket, rates = case.facts, case.rates
    if bucket.has_noncurrent_expiration or not bucket.noncurrent_bytes:
        return None
    gigabytes = bucket.noncurrent_bytes / GIGABYTE
    return case.finding(
        _VERSIONS,
        f"{bucket.name} keeps every old version",
        monthly=rates.cost({_STANDARD: gigabytes}),
        evidence=[("Old versions", data_size(bucket.noncurrent_bytes)), ("Rule that expires them", "none")],
        steps=[
            "Agree how long a deleted object must be recoverable.",
            "Add a rule: NoncurrentVersionExpiration, NoncurrentDays 30.",
        ],
        undo=["Remove the rule; versions that expired are gone."],
        formula=f"{number(gigabytes)} GB × {rates.text(_STANDARD)}",
    )


check = Check(
    "storage",
    "S3 lifecycle and incomplete uploads",
    lambda inventory: inventory.buckets,
    (_uploads, _cold, _versions),
)
