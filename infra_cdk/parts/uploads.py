"""Files that are uploaded under their own names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk


@dataclass(frozen=True)
class Upload:
    """A file in the bucket of the bootstrap.

    Attributes
    ----------
    address : ``s3://bucket/<digest>/takings-0.1.0-py3-none-any.whl``
    arn : of the object
    """

    address: str
    arn: str


def upload(stack: cdk.Stack, construct_id: str, file: Path) -> Upload:
    """Upload a file with the stack, below a digest of its content and under its own name.

    An asset of S3 is named by its digest alone, and pip installs no wheel whose name does not say what it is.
    """
    staged = cdk.AssetStaging(stack, construct_id, source_path=str(file))
    location = stack.synthesizer.add_file_asset(
        packaging=cdk.FileAssetPackaging.FILE,
        file_name=staged.relative_staged_path(stack),  # its ending is the object's, too
        source_hash=f"{staged.asset_hash}/{file.stem}",  # what precedes the ending
    )
    return Upload(
        f"s3://{location.bucket_name}/{location.object_key}",
        f"arn:aws:s3:::{location.bucket_name}/{location.object_key}",
    )
