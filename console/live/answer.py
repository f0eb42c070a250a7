"""What is happening right now, compared with the same hour last week?

Two sources are joined here. What happens now comes from live, every second. The hour last week, and the part of this
hour before live was started, come from the curated lake, which is asked once a minute: neither changes faster. Every
minute is counted from one source only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from zoneinfo import ZoneInfo

from console.asking.engines import Result
from console.asking.figures import Better, Change, Figure, Unit
from console.asking.scope import Question, Scope
from console.live import words
from console.live.source import FUNNEL_MINUTES, HOUR_MINUTES, ZERO, Snapshot

WEEK = timedelta(days=7)
LABEL = "Same hour last week"
MINUTE = timedelta(minutes=1)
RATE_SECONDS = 10  # that the rate is the mean of

Seconds = Mapping[datetime, tuple[Decimal, int]]


@dataclass(frozen=True)
class History:
    """What the curated lake holds of the hour last week and of this hour.

    Attributes
    ----------
    minute : the minute in which it was asked
    since : when live was started; None before that
    last_week : net revenue and orders by second of the hour last week, to the end of the minute
    earlier : the same for this hour before live was started
    """

    minute: datetime
    since: datetime | None
    last_week: Seconds
    earlier: Seconds
    results: Sequence[Result]


@dataclass(frozen=True)
class FunnelStep:
    """One step of the funnel.

    Attributes
    ----------
    sessions : distinct sessions that took it and all steps before it
    share : of the sessions of the step before; None for the first step
    skipped : sessions that took it without one of the steps before it
    """

    name: str
    sessions: int
    share: float | None
    skipped: int = 0


@dataclass(frozen=True)
class Live:
    """The answer of the Live page.

    Attributes
    ----------
    minutes : the last hour by minute: its start, net revenue so far, and last week's net revenue so far
    """

    snapshot: Snapshot
    figures: Sequence[Figure]
    steps: Sequence[FunnelStep]
    minutes: Sequence[tuple[datetime, Decimal, Decimal]]

    @property
    def complete_until(self) -> datetime | None:
        """The first minute of which records wait; None where none waits."""
        return next((minute.at for minute in self.snapshot.minutes if not minute.is_complete), None)

    @property
    def is_empty(self) -> bool:
        """Whether live has never received anything, and nothing waits to be counted."""
        waiting = self.snapshot.waiting
        return self.snapshot.since is None and not (waiting and waiting.records)


def minute_of(at: datetime) -> datetime:
    """The first instant of a minute."""
    return at.replace(second=0, microsecond=0)


def history(scope: Scope, minute: datetime, since: datetime | None) -> History:
    """The hour last week, and this hour up to the minute in which live was started, from the lake."""
    start, end = minute - (HOUR_MINUTES - 1) * MINUTE, minute + MINUTE
    live_from = end if since is None else minute_of(since)
    spans = [(start - WEEK, end - WEEK)]
    if live_from > start:
        spans.append((start, min(live_from, end)))
    results = scope.ask_all([_question(scope, *span) for span in spans])
    found = [
        {row["second"].replace(tzinfo=minute.tzinfo): (row["net_revenue"], row["orders"]) for row in result.rows()}
        for result in results
    ]
    return History(minute, since, found[0], found[1] if len(found) > 1 else {}, results)


def live(snapshot: Snapshot, past: History, currency: str) -> Live:
    """Figures, funnel and the hour by minute, from a snapshot and what the lake holds of the hour.

    Sparklines end before the current minute: half a minute would look like a drop.
    """
    is_live = [past.since is not None and minute.at + MINUTE > past.since for minute in snapshot.minutes]
    starts = [minute.at for minute in snapshot.minutes]
    minutes = list(zip(snapshot.minutes, is_live, *_by_minute(past.earlier, starts), strict=True))
    revenue = [minute.net_revenue if known else amount for minute, known, amount, _ in minutes]
    orders = [minute.orders if known else count for minute, known, _, count in minutes]
    # up to the second that corresponds to now: half a minute is compared with half a minute
    last_week = {second: sold for second, sold in past.last_week.items() if second <= snapshot.now - WEEK}
    before, orders_before = _by_minute(last_week, [start - WEEK for start in starts])
    waiting = snapshot.waiting
    missing = words.withheld(waiting) if waiting is not None and waiting.is_late else ""
    rate, rate_note = _rate(snapshot.rates)
    approximately = ", estimated" if snapshot.is_estimate else ""
    figures = [
        Figure(
            "Net revenue, last hour", sum(revenue, ZERO), Unit.MONEY, currency,
            changes=[] if missing else [Change(LABEL, sum(before, ZERO))], series=revenue[:-1], note=missing,
        ),
        Figure(
            "Orders, last hour", sum(orders), Unit.COUNT, "",
            [] if missing else [Change(LABEL, sum(orders_before))], orders[:-1], note=missing,
        ),
        Figure(
            "Events per second", rate, Unit.RATIO, series=snapshot.rates, better=Better.NEITHER, note=rate_note
        ),
        Figure(
            "Sessions", snapshot.sessions, Unit.COUNT, series=[minute.sessions for minute in snapshot.minutes[:-1]],
            better=Better.NEITHER,
            note=f"in the last {FUNNEL_MINUTES} minutes{approximately}{'; incomplete' if missing else ''}",
        ),
    ]  # fmt: skip
    running = list(zip(starts, accumulate(revenue), accumulate(before), strict=True))
    return Live(snapshot, figures, _steps(snapshot.funnel, snapshot.skipped), running)


def _question(scope: Scope, start: datetime, end: datetime) -> Question:
    zone = ZoneInfo(scope.reporting_time_zone)
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    # refunds have a day of their own, orders that of their first line: a day more on each side costs nothing
    days = {"start_date": first - timedelta(days=1), "end_date": last + timedelta(days=2)}
    return Question("live/revenue_by_second", {"start_at": start, "end_at": end, **days})


def _by_minute(seconds: Seconds, starts: Sequence[datetime]) -> tuple[list[Decimal], list[int]]:
    """Net revenue and orders of the minutes that begin at `starts`."""
    places = {start: place for place, start in enumerate(starts)}
    amounts, orders = [ZERO] * len(starts), [0] * len(starts)
    for second, (amount, count) in seconds.items():
        place = places.get(minute_of(second))
        if place is not None:
            amounts[place] += amount
            orders[place] += count
    return amounts, orders


def _rate(rates: Sequence[int | None]) -> tuple[Decimal | None, str]:
    """The mean of the last seconds, and its note; unknown where records of these seconds wait."""
    known = [rate for rate in rates if rate is not None]
    latest = [rate for rate in rates[-RATE_SECONDS:] if rate is not None]
    peak = f"highest {max(known):,} in two minutes" if known else "no second of the last two minutes is complete"
    if len(latest) < len(rates[-RATE_SECONDS:]):
        return None, f"not known while records wait; {peak}"
    return (round(Decimal(sum(latest)) / len(latest), 1) if latest else ZERO), f"mean of {RATE_SECONDS} s; {peak}"


def _steps(funnel: Mapping[str, int], skipped: Mapping[str, int]) -> list[FunnelStep]:
    before = [0, *funnel.values()]
    return [
        FunnelStep(name, sessions, sessions / before[place] if before[place] else None, skipped.get(name, 0))
        for place, (name, sessions) in enumerate(funnel.items())
    ]
