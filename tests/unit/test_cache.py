"""The result cache: asked once, kept by weight, never across row filters."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from console.cache import ResultCache
from console.engines import Result, Statistics
from console.errors import QueryFailed
from tests.sql.lake_rows import START, Rows


def answer(size: int = 0, sql: str = "select 1") -> Result:
    """An answer of `size` bytes."""
    table = (
        pa.table({"x": pa.array([b"x" * size], pa.binary(size))}) if size else pa.table({"x": pa.array([], "int64")})
    )
    return Result(table, Statistics("fake", 0.5, bytes_scanned=9), "tests/query", sql)


def key(name: object) -> tuple[str, str, str]:
    return ("duckdb", str(name), "v1")


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
    first, second = cache.get(key(1), asked), cache.get(key(1), asked)
    assert asked.times == 1
    assert (first.statistics.cached, second.statistics.cached) == (False, True)
    assert (second.statistics.bytes_scanned, second.statistics.dollars) == (0, 0)
    assert second.table is first.table


@pytest.mark.parametrize("other", [("trino", "a", "v1"), ("duckdb", "b", "v1"), ("duckdb", "a", "v2")])
def test_another_dialect_statement_or_data_version_is_another_question(other: tuple[str, str, str]) -> None:
    cache, asked = ResultCache(), Asked(answer())
    cache.get(("duckdb", "a", "v1"), asked)
    cache.get(other, asked)
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
        first = pool.submit(cache.get, key(1), slow)
        assert started.wait(5)
        others = [pool.submit(cache.get, key(1), slow) for _ in range(7)]
        go_on.set()
        assert not first.result(5).statistics.cached
        assert all(each.result(5).statistics.cached for each in others)
    assert len(times) == 1


def test_an_exception_reaches_everyone_who_waits_and_is_not_kept() -> None:
    cache, started, go_on = ResultCache(), threading.Event(), threading.Event()

    def failing() -> Result:
        started.set()
        assert go_on.wait(5)
        raise QueryFailed("It broke off")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, key(1), failing)
        assert started.wait(5)
        waiting = pool.submit(cache.get, key(1), failing)
        go_on.set()
        for each in (first, waiting):
            with pytest.raises(QueryFailed, match="It broke off"):
                each.result(5)
    good = Asked(answer())
    assert not cache.get(key(1), good).statistics.cached
    assert good.times == 1


def test_the_answer_used_longest_ago_leaves_first() -> None:
    cache, again = ResultCache(capacity_bytes=5 * 1024 + 100), Asked(answer(size=500))
    for name in ("a", "b", "c"):
        cache.get(key(name), Asked(answer(size=500)))
    cache.get(key("a"), again)  # used again: now b is the oldest
    cache.get(key("d"), Asked(answer(size=500)))
    for name in ("a", "c", "d"):
        cache.get(key(name), again)
    assert again.times == 0
    cache.get(key("b"), again)
    assert again.times == 1


def test_answers_without_rows_and_long_statements_weigh_something() -> None:
    cache, again = ResultCache(capacity_bytes=20_000), Asked(answer())
    for number in range(100):
        cache.get(key(number), Asked(answer()))
    cache.get(key(0), again)
    assert again.times == 1, "a hundred empty answers do not fit into twenty kilobytes"
    cache.get(key("long"), Asked(answer(sql="x" * 19_500)))
    cache.get(key("long"), again)
    assert again.times == 2, "the SQL is part of what is kept"


def test_an_answer_larger_than_the_cache_is_given_and_not_kept_and_throws_nothing_out() -> None:
    cache, again = ResultCache(capacity_bytes=3000), Asked(answer())
    cache.get(key("small"), Asked(answer()))
    assert cache.get(key("large"), Asked(answer(size=5000))).table.nbytes >= 5000
    cache.get(key("small"), again)
    assert again.times == 0
    cache.get(key("large"), again)
    assert again.times == 1


def test_clearing_forgets_every_answer() -> None:
    cache, asked = ResultCache(), Asked(answer())
    cache.get(key(1), asked)
    cache.clear()
    cache.get(key(1), asked)
    assert asked.times == 2


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
