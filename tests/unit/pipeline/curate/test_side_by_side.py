"""Parts of a step that do not depend on each other are done at once on Spark."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from pipeline.curate.spark.store import SparkStore
from pipeline.curate.step import MARTS, curate_marts
from pipeline.lake import LakeSettings


def store() -> SparkStore:
    """A store that asks neither Spark nor a table."""
    return SparkStore(cast(Any, None), cast(Any, None), LakeSettings())


class Recorder:
    """Fills of the port what marts need, and keeps what each part made, in order."""

    def __init__(self) -> None:
        self.parts: list[list[str]] = []

    def side_by_side(self, *parts: Callable[[], None]) -> None:
        for part in parts:
            self.parts.append([])
            part()

    def has_changed(self, _table: str) -> bool:
        return True

    def scope(self, *_given: object, **_named: object) -> None: ...

    def make(self, table: str) -> None:
        self.parts[-1].append(table)

    def replace_days(self, mart: str, source: str) -> None: ...


def test_every_mart_is_made_once_after_its_source_and_in_the_same_part() -> None:
    recorder = Recorder()
    curate_marts(cast(Any, recorder), lambda _step, _fraction: None)
    assert sorted(mart for part in recorder.parts for mart in part) == sorted(MARTS)
    for part in recorder.parts:
        for place, mart in enumerate(part):
            assert MARTS[mart] not in MARTS or MARTS[mart] in part[:place]


def test_parts_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=30)
    store().side_by_side(both.wait, both.wait)  # each waits for the other


def test_an_error_is_raised_once_no_part_runs_any_more_and_parts_that_have_not_begun_do_not_begin() -> None:
    failed, ended, begun = threading.Event(), threading.Event(), []

    def fails() -> None:
        failed.set()
        raise ValueError("no space left")

    def goes_on() -> None:
        failed.wait(30)
        ended.set()

    def waits() -> None:
        begun.append("late")
        ended.wait(30)

    parts = [fails, *[goes_on] * 3]  # as many as run at once
    before = set(threading.enumerate())
    with pytest.raises(ValueError, match="no space left"):
        store().side_by_side(*parts, *[waits] * 50)
    assert ended.is_set()
    assert len(begun) < 50
    assert set(threading.enumerate()) <= before


def test_a_relation_that_a_part_scopes_is_seen_by_this_part_alone() -> None:
    curating, both, seen = store(), threading.Barrier(2, timeout=30), {}
    curating.give("new_events", cast(Any, "rows of all"))

    def part(name: str) -> Callable[[], None]:
        def scopes() -> None:
            curating._own.frames["scoped_events"] = cast(Any, f"rows of {name}")
            both.wait()
            seen[name] = (curating._frame("scoped_events"), curating._frame("new_events"))

        return scopes

    curating.side_by_side(part("orders"), part("sessions"))
    assert seen == {"orders": ("rows of orders", "rows of all"), "sessions": ("rows of sessions", "rows of all")}
    with pytest.raises(KeyError):
        curating._frame("scoped_events")
