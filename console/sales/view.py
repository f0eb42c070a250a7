"""How sales are drawn: by day, by slice, and the table of categories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from console.asking.figures import Unit
from console.asking.periods import Period, RetailEvent, retail_event
from console.kit import charts, tables
from console.sales.answer import Measured, Revenue, Slice

MOST_EVENT_DAYS = 100  # beyond that, the shades of the retail calendar are too thin to read


def by_day(now: Measured, comparisons: Sequence[Measured], currency: str, incomplete_from: date | None) -> charts.Chart:
    """Net revenue by day against the comparisons, Black Friday shaded."""
    return charts.by_day(
        now.daily.days,
        now.daily.net_revenue,
        unit=Unit.MONEY,
        currency=currency,
        title="Net revenue by day",
        compare=[(other.label, other.daily.net_revenue) for other in comparisons],
        compare_days=[other.daily.days for other in comparisons],
        incomplete_from=incomplete_from,
        events=_events(now.daily.period),
    )


def by_slice(title: str, slices: Sequence[Slice], comparisons: Sequence[Measured], currency: str) -> charts.Chart:
    """Net revenue by category, region or channel, largest first, the first comparison marked on each bar."""
    label = comparisons[0].label if comparisons else ""
    return charts.bars(
        [part.name for part in slices],
        [part.net_revenue for part in slices],
        unit=Unit.MONEY,
        currency=currency,
        comparison=(label, [part.before for part in slices]) if comparisons else None,
        title=title,
    )


def category_table(revenue: Revenue, currency: str, about: Sequence[tuple[str, str]]) -> None:
    """Every category with its share, its margin, and its change where there is a comparison."""
    compared = {
        "before": tables.Column("Compared with", Unit.MONEY, currency),
        "change": tables.Column("Change", Unit.MONEY, currency),
    }
    tables.show(
        revenue.by_category,
        {
            "name": tables.Column("Category"),
            "net_revenue": tables.Column("Net revenue", Unit.MONEY, currency),
            **(compared if revenue.comparisons else {}),
            "share": tables.Column("Share", Unit.PERCENT),
            "gross_margin_rate": tables.Column("Margin", Unit.PERCENT, help="Of the lines whose cost is known"),
            "refunds": tables.Column("Refunds", Unit.MONEY, currency),
            "units": tables.Column("Units", Unit.COUNT),
        },
        export_as="revenue-by-category",
        title="Net revenue by category",
        about=about,
    )


def _events(period: Period) -> list[tuple[str, Period]]:
    """Black Friday of each year; the chart leaves out what lies outside of its days."""
    if period.days > MOST_EVENT_DAYS:
        return []
    years = range(period.start.year, period.last_day.year + 1)
    event = RetailEvent.BLACK_FRIDAY
    return [(event.label, retail_event(event, year)) for year in years]
