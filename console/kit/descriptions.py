"""Charts in words, for those who cannot see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from console.asking import formatting as text
from console.asking.figures import Number, Unit


def by_day(title: str, days: Sequence[date], values: Sequence[Number | None], unit: Unit, currency: str) -> str:
    """Its span, its highest and its lowest value."""
    known = [(value, day) for day, value in zip(days, values, strict=True) if value is not None]
    if not known:
        return f"{title}: no values"
    highest, on = max(known)
    lowest, low_on = min(known)
    return (
        f"{title}, {text.day(days[0])} to {text.day(days[-1])}: "
        f"highest {text.exact(highest, unit, currency)} on {text.day(on)}, "
        f"lowest {text.exact(lowest, unit, currency)} on {text.day(low_on)}"
    )


def bars(title: str, labels: Sequence[str], values: Sequence[Number | None], unit: Unit, currency: str) -> str:
    """Its first five values, and how many more there are."""
    listed = [f"{label} {text.exact(value, unit, currency)}" for label, value in zip(labels, values, strict=True)]
    more = f", and {text.count(len(listed) - 5)} more" if len(listed) > 5 else ""
    return f"{title}: " + (", ".join(listed[:5]) + more if listed else "no values")
