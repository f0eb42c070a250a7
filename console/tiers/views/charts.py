"""Charts of the tiers: each one's month by service inside its band, and all bills over the traffic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from console.asking import formatting as text
from console.asking.figures import Unit
from console.kit import echarts, scales
from console.kit.charts import Chart
from console.kit.echarts import Spec
from console.tiers.answer import Tiers
from console.tiers.estimate import Estimate
from console.tiers.measured import DOLLARS, monthly

NAMED_SERVICES = 6  # colours that are told apart
OTHERS = "Other services"
BAR_HEIGHT, CURVE_HEIGHT = 118, 340
_TOP, _BOTTOM = 14, 28  # of the curves' plot, pixels
_NARROW = 0.18  # of the picture's width
_EDGE = 0.12  # of the picture's width: a text centred there would reach beyond its left side
_BAND_LINE: Spec = {"color": echarts.GREY, "width": 1.2, "type": [4, 3]}


def named_services(estimates: Sequence[Estimate]) -> list[str]:
    """The services that weigh most in any of the tiers: they keep one colour in all charts."""
    weights: dict[str, Decimal] = {}
    for each in estimates:
        for service, amount in each.by_service.items():
            share = amount / each.monthly_usd if each.monthly_usd else Decimal(0)
            weights[service] = max(weights.get(service, Decimal(0)), share)
    return sorted(weights, key=lambda service: (-weights[service], service))[:NAMED_SERVICES]


def by_service(estimate: Estimate, named: Sequence[str]) -> Chart:
    """One bar, stacked by service, over the band that the bill must fall in."""
    title = f"{estimate.tier.title}: {text.count(estimate.usage.events_per_day)} events a day"
    total, band = estimate.monthly_usd, estimate.tier.monthly_usd
    amounts = estimate.by_service
    parts = [(name, amounts.get(name, Decimal(0))) for name in named]
    parts.append((OTHERS, total - sum((amount for _, amount in parts), Decimal(0))))
    low, high = text.tick(band.low, Unit.MONEY, DOLLARS), text.tick(band.high, Unit.MONEY, DOLLARS)
    end = float(max(total, band.high)) * 1.06
    is_narrow = float(band.high - band.low) < end * _NARROW  # then its two ends would be written over each other
    is_at_edge = float(band.high) < end * _EDGE
    listed = ", ".join(f"{name} {text.money(amount, DOLLARS)}" for name, amount in parts if amount)
    alt = f"{title}, {text.money(total, DOLLARS)} a month, band {low} to {high}: {listed}"
    if not total:
        return Chart(title, alt, BAR_HEIGHT, None)
    series: list[Spec] = []
    for position, (name, _) in enumerate(parts):
        bar: Spec = {
            "type": "bar",
            "name": name,
            "stack": "month",
            "barWidth": 34,
            "encode": {"x": f"value{position}", "y": "row"},
            "itemStyle": {"color": echarts.GREY, "opacity": 0.55} if name == OTHERS else {},
            "emphasis": {"disabled": True},
        }
        series.append(bar)
    series[0]["markArea"] = {
        "silent": True,
        "itemStyle": {"color": echarts.SHADE},
        "data": [[{"xAxis": float(band.low)}, {"xAxis": float(band.high)}]],
    }
    series[0]["markLine"] = {
        "silent": True,
        "symbol": "none",
        "animation": False,
        "lineStyle": _BAND_LINE,
        "label": {"position": "start", "color": echarts.GREY, "fontSize": echarts.SMALL, "distance": 5},
        "data": [
            {"xAxis": float(band.low), "label": {"formatter": "" if is_narrow else low}},
            {
                "xAxis": float(band.high),
                "label": {
                    "formatter": f"{low} to {high}" if is_narrow else high,
                    **({"align": "left"} if is_at_edge else {}),
                },
            },
        ],
    }
    hover = (echarts.hover_row(name, f"{{@text{place}}}") for place, (name, amount) in enumerate(parts) if amount)
    dimensions = ["row", *(f"{kind}{position}" for position in range(len(parts)) for kind in ("value", "text"))]
    row: list[object] = [0]
    for _, amount in parts:
        row += [float(amount), text.money(amount, DOLLARS)]
    a_month = f"{text.money(total, DOLLARS)} a month"
    spec = echarts.plot(
        dimensions,
        [row],
        series,
        x=echarts.value_axis(0, end),
        y={"type": "category", "data": [""], "show": False},
        edges=(2, 8, 18, 28),
        hover=echarts.hover_table(a_month, hover),
        pointer=False,
    )
    return Chart(title, alt, BAR_HEIGHT, spec, a_month)


def over_traffic(answer: Tiers) -> Chart:
    """Every tier's bill by events a day, both axes by powers of ten, and the months estimated above marked."""
    title = "Monthly bill by events a day"
    names = [each.tier.title for each in answer.estimates]
    points = [int(each.usage.events_per_day) for each in answer.curves[0]]
    rows: list[list[object]] = []
    for position, events in enumerate(points):
        row: list[object] = [events, f"{text.count(events)} events a day"]
        for each in answer.curves:
            bill = each[position].monthly_usd
            row += [float(bill), text.money(bill, DOLLARS)]
        rows.append(row)
    dimensions = ["events", "label", *(f"{kind}{place}" for place in range(len(names)) for kind in ("bill", "text"))]
    lowest = min(float(each.monthly_usd) for line in answer.curves for each in line)
    highest = max(float(each.monthly_usd) for line in answer.curves for each in line)
    low, high = 10 ** math.floor(math.log10(lowest)), 10 ** math.ceil(math.log10(highest))
    offsets = _name_offsets([float(line[-1].monthly_usd) for line in answer.curves], low, high)
    series: list[Spec] = [_line(name, place, offsets[place]) for place, name in enumerate(names)]
    for place, month in enumerate(answer.estimates):
        series[place]["markPoint"] = _marks(month)
    today = _today(answer)
    if today:
        series.append(today)
    series.append(_grid_lines(low, high, points[0], points[-1]))
    fewest, most = text.count(points[0]), text.count(points[-1])
    alt = f"{title}: " + "; ".join(
        f"{name} from {rows[0][3 + 2 * place]} at {fewest} to {rows[-1][3 + 2 * place]} at {most}"
        for place, name in enumerate(names)
    )
    spec = echarts.plot(
        dimensions,
        rows,
        series,
        x=echarts.value_axis(points[0], points[-1], "log"),
        y=echarts.value_axis(low, high, "log"),
        edges=(52, echarts.width(names) + 22, _TOP, _BOTTOM),
        hover=echarts.hover_texts("{@label}", names),
    )
    note = "logarithmic; diamonds: the months above"
    return Chart(
        title, alt, CURVE_HEIGHT, echarts.with_phone_legend(spec, names), f"{note}; square: today" if today else note
    )


def _name_offsets(ends: Sequence[float], low: float, high: float) -> list[float]:
    """How far each line's name moves down (pixels) from the line's end, so that no two names touch."""
    height = CURVE_HEIGHT - _TOP - _BOTTOM
    places = [math.log(high / end) / math.log(high / low) * height for end in ends]
    placed = scales.spread(places, gap=14, low=0, high=height)
    return [name - end for name, end in zip(placed, places, strict=True)]


def _line(name: str, place: int, offset: float) -> Spec:
    return {
        "type": "line",
        "name": name,
        "encode": {"x": "events", "y": f"bill{place}"},
        "showSymbol": False,
        "lineStyle": {"width": 2},
        "emphasis": {"disabled": True},
        "endLabel": {
            "show": True,
            "formatter": name,
            "fontSize": echarts.SMALL,
            "distance": 8,
            "color": "inherit",
            "offset": [0, offset],
        },
    }


def _marks(estimate: Estimate) -> Spec:
    """A diamond at the traffic of the month above."""
    return {
        "silent": True,
        "symbol": "diamond",
        "symbolSize": 12,
        "label": {"show": False},
        "data": [{"coord": [float(estimate.usage.events_per_day), float(estimate.monthly_usd)]}],
    }


def _today(answer: Tiers) -> Spec | None:
    """Today's bill at the traffic measured; none where either is unknown, or lies outside the picture."""
    bill, events = monthly(answer.measured.bill), answer.measured.events_per_day
    if bill is None or not events or events < answer.curves[0][0].usage.events_per_day:
        return None
    return {
        "type": "scatter",
        "name": "Today",
        "symbol": "rect",
        "symbolSize": 10,
        "itemStyle": {"color": echarts.GREY},
        "data": [[float(events), float(bill)]],
        "silent": True,
        "tooltip": {"show": False},
    }


def _grid_lines(low: float, high: float, first: int, last: int) -> Spec:
    """Powers of ten on both axes, drawn as marks: an axis of ECharts cannot write ``$1k`` without JavaScript."""

    def powers(start: float, end: float) -> list[int]:
        return [10**power for power in range(math.ceil(math.log10(start)), math.floor(math.log10(end)) + 1)]

    label = {"position": "start", "color": echarts.GREY, "fontSize": echarts.SMALL, "distance": 6}
    data: list[Spec] = [
        {"yAxis": value, "label": {"formatter": text.tick(Decimal(value), Unit.MONEY, DOLLARS)}}
        for value in powers(low, high)
    ]
    data += [
        {"xAxis": value, "label": {"formatter": text.tick(Decimal(value), Unit.COUNT)}} for value in powers(first, last)
    ]
    return {
        "type": "line",
        "data": [],
        "silent": True,
        "tooltip": {"show": False},
        "markLine": {
            "silent": True,
            "symbol": "none",
            "animation": False,
            "z": 0,
            "lineStyle": {"color": echarts.GRID, "width": 1, "type": "solid"},
            "label": label,
            "data": data,
        },
    }
