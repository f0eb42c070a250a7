"""Athena's answers are those of the published version, whatever a curation has written beside it.

The sample lake is copied into Iceberg tables, a snapshot of each is published, and then every table is emptied: what is
read as it is now has no rows.
"""

# ruff: noqa: S608 - statements are the test's own

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from catalogue.binding import RowFilter, Statement, bind
from catalogue.errors import QueryFailed
from catalogue.queries import Query, load
from catalogue.tables import CURATED_TABLES
from console.asking.engines.duckdb import DuckDbEngine
from tests.engines.comparison import difference, holds_something
from tests.engines.edges import edges
from tests.engines.names import ATHENA_WORKGROUP, LAKE_BUCKET, REGION, RESULTS, SAMPLE
from tests.engines.trino_tables import snapshot

if TYPE_CHECKING:
    from console.asking.engines.athena import AthenaEngine
    from console.asking.engines.curated_state import CuratedState
    from tests.engines.lakes import EngineLake
    from tests.engines.ministack_server import MinistackServer
    from tests.engines.trino_server import TrinoServer

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]

DATABASE = "published"
QUERIES = [query for query in load() if query.tables <= CURATED_TABLES.keys()]
Snapshots = dict[str, str | None]


@pytest.fixture(scope="module")
def published(ministack: MinistackServer, lakes_on_trino: TrinoServer) -> Snapshots:
    """The snapshots with the sample lake's rows; the newest ones are of empty tables."""
    ministack.database(DATABASE)  # before moto answers for AWS
    iceberg, found = lakes_on_trino.iceberg, {}
    for name, table in CURATED_TABLES.items():
        split = f"with (partitioning = array['month({table.partition})'])" if table.partition else ""
        iceberg.execute(f"create table {name} {split} as select * from hive.{SAMPLE}.{name}", DATABASE)
        found[name] = snapshot(iceberg, DATABASE, name)
        iceberg.execute(f"delete from {name}", DATABASE)
    return found


@dataclass(frozen=True)
class Deployment:
    """An Athena whose curation publishes what a test says."""

    engine: AthenaEngine
    state: CuratedState

    def publish(self, snapshots: Snapshots, version: int = 1, *, is_seen: bool = True) -> None:
        """Publish a version; the console has read it already, or not yet."""
        import boto3

        state = {"version": version, "data_as_of": datetime(2025, 12, 3, tzinfo=UTC).isoformat(), "tables": snapshots}
        client = boto3.client("s3", region_name=REGION)
        client.put_object(Bucket=LAKE_BUCKET, Key="curated/state.json", Body=json.dumps(state).encode())
        if is_seen:
            self.state.renewed()

    def count(self, sql: str) -> list[dict[str, Any]]:
        return self.engine.run(Statement("test", "Test", sql, "trino", frozenset())).rows()


@pytest.fixture(scope="module")
def deployment(published: Snapshots, aws_of_module: None, lakes_on_trino: TrinoServer) -> Iterator[Deployment]:
    """Athena on the Iceberg tables."""
    import boto3

    from console.asking.engines.athena import AthenaEngine
    from console.asking.engines.curated_state import CuratedState
    from tests.engines import athena_double

    with athena_double.serving(lakes_on_trino.iceberg):
        session = boto3.Session(region_name=REGION)
        client = session.client("s3")
        client.create_bucket(Bucket=LAKE_BUCKET)
        state = CuratedState(client, LAKE_BUCKET, keep_seconds=3600)
        engine = AthenaEngine(
            session,
            workgroup=ATHENA_WORKGROUP,
            database=DATABASE,
            results=RESULTS,
            state=state,
            price_per_terabyte=Decimal(5),
            reuse_seconds=0,
        )
        yield Deployment(engine, state)


@pytest.fixture(scope="module")
def reference(sample_lake: EngineLake) -> DuckDbEngine:
    """What DuckDB answers from the files."""
    return DuckDbEngine(sample_lake.root)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_question_is_answered_from_the_published_snapshots(
    deployment: Deployment, published: Snapshots, sample_lake: EngineLake, reference: DuckDbEngine, query: Query
) -> None:
    """With the row filter and without."""
    deployment.publish(published)
    for edge in edges(query, sample_lake, {}):
        duckdb, trino = (
            bind(query, edge.values, dialect=dialect, row_filter=RowFilter(edge.regions))
            for dialect in ("duckdb", "trino")
        )
        expected = reference.run(duckdb).table
        assert edge.may_be_empty or holds_something(expected), edge.name
        assert difference(query, expected, deployment.engine.run(trino).table) is None, edge.name


BOTH = "select (select count(*) from products) as products, count(*) as orders from orders as o"


def test_two_tables_change_together_when_a_version_is_published_and_not_before(
    deployment: Deployment, published: Snapshots, lakes_on_trino: TrinoServer
) -> None:
    """A curation adds to one table, then to the other, then publishes."""
    deployment.publish(published)
    ((before),) = deployment.count(BOTH)
    assert before["products"] > 1
    assert before["orders"] > 1
    iceberg, written = lakes_on_trino.iceberg, dict(published)
    for table in ("products", "orders"):
        iceberg.execute(f"insert into {table} select * from {table} for version as of {published[table]}", DATABASE)
        iceberg.execute(f"insert into {table} select * from {table} for version as of {published[table]}", DATABASE)
        written[table] = snapshot(iceberg, DATABASE, table)
        assert deployment.count(BOTH) == [before]
    deployment.publish(written, version=2)
    assert deployment.count(BOTH) == [{name: 2 * count for name, count in before.items()}]
    deployment.publish({**written, "orders": None}, version=3)  # not named: as it is
    assert deployment.count(BOTH) == [{name: 2 * count for name, count in before.items()}]


def test_a_version_that_expires_under_a_reader_is_asked_again_of_the_next_and_a_published_one_fails(
    deployment: Deployment, lakes_on_trino: TrinoServer
) -> None:
    iceberg = lakes_on_trino.iceberg
    iceberg.execute("create table visits (visitor varchar)", DATABASE)
    iceberg.execute("insert into visits values 'a'", DATABASE)
    old = snapshot(iceberg, DATABASE, "visits")
    iceberg.execute("insert into visits values 'b'", DATABASE)
    new = snapshot(iceberg, DATABASE, "visits")
    count = "select count(*) as n from visits"
    deployment.publish({"visits": old}, version=4)
    assert deployment.count(count) == [{"n": 1}]
    deployment.publish({"visits": new}, version=5, is_seen=False)
    assert deployment.count(count) == [{"n": 1}]
    expire = "alter table visits execute expire_snapshots(retention_threshold => '0s')"
    iceberg.execute(expire, DATABASE, "iceberg.expire_snapshots_min_retention=0s")
    assert deployment.count(count) == [{"n": 2}]
    deployment.publish({"visits": old}, version=6)
    with pytest.raises(QueryFailed, match=r"no longer there \(test\). Curate once"):
        deployment.count(count)
