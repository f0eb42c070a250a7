"""Snapshots of the pipeline's live store. Fills the `LiveSource` port.

Readers share a snapshot: the store is read once a second for every set of regions, however many readers there are.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import structs

from catalogue.clock import utc_now
from console.live.pace import Pace
from console.live.source import (
    FUNNEL_MINUTES,
    HOUR_MINUTES,
    PROMPT_SECONDS,
    RATE_SECONDS,
    ZERO,
    Freshness,
    Minute,
    RecentActivity,
    RecentOrder,
    RecordCounts,
    Snapshot,
    Waiting,
)
from pipeline.live import documents, sketch
from pipeline.live.backlog import backlog, behind
from pipeline.live.documents import SESSIONS, STEPS, Counts, Document, lag_percentile
from pipeline.live.rollup import instant_of, minute_of
from pipeline.live.store import LiveStore
from pipeline.streams.checkpoints import CHECKPOINTS, CURATED, Checkpoints

SHARED_SECONDS = 0.8  # a page asks every second
FRESH_MINUTES = 5  # that the percentiles of freshness are of
MOST_ORDERS = 12
MOST_MOVING = 10

Rows = Sequence[tuple[int, str, Document]]
Span = tuple[datetime, datetime]


class StoredLive:
    """Snapshots of the store that `opened` gives, which is opened at the first snapshot.

    Parameters
    ----------
    log : the folder of the append log that the store is behind; None where it follows another stream
    """

    def __init__(
        self, opened: Callable[[], LiveStore], *, log: Path | None = None, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._opened = opened
        self._log = log
        self._pace = Pace()
        self._now = now
        self._store: LiveStore | None = None
        self._lock = threading.Lock()
        self._shared: dict[tuple[str, ...] | None, Snapshot] = {}

    def snapshot(self, regions: tuple[str, ...] | None) -> Snapshot:
        """See `LiveSource.snapshot`."""
        with self._lock:
            now = self._now()
            kept = self._shared.get(regions)
            if kept is not None and abs(now - kept.now) < timedelta(seconds=SHARED_SECONDS):
                return kept
            if self._store is None:
                self._store = self._opened()
            found = read(self._store, regions, now, self._waiting(self._store, now))
            if self._log is not None:
                position = Checkpoints(self._log.parent / CHECKPOINTS).load(CURATED)
                uncurated = behind(self._log, position, now)
                found = replace(found, uncurated=Waiting(uncurated.records, uncurated.seconds))
            self._shared[regions] = found
            return found

    def _waiting(self, store: LiveStore, now: datetime) -> Waiting | None:
        if self._log is None:
            return None
        counted = store.totals().flow.received
        found = backlog(store, self._log, now)
        left_out = [(gap.since, gap.till) for gap in found.gaps]
        return self._pace.of(Waiting(found.records, found.seconds, left_out), counted, now)


def read(store: LiveStore, regions: tuple[str, ...] | None, now: datetime, waiting: Waiting | None = None) -> Snapshot:
    """A snapshot of a store; `waiting` is what it has not counted yet."""
    current = minute_of(now)
    first = current - HOUR_MINUTES + 1
    rows = [row for row in store.documents(first) if row[0] <= current and (regions is None or row[1] in regions)]
    flows = [row for row in store.flows(first) if row[0] <= current]
    totals = store.totals()
    recent = [document for minute, _, document in rows if minute > current - FUNNEL_MINUTES]
    sessions = _union(document.totals.sessions for document in recent)
    late = incomplete(waiting, now)
    funnel, skipped = _funnel(recent)
    whole = documents.Flow()
    for _, flow in flows:
        whole = whole.plus(flow.totals)
    return Snapshot(
        now=now,
        since=totals.since,
        minutes=_minutes(rows, first, current, late),
        rates=_rates(flows, now, late),
        funnel=funnel,
        skipped=skipped,
        sessions=sketch.estimate(sessions, SESSIONS),
        is_estimate=len(sketch.unpack(sessions)) >= SESSIONS,
        products=_activity([document.products for document in recent], documents.PRODUCT_SESSIONS),
        channels=_activity([document.channels for document in recent], documents.CHANNEL_SESSIONS),
        orders=_orders(document for _, _, document in rows),
        hour=_counts(whole),
        total=_counts(totals.flow),
        freshness=_freshness([flow for minute, flow in flows if minute > current - FRESH_MINUTES]),
        waiting=waiting,
        newest=max(
            (instant_of(minute) + timedelta(seconds=max(flow.seconds)) for minute, flow in flows if flow.seconds),
            default=None,
        ),
    )


def incomplete(waiting: Waiting | None, now: datetime) -> list[Span]:
    """When the records that wait were received."""
    if waiting is None or not waiting.is_late:
        return []
    spans = list(waiting.left_out)
    return [*spans, (now - timedelta(seconds=waiting.seconds), now)] if waiting.seconds > PROMPT_SECONDS else spans


def _is_within(spans: Sequence[Span], start: datetime, end: datetime) -> bool:
    """Whether a time that begins at `start` and ends before `end` touches one of the spans."""
    return any(since < end and start <= till for since, till in spans)


def _funnel(recent: Sequence[Document]) -> tuple[dict[str, int], dict[str, int]]:
    """Sessions that took a step and all before it, and those that took it without one of these.

    A step that no session took is one that the shop does not send: it is not asked for.
    """
    taken = [_union(document.steps.get(step, b"") for document in recent) for step in STEPS]
    reached = [
        sketch.estimate_shared([*filter(None, taken[:place]), found], SESSIONS) for place, found in enumerate(taken)
    ]
    skipped = [max(0, sketch.estimate(found, SESSIONS) - most) for found, most in zip(taken, reached, strict=True)]
    return dict(zip(STEPS, reached, strict=True)), dict(zip(STEPS, skipped, strict=True))


def _union(sketches: Iterable[bytes]) -> bytes:
    return sketch.union(sketches, SESSIONS)


def _minutes(rows: Rows, first: int, last: int, late: Sequence[Span]) -> list[Minute]:
    by_minute: dict[int, list[Counts]] = {minute: [] for minute in range(first, last + 1)}
    for minute, _, document in rows:
        by_minute[minute].append(document.totals)
    return [
        Minute(
            instant_of(minute),
            sum(part.events for part in counts),
            sketch.estimate(_union(part.sessions for part in counts), SESSIONS),
            sum(part.orders for part in counts),
            sum((part.net for part in counts), ZERO),
            not _is_within(late, instant_of(minute), instant_of(minute + 1)),
        )
        for minute, counts in by_minute.items()
    ]


def _rates(flows: Sequence[tuple[int, documents.Flow]], now: datetime, late: Sequence[Span]) -> list[int | None]:
    received: Counter[int] = Counter()
    for minute, flow in flows:
        for second, count in flow.seconds.items():
            received[minute * 60 + second] += count
    current = int(now.timestamp())
    seconds = range(current - RATE_SECONDS, current)
    starts = [datetime.fromtimestamp(second, UTC) for second in seconds]
    return [
        None if _is_within(late, start, start + timedelta(seconds=1)) else received[second]
        for second, start in zip(seconds, starts, strict=True)
    ]


def _activity(parts: Sequence[Mapping[str, Counts]], size: int) -> list[RecentActivity]:
    """Products or channels, added up; sessions are estimated only for those that are shown."""
    found: dict[str, list[Counts]] = {}
    for part in parts:
        for name, counts in part.items():
            found.setdefault(name, []).append(counts)
    ranked = sorted(
        found.items(),
        key=lambda item: (-sum(counts.net for counts in item[1]), -sum(counts.events for counts in item[1]), item[0]),
    )
    return [
        RecentActivity(
            name=next((counts.name for counts in reversed(all_counts) if counts.name), name),
            events=sum(counts.events for counts in all_counts),
            views=sum(counts.views for counts in all_counts),
            carts=sum(counts.carts for counts in all_counts),
            orders=sum(counts.orders for counts in all_counts),
            units=sum(counts.units for counts in all_counts),
            net_revenue=sum((counts.net for counts in all_counts), ZERO),
            sessions=sketch.estimate(sketch.union((counts.sessions for counts in all_counts), size), size),
        )
        for name, all_counts in ranked[:MOST_MOVING]
    ]


def _orders(found: Iterable[Document]) -> list[RecentOrder]:
    together: dict[str, documents.Order] = {}
    for document in found:
        for key, order in document.orders.items():
            together[key] = together[key].plus(order) if key in together else order
    latest = documents.latest_orders(together.values(), MOST_ORDERS)
    return [RecentOrder(**structs.asdict(order)) for order in latest.values()]


def _counts(flow: documents.Flow) -> RecordCounts:
    return RecordCounts(flow.received, flow.accepted, flow.duplicates, flow.quarantined)


def _freshness(flows: Sequence[documents.Flow]) -> Freshness | None:
    lags: Counter[int] = Counter()
    for flow in flows:
        lags.update(flow.lags)
    p50, p95, p99 = (lag_percentile(lags, share) for share in (0.5, 0.95, 0.99))
    return None if p50 is None or p95 is None or p99 is None else Freshness(p50, p95, p99)
