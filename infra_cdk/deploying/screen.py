"""How a command speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Screen:
    """A line that stays, a line of progress, and a question that is answered with yes or no."""

    say: Callable[[str], None]
    progress: Callable[[str], None]
    confirm: Callable[[str], bool]
