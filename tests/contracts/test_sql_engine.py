"""What every SQL engine keeps: exact values, typed empty answers, named errors, one version of the data per answer.

An engine joins by a fixture in `ENGINES` that gives a shop with `table(name, rows)` and an `engine`. Athena has Trino
behind its API, Redshift PostgreSQL (`tests/engines`).
"""

# ruff: noqa: S608 - statements are the test's own

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest
from pyarrow import parquet
from sqlglot import exp, parse_one

from catalogue.binding import Statement, bind
from catalogue.errors import LakeError, LakeMissing, QueryFailed
from catalogue.queries import load
from console.asking.engines import Result, SqlEngine
from console.asking.engines import duckdb as adapter
from console.asking.engines.duckdb import DuckDbEngine
from pipeline.lake import CURATED, STATE, Lake
from tests.support.given import Given, event
from tests.support.lake_rows import Rows

DAY = date(2026, 3, 1)


class Shop(Protocol):
    """An engine and a way to say what its tables hold."""

    @property
    def engine(self) -> SqlEngine: ...

    def table(self, name: str, rows: list[dict[str, Any]]) -> object: ...


class DuckDbShop:
    """The embedded engine over a lake folder of literal rows."""

    def __init__(self, folder: Path) -> None:
        self.rows = Rows(folder / "lake")
        self.engine = DuckDbEngine(self.rows.lake.root)

    def table(self, name: str, rows: list[dict[str, Any]]) -> object:
        return self.rows.table(name, rows)


@pytest.fixture
def duckdb_shop(tmp_path: Path) -> Shop:
    return DuckDbShop(tmp_path)


@pytest.fixture
def athena_shop(tmp_path: Path, aws: None, trino: Any) -> Iterator[Shop]:
    from tests.engines import shops

    with shops.athena_shop(tmp_path, trino) as shop:
        yield shop


@pytest.fixture
def unloading_athena_shop(tmp_path: Path, aws: None, trino: Any) -> Iterator[Shop]:
    """Athena where every result counts as large."""
    from tests.engines import shops

    with shops.athena_shop(tmp_path, trino, large_result=0) as shop:
        yield shop


@pytest.fixture
def redshift_shop(tmp_path: Path, aws: None, postgres: Any) -> Iterator[Shop]:
    from tests.engines import shops

    with shops.redshift_shop(tmp_path, postgres) as shop:
        yield shop


REAL = [pytest.mark.engines, pytest.mark.xdist_group("engines")]
ENGINES = [
    pytest.param("duckdb_shop", id="duckdb"),
    pytest.param("athena_shop", id="athena", marks=REAL),
    pytest.param("unloading_athena_shop", id="athena-unload", marks=REAL),
    pytest.param("redshift_shop", id="redshift", marks=REAL),
]


@pytest.fixture(params=ENGINES)
def shop(request: pytest.FixtureRequest) -> Shop:
    made: Shop = request.getfixturevalue(request.param)
    return made


def statement(engine: SqlEngine, sql: str) -> Statement:
    """A question in Trino's dialect, bound for an engine."""
    tree = parse_one(sql, read="trino")
    assert isinstance(tree, exp.Query)
    tables = frozenset(table.name for table in tree.find_all(exp.Table))
    query = dataclasses.replace(load()["lake/days"], name="tests/query", parameters={}, tree=tree, tables=tables)
    return bind(query, {}, dialect=engine.dialect)


def ask(engine: SqlEngine, sql: str) -> Result:
    return engine.run(statement(engine, sql))


def test_an_amount_comes_back_to_its_last_digit_and_sums_stay_decimal(shop: Shop) -> None:
    longest = "9999999999999999999999999999999999.9999"
    amounts = [Decimal(text) for text in ("0.0001", "0.1", "0.2", f"-{longest}", longest)]
    shop.table("daily_sales", [{"order_date": DAY, "channel": str(n), "net_revenue": a} for n, a in enumerate(amounts)])
    rows = ask(shop.engine, "select net_revenue from daily_sales order by channel").rows()
    assert [row["net_revenue"] for row in rows] == amounts
    (row,) = ask(shop.engine, "select sum(net_revenue) as total from daily_sales where channel < '3'").rows()
    assert row["total"] == Decimal("0.3001")
    assert isinstance(row["total"], Decimal)


def test_days_and_instants_come_back_as_they_are_to_the_microsecond(shop: Shop) -> None:
    at = datetime(2026, 3, 29, 1, 30, 0, 123456)  # an hour that some clocks skip
    shop.table("orders", [{"order_id": "o", "ordered_at": at, "order_date": date(2026, 3, 29)}])
    (row,) = ask(shop.engine, "select ordered_at, order_date from orders").rows()
    assert row == {"ordered_at": at, "order_date": date(2026, 3, 29)}


def test_a_null_is_none_in_every_type(shop: Shop) -> None:
    shop.table("orders", [{"order_id": None, "placed": None, "order_date": DAY}])
    columns = "order_id, ordered_at, units, gross_revenue, first_order"
    (row,) = ask(shop.engine, f"select {columns} from orders").rows()
    assert set(row.values()) == {None}


def test_text_comes_back_in_every_script(shop: Shop) -> None:
    names = ["Ärger", "日本", "a\nb", "it's", "\\", "🛒", "e\u0301", ""]
    shop.table("products", [{"product_id": str(number), "product_name": name} for number, name in enumerate(names)])
    rows = ask(shop.engine, "select product_name from products order by product_id").rows()
    assert [row["product_name"] for row in rows] == names


def test_an_answer_without_rows_keeps_its_columns_and_their_types(shop: Shop) -> None:
    sql = "select order_date, net_revenue, units, channel from daily_sales"
    empty = ask(shop.engine, sql)
    shop.table("daily_sales", [{"order_date": DAY, "net_revenue": Decimal(1), "channel": "web"}])
    full = ask(shop.engine, sql)
    assert (empty.table.num_rows, full.table.num_rows) == (0, 1)
    assert empty.table.schema == full.table.schema
    assert list(empty.frame().columns) == ["order_date", "net_revenue", "units", "channel"]


def test_a_frame_keeps_cents(shop: Shop) -> None:
    shop.table("daily_sales", [{"order_date": DAY, "net_revenue": Decimal("0.1")}])
    frame = ask(shop.engine, "select net_revenue from daily_sales").frame()
    assert frame["net_revenue"].sum() == Decimal("0.1000")


def test_an_answer_says_what_it_cost_and_how_old_it_is(shop: Shop) -> None:
    shop.table("daily_sales", [{"order_date": DAY}])
    statistics = ask(shop.engine, "select order_date from daily_sales").statistics
    assert statistics.engine
    assert statistics.query_id
    assert statistics.elapsed_seconds > 0
    assert not statistics.cached
    assert statistics.data_as_of == datetime(2026, 3, 31, 11, 59, tzinfo=UTC) == shop.engine.data_as_of


def test_a_statement_that_is_refused_names_its_query_and_a_remedy(shop: Shop) -> None:
    with pytest.raises(QueryFailed, match="tests/query") as caught:
        ask(shop.engine, "select no_such_column from orders")
    assert caught.value.where == "tests/query"
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_failure_leaves_the_engine_able_to_answer(shop: Shop) -> None:
    shop.table("orders", [{"order_id": "no number", "order_date": DAY}])
    with pytest.raises(QueryFailed):
        ask(shop.engine, "select cast(order_id as bigint) as n from orders")
    assert ask(shop.engine, "select count(*) as n from orders").rows() == [{"n": 1}]


def test_the_version_changes_with_the_data_and_only_then(shop: Shop) -> None:
    question = statement(shop.engine, "select count(*) as n from orders")
    first = shop.engine.data_version
    assert shop.engine.data_version == first
    shop.table("orders", [{"order_id": "o", "order_date": DAY}])
    second = shop.engine.data_version
    assert second != first
    assert shop.engine.run(question).rows() == [{"n": 1}]
    assert shop.engine.data_version == second
    assert shop.engine.version_of(question) == shop.engine.version_of(question)


def test_eight_threads_get_their_own_answers(shop: Shop) -> None:
    shop.table("orders", [{"order_id": str(number), "lines": number, "order_date": DAY} for number in range(8)])

    def one(number: int) -> bool:
        sql = f"select order_id, lines from orders where lines = {number % 8} order by order_id"
        return ask(shop.engine, sql).rows() == [{"order_id": str(number % 8), "lines": number % 8}]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(64)))


# What only the embedded engine promises.


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def test_a_folder_without_a_lake_is_named_with_the_way_to_make_one(tmp_path: Path) -> None:
    engine = DuckDbEngine(tmp_path / "nowhere")
    for question in (lambda: engine.data_version, lambda: engine.data_as_of):
        with pytest.raises(LakeMissing, match=r"There is no lake here.*takings sample"):
            question()


def test_a_lake_that_vanishes_is_named_and_one_that_returns_is_answered(lake: Rows) -> None:
    engine = DuckDbEngine(lake.lake.root)
    lake.table("orders", [{"order_id": "o", "order_date": DAY}])
    assert ask(engine, "select count(*) as n from orders").rows() == [{"n": 1}]
    aside = lake.lake.root.with_name("aside")
    shutil.move(lake.lake.root, aside)
    with pytest.raises(LakeMissing):
        ask(engine, "select count(*) as n from orders")
    shutil.move(aside, lake.lake.root)
    assert ask(engine, "select count(*) as n from orders").rows() == [{"n": 1}]


def test_a_lake_before_its_first_curation_answers_with_no_rows(tmp_path: Path) -> None:
    engine = DuckDbEngine(Lake.create(tmp_path / "lake").root)
    assert engine.data_as_of is None
    assert ask(engine, "select count(*) as n from events").rows() == [{"n": 0}]


def test_a_wrong_setting_of_the_lake_is_named(tmp_path: Path) -> None:
    root = Lake.create(tmp_path / "lake").root
    (root / "lake.toml").write_text('reporting_currency = "dollars"')
    with pytest.raises(LakeMissing, match="Currency 'dollars' is not an ISO 4217 code"):
        _ = DuckDbEngine(root).data_version


def test_a_lake_folder_may_hold_quotes_brackets_and_stars(tmp_path: Path) -> None:
    rows = Rows(tmp_path / "it's [2] *?")
    rows.table("events", [{"event_id": "e", "event_date": DAY}]).table("products", [{"product_id": "p"}])
    engine = DuckDbEngine(rows.lake.root)
    sql = "select (select count(*) from events) as events, (select count(*) from products) as products from orders"
    assert ask(engine, sql.replace(" from orders", " from products")).rows() == [{"events": 1, "products": 1}]


def test_a_damaged_file_names_the_remedy(lake: Rows) -> None:
    lake.table("orders", [{"order_id": "o", "order_date": DAY}])
    (lake.lake.root / CURATED / "orders" / f"{DAY:%Y-%m}" / "data.parquet").write_bytes(b"PAR1 no more PAR1")
    with pytest.raises(QueryFailed, match="python -m pipeline curate --full"):
        ask(DuckDbEngine(lake.lake.root), "select count(*) as n from orders")


def test_a_table_that_lacks_a_column_is_of_another_version_and_every_other_table_answers(given: Given) -> None:
    given.events(event("e1", "2026-03-01 12:00")).curate()
    place = next((given.lake.root / CURATED / "sessions").rglob("*.parquet"))
    parquet.write_table(parquet.read_table(place, partitioning=None).drop_columns(["visitor"]), place)
    engine = DuckDbEngine(given.lake.root)
    with pytest.raises(QueryFailed, match=r"has not made sessions yet.*wait a minute.*pipeline curate"):
        ask(engine, "select count(*) as n from sessions")
    assert ask(engine, "select count(*) as n from events").rows() == [{"n": 1}]


def test_a_table_that_only_this_version_has_is_not_shown_empty_before_it_is_made(given: Given) -> None:
    given.events(event("e1", "2026-03-01 12:00")).curate()
    state = given.state()
    del state["made_by"]["daily_traffic"]
    (given.lake.root / STATE).write_text(json.dumps(state))
    (given.lake.root / CURATED / "daily_traffic" / "data.parquet").unlink()
    engine = DuckDbEngine(given.lake.root)
    with pytest.raises(QueryFailed, match="has not made daily_traffic yet"):
        ask(engine, "select count(*) as n from daily_traffic")
    assert ask(engine, "select count(*) as n from daily_events").rows() == [{"n": 1}]
    given.curate()
    assert ask(engine, "select sum(sessions) as n from daily_traffic").rows() == [{"n": 1}]


def test_a_damaged_state_names_the_file_and_the_remedy(lake: Rows) -> None:
    lake.table("orders", [{"order_id": "o", "order_date": DAY}])
    (lake.lake.root / STATE).write_text("{broken")
    with pytest.raises(LakeError, match=r"state.json.*python -m pipeline curate"):
        ask(DuckDbEngine(lake.lake.root), "select count(*) as n from orders")


def test_a_statement_that_takes_too_long_is_stopped_and_the_next_is_answered(
    lake: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TIMEOUT_SECONDS", 0.2)
    engine = DuckDbEngine(lake.lake.root)
    _ = engine.data_version
    endless = "select count(*) as n from range(1000000000) a, range(1000000) b where a.range * b.range = -1"
    started = time.monotonic()
    with pytest.raises(QueryFailed, match=r"ran longer than 0 seconds and was stopped.*Choose a shorter period"):
        engine.run(Statement("tests/endless", "Endless", endless, "duckdb", frozenset({"orders"})))
    assert time.monotonic() - started < 30
    assert ask(engine, "select count(*) as n from orders").rows() == [{"n": 0}]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_parquet('{root}/../other/*.parquet')",
        "select * from read_text('{root}/lake.toml')",
        "copy (select 1) to '{root}/../out.csv'",
        "attach '{root}/../other.db'",
        "set enable_external_access = true",
        "install httpfs",
    ],
)
def test_a_statement_can_reach_nothing_but_the_curated_files(lake: Rows, sql: str) -> None:
    engine = DuckDbEngine(lake.lake.root)
    text = sql.format(root=lake.lake.root)
    with pytest.raises(QueryFailed, match="DuckDB refused the query"):
        engine.run(Statement("tests/query", "Query", text, "duckdb", frozenset({"orders"})))


def test_answers_change_when_a_curation_commits(given: Given) -> None:
    engine = DuckDbEngine(given.lake.root)
    before = engine.data_version
    sold = {"order_id": "o1", "product_id": "p", "unit_price": Decimal("5"), "currency": "USD", "quantity": 1}
    given.events(event("e1", "2026-03-01 12:00", event_type="purchase", session_id="s", **sold))
    assert ask(engine, "select sum(orders) as n from daily_orders").rows() == [{"n": None}]
    given.curate()
    assert engine.data_version != before
    assert ask(engine, "select sum(orders) as n from daily_orders").rows() == [{"n": 1}]
    assert engine.data_as_of == datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)


FILES = 40
QUARANTINE = "reason, ''::blob as record, '' as detail, '' as origin, '' as source, null::timestamp as received_at"
CUSTOMERS = (
    "customer_id, null::timestamp as first_seen, null::timestamp as last_seen, null::date as first_order_date,"
    " null::date as last_order_date, 0 as orders, 0 as net_revenue, 0 as days_between_orders"
)


class Writer:
    """Commits version after version of two tables, each file saying its version."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.version = 0

    def commit(self) -> None:
        self.version += 1
        with self.lake.writing(), self.lake.transaction() as change, duckdb.connect() as connection:
            for number in range(FILES):
                day = date.fromordinal(DAY.toordinal() + number)
                path = change.stage(f"{CURATED}/quarantine/{day:%Y-%m}/{day}.parquet")
                write(connection, f"{QUARANTINE}, date '{day}' as received_date", self.version, path)
            write(connection, CUSTOMERS, self.version, change.stage(f"{CURATED}/customers/data.parquet"))
            state = {"version": self.version, "data_as_of": None, "raw_files": []}
            change.stage(STATE).write_text(json.dumps(state), encoding="utf-8")


def write(connection: duckdb.DuckDBPyConnection, columns: str, version: int, path: Path) -> None:
    connection.execute(f"copy (select '{version}' as {columns}) to '{path}' (format parquet)")


def test_an_answer_never_mixes_two_versions_while_commits_follow_one_another(lake: Rows) -> None:
    writer = Writer(lake.lake)
    writer.commit()
    engine = DuckDbEngine(lake.lake.root)
    sql = (
        "select count(*) as files, min(reason) as oldest, max(reason) as newest,"
        " (select max(customer_id) from customers) as customer from quarantine"
    )
    stop = threading.Event()

    def commit_on() -> None:
        while not stop.is_set() and writer.version < 40:
            writer.commit()

    with ThreadPoolExecutor(1) as pool:
        committing = pool.submit(commit_on)
        try:
            answers = [row for _ in range(15) for row in patient(engine, sql)]
        finally:
            stop.set()
        committing.result(60)
    assert {row["files"] for row in answers} == {FILES}
    assert [row for row in answers if not row["oldest"] == row["newest"] == row["customer"]] == []


def patient(engine: SqlEngine, sql: str) -> list[dict[str, Any]]:
    """The answer, asked again where commits followed so closely that none could be read whole."""
    for _ in range(20):
        try:
            return ask(engine, sql).rows()
        except QueryFailed as error:
            if "kept changing" not in error.what:
                raise
    pytest.fail("never answered")
