"""Learns what to recommend each night, soon after the first start, and on demand: in a process of low priority.

A process gives its memory back when it ends, and neither the collector nor the pages wait for its interpreter.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import IO
from zoneinfo import ZoneInfo

from catalogue.clock import utc_now
from catalogue.errors import SourceError
from pipeline.lake import Lake
from pipeline.recommend.models.model_store import ModelStore

NIGHT = time(3)  # in the lake's reporting time zone: the day before is complete, and nobody clicks
FIRST_WAIT = timedelta(minutes=1)  # after the start: the first pages come first
LOOK_AGAIN = timedelta(minutes=1)  # whether a training is due: every card that is kept is read for that
AGAIN = timedelta(hours=1)  # after one that failed, or that found nothing to recommend yet
_LOOK_SECONDS = 1.0
_STOP_SECONDS = 10.0
_MESSAGE_BYTES = 2_000


class NightlyTraining:
    """One training at a time. `step` is called again and again, and never waits for one.

    Parameters
    ----------
    nightly : False learns only what `request` asks for
    command : of the process (default: ``python -m pipeline recommend train --gently``)
    """

    def __init__(
        self,
        lake: Lake,
        models: ModelStore,
        *,
        nightly: bool = True,
        command: Sequence[str] | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        own = (sys.executable, "-m", "pipeline", "recommend", "train", "--gently", "--lake", str(lake.root))
        self._command = list(command or own)
        self._zone = ZoneInfo(lake.settings.reporting_time_zone)
        self._lake, self._models, self._now = lake, models, now
        self._nightly, self._is_requested = nightly, False
        self._next_attempt = now() + FIRST_WAIT
        self._process: subprocess.Popen[bytes] | None = None
        self._message: IO[bytes] | None = None

    def step(self) -> float:
        """Start a training that is due, or see whether the one under way has ended; returns seconds to wait.

        Raises
        ------
        SourceError
            A training failed; says how. It is tried again after `AGAIN`.
        """
        if self._process is not None:
            self._look(self._process)
        elif self._is_requested or (self._nightly and self._now() >= self._next_attempt):
            if not self._is_requested and not self._is_due():
                self._next_attempt = min(self._now() + LOOK_AGAIN, self._last_night() + timedelta(days=1))
                return _LOOK_SECONDS
            self._is_requested = False
            self._next_attempt = self._now() + AGAIN
            self._message = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
            self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=self._message)  # noqa: S603 - our own command
        return _LOOK_SECONDS

    def request(self) -> None:
        """Start a training with the next `step`, unless one is under way."""
        self._is_requested = self._process is None

    @property
    def is_requested(self) -> bool:
        """Whether a training was asked for and has not started yet."""
        return self._is_requested

    @property
    def process(self) -> int | None:
        """The id of the process that trains; None where none does."""
        return self._process.pid if self._process is not None else None

    def stop(self) -> None:
        """End a training that is under way: what it has published stays, and no half of a model is ever in use."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._ended()

    def _look(self, process: subprocess.Popen[bytes]) -> None:
        code = process.poll()
        if code is None:
            return
        message = self._ended()
        if code:
            raise SourceError(
                f"A training of recommendations ended with {code}: {message}",
                where=str(self._lake.root),
                remedy="The model before stays in use. Try `python -m pipeline recommend train`.",
            )

    def _ended(self) -> str:
        """Forget the process; returns the end of what it said."""
        text = b""
        if self._message is not None:
            self._message.seek(0)
            text = self._message.read()[-_MESSAGE_BYTES:]
            self._message.close()
        self._process = self._message = None
        return text.decode(errors="replace").strip()

    def _is_due(self) -> bool:
        """Whether nothing was learnt since the last night, and there is anything to learn from."""
        if not self._lake.state():
            return False
        cards = self._models.cards()
        return not cards or cards[0].trained_at < self._last_night()

    def _last_night(self) -> datetime:
        local = self._now().astimezone(self._zone)
        night = datetime.combine(local.date(), NIGHT, self._zone)
        return night if night <= local else datetime.combine(local.date() - timedelta(days=1), NIGHT, self._zone)
