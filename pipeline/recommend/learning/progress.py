"""How far a training of a lake folder is, for everybody who may read the folder: one file, and a lock beside it.

The process that trains holds the lock until it ends, however it ends, so a reader of the file knows whether it is true
still. Where two train at once the first one is reported.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec

from catalogue.clock import utc_now
from catalogue.errors import TakingsError
from catalogue.files import atomic_write

FILE, LOCK = "recommendations.training.json", "recommendations.training.lock"  # in the lake's folder
LOST = "It ended before it was done: it was stopped, or the machine had too little memory."
_TRIES, _PAUSE_SECONDS = 20, 0.02  # a reader holds the lock for a moment
_FAILURE_CHARACTERS = 2_000

Progress = Callable[[str, float], None]


class Training(msgspec.Struct, frozen=True):
    """One training.

    Attributes
    ----------
    process : id of the process that trains
    step, done : what it does, and which share of it is done
    ended_at : None while it runs, and for one that was stopped
    failure : why it failed; empty where it did not
    """

    process: int
    started_at: datetime
    step: str = "Reading the lake"
    done: float = 0.0
    ended_at: datetime | None = None
    failure: str = ""


@contextmanager
def reported(root: Path, *, now: Callable[[], datetime] = utc_now) -> Iterator[Progress]:
    """Report a training of the lake at `root` until the block ends; yields what takes its steps.

    What is raised inside is reported as the failure, and travels on. That nothing can be written stops no training.
    """
    training = Training(os.getpid(), now())

    def report(step: str, done: float) -> None:
        nonlocal training
        training = msgspec.structs.replace(training, step=step, done=min(max(done, 0.0), 1.0))
        _write(root, training)

    with _lock(root) as is_first:
        if not is_first:
            yield lambda _step, _done: None
            return
        _write(root, training)
        try:
            yield report
        except BaseException as error:
            named = str(error) if isinstance(error, TakingsError) else f"{type(error).__name__}: {error}"
            _write(root, msgspec.structs.replace(training, ended_at=now(), failure=named[:_FAILURE_CHARACTERS]))
            raise
        _write(root, msgspec.structs.replace(training, done=1.0, ended_at=now()))


def last_training(root: Path) -> tuple[Training | None, bool]:
    """The last training of the lake at `root`, and whether it runs still; one that was stopped says so as its failure.

    None where there was none, or where its file cannot be read.
    """
    is_running = _is_locked(root)  # looked at first: one that ends meanwhile has written so
    try:
        training = msgspec.json.decode((root / FILE).read_bytes(), type=Training)
    except (OSError, msgspec.MsgspecError):
        return None, False
    if training.ended_at is not None:
        return training, False
    return (training, True) if is_running else (msgspec.structs.replace(training, failure=LOST), False)


@contextmanager
def _lock(root: Path) -> Iterator[bool]:
    """Hold the lock; yields whether nobody else does, and it can be held."""
    try:
        handle = (root / LOCK).open("a")
    except OSError:
        yield False
        return
    with handle:
        for _ in range(_TRIES):
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(_PAUSE_SECONDS)
        else:
            yield False
            return
        yield True


def _is_locked(root: Path) -> bool:
    try:
        with (root / LOCK).open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _write(root: Path, training: Training) -> None:
    with suppress(OSError):
        atomic_write(root / FILE, msgspec.json.encode(training), durable=False)
