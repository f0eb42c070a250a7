"""The console's own calls as objects of the lake's bucket, where Athena reads them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from console.metering import Call
from console.metering.rows import TABLE, by_day, file_name, folder_of
from console.tables import TABLES

ACTIONS = ("s3:PutObject",)


class BucketCalls:
    """Writes batches of calls below a prefix of a bucket.

    Parameters
    ----------
    client : boto3's client of S3
    prefix : where the lake stands in the bucket; empty for its root, else with a slash at its end
    """

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}{TABLES[TABLE].zone}/{TABLE}/"

    def write(self, calls: Sequence[Call]) -> None:
        """Keep a batch, one object per day in it.

        Raises
        ------
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The bucket cannot be written.
        """
        import pyarrow.parquet as pq

        for day, rows in by_day(calls):
            body = io.BytesIO()
            pq.write_table(rows, body, compression="zstd")
            key = f"{self._prefix}{folder_of(day)}/{file_name(datetime.now(UTC))}"
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body.getvalue())
