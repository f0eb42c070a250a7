"""A reader who clicks on while a page still asks: the page ends, and the engine stops what nobody waits for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from catalogue.binding import Statement
from catalogue.errors import QueryFailed
from console.asking.cache import ResultCache
from console.asking.engines import Result
from console.asking.engines.running import stop_event
from console.kit.navigation import PAGES
from console.live.stored import StoredLive
from console.wiring.embedded import Embedded
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.streams import Batch
from tests.support.lake_rows import Rows
from tests.support.live_lines import event

ASKS_NOTHING = {"Definitions": "The catalogue is all it shows."}


class Endless:
    """An engine whose questions end only when they are stopped."""

    dialect, data_version, data_as_of = "duckdb", "v1", None

    def __init__(self) -> None:
        self.running, self.stopped = threading.Event(), threading.Event()

    def version_of(self, statement: Statement) -> str:
        return "v1"

    def run(self, statement: Statement) -> Result:
        self.running.set()
        if stop_event().wait(20):
            self.stopped.set()
        raise QueryFailed("It was stopped")


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endless]:
    engine, cache = Endless(), ResultCache()
    lake = Rows(tmp_path / "lake")
    scope = lake.scope(engine=engine, cache=cache)
    live = EmbeddedLiveStore(tmp_path / "live.sqlite", "USD")
    live.apply(Batch([event("e1", at=datetime.now(UTC), received=datetime.now(UTC))], "1"), after=None)
    monkeypatch.setattr(Embedded, "scope", lambda _: scope)
    monkeypatch.setattr(Embedded, "live", StoredLive(lambda: live))
    monkeypatch.setenv("TAKINGS_LAKE", str(lake.lake.root))
    yield engine
    cache.close()


@pytest.mark.parametrize(
    "entry", [entry for entry in PAGES if entry.title not in ASKS_NOTHING], ids=lambda entry: entry.title
)
def test_the_question_of_a_reader_who_left_is_stopped_on_every_page(
    endless: Endless, monkeypatch: pytest.MonkeyPatch, entry: Any
) -> None:
    runners: list[LocalScriptRunner] = []
    start = LocalScriptRunner.start

    def started(self: LocalScriptRunner) -> None:
        runners.append(self)
        start(self)

    monkeypatch.setattr(LocalScriptRunner, "start", started)

    def leave() -> None:
        assert endless.running.wait(20)
        runners[0].request_stop()  # as the server does when a browser goes, and before it runs a script again

    with ThreadPoolExecutor(1) as pool:
        left = pool.submit(leave)
        page = AppTest.from_file(str(entry.path), default_timeout=30).run()
        left.result()
    assert endless.stopped.wait(5)
    assert not page.exception
    assert "tk-failed" not in "\n".join(block.proto.body for block in page.get("html"))
