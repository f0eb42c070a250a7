"""The charts of *Profit and loss*: click rates by day, outcomes by surface, and margin against cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from console.asking import formatting as text
from console.asking.figures import Number, Unit
from console.kit import charts, descriptions, echarts, hover_text, scales
from console.kit.charts import Chart
from console.kit.echarts import Spec
from console.recommendations.customer import SURFACES
from console.recommendations.profit.answer import OutcomeRecord, Profit
from console.recommendations.profit.drift import FEWEST_IMPRESSIONS
from console.recommendations.profit.outcomes import NOTHING, Outcome, added

MOST_LINES = 5  # names of more do not fit at the ends of their lines
WINDOWS = (1, 7, 28)  # days of a point: a day, a week, four weeks
_LINE_GAP = 15  # pixels between two names


def click_rates(found: Profit) -> Chart:
    """Click rate by day, a line a surface: those with the most impressions, their names at the ends of the lines.

    Each point is the rate of one day, or of the last week or four weeks where a day has too few impressions. Points of
    fewer than `FEWEST_IMPRESSIONS` are left out: one click would move them by points.
    """
    days = found.now.period.dates
    surfaces = [record.name for record in found.surfaces if record.impressions]
    by_surface = {name: found.now.by_day_of_surface.get(name, {}) for name in surfaces}
    for window in WINDOWS:
        lines = {surface_name(name): rates(by_day, days, window) for name, by_day in by_surface.items()}
        lines = {name: line for name, line in lines.items() if 2 * _known(line) >= len(days) - window + 1 > 0}
        if lines:  # the surface with the most impressions has a point on most days
            break
    title = "Click rate by day and surface" if window == 1 else f"Click rate of the last {window} days, by surface"
    shown = dict(list(lines.items())[:MOST_LINES])
    missing = [surface_name(name) for name in surfaces if surface_name(name) not in shown]
    return lines_by_day(days, shown, title, f"not drawn: {', '.join(missing)}" if missing else "")


def _known(line: Sequence[Number | None]) -> int:
    return sum(rate is not None for rate in line)


def rates(by_day: Mapping[date, Outcome], days: Sequence[date], window: int) -> list[Decimal | None]:
    """The click rate of the `window` days up to each day.

    None where they are not all in `days`, and for fewer than `FEWEST_IMPRESSIONS` impressions.
    """
    found: list[Decimal | None] = []
    for place in range(len(days)):
        of = added(by_day.get(day, NOTHING) for day in days[max(0, place - window + 1) : place + 1])
        is_known = place >= window - 1 and of.impressions >= FEWEST_IMPRESSIONS
        found.append(of.click_rate if is_known else None)
    return found


def lines_by_day(days: Sequence[date], lines: Mapping[str, Sequence[Number | None]], title: str, note: str) -> Chart:
    """Percentages by day, a line a name, each name at its line's end; None breaks a line."""
    known = [value for values in lines.values() for value in values if value is not None]
    if not known:
        return Chart(title, f"{title}: no values", charts.EMPTY_HEIGHT, None)
    axis = scales.linear(known)
    names = list(lines)
    height = charts.DAY_HEIGHT - echarts.DATES_HEIGHT - 12
    ends = []
    for values in lines.values():
        last = next((float(value) for value in reversed(values) if value is not None), 0.0)
        ends.append((axis.high - last) / (axis.high - axis.low) * height)
    placed = scales.spread(ends, gap=_LINE_GAP, low=0, high=height)
    rows = [
        [
            place,
            text.weekday(day),
            *(echarts.number(values[place]) for values in lines.values()),
            *(text.percent(values[place], 2) for values in lines.values()),
        ]
        for place, day in enumerate(days)
    ]
    series = []
    for rank, name in enumerate(names):
        line = echarts.line(name, f"value{rank}", 0, placed[rank] - ends[rank])
        series.append(line | {"lineStyle": {"width": 1.8}, "connectNulls": False, "showSymbol": len(days) == 1})
    numbers = range(len(names))
    spec = echarts.over_time(
        ["day", "day_name", *(f"value{rank}" for rank in numbers), *(f"text{rank}" for rank in numbers)],
        rows,
        series,
        axis,
        Unit.PERCENT,
        "",
        x=echarts.day_axis(days),
        right=echarts.width(names) + 16,
        top=12,
        hover=hover_text.texts("{@day_name}", names),
    )
    alt = "; ".join(descriptions.by_day(name, days, values, Unit.PERCENT, "") for name, values in lines.items())
    return Chart(title, f"{title}: {alt}", charts.DAY_HEIGHT, echarts.with_phone_legend(spec, names), note)


def click_rate_of(records: Sequence[OutcomeRecord], what: str) -> Chart:
    """Click rate of each surface or model as a bar, with its interval of 95 % as a grey line across its end."""
    title = f"Click rate by {what}"
    shown = [record for record in records if record.click_rate is not None][: charts.MOST_BARS]
    return with_intervals(
        title,
        [surface_name(record.name) if what == "surface" else record.name for record in shown],
        [record.click_rate for record in shown],
        [
            None
            if record.click_rate_low is None or record.click_rate_high is None
            else (record.click_rate_low, record.click_rate_high)
            for record in shown
        ],
        [text.percent(record.click_rate, 2) for record in shown],
        [_percents(record.click_rate_low, record.click_rate_high) for record in shown],
        "grey line: interval of 95 %",
    )


def balance(found: Profit) -> Chart:
    """Attributed and incremental margin, the cost, and what is left; intervals are grey lines."""
    sums, currency = found.balance, found.currency
    measured = sums.measured
    left = sums.incremental_left if measured else sums.left
    rows: list[tuple[str, Decimal | None, tuple[Decimal, Decimal] | None]] = [
        ("Attributed margin", sums.margin, None),
        ("Incremental margin", *((measured.value, (measured.low, measured.high)) if measured else (None, None))),
        ("Cost of recommending", None if sums.cost is None else -sums.cost, None),
        (
            "Left after cost" if measured else "Left, if all is incremental",
            left,
            sums.incremental_left_interval,
        ),
    ]
    unknown = "not known, see above" if found.hold_out.problem else "unknown without a hold-out"
    note = "grey line: always-valid interval of 95 %" if measured else f"incremental margin: {unknown}"
    return with_intervals(
        f"From margin to what is left, {text.counted(sums.days, 'day')}",
        [name for name, _, _ in rows],
        [value for _, value, _ in rows],
        [None if interval is None else (float(interval[0]), float(interval[1])) for _, _, interval in rows],
        [text.compact(value, Unit.MONEY, currency) for _, value, _ in rows],
        [
            "" if interval is None else f"{text.money(interval[0], currency)} to {text.money(interval[1], currency)}"
            for _, _, interval in rows
        ],
        note,
    )


def with_intervals(
    title: str,
    labels: Sequence[str],
    values: Sequence[Number | None],
    intervals: Sequence[tuple[float, float] | None],
    texts: Sequence[str],
    interval_texts: Sequence[str],
    note: str,
) -> Chart:
    """Horizontal bars, each with its interval as a thin line with marked ends."""
    words = [
        f"{label} {value}{f' ({interval})' if interval else ''}"
        for label, value, interval in zip(labels, texts, interval_texts, strict=True)
    ]
    alt = f"{title}: " + (", ".join(words) if words else "no values")
    if all(value is None for value in values):
        return Chart(title, alt, charts.EMPTY_HEIGHT, None)
    rows = [
        [
            position,
            label,
            echarts.number(value),
            None if value is None or value >= 0 else float(value),
            max(0.0, float(value or 0), interval[1] if interval else 0.0),
            texts[position],
            f"{texts[position]}<br>{interval_texts[position]}" if interval else texts[position],
        ]
        for position, (label, value, interval) in enumerate(zip(labels, values, intervals, strict=True))
    ]
    series: list[Spec] = [
        {"type": "bar", "name": title, "barWidth": "58%", "encode": {"x": "value", "y": "position"}},
        {  # what is below 0, in grey over the other: a cost is no gain
            "type": "bar",
            "name": "Below 0",
            "barWidth": "58%",
            "barGap": "-100%",
            "encode": {"x": "below", "y": "position"},
            "itemStyle": {"color": echarts.GREY},
        },
        *(echarts.interval(position, *interval) for position, interval in enumerate(intervals) if interval),
    ]
    ends = [edge for interval in intervals if interval for edge in interval]
    spec = echarts.bars(
        ["position", "label", "value", "below", "text_at", "short", "exact"],
        rows,
        series,
        labels=labels,
        texts=texts,
        values=[*(value for value in values if value is not None), *ends],
        hover="<b>{@label}</b><br>{@exact}",
    )
    return Chart(title, alt, charts.ROW_HEIGHT * len(rows) + 8, spec, note)


def surface_name(name: str) -> str:
    """``for_you`` as ``For you``, and a sender's own ``product_page`` as ``Product page``."""
    words = name.replace("_", " ")
    return SURFACES.get(name, words[:1].upper() + words[1:])


def _percents(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{text.percent(low, 2)} to {text.percent(high, 2)}"
