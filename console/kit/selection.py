"""What a reader can choose and what that means: from the link to periods and slices. Draws nothing, reads no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from console.asking import formatting as text
from console.asking.contents import SLICES
from console.asking.periods import (
    Comparison,
    Period,
    Preset,
    compared,
    event_in,
    preset_period,
)
from console.asking.slices import Slices
from console.kit.link import Query, first

DEFAULT_PRESET = Preset.LAST_28_DAYS
MOST_COMPARISONS = 2
PARAMETERS = ("period", "from", "to", "compare", *SLICES)

_Choice = TypeVar("_Choice", Preset, Comparison)


@dataclass(frozen=True)
class FilterOptions:
    """What can be chosen: days, from the first to the last one, and the values of each slice."""

    first_day: date
    last_day: date
    channels: Sequence[str] = ()
    categories: Sequence[str] = ()
    regions: Sequence[str] = ()

    def values(self, name: str) -> Sequence[str]:
        """The values of one slice by its URL key."""
        return {"channel": self.channels, "category": self.categories, "region": self.regions}[name]


@dataclass(frozen=True)
class Selection:
    """What the reader chose.

    Attributes
    ----------
    period : the days asked for
    comparisons : (name, period) of at most two, only those that meet at least one day of data
    slices : the channels, categories and regions
    hints : why a comparison chosen is missing or partly covered, one sentence each
    """

    period: Period
    comparisons: tuple[tuple[str, Period], ...]
    slices: Slices
    hints: tuple[str, ...]

    @property
    def is_filtered(self) -> bool:
        """Whether a slice leaves rows out."""
        return self.slices != Slices()

    def describe(self) -> list[tuple[str, str]]:
        """(name, text) lines that say what was asked, for exports."""
        lines = [("Period", f"{self.period.label()} ({self.period.days} days)")]
        lines += [("Compared with", f"{name}: {period.label()}") for name, period in self.comparisons]
        values = (self.slices.channels, self.slices.categories, self.slices.regions)
        return lines + [
            (name.capitalize(), text.names(chosen, "all")) for name, chosen in zip(SLICES, values, strict=True)
        ]


@dataclass(frozen=True)
class FilterState:
    """What the widgets of the filter bar hold: a valid reading of the URL."""

    preset: Preset = DEFAULT_PRESET
    dates: tuple[date, date] | None = None  # custom dates, both included
    comparisons: tuple[Comparison, ...] = (Comparison.PREVIOUS,)
    slices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_query(self) -> Query:
        """The URL that reopens this state; defaults are left out."""
        query: Query = {}
        if self.preset is not DEFAULT_PRESET:
            query["period"] = [self.preset.value]
        if self.preset is Preset.CUSTOM and self.dates is not None:
            query["from"], query["to"] = [self.dates[0].isoformat()], [self.dates[1].isoformat()]
        if self.comparisons != FilterState.comparisons:
            query["compare"] = [comparison.value for comparison in self.comparisons] or ["none"]
        for name in SLICES:
            if self.slices.get(name):
                query[name] = list(self.slices[name])
        return query


def read(query: Mapping[str, Sequence[str]], options: FilterOptions) -> FilterState:
    """The state a URL asks for. Whatever cannot be used falls back to its default; nothing raises."""
    preset = _member(Preset, first(query, "period")) or DEFAULT_PRESET
    dates = None
    if preset is Preset.CUSTOM:
        dates = _custom_dates(first(query, "from"), first(query, "to"), options)
        preset = Preset.CUSTOM if dates else DEFAULT_PRESET
    comparisons = FilterState.comparisons
    if query.get("compare"):
        asked = [_member(Comparison, value) for value in query["compare"]]
        known = tuple(dict.fromkeys(comparison for comparison in asked if comparison is not None))
        if known or "none" in query["compare"]:
            comparisons = known[:MOST_COMPARISONS]
    slices = {}
    for name in SLICES:
        allowed = set(options.values(name))
        slices[name] = tuple(dict.fromkeys(value for value in query.get(name, ()) if value in allowed))
    return FilterState(preset, dates, comparisons, slices)


def select(state: FilterState, options: FilterOptions) -> Selection:
    """The periods and slices that a state means for the data there is."""
    if state.preset is Preset.CUSTOM and state.dates is not None:
        period = Period(state.dates[0], state.dates[1] + timedelta(days=1))
    else:
        period = preset_period(state.preset, options.first_day, options.last_day)
    found: list[tuple[str, Period]] = []
    hints: list[str] = []
    for comparison in state.comparisons:
        name, other = _comparison_name(comparison, period), compared(period, comparison)
        if other is None:
            hints.append("No retail event lies in this period.")
        elif other.start < options.first_day:
            # compared with a part of a period, this one would show growth that never was
            since = text.day(options.first_day)
            hints.append(f"{name} ({other.label()}) is not compared: the data starts on {since}.")
        else:
            found.append((name, other))
    slices = Slices(*(state.slices.get(name, ()) for name in SLICES))
    return Selection(period, tuple(found), slices, tuple(hints))


def _comparison_name(comparison: Comparison, period: Period) -> str:
    event = event_in(period) if comparison is Comparison.EVENT else None
    return f"{event[0].label} {event[1] - 1}" if event else comparison.label


def _custom_dates(start: str, last: str, options: FilterOptions) -> tuple[date, date] | None:
    """Both dates moved into the days of the data; None where they are no dates, reversed or wholly outside."""
    try:
        days = date.fromisoformat(start), date.fromisoformat(last)
    except ValueError:
        return None
    first, final = max(days[0], options.first_day), min(days[1], options.last_day)
    return (first, final) if days[0] <= days[1] and first <= final else None


def _member(kind: type[_Choice], value: str) -> _Choice | None:
    try:
        return kind(value)
    except ValueError:
        return None
