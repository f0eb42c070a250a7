"""The charts of *Experiments*: the lift by outcome with its interval, and the interval by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from console.asking import formatting as text
from console.asking.figures import Unit
from console.kit import charts, echarts, forecast_lines, hover_text, scales
from console.kit.charts import Chart
from console.kit.echarts import Spec
from console.recommendations.experiments import words
from console.recommendations.experiments.comparison import Comparison
from console.recommendations.experiments.lift import Estimate

WIDEST = 4  # times the width of the last day: wider ones, of the first days, are cut off
_ROW, _TICKS, _DOT = 34, 30, 9  # pixels: a row, the labels below, a dot


def by_outcome(comparisons: Sequence[Comparison]) -> Chart:
    """The relative lift of each outcome and variant as a dot, its interval as a line, against the control at 0."""
    title = "Lift against the control"
    several = len({comparison.variant.variant.name for comparison in comparisons}) > 1
    labels = [_label(comparison, several) for comparison in comparisons]
    found = [comparison.relative for comparison in comparisons]
    said = (_said(one, one.relative, "") for one in comparisons)
    alt = f"{title}: " + ", ".join(f"{label} {lift}" for label, lift in zip(labels, said, strict=True))
    known = [end for estimate in found if estimate is not None for end in (estimate.low, estimate.high)]
    if not known:
        return Chart(title, alt, charts.EMPTY_HEIGHT, None)
    axis = scales.linear(known)
    rows = [
        [place, label, None if one.relative is None else one.relative.value, *_texts(one, one.relative, "")]
        for place, (label, one) in enumerate(zip(labels, comparisons, strict=True))
    ]
    spec = echarts.plot(
        ["position", "label", "lift", "lift_text", "interval_text"],
        rows,
        [
            *(echarts.interval(place, one.low, one.high) for place, one in enumerate(found) if one is not None),
            _DOTS,
            _lines(axis),
        ],
        x=echarts.value_axis(axis.low, axis.high),
        y=echarts.name_axis(labels),
        edges=(echarts.names_width(labels), 26, 6, _TICKS),
        hover=hover_text.table(
            "{@label}", [hover_text.row("Lift", "{@lift_text}"), hover_text.row("Interval", "{@interval_text}")]
        ),
        pointer=False,
    )
    height = _ROW * len(labels) + _TICKS + 6
    return Chart(title, alt, height, echarts.with_narrow_names(spec, labels), "line: the interval of 95 %")


def by_day(comparison: Comparison, days: Sequence[date], currency: str) -> Chart:
    """The lift as it was known on each day of entry, with the interval that holds on all of them together.

    The difference per customer takes its place as long as the control's mean may be 0.
    """
    name = comparison.variant.variant.name
    title = f"Lift of {comparison.outcome} by day: {name}"
    found = comparison.by_day()
    known = [(day, estimate) for day, estimate in zip(days, found, strict=True) if estimate is not None]
    if not known:
        return Chart(title, f"{title}: no values", charts.EMPTY_HEIGHT, None)
    last_day, last = known[-1]
    widest = WIDEST * (last.high - last.low)
    shown = [one for _, one in known if one.high - one.low <= widest]
    axis = scales.linear([end for one in shown for end in (one.low, one.high)])
    unit = comparison.outcome.unit if comparison.relative is None else Unit.PERCENT
    rows = [
        [place, text.weekday(day), *_drawn(one, axis), *_texts(comparison, one, currency)]
        for place, (day, one) in enumerate(zip(days, found, strict=True))
    ]
    spec = echarts.over_time(
        ["day", "day_name", "lift", "low", "height", "lift_text", "interval_text"],
        rows,
        [*forecast_lines.band(), echarts.line("Lift", "lift", 0)],
        axis,
        unit,
        currency,
        x=echarts.day_axis(days),
        right=forecast_lines.EDGE,
        top=12,
        hover=hover_text.table(
            "{@day_name}", [hover_text.row("Lift", "{@lift_text}"), hover_text.row("Interval", "{@interval_text}")]
        ),
    )
    alt = f"{title}, {text.day(known[0][0])} to {text.day(last_day)}: at last {_said(comparison, last, currency)}"
    note = "of the customers who had come by then; the band holds the true lift on all days in 95 of 100 experiments"
    return Chart(title, alt, charts.DAY_HEIGHT, spec, note)


def _label(comparison: Comparison, several: bool) -> str:
    outcome = comparison.outcome.capitalize()
    return f"{outcome}, {comparison.variant.variant.name}" if several else outcome


def _texts(comparison: Comparison, estimate: Estimate | None, currency: str) -> tuple[str, str]:
    """The lift and its interval."""
    value = text.UNKNOWN if estimate is None else words.lift(comparison, estimate.value, currency)
    return value, words.bounds(comparison, estimate, currency)


def _said(comparison: Comparison, estimate: Estimate | None, currency: str) -> str:
    return "not known" if estimate is None else "{} ({})".format(*_texts(comparison, estimate, currency))


def _drawn(estimate: Estimate | None, axis: scales.Axis) -> list[float | None]:
    """Lift, low end and height of the band, cut off at the ends of the axis."""
    if estimate is None:
        return [None, None, None]
    low, high = max(estimate.low, axis.low), min(estimate.high, axis.high)
    value = estimate.value if axis.low <= estimate.value <= axis.high else None
    return [value, low, max(0.0, high - low)]


_DOTS: Spec = {
    "type": "scatter",
    "name": "Lift",
    "symbolSize": _DOT,
    "encode": {"x": "lift", "y": "position"},
    "emphasis": {"disabled": True},
    "z": 5,
}


def _lines(axis: scales.Axis) -> Spec:
    """Vertical gridlines with their percentages below; the one at zero, the control, is darker."""
    at_zero: Spec = {"lineStyle": {"color": echarts.GREY, "width": 1}}
    return echarts.gridlines(
        [
            # names go down the axis, so that its end is below
            {"xAxis": float(value), "label": {"formatter": text.tick(value, Unit.PERCENT), "position": "end"}}
            | ({} if value else at_zero)
            for value in axis.ticks
        ]
    )
