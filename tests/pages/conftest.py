"""Pages run as Streamlit runs them, without a browser: on a sample lake, on an empty one, on none, and failing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from console import settings
from pipeline.curate import curate
from pipeline.lake import Lake
from pipeline.sample import generate
from tests.support.paths import ROOT

PAGES = ("brief", "revenue", "products", "definitions")
SECONDS = 60  # a first run imports pandas on a busy machine

Open = Callable[..., AppTest]


@pytest.fixture(scope="session")
def sample_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty thousand events of the sample year, curated."""
    root = tmp_path_factory.mktemp("sample") / "lake"
    lake = Lake.create(root)
    generate(lake, events=60_000, end=date(2026, 6, 1), seed=7)
    curate(lake)
    return root


@pytest.fixture
def empty_lake(tmp_path: Path) -> Path:
    return Lake.create(tmp_path / "empty").root


def lake_of_sales(root: Path, sales: list[dict[str, str]]) -> Path:
    """A curated lake with one purchase of $20 per row; a row gives what differs."""
    lines = [
        {
            "event_id": f"e{number}",
            "event_type": "purchase",
            "occurred_at": "2026-05-20T10:00:00Z",
            "session_id": f"s{number}",
            "product_id": "lamp",
            "quantity": 1,
            "unit_price": "20.00",
            "currency": "USD",
            "order_id": f"o{number}",
            "channel": "web",
            "region": "South",
            "received_at": "2026-05-20T10:00:01Z",
            "source": "native",
        }
        | {name: value for name, value in sale.items() if name != "product"}
        | {"product": {"name": sale.get("product", "Lamp"), "category": "Home/Lighting"}}
        for number, sale in enumerate(sales)
    ]
    lake = Lake.create(root)
    with lake.writing(), lake.transaction() as change:
        raw = change.stage("raw/events/dt=2026-05-20/hour=10/sales.jsonl")
        raw.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    curate(lake)
    return lake.root


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Run one page on a lake: ``open_page("revenue", lake, region=["UK"])``."""

    def opened(name: str, lake: Path, **query: list[str]) -> AppTest:
        monkeypatch.setenv("TAKINGS_LAKE", str(lake))
        settings.current.cache_clear()
        page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=SECONDS)
        for key, values in query.items():
            page.query_params[key.rstrip("_")] = values
        return page.run()

    _forget()
    yield opened
    _forget()


def _forget() -> None:
    """Forget what Streamlit keeps and which settings were read; a lake stays open for the next test that shows it."""
    st.cache_data.clear()
    st.cache_resource.clear()
    settings.current.cache_clear()


def text_of(page: AppTest) -> str:
    """Everything a page wrote as HTML or as code."""
    return "\n".join([*(element.proto.body for element in page.get("html")), *(element.value for element in page.code)])


def charts_of(page: AppTest) -> list[dict[str, Any]]:
    """The options of the charts drawn, in the order of the page."""
    return [json.loads(element.proto.spec) for element in page.get("echarts_chart")]
