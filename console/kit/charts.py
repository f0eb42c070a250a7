"""The charts of every page: days, ranked bars, and the split of a sum.

Each function turns values into a `Chart` (pure, testable); `draw` puts it on the page. One template serves all: the
main series in the accent colour, comparisons in grey, names at the lines' ends, values at the bars' ends, a zero
baseline, no animation. Text is written here, exactly, from decimals; only the position of a mark is a float.

Drawn by Apache ECharts, which comes with Streamlit and draws 1.2 s sooner on first view than Plotly does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

import streamlit as st

from console.asking import formatting as text
from console.asking.figures import Number, Unit
from console.asking.periods import Period
from console.kit import descriptions, echarts, hover_text, prose, scales
from console.kit.echarts import Spec

DAY_HEIGHT = 300
EMPTY_HEIGHT = 96
ROW_HEIGHT = 26
_TOP, _BARE_TOP = 28, 12  # room for the names of shaded days; without them
_RIGHT = 26  # half of the last day's name is to the right of the last day
MOST_BARS = 30
_MAIN = "This period"

_STEP_STYLES: dict[str, Spec] = {  # totals in the accent, what is added in a lighter one, what is taken away in grey
    "gap": {"color": "transparent"},
    "total": {},
    "more": {"opacity": 0.5},
    "less": {"color": echarts.GREY, "opacity": 0.55},
}


@dataclass(frozen=True)
class Chart:
    """A chart ready to draw: `spec` is an ECharts option; None where there is nothing to show."""

    title: str
    alt: str
    height: int
    spec: Spec | None
    note: str = ""


def draw(chart: Chart, *, key: str | None = None) -> None:
    """Put the chart on the page under its title, with its description for those who cannot see it."""
    if chart.title:
        st.html(prose.heading(chart.title, chart.note))
    if chart.spec is None:
        prose.no_values(chart.height, chart.alt)
    else:
        st.echarts_chart(chart.spec, height=chart.height, alt=chart.alt, key=key, renderer="svg")


def by_day(
    days: Sequence[date],
    values: Sequence[Number | None],
    *,
    unit: Unit,
    currency: str = "",
    title: str = "",
    compare: Sequence[tuple[str, Sequence[Number | None]]] = (),
    compare_days: Sequence[Sequence[date]] = (),
    incomplete_from: date | None = None,
    events: Sequence[tuple[str, Period]] = (),
) -> Chart:
    """A line by day against at most two others, from a zero baseline.

    Parameters
    ----------
    days, values : the main series, oldest first; None breaks the line
    compare : (name, values) of each comparison, aligned with `days` by position; a shorter one ends early
    compare_days : the dates each comparison's values belong to, for the hover text
    incomplete_from : the first day whose data is not all in; drawn dashed from there and labelled
    events : (name, days) shaded and named
    """
    alt = descriptions.by_day(title or _MAIN, days, values, unit, currency)
    if not days or all(value is None for value in values):
        return Chart(title, alt, EMPTY_HEIGHT, None)
    names = [_MAIN, *(label for label, _ in compare[:2])]
    lines = [list(values), *(_fitted(series, len(days)) for _, series in compare[:2])]
    axis = scales.linear([value for series in lines for value in series if value is not None])
    cut = next((index for index, day in enumerate(days) if incomplete_from and day >= incomplete_from), len(days))

    rows: list[list[object]] = []
    for index, day in enumerate(days):
        value = echarts.number(values[index])
        is_dashed = index >= cut - 1 and cut < len(days)  # the last complete day is in both, so that the line is whole
        remark = ", incomplete" if index >= cut else ""
        row = [index, text.weekday(day) + remark, value if index < cut else None, value if is_dashed else None]
        for series, compared in zip_longest(lines, [(), *compare_days]):
            row += [
                echarts.number(series[index]),
                text.exact(series[index], unit, currency),
                text.weekday(compared[index]) if compared and index < len(compared) else "",
            ]
        rows.append(row)
    dimensions = ["day", "day_name", "main", "dashed"]
    dimensions += [f"{kind}{position}" for position in range(len(lines)) for kind in ("value", "text", "date")]

    is_named = len(lines) > 1
    offsets = _label_offsets(lines, axis) if is_named else [None]
    # the name is at the end of the line that is drawn last
    main = echarts.line(_MAIN, "main", 0, offsets[0] if cut == len(days) else None)
    drawn = [main]
    if cut < len(days):
        drawn.append(echarts.line(_MAIN, "dashed", 0, offsets[0], dashed=True))
    drawn += [echarts.line(names[rank], f"value{rank}", rank, offsets[rank]) for rank in range(1, len(lines))]
    spans = [(label, max(span.start, days[0]), min(span.last_day, days[-1])) for label, span in events]
    spans = [span for span in spans if span[1] <= span[2]]
    incomplete = (days[cut], days[-1]) if cut < len(days) else None
    if spans or incomplete:
        main["markArea"] = echarts.shades(spans, incomplete, days)
    dates = ["", *(f"{{@date{rank}}}" for rank in range(1, len(lines)))]  # that a comparison's values belong to
    hover = [hover_text.row(name, f"{{@text{rank}}}", dates[rank]) for rank, name in enumerate(names)]
    spec = echarts.over_time(
        dimensions,
        rows,
        drawn,
        axis,
        unit,
        currency,
        x=echarts.day_axis(days),
        right=echarts.width(names) + 16 if is_named else _RIGHT,
        top=_TOP if spans else _BARE_TOP,
        hover=hover_text.table("{@day_name}", hover),
    )
    return Chart(title, alt, DAY_HEIGHT, echarts.with_phone_legend(spec, names) if is_named else spec)


def bars(
    labels: Sequence[str],
    values: Sequence[Number | None],
    *,
    unit: Unit,
    currency: str = "",
    comparison: tuple[str, Sequence[Number | None]] | None = None,
    name: str = _MAIN,
    title: str = "",
) -> Chart:
    """Ranked horizontal bars from a zero baseline in the order given, the value at each end.

    A comparison is a thin grey mark across each bar. Labels are shortened in the middle; hovering shows them whole.
    Only the first `MOST_BARS` are drawn, and the title says so.
    """
    shown = min(len(labels), MOST_BARS)
    note = f"first {shown} of {text.count(len(labels))}" if shown < len(labels) else ""
    alt = descriptions.bars(title or name, labels, values, unit, currency)
    if not shown or all(value is None for value in values):
        return Chart(title, alt, EMPTY_HEIGHT, None)
    labels, values = labels[:shown], values[:shown]
    held = _fitted(comparison[1], shown) if comparison else [None] * shown
    texts = [text.compact(value, unit, currency) for value in values]
    rows = [
        [
            position,
            label,
            echarts.number(value),
            echarts.number(other),
            max(0.0, float(value or 0), float(other or 0)),
            short,
            text.exact(value, unit, currency),
            text.exact(other, unit, currency),
            text.change(value, other, unit),
        ]
        for position, (label, value, short, other) in enumerate(zip(labels, values, texts, held, strict=True))
    ]
    known = [value for value in (*values, *held) if value is not None]
    hover = [hover_text.row(name, "{@exact}")]
    series: list[Spec] = [{"type": "bar", "name": name, "barWidth": "58%", "encode": {"x": "value", "y": "position"}}]
    if comparison:
        hover += [hover_text.row(comparison[0], "{@held_exact}"), hover_text.row("Change", "{@change}")]
        series.append(echarts.marks(comparison[0], "held"))
        note = note or f"grey mark: {comparison[0].lower()}"
    spec = echarts.bars(
        ["position", "label", "value", "held", "text_at", "short", "exact", "held_exact", "change"],
        rows,
        series,
        labels=labels,
        texts=texts,
        values=known,
        hover=hover_text.table("{@label}", hover),
    )
    return Chart(title, alt, ROW_HEIGHT * shown + 8, spec, note)


def waterfall(
    parts: Sequence[tuple[str, Number]],
    *,
    start: tuple[str, Number],
    end: tuple[str, Number],
    unit: Unit,
    currency: str = "",
    title: str = "",
) -> Chart:
    """How `parts` (negative: taken away) lead from `start` to `end`, as floating horizontal bars.

    Raises ValueError where start + parts is not end: a split that does not add up is never drawn.
    """
    running = sum((text.decimal(value) for _, value in parts), text.decimal(start[1]))
    if running != text.decimal(end[1]):
        raise ValueError(f"The parts lead to {running}, not to {end[1]}")
    steps = scales.waterfall_steps(start, parts, end)
    labels = [step.name for step in steps]
    texts = [f"{'+' if step.kind == 'more' else ''}{text.compact(step.value, unit, currency)}" for step in steps]
    exact = [text.exact(step.value, unit, currency) for step in steps]
    rows = [
        [position, step.name, *step.stacks, max(float(step.high), 0.0), texts[position], exact[position]]
        for position, step in enumerate(steps)
    ]
    stacks = {f"{kind}_{side}": kind for side in ("above", "below") for kind in scales.STEP_KINDS}
    series: list[Spec] = [
        {
            "type": "bar",
            "name": "gap" if kind == "gap" else "Split",
            "stack": "split",
            "barWidth": "62%",
            "silent": kind == "gap",
            "encode": {"x": stack, "y": "position"},
            "itemStyle": _STEP_STYLES[kind],
        }
        for stack, kind in stacks.items()
    ]
    alt = f"{title or 'Split'}: " + ", ".join(f"{name} {amount}" for name, amount in zip(labels, exact, strict=True))
    spec = echarts.bars(
        ["position", "label", *stacks, "text_at", "short", "exact"],
        rows,
        series,
        labels=labels,
        texts=texts,
        values=[level for step in steps for level in (step.low, step.high)],
        hover="<b>{@label}</b><br>{@exact}",
    )
    return Chart(title, alt, (ROW_HEIGHT + 4) * len(steps) + 8, spec)


def _fitted(series: Sequence[Number | None], length: int) -> list[Number | None]:
    """Exactly `length` values: cut, or filled up with unknown ones."""
    return [*series[:length], *[None] * (length - len(series))]


def _label_offsets(lines: Sequence[Sequence[Number | None]], axis: scales.Axis) -> list[float]:
    """How far each line's name moves down (pixels) from the line's end, so that no two names touch."""
    height = DAY_HEIGHT - _TOP - echarts.DATES_HEIGHT
    ends = []
    for series in lines:
        last = next((float(value) for value in reversed(series) if value is not None), 0.0)
        ends.append((axis.high - last) / (axis.high - axis.low) * height)
    placed = scales.spread(ends, gap=15, low=0, high=height)
    return [position - end for position, end in zip(placed, ends, strict=True)]
