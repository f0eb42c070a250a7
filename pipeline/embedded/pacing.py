"""How the embedded platform paces itself: what may be set, and when curation follows the one before."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.streams.log import KEEP_BYTES, KEEP_SECONDS, RESERVE_BYTES, SEGMENT_BYTES

BUSY_SHARE = 0.5  # of the time, where much arrives: the other half is for the collector, live and the pages
BUSY_BYTES = 64 * 1024 * 1024  # waiting to be curated: some 150,000 events


@dataclass(frozen=True)
class PlatformOptions:
    """How the embedded platform paces itself.

    Attributes
    ----------
    history_seconds : between two curations. One raw file a minute is 1,440 a day, as Firehose makes with its longest
        common buffer, and keeps the marts a minute behind.
    history_share : curation takes at most this share of the time while little arrives, so that a large lake is curated
        less often; up to `BUSY_SHARE` the more arrives, so that the marts do not fall behind
    origins : pages that may send events from a browser
    training : whether recommendations are learnt each night, and soon after the first start
    segment_bytes, reserve_bytes, keep_seconds, keep_bytes : of the append log
    """

    history_seconds: float = 60.0
    history_share: float = 0.1
    origins: tuple[str, ...] = ()
    training: bool = False
    segment_bytes: int = SEGMENT_BYTES
    reserve_bytes: int = RESERVE_BYTES
    keep_seconds: float = KEEP_SECONDS
    keep_bytes: int = KEEP_BYTES


def pause(busy: float, arrived: int, options: PlatformOptions) -> float:
    """Seconds from the end of a curation to the next one.

    Parameters
    ----------
    busy : seconds that the curation took
    arrived : bytes of the log that arrived since
    """
    pressure = min(1.0, arrived / BUSY_BYTES)
    share = options.history_share + max(0.0, BUSY_SHARE - options.history_share) * pressure
    every = options.history_seconds * (1 - pressure / 2)
    return max(0.0, every - busy, busy / share - busy)
