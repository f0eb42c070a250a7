"""Charts of the cloud bill: days stacked by what is charged, the split of a change, and shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from console.asking import formatting as text
from console.asking.figures import Unit
from console.finops.charges import Basis
from console.finops.decimals import ZERO, total
from console.kit import charts, descriptions, echarts, hover_text, scales
from console.kit.charts import Chart
from console.kit.echarts import Spec
from console.spend.breakdown import APART_NAME, OTHERS, Breakdown
from console.spend.changes import Changed
from console.spend.tags import KeyCoverage

HEIGHT = 340
ESTIMATED = "estimated"
_MOST_KEYS = 12  # as tall as the texts beside them
_TOP = 28
_LEGEND_NAME = 26  # characters of a name beside the chart
_SWATCH = 26  # pixels before a name
_LEGEND_LINE = 22  # pixels, as ECharts spaces names below each other


def by_day(
    breakdown: Breakdown, days: Sequence[date], basis: Basis, currency: str, incomplete_from: date | None
) -> Chart:
    """Spend by day, stacked by the largest values; what is estimated, or of a day not over, is dashed and named so."""
    title = f"Spend by day and {breakdown.title.lower()}"
    note = f"{basis}, {currency}"
    sums = [total(series.costs[place] for series in breakdown.series) for place in range(len(days))]
    alt = descriptions.by_day(f"{title}, {note}", days, sums, Unit.MONEY, currency)
    if not breakdown.series:
        return Chart(title, alt, charts.EMPTY_HEIGHT, None, note)
    names = _numbered([series.name for series in breakdown.series])
    cut = next((place for place, day in enumerate(days) if incomplete_from and day >= incomplete_from), len(days))
    rows: list[list[object]] = []
    for place, day in enumerate(days):
        dashed = [place >= cut or place in series.estimated for series in breakdown.series]
        remark = f", {ESTIMATED}" if place >= cut else f", partly {ESTIMATED}" if any(dashed) else ""
        row: list[object] = [place, text.weekday(day) + remark]
        for series, is_dashed in zip(breakdown.series, dashed, strict=True):
            cost = series.costs[place]
            row += [
                None if is_dashed else echarts.number(cost),
                echarts.number(cost) if is_dashed and cost else None,  # nothing would still be a dashed line
                text.money(cost, currency),
            ]
        rows.append([*row, text.money(sums[place], currency)])
    dimensions = ["day", "day_name"]
    dimensions += [f"{kind}{position}" for position in range(len(names)) for kind in ("sure", "dashed", "text")]
    stacks = list(zip(*(series.costs for series in breakdown.series), strict=True))
    highs = [total(cost for cost in stack if cost > ZERO) for stack in stacks]
    lows = [total(cost for cost in stack if cost < ZERO) for stack in stacks]
    axis = scales.linear([*highs, *lows])
    has_dashed = cut < len(days) or any(series.estimated for series in breakdown.series)
    drawn = [
        _bars(name, position, kind)
        for position, name in enumerate(names)
        for kind in ("sure", "dashed")
        if kind == "sure" or has_dashed
    ]
    if cut < len(days):
        drawn[0]["markArea"] = echarts.shades([(ESTIMATED, days[cut], days[-1])], None, days)
    short = [_shortened(name) for name in names]
    legend = echarts.width(short) + _SWATCH
    spec = echarts.over_time(
        [*dimensions, "all"],
        rows,
        drawn,
        axis,
        Unit.MONEY,
        currency,
        x=echarts.day_axis(days) | {"boundaryGap": True},
        right=legend + 14,
        top=_TOP if cut < len(days) else 12,
        hover=hover_text.texts("{@day_name}", names, hover_text.row("All", "{@all}")),
        pointer=False,
    ) | {
        "legend": {
            "show": True,
            "data": names,
            "orient": "vertical",
            "right": 0,
            "top": "middle",
            "width": legend,
            "align": "left",
            "itemWidth": 12,
            "itemHeight": 12,
            "icon": "rect",
            "selectedMode": False,
            "textStyle": {"fontSize": echarts.SMALL, "overflow": "truncate", "width": legend - _SWATCH},
        },
    }
    below = {"orient": "vertical", "left": 0, "right": "auto", "top": "auto", "bottom": 0, "width": "auto"}
    room = echarts.DATES_HEIGHT + _LEGEND_LINE * len(names) + 4
    narrow = {"legend": below, "grid": {"right": 16, "bottom": room}}  # no room beside it on a phone
    return Chart(title, alt, HEIGHT, echarts.with_phone_option(spec, narrow), note)


def why(changed: Changed, basis: Basis, currency: str) -> Chart:
    """From the spend before, over quantity, price, new, gone and what has no price, to the spend now."""
    split = changed.split
    drawn = charts.waterfall(
        [(effect.value, amount) for effect, amount in split.effects.items()],
        start=(changed.label, split.before),
        end=("This period", split.now),
        unit=Unit.MONEY,
        currency=currency,
        title="What changed",
    )
    return replace(drawn, note=f"{basis}, {currency}")


def coverage(keys: Sequence[KeyCoverage]) -> Chart:
    """The share of usage that carries each tag key: those that cover most, since clusters bring dozens of their own."""
    shown = keys[:_MOST_KEYS]
    drawn = charts.bars(
        [key.key for key in shown],
        [key.coverage for key in shown],
        unit=Unit.PERCENT,
        title="Tag coverage by key",
        name="Share of usage tagged",
    )
    return drawn if len(keys) == len(shown) else replace(drawn, note=f"{len(shown)} of {len(keys)} keys")


def _bars(name: str, position: int, kind: str) -> Spec:
    style: Spec = {}
    if name in (OTHERS, APART_NAME):
        style = {"color": echarts.GREY, "opacity": 0.55 if name == OTHERS else 0.28}
    if kind == "dashed":
        style |= {"borderType": "dashed", "borderColor": echarts.GREY, "borderWidth": 1}
        style["opacity"] = 0.45 * style.get("opacity", 1)
    return {
        "type": "bar",
        "name": name,  # both kinds of a name get one colour of the palette
        "stack": "spend",
        "barCategoryGap": "18%",
        "encode": {"x": "day", "y": f"{kind}{position}"},
        "itemStyle": style,
        "emphasis": {"disabled": True},
        "large": False,
    }


def _shortened(name: str) -> str:
    return name if len(name) <= _LEGEND_NAME else f"{name[: _LEGEND_NAME - 1]}…"


def _numbered(names: Sequence[str]) -> list[str]:
    """The same names, numbered where two are the same: a chart knows its series by name."""
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return numbered
