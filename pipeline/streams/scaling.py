"""How many shards a stream should have, by what its producers wrote in the last minutes. Pure.

Up at once, by the fullest of the last minutes; down by the fullest minute of an hour, so that a quiet minute changes
nothing. Between both lies a wide band in which nothing happens: a change of the number of shards takes minutes, and a
day has ten of them.

Sources: Amazon Kinesis Data Streams developer guide, quotas and limits (a shard takes 1 MiB and 1,000 records a
second); API reference, UpdateShardCount (at most double, at least half, ten changes in 24 hours).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from catalogue.errors import SettingsError

SHARD_BYTES, SHARD_RECORDS = 2**20, 1_000  # a second
MOST_CHANGES = 10  # in 24 hours
CHANGES_KEPT_FOR_GROWTH = 4  # of these ten: a stream that may not grow loses events, one that does not shrink costs
UP_MINUTES, DOWN_MINUTES = 10, 60
KNOWN_MINUTES = 50  # of these 60, at least, before it shrinks: where CloudWatch is silent, it may not be quiet
FULL, WANTED = Fraction(7, 10), Fraction(1, 2)  # of a shard: where the stream grows, and how full it is to be then


@dataclass(frozen=True)
class Minute:
    """What producers wrote in one minute, and how many records were refused because a shard was full."""

    bytes: float = 0.0
    records: float = 0.0
    throttled: float = 0.0

    @property
    def shards(self) -> Fraction:
        """How many shards this fills."""
        fullest = max(Fraction(self.bytes) / SHARD_BYTES, Fraction(self.records) / SHARD_RECORDS)
        return fullest / 60


@dataclass(frozen=True)
class Limits:
    """A stream (``TAKINGS_STREAM``), and its shards (``TAKINGS_LEAST_SHARDS``, ``TAKINGS_MOST_SHARDS``)."""

    stream: str
    least: int
    most: int


def limits_of(values: Mapping[str, str]) -> Limits:
    """The limits from variables; the SettingsError for one that is missing or cannot be used names it."""
    if not values.get("TAKINGS_STREAM"):
        raise SettingsError(
            "The stream has no name", where="TAKINGS_STREAM", remedy="The deployment's outputs name it."
        )
    found = []
    for name in ("TAKINGS_LEAST_SHARDS", "TAKINGS_MOST_SHARDS"):
        text = values.get(name, "")
        if not (text.isascii() and text.isdigit() and int(text) >= 1):
            raise SettingsError(f"{text!r} is no number of shards", where=name, remedy="Give a whole one such as 2.")
        found.append(int(text))
    least, most = found
    if least > most:
        raise SettingsError(f"{least} shards at least and {most} at most", where="TAKINGS_MOST_SHARDS")
    return Limits(values["TAKINGS_STREAM"], least, most)


def wanted_shards(minutes: Sequence[Minute], shards: int, limits: Limits, *, changes: int) -> int:
    """The number of shards that the stream should get now: `shards` where it may stay as it is.

    Parameters
    ----------
    minutes : of the last hour, the newest last, as far as they are known
    shards : that it has
    changes : of their number in the last 24 hours
    """
    if changes >= MOST_CHANGES:
        return shards
    recent = minutes[-UP_MINUTES:]
    now = max((minute.shards for minute in recent), default=Fraction(0))
    is_throttled = any(minute.throttled for minute in recent)  # one shard can be full where the others are not
    if now > FULL * shards or is_throttled:
        wanted = max(ceil(now / WANTED), shards + 1 if is_throttled else shards)
        return max(shards, _within(wanted, limits, at_most=2 * shards))
    least = min(limits.least, 2 * shards)
    hour = max((minute.shards for minute in minutes[-DOWN_MINUTES:]), default=Fraction(0))
    if changes >= MOST_CHANGES - CHANGES_KEPT_FOR_GROWTH or len(minutes) < KNOWN_MINUTES:
        return max(shards, least)
    fewer = max(_within(ceil(hour / WANTED), limits, at_most=shards), ceil(Fraction(shards, 2)))
    return max(fewer, least)


def _within(wanted: int, limits: Limits, *, at_most: int) -> int:
    return min(max(wanted, limits.least), limits.most, at_most)
