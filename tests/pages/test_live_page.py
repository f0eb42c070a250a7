"""The Live page in its three states, on a live store and a lake of this test's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from catalogue.errors import StreamUnavailable
from console.asking.formatting import NARROW_SPACE
from console.live.stored import StoredLive
from console.wiring.embedded import Embedded
from pipeline.curate import curate
from pipeline.lake import Lake
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.streams import Batch, Entry
from tests.support.live_lines import event, refused
from tests.support.paths import ROOT

PAGE = str(ROOT / "pages" / "live.py")

OpenLive = Callable[..., AppTest]


def text_of(app: AppTest) -> str:
    """What a reader gets, the style sheet left out."""
    blocks = [block.proto.body for block in app.get("html") if not block.proto.body.startswith("<style")]
    return "\n".join(blocks).replace(NARROW_SPACE, " ")


def sold(at: datetime, order: str, price: str, **more: Any) -> dict[str, Any]:
    """A purchase as it stands in the raw lake."""
    return {
        "event_id": f"old-{order}",
        "event_type": "purchase",
        "occurred_at": at.isoformat(),
        "session_id": f"s-{order}",
        "product_id": "p1",
        "quantity": 1,
        "unit_price": price,
        "currency": "USD",
        "order_id": order,
        "channel": "web",
        "region": "North",
        "received_at": at.isoformat(),
        "source": "native",
    } | more


@pytest.fixture
def open_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenLive]:
    """Run the page: ``open_live(entries, lake_rows)``."""
    stores: list[EmbeddedLiveStore] = []

    def opened(
        entries: list[Entry] | None = None, rows: list[dict[str, Any]] | None = None, *, source: Any = None
    ) -> AppTest:
        lake = Lake.create(tmp_path / "lake")
        if rows:
            with lake.writing(), lake.transaction() as change:
                change.stage("raw/events/dt=2026-01-01/hour=00/sales.jsonl").write_text(
                    "".join(json.dumps(row) + "\n" for row in rows)
                )
            curate(lake)
        store = EmbeddedLiveStore(tmp_path / "live.sqlite", "USD")
        stores.append(store)
        if entries:
            store.apply(Batch(entries, "1"), after=None)
        shared = source or StoredLive(lambda: store)
        monkeypatch.setenv("TAKINGS_LAKE", str(lake.root))
        monkeypatch.setattr(Embedded, "live", shared)
        return AppTest.from_file(PAGE, default_timeout=60).run()

    st.cache_data.clear()
    st.cache_resource.clear()
    yield opened
    for store in stores:
        store.close()


def purchase(event_id: str, order_id: str, price: str, **more: Any) -> Entry:
    now = datetime.now(UTC)
    return event(
        event_id, "purchase", at=now, received=now, order_id=order_id, unit_price=price, currency="USD", **more
    )


def test_the_page_shows_what_happens_now_against_the_same_hour_last_week(open_live: OpenLive):
    week_ago = datetime.now(UTC) - timedelta(days=7)
    now = datetime.now(UTC)
    entries = [
        event(
            "e1", at=now, received=now, session_id="s1", product={"name": "Brass lamp"}, region="North", channel="web"
        ),
        event("e2", "cart_add", at=now, received=now, session_id="s1", region="North", channel="web"),
        purchase("e3", "o-1", "30.00", quantity=2, session_id="s1", region="North", channel="web"),
        purchase("e3", "o-1", "30.00", quantity=2, session_id="s1", region="North", channel="web"),
        refused("{", at=now),
    ]
    app = open_live(
        entries,
        [sold(week_ago - timedelta(minutes=5), "w1", "40.00"), sold(week_ago + timedelta(hours=1), "w2", "999.00")],
    )
    assert not app.exception
    html = text_of(app)
    assert "$60.00" in html
    assert "+50.0 %" in html
    assert "Same hour last week: $40.00" in html
    assert "Brass lamp" in html
    assert "o-1" in html
    assert "web · North" in html
    assert "last hour: 5 received = 3 accepted + 1 duplicates + 1 quarantined <b>holds</b>" in html
    assert "in all: 5 received = 3 accepted" in html
    assert re.search(r"p50 <b>[\d.]+ m?s</b>", html)
    assert re.findall(r"<b>(\d+)</b><small>(.*?)</small>", html) == [
        ("1", ""),
        ("1", "100.0 %"),
        ("0", "0.0 %"),
        ("1", ""),
    ]
    assert html.index("tk-state") < html.index("tk-tiles")
    assert len(app.get("echarts_chart")) == 1
    assert "tk-trust" in html


def test_without_events_the_page_says_how_to_send_the_first_one(open_live: OpenLive):
    app = open_live()
    assert not app.exception
    assert "No events yet" in text_of(app)
    assert [code.value.split()[0] for code in app.code] == ["python"]
    assert "curl http" in app.code[0].value
    assert "/v1/events" in app.code[0].value
    assert "python -m pipeline traffic" in app.code[0].value
    assert "tk-tiles" not in text_of(app)


def test_a_live_store_that_does_not_answer_is_named_and_tried_again(open_live: OpenLive):
    def broken() -> Any:
        raise StreamUnavailable("Live cannot be kept: disk full", where="live.sqlite", remedy="Free disk space.")

    app = open_live(source=StoredLive(broken))
    assert not app.exception
    html = text_of(app)
    assert "Live cannot be kept: disk full" in html
    assert "live.sqlite" in html
    assert "Free disk space. This page tries again every second." in html
    assert "tk-tiles" not in html


def test_a_lake_that_is_missing_shows_the_commands_that_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAKINGS_LAKE", str(tmp_path / "nowhere"))
    app = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not app.exception
    assert "There is no data yet" in text_of(app)


def test_a_reader_of_one_region_sees_that_region_only(open_live: OpenLive, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAKINGS_REGIONS", "North")
    week_ago = datetime.now(UTC) - timedelta(days=7, minutes=5)
    app = open_live(
        [
            purchase("e1", "o-north", "10.00", region="North"),
            purchase("e2", "o-south", "700.00", region="South"),
            purchase("e3", "o-none", "90.00"),
        ],
        [sold(week_ago, "w1", "5.00"), sold(week_ago, "w2", "8000.00", region="South")],
    )
    html = text_of(app)
    assert "o-north" in html
    assert "Same hour last week: $5.00" in html
    assert not any(hidden in html for hidden in ("o-south", "o-none", "$700.00", "$90.00"))


def test_what_an_order_calls_itself_cannot_bring_its_own_markup(open_live: OpenLive):
    app = open_live([purchase("e1", "<img src=x>", "10.00", product={"name": "<script>"}, region="<b>")])
    html = text_of(app)
    assert "&lt;img src=x&gt;" in html
    assert not any(mark in html for mark in ("<img", "<script>", "<b>&lt;", "· <b>"))
