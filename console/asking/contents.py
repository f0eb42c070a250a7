"""What the lake holds: its days, its slices, and whether every record is accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from console.asking.engines import Result
from console.asking.scope import Question, Scope

CONSERVATION = Question("lake/conservation")
SLICES = ("channel", "category", "region")


@dataclass(frozen=True)
class Contents:
    """What can be asked of a lake.

    Attributes
    ----------
    first_day, last_day : first and last day with events; None for an empty lake
    last_complete_day : the last day that is over: presets end with it
    channels, categories, regions : values that occur, sorted
    """

    first_day: date | None
    last_day: date | None
    last_complete_day: date | None
    channels: tuple[str, ...]
    categories: tuple[str, ...]
    regions: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is no event at all."""
        return self.first_day is None

    @property
    def incomplete_from(self) -> date | None:
        """The first day that is not over yet; None where all are."""
        if self.last_day is None or self.last_complete_day is None or self.last_day <= self.last_complete_day:
            return None
        return self.last_complete_day + timedelta(days=1)


def contents(scope: Scope, *, also: Sequence[Question] = ()) -> Contents:
    """The days and slices of the lake, as this viewer sees it.

    The questions `also` are asked at the same time, so that their answers are in the cache when they are needed.
    """
    days, slices, *_ = scope.ask_all([Question("lake/days"), Question("lake/slices"), *also])
    row, found = days.rows()[0], slices.rows()
    values = {name: tuple(one["value"] for one in found if one["slice"] == name) for name in SLICES}
    first, last = row["first_day"], row["last_day"]
    complete = None if last is None else max(min(last, scope.today - timedelta(days=1)), first)
    return Contents(first, last, complete, *(values[name] for name in SLICES))


def has_charges(scope: Scope) -> bool:
    """Whether the lake holds any charge of a cloud bill."""
    return scope.ask("spend/days").rows()[0]["first_day"] is not None


@dataclass(frozen=True)
class Conservation:
    """received = accepted + duplicates + quarantined; some of the accepted had amounts rounded to what the lake keeps.

    A refused record has no region that could be trusted, so a row filter hides all of them, and counts only the other
    records of the viewer's regions.
    """

    received: int
    accepted: int
    duplicates: int
    quarantined: int
    result: Result
    is_whole: bool = True
    rounded: int = 0

    @property
    def quarantined_share(self) -> Decimal | None:
        """Quarantined ÷ received; None for an empty lake, and where a row filter hides what was refused."""
        return Decimal(self.quarantined) / self.received if self.received and self.is_whole else None


def conservation(scope: Scope) -> Conservation:
    """Every record that this viewer may see, accounted for."""
    result = scope.ask(CONSERVATION.query)
    return Conservation(**result.rows()[0], result=result, is_whole=scope.row_filter.regions is None)
