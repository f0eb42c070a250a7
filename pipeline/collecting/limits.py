"""How much a sender may send: buckets of tokens, one token per record.

Each write key has a bucket. A public key, which anybody can read in a page, has one more for each network that sends
with it, so that one visitor who makes events up neither fills the lake nor uses up the whole shop's share.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network

FORGET_ABOVE = 10_000  # buckets: before there are more, those that are full again are forgotten; some 3 MB


class TokenBuckets:
    """A bucket per name that fills at a steady rate up to its size. Safe to use from several threads.

    A name that is not used for ``size / rate`` seconds has a full bucket again, like one that was never used: it is
    forgotten, so that endless names take no endless memory.

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
        self._forget_above = FORGET_ABOVE
        self._lock = threading.Lock()

    def take(self, name: str, tokens: int) -> float:
        """Take tokens from a bucket; returns 0, or the seconds until it holds enough, and then takes nothing.

        A request larger than a bucket passes when the bucket is full and leaves it in debt; it could never pass else.
        """
        with self._lock:
            now = self._clock()
            if len(self._levels) >= self._forget_above:
                self._forget(now)
            level, since = self._levels.get(name, (self._size, now))
            level = min(self._size, level + (now - since) * self._rate)
            wanted = min(float(tokens), self._size)
            if level < wanted:
                self._levels[name] = (level, now)
                return (wanted - level) / self._rate
            self._levels[name] = (level - tokens, now)
            return 0.0

    def __len__(self) -> int:
        return len(self._levels)

    def _forget(self, now: float) -> None:
        """Forget full buckets. The caller holds the lock."""
        self._levels = {
            name: (level, since)
            for name, (level, since) in self._levels.items()
            if level + (now - since) * self._rate < self._size
        }
        # not again at the next name, where most are in use: each look goes through them all
        self._forget_above = max(FORGET_ABOVE, 2 * len(self._levels))


def network_of(address: str) -> str:
    """Whom an address belongs to: itself in IPv4, its /64 in IPv6, of which each household has one at least."""
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address)
    except ValueError:  # no address: a name that a proxy wrote
        return address
    return str(parsed.ipv4_mapped or IPv6Network((parsed.packed, 64), strict=False))
