"""The whole write path in one process: collector → append log → live store, raw zone, curated lake.

Two threads do the work. *Live* reads the log as entries become durable and gives them to the live store. *History*
brings them into the raw zone and curates it, every minute; queries see the entries in between through
`console.asking.engines.pending`, so the pace of history decides how many files there are and how old the marts may be,
not how fresh `events` is.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self

import msgspec

from catalogue.errors import StreamUnavailable, TakingsError
from pipeline.collecting.collector import Collector
from pipeline.collecting.keys import FILE as KEYS
from pipeline.collecting.keys import KeyFile
from pipeline.collecting.known_customers_embedded import FILE as KNOWN_CUSTOMERS
from pipeline.collecting.known_customers_embedded import EmbeddedKnownCustomers
from pipeline.collecting.recent import RecentIds, identities
from pipeline.embedded.following import BATCH_ENTRIES, LiveFollower
from pipeline.embedded.loops import Loop, Trouble
from pipeline.embedded.metrics import FreshnessWindow, Lag, Metrics
from pipeline.embedded.pacing import PlatformOptions, pause
from pipeline.embedded.recommending import Recommending
from pipeline.lake import Lake
from pipeline.live.backlog import backlog
from pipeline.live.lines import received_at
from pipeline.live.store import SkippingLiveStore
from pipeline.raw.writer import RawWriter
from pipeline.recommend.serving.service import RecommendationService
from pipeline.streams import Kind
from pipeline.streams.checkpoints import CHECKPOINTS, CURATED, STREAM, Checkpoints
from pipeline.streams.log import AppendLog
from pipeline.streams.segments import Position

RECENT_IDS = 200_000  # what the collector remembers for its verdicts

_LOOK_SECONDS = 1.0  # between two looks at how much has arrived
_WAIT_SECONDS = 0.25  # how long a stop may wait for an idle thread


class _IdentifiedLine(msgspec.Struct):
    event_id: str
    namespace: str = ""


_DECODER = msgspec.json.Decoder(_IdentifiedLine)


class Platform:
    """The embedded write path of one lake. Nothing runs before `start`; a context manager starts and stops it.

    Parameters
    ----------
    live : the live store; without one, entries go to the lake only

    Attributes
    ----------
    collector : takes the requests; None before the start and after the stop
    recommending : answers requests for recommendations, and learns them
    """

    def __init__(
        self, lake: Lake, *, live: SkippingLiveStore | None = None, options: PlatformOptions | None = None
    ) -> None:
        self.lake = lake
        self.live = live
        self.freshness = FreshnessWindow()
        self.collector: Collector | None = None
        self._options = options or PlatformOptions()
        self.recommending = Recommending(lake, live, origins=self._options.origins, training=self._options.training)
        self._checkpoints = Checkpoints(lake.root / CHECKPOINTS)
        self._since = datetime.now(UTC)
        self._log: AppendLog | None = None
        self._history = threading.Lock()  # one curation at a time
        self._loops: tuple[Loop, ...] = ()
        self._closing: Trouble | None = None
        self._curation: tuple[datetime, float] | None = None
        self._curated: tuple[float, float] | None = None  # seconds of the last round of history, and when it ended
        self._seen: str | None = None  # how far freshness was measured where there is no live store

    def start(self) -> None:
        """Open the log, cutting what a killed process tore, and begin the threads.

        Raises
        ------
        StreamUnavailable
            Another process runs on this lake, or its disk cannot be used.
        """
        import duckdb

        options = self._options
        log = AppendLog(
            self.lake.root / STREAM, segment_bytes=options.segment_bytes, reserve_bytes=options.reserve_bytes
        )
        try:
            self._customers = EmbeddedKnownCustomers(self.lake.root / STREAM / KNOWN_CUSTOMERS)
        except StreamUnavailable:
            log.close()
            raise
        self._log = log
        self._raw = RawWriter(log, self.lake, self._checkpoints, workshop=self.lake.root / STREAM / "workshop")
        self._seen = log.end
        self._follower = LiveFollower(log, self.live, self.freshness) if self.live is not None else None
        self._since = datetime.now(UTC)
        self._loops = (
            Loop("live", self._live_step, expected=(TakingsError, OSError)),
            Loop("history", self._history_step, expected=(TakingsError, OSError, duckdb.Error)),
        )
        recent = RecentIds()
        recent.recall(self.recent_ids())
        for loop in self._loops:
            loop.start()
        self.recommending.start()
        self.collector = Collector(
            log,
            KeyFile(self.lake.root / KEYS),
            **self.lake.settings.of_contract(),
            origins=options.origins,
            customers=self._customers,
            recent=recent,
        )

    def stop(self) -> None:
        """End the threads, bring what is in the log to the live store and the raw zone, and close the log."""
        log = self._log
        if log is None:
            return
        self.collector = None
        self.recommending.stop()
        for loop in self._loops:
            loop.stop()
        try:
            while self._follow(0):
                pass  # gaps wait for the next start, which may be sooner than they are counted
            self._raw.flush()
        except (TakingsError, OSError) as error:
            # nothing is lost: the log keeps it, and the next start goes on from there
            self._closing = Trouble("stop", f"{type(error).__name__}: {error}", datetime.now(UTC), persists=True)
        self._customers.close()
        log.close()
        self._log = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def recommendations(self) -> RecommendationService | None:
        """What answers requests for recommendations; None where nothing can."""
        return self.recommending.service

    @property
    def stream(self) -> AppendLog:
        """Where the collector puts entries.

        Raises
        ------
        StreamUnavailable
            The platform is not running.
        """
        if self._log is None:
            raise StreamUnavailable(
                "The embedded platform is not running",
                where=str(self.lake.root),
                remedy="Start it, then send the events again.",
            )
        return self._log

    def unready(self) -> str | None:
        """Why no events can be taken or moved on now, in a sentence; None where they can."""
        log = self._log
        if log is None or self.collector is None:
            return "The pipeline is starting or stopping."
        if log.refusal is not None:
            return f"{log.refusal}."
        stopped = [loop for loop in self._loops if not loop.is_alive]
        return f"A thread of the pipeline ended: {stopped[0].name}." if stopped else None

    def recent_ids(self, limit: int = RECENT_IDS) -> list[str]:
        """Ids of the newest events in the log's replay window, oldest first, for the collector's duplicate window."""
        log = self.stream
        ids: deque[str] = deque(maxlen=limit)
        position: str | None = None
        while (batch := log.read(position, BATCH_ENTRIES)).entries:
            for entry in batch.entries:
                if entry.kind is Kind.EVENT:
                    with suppress(msgspec.MsgspecError):  # a line without an id cannot be a duplicate
                        line = _DECODER.decode(entry.line)
                        ids += identities(line.namespace, [line.event_id])
            position = batch.position
        return list(ids)

    def curate(self) -> None:
        """Bring everything stored so far into the curated tables, now; after an update make them all again.

        Raises
        ------
        CurationError, LakeError, StreamFull, StreamUnavailable, OSError
            As curation and the raw writer say; what is not curated stays in the log.
        """
        from pipeline.curate import curate, is_stale

        with self._history:
            self._raw.flush()
            position = self._raw.position
            if position in (None, self._checkpoints.load(CURATED)) and not is_stale(self.lake):
                return
            begun = time.monotonic()
            curate(self.lake)
            self._curation = (datetime.now(UTC), time.monotonic() - begun)
            # only after the curated state is written: entries before this position are no longer pending
            if position is not None:
                self._checkpoints.save(CURATED, position)

    def metrics(self) -> Metrics:
        """The platform's current measurements."""
        counts = self.collector.counts() if self.collector else {}
        failures = (*(loop.trouble for loop in self._loops), *self.recommending.troubles, self._closing)
        troubles = [trouble for trouble in failures if trouble is not None]
        at, seconds = self._curation or (None, None)
        return Metrics(
            since=self._since,
            accepted=counts.get("accepted", 0),
            duplicates=counts.get("duplicates", 0),
            quarantined=counts.get("quarantined", 0),
            lag={name: self._lag(name, position) for name, position in self._positions().items()},
            freshness=self.freshness.read(),
            log=self.stream.status,
            curated_at=at,
            curation_seconds=seconds,
            troubles=troubles,
        )

    def _positions(self) -> dict[str, str | None]:
        """How far each consumer of the log has come."""
        positions = {"raw": self._raw.position, CURATED: self._checkpoints.load(CURATED)}
        return positions if self._follower is None else {**positions, "live": self._follower.passed()}

    def _lag(self, name: str, position: str | None) -> Lag:
        waiting = self.stream.bytes_after(position)
        if name == "live" and self.live is not None:
            waiting = backlog(self.live, self.stream.folder, datetime.now(UTC)).bytes
        oldest = self.stream.read(position, 1).entries if waiting else []
        return Lag.of_oldest(waiting, received_at(oldest[0]) if oldest else None)

    def _live_step(self) -> float:
        if self._follower is not None:
            self._follower.step(_WAIT_SECONDS)
        else:
            self._follow(_WAIT_SECONDS)
        return 0.0

    def _follow(self, wait_seconds: float) -> bool:
        """Count the next entries on Live, or only measure how fresh they are; whether there were any."""
        if self._follower is not None:
            return self._follower.follow(wait_seconds)
        log = self.stream
        if not log.wait(self._seen, wait_seconds):
            return False
        batch = log.read(self._seen, BATCH_ENTRIES)
        self._seen = batch.position
        self.freshness.note(batch.entries)
        return bool(batch.entries)

    def _history_step(self) -> float:
        if self._curated is not None:
            busy, end = self._curated
            arrived = self.stream.bytes_after(self._checkpoints.load(CURATED))
            left = end + pause(busy, arrived, self._options) - time.monotonic()
            if left > 0:
                return min(left, _LOOK_SECONDS)
        begun = time.monotonic()
        self.curate()
        self._release()
        self._curated = (time.monotonic() - begun, time.monotonic())
        return 0.0

    def _release(self) -> None:
        """Delete from the log what every consumer has read."""
        positions = self._positions().values()
        passed = [Position.parse(position) for position in positions if position is not None]
        if len(passed) == len(positions):
            options = self._options
            self.stream.release(str(min(passed)), keep_seconds=options.keep_seconds, keep_bytes=options.keep_bytes)
