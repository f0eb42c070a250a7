"""How far Live is behind, in sentences."""

from __future__ import annotations

from datetime import UTC

from console.asking import formatting as text
from console.asking.figures import Unit
from console.live.source import Snapshot, Waiting


def state(snapshot: Snapshot) -> tuple[str, str]:
    """Whether what is shown is up to date, in a few words, and what waits, in sentences (empty where nothing does)."""
    waiting = snapshot.waiting
    if waiting is None:
        if snapshot.newest is None:
            return "Nothing was received in the last hour", ""
        return f"The newest record shown is {_seconds((snapshot.now - snapshot.newest).total_seconds())} old", ""
    if not waiting.is_late:
        behind = f"{_seconds(waiting.seconds)} behind" if waiting.seconds else "nothing waits"
        return f"Up to date: {behind}", ""
    title = "Catching up: what happens now is shown, an earlier part is missing"
    if waiting.seconds > 0 and (not waiting.left_out or waiting.seconds > 5):
        title = f"{_seconds(waiting.seconds)} behind"
    return title, _sentences(waiting)


def withheld(waiting: Waiting) -> str:
    """The note of a figure of the hour while records wait."""
    return f"incomplete: about {text.compact(waiting.records, Unit.COUNT)} records wait"


def not_yet(snapshot: Snapshot) -> list[str]:
    """What is acknowledged and counted neither here nor in the lake's tables."""
    lines = []
    waiting, uncurated = snapshot.waiting, snapshot.uncurated
    if waiting is not None and waiting.is_late:
        lines.append(f"Acknowledged, not yet counted here: about {text.count(waiting.records)}.")
    if uncurated is not None and uncurated.records:
        age = _seconds(uncurated.seconds)
        lines.append(f"Acknowledged, not yet curated: about {text.count(uncurated.records)}; tables are {age} behind.")
    return lines


def _sentences(waiting: Waiting) -> str:
    records = f"About {text.compact(waiting.records, Unit.COUNT)} records wait"
    spans = [f"{since.astimezone(UTC):%H:%M:%S}–{till.astimezone(UTC):%H:%M:%S}" for since, till in waiting.left_out]
    if spans:
        shown = f"{spans[0]} and later" if len(spans) > 2 else " and ".join(spans)
        records += f"; received {shown} UTC, they are in no figure yet"
    if waiting.per_second is None:
        return f"{records}."
    if not waiting.per_second:
        return f"{records}. None is being counted now: is the collector's process running?"
    pace = f"Counting {text.count(max(1, round(waiting.per_second)))} a second"
    if waiting.seconds_left is None:
        return f"{records}. {pace}; more arrive than are counted."
    return f"{records}. {pace}, about {_seconds(waiting.seconds_left)} left."


def _seconds(seconds: float) -> str:
    """Seconds up to ten minutes, beyond in the largest fitting unit."""
    return f"{round(seconds)} s" if 10 <= seconds < 600 else text.duration(seconds)
