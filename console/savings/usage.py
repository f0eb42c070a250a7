"""Usage of the bill by day: realised savings are measured on it, and the sample's resources follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class BilledUsage:
    """Usage charges by day and usage type, and the days of the bill.

    Attributes
    ----------
    rows : of ``savings/usage_by_day``
    first_day, last_day : of the bill; the last day may be incomplete
    """

    rows: Sequence[Mapping[str, Any]]
    first_day: date
    last_day: date
