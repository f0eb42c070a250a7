"""How much an action still counts after some time: half after each half-life. Without numpy, for those that serve."""

from __future__ import annotations

DAY_SECONDS = 86_400.0


def decayed(age_seconds: float, half_life_days: float) -> float:
    """What an action of this age counts, within (0, 1]; 1 at any age where the half-life is 0, and for the future."""
    if half_life_days <= 0 or age_seconds <= 0:
        return 1.0
    return float(0.5 ** (age_seconds / (half_life_days * DAY_SECONDS)))
