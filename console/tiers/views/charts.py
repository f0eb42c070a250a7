"""Charts of the tiers: what each costs a month by service against its band, and every bill over the traffic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from console.asking import formatting as text
from console.asking.figures import Unit
from console.kit import echarts, hover_text, scales
from console.kit.charts import Chart
from console.kit.echarts import Spec
from console.tiers.answer import Tiers
from console.tiers.estimate import Estimate
from console.tiers.measured import DOLLARS, monthly

NAMED_SERVICES = 6  # colours that a reader can distinguish
OTHERS = "Other services"
BAR_HEIGHT, CURVE_HEIGHT = 118, 340
_TOP, _BOTTOM = 14, 28  # of the curves' plot, pixels
_NARROW = 0.18  # of the picture's width
_EDGE = 0.12  # of the picture's width: a text centred there would reach beyond its left side
_BAND_LINE: Spec = {"color": echarts.GREY, "width": 1.2, "type": [4, 3]}


def named_services(estimates: Sequence[Estimate]) -> list[str]:
    """The services that weigh most in any of the tiers: they keep one colour in all charts."""
    weights: dict[str, Decimal] = {}
    for estimate in estimates:
        for service, amount in estimate.by_service.items():
            share = amount / estimate.monthly_usd if estimate.monthly_usd else Decimal(0)
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
    hover = (hover_text.row(name, f"{{@text{place}}}") for place, (name, amount) in enumerate(parts) if amount)
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
        hover=hover_text.table(a_month, hover),
        pointer=False,
    )
    return Chart(title, alt, BAR_HEIGHT, spec, a_month)


def over_traffic(answer: Tiers) -> Chart:
    """Every tier's bill by events a day, both axes by powers of ten, and the months estimated above marked."""
    title = "Monthly bill by events a day"
    names = [estimate.tier.title for estimate in answer.estimates]
    points = [int(estimate.usage.events_per_day) for estimate in answer.curves[0]]
    rows: list[list[object]] = []
    for position, events in enumerate(points):
        row: list[object] = [events, f"{text.count(events)} events a day"]
        for curve in answer.curves:
            bill = curve[position].monthly_usd
            row += [float(bill), text.money(bill, DOLLARS)]
        rows.append(row)
    dimensions = ["events", "label", *(f"{kind}{place}" for place in range(len(names)) for kind in ("bill", "text"))]
    bills = [float(estimate.monthly_usd) for curve in answer.curves for estimate in curve]
    lowest, highest = min(bills), max(bills)
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
        hover=hover_text.texts("{@label}", names),
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
    """Powers of ten on both axes."""

    def powers(start: float, end: float) -> list[int]:
        return [10**power for power in range(math.ceil(math.log10(start)), math.floor(math.log10(end)) + 1)]

    data: list[Spec] = [
        {"yAxis": value, "label": {"formatter": text.tick(Decimal(value), Unit.MONEY, DOLLARS)}}
        for value in powers(low, high)
    ]
    data += [
        {"xAxis": value, "label": {"formatter": text.tick(Decimal(value), Unit.COUNT)}} for value in powers(first, last)
    ]
    return echarts.gridlines(data)
