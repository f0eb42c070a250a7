"""The estimate of bytes scanned is what Trino, the engine inside Athena, counts on the same files."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from catalogue.binding import Statement, bind
from catalogue.parquet import arrow_type, folder_name
from catalogue.queries import Query, load
from catalogue.tables import TABLES
from console.scan_cost.estimate import FullLake
from console.scan_cost.files import files_of
from pipeline.curate.files import write_file
from tests.engines import trino_tables
from tests.engines.lakes import SAMPLE_END
from tests.engines.names import SAMPLE
from tests.support.lake_rows import values_for

if TYPE_CHECKING:
    from tests.engines.lakes import EngineLake
    from tests.engines.trino_server import TrinoServer

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]

QUERIES = sorted(load(), key=lambda query: query.name)
DAYS = 60
DAYS_OF_LARGE = (date(2026, 3, 1), date(2026, 3, 2))
TOLERANCE = 0.02  # small files, which are read whole
LARGE_TOLERANCE = 0.05  # files of many row groups
MEGABYTE = 1_000_000  # what Trino may read of a large file besides, or spare


def lake_of(root: Path) -> FullLake:
    return FullLake.of_files({table: files_of(root, table) for table in TABLES})


# what one side of a join spares the other is only known while it runs, and is no part of the estimate
PLANNED = "enable_dynamic_filtering=false"


def counted(server: TrinoServer, schema: str, sql: str) -> int:
    return int(server.execute(sql, schema, PLANNED).statistics["physicalInputBytes"])


@pytest.fixture(scope="module")
def estimated(sample_lake: EngineLake) -> FullLake:
    return lake_of(sample_lake.root)


@pytest.mark.parametrize("query", QUERIES, ids=[query.name for query in QUERIES])
def test_a_question_scans_what_is_estimated(estimated: FullLake, lakes_on_trino: TrinoServer, query: Query) -> None:
    values = values_for(query, SAMPLE_END - timedelta(days=DAYS), SAMPLE_END)
    ours = {"reporting_currency": "USD", "reporting_time_zone": "UTC"}
    values |= {name: value for name, value in ours.items() if name in query.parameters}
    statement = bind(query, values, dialect="trino")
    real = counted(lakes_on_trino, SAMPLE, statement.sql)
    assert estimated.cost(statement).scanned == pytest.approx(real, rel=TOLERANCE)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, trino: TrinoServer) -> FullLake:
    """Two days of events, each a file of four row groups and some 20 MB."""
    root, draw, definition = tmp_path_factory.mktemp("large"), random.Random(5), TABLES["events"]
    wide = {"event_id", "customer_id", "attributes"}
    for day in DAYS_OF_LARGE:
        rows = 4 * 122_880
        columns = {
            name: pa.array([f"{draw.getrandbits(64):x}" for _ in range(rows)])
            if name in wide
            else pa.array(["a"] * (rows // 2) + ["b"] * (rows // 2))
            if name == "event_type"
            else pa.array([day] * rows)
            if name == definition.partition
            else pa.nulls(rows, arrow_type(kind))
            for name, kind in definition.columns.items()
        }
        place = root / "curated" / "events" / folder_name("events", day) / f"{day}.parquet"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_file(pa.table(columns), place, ("event_date", "event_type"))
    trino_tables.register(trino, root, "large")
    return lake_of(root)


@pytest.mark.parametrize(
    "sql",
    [
        "select count(distinct customer_id) from events",
        "select max(attributes) from events where event_date = date '2026-03-02'",
        "select max(event_id), max(attributes) from events",
        "select count(distinct customer_id) from events where event_type = 'b'",
        "with e as (select customer_id from events) select count(*) from e x join e y on x.customer_id = y.customer_id",
        "select max(attributes) from events where event_date > date '2026-03-02'",
    ],
)
def test_columns_partitions_and_row_groups_are_spared_as_estimated(
    large: FullLake, trino: TrinoServer, sql: str
) -> None:
    real = counted(trino, "large", sql)
    estimate = large.cost(Statement("test", "test", sql, "trino", frozenset())).scanned
    assert estimate == pytest.approx(real, rel=LARGE_TOLERANCE, abs=MEGABYTE)
    whole = sum(file.bytes for file in large._files["events"])
    assert real < 0.8 * whole, "the question spares something"
