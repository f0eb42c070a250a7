"""At the workgroup's usage limit the same question has the same answer, from the engine beside it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import boto3
import pytest

from catalogue.queries import load
from console.asking.cache import ResultCache
from console.asking.engines.curated_state import CuratedState
from console.asking.engines.duckdb import DuckDbEngine
from console.asking.engines.redshift import RedshiftEngine
from console.asking.engines.standby import WithStandby
from console.asking.scope import Scope
from tests.engines.names import REDSHIFT_WORKGROUP, REGION, SAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engines.lakes import EngineLake
    from tests.engines.redshift_double import RedshiftDouble

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]


def test_the_engine_beside_the_warehouse_gives_the_same_rows_and_says_that_it_answered(
    redshift_double: RedshiftDouble, sample_lake: EngineLake, publish_state: Callable[[EngineLake], str]
) -> None:
    state = CuratedState(boto3.client("s3", region_name=REGION), publish_state(sample_lake))
    redshift = RedshiftEngine(
        boto3.Session(region_name=REGION),
        workgroup=REDSHIFT_WORKGROUP,
        database=SAMPLE,
        state=state,
        base_rpus=8,
        price_per_rpu_hour=None,
    )
    beside = DuckDbEngine(sample_lake.root)
    now = [0.0]
    scope = Scope(
        engines={"lake": beside, "warehouse": WithStandby(redshift, beside, rest_seconds=60, clock=lambda: now[0])},
        catalogue=load(),
        cache=ResultCache(),
        reporting_currency="USD",
        reporting_time_zone="UTC",
    )
    year = {"start_date": date(2000, 1, 1), "end_date": date(2100, 1, 1)}
    usual = scope.ask("sales/net_revenue_by_day", **year)
    scope.cache.clear()
    redshift_double.limit_reached = True
    stood_in = scope.ask("sales/net_revenue_by_day", **year)
    redshift_double.limit_reached, now[0] = False, 60.0
    scope.cache.clear()
    again = scope.ask("sales/net_revenue_by_day", **year)
    assert usual.rows()
    assert usual.rows() == stood_in.rows() == again.rows()
    said = [answer.statistics.stand_in for answer in (usual, stood_in, again)]
    assert said == ["", "Redshift reached its usage limit; DuckDB answered", ""]
    ended = [(statement.status, statement.error) for statement in redshift_double.statements.values()]
    assert ended == [("FINISHED", ""), ("FAILED", "ERROR: Query reached usage limit"), ("FINISHED", "")]
