"""``COPY … FORMAT AS PARQUET MANIFEST`` on PostgreSQL: the files that a manifest names, read from S3 and inserted.

As Redshift does it: columns by their order, as many as the table has; a file that is missing, has another size than the
manifest says, or is no Parquet fails the statement.
"""

from __future__ import annotations

import io
import json
import re
from typing import Any

import boto3
import psycopg
import pyarrow.parquet as pq

from tests.engines.names import REGION

_COPY = re.compile(
    r"copy (?P<table>[\w.]+) from 's3://(?P<bucket>[^/']+)/(?P<key>[^']+)' iam_role (?:default|'arn:[^']+')"
    r" format as parquet manifest"
)


def carried_out(cursor: psycopg.Cursor[Any], sql: str, *, lose_rows: int = 0) -> bool:
    """Whether a statement is a COPY; then its rows are in the table, but for the last `lose_rows`."""
    found = _COPY.fullmatch(sql)
    if found is None:
        return False
    client = boto3.client("s3", region_name=REGION)
    manifest = json.loads(client.get_object(Bucket=found["bucket"], Key=found["key"])["Body"].read())
    rows: list[tuple[Any, ...]] = []
    for entry in manifest["entries"]:
        bucket, _, key = entry["url"].removeprefix("s3://").partition("/")
        content = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert len(content) == entry["meta"]["content_length"], "the file has another size than its manifest says"
        table = pq.ParquetFile(io.BytesIO(content)).read()
        rows += zip(*(column.to_pylist() for column in table.columns), strict=True)
    with cursor.copy(f"copy {found['table']} from stdin") as copy:
        for row in rows[: len(rows) - lose_rows]:
            copy.write_row(row)
    return True
