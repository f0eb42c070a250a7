"""Loading the warehouse: the statements of the Data API on a real PostgreSQL, the exports in a bucket."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from catalogue.errors import LoadFailed, UsageLimitReached
from catalogue.tables import TABLES
from catalogue.warehouse import warehouse_tables
from console.aws.runners import actions_of_runner
from console.aws.runners.functions import TRACES
from pipeline import objects
from pipeline.warehouse.loading import Loaded
from tests.engines.names import LAKE_BUCKET, REDSHIFT_WORKGROUP
from tests.engines.warehouse_shop import READER, Killed, Process, Shop, opened
from tests.handlers.conftest import Context
from tests.support.iam import Recorder

if TYPE_CHECKING:
    from tests.engines.postgres_server import PostgresServer

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]


@pytest.fixture
def shop(aws: None, postgres: PostgresServer) -> Iterator[Shop]:
    with opened(postgres) as made:
        yield made


def sales(*days: int, name: str = "web") -> list[dict[str, Any]]:
    amount = {"gross_revenue": Decimal("9.9900"), "net_revenue": Decimal("9.9900"), "lines": 1}
    return [{"order_date": date(2026, 3, day), "channel": name, "currency": "EUR", **amount} for day in days]


def product(name: str) -> list[dict[str, Any]]:
    return [{"product_id": "p1", "product_name": name}]


def both(shop: Shop) -> tuple[Any, ...]:
    """The version that each of two tables shows."""
    ((sold, named),) = shop.read(
        "select (select max(channel) from daily_sales), (select max(product_name) from products)"
    )
    return sold, named


def test_the_first_load_makes_every_table_that_questions_of_the_warehouse_read(shop: Shop) -> None:
    shop.lake.publish(daily_sales=sales(1, 2), products=product("Café \\ 'tea'"))
    loaded = shop.load()
    assert loaded.version == 1
    assert {table: rows for table, rows in loaded.rows.items() if rows} == {"daily_sales": 2, "products": 1}
    assert set(loaded.rows) == set(warehouse_tables())
    assert shop.read("select order_date, net_revenue, region from daily_sales order by 1") == [
        (date(2026, 3, 1), Decimal("9.9900"), None),
        (date(2026, 3, 2), Decimal("9.9900"), None),
    ]
    assert shop.read("select product_name from products") == [("Café \\ 'tea'",)]
    assert shop.read("select count(*) from order_lines") == [(0,)]  # it never had a row
    state = shop.lake.object("curated/warehouse.json")
    assert (state["version"], state["data_as_of"]) == (1, "2026-03-01T00:00:00Z")
    assert (state["rows"]["daily_sales"], state["tables"]["order_lines"]) == (2, None)


def test_every_column_keeps_its_type(shop: Shop) -> None:
    shop.lake.publish()
    shop.load()
    names = {"numeric": "decimal", "timestamp without time zone": "timestamp", "character varying": "varchar"}
    for table in warehouse_tables():
        found = shop.read(
            "select column_name, data_type, numeric_precision, numeric_scale from information_schema.columns"
            " where table_schema = 'public' and table_name = %s order by ordinal_position",
            table,
        )
        kinds = {
            name: f"decimal({digits},{scale})" if kind == "numeric" else names.get(kind, kind).split(" precision")[0]
            for name, kind, digits, scale in found
        }
        assert kinds == {name: kind.replace("(6)", "") for name, kind in TABLES[table].columns.items()}


def test_loading_again_asks_nothing_of_the_warehouse(shop: Shop) -> None:
    shop.lake.publish(daily_sales=sales(1))
    shop.load()
    again = Process()
    assert shop.load(again) == Loaded(1, {})
    assert again.calls == []


def test_a_version_that_changed_no_table_of_the_warehouse_does_not_wake_it(shop: Shop) -> None:
    shop.lake.publish(daily_sales=sales(1))
    before = datetime.now(UTC)
    shop.load()
    loaded_at = shop.lake.object("curated/warehouse.json")["loaded_at"]
    assert before <= datetime.fromisoformat(loaded_at) <= datetime.now(UTC)
    shop.lake.publish()
    process = Process()
    assert shop.load(process) == Loaded(2, {})
    assert process.calls == ["replace"]
    state = shop.lake.object("curated/warehouse.json")
    assert (state["data_as_of"], state["loaded_at"]) == ("2026-03-02T00:00:00Z", loaded_at)


def test_a_second_version_loads_what_changed_and_drops_what_nobody_shows(shop: Shop) -> None:
    shop.lake.publish(daily_sales=sales(1), products=product("one"))
    shop.load()
    shop.lake.publish(daily_sales=sales(1, 2, 3))
    assert shop.load() == Loaded(2, {"daily_sales": 3})
    assert shop.read("select count(*) from daily_sales") == [(3,)]
    shop.lake.publish(daily_sales=[])
    assert shop.load() == Loaded(3, {"daily_sales": 0})
    assert shop.read("select count(*) from daily_sales") == [(0,)]
    with shop.connect() as owner:
        tables = owner.execute("select tablename from pg_tables where schemaname = 'loaded'").fetchall()
        versions = owner.execute("select table_name, version from loaded.loaded_tables order by 2, 1").fetchall()
    kept = [name for (name,) in tables if name.startswith("daily_sales_")]
    assert sorted(name.split("_")[2][-1] for name in kept) == ["2", "3"]  # the version before: somebody may read it
    assert versions[-1] == ("daily_sales", 3)
    assert {version for _, version in versions[:-1]} == {1}


@pytest.mark.parametrize("after", [False, True], ids=["before a call", "after a call"])
def test_a_load_that_is_killed_anywhere_leaves_one_version_and_the_next_one_loads(shop: Shop, after: bool) -> None:
    shop.lake.publish(daily_sales=sales(1, name="1"), products=product("1"))
    shop.load()
    shown: list[str] = []
    for killed_at in itertools.count():
        name = str(killed_at + 2)
        shop.lake.publish(daily_sales=sales(1, name=name), products=product(name))
        before = both(shop)
        try:
            shop.load(Process(killed_at, after))
        except Killed:
            shop.settle()
            assert both(shop) in (before, (name, name))
            says = shop.lake.object("curated/warehouse.json")["version"]
            assert says <= int(both(shop)[0])  # what is shown is never older than it says
            shown.append("old" if both(shop) == before else "new")
            shop.load()
            assert both(shop) == (name, name)
        else:
            break
    assert shown.count("old") > 8
    assert shown[-1] == "new"  # the views were switched, and the state object was not written or just written
    assert shown == sorted(shown, reverse=True)
    assert shop.load() == Loaded(shop.lake.version, {})


def test_a_reader_sees_all_tables_of_one_version_while_versions_are_loaded(shop: Shop) -> None:
    shop.lake.publish(daily_sales=sales(1, name="1"), products=product("1"))
    shop.load()
    seen: set[tuple[Any, ...]] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(both(shop))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for version in range(2, 8):
            shop.lake.publish(daily_sales=sales(1, name=str(version)), products=product(str(version)))
            shop.load()
    finally:
        done.set()
        reader.join()
    assert len(seen) > 1
    assert all(sold == named for sold, named in seen)


def test_a_table_that_lost_rows_is_not_shown(shop: Shop) -> None:
    shop.lake.publish(daily_sales=sales(1))
    shop.load()
    shop.lake.publish(daily_sales=sales(1, 2, 3))
    shop.double.lose_rows = 1
    with pytest.raises(LoadFailed, match="Of 3 rows of daily_sales, 2 were loaded"):
        shop.load()
    assert shop.read("select count(*) from daily_sales") == [(1,)]
    shop.double.lose_rows = 0
    assert shop.load().rows == {"daily_sales": 3}


def test_an_export_that_is_missing_or_broken_stops_the_load_and_the_old_version_stays(shop: Shop) -> None:
    shop.lake.publish(daily_sales=sales(1), products=product("1"))
    shop.load()
    shop.lake.publish(daily_sales=sales(1, 2), products=product("2"))
    folder = f"warehouse/products/{shop.lake.snapshots['products']}"
    good = shop.lake.client.get_object(Bucket=LAKE_BUCKET, Key=f"shop/{folder}/part-00000.parquet")["Body"].read()
    shop.lake.client.delete_object(Bucket=LAKE_BUCKET, Key=f"shop/{folder}/part-00000.parquet")
    with pytest.raises(LoadFailed, match=r"The export of products is missing .*Curate once more"):
        shop.load()
    shop.lake.put(f"{folder}/part-00000.parquet", b"no Parquet at all")
    with pytest.raises(LoadFailed, match=r"is no Parquet.*part-00000"):
        shop.load()
    # whole at its end, which is all that is looked at before the COPY, and broken inside
    shop.lake.put(f"{folder}/part-00000.parquet", b"PAR1" + bytes(16) + good[20:])
    with pytest.raises(LoadFailed, match=r"Redshift refused copy loaded\.products_\S+ .*keeps what it had"):
        shop.load()
    assert shop.read("select count(*), max(product_name) from daily_sales, products") == [(1, "1")]
    shop.lake.put(f"{folder}/part-00000.parquet", good)
    assert shop.load().rows == {"daily_sales": 2, "products": 1}


def test_a_new_column_makes_the_table_anew_from_the_next_export(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.lake.publish(products=product("1"))
    shop.load()
    wider = replace(TABLES["products"], columns={**TABLES["products"].columns, "colour": "varchar"})
    monkeypatch.setitem(TABLES, "products", wider)  # type: ignore[arg-type]
    with pytest.raises(LoadFailed, match=r"other columns than the table: colour .*Curate once"):
        shop.load()
    assert shop.read("select product_name from products") == [("1",)]
    shop.lake.publish(products=[{**product("2")[0], "colour": "red"}])
    assert shop.load().rows == {"products": 1}
    assert shop.read("select product_name, colour from products") == [("2", "red")]


def test_another_order_of_rows_makes_the_table_anew_from_the_same_export(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.lake.publish(products=product("1"))
    shop.load()
    monkeypatch.setitem(TABLES, "products", replace(TABLES["products"], sort=("brand",)))  # type: ignore[arg-type]
    assert shop.load() == Loaded(1, {"products": 1})
    assert shop.load() == Loaded(1, {})


def test_a_table_that_no_question_reads_any_more_goes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    shop.lake.publish(products=product("1"))
    shop.load()
    left = tuple(name for name in warehouse_tables() if name != "products")
    monkeypatch.setattr("pipeline.warehouse.loading.warehouse_tables", lambda: left)
    shop.load()
    with pytest.raises(psycopg.errors.UndefinedTable):
        shop.read("select * from products")


def test_a_reader_may_read_the_views_and_nothing_beside_them(shop: Shop) -> None:
    import psycopg

    shop.lake.publish(products=product("1"))
    shop.load()
    assert shop.read("select product_id from products") == [("p1",)]
    for refused in ("select * from loaded.loaded_tables", "delete from products", "create table mine (n int)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            shop.read(refused)


def test_at_the_usage_limit_the_version_stays_and_the_failure_has_a_name(shop: Shop) -> None:
    shop.lake.publish(products=product("1"))
    shop.load()
    shop.lake.publish(products=product("2"))
    shop.double.limit_reached = True
    with pytest.raises(UsageLimitReached, match="keeps what it had"):
        shop.load()
    shop.double.limit_reached = False
    assert shop.read("select product_name from products") == [("1",)]
    assert shop.load().rows == {"products": 1}


def test_an_export_of_several_files_is_loaded_whole_and_nothing_beside_it(shop: Shop) -> None:
    from tests.support.published import parquet

    shop.lake.publish(daily_sales=sales(1, 2))
    folder = f"warehouse/daily_sales/{shop.lake.snapshots['daily_sales']}"
    shop.lake.put(f"{folder}/part-00001.parquet", parquet("daily_sales", sales(3)))
    shop.lake.put(f"{folder}/part-00002.parquet", parquet("daily_sales", []))
    shop.lake.put(f"{folder}0/part-00000.parquet", b"of another snapshot")
    role = "arn:aws:iam::123456789012:role/takings-copy"
    assert shop.load(copy_role=role).rows["daily_sales"] == 3
    copies = [
        one["QueryString"]
        for statement in shop.double.statements.values()
        for one in statement.batch
        if one["QueryString"].startswith("copy")
    ]
    assert [f"iam_role '{role}'" in copy for copy in copies] == [True]


def test_the_handler_loads_with_the_calls_that_its_role_may_make(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, recorded_actions: Recorder
) -> None:
    from pipeline.handlers import warehouse as handler

    values = {
        "LAKE_BUCKET": LAKE_BUCKET,
        "LAKE_PREFIX": "shop",
        "REDSHIFT_WORKGROUP": REDSHIFT_WORKGROUP,
        "REDSHIFT_DATABASE": shop.database,
        "REDSHIFT_READER": READER,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"TAKINGS_{name}", value)
    handler.settings.cache_clear()
    boto3.setup_default_session()
    objects._client.cache_clear()
    shop.lake.publish(products=product("1"))
    answer = handler.handler({}, Context())  # type: ignore[arg-type]
    assert (answer["version"], answer["rows"]["products"], answer["usage_limit_reached"]) == (1, 1, False)
    assert shop.read("select product_name from products") == [("1",)]
    allowed = actions_of_runner("pipeline.handlers.warehouse")
    assert recorded_actions.made == allowed - {"redshift-data:CancelStatement", *TRACES.actions}
    shop.lake.publish(products=product("2"))
    shop.double.limit_reached = True
    assert handler.handler({}, Context()) == {"version": None, "rows": {}, "usage_limit_reached": True}  # type: ignore[arg-type]
    handler.settings.cache_clear()
