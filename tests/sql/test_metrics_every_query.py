"""What holds for every query of the catalogue, whatever it asks."""

from __future__ import annotations

import base64
import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from catalogue.binding import SHARED, RowFilter
from catalogue.queries import Query, load
from console.asking.cache import ResultCache
from console.asking.engines import Result
from console.asking.engines.duckdb import DuckDbEngine
from console.asking.scope import Scope
from console.metering import Call
from console.metering.folder import FolderCalls
from pipeline.curate import curate
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, Lake
from tests.support.lake_rows import NOON, values_for

QUERIES = sorted(load(), key=lambda query: query.name)
NAMES = [query.name for query in QUERIES]
FIRST, DAYS = date(2026, 2, 1), 30
REGIONS = ("A", "B", None)


def scope_of(lake: Lake, regions: tuple[str, ...] | None = None) -> Scope:
    engine = DuckDbEngine(lake.root)
    return Scope(
        engines={"lake": engine, "warehouse": engine},
        catalogue=load(),
        cache=ResultCache(),
        reporting_currency=lake.settings.reporting_currency,
        reporting_time_zone=lake.settings.reporting_time_zone,
        row_filter=RowFilter(regions),
        now=lambda: NOON,
    )


def answer(scope: Scope, query: Query, **who: str) -> Result:
    values = values_for(query, FIRST, FIRST + timedelta(days=DAYS))
    return scope.ask(query.name, **values | {name: value for name, value in who.items() if name in values})


def event(kind: str, at: datetime, number: int, region: str | None, **more: Any) -> dict[str, Any]:
    where = {"channel": random.Random(number).choice(["web", "app"]), "device": "phone"}
    if region is not None:
        where["region"] = region
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "event_id": f"{region}-{number}",
        "event_type": kind,
        "occurred_at": stamp,
        "currency": "USD",
        **more,
        **where,
        "received_at": stamp,
        "source": "native",
    }


def shop(region: str | None, seed: int) -> list[dict[str, Any]]:
    """Two weeks of one region: visits, recommendations, carts, orders, refunds, another currency, duplicates."""
    chance = random.Random(f"{region}{seed}")
    products = {
        f"p{number}": {"name": f"Product {number}", "category": ["Home", "Toys/Small"][number % 2], "brand": "Acme"}
        | ({"unit_cost": "1.50"} if number % 3 else {})
        for number in range(6)
    }
    events: list[dict[str, Any]] = []

    def add(kind: str, at: datetime, **more: Any) -> None:
        events.append(event(kind, at, len(events), region, **more))

    for visit in range(40):
        at = datetime(2026, 2, 1, 8, tzinfo=UTC) + timedelta(hours=visit * 8 + chance.randrange(6))
        who = {"customer_id": f"{region}-c{visit % 9}", "session_id": f"{region}-s{visit}"}
        for step in range(chance.randrange(1, 4)):
            name = chance.choice(list(products))
            seen = {"product_id": name, "product": products[name]}
            add("product_view", at + timedelta(minutes=step), **who, **seen)
            if chance.random() < 0.5:
                add("cart_add", at + timedelta(minutes=step, seconds=5), **who, **seen, quantity=1)
            if chance.random() < 0.7:
                shown = {"recommendation": {"surface": "home", "model": f"m{visit % 2}", "rank": 1, "request_id": "r"}}
                add("recommendation_impression", at + timedelta(minutes=step, seconds=7), **who, **seen, **shown)
                add("recommendation_click", at + timedelta(minutes=step, seconds=9), **who, **seen, **shown)
        if chance.random() < 0.6:
            currency = "EUR" if visit % 10 == 0 else "USD"
            for name in chance.sample(list(products), 3):
                bought = {"product_id": name, "quantity": chance.randrange(1, 4), "unit_price": "9.99"}
                order = {"order_id": f"{region}-o{visit}", "currency": currency}
                add("purchase", at + timedelta(minutes=9), **who, **bought, product=products[name], **order)
                if chance.random() < 0.2:
                    add("refund", at + timedelta(days=3), **who, **bought, **order)
    return events + events[:3]  # the first three arrive twice


def publish(lake: Lake, name: str, records: list[dict[str, Any]], area: str = RAW_EVENTS) -> None:
    with lake.writing(), lake.transaction() as change:
        path = change.stage(f"{area}/imports/{name}/part-00000.jsonl.zst")
        with pa.CompressedOutputStream(str(path), "zstd") as out:
            out.write("".join(json.dumps(record) + "\n" for record in records).encode())


def curated(root: Path, regions: tuple[str | None, ...], *, refused: bool) -> Lake:
    lake = Lake.create(root)
    publish(lake, "one", [record for region in regions for record in shop(region, 7)])
    if refused:
        bad = {
            "record": base64.b64encode(b"{}").decode(),
            "reason": "missing_field",
            "detail": "event_id is missing",
            "origin": "",
            "received_at": "2026-02-03T00:00:00Z",
            "source": "native",
        }
        publish(lake, "one", [bad], RAW_QUARANTINE)
    curate(lake)
    at = datetime.combine(FIRST, datetime.min.time(), UTC)
    asked = Call(
        at, "ann", "Revenue", "query", "lake/days", "Athena", "q", 0.5, 1, False, 10, Decimal("0.1"), Decimal(0)
    )
    FolderCalls(lake.root).write([asked])
    return lake


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lake]:
    folder = tmp_path_factory.mktemp("lakes")
    return {
        "all": curated(folder / "all", REGIONS, refused=True),
        "only A": curated(folder / "a", ("A",), refused=False),
        "A and B": curated(folder / "ab", ("A", "B"), refused=False),
        "empty": Lake.create(folder / "empty"),
    }


@pytest.fixture(scope="module")
def scopes(lakes: dict[str, Lake]) -> dict[str, Scope]:
    return {
        "all": scope_of(lakes["all"]),
        "only A": scope_of(lakes["only A"]),
        "A and B": scope_of(lakes["A and B"]),
        "empty": scope_of(lakes["empty"]),
        "all, seen by A": scope_of(lakes["all"], ("A",)),
        "all, seen by A and B": scope_of(lakes["all"], ("A", "B")),
        "all, seen by nobody": scope_of(lakes["all"], ()),
    }


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_the_result_has_the_columns_the_catalogue_says_and_its_grain_is_unique(
    scopes: dict[str, Scope], query: Query
) -> None:
    result = answer(scopes["all"], query)
    assert tuple(result.table.column_names) == query.columns
    if query.grain == "one row":
        assert result.table.num_rows == 1
        return
    grain = query.grain.removeprefix("one row per ").split(", ")
    keys = [tuple(row[column] for column in grain) for row in result.rows()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_an_empty_lake_answers_with_the_same_columns(scopes: dict[str, Scope], query: Query) -> None:
    result = answer(scopes["empty"], query)
    assert tuple(result.table.column_names) == query.columns
    assert result.table.num_rows == (1 if query.grain == "one row" else 0)
    full = answer(scopes["all"], query).table.schema
    assert result.table.schema.types == full.types, "an empty answer has the types of a full one"


def test_the_sample_gives_every_query_something_to_say(scopes: dict[str, Scope]) -> None:
    def says(query: Query, visitor: str) -> bool:
        return bool(answer(scopes["all"], query, customer_id="A-c1", visitor_id=visitor).table.num_rows)

    silent = [query.name for query in QUERIES if not any(says(query, visitor) for visitor in ("A-c1", "A-s1"))]
    assert [name for name in silent if not load()[name].tables & (SHARED - {"products"})] == [], "this lake has no bill"


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_a_viewer_of_one_region_sees_what_a_lake_of_that_region_holds(scopes: dict[str, Scope], query: Query) -> None:
    assert answer(scopes["all, seen by A"], query).rows() == answer(scopes["only A"], query).rows()


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_a_viewer_of_two_regions_sees_both_and_not_the_rows_without_a_region(
    scopes: dict[str, Scope], query: Query
) -> None:
    assert answer(scopes["all, seen by A and B"], query).rows() == answer(scopes["A and B"], query).rows()


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_a_viewer_of_no_region_sees_an_empty_lake_but_for_what_is_shared(
    scopes: dict[str, Scope], query: Query
) -> None:
    lake = "all" if query.tables <= SHARED else "empty"
    assert answer(scopes["all, seen by nobody"], query).rows() == answer(scopes[lake], query).rows()
