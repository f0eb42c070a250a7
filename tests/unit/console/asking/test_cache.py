"""The result cache: asked once, kept by weight, never across row filters."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from catalogue.binding import Statement
from catalogue.errors import CatalogueError, QueryFailed
from console.asking.cache import RENEW_AGAIN_SECONDS, Key, ResultCache, keep_waiting
from console.asking.engines import Result, Statistics, combine
from console.asking.engines.running import stop_event
from console.asking.scope import Question
from console.metering import Call
from tests.support.lake_rows import START, Rows


def answer(size: int = 0, sql: str = "select 1") -> Result:
    """An answer of `size` bytes."""
    table = (
        pa.table({"x": pa.array([b"x" * size], pa.binary(size))}) if size else pa.table({"x": pa.array([], "int64")})
    )
    return Result(table, Statistics("fake", 0.5, bytes_scanned=9), "tests/query", sql)


def key(name: object) -> tuple[str, str, str]:
    return ("duckdb", str(name), "v1")


def ask(
    cache: ResultCache, asked: Key, engine: Callable[[], Result], check: Callable[[], None] = keep_waiting
) -> Result:
    """The answer, waited for."""
    return cache.start(asked, engine).result(check)


class Asked:
    """An engine that counts how often it is asked."""

    def __init__(self, result: Result | Exception) -> None:
        self.result, self.times = result, 0

    def __call__(self) -> Result:
        self.times += 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def test_the_same_question_is_asked_once_and_the_second_answer_says_it_was_kept() -> None:
    cache, asked = ResultCache(), Asked(answer())
    first, second = ask(cache, key(1), asked), ask(cache, key(1), asked)
    assert asked.times == 1
    assert (first.statistics.cached, second.statistics.cached) == (False, True)
    assert (second.statistics.bytes_scanned, second.statistics.dollars) == (0, 0)
    assert second.table is first.table


@pytest.mark.parametrize("other", [("trino", "a", "v1"), ("duckdb", "b", "v1"), ("duckdb", "a", "v2")])
def test_another_dialect_statement_or_data_version_is_another_question(other: tuple[str, str, str]) -> None:
    cache, asked = ResultCache(), Asked(answer())
    ask(cache, ("duckdb", "a", "v1"), asked)
    ask(cache, other, asked)
    assert asked.times == 2


def test_a_question_under_way_is_waited_for_and_not_asked_again() -> None:
    cache, started, go_on = ResultCache(), threading.Event(), threading.Event()
    times: list[int] = []

    def slow() -> Result:
        times.append(1)
        started.set()
        assert go_on.wait(5)
        return answer()

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(ask, cache, key(1), slow)
        assert started.wait(5)
        others = [pool.submit(ask, cache, key(1), slow) for _ in range(7)]
        go_on.set()
        assert not first.result(5).statistics.cached
        assert all(other.result(5).statistics.cached for other in others)
    assert len(times) == 1


def test_an_exception_reaches_everyone_who_waits_and_is_not_kept() -> None:
    cache, started, go_on = ResultCache(), threading.Event(), threading.Event()

    def failing() -> Result:
        started.set()
        assert go_on.wait(5)
        raise QueryFailed("It broke off")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, cache, key(1), failing)
        assert started.wait(5)
        waiting = pool.submit(ask, cache, key(1), failing)
        go_on.set()
        for item in (first, waiting):
            with pytest.raises(QueryFailed, match="It broke off"):
                item.result(5)
    good = Asked(answer())
    assert not ask(cache, key(1), good).statistics.cached
    assert good.times == 1


def test_the_answer_used_longest_ago_leaves_first() -> None:
    cache, again = ResultCache(capacity_bytes=5 * 1024 + 100), Asked(answer(size=500))
    for name in ("a", "b", "c"):
        ask(cache, key(name), Asked(answer(size=500)))
    ask(cache, key("a"), again)  # used again: now b is the oldest
    ask(cache, key("d"), Asked(answer(size=500)))
    for name in ("a", "c", "d"):
        ask(cache, key(name), again)
    assert again.times == 0
    ask(cache, key("b"), again)
    assert again.times == 1


def test_answers_without_rows_and_long_statements_weigh_something() -> None:
    cache, again = ResultCache(capacity_bytes=20_000), Asked(answer())
    for number in range(100):
        ask(cache, key(number), Asked(answer()))
    ask(cache, key(0), again)
    assert again.times == 1, "a hundred empty answers do not fit into twenty kilobytes"
    ask(cache, key("long"), Asked(answer(sql="x" * 19_500)))
    ask(cache, key("long"), again)
    assert again.times == 2, "the SQL is part of what is kept"


def test_an_answer_larger_than_the_cache_is_given_but_not_kept() -> None:
    cache, again = ResultCache(capacity_bytes=3000), Asked(answer())
    ask(cache, key("small"), Asked(answer()))
    assert ask(cache, key("large"), Asked(answer(size=5000))).table.nbytes >= 5000
    ask(cache, key("small"), again)
    assert again.times == 0
    ask(cache, key("large"), again)
    assert again.times == 1


def test_clearing_forgets_every_answer() -> None:
    cache, asked = ResultCache(), Asked(answer())
    ask(cache, key(1), asked)
    cache.clear()
    ask(cache, key(1), asked)
    assert asked.times == 2


@pytest.mark.slow
def test_an_answer_never_crosses_a_row_filter(tmp_path: Path) -> None:
    lake = Rows(tmp_path / "lake")
    rows = [{"order_date": START, "region": region, "net_revenue": 1} for region in ("north", "south", None)]
    lake.table("daily_sales", rows)
    cache = ResultCache()
    seen = {}
    for regions in (None, ("north",), ("north", "south"), (), ("north",)):
        scope = lake.scope(regions=regions, cache=cache)
        found = scope.ask("sales/by_region", start_date=START, end_date=START.replace(day=2)).rows()
        seen[regions] = sorted(row["region"] for row in found)
    assert seen == {
        None: ["(none)", "north", "south"],
        ("north",): ["north"],
        ("north", "south"): ["north", "south"],
        (): [],
    }


# Nobody waits any more


class Leaving(Exception):  # noqa: N818 - what Streamlit raises to end a script is no error either
    """Whoever asked went away."""


def leave() -> None:
    raise Leaving


class Running:
    """A question that runs until it is stopped or let go."""

    def __init__(self) -> None:
        self.started, self.go_on, self.stopped = threading.Event(), threading.Event(), threading.Event()
        self.times = 0

    def __call__(self) -> Result:
        self.times += 1
        self.started.set()
        stop = stop_event()
        while not self.go_on.is_set():
            if stop.wait(0.01):
                self.stopped.set()
                raise QueryFailed("It was stopped")
        return answer()


def test_a_question_is_stopped_when_the_last_one_who_waits_has_left_and_not_before() -> None:
    cache, running = ResultCache(), Running()
    first, second = cache.start(key(1), running), cache.start(key(1), running)
    assert running.started.wait(5)
    first.leave()
    first.leave()
    assert not running.stopped.wait(0.1)
    second.leave()
    assert running.stopped.wait(5)
    assert running.times == 1


def test_whoever_asks_after_the_stop_gets_an_answer_of_his_own() -> None:
    cache, running = ResultCache(), Running()
    cache.start(key(1), running).leave()
    good = Asked(answer())
    assert not ask(cache, key(1), good).statistics.cached
    assert good.times == 1


def test_what_the_check_raises_ends_the_waiting_and_stops_the_question() -> None:
    cache, running = ResultCache(), Running()
    with pytest.raises(Leaving):
        ask(cache, key(1), running, leave)
    assert running.stopped.wait(5)


def test_the_cost_is_told_to_the_one_who_stayed() -> None:
    cache, running = ResultCache(), Running()
    first, second, third = (cache.start(key(1), running) for _ in range(3))
    first.leave()
    running.go_on.set()
    billed = [item.result().statistics.bytes_scanned for item in (second, third)]
    assert sorted(billed, key=str) == [0, 9]


def test_a_paid_answer_that_nobody_took_is_metered_once() -> None:
    cache, running = ResultCache(), Running()
    reported: list[Result] = []
    first, second = cache.start(key(1), running, reported.append), cache.start(key(1), running, reported.append)
    running.go_on.set()
    cache.settle()
    first.leave()
    assert reported == []
    second.leave()
    assert [item.statistics.cached for item in reported] == [False]
    assert ask(cache, key(1), Asked(QueryFailed("not asked"))).statistics.cached


def test_an_answer_that_arrives_after_a_stop_is_metered_once() -> None:
    cache, reported = ResultCache(), list[Result]()
    started, go_on = threading.Event(), threading.Event()

    def deaf() -> Result:
        started.set()
        assert go_on.wait(5)
        return answer()

    left = cache.start(key(1), deaf, reported.append)
    assert started.wait(5)
    left.leave()
    go_on.set()
    cache.close()
    assert len(reported) == 1
    other = ResultCache()
    assert not other.start(key(2), Asked(answer()), reported.append).result().statistics.cached
    assert len(reported) == 1


def test_questions_of_a_failed_page_are_metered_although_nobody_saw_them(tmp_path: Path) -> None:
    answered = threading.Event()

    class Engine:
        dialect, data_version, data_as_of = "duckdb", "v1", None

        def version_of(self, statement: Statement) -> str:
            return "v1"

        def run(self, statement: Statement) -> Result:
            if statement.query == "lake/days":
                assert answered.wait(5)
                raise QueryFailed("It broke off")
            answered.set()
            return replace(answer(), query=statement.query)

    class Meter:
        def __init__(self) -> None:
            self.calls: list[Call] = []

        def record(self, call: Call) -> None:
            self.calls.append(call)

    meter = Meter()
    scope = replace(Rows(tmp_path / "lake").scope(engine=Engine()), meter=meter)
    with pytest.raises(QueryFailed):
        scope.ask_all([Question("lake/days"), Question("lake/slices")])
    scope.cache.close()
    assert [(call.name, call.bytes_scanned, call.cached) for call in meter.calls] == [("lake/slices", 9, False)]


def test_where_no_thread_can_be_had_nobody_waits_for_what_was_never_asked() -> None:
    cache = ResultCache()
    cache.close()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="cannot schedule"):
            ask(cache, key(1), Asked(answer()))


def test_questions_of_one_page_run_at_once_and_the_others_are_left_when_one_fails(tmp_path: Path) -> None:
    together = threading.Barrier(3, timeout=5)
    stopped: queue.Queue[str] = queue.Queue()

    class Engine:
        dialect, data_version, data_as_of = "duckdb", "v1", None

        def version_of(self, statement: Statement) -> str:
            return "v1"

        def run(self, statement: Statement) -> Result:
            together.wait()
            if statement.query == "lake/days":
                raise QueryFailed("It broke off")
            if stop_event().wait(5):
                stopped.put(statement.query)
            raise QueryFailed("It was stopped")

    scope = Rows(tmp_path / "lake").scope(engine=Engine())
    questions = [Question("lake/slices"), Question("lake/days"), Question("lake/conservation")]
    with pytest.raises(QueryFailed):
        scope.ask_all(sorted(questions, key=lambda each: each.query != "lake/days"))
    assert sorted(stopped.get(timeout=4) for _ in range(2)) == ["lake/conservation", "lake/slices"]
    scope.cache.close()


def test_questions_asked_before_one_that_cannot_be_bound_are_left(tmp_path: Path) -> None:
    running = Running()

    class Engine:
        dialect, data_version, data_as_of = "duckdb", "v1", None

        def version_of(self, statement: Statement) -> str:
            return "v1"

        def run(self, statement: Statement) -> Result:
            return running()

    scope = Rows(tmp_path / "lake").scope(engine=Engine())
    with pytest.raises(CatalogueError):
        scope.ask_all([Question("lake/days"), Question("lake/no_such_question")])
    with ThreadPoolExecutor(1) as pool:
        try:
            pool.submit(scope.cache.settle).result(timeout=5)
        finally:
            running.go_on.set()
    scope.cache.close()
    assert running.times == 0 or running.stopped.is_set()


def test_a_question_that_waits_its_turn_when_its_reader_leaves_is_never_asked() -> None:
    cache, running, late = ResultCache(workers=1), Running(), Asked(answer())
    first = cache.start(key(1), running)
    assert running.started.wait(5)
    cache.start(key(2), late).leave()
    running.go_on.set()
    first.result()
    cache.close()
    assert late.times == 0


# Stale answers


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def version(number: int) -> tuple[str, str, str]:
    return ("trino", "select 1", f"v{number}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stale(clock: Clock) -> ResultCache:
    """A cache that serves answers of the version before for a minute."""
    return ResultCache(stale_seconds=60, clock=clock)


def test_an_overtaken_answer_is_served_at_once_and_renewed_once_behind(stale: ResultCache) -> None:
    old, new = Asked(answer(sql="old")), Running()
    ask(stale, version(1), old)
    first, again = ask(stale, version(2), new), ask(stale, version(2), new)
    assert [(item.sql, item.statistics.stale, item.statistics.cached) for item in (first, again)] == [
        ("old", True, True)
    ] * 2
    assert first.statistics.renewal_failure == ""
    new.go_on.set()
    stale.settle()
    assert new.times == 1
    renewed = ask(stale, version(2), Asked(QueryFailed("not asked")))
    assert (renewed.sql, renewed.statistics.stale) == ("select 1", False)


def test_a_renewal_is_not_stopped_when_its_readers_leave_and_its_cost_is_told(stale: ResultCache) -> None:
    ask(stale, version(1), Asked(answer()))
    reported: list[Result] = []
    new = Running()
    stale.start(version(2), new, reported.append).leave()
    new.go_on.set()
    stale.settle()
    assert [item.statistics.cached for item in reported] == [False]
    assert not new.stopped.is_set()


def test_an_answer_is_served_stale_only_for_the_stated_time(stale: ResultCache, clock: Clock) -> None:
    never = Asked(QueryFailed("It is down"))
    ask(stale, version(1), Asked(answer()))
    clock.now += 500
    ask(stale, version(1), never)  # still current: known so from now on
    clock.now += 59
    assert ask(stale, version(2), never).statistics.stale
    stale.settle()
    clock.now += 1
    with pytest.raises(QueryFailed, match="It is down"):
        ask(stale, version(2), never)


def test_a_failed_renewal_keeps_the_answer_says_why_and_waits_before_another(stale: ResultCache, clock: Clock) -> None:
    ask(stale, version(1), Asked(answer(sql="old")))
    down = Asked(QueryFailed("Athena is busy", remedy="Try again."))
    ask(stale, version(2), down)
    stale.settle()
    for _ in range(3):
        kept = ask(stale, version(2), down)
        assert (kept.sql, kept.statistics.stale) == ("old", True)
        assert kept.statistics.renewal_failure == "Athena is busy. Try again."
    assert down.times == 1
    clock.now += RENEW_AGAIN_SECONDS
    good = Asked(answer(sql="new"))
    ask(stale, version(2), good)
    stale.settle()
    assert ask(stale, version(2), down).sql == "new"


def test_without_a_stated_time_a_new_version_is_always_asked() -> None:
    cache, new = ResultCache(), Asked(answer(sql="new"))
    ask(cache, version(1), Asked(answer(sql="old")))
    assert (ask(cache, version(2), new).sql, new.times) == ("new", 1)


def test_a_late_answer_of_an_old_version_does_not_become_the_latest(stale: ResultCache, clock: Clock) -> None:
    late = Running()
    waiting = stale.start(version(1), late)
    assert late.started.wait(5)
    clock.now += 1
    ask(stale, version(2), Asked(answer(sql="second")))
    late.go_on.set()
    waiting.result()
    clock.now += 1
    assert ask(stale, version(3), Asked(answer(sql="third"))).sql == "second"
    stale.settle()


def test_an_answer_that_left_the_cache_is_not_served_stale(clock: Clock) -> None:
    cache = ResultCache(capacity_bytes=2500, stale_seconds=60, clock=clock)
    ask(cache, version(1), Asked(answer(sql="old")))
    for number in range(3):
        ask(cache, key(number), Asked(answer(size=500)))
    assert ask(cache, version(2), Asked(answer(sql="new"))).sql == "new"


# Never across row filters

HOSTILE = [
    ("north",),
    ("North",),
    ("NORTH ",),
    ("north", "south"),
    ("north','south",),
    ("north') or ('1'='1",),
    ("north' --",),
    ("north/*", "*/south"),
    ("nor\nth",),
    ("nor th",),
    ("e\u0301",),
    ("\u00e9",),
    ("it's",),
    ("it''s",),
    ("null",),
    ("",),
    (),
    None,
]


@pytest.mark.parametrize("dialect", ["duckdb", "trino", "redshift"])
@pytest.mark.parametrize("stale_seconds", [0.0, 60.0])
@pytest.mark.slow
def test_no_name_of_a_region_gets_the_answer_of_another_row_filter_fresh_or_stale(
    tmp_path: Path, dialect: str, stale_seconds: float
) -> None:
    class Engine:
        """Answers with the statement it was given, at a version that goes on."""

        data_version, data_as_of = "v1", None

        def __init__(self) -> None:
            self.dialect = dialect

        def version_of(self, statement: Statement) -> str:
            return self.data_version

        def run(self, statement: Statement) -> Result:
            return Result(pa.table({"sql": [statement.sql]}), Statistics("fake", 0.0), statement.query, statement.sql)

    engine, cache, lake = Engine(), ResultCache(stale_seconds=stale_seconds), Rows(tmp_path / "lake")

    def asked(regions: tuple[str, ...] | None) -> str:
        found = lake.scope(regions=regions, cache=cache, engine=engine).ask(
            "sales/by_region", start_date=START, end_date=START.replace(day=2)
        )
        return str(found.rows()[0]["sql"])

    alone = {}
    for regions in HOSTILE:
        cache.clear()
        alone[regions] = asked(regions)
    assert len(set(alone.values())) == len(HOSTILE), "every row filter is another statement"
    cache.clear()
    for number in range(3):
        engine.data_version = f"v{number}"
        assert {regions: asked(regions) for regions in HOSTILE} == alone
        assert {regions: asked(regions) for regions in reversed(HOSTILE)} == alone
    cache.close()


def test_what_is_stale_is_marked_and_a_failure_is_told_where_answers_are_added_up() -> None:
    fresh = Statistics("Athena", 1.0, dollars=Decimal("0.01"))
    results = [
        Result(pa.table({}), item, "q", "select 1") for item in (fresh, fresh.as_stale("It is down"), fresh.as_cached())
    ]
    whole = combine(results)
    assert (whole.stale, whole.renewal_failure, whole.cached) == (True, "It is down", False)
    assert combine([results[0], results[2]]).stale is False


# Everybody at once


@pytest.mark.parametrize(("seed", "stale_seconds"), [(1, 0.0), (2, 60.0), (3, 0.0)])
def test_readers_who_come_and_leave_never_stop_an_answer_that_another_waits_for(
    seed: int, stale_seconds: float
) -> None:
    cache = ResultCache(capacity_bytes=3000, stale_seconds=stale_seconds, workers=4)
    paid: queue.SimpleQueue[int] = queue.SimpleQueue()
    reported: queue.SimpleQueue[object] = queue.SimpleQueue()
    failures: queue.SimpleQueue[str] = queue.SimpleQueue()

    def reader(number: int) -> None:
        chance = random.Random(seed * 100 + number)

        def ask() -> Result:
            if stop_event().wait(chance.random() * 0.002):
                raise QueryFailed("It was stopped")
            if chance.random() < 0.2:
                raise QueryFailed("It broke off")
            paid.put(1)
            return answer()

        for _ in range(40):
            asked = cache.start(("trino", str(chance.randrange(4)), f"v{chance.randrange(2)}"), ask, reported.put)
            if chance.random() < 0.3:
                asked.leave()
                continue
            try:
                if not asked.result().statistics.cached:
                    reported.put(1)
            except QueryFailed as error:
                failures.put(error.what)

    with ThreadPoolExecutor(8) as pool:
        for item in [pool.submit(reader, number) for number in range(8)]:
            item.result(60)
    cache.settle()
    cache.close()
    assert reported.qsize() == paid.qsize() > 0
    assert {failures.get() for _ in range(failures.qsize())} <= {"It broke off"}
