"""Lakes of literal rows on the engines behind the AWS APIs, for the contract that every SQL engine keeps."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from console.asking.engines.athena import AthenaEngine
from console.asking.engines.curated_state import STATE_KEY, CuratedState
from console.asking.engines.redshift import RedshiftEngine
from pipeline.lake import STATE
from tests.engines import athena_double, postgres_tables, redshift_double, trino_tables
from tests.engines.names import ATHENA_WORKGROUP, LAKE_BUCKET, REDSHIFT_WORKGROUP, REGION, RESULTS
from tests.support.lake_rows import Rows

if TYPE_CHECKING:
    from tests.engines.postgres_server import PostgresServer
    from tests.engines.trino_server import TrinoServer


class _Shop:
    """A lake folder, and its state object where the engine looks for it."""

    def __init__(self, folder: Path) -> None:
        self.rows = Rows(folder / "lake")
        self.name = f"shop_{uuid.uuid4().hex[:12]}"
        self.session = boto3.Session(region_name=REGION)
        self._s3 = self.session.client("s3")
        self._s3.create_bucket(Bucket=LAKE_BUCKET)
        self.state = CuratedState(self._s3, LAKE_BUCKET, keep_seconds=0)
        self.rows.table("orders", [])
        self._publish()

    def _publish(self) -> None:
        content = (self.rows.lake.root / STATE).read_bytes()
        self._s3.put_object(Bucket=LAKE_BUCKET, Key=STATE_KEY, Body=content)


class AthenaShop(_Shop):
    """Athena with Trino behind it.

    Parameters
    ----------
    large_result : as `AthenaEngine`'s; 0 to have every result unloaded
    """

    def __init__(self, folder: Path, trino: TrinoServer, *, large_result: int = 2**40) -> None:
        super().__init__(folder)
        self._trino = trino
        trino_tables.register(trino, self.rows.lake.root, self.name)
        self.engine = AthenaEngine(
            self.session,
            workgroup=ATHENA_WORKGROUP,
            database=self.name,
            results=RESULTS,
            state=self.state,
            price_per_terabyte=Decimal(5),
            large_result=large_result,
        )

    def table(self, name: str, rows: list[dict[str, Any]]) -> object:
        self.rows.table(name, rows)
        (self.rows.lake.root / "curated" / name).mkdir(exist_ok=True)
        self._publish()
        return self


class RedshiftShop(_Shop):
    """Redshift with PostgreSQL behind it."""

    def __init__(self, folder: Path, postgres: PostgresServer) -> None:
        super().__init__(folder)
        self._postgres = postgres
        postgres_tables.load(postgres, self.rows.lake.root, self.name)
        self.engine = RedshiftEngine(
            self.session,
            workgroup=REDSHIFT_WORKGROUP,
            database=self.name,
            state=self.state,
            base_rpus=8,
            price_per_rpu_hour=Decimal("0.36"),
        )

    def table(self, name: str, rows: list[dict[str, Any]]) -> object:
        self.rows.table(name, rows)
        with self._postgres.connect() as owner:
            owner.execute(f'drop database "{self.name}" with (force)')  # type: ignore[arg-type]
        postgres_tables.load(self._postgres, self.rows.lake.root, self.name)
        self._publish()
        return self


@contextmanager
def athena_shop(folder: Path, trino: TrinoServer, *, large_result: int = 2**40) -> Iterator[AthenaShop]:
    """A shop on Athena, inside moto's `mock_aws`."""
    with athena_double.serving(trino):
        yield AthenaShop(folder, trino, large_result=large_result)


@contextmanager
def redshift_shop(folder: Path, postgres: PostgresServer) -> Iterator[RedshiftShop]:
    """A shop on Redshift, inside moto's `mock_aws`."""
    with redshift_double.serving(postgres):
        yield RedshiftShop(folder, postgres)
