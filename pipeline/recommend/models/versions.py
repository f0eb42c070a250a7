"""Versions other than the one in use, which an experiment names. Each is read once; a few are kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from pipeline.recommend.models.published import StoredModel

MOST_VERSIONS = 4  # beside the one in use: each is as large in memory as that one


class Versions:
    """Reads versions by name. Safe to use from threads.

    Parameters
    ----------
    read : reads one; None where it is not kept
    renew_after : seconds after which one that is missing, or could not be read, is looked for again
    clock : seconds that never go back
    """

    def __init__(
        self, read: Callable[[str], StoredModel | None], *, renew_after: float, clock: Callable[[], float]
    ) -> None:
        self._read, self._renew_after, self._clock = read, renew_after, clock
        self._known: OrderedDict[str, tuple[StoredModel | None, float]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, version: str) -> StoredModel | None:
        """One version; None where it is not kept, or could not be read a moment ago.

        Raises
        ------
        SourceError
            The storage does not answer, or the version is damaged.
        """
        with self._lock:
            found, looked_at = self._known.get(version, (None, None))
            if found is None and (looked_at is None or self._clock() - looked_at >= self._renew_after):
                try:
                    found = self._read(version)
                finally:
                    self._known[version] = found, self._clock()
            self._known.move_to_end(version)
            if len(self._known) > MOST_VERSIONS:
                self._known.popitem(last=False)
            return found
