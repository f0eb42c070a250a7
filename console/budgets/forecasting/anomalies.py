"""Anomalies: days on which a service cost far more than usual, with the money at stake and the usage to blame.

Each service's usage types are compared with their own weekday baseline (`baseline`): a day is unusual when it lies
`UNUSUAL_SPREADS` spreads above the expected value and the difference matters to the whole bill. Consecutive unusual
days of a service are one episode. Because only earlier days decide, an episode keeps its key from day to day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from console.budgets.forecasting.baseline import baseline, runs
from console.budgets.forecasting.retail_days import RetailDay
from console.finops.decimals import DIGITS, ZERO, rounded, total

if TYPE_CHECKING:
    from console.budgets.forecasting.baseline import Flags, Floats

KIND = "anomaly"  # of the decisions that people take on them
UNUSUAL_SPREADS = 5.0  # a normal day gets there once in a million
SMALLEST_SPREAD = 0.10  # of the expected value: smaller movements are not worth a look
MATTERS_A_DAY = 0.02  # of what the whole bill usually is in a day
MATTERS_IN_ALL = 0.10  # of the same, over the episode
SMALLEST_MONEY = Decimal(1)  # of the billing currency: a smaller episode is not shown
BUSY = ("Black Friday", "Christmas")  # occasions on which more is expected
PATTERN_RUNS = 3  # bursts of a usage type after which another one, no larger than twice the largest, is usual
PATTERN_DAYS = 56  # before a burst, for the same
LARGER = 2.0
CHUNK = 256  # series judged at once: bounds the memory of wide bills


class ServiceUsage(NamedTuple):
    """A service and one of its usage types."""

    service: str
    usage_type: str


class UsageCost(NamedTuple):
    """What one usage type cost on one day."""

    day: date
    service: str
    usage_type: str
    amount: Decimal


class Blame(NamedTuple):
    """A usage type's part in the money at stake."""

    usage_type: str
    money: Decimal


@dataclass(frozen=True)
class Anomaly:
    """One episode.

    Attributes
    ----------
    key : service and first day; the same whenever it is looked for again
    start, end : first and last unusual day
    actual, expected : what its unusual usage types cost over the episode, and what they usually would have
    blame : usage types by money at stake, the largest first
    ongoing : whether the last known day belongs to it
    occasion : the busy retail days that all its days are, such as Black Friday; empty for none
    around : what the service cost by day, up to four weeks before and one after
    """

    key: str
    service: str
    start: date
    end: date
    actual: Decimal
    expected: Decimal
    blame: Sequence[Blame]
    ongoing: bool
    occasion: str
    around: Sequence[Decimal]

    @property
    def money(self) -> Decimal:
        """What is at stake: actual − expected."""
        return self.actual - self.expected

    @property
    def days(self) -> int:
        """How long it lasted, or has lasted."""
        return (self.end - self.start).days + 1

    @property
    def times(self) -> Decimal | None:
        """Actual ÷ expected; None where nothing was expected."""
        return self.actual / self.expected if self.expected else None


def find(
    used: Iterable[UsageCost],
    *,
    end: date | None = None,
    retail: Mapping[date, RetailDay] | None = None,
    missing: Collection[date] = (),
) -> list[Anomaly]:
    """Every episode, by money at stake, the largest first.

    Parameters
    ----------
    used : usage of any days, in any order; several of one day and usage type are added
    end : day after the last one that counts as known
    retail : retail days, as `retail_days` gives them
    missing : days of which nothing is known, such as a file that was not imported; they do not count as 0
    """
    import numpy as np

    kept = [cost for cost in used if end is None or cost.day < end]
    if not kept:
        return []
    first, last = min(cost.day for cost in kept), max(cost.day for cost in kept)
    days = [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
    amounts: dict[ServiceUsage, list[Decimal]] = {}
    for cost in kept:
        line = amounts.setdefault(ServiceUsage(cost.service, cost.usage_type), [ZERO] * len(days))
        place = (cost.day - first).days
        line[place] = DIGITS.add(line[place], cost.amount)
    names = sorted(amounts)
    values = np.array([[float(amount) for amount in amounts[name]] for name in names])
    values[:, [day in missing for day in days]] = np.nan
    expected, unusual = _judged(values, np.array([day.day == 1 for day in days]))

    found = []
    for service in sorted({name.service for name in names}):
        places = [place for place, name in enumerate(names) if name.service == service]
        flagged = unusual[places].any(axis=0)
        whole = [total(column) for column in zip(*(amounts[names[place]] for place in places), strict=True)]
        for begin, finish in runs(np.asarray(flagged)):
            span = slice(begin, finish)
            to_blame = [place for place in places if unusual[place, span].any()]
            actual = {place: total(amounts[names[place]][span]) for place in to_blame}
            usual = {place: rounded(float(expected[place, span].sum())) for place in to_blame}
            blame = [Blame(names[place].usage_type, actual[place] - usual[place]) for place in to_blame]
            found.append(
                Anomaly(
                    key=f"{service}|{days[begin]}",
                    service=service,
                    start=days[begin],
                    end=days[finish - 1],
                    actual=total(actual.values()),
                    expected=total(usual.values()),
                    blame=sorted(blame, key=lambda part: (-part.money, part.usage_type)),
                    ongoing=finish == len(days),
                    occasion=_occasion(days[span], retail or {}),
                    around=whole[max(begin - 28, 0) : finish + 7],
                )
            )
    least = [max(SMALLEST_MONEY, rounded(MATTERS_IN_ALL * float(usual))) for usual in _least(values)]
    worth = [anomaly for anomaly in found if anomaly.money >= least[(anomaly.start - first).days]]
    return sorted(worth, key=lambda anomaly: (-anomaly.money, anomaly.key))


def _judged(values: Floats, firsts: Flags) -> tuple[Floats, Flags]:
    """Expected values and unusual days, series × days."""
    import numpy as np

    expected, unusual = np.full(values.shape, np.nan), np.zeros(values.shape, dtype=bool)
    matters = MATTERS_A_DAY * _least(values)
    for begin in range(0, len(values), CHUNK):
        part = slice(begin, begin + CHUNK)
        usual, spread = baseline(values[part])
        usual = _monthly(values[part], usual, firsts)
        excess = values[part] - usual
        spread = np.maximum(spread, SMALLEST_SPREAD * np.abs(usual))
        with np.errstate(invalid="ignore"):
            unusual[part] = (excess > UNUSUAL_SPREADS * spread) & (excess > matters)
        expected[part] = usual
    for place in np.flatnonzero(unusual.any(axis=1)):
        unusual[place] = _out_of_pattern(values[place], expected[place], unusual[place])
    return expected, unusual


def _out_of_pattern(values: Floats, expected: Floats, unusual: Flags) -> Flags:
    """The unusual days without bursts that recur: a job that runs now and then is no incident.

    A burst is judged by earlier bursts only, so that its judgement never changes.
    """
    left = unusual.copy()
    bursts = runs(unusual)
    excess = values - expected
    for begin, finish in bursts:
        earlier = [
            excess[first:after].max() for first, after in bursts if after <= begin and begin - first <= PATTERN_DAYS
        ]
        if len(earlier) >= PATTERN_RUNS:
            left[begin:finish] &= excess[begin:finish] > LARGER * max(earlier)
    return left


def _monthly(values: Floats, expected: Floats, firsts: Flags) -> Floats:
    """Expected values in which a month's first day has at least the charges of the first before, such as support."""
    import numpy as np

    places = np.flatnonzero(firsts)
    for before, now in pairwise(places):
        expected[:, now] = np.fmax(expected[:, now], values[:, before])
    return expected


def _least(values: Floats) -> Floats:
    """What the whole bill usually is in a day: the median of the 28 days before; of as many as there are."""
    import numpy as np

    whole = values.sum(axis=0)
    usual = [_median(whole[max(place - 28, 0) : place]) for place in range(whole.size)]
    least: Floats = np.maximum(np.array(usual), 0.0)
    return least


def _median(values: Floats) -> float:
    """The median of the known days; 0 where none is known."""
    import numpy as np

    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else 0.0


def _occasion(days: Sequence[date], retail: Mapping[date, RetailDay]) -> str:
    names = {retail[day].name if day in retail else "" for day in days}
    return names.pop() if len(names) == 1 and names <= set(BUSY) else ""
