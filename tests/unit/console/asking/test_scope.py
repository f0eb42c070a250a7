"""A scope asks what a page will need at once, whoever asks for it later."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from catalogue.binding import Statement
from catalogue.errors import QueryFailed
from console.asking.engines import Result, SqlEngine, Statistics
from console.asking.engines.duckdb import DuckDbEngine
from console.asking.engines.running import report_cost, seen_versions, stop_event
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.asking.slices import Slices
from console.brief.answer import brief
from console.budgets.budgets import Budget
from console.decisions import Decision
from console.metering import Asker, Call
from tests.support.lake_rows import START, Rows

DAYS, SLICES, CONSERVATION = Question("lake/days"), Question("lake/slices"), Question("lake/conservation")


@dataclass
class Meter:
    """Remembers."""

    calls: list[Call] = field(default_factory=list)

    def record(self, call: Call) -> None:
        self.calls.append(call)


class Together:
    """An engine whose first `size` questions end only when all of them are under way."""

    dialect, data_version = "duckdb", "v1"
    data_as_of: datetime | None = None

    def __init__(self, size: int, engine: SqlEngine | None = None) -> None:
        self.asked: list[str] = []
        self.stopped: list[str] = []
        self._engine = engine
        self._together = threading.Barrier(size, timeout=20)
        self._lock = threading.Lock()

    def version_of(self, statement: Statement) -> str:
        return "v1"

    def run(self, statement: Statement) -> Result:
        with self._lock:
            self.asked.append(statement.query)
            waits = len(self.asked) <= self._together.parties
        if waits:
            self._together.wait()
        if self._engine is not None:
            return self._engine.run(statement)
        return Result(pa.table({"n": [1]}), Statistics("fake", 1.0, bytes_scanned=9), statement.query, statement.sql)


class Endless(Together):
    """Every question runs until it is stopped."""

    def run(self, statement: Statement) -> Result:
        if stop_event().wait(20):
            self.stopped.append(statement.query)
        raise QueryFailed("It was stopped")


class Charging(Together):
    """An engine that fails after it has scanned something."""

    def run(self, statement: Statement) -> Result:
        report_cost(Statistics("Athena", 1.5, bytes_scanned=20, dollars=None, query_id="q1"))
        raise QueryFailed("It was stopped")


class NoBudgets:
    """Nobody has set one."""

    def budgets(self) -> Sequence[Budget]:
        return ()


class NoDecisions:
    """Nobody has decided anything."""

    def current(self, kind: str) -> Mapping[str, Decision]:
        return {}

    def history(self, kind: str, key: str) -> Sequence[Decision]:
        return ()

    def decide(self, decision: Decision) -> None:
        raise AssertionError(decision)


def scope_of(tmp_path: Path, engine: Together) -> tuple[Scope, Meter]:
    meter = Meter()
    return replace(Rows(tmp_path / "lake").scope(engine=engine), meter=meter), meter


def test_questions_asked_ahead_run_at_once_and_are_metered_to_who_asks(tmp_path: Path) -> None:
    engine = Together(3)
    scope, meter = scope_of(tmp_path, engine)
    with scope.ahead([DAYS, SLICES, CONSERVATION]) as ready:
        one = ready.ask("lake/conservation")
        again = ready.ask("lake/conservation")
        two = ready.ask_all([DAYS, SLICES])
    assert sorted(engine.asked) == ["lake/conservation", "lake/days", "lake/slices"]
    assert [item.statistics.cached for item in (one, again, *two)] == [False, True, False, False]
    assert [(call.name, call.bytes_scanned) for call in meter.calls] == [
        ("lake/conservation", 9),
        ("lake/conservation", 0),
        ("lake/days", 9),
        ("lake/slices", 9),
    ]


def test_a_question_without_an_answer_is_metered_once_to_its_first_reader(tmp_path: Path) -> None:
    scope, meter = scope_of(tmp_path, Charging(1))
    with pytest.raises(QueryFailed, match="It was stopped"):
        replace(scope, asker=Asker("ann", "Revenue")).ask("lake/days")
    (call,) = meter.calls
    assert (call.viewer, call.page, call.name, call.rows, call.cached) == ("ann", "Revenue", "lake/days", 0, False)
    assert (call.bytes_scanned, call.dollars, call.dollars_saved) == (20, None, Decimal(0))


def test_a_scope_inside_another_one_knows_what_the_outer_one_asked(tmp_path: Path) -> None:
    engine = Together(3)
    scope, _ = scope_of(tmp_path, engine)
    with scope.ahead([DAYS, SLICES]) as outer, outer.ahead([SLICES, CONSERVATION]) as inner:
        answers = inner.ask_all([DAYS, SLICES, CONSERVATION])
    assert len(engine.asked) == 3
    assert not any(answer.statistics.cached for answer in answers)


def test_what_was_asked_ahead_and_is_not_wanted_after_all_is_stopped(tmp_path: Path) -> None:
    engine = Endless(1)
    scope, _ = scope_of(tmp_path, engine)

    def leaving(questions: Sequence[Question]) -> None:
        with scope.ahead(questions):
            raise KeyError

    with pytest.raises(KeyError):
        leaving([DAYS, SLICES])
    scope.cache.close()
    assert set(engine.stopped) <= {"lake/days", "lake/slices"}, "what had not begun is never asked"
    assert not engine.asked


def test_the_brief_submits_all_its_questions_before_it_waits_for_one(tmp_path: Path) -> None:
    lake = Rows(tmp_path / "lake")
    engine = Together(16, DuckDbEngine(lake.lake.root))
    period = Period(START, START + timedelta(days=7))
    before = ("Previous period", period.shifted(-7))
    answer = brief(lake.scope(engine=engine), period, [before], Slices(), NoBudgets(), NoDecisions())
    assert answer.is_empty
    assert sorted(set(engine.asked)) == [
        "budgets/currencies",
        "lake/conservation",
        "lake/events_by_hour",
        "products/net_revenue",
        "sales/by_category",
        "sales/by_region",
        "sales/net_revenue_by_day",
        "sales/orders_by_day",
        "sales/other_currencies",
        "traffic/by_day",
    ]
    assert len(engine.asked) == 16


class Versioned:
    """A source whose version changes with every look, outside of questions that belong together."""

    dialect = "duckdb"
    data_as_of: datetime | None = None

    def __init__(self) -> None:
        self._versions = itertools.count(1)
        self.answered: list[str] = []

    @property
    def data_version(self) -> str:
        seen = seen_versions()
        return f"v{next(self._versions)}" if seen is None else str(seen.setdefault(self, f"v{next(self._versions)}"))

    def version_of(self, statement: Statement) -> str:
        return self.data_version

    def run(self, statement: Statement) -> Result:
        self.answered.append(self.data_version)
        return Result(pa.table({"n": [1]}), Statistics("fake", 1.0), statement.query, statement.sql)


def test_questions_asked_together_are_answered_from_one_version_and_later_ones_from_the_next(tmp_path: Path) -> None:
    engine = Versioned()
    scope = Rows(tmp_path / "lake").scope(engine=engine)
    scope.ask_all([DAYS, SLICES, CONSERVATION])
    assert len(engine.answered) == 3
    assert len(set(engine.answered)) == 1
    with scope.ahead([DAYS, SLICES]) as ahead:
        ahead.ask_all([DAYS, SLICES])
        ahead.ask(CONSERVATION.query)
    assert len(engine.answered) == 6
    assert len(set(engine.answered)) == 2
    assert scope.data_version not in engine.answered
