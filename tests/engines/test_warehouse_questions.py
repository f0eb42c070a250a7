"""Every question of the warehouse has the same answer from the loaded warehouse as from the lake it was loaded from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import boto3
import duckdb
import pytest

from catalogue.parquet import select
from catalogue.queries import load as load_queries
from catalogue.warehouse import LOADED_STATE, warehouse_tables
from console.asking.cache import ResultCache
from console.asking.engines.curated_state import CuratedState
from console.asking.engines.duckdb import DuckDbEngine
from console.asking.engines.redshift import RedshiftEngine
from console.asking.scope import Scope
from tests.engines.names import LAKE_BUCKET, REDSHIFT_WORKGROUP, REGION
from tests.engines.warehouse_shop import Shop, opened

if TYPE_CHECKING:
    from tests.engines.lakes import EngineLake
    from tests.engines.postgres_server import PostgresServer

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]

PERIOD = {"start_date": date(2000, 1, 1), "end_date": date(2100, 1, 1)}


@pytest.fixture
def shop(aws: None, postgres: PostgresServer) -> Iterator[Shop]:
    with opened(postgres) as made:
        yield made


def test_a_question_of_the_loaded_warehouse_is_answered_as_by_the_lake(shop: Shop, sample_lake: EngineLake) -> None:
    with duckdb.connect() as lake:
        exported = {
            table: lake.sql(select(table, sorted((sample_lake.root / "curated" / table).rglob("*.parquet"))))
            for table in warehouse_tables()
        }
        shop.lake.publish(**{table: rows.to_arrow_table() for table, rows in exported.items()})
    loaded = shop.load()
    assert min(loaded.rows.values()) > 0
    redshift = RedshiftEngine(
        boto3.Session(region_name=REGION),
        workgroup=REDSHIFT_WORKGROUP,
        database=shop.database,
        state=CuratedState(boto3.client("s3", region_name=REGION), LAKE_BUCKET, "shop/", key=LOADED_STATE),
        base_rpus=8,
        price_per_rpu_hour=None,
    )
    answers: dict[str, list[list[dict[str, Any]]]] = {}
    for engine in (redshift, DuckDbEngine(sample_lake.root)):
        scope = Scope({"lake": engine, "warehouse": engine}, load_queries(), ResultCache(), "USD", "UTC")
        for query in scope.catalogue:
            needed = {name: value for name, value in PERIOD.items() if name in query.parameters}
            plain = {"start_date", "end_date", "reporting_currency", "reporting_time_zone"}
            left = [p for name, p in query.parameters.items() if name not in plain and not p.is_list and not p.nullable]
            if query.source == "warehouse" and not left:
                answers.setdefault(query.name, []).append(scope.ask(query.name, **needed).rows())
    assert len(answers) > 10
    assert {name for name, (one, other) in answers.items() if _sorted(one) != _sorted(other)} == set()
    assert redshift.data_as_of is not None
    assert redshift.data_as_of.isoformat() == "2026-03-01T00:00:00+00:00"  # of the version that is loaded


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows)
