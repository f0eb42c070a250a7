"""After an update, the next curation makes what is new or defined otherwise, from the tables that exist."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlglot import parse_one

from catalogue.queries import Query, load_curation
from catalogue.tables import CURATED_TABLES
from pipeline.curate import bound, curate, definitions, is_stale
from pipeline.curate.definitions import FROM_RAW, fingerprints, sources
from pipeline.lake import CURATED, STATE, LakeSettings
from tests.support.given import Given, event

CHARGE = {"ServiceName": "Amazon S3", "BilledCost": 1, "BillingCurrency": "USD", "Tags": '{"team":"a"}'}
HOME = {"surface": "home", "model": "m1"}


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a curated lake with rows in every table. Not to be changed."""
    given = Given(folder := tmp_path_factory.mktemp("curated"))
    lamp = {"name": "Lamp", "category": "Home", "brand": "Ara", "unit_cost": "4.0000"}
    sale = {"event_type": "purchase", "channel": "web", "device": "mobile", "region": "north"}
    given.events(
        event("v1", "2026-02-28 12:00", product=lamp, region="north", channel="web"),
        event("s1", "2026-03-01 12:00", order_id="o1", **sale),
        event("s2", "2026-03-01 12:01", order_id="o1", product_id="p2", product={"category": "Garden"}, **sale),
        event("r1", "2026-03-05 12:00", event_type="refund", order_id="o1", quantity=1, unit_price="2.5000"),
        event("i1", "2026-03-06 12:00", event_type="recommendation_impression", customer_id="c2", recommendation=HOME),
        event("k1", "2026-03-06 12:01", event_type="recommendation_click", customer_id="c2", recommendation=HOME),
        event("s3", "2026-03-07 12:00", order_id="o2", customer_id="c2", **sale),
        event("v1", "2026-02-28 12:00"),
    )
    given.quarantine(b"[").spend({**CHARGE, "ChargePeriodStart": datetime(2026, 3, 1)}).curate()
    return folder


@pytest.fixture
def shop(curated: Path, tmp_path: Path) -> Given:
    """A copy of `curated`."""
    shutil.copytree(curated, tmp_path, dirs_exist_ok=True)
    return Given(tmp_path)


def outdate(shop: Given, *tables: str) -> None:
    """As an update does that defines these tables otherwise: their files are there no more or hold something else."""
    state = shop.state()
    for table in tables:
        state["made_by"][table] = "another"
        shutil.rmtree(shop.lake.root / CURATED / table)
    (shop.lake.root / STATE).write_text(json.dumps(state))


@pytest.mark.parametrize("table", sorted(CURATED_TABLES.keys() - FROM_RAW))
def test_a_table_defined_otherwise_is_made_again_from_its_sources_and_no_raw_file_is_read(shop: Given, table: str):
    before = shop.tables()
    assert before[table], "every table has rows here"
    outdate(shop, table)
    (shop.lake.root / "raw").rename(shop.lake.root / "raw-elsewhere")  # nothing could be read there
    (shop.lake.root / "raw/spend").mkdir(parents=True)
    state = shop.state() | {"bills": {}}
    (shop.lake.root / STATE).write_text(json.dumps(state))
    assert is_stale(shop.lake)
    report = curate(shop.lake)
    assert report.raw_files == 0
    assert shop.tables() == before
    assert not is_stale(shop.lake)


@pytest.mark.parametrize("table", sorted(FROM_RAW))
def test_a_table_of_raw_records_defined_otherwise_is_made_again_from_the_raw_files(shop: Given, table: str):
    before = shop.tables()
    outdate(shop, table)
    shop.curate()
    assert shop.tables() == before
    assert not is_stale(shop.lake)


def test_new_records_and_a_table_defined_otherwise_are_taken_in_one_run(shop: Given, tmp_path: Path):
    late = [
        event("s9", "2026-03-01 12:30", event_type="purchase", order_id="o1", product_id="p9"),
        event("v9", "2026-03-09 09:00", customer_id="c2", product={"name": "Lamp of 2027", "category": "Light"}),
    ]
    outdate(shop, "orders", "daily_pairs", "products")
    shop.events(late).curate()
    standing = shop.tables()
    assert shop.curate(full=True).tables() == standing


Change = Callable[[str, str, str], None]


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Change]:
    """Lets a table's SQL be another one: ``changed(table, before, after)``."""

    def change(table: str, before: str, after: str) -> None:
        queries = dict(load_curation())
        query = queries[table]
        assert before in query.text
        text = query.text.replace(before, after)
        queries[table] = replace(query, text=text, tree=parse_one(text, read="trino"))

        def read() -> Mapping[str, Query]:
            return queries

        for module in (definitions, bound):
            monkeypatch.setattr(module, "load_curation", read)
        definitions._fingerprints.cache_clear()
        bound.table_sql.cache_clear()

    yield change
    definitions._fingerprints.cache_clear()
    bound.table_sql.cache_clear()


def test_a_changed_definition_reaches_its_table_and_those_made_of_it_and_no_other(shop: Given, changed: Change):
    files = shop.files()
    changed("daily_device_sales", "count(*) as lines", "10 * count(*) as lines")
    assert curate(shop.lake).changed.keys() == {
        "daily_device_sales",
        "daily_sales",
        "monthly_device_sales",
        "monthly_sales",
    }
    assert sum(shop.column("monthly_sales", "lines")) == 40
    same = {name for name, content in shop.files().items() if content == files[name]}
    assert {name for name in files if "sales" not in name} <= same
    assert "curated/daily_product_sales/2026-03/data.parquet" in same


def test_a_remark_in_the_header_makes_nothing_again(changed: Change):
    before = fingerprints(LakeSettings())
    changed("orders", "-- title:   Orders", "-- title:   All orders")
    assert fingerprints(LakeSettings()) == before


def test_a_setting_makes_the_tables_again_that_take_it_and_those_made_of_them():
    dollars, euros = fingerprints(LakeSettings()), fingerprints(LakeSettings(reporting_currency="EUR"))
    differing = {table for table in dollars if dollars[table] != euros[table]}
    taking = {name for name, query in load_curation().items() if "reporting_currency" in query.parameters}
    assert taking == {"customers", "sessions"}
    assert differing == taking | {"daily_customer_registers", "daily_customers", "daily_traffic"}
    assert "events" not in differing


def test_a_table_that_there_is_no_more_loses_its_files(shop: Given):
    place = shop.lake.root / CURATED / "weekly_sales" / "data.parquet"
    place.parent.mkdir()
    place.write_bytes(b"of a former version")
    state = shop.state()
    state["made_by"]["weekly_sales"] = "former"
    (shop.lake.root / STATE).write_text(json.dumps(state))
    assert curate(shop.lake).changed == {}
    assert not place.exists()
    assert not is_stale(shop.lake)


def test_a_day_that_the_new_definition_leaves_empty_has_no_file(shop: Given, changed: Change):
    changed("daily_interest", "where event_type in ('product_view', 'cart_add')", "where event_type = 'none'")
    curate(shop.lake)
    assert shop.days("daily_interest") == []
    assert shop.rows("monthly_interest") == []


def test_the_sources_of_a_table_are_those_its_sql_reads_in_any_part():
    found = {name: sources(query) for name, query in load_curation().items()}
    assert found["events"] == found["quarantine"] == found["spend"] == frozenset()
    assert found["products"] == {"events"}
    assert found["order_lines"] == {"events", "products"}
    assert found["customers"] == {"events", "orders"}
    assert found["monthly_sales"] == {"daily_sales"}
