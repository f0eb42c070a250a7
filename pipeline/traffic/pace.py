"""Visitors' events as requests at a steady rate, some of them repeated or broken."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from threading import Event
from time import monotonic

import msgspec

from catalogue.errors import StreamFull, StreamUnavailable
from pipeline.sample.command import DEFAULT_SEED
from pipeline.sample.refused import DAMAGES
from pipeline.sample.shop import open_shop
from pipeline.traffic.visitors import Visitors

BATCH = 10  # events per request, the average of trackers
DUPLICATES = 0.004  # of events are sent again later, as by a sender that missed the answer
BROKEN = 0.002  # of events are damaged on the way; only views are, so that no revenue is missing
REPEATED_WITHIN = 1_000  # events
FILLED_WITHIN = 1.0  # seconds: at a low rate batches get smaller, not rarer
MOST_LAG = 1.0  # seconds that are caught up after a slow answer; what is later is not sent all at once
AGAIN_AFTER = 1.0  # seconds after which a full or unreachable stream is tried again

_VIEW = b'"event_type":"product_view"'
_ENCODER = msgspec.json.Encoder()


def play(rate: float, post: Callable[[bytes], None], stop: Event, *, batch: int = BATCH) -> None:
    """Send the events of the sample shop's visitors to a collector in the same process, until `stop` is set.

    Parameters
    ----------
    rate : events per second
    post : takes the body of one request, newline-delimited JSON. If it raises `StreamFull` or `StreamUnavailable`, the
        same body is sent again.
    stop : ends it within a second, or as soon as `post` returns
    """
    for body in bodies(rate, batch, stop):
        while not stop.is_set():
            try:
                post(body)
            except (StreamFull, StreamUnavailable):
                stop.wait(AGAIN_AFTER)
            else:
                break


def bodies(rate: float, batch: int, stop: Event, clock: Callable[[], float] = monotonic) -> Iterator[bytes]:
    """Request bodies of up to `batch` records, at `rate` records per second, until `stop` is set."""
    chance = random.Random()  # noqa: S311 - no secret depends on it
    events = records(Visitors(open_shop(DEFAULT_SEED), rate), chance)
    size = max(1, min(batch, int(rate * FILLED_WITHIN)))
    due = clock()
    while not stop.is_set():
        early = due - clock()
        if early > 0:
            stop.wait(early)
            continue
        due = max(due, clock() - MOST_LAG) + size / rate
        yield b"\n".join(damaged(list(islice(events, size)), chance))


def records(visitors: Visitors, chance: random.Random) -> Iterator[bytes]:
    """Visitors' events as JSON without end, a few of them twice."""
    recent: deque[bytes] = deque(maxlen=REPEATED_WITHIN)
    for record in encoded(visitors):
        yield record
        recent.append(record)
        if chance.random() < DUPLICATES:
            yield chance.choice(recent)


def encoded(visitors: Visitors) -> Iterator[bytes]:
    """Visitors' events as JSON without end."""
    while True:
        yield from map(_ENCODER.encode, visitors.act())


def damaged(intact: list[bytes], chance: random.Random) -> list[bytes]:
    """The records of a request, rarely with one of them broken; never all: the collector would refuse the request."""
    views = [place for place, record in enumerate(intact) if _VIEW in record]
    if len(intact) < 2 or not views or chance.random() >= BROKEN * len(intact):
        return intact
    place = chance.choice(views)
    _name, damage = chance.choice(DAMAGES)
    return [*intact[:place], damage(intact[place]), *intact[place + 1 :]]
