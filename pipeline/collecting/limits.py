"""How much a sender may send: one bucket of tokens per write key, one token per record."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class TokenBuckets:
    """A bucket per name that fills at a steady rate up to its size. Safe to use from several threads.

    Parameters
    ----------
    rate : tokens a second that flow into each bucket
    size : the most that a bucket holds, which is how large a burst may be
    clock : seconds that never go back
    """

    def __init__(self, rate: float, size: float, clock: Callable[[], float] = time.monotonic) -> None:
        if rate <= 0 or size < 1:
            raise ValueError(f"A bucket needs a rate above 0 and a size of at least 1, not {rate} and {size}")
        self._rate, self._size, self._clock = rate, size, clock
        self._levels: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str, tokens: int) -> float:
        """Take tokens from a bucket; returns 0, or the seconds until it holds enough, and then takes nothing.

        A request larger than a bucket passes when the bucket is full and leaves it in debt; it could never pass else.
        """
        with self._lock:
            now = self._clock()
            level, since = self._levels.get(name, (self._size, now))
            level = min(self._size, level + (now - since) * self._rate)
            wanted = min(float(tokens), self._size)
            if level < wanted:
                self._levels[name] = (level, now)
                return (wanted - level) / self._rate
            self._levels[name] = (level - tokens, now)
            return 0.0
