"""What the charts of days to come share: the past as a line, what is to come dashed, and its interval as a band."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from console.asking.figures import Unit
from console.kit import echarts, hover_text, scales
from console.kit.echarts import Spec

BAND = "rgba(141, 149, 158, 0.28)"
EDGE = 22  # half of the last day's name is to the right of the last day
_DIMENSIONS = ("day", "day_name", "actual", "coming", "low", "height", "actual_text", "coming_text", "interval_text")
_TOP, _BOTTOM = 16, 26


def layout(
    days: Sequence[date],
    rows: list[list[object]],
    series: Sequence[Spec],
    axis: scales.Axis,
    currency: str,
    *,
    name: str,
    right: int = EDGE,
    more: Sequence[str] = (),
    also: Sequence[tuple[str, str]] = (),
) -> Spec:
    """The chart: the interval as a band, and `series` over it.

    Parameters
    ----------
    rows : position and name of the day, then what `_DIMENSIONS` and `more` name
    name : of what is known
    right : pixels right of the last day
    more : further dimensions
    also : further lines of the hover text, name and dimension
    """
    lines = [(name, "actual_text"), ("Forecast", "coming_text"), ("In 4 of 5 cases", "interval_text"), *also]
    hover = (hover_text.row(title, f"{{@{dimension}}}") for title, dimension in lines)
    return echarts.plot(
        [*_DIMENSIONS, *more],
        rows,
        [*band(), *series, echarts.ticks(axis, Unit.MONEY, currency)],
        x=echarts.day_axis(days),
        y=echarts.value_axis(axis.low, axis.high),
        edges=(echarts.ticks_width(axis, Unit.MONEY, currency), right, _TOP, _BOTTOM),
        hover=hover_text.table("{@day_name}", hover),
    )


def band() -> list[Spec]:
    """The interval: an unseen line at its low end, and a shaded one stacked on it as high as the interval is wide."""
    common: Spec = {
        "type": "line",
        "stack": "interval",
        "stackStrategy": "all",
        "showSymbol": False,
        "silent": True,
        "lineStyle": {"opacity": 0},
        "emphasis": {"disabled": True},
        "tooltip": {"show": False},
        "z": 1,
    }
    return [
        common | {"name": "Low", "encode": {"x": "day", "y": "low"}, "itemStyle": {"color": echarts.GREY}},
        common
        | {
            "name": "Interval",
            "encode": {"x": "day", "y": "height"},
            "itemStyle": {"color": echarts.GREY},
            "areaStyle": {"color": BAND, "opacity": 1},
        },
    ]
