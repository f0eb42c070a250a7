"""Keeps the histories of customers beside the models: those that changed since the last training.

A pointer says until when histories are written. It moves last: a training that is killed half-way has written some,
and the next one writes at least the same ones again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import msgspec
import numpy as np

from pipeline.live.documents import pack, unpack
from pipeline.recommend.customers.histories import HISTORY_ITEMS
from pipeline.recommend.customers.keys import WRITTEN, history_key
from pipeline.recommend.customers.opted_out import refusing
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.learning.known_customers import KnownCustomers
from pipeline.recommend.models.items import Items, Key

MOST_LATE = 0.01  # share of the actions before the last training that may have come late; with more, an import was
_AT_ONCE = 2_000  # customers in one transaction of SQLite: others may write in between
_HOURS = 24
_HOUR_SECONDS = 3_600


class Written(msgspec.Struct, frozen=True, array_like=True):
    """What is written.

    Attributes
    ----------
    hour : since 1970, of the newest action that was known
    days : actions by day since 1970, as they were known when the histories of that day were written
    items : `HISTORY_ITEMS` of then
    """

    hour: int
    days: dict[int, int]
    items: int


class HistoryKeeper:
    """Keeps the histories of one training. Made before its data are read.

    Every method raises SourceError where the storage does not answer.

    Parameters
    ----------
    kept : how long a history stays after it was written: the window of the training
    beyond : products; shorter histories are not written. Where each costs money, those that live has anyway are not

    Attributes
    ----------
    refusing : digests of the customers who refuse: none of them may be in the data
    """

    def __init__(self, items: Items, *, now: datetime, kept: timedelta, beyond: int = 0) -> None:
        self._items, self._expires, self._beyond = items, now + kept, beyond
        self.refusing = refusing(items)
        packed = items.get(WRITTEN)
        self._before = unpack(packed, Written) if packed is not None else None

    @property
    def active_from(self) -> date | None:
        """The day since which histories may have changed; None before the first training."""
        return datetime.fromtimestamp(self._before.hour * _HOUR_SECONDS, UTC).date() if self._before else None

    def keep(self, interactions: Interactions) -> int:
        """Write the histories that changed, and say so; returns how many.

        A customer's is written again after an action in the newest hour of the last training or later. All are where
        there are more than `MOST_LATE` new actions of before, as after an import. Fewer ones, which came late, are
        written with the customer's next action.
        """
        customers = KnownCustomers.of(interactions)
        if not len(customers.customer):
            return 0
        before, days = self._before, _actions_by_day(interactions)
        chosen = np.diff(customers.starts) > self._beyond
        if before is not None and before.items == HISTORY_ITEMS and _is_complete(before, days):
            chosen &= customers.newest_hour >= before.hour
            days |= {day: before.days.get(day, 0) for day in days if day < before.hour // _HOURS}
        for some in _in_parts((history_key(digest), history) for digest, history in customers.packed(chosen)):
            self._items.put_all(some, expires=self._expires)
        self._items.delete_all(history_key(digest) for digest in refusing(self._items) - self.refusing)
        self._items.put_all([(WRITTEN, pack(Written(int(customers.newest_hour.max()), days, HISTORY_ITEMS)))])
        return int(chosen.sum())


def _actions_by_day(interactions: Interactions) -> dict[int, int]:
    days, counts = np.unique(interactions.at // (_HOURS * _HOUR_SECONDS), return_counts=True)
    return dict(zip(days.tolist(), counts.tolist(), strict=True))


def _is_complete(before: Written, days: dict[int, int]) -> bool:
    """Whether what is written has nearly all actions of the days before its last one."""
    earlier = {day: count for day, count in days.items() if day < before.hour // _HOURS}
    late = sum(max(0, count - before.days.get(day, 0)) for day, count in earlier.items())
    return late <= MOST_LATE * sum(earlier.values())


def _in_parts(items: Iterable[tuple[Key, bytes]]) -> Iterator[list[tuple[Key, bytes]]]:
    waiting = iter(items)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
