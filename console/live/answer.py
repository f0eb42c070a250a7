"""What is happening right now, held against the same hour last week?

Two sources are joined here. What happens now comes from live, every second. The hour last week, and what happened in
this hour before live began to listen, come from the curated lake, which is asked once a minute: neither changes
faster. A minute is counted from one source only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from console.asking.engines import Result, Statistics, combine
from console.asking.figures import Better, Change, Figure, Unit
from console.asking.scope import Question, Scope
from console.live.source import FUNNEL_MINUTES, HOUR_MINUTES, ZERO, Snapshot

WEEK = timedelta(days=7)
LABEL = "Same hour last week"
MINUTE = timedelta(minutes=1)
RATE_OVER = 10  # seconds that the rate is a mean of

Seconds = Mapping[datetime, tuple[Decimal, int]]


@dataclass(frozen=True)
class History:
    """What the curated lake knows of the hour, asked at a minute.

    Attributes
    ----------
    minute : the minute it was asked in
    since : when live began to listen; None where it has not
    last_week : net revenue and orders by second of the hour last week, to the end of the minute
    earlier : of this hour, the part before live began to listen
    """

    minute: datetime
    since: datetime | None
    last_week: Seconds
    earlier: Seconds
    results: Sequence[Result]

    @property
    def statistics(self) -> Statistics:
        """Statistics of the questions together."""
        return combine(self.results)


@dataclass(frozen=True)
class Step:
    """One step of the funnel: distinct sessions, and their share of the step before (None for the first one)."""

    name: str
    sessions: int
    share: float | None


@dataclass(frozen=True)
class Live:
    """The answer of the Live page.

    Attributes
    ----------
    minutes : the last hour by minute: start, net revenue so far, and that of last week so far (None ahead of now)
    """

    snapshot: Snapshot
    figures: Sequence[Figure]
    steps: Sequence[Step]
    minutes: Sequence[tuple[datetime, Decimal, Decimal]]

    @property
    def is_empty(self) -> bool:
        """Whether live has never received anything."""
        return self.snapshot.since is None


def minute_of(at: datetime) -> datetime:
    """The first instant of a minute."""
    return at.replace(second=0, microsecond=0)


def history(scope: Scope, minute: datetime, since: datetime | None) -> History:
    """Ask the lake for the hour last week, and for this hour up to the minute in which live began to listen."""
    start, end = minute - (HOUR_MINUTES - 1) * MINUTE, minute + MINUTE
    listening = end if since is None else minute_of(since)
    spans = [(start - WEEK, end - WEEK)]
    if listening > start:
        spans.append((start, min(listening, end)))
    results = scope.ask_all([_question(scope, *span) for span in spans])
    found = [
        {row["second"].replace(tzinfo=minute.tzinfo): (row["net_revenue"], row["orders"]) for row in each.rows()}
        for each in results
    ]
    return History(minute, since, found[0], found[1] if len(found) > 1 else {}, results)


def live(snapshot: Snapshot, past: History, currency: str) -> Live:
    """Figures, funnel and the hour by minute, from a snapshot and what the lake knows of the hour.

    Sparklines end before the minute under way: half a minute would read as a drop.
    """
    heard = [past.since is not None and minute.at + MINUTE > past.since for minute in snapshot.minutes]
    revenue = [minute.net_revenue if known else ZERO for minute, known in zip(snapshot.minutes, heard, strict=True)]
    orders = [minute.orders if known else 0 for minute, known in zip(snapshot.minutes, heard, strict=True)]
    places = {minute.at: place for place, minute in enumerate(snapshot.minutes)}
    for second, (amount, count) in past.earlier.items():
        place = places.get(minute_of(second))
        if place is not None and not heard[place]:
            revenue[place] += amount
            orders[place] += count
    before, orders_before = _by_minute(past.last_week, snapshot)
    peak = max(snapshot.rates, default=0)
    latest = snapshot.rates[-RATE_OVER:]
    rate = Decimal(sum(latest)) / len(latest) if latest else ZERO
    approximately = ", estimated" if snapshot.is_estimate else ""
    figures = [
        Figure(
            "Net revenue, last hour", sum(revenue, ZERO), Unit.MONEY, currency,
            changes=[Change(LABEL, sum(before, ZERO))], series=revenue[:-1],
        ),
        Figure("Orders, last hour", sum(orders), Unit.COUNT, "", [Change(LABEL, sum(orders_before))], orders[:-1]),
        Figure(
            "Events per second", round(rate, 1), Unit.RATIO, series=snapshot.rates, better=Better.NEITHER,
            note=f"mean of {RATE_OVER} s; highest {peak} in two minutes",
        ),
        Figure(
            "Sessions", snapshot.sessions, Unit.COUNT, series=[minute.sessions for minute in snapshot.minutes[:-1]],
            better=Better.NEITHER, note=f"in the last {FUNNEL_MINUTES} minutes{approximately}",
        ),
    ]  # fmt: skip
    return Live(snapshot, figures, _steps(snapshot.funnel), _running(snapshot, revenue, before))


def _question(scope: Scope, start: datetime, end: datetime) -> Question:
    zone = ZoneInfo(scope.reporting_time_zone)
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    # a refund's day is its own, an order's that of its first line: a day more on each side costs nothing
    days = {"start_date": first - timedelta(days=1), "end_date": last + timedelta(days=2)}
    return Question("live/revenue_by_second", {"start_at": start, "end_at": end, **days})


def _by_minute(seconds: Seconds, snapshot: Snapshot) -> tuple[list[Decimal], list[int]]:
    """Last week by minute, up to the second that corresponds to now: half a minute is held against half a minute."""
    places = {minute.at - WEEK: place for place, minute in enumerate(snapshot.minutes)}
    amounts, orders = [ZERO] * len(places), [0] * len(places)
    for second, (amount, count) in seconds.items():
        place = places.get(minute_of(second))
        if place is not None and second <= snapshot.now - WEEK:
            amounts[place] += amount
            orders[place] += count
    return amounts, orders


def _steps(funnel: Mapping[str, int]) -> list[Step]:
    steps: list[Step] = []
    for name, sessions in funnel.items():
        before = steps[-1].sessions if steps else 0
        steps.append(Step(name, sessions, sessions / before if before else None))
    return steps


def _running(
    snapshot: Snapshot, revenue: Sequence[Decimal], before: Sequence[Decimal]
) -> list[tuple[datetime, Decimal, Decimal]]:
    """Revenue of the hour so far, minute by minute, with last week's."""
    so_far, before_so_far = ZERO, ZERO
    running = []
    for minute, amount, amount_before in zip(snapshot.minutes, revenue, before, strict=True):
        so_far += amount
        before_so_far += amount_before
        running.append((minute.at, so_far, before_so_far))
    return running
