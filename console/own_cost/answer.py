"""What does this console itself cost: who asked what on which page, what was billed, and what the cache saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.engines.prices import scan_price
from console.asking.figures import Better, Change, Figure, Unit
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.finops.pricing import price_book

DOLLARS = "USD"  # what AWS bills the console's calls in
OUTSIDE = "outside a browser"  # asked on the command line, or by the server itself
DAYS_OF_A_MONTH = Decimal(365) / 12
LEAST_DAYS = 7  # of a chart: one day alone is no line


@dataclass(frozen=True)
class Cost:
    """What some calls cost together. `unpriced` calls are in no sum."""

    name: str
    calls: int
    cached: int
    unpriced: int
    bytes_scanned: int
    dollars: Decimal
    saved: Decimal
    seconds: float = 0.0

    @property
    def cached_share(self) -> Decimal | None:
        """Calls answered from the cache ÷ calls."""
        return Decimal(self.cached) / self.calls if self.calls else None


@dataclass(frozen=True)
class OwnCost:
    """The answer of the Own cost page.

    Attributes
    ----------
    days : every day from the first call of the period on, at least a week, oldest first
    total, before : the whole period, and each comparison
    by_day : dollars of each day; by_kind the same by kind of call
    run_rate : dollars a month if it goes on as in the days measured; None before anything was measured
    """

    days: Sequence[date]
    total: Cost
    before: Sequence[Cost]
    by_day: Sequence[Cost]
    by_kind: Sequence[Cost]
    by_page: Sequence[Cost]
    by_viewer: Sequence[Cost]
    by_question: Sequence[Cost]
    run_rate: Decimal | None
    results: Sequence[Result]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked in the period."""
        return self.total.calls == 0

    @property
    def is_free(self) -> bool:
        """Whether no call has a price, and the cache saved nothing: then calls are drawn in place of dollars."""
        return self.total.dollars == 0 and self.total.saved == 0

    @property
    def figures(self) -> Sequence[Figure]:
        """The tiles."""
        total = self.total
        note = f"{text.counted(total.unpriced, 'call')} without a known price" if total.unpriced else ""
        return [
            Figure("Own cost", total.dollars, Unit.MONEY, DOLLARS, self._changes("dollars"),
                   [day.dollars for day in self.by_day], Better.LOWER, note),
            Figure("A month at this rate", self.run_rate, Unit.MONEY, DOLLARS, better=Better.LOWER),
            Figure("Saved by the cache", total.saved, Unit.MONEY, DOLLARS, self._changes("saved"),
                   [day.saved for day in self.by_day]),
            Figure("Calls", total.calls, Unit.COUNT, "", self._changes("calls"), [day.calls for day in self.by_day],
                   Better.NEITHER),
            Figure("Answered from the cache", total.cached_share, Unit.PERCENT, "", self._changes("cached_share")),
        ]  # fmt: skip

    def _changes(self, name: str) -> list[Change]:
        return [Change(before.name, getattr(before, name)) for before in self.before if before.calls]

    @property
    def least_on_athena(self) -> Decimal | None:
        """The least that the period's questions would cost on Athena: 10 MB for each that was not cached."""
        asked = self.total.calls - self.total.cached
        a_terabyte = price_book.load().price("athena.scanned_terabyte").amount
        return None if a_terabyte is None else asked * scan_price(0, a_terabyte)


def own_cost(scope: Scope, period: Period, comparisons: Sequence[tuple[str, Period]] = ()) -> OwnCost:
    """The console's own calls over a period of UTC days, from the first call in it on, against other periods."""
    questions = [_question(name, period) for name in ("day", "page", "viewer", "name")]
    results = scope.ask_all([*questions, *(_question("day", before) for _, before in comparisons)])
    by_day, by_page, by_viewer, by_name, *before = (result.rows() for result in results)
    called = min((row["call_date"] for row in by_day), default=period.start)
    first = max(period.start, min(called, period.end - timedelta(days=LEAST_DAYS)))
    days = Period(first, period.end).dates
    daily = [_sum(day.isoformat(), [row for row in by_day if row["call_date"] == day]) for day in days]
    kinds = sorted({row["kind"] for row in by_day})
    total = _sum("", by_day)
    return OwnCost(
        days=days,
        total=total,
        before=[_sum(label, rows) for (label, _), rows in zip(comparisons, before, strict=True)],
        by_day=daily,
        by_kind=[_sum(kind, [row for row in by_day if row["kind"] == kind]) for kind in kinds],
        by_page=[_sum(row["page"] or OUTSIDE, [row]) for row in by_page],
        by_viewer=[_sum(row["viewer"] or OUTSIDE, [row]) for row in by_viewer],
        by_question=[_sum(row["name"], [row]) for row in by_name],
        run_rate=_run_rate(total, [row["call_date"] for row in by_day], scope.today, period),
        results=results,
    )


def _question(name: str, period: Period) -> Question:
    return Question(f"own_cost/by_{name}", {"start_date": period.start, "end_date": period.end})


def _sum(name: str, rows: Sequence[Mapping[str, Any]]) -> Cost:
    return Cost(
        name=name,
        calls=sum(row["calls"] for row in rows),
        cached=sum(row["cached_calls"] for row in rows),
        unpriced=sum(row["unpriced_calls"] for row in rows),
        bytes_scanned=sum(row["bytes_scanned"] for row in rows),
        dollars=sum((row["dollars"] for row in rows), Decimal(0)),
        saved=sum((row["dollars_saved"] for row in rows), Decimal(0)),
        seconds=sum(row.get("elapsed_seconds", 0.0) for row in rows),
    )


def _run_rate(total: Cost, called: Sequence[date], today: date, period: Period) -> Decimal | None:
    """Dollars a day since the first call × the days of an average month; the day that is not over counts whole."""
    if not called:
        return None
    # calls are booked on UTC days: west of UTC the last one can be a day ahead of `today`
    last = max(min(period.last_day, today), *called)
    measured = (last - min(called)).days + 1
    return total.dollars / measured * DAYS_OF_A_MONTH
