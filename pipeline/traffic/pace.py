"""Visitors' actions as requests at a steady rate, with what goes wrong on the way: repetitions and broken records."""

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

BATCH = 10  # events a request, as trackers send on average
DUPLICATES = 0.004  # of events are sent again later: a sender that has not heard the answer
BROKEN = 0.002  # of events are damaged on the way; only views are, so that no revenue is missing
REPEATED_WITHIN = 1_000  # events
FILLED_WITHIN = 1.0  # seconds: a gentle stream sends smaller batches rather than rarer ones
FORGIVEN = 1.0  # seconds a slow collector may lag; beyond, its visitors wait rather than come all at once
AGAIN_AFTER = 1.0  # seconds after which a full or unreachable stream is tried again

_VIEW = b'"event_type":"product_view"'
_ENCODER = msgspec.json.Encoder()


def play(rate: float, post: Callable[[bytes], None], stop: Event, *, batch: int = BATCH) -> None:
    """Send the sample shop's visitors to a collector in the same process, until told to stop.

    Parameters
    ----------
    rate : events per second
    post : takes the body of one request, newline-delimited JSON; what it answers is its own affair. Where it raises
        `StreamFull` or `StreamUnavailable` the same body is tried again, as any sender would.
    stop : ends the play within a second, or as soon as `post` returns
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
    """Request bodies of up to `batch` records each, at the pace of `rate` records per second, until told to stop."""
    fate = random.Random()  # noqa: S311 - a network's mood, not a secret
    arriving = records(Visitors(open_shop(DEFAULT_SEED), rate), fate)
    size = max(1, min(batch, int(rate * FILLED_WITHIN)))
    due = clock()
    while not stop.is_set():
        early = due - clock()
        if early > 0:
            stop.wait(early)
            continue
        due = max(due, clock() - FORGIVEN) + size / rate
        yield b"\n".join(damaged(list(islice(arriving, size)), fate))


def records(visitors: Visitors, fate: random.Random) -> Iterator[bytes]:
    """What visitors do as JSON records, for ever; a few come twice."""
    recent: deque[bytes] = deque(maxlen=REPEATED_WITHIN)
    for record in encoded(visitors):
        yield record
        recent.append(record)
        if fate.random() < DUPLICATES:
            yield fate.choice(recent)


def encoded(visitors: Visitors) -> Iterator[bytes]:
    """What visitors do as JSON records, for ever."""
    while True:
        yield from map(_ENCODER.encode, visitors.act())


def damaged(sound: list[bytes], fate: random.Random) -> list[bytes]:
    """Records as they arrive: rarely, one of several is broken. A body of nothing but rubbish is refused whole."""
    views = [place for place, record in enumerate(sound) if _VIEW in record]
    if len(sound) < 2 or not views or fate.random() >= BROKEN * len(sound):
        return sound
    place = fate.choice(views)
    _name, damage = fate.choice(DAMAGES)
    return [*sound[:place], damage(sound[place]), *sound[place + 1 :]]
