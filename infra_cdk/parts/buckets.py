"""A bucket as each of ours is: private, encrypted, reached by TLS alone, without uploads that nobody ends."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk.parts.removal import KEPT

UPLOAD_DAYS = 7  # an upload in parts that was not ended by then never will be, and its parts are charged


def private_bucket(
    scope: Construct,
    name: str,
    *,
    bucket_name: str,
    key: kms.IKey | None,
    logs: s3.IBucket | None,
    rules: Sequence[s3.LifecycleRule] = (),
) -> s3.Bucket:
    """A bucket that stays when its stack goes.

    Parameters
    ----------
    key : encrypts its objects by bucket keys; None for S3's own key
    logs : where accesses are logged, below the name of the bucket; None for the bucket of logs itself
    """
    return s3.Bucket(
        scope,
        name,
        bucket_name=bucket_name,
        encryption=s3.BucketEncryption.S3_MANAGED if key is None else s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True if key is not None else None,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        server_access_logs_bucket=logs,
        server_access_logs_prefix=None if logs is None else f"s3/{bucket_name}/",
        lifecycle_rules=[
            s3.LifecycleRule(
                id="uploads-not-ended", abort_incomplete_multipart_upload_after=cdk.Duration.days(UPLOAD_DAYS)
            ),
            *rules,
        ],
        removal_policy=KEPT,
    )
