"""The embedded platform's own measurements since its start."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.embedded.loops import Trouble
from pipeline.live.lines import received_at
from pipeline.streams import Entry
from pipeline.streams.log import LogStatus

FRESHNESS_SECONDS = 300.0  # the window of the percentiles
_SAMPLES = 6000  # 20 a second
_SAMPLES_PER_BATCH = 20


@dataclass(frozen=True, slots=True)
class Freshness:
    """Seconds from `received_at` to visible, of the last five minutes."""

    p50: float
    p95: float
    p99: float
    samples: int


@dataclass(frozen=True, slots=True)
class Lag:
    """The entries that a consumer has not read yet: their bytes, and the age of the oldest.

    Attributes
    ----------
    seconds : 0 where no entry waits
    """

    bytes: int
    seconds: float

    @classmethod
    def of_oldest(cls, size: int, oldest: datetime | None) -> Lag:
        """The lag of `size` bytes, the oldest of which were received then."""
        return cls(size, max(0.0, (datetime.now(UTC) - oldest).total_seconds()) if oldest else 0.0)


@dataclass(frozen=True)
class Metrics:
    """The platform's own figures. received = accepted + duplicates + quarantined.

    Attributes
    ----------
    since : when the platform was started
    lag : by consumer: ``live``, ``raw``, ``curated``
    freshness : None where nothing arrived in the last five minutes
    curated_at, curation_seconds : end and duration of the last curation; None before the first one
    troubles : the last failure of each loop that had one
    """

    since: datetime
    accepted: int
    duplicates: int
    quarantined: int
    lag: Mapping[str, Lag]
    freshness: Freshness | None
    log: LogStatus
    curated_at: datetime | None
    curation_seconds: float | None
    troubles: Sequence[Trouble]

    @property
    def received(self) -> int:
        """Records that got a verdict."""
        return self.accepted + self.duplicates + self.quarantined


class FreshnessWindow:
    """Samples of the time from received to visible."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=_SAMPLES)

    def note(self, entries: Sequence[Entry]) -> None:
        """Take samples from entries that have just become visible."""
        now, clock = datetime.now(UTC), time.monotonic()
        step = max(1, len(entries) // _SAMPLES_PER_BATCH)
        for entry in entries[::step]:
            at = received_at(entry)
            if at is not None:
                self._samples.append((clock, max(0.0, (now - at).total_seconds())))

    def read(self) -> Freshness | None:
        """Percentiles of the window."""
        begin = time.monotonic() - FRESHNESS_SECONDS
        lags = sorted(lag for clock, lag in list(self._samples) if clock >= begin)
        if not lags:
            return None

        def percentile(share: float) -> float:
            return lags[min(len(lags) - 1, int(share * len(lags)))]

        return Freshness(percentile(0.50), percentile(0.95), percentile(0.99), len(lags))
