"""Every query of the catalogue means the same on every engine: the same rows as DuckDB's, whatever it is asked.

Athena's answers come from Trino, Redshift's from PostgreSQL, through awswrangler, the console's own engines and the AWS
APIs. A known difference is listed in `gaps.py`, and is an expected failure that must fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from catalogue.binding import RowFilter, bind
from catalogue.queries import Query, load
from console.asking.engines import SqlEngine
from console.asking.engines.duckdb import DuckDbEngine
from tests.engines.comparison import difference, holds_something
from tests.engines.edges import COLUMNS, PREFERRED, Edge, edges
from tests.engines.gaps import GAPS, Gap
from tests.engines.matrix import ENGINES, asked
from tests.engines.names import ATHENA_WORKGROUP, LAKE_BUCKET, REDSHIFT_WORKGROUP, REGION, RESULTS, SAMPLE

if TYPE_CHECKING:
    from tests.engines.lakes import EngineLake
    from tests.engines.postgres_server import PostgresServer
    from tests.engines.trino_server import TrinoServer

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]

LAKES = (SAMPLE, "berlin", "lord_howe")
CASES = [
    *(
        pytest.param(engine, query, None, id=f"{query.name} on {engine}")
        for engine in ENGINES
        for query in load()
        if asked(engine, query)
    ),
    *(
        pytest.param(
            gap.engine,
            load()[gap.query],
            gap,
            id=f"{gap.query} on {gap.engine}, {gap.edge or 'always'}",
            marks=pytest.mark.xfail(strict=True, reason=gap.reason, raises=AssertionError),
        )
        for gap in GAPS
        if gap.engine in ENGINES
    ),
]
_TOGETHER = 4  # statements under way at once

Engines = dict[tuple[str, str], SqlEngine]


@pytest.fixture(scope="module")
def engines(
    aws_of_module: None,
    engine_lakes: dict[str, EngineLake],
    lakes_on_trino: TrinoServer,
    lakes_on_postgres: PostgresServer,
) -> Iterator[Engines]:
    """Every engine on every lake, by both names."""
    import boto3

    from console.asking.engines.athena import AthenaEngine
    from console.asking.engines.curated_state import CuratedState
    from console.asking.engines.redshift import RedshiftEngine
    from tests.engines import athena_double, redshift_double
    from tests.engines.fixtures import put_state

    made: Engines = {}
    with athena_double.serving(lakes_on_trino), redshift_double.serving(lakes_on_postgres):
        session = boto3.Session(region_name=REGION)
        for lake in engine_lakes.values():
            put_state(lake, f"{lake.name}/")
            state = CuratedState(session.client("s3"), LAKE_BUCKET, f"{lake.name}/")
            made["DuckDB", lake.name] = DuckDbEngine(lake.root)
            made["Athena", lake.name] = AthenaEngine(
                session,
                workgroup=ATHENA_WORKGROUP,
                database=lake.name,
                results=RESULTS,
                state=state,
                price_per_terabyte=Decimal(5),
                reuse_seconds=0,  # each answer is the engine's own
            )
            made["Redshift", lake.name] = RedshiftEngine(
                session,
                workgroup=REDSHIFT_WORKGROUP,
                database=lake.name,
                state=state,
                base_rpus=8,
                price_per_rpu_hour=Decimal("0.36"),
            )
        yield made


@pytest.fixture(scope="module")
def known(engine_lakes: dict[str, EngineLake]) -> dict[str, dict[str, list[str]]]:
    """For each lake and each list parameter, the values that occur, first those of one preferred row."""
    import duckdb

    found: dict[str, dict[str, list[str]]] = {}
    for lake in engine_lakes.values():
        values = found.setdefault(lake.name, {})
        for table in sorted({table for table, _ in COLUMNS.values()}):
            files = [str(path) for path in (lake.root / "curated" / table).rglob("*.parquet")]
            names = {name: column for name, (place, column) in COLUMNS.items() if place == table}
            columns = ", ".join(names.values())
            nulls = " + ".join(f"cast({column} is null as integer)" for column in names.values())
            source = f"read_parquet({files}) group by {columns}"
            preferred = f"count(*) filter (where {PREFERRED[table]})"
            order = f"{preferred} = 0, {nulls}, {preferred} desc, {columns}"
            rows = duckdb.sql(f"select {columns} from {source} order by {order}").fetchall()  # noqa: S608 - our own names
            for place, name in enumerate(names):
                values[name] = list(dict.fromkeys(row[place] for row in rows if row[place] is not None))
    return found


def ask(engine: SqlEngine, query: Query, edge: Edge) -> Any:
    statement = bind(query, edge.values, dialect=engine.dialect, row_filter=RowFilter(edge.regions))
    return engine.run(statement).table


def compare(engines: Engines, engine: str, query: Query, lake: str, edge: Edge) -> str | None:
    """What differs from DuckDB's answer, with where; None where nothing does."""
    expected = ask(engines["DuckDB", lake], query, edge)
    if not edge.may_be_empty and not holds_something(expected):
        return f"{place(lake, edge)}: DuckDB's answer holds nothing, so that nothing is compared"
    try:
        found = ask(engines[engine, lake], query, edge)
    except Exception as error:  # noqa: BLE001 - whatever an engine says is the finding
        return f"{place(lake, edge)}: {error}"
    differs = difference(query, expected, found)
    return None if differs is None else f"{place(lake, edge)}: {differs}"


def findings(
    engines: Engines,
    engine: str,
    query: Query,
    asked_for: list[tuple[str, Edge]],
) -> list[str]:
    with ThreadPoolExecutor(_TOGETHER) as pool:
        results = pool.map(lambda each: compare(engines, engine, query, *each), asked_for)
        return [result for result in results if result is not None]


def place(lake: str, edge: Edge) -> str:
    """How a gap names what was asked."""
    return f"{lake}, {edge.name}"


@pytest.mark.parametrize(("engine", "query", "gap"), CASES)
def test_a_query_gives_the_rows_that_duckdb_gives(
    engines: Engines,
    engine_lakes: dict[str, EngineLake],
    known: dict[str, dict[str, list[str]]],
    engine: str,
    query: Query,
    gap: Gap | None,
) -> None:
    """Whatever it is asked; a gap is asked only where it shows, and everything else not there."""
    gaps = [one_gap for one_gap in GAPS if one_gap.covers(engine, query.name)]
    everything = [(lake, edge) for lake in LAKES for edge in edges(query, engine_lakes[lake], known[lake])]
    if gap is None:
        chosen = [item for item in everything if not any(each_gap.shows(place(*item)) for each_gap in gaps)]
        assert findings(engines, engine, query, chosen) == []
    else:
        chosen = [item for item in everything if gap.shows(place(*item))]
        assert len(findings(engines, engine, query, chosen)) < len(chosen)
