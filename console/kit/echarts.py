"""The one chart template, as pieces of ECharts options: lines, axes, hover text, shaded days, the phone's variant.

ECharts gets no JavaScript from us, so every text a reader sees is written in Python and travels as a column of the
data; templates such as ``{@exact}`` name that column.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from console.asking import formatting as text
from console.asking.figures import Number, Unit
from console.kit import scales

Spec = dict[str, Any]

GREY = "#767e88"  # 4.1 : 1 on white, 4.4 : 1 on the dark background: a chart does not know which it is drawn on
_INTERVAL_END = 10  # pixels that the ends of an interval are high
GRID = "rgba(141, 149, 158, 0.22)"
SHADE = "rgba(141, 149, 158, 0.12)"
SMALL = 12  # pixels
DATES_HEIGHT = 26  # pixels below a plot for the names of days
PHONE = 600  # width of a chart in pixels below which names move from the lines' ends to its top
TOOLTIP: Spec = {"confine": True, "padding": [6, 10], "textStyle": {"fontSize": SMALL}, "transitionDuration": 0}
POINTER: Spec = {"type": "line", "lineStyle": {"color": GREY, "width": 1, "type": "solid"}}

_CHARACTER = 6.6  # mean width in pixels at `SMALL`
_LONGEST_NAME = 34
_NARROW_NAME = 19  # characters a line
_NARROW_LINE = 12  # pixels: two lines of a name fit beside one bar


def plot(
    dimensions: Sequence[str],
    rows: Sequence[Sequence[object]],
    series: Sequence[Spec],
    *,
    x: Spec,
    y: Spec,
    edges: tuple[int, int, int, int],
    hover: str,
    on: str = "axis",
    pointer: bool = True,
) -> Spec:
    """A whole chart: its data, plot area, hover text, axes and series.

    Parameters
    ----------
    dimensions, rows : the data, one column a dimension; `series` and `hover` name them
    edges : pixels to the left, to the right, above and below the plot
    hover : the hover text, with ``{@dimension}`` where a value is written
    on : what is hovered over: a place of the ``axis``, or one ``item``
    pointer : whether a line marks the place of the axis
    """
    tooltip: Spec = {"trigger": on, "formatter": hover, **TOOLTIP}
    if on == "axis":
        tooltip["axisPointer"] = POINTER if pointer else {"type": "none"}
    return {
        "animation": False,
        "aria": {"enabled": False},
        "legend": {"show": False},
        "dataset": {"dimensions": list(dimensions), "source": rows},
        # exactly: ECharts may not move the edges to make room for labels, we have
        "grid": dict(zip(("left", "right", "top", "bottom"), edges, strict=True))
        | {"containLabel": False, "outerBoundsMode": "none"},
        "tooltip": tooltip,
        "xAxis": x,
        "yAxis": y,
        "series": list(series),
    }


def over_time(
    dimensions: Sequence[str],
    rows: Sequence[Sequence[object]],
    series: Sequence[Spec],
    axis: scales.Axis,
    unit: Unit,
    currency: str,
    *,
    x: Spec,
    right: int,
    top: int,
    hover: str,
    pointer: bool = True,
) -> Spec:
    """A `plot` over days or minutes: the values' gridlines with their labels on the left, dates below."""
    return plot(
        dimensions,
        rows,
        [*series, ticks(axis, unit, currency)],
        x=x,
        y=value_axis(axis.low, axis.high),
        edges=(width([text.tick(value, unit, currency) for value in axis.ticks]) + 8, right, top, DATES_HEIGHT),
        hover=hover,
        pointer=pointer,
    )


def value_axis(low: float, high: float, kind: str = "value") -> Spec:
    """An axis of numbers that draws nothing itself: `ticks` draws its lines and labels."""
    return {"type": kind, "min": low, "max": high, "show": False}


def width(texts: Sequence[str]) -> int:
    """Pixels that the longest text needs at the small size."""
    return round(max((len(line) for line in texts), default=0) * _CHARACTER) + 2


def number(value: Number | None) -> float | None:
    """The position of a mark; only here does an amount become a float."""
    return None if value is None else float(value)


def line(name: str, dimension: str, rank: int, label_offset: float | None = None, *, dashed: bool = False) -> Spec:
    """One series by day: the accent for rank 0, greys for the comparisons; its name at its end, so many pixels lower.

    Without an offset the name is in the hover text alone.
    """
    style: Spec = {"width": 1.4, "color": GREY, "type": "solid" if rank == 1 else [2, 3]} if rank else {"width": 2}
    if dashed:
        style["type"] = [5, 4]
    series: Spec = {
        "type": "line",
        "name": name,
        "encode": {"x": "day", "y": dimension},
        "showSymbol": False,
        "symbol": "circle",
        "symbolSize": 6,
        "lineStyle": style,
        "z": 3 - rank,
        "emphasis": {"disabled": True},
        "endLabel": {
            "show": label_offset is not None,
            "formatter": name,
            "fontSize": SMALL,
            "distance": 8,
            "offset": [0, label_offset or 0],
            "fontWeight": 400 if rank else 600,
            "color": GREY if rank else "inherit",
        },
    }
    return series | ({"itemStyle": {"color": GREY}} if rank else {})


def ticks(axis: scales.Axis, unit: Unit, currency: str) -> Spec:
    """The gridlines of a value axis with their labels, the one at zero darker."""
    at_zero: Spec = {"lineStyle": {"color": GREY, "width": 1}}
    return gridlines(
        [
            {"yAxis": float(value), "label": {"formatter": text.tick(value, unit, currency)}}
            | ({} if value else at_zero)
            for value in axis.ticks
        ]
    )


def gridlines(lines: Sequence[Spec]) -> Spec:
    """Gridlines with their labels, drawn as marks: an axis of ECharts cannot write ``$250k`` without JavaScript."""
    return {
        "type": "line",
        "data": [],
        "silent": True,
        "tooltip": {"show": False},
        "itemStyle": {"color": GREY},
        "lineStyle": {"color": GREY},
        "markLine": {
            "silent": True,
            "symbol": "none",
            "animation": False,
            "z": 0,
            "lineStyle": {"color": GRID, "width": 1, "type": "solid"},
            "label": {"position": "start", "color": GREY, "fontSize": SMALL, "distance": 6},
            "data": list(lines),
        },
    }


def day_axis(days: Sequence[date]) -> Spec:
    """Days by position, a readable few of them named: by position, because a name without its year can come twice."""
    return time_axis(scales.day_names(days), scales.labelled_days(days)) | {"boundaryGap": len(days) == 1}


def time_axis(names: Sequence[str], labelled: Sequence[int]) -> Spec:
    """Days or minutes by position; only the positions in `labelled` carry their name."""
    label = {"show": True, "color": GREY, "fontSize": SMALL, "hideOverlap": True, "margin": 10}
    return _category_axis(names) | {"boundaryGap": False, "axisLabel": label | {"customValues": list(labelled)}}


def _category_axis(names: Sequence[str]) -> Spec:
    """An axis of names, without lines."""
    hidden: Spec = {"show": False}
    return {"type": "category", "data": list(names), "axisLine": hidden, "axisTick": hidden, "splitLine": hidden}


def name_axis(labels: Sequence[str]) -> Spec:
    """Names down the left side, first on top, long ones cut where the room ends. By position: two may be the same."""
    room = names_width(labels) - 10
    label = {"fontSize": SMALL, "width": room, "overflow": "truncate", "interval": 0, "margin": 8}
    return _category_axis(labels) | {"inverse": True, "axisLabel": label}


def names_width(labels: Sequence[str], longest: int = _LONGEST_NAME) -> int:
    """Room for the names, the longest ones cut."""
    return width([label[:longest] for label in labels]) + 18


def with_phone_option(spec: Spec, option: Spec) -> Spec:
    """The same chart, with `option` laid over it where it is drawn narrower than `PHONE`."""
    return {"baseOption": spec, "media": [{"query": {"maxWidth": PHONE}, "option": option}]}


def with_narrow_names(spec: Spec, labels: Sequence[str]) -> Spec:
    """The same chart, with less room for names on a phone: in two lines, and cut only where these are full."""
    room = names_width(labels, _NARROW_NAME)
    two_lines = {
        "width": room - 10,
        "overflow": "break",
        "lineHeight": _NARROW_LINE,
        "height": 2 * _NARROW_LINE,
        "lineOverflow": "truncate",
    }
    return with_phone_option(spec, {"grid": {"left": room}, "yAxis": {"axisLabel": two_lines}})


def with_phone_legend(spec: Spec, names: Sequence[str]) -> Spec:
    """The same chart, with the names in a line on top where the ends of the lines have no room for them."""
    narrow = {
        "legend": legend(names),
        "grid": {"right": 14, "top": spec["grid"]["top"] + 22},
        "series": [{"endLabel": {"show": False}} for _ in spec["series"]],
    }
    return with_phone_option(spec, narrow)


def legend(names: Sequence[str]) -> Spec:
    """The names of lines, in a row above the plot."""
    return {
        "show": True,
        "data": list(names),
        "top": 0,
        "left": 0,
        "itemWidth": 18,
        "itemHeight": 3,
        "icon": "rect",
        "selectedMode": False,
        "textStyle": {"fontSize": SMALL, "color": GREY},
    }


def shades(spans: Sequence[tuple[str, date, date]], incomplete: tuple[date, date] | None, days: Sequence[date]) -> Spec:
    """Days shaded: events named on top, the incomplete ones at the foot, where no line runs."""
    positions = {day: index for index, day in enumerate(days)}
    last = len(days) - 1

    def area(name: str, first: date, final: date, place: str) -> list[Spec]:
        start, end = positions[first], positions[final]
        label: Spec = {"formatter": name, "position": place}
        if end > last * 0.85:  # a name in the corner grows to the left, not out of the picture
            label |= {"align": "right", "position": ["100%", "100%"] if place == "insideBottom" else ["100%", 0]}
            label |= {"verticalAlign": "bottom", "padding": [0, 3, 3, 0]}
        return [{"name": name, "xAxis": max(start - (start == end), 0), "label": label}, {"xAxis": end}]

    areas = [area(*span, "top") for span in spans]
    if incomplete:
        areas.append(area("incomplete", *incomplete, "insideBottom"))
    return {
        "silent": True,
        "animation": False,
        "itemStyle": {"color": SHADE},
        "label": {"color": GREY, "fontSize": SMALL, "distance": 3},
        "data": areas,
    }


def marks(name: str, dimension: str) -> Spec:
    """A thin grey mark across each bar: the comparison's value."""
    return {
        "type": "scatter",
        "name": name,
        "symbol": "rect",
        "symbolSize": [2, 20],
        "itemStyle": {"color": GREY, "opacity": 1},
        "encode": {"x": dimension, "y": "position"},
        "z": 3,
    }


def interval(position: int, low: float, high: float) -> Spec:
    """A grey line from `low` to `high` with a mark at each end, in the row at `position`."""
    return {
        "type": "line",
        "name": "Interval",
        "data": [[low, position], [high, position]],
        "symbol": "rect",
        "symbolSize": [2, _INTERVAL_END],
        "showSymbol": True,
        "silent": True,
        "tooltip": {"show": False},
        "lineStyle": {"color": GREY, "width": 2},
        "itemStyle": {"color": GREY},
        "emphasis": {"disabled": True},
        "z": 4,
    }


def end_texts(dimension: str) -> Spec:
    """Texts right of the bars, at the value of `dimension`: beyond whatever else is drawn there."""
    return {
        "type": "scatter",
        "symbolSize": 0,
        "silent": True,
        "tooltip": {"show": False},
        "itemStyle": {"color": GREY},
        "encode": {"x": dimension, "y": "position"},
        "label": {
            "show": True,
            "position": "right",
            "distance": 6,
            "formatter": "{@short}",
            "fontSize": SMALL,
            "textBorderWidth": 0,
        },
    }


def bars(
    dimensions: Sequence[str],
    rows: Sequence[Sequence[object]],
    series: Sequence[Spec],
    *,
    labels: Sequence[str],
    texts: Sequence[str],
    values: Sequence[Number],
    hover: str,
) -> Spec:
    """Horizontal bars: names on the left, `texts` at their ends, and on a phone less room for names.

    The longest bar takes all the room: without an axis to read off, its end need not be round. The columns
    ``position``, ``text_at`` and ``short`` say where each bar and its text are.
    """
    numbers = [float(value) for value in values]
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    spec = plot(
        dimensions,
        rows,
        [*series, end_texts("text_at")],
        x=value_axis(low, high or (0.0 if low else 1.0)),
        y=name_axis(labels),
        edges=(names_width(labels), width(texts) + 12, 2, 2),
        hover=hover,
        pointer=False,
    )
    return with_narrow_names(spec, labels)
