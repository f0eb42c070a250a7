"""How unit costs are drawn: the margin after cloud with the days to come, one unit's cost, and the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import streamlit as st

from console.asking import formatting as text
from console.asking.figures import Unit
from console.kit import charts, descriptions, echarts, forecast_lines, prose, scales, tables
from console.kit.charts import Chart
from console.kit.echarts import Spec
from console.kit.link import Choice
from console.unit_costs import words
from console.unit_costs.answer import UnitCosts
from console.unit_costs.days import COUNTED

UNIT = Choice("efficiency", {unit.name: f"Per {unit.one}" for unit in COUNTED}, default="orders")
DIGITS = 8  # printed: an event costs millionths of a dollar
DIGITS_KEPT = 12
CURVE_HEIGHT = 300
CURVE_POINTS = 60
_FAR_OUT = 2  # times the 90th percentile
_PARTS = (("direct", "Direct"), ("shared", "Shared"), ("unallocated", "Unallocated"))


def margin_after_cloud(answer: UnitCosts) -> Chart:
    """Gross margin less the cloud's cost by day, dashed with its interval for the days to come."""
    title = "Margin after cloud by day"
    known = list(answer.now.margin_after_cloud)
    ahead = list(answer.ahead)
    last = ahead[0].day if ahead else None
    pairs = [(day, value) for day, value in zip(answer.now.days, known, strict=True) if last is None or day < last]
    days = [day for day, _ in pairs] + [forecast.day for forecast in ahead]
    values: list[Decimal | None] = [value for _, value in pairs] + [None] * len(ahead)
    currency = answer.currency
    alt = descriptions.by_day(title, days, values, Unit.MONEY, currency)
    if not any(value is not None for value in values):
        return Chart(title, alt, charts.EMPTY_HEIGHT, None)
    numbers = [value for value in values if value is not None]
    axis = scales.linear([*numbers, *(edge for forecast in ahead for edge in (forecast.low, forecast.high))])
    rows: list[list[object]] = []
    joint = len(pairs) - 1  # the dashed line starts where the other ends
    for place, day in enumerate(days):
        value = values[place]
        coming = ahead[place - len(pairs)] if place >= len(pairs) else None
        expected = coming.amount if coming else (value if place == joint and ahead else None)
        rows.append(
            [
                place,
                text.weekday(day) + (", expected" if coming else ""),
                echarts.number(value),
                echarts.number(expected),
                echarts.number(coming.low) if coming else None,
                float(coming.high - coming.low) if coming else None,
                text.exact(coming.amount if coming else value, Unit.MONEY, currency),
                f"{text.money(coming.low, currency)} to {text.money(coming.high, currency)}" if coming else "",
            ]
        )
    main = echarts.line("Margin after cloud", "main", 0)
    dashed = echarts.line("Margin after cloud", "expected", 0, dashed=True)  # one name, one colour
    spec = echarts.over_time(
        ["day", "day_name", "main", "expected", "low", "height", "text", "interval"],
        rows,
        [*forecast_lines.band(), main, dashed],
        axis,
        Unit.MONEY,
        currency,
        x=echarts.day_axis(days),
        right=16,
        top=12,
        hover="<b>{@day_name}</b><br>{@text}<br>{@interval}",
    )
    note = f"dashed: the next {len(ahead)} days; grey: the range in 4 of 5 cases" if ahead else ""
    return Chart(title, alt, charts.DAY_HEIGHT, spec, note)


def efficiency(answer: UnitCosts) -> Chart:
    """Each day's unit cost against its volume, with the curve that a fixed and a variable part make."""
    unit = answer.counted
    title = f"Cost of {unit.quantity} by {unit.many} a day"
    daily = answer.now.daily(unit)
    dots = [
        (answer.now.counts.get(day, {}).get(unit.name, 0), value, day)
        for day, value in zip(answer.now.days, daily, strict=True)
        if value is not None
    ]
    if not dots:
        return Chart(title, f"{title}: no values", charts.EMPTY_HEIGHT, None)
    currency = answer.currency
    volumes = [volume for volume, _, _ in dots]
    most = max(volumes)
    drawn = _curve(answer, min(volumes), most)
    x_axis = scales.linear([most])
    top = max(value for _, value, _ in dots)
    shown = [dot for dot in dots if dot[1] <= _highest([value for _, value, _ in dots])]
    y_axis = scales.linear([value for _, value, _ in shown])  # below 0 on days of credits
    rows = [
        [volume, float(value), text.weekday(day), text.count(volume), text.small_money(value, currency)]
        for volume, value, day in shown
    ]
    series: list[Spec] = [
        {
            "type": "scatter",
            "name": "Days",
            "symbolSize": 7,
            "itemStyle": {"opacity": 0.6},
            "encode": {"x": "volume", "y": "cost"},
            "emphasis": {"disabled": True},
        }
    ]
    if drawn:
        series.append(
            {
                "type": "line",
                "name": "Fixed and variable",
                "data": [[x, y] for x, y in drawn if y <= y_axis.high],
                "showSymbol": False,
                "silent": True,
                "tooltip": {"show": False},
                "lineStyle": {"color": echarts.GREY, "width": 1.6},
                "itemStyle": {"color": echarts.GREY},
                "emphasis": {"disabled": True},
            }
        )
    y_names = [text.small_money(value, currency) for value in y_axis.ticks]
    lines = echarts.ticks(y_axis, Unit.MONEY, currency)
    for mark, name in zip(lines["markLine"]["data"], y_names, strict=True):
        mark["label"]["formatter"] = name
    lines["markLine"]["data"] += [
        {"xAxis": float(value), "label": {"formatter": text.tick(value, Unit.COUNT)}} for value in x_axis.ticks if value
    ]
    spec = echarts.plot(
        ["volume", "cost", "day", "count", "text"],
        rows,
        [*series, lines],
        x=echarts.value_axis(0, x_axis.high),
        y=echarts.value_axis(y_axis.low, y_axis.high),
        edges=(echarts.width(y_names) + 8, 22, 12, 26),
        hover=f"<b>{{@day}}</b><br>{{@count}} {unit.many}<br>{{@text}}",
        on="item",
    )
    alt = (
        f"{title}: {text.counted(len(dots), 'day')}, {text.count(min(volumes))} to {text.count(most)} {unit.many}, "
        f"{text.small_money(min(value for _, value, _ in dots), currency)} to {text.small_money(top, currency)}"
    )
    above = len(dots) - len(shown)
    notes = ["line: fixed ÷ volume + variable"] if drawn else []
    if above:
        notes.append(f"{text.counted(above, 'day')} above, up to {text.small_money(top, currency)}")
    return Chart(title, alt, CURVE_HEIGHT, spec, "; ".join(notes))


def _highest(values: Sequence[Decimal]) -> Decimal:
    """Where the picture ends: the dearest day, unless it is far out, as a day of monthly charges is."""
    usual = sorted(values)[int(0.9 * (len(values) - 1))]
    return usual * _FAR_OUT if 0 < usual * _FAR_OUT < max(values) else max(values)


def split(answer: UnitCosts) -> Chart:
    """How the cost of the unit chosen is made of direct, shared and unallocated cost: amounts, and bars of shares."""
    title = "Direct, shared, unallocated"
    chosen, whole = answer.chosen, answer.chosen.unit_cost
    if not whole:
        return Chart(title, f"{title}: no values", charts.EMPTY_HEIGHT, None)
    parts = [(label, getattr(chosen, name) or Decimal(0)) for name, label in _PARTS]
    drawn = charts.bars(
        [f"{label}, {text.small_money(amount, answer.currency)}" for label, amount in parts],
        [amount / whole for _, amount in parts],
        unit=Unit.PERCENT,
        title=title,
        name="Share of effective cost",
    )
    return replace(drawn, note=f"of {answer.counted.quantity}")


def one_unit(answer: UnitCosts) -> None:
    """The unit chosen: its cost by volume to the left, what it is made of to the right."""
    curve, shares = st.columns([3, 2], gap="medium")
    with curve:
        UNIT.draw("Efficiency by", is_label_shown=False)
        charts.draw(efficiency(answer))
    with shares:
        prose.lines("Fixed and variable cost", words.efficiency(answer))
        charts.draw(split(answer))
        prose.lines("Unallocated", words.unallocated(answer))


def units_table(answer: UnitCosts, about: Sequence[tuple[str, str]]) -> None:
    """Every unit: how many, what one costs, and what that is made of."""
    currency = answer.currency

    def money(label: str) -> tables.Column:
        return tables.Column(label, Unit.MONEY, currency, digits=DIGITS)

    tables.show(
        answer.units,
        {
            "unit": tables.Column("Unit"),
            "count": tables.Column("Count", Unit.COUNT),
            "unit_cost": money("Effective cost of one"),
            "direct": money("Direct"),
            "shared": money("Shared"),
            "unallocated": money("Unallocated"),
            **({"before": money(answer.before.label)} if answer.before else {}),
        },
        export_as="unit-costs",
        title="The whole bill, divided",
        about=about,
        digits=DIGITS_KEPT,
    )


def functions_table(answer: UnitCosts, about: Sequence[tuple[str, str]]) -> None:
    """Every business function: what it costs, and what one of its own units does."""
    currency = answer.currency
    tables.show(
        answer.functions,
        {
            "title": tables.Column("Function"),
            "direct": tables.Column("Direct", Unit.MONEY, currency),
            "shared": tables.Column("Shared", Unit.MONEY, currency),
            "total": tables.Column("Cost", Unit.MONEY, currency),
            "share": tables.Column("Share", Unit.PERCENT),
            "unit": tables.Column("Its unit"),
            "count": tables.Column("Count", Unit.COUNT),
            "unit_cost": tables.Column("Its own cost of one", Unit.MONEY, currency, digits=DIGITS),
        },
        export_as="cost-by-function",
        title="Cost by business function",
        about=[*about, ("Rules", answer.allocation.path.name)],
        digits=DIGITS_KEPT,
    )


def _curve(answer: UnitCosts, low: int, high: int) -> list[tuple[float, float]]:
    """Points of the fitted curve over the days' volumes; none where there is no line, or it falls below zero."""
    fitted = answer.efficiency
    if fitted is None or fitted.fixed < 0 or fitted.variable < 0 or high <= low:
        return []
    points = []
    for step in range(CURVE_POINTS + 1):  # evenly by factors: the curve bends where volumes are small
        volume = Decimal(repr(low * (high / low) ** (step / CURVE_POINTS)))
        cost = fitted.unit_cost(volume)
        if cost is not None:
            points.append((float(volume), float(cost * answer.counted.units)))
    return points
