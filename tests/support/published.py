"""A lake in a bucket as curation on AWS leaves it: exports for the warehouse, and the state that names them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from catalogue.parquet import arrow_type
from catalogue.tables import TABLES

Row = Mapping[str, Any]


class PublishedLake:
    """Publishes versions into a bucket that exists; every change of a table is a new snapshot.

    Attributes
    ----------
    snapshots : of each table that has one
    """

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        self.client, self.bucket, self.prefix = client, bucket, prefix
        self.version = 0
        self.snapshots: dict[str, str | None] = {}

    def publish(self, **tables: Sequence[Row] | pa.Table) -> int:
        """A version in which these tables have these rows, and the others those they had; gives its number."""
        self.version += 1
        for name, rows in tables.items():
            self.snapshots[name] = f"{8_000_000_000_000_000_000 + self.version}"
            self.put(f"warehouse/{name}/{self.snapshots[name]}/part-00000.parquet", parquet(name, rows))
            self.put(f"warehouse/{name}/{self.snapshots[name]}/_SUCCESS", b"")
        state = {"version": self.version, "data_as_of": f"2026-03-{self.version:02}T00:00:00Z", "bills_as_of": None}
        self.put("curated/state.json", json.dumps(state | {"made_by": {}, "tables": self.snapshots}).encode())
        return self.version

    def put(self, key: str, content: bytes) -> None:
        """Write an object below the prefix."""
        self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=content)

    def object(self, key: str) -> Any:
        """A JSON object below the prefix."""
        return json.loads(self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"].read())


def parquet(table: str, rows: Sequence[Row] | pa.Table) -> bytes:
    """Rows as a file with all columns of a table, in their order; what a row leaves out is null."""
    schema = pa.schema([(name, arrow_type(kind)) for name, kind in TABLES[table].columns.items()])
    given = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist([dict(row) for row in rows], schema)
    content = io.BytesIO()
    pq.write_table(given.select(schema.names).cast(schema), content)
    return content.getvalue()
