"""The embedded platform inside a server that also shows pages: a failure to start is reported, and not fatal.

The server's routes are made before the platform runs, and its pages are worth showing when the platform cannot: the
lake is missing, or another process runs on it. `HostedPlatform` keeps the reason.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from catalogue.errors import StreamUnavailable, TakingsError
from pipeline.collecting.collector import Collector
from pipeline.collecting.envelope import Request
from pipeline.collecting.keys import FILE, KeyFile
from pipeline.embedded.platform import Platform
from pipeline.embedded.recommending import Recommending
from pipeline.recommend.serving.service import RecommendationService
from pipeline.traffic import play

SOURCE = "sample-traffic"
_BUSY = (429, 503)
_NOT_STARTED = "The pipeline is starting."


class HostedPlatform:
    """A platform that starts and stops with its server.

    Parameters
    ----------
    build : makes the platform; called by `start`
    traffic : events per second of the sample shop to play against it; only a lake that holds the sample year is played
        to, so that made-up sales never mix with real ones
    """

    def __init__(self, build: Callable[[], Platform], *, traffic: float = 0.0) -> None:
        self._build = build
        self._rate = traffic
        self._platform: Platform | None = None
        self._failure = _NOT_STARTED
        self._ending = threading.Event()
        self._playing: threading.Thread | None = None

    @property
    def collector(self) -> Collector | None:
        """The collector; None before the start and after the stop."""
        return self._platform.collector if self._platform else None

    @property
    def recommendations(self) -> RecommendationService | None:
        """What answers requests for recommendations; None where nothing can."""
        return self._platform.recommendations if self._platform else None

    @property
    def recommending(self) -> Recommending | None:
        """The models that recommendations are made from, and what learns them; None before the start."""
        return self._platform.recommending if self._platform else None

    def unready(self) -> str | None:
        """Why no events can be taken now, in a sentence; None where they can."""
        return self._platform.unready() if self._platform else self._failure

    def start(self) -> str | None:
        """Start the platform and the traffic; what failed, in a sentence, or None."""
        try:
            platform = self._build()
            platform.start()
        except TakingsError as error:
            self._failure = str(error)
            return self._failure
        self._platform = platform
        if self._rate > 0 and platform.lake.is_sample:
            self._playing = threading.Thread(target=self._play, args=(_own_key(platform),), name="traffic", daemon=True)
            self._playing.start()
        return None

    def stop(self) -> None:
        """Stop the traffic, then the platform with everything it still holds."""
        self._ending.set()
        if self._playing is not None:
            self._playing.join()
        if self._platform is not None:
            self._platform.stop()

    def _play(self, secret: str) -> None:
        headers = {"authorization": f"Bearer {secret}", "content-type": "application/x-ndjson"}

        def post(body: bytes) -> None:
            collector = self.collector
            if collector is None or collector.answer(Request("POST", "/v1/events", headers, {}, body)).status in _BUSY:
                raise StreamUnavailable("The collector is busy", remedy="Send the same events again.")

        play(self._rate, post, self._ending)


def _own_key(platform: Platform) -> str:
    """A write key for this run; the one of the run before ends."""
    keys = KeyFile(platform.lake.root / FILE)
    if any(key.source == SOURCE for key in keys.all()):
        return keys.rotate(SOURCE, timedelta(0))[1]
    return keys.create(SOURCE)[1]
