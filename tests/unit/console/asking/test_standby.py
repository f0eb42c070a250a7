"""At the warehouse's usage limit the standby answers, for a while, and says so."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from catalogue.binding import Statement
from catalogue.errors import QueryFailed, UsageLimitReached
from catalogue.queries import load
from console.asking.cache import ResultCache
from console.asking.engines import Result, Statistics, combine
from console.asking.engines.standby import REST_SECONDS, WithStandby
from console.asking.scope import Scope
from console.kit import trust_line

SAID = "Redshift reached its usage limit; Athena answered"
BASKETS = "products/net_revenue"  # a warehouse's question


class Engine:
    """An engine that remembers what it is asked, and raises the failure that a test gives it."""

    data_as_of = datetime(2026, 3, 1, tzinfo=UTC)

    def __init__(self, name: str, dialect: str) -> None:
        self.name, self.dialect, self.data_version = name, dialect, f"{name} 1"
        self.asked: list[str] = []
        self.failure: QueryFailed | None = None

    def version_of(self, statement: Statement) -> str:
        return self.data_version

    def run(self, statement: Statement) -> Result:
        self.asked.append(statement.dialect)
        if self.failure is not None:
            raise self.failure
        return Result(pa.table({"n": [1]}), Statistics(self.name, 1.0), statement.query, statement.sql)


class Pair:
    """Redshift with Athena beside it, a clock that a test sets, and a scope over both."""

    def __init__(self) -> None:
        self.now = 0.0
        self.redshift, self.athena = Engine("Redshift", "redshift"), Engine("Athena", "trino")
        self.engine = WithStandby(self.redshift, self.athena, clock=lambda: self.now)
        self.scope = Scope(
            engines={"lake": self.athena, "warehouse": self.engine},
            catalogue=load(),
            cache=ResultCache(),
            reporting_currency="USD",
            reporting_time_zone="UTC",
        )

    def ask(self, day: int = 1) -> Result:
        values: dict[str, Any] = {"start_date": date(2026, 3, day), "end_date": date(2026, 4, 1)}
        return self.scope.ask(BASKETS, **{name: values[name] for name in values})


@pytest.fixture
def pair() -> Pair:
    return Pair()


def limit() -> UsageLimitReached:
    return UsageLimitReached("Redshift reached its usage limit", where="q", remedy="Raise it.")


def test_the_warehouse_answers_and_nothing_is_said(pair: Pair) -> None:
    answer = pair.ask()
    assert (answer.statistics.engine, answer.statistics.stand_in) == ("Redshift", "")
    assert pair.athena.asked == []


def test_at_the_limit_athena_answers_in_its_own_dialect_and_the_answer_says_so(pair: Pair) -> None:
    pair.redshift.failure = limit()
    answer = pair.ask()
    assert (answer.statistics.engine, answer.statistics.stand_in) == ("Athena", SAID)
    assert (pair.redshift.asked, pair.athena.asked) == (["redshift"], ["trino"])


def test_the_warehouse_is_not_asked_again_for_a_while_then_it_is(pair: Pair) -> None:
    pair.redshift.failure = limit()
    pair.ask(1)
    pair.now = REST_SECONDS - 1
    assert pair.ask(2).statistics.stand_in == SAID
    assert len(pair.redshift.asked) == 1
    pair.redshift.failure, pair.now = None, REST_SECONDS
    assert (pair.ask(3).statistics.engine, pair.ask(3).statistics.stand_in) == ("Redshift", "")


def test_while_the_limit_lasts_the_version_is_that_of_the_engine_that_answers(pair: Pair) -> None:
    assert pair.engine.data_version == "Redshift 1"
    pair.redshift.failure = limit()
    pair.ask()
    assert (pair.engine.data_version, pair.engine.dialect) == ("Athena 1", "trino")
    pair.athena.data_version = "Athena 2"
    pair.ask()
    assert pair.athena.asked == ["trino", "trino"]  # a new version: the kept answer is not given


def test_a_statement_bound_before_the_limit_was_met_is_bound_again(pair: Pair) -> None:
    pair.redshift.failure = limit()
    with pytest.raises(UsageLimitReached):
        pair.engine.run(Statement("q", "Q", "select 1", "redshift", frozenset()))
    with pytest.raises(UsageLimitReached, match=r"usage limit \(other\)"):
        pair.engine.run(Statement("other", "Q", "select 1", "redshift", frozenset()))
    assert pair.redshift.asked == ["redshift"]  # and the resting warehouse is left alone


def test_any_other_failure_stays_one_and_athena_is_not_asked(pair: Pair) -> None:
    pair.redshift.failure = QueryFailed("The query was stopped by a limit of the workgroup")
    with pytest.raises(QueryFailed, match="stopped by a limit"):
        pair.ask()
    assert pair.athena.asked == []


def test_a_warehouse_with_nobody_beside_it_fails_once(pair: Pair) -> None:
    alone = Engine("Redshift", "redshift")
    alone.failure = limit()
    pair.scope.engines["warehouse"] = alone  # type: ignore[index]
    with pytest.raises(UsageLimitReached, match="Raise it"):
        pair.ask()
    assert len(alone.asked) == 1


def test_the_trust_line_of_several_answers_shows_why(pair: Pair) -> None:
    usual = pair.ask(1)
    pair.redshift.failure = limit()
    shown = trust_line.parts(combine([usual, pair.ask(2)]), quarantined_share=None, now=datetime.now(UTC))
    assert SAID in [text for text, _ in shown]
    pair.ask(2)
    kept = combine([pair.ask(2)])  # from the cache it is still Athena's
    assert (kept.cached, kept.stand_in) == (True, SAID)


def test_the_command_says_it_too(pair: Pair, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from console.cli.query import _write

    pair.redshift.failure = limit()
    _write(pair.ask(), "table")
    assert f"1 row · {SAID} · " in capsys.readouterr().err
