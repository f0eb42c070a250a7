"""A reader who clicks on while a page still asks: the page ends, and the engine stops what nobody waits for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from console import wiring
from console.binding import Statement
from console.cache import ResultCache
from console.engines import Result
from console.engines.stopping import stop_event
from console.errors import QueryFailed
from tests.sql.lake_rows import Rows

PAGE = """
import streamlit as st
from console import wiring
from console.ui import reading

reading.begin("Revenue", "What?", wiring.viewer)
st.write("drawn")
"""


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
    scope = Rows(tmp_path / "lake").scope(engine=engine, cache=cache)
    monkeypatch.setattr(wiring, "viewer", lambda: scope)
    yield engine
    cache.close()


def test_the_question_of_a_reader_who_left_is_stopped(endless: Endless, monkeypatch: pytest.MonkeyPatch) -> None:
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
        page = AppTest.from_string(PAGE, default_timeout=30).run()
        left.result()
    assert endless.stopped.wait(5)
    assert not page.exception
    assert not page.markdown
