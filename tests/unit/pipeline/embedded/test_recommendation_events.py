"""Impressions and clicks from the collector to the curated events: none is lost, none counts twice."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import uvicorn
from starlette.applications import Starlette

from pipeline.collecting import http as collecting
from pipeline.collecting import serving
from pipeline.collecting.http import Shortcut
from pipeline.collecting.keys import FILE, KeyFile
from pipeline.curate.status import account
from pipeline.embedded.pacing import PlatformOptions
from pipeline.embedded.platform import Platform
from pipeline.lake import Lake
from pipeline.live.embedded import FILE as LIVE
from pipeline.live.embedded import EmbeddedLiveStore
from tests.unit.pipeline.collecting.test_http import running

pytestmark = pytest.mark.slow

OPTIONS = PlatformOptions(history_seconds=3600, reserve_bytes=0)
NOW = datetime.now(UTC).replace(microsecond=0)
LATE = NOW - timedelta(days=3)
MODEL = "20260302T040000Z-aaaa"
FOUR = "recommendation_surface, recommendation_model, recommendation_rank, recommendation_request_id"


class Shop:
    """A served lake, and what its collector has answered."""

    def __init__(self, lake: Lake, platform: Platform, port: int, key: str) -> None:
        self.lake, self._platform, self._port, self._key = lake, platform, port, key

    def send(self, *events: dict[str, Any]) -> tuple[int, int, int]:
        """Accepted, duplicate and quarantined ones."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        body = "\n".join(map(json.dumps, events))
        headers = {"x-write-key": self._key, "content-type": "application/x-ndjson"}
        connection.request("POST", "/v1/events", body, headers)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer["accepted"], answer["duplicates"], answer["quarantined"]

    def rows(self, columns: str, table: str = "events") -> list[tuple[Any, ...]]:
        """Rows of a curated table, in order, after a curation."""
        self._platform.curate()
        files = self.lake.root / "curated" / table / "**" / "*.parquet"
        return duckdb.sql(
            f"select {columns} from read_parquet('{files}', hive_partitioning = true) order by all"  # noqa: S608
        ).fetchall()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    lake = Lake.create(tmp_path / "lake")
    live = EmbeddedLiveStore(lake.root / LIVE, "EUR")
    _, key = KeyFile(lake.root / FILE).create("shop")
    with Platform(lake, live=live, options=OPTIONS) as platform:
        config = uvicorn.Config(
            Shortcut(Starlette(), collecting.routes(platform)), **serving.options() | {"lifespan": "off"}
        )
        with running(config) as port:
            yield Shop(lake, platform, port, key)
    live.close()


def shown(event_id: str, rank: int, kind: str = "impression", at: datetime = NOW, **changed: Any) -> dict[str, Any]:
    recommendation = {"request_id": "r1", "surface": "for_you", "model": MODEL, "rank": rank}
    return {
        "event_id": event_id,
        "event_type": f"recommendation_{kind}",
        "occurred_at": at.isoformat(),
        "customer_id": "c1",
        "product_id": f"p{rank}",
        "recommendation": recommendation | changed,
    }


def test_every_impression_and_click_is_a_row_with_all_of_its_recommendation(shop: Shop):
    first = [
        shown("i1", 1),
        shown("i2", 2),
        shown("i3", 3, surface="trending", request_id="r2"),
        shown("k1", 2, "click"),
    ]
    assert shop.send(*first) == (4, 0, 0)
    assert shop.rows(f"event_id, event_type, product_id, {FOUR}") == [
        ("i1", "recommendation_impression", "p1", "for_you", MODEL, 1, "r1"),
        ("i2", "recommendation_impression", "p2", "for_you", MODEL, 2, "r1"),
        ("i3", "recommendation_impression", "p3", "trending", MODEL, 3, "r2"),
        ("k1", "recommendation_click", "p2", "for_you", MODEL, 2, "r1"),
    ]


def test_accepted_duplicate_and_refused_ones_add_up_to_what_was_received(shop: Shop):
    nothing = {key: value for key, value in shown("bad1", 1).items() if key != "recommendation"}
    empty = nothing | {"event_id": "bad2", "recommendation": {}}
    wrong = nothing | {"event_id": "bad3", "recommendation": {"rank": "first"}}
    assert shop.send(shown("i1", 1), shown("i1", 1), shown("k1", 1, "click"), nothing, empty, wrong) == (2, 1, 3)
    assert shop.send(shown("i1", 1), shown("i2", 2)) == (1, 1, 0)
    assert shop.rows("event_id") == [("i1",), ("i2",), ("k1",)]
    assert shop.rows("reason", "quarantine") == [("invalid_type",), ("missing_field",), ("missing_field",)]
    found = account(shop.lake)
    assert (found.received, found.accepted, found.duplicates, found.quarantined) == (8, 3, 2, 3)
    assert found.holds


def test_one_that_arrives_late_is_a_row_of_the_day_it_happened_on(shop: Shop):
    assert shop.send(shown("i1", 1), shown("k1", 1, "click")) == (2, 0, 0)
    assert {day for (day,) in shop.rows("event_date")} == {NOW.date()}
    assert shop.send(shown("i-late", 2, at=LATE), shown("k-late", 2, "click", at=LATE)) == (2, 0, 0)
    assert shop.rows(f"event_date, event_id, {FOUR}") == [
        (LATE.date(), "i-late", "for_you", MODEL, 2, "r1"),
        (LATE.date(), "k-late", "for_you", MODEL, 2, "r1"),
        (NOW.date(), "i1", "for_you", MODEL, 1, "r1"),
        (NOW.date(), "k1", "for_you", MODEL, 1, "r1"),
    ]
