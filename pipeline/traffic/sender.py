"""One kept-alive HTTP connection to a collector, which sends a request again until the collector accepts it."""

from __future__ import annotations

import http.client
import random
from math import ceil
from threading import Event
from time import monotonic
from urllib.parse import urlsplit

import msgspec

from catalogue.errors import SettingsError, StreamUnavailable, TakingsError

TIMEOUT_SECONDS = 10.0
GIVES_UP_AFTER = 30.0  # seconds without any answer
LONGEST_BACKOFF = 8.0
PATH = "/v1/events"


class Tally(msgspec.Struct):
    """Records sent and the collector's verdicts on them; `latencies` are in seconds, one per accepted request."""

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    latencies: list[float] = []

    def add(self, other: Tally) -> None:
        """Add the counts of another tally, without its latencies: a long run would fill the memory."""
        self.sent += other.sent
        self.accepted += other.accepted
        self.duplicates += other.duplicates
        self.quarantined += other.quarantined

    def __str__(self) -> str:
        slowest = f", p99 {1000 * percentile(self.latencies, 0.99):.1f} ms" if self.latencies else ""
        return (
            f"{self.sent:,} sent = {self.accepted:,} accepted + {self.duplicates:,} duplicates"
            f" + {self.quarantined:,} quarantined{slowest}"
        )


def percentile(values: list[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed (nearest rank); `values` is not empty."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


class Sender:
    """Posts newline-delimited JSON to a collector.

    Parameters
    ----------
    url : the collector's address, such as ``http://127.0.0.1:8501``; its path is ``/v1/events`` unless it has one
    key : write key
    stop : ends every wait
    """

    def __init__(self, url: str, key: str, stop: Event) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"{url} is no address of a collector", remedy="Name one such as http://127.0.0.1:8501.")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
        self._path = parts.path if parts.path.strip("/") else PATH
        self._headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {key}"}
        self._url = url
        self._stop = stop

    def post(self, body: bytes) -> Tally | None:
        """Send one body until it is accepted; None if `stop` was set first.

        Raises
        ------
        SettingsError
            The collector does not know the write key.
        StreamUnavailable
            Nothing answered for `GIVES_UP_AFTER` seconds.
        TakingsError
            The collector refused the request for good.
        """
        attempt, answered_at = 0, monotonic()
        while not self._stop.is_set():
            started = monotonic()
            pause = 0.0
            try:
                status, after, answer = self._exchange(body)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()  # opens again by itself
                if monotonic() - answered_at > GIVES_UP_AFTER:
                    raise StreamUnavailable(
                        f"No collector answers: {error}", where=self._url, remedy="Start one with make run, or name it."
                    ) from error
            else:
                answered_at = monotonic()
                if status < 300:
                    return self._tally(body, answer, answered_at - started)
                self._refuse_for_good(status, answer)
                pause = after
            backoff = min(LONGEST_BACKOFF, 0.2 * 2.0**attempt)
            attempt += 1
            self._stop.wait(max(pause, random.uniform(0, backoff)))  # noqa: S311 - full jitter
        return None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _exchange(self, body: bytes) -> tuple[int, float, bytes]:
        self._connection.request("POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        after = response.getheader("Retry-After", "")
        return response.status, float(after) if after.isdigit() else 0.0, response.read()

    def _tally(self, body: bytes, answer: bytes, seconds: float) -> Tally:
        try:
            tally = msgspec.json.decode(answer, type=Tally)
        except msgspec.MsgspecError as error:
            raise TakingsError(
                f"The answer cannot be read: {error}", where=self._url, remedy="Is this a Takings collector?"
            ) from error
        tally.sent, tally.latencies = body.count(b"\n") + 1, [seconds]
        return tally

    def _refuse_for_good(self, status: int, answer: bytes) -> None:
        if status == http.client.UNAUTHORIZED:
            raise SettingsError(
                "The collector does not know the write key",
                where=self._url,
                remedy="Give one with --key; python -m pipeline keys makes one.",
            )
        if status not in (408, 429) and status < 500:
            reason = answer[:200].decode("utf-8", "replace")
            raise TakingsError(f"The collector refused the request with status {status}: {reason}", where=self._url)
