"""A lake in a bucket, a warehouse that is loaded from it, a reader, and a process that can be killed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3

from pipeline import objects
from pipeline.objects import Bucket
from pipeline.warehouse.data_api import Warehouse
from pipeline.warehouse.loading import Loaded, load
from tests.engines.names import LAKE_BUCKET, REDSHIFT_WORKGROUP, REGION
from tests.engines.redshift_shims import FUNCTIONS
from tests.support.published import PublishedLake

if TYPE_CHECKING:
    import psycopg

    from tests.engines.postgres_server import PostgresServer
    from tests.engines.redshift_double import RedshiftDouble

READER = "takings_reader"
_numbers = itertools.count()


class Killed(BaseException):
    """The process is killed here."""


class Mortal:
    """What a process works with that a test kills: before a call that changes something, or right after it."""

    def __init__(self, client: Any, process: Process) -> None:
        self._client, self._process = client, process

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def call(*values: Any, **given: Any) -> Any:
            return self._process.call(name, lambda: operation(*values, **given))

        return call if name in (*CHANGING, "cancel_statement") else operation


CHANGING = ("batch_execute_statement", "execute_statement", "replace")


@dataclass
class Process:
    """The calls that a process made, and when it is killed: before its call of that number, from 0, or right after."""

    killed_at: int | None = None
    after: bool = False
    calls: list[str] = field(default_factory=list)
    is_dead: bool = False

    def call(self, name: str, operation: Callable[[], Any]) -> Any:
        is_last = name in CHANGING and len(self.calls) == self.killed_at
        self.is_dead = self.is_dead or (is_last and not self.after)
        if self.is_dead:
            raise Killed
        self.calls.append(name)
        answer = operation()
        if is_last:
            self.is_dead = True
            raise Killed
        return answer


class Shop:
    """A lake, a warehouse that is loaded from it, and a reader."""

    def __init__(self, double: RedshiftDouble) -> None:
        self.double = double
        self.database = f"load_{next(_numbers)}"
        with double.postgres.connect() as owner:
            owner.execute(f"create database {self.database}")  # type: ignore[arg-type]
        with self.connect() as owner:
            owner.execute(FUNCTIONS.read_text(encoding="utf-8"))  # type: ignore[arg-type]
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket=LAKE_BUCKET)
        self.lake = PublishedLake(s3, LAKE_BUCKET, "shop/")

    def connect(self) -> psycopg.Connection[Any]:
        return self.double.postgres.connect(self.database)

    def load(self, process: Process | None = None, **options: Any) -> Loaded:
        """Load once, in a process of its own."""
        process = process or Process()
        api = Mortal(boto3.client("redshift-data", region_name=REGION), process)
        warehouse = Warehouse(api, REDSHIFT_WORKGROUP, self.database, pause=lambda _: time.sleep(0.005))
        return load(warehouse, Mortal(Bucket(LAKE_BUCKET, "shop/"), process), reader=READER, **options)

    def read(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        """What a reader of the database role sees."""
        with self.connect() as reader:
            reader.execute(f"set role {READER}")  # type: ignore[arg-type]
            return reader.execute(sql, values or None).fetchall()  # type: ignore[arg-type]

    def settle(self) -> None:
        """Wait until the warehouse has ended what a killed process has begun."""
        for statement in self.double.statements.values():
            statement.ended.wait(30)


@contextmanager
def opened(postgres: PostgresServer) -> Iterator[Shop]:
    """A shop with an empty bucket and a new database. Stands inside moto's `mock_aws`."""
    from tests.engines.redshift_double import serving

    objects._client.cache_clear()
    with serving(postgres) as double:
        yield Shop(double)
    objects._client.cache_clear()
