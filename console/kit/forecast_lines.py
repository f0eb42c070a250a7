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
_TOP = 16


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
    return echarts.over_time(
        [*_DIMENSIONS, *more],
        rows,
        [*band(), *series],
        axis,
        Unit.MONEY,
        currency,
        x=echarts.day_axis(days),
        right=right,
        top=_TOP,
        hover=hover_text.table("{@day_name}", hover),
    )


def band() -> list[Spec]:
    """The interval: an unseen line at its low end, and a shaded one stacked on it as high as the interval is wide."""
    return [
        {
            "type": "line",
            "name": name,
            "stack": "interval",
            "stackStrategy": "all",
            "encode": {"x": "day", "y": dimension},
            "showSymbol": False,
            "silent": True,
            "lineStyle": {"opacity": 0},
            "itemStyle": {"color": echarts.GREY},
            "emphasis": {"disabled": True},
            "tooltip": {"show": False},
            "z": 1,
            **shade,
        }
        for name, dimension, shade in (
            ("Low", "low", {}),
            ("Interval", "height", {"areaStyle": {"color": BAND, "opacity": 1}}),
        )
    ]
