"""Charts of sales, as pages ask for them: what an insight measured, put into the general charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from console.asking.figures import Unit
from console.asking.periods import RETAIL_EVENT_LABELS, Period, RetailEvent, retail_event
from console.kit import charts
from console.sales.answer import Measured, Slice

MOST_EVENT_DAYS = 100  # beyond that, the shades of the retail calendar are too thin to read


def by_day(now: Measured, comparisons: Sequence[Measured], currency: str, incomplete_from: date | None) -> charts.Chart:
    """Net revenue by day against the comparisons, Black Friday shaded."""
    return charts.by_day(
        now.daily.days,
        now.daily.net_revenue,
        unit=Unit.MONEY,
        currency=currency,
        title="Net revenue by day",
        compare=[(each.label, each.daily.net_revenue) for each in comparisons],
        compare_days=[each.daily.days for each in comparisons],
        incomplete_from=incomplete_from,
        events=_events(now.daily.period),
    )


def by_slice(title: str, slices: Sequence[Slice], comparisons: Sequence[Measured], currency: str) -> charts.Chart:
    """Net revenue by category, region or channel, largest first, the first comparison marked on each bar."""
    label = comparisons[0].label if comparisons else ""
    return charts.bars(
        [each.name for each in slices],
        [each.net_revenue for each in slices],
        unit=Unit.MONEY,
        currency=currency,
        comparison=(label, [each.before for each in slices]) if comparisons else None,
        title=title,
    )


def _events(period: Period) -> list[tuple[str, Period]]:
    if period.days > MOST_EVENT_DAYS:
        return []
    years = range(period.start.year, period.last_day.year + 1)
    spans = [
        (RETAIL_EVENT_LABELS[RetailEvent.BLACK_FRIDAY], retail_event(RetailEvent.BLACK_FRIDAY, year)) for year in years
    ]
    return [(name, span) for name, span in spans if span.start < period.end and period.start < span.end]
