"""The charts of the Budgets page: the month adding up against its budget, and the days so far and to come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from console.insights.budgets import Answer
from console.insights.figures import Number, Unit
from console.spend.budgeting.budgets import Point, Status, burn_up
from console.ui import echarts, scales
from console.ui import formatting as text
from console.ui.charts import DAY_HEIGHT, EMPTY_HEIGHT, Chart
from console.ui.echarts import Spec

SHOWN_DAYS = 56  # before the days to come: eight weeks show a weekday pattern and leave the forecast room
BAND = "rgba(141, 149, 158, 0.28)"
_THRESHOLD = {"color": echarts.GREY, "width": 1, "type": [3, 3]}
_TOP, _BOTTOM = 16, 26


def month(answer: Answer) -> Chart:
    """Charges of the month added up, the forecast with its interval, and the budget with its thresholds."""
    currency, expected, status = answer.bill.currency, answer.forecast, answer.chosen
    title = f"{expected.month:%B %Y}, added up"
    points = burn_up(answer.charges, expected)
    alt = _month_alt(title, answer, currency)
    if not points:
        return Chart(title, alt, EMPTY_HEIGHT, None)
    known = sum(1 for point in points if point.actual is not None)
    days = [expected.month + timedelta(days=number) for number in range(_length(expected.month))]
    lines = _thresholds(status)
    values: list[Number] = [*(point.high for point in points), *(amount for _, amount in lines)]
    axis = scales.linear(values)
    rows = [_point_row(points, place, known, currency) for place in range(len(points))]
    rows += [[place, text.weekday(days[place]), *[None] * 4, "", "", ""] for place in range(len(points), len(days))]
    # one name, one colour: what is booked and what is expected are one line
    actual, coming = echarts.line("Booked", "actual", 0, 0), echarts.line("Booked", "coming", 0, 0, dashed=True)
    for line in (actual, coming):
        line["endLabel"]["show"] = False
    if lines:
        actual["markLine"] = _budget_lines(lines, currency)
    spec = _layout(days, rows, axis, currency, right=_room(lines, currency)) | {
        "series": [*_band(), actual, coming, echarts.ticks(axis, Unit.MONEY, currency)]
    }
    narrow: Spec = {"grid": {"right": 22}, "series": [{}, {}, {"markLine": {"label": {"position": "insideStartTop"}}}]}
    return Chart(title, alt, DAY_HEIGHT, echarts.with_phone_option(spec, narrow), _note(answer))


def by_day(answer: Answer) -> Chart:
    """Charges day by day, and the days to come with their interval; dashed where a day may still change."""
    currency, charges, expected = answer.bill.currency, answer.charges, answer.forecast
    title, note = "Day by day", f"{answer.basis.value} cost without tax, credits and monthly fees"
    amounts = charges.everyday()
    first = max(len(charges.days) - SHOWN_DAYS, 0)
    settled = charges.settled
    estimated = len(charges.days)
    while estimated and charges.days[estimated - 1] in charges.estimated:  # a fee of the first may be, days before it
        estimated -= 1
    coming = {each.day: each for each in expected.days}
    past = [(day, amounts[place], place) for place, day in enumerate(charges.days) if place >= first]
    last = max([charges.days[-1]] if charges.days else [], default=None)
    days = [day for day, _, _ in past] + [day for day in coming if last is None or day > last]
    alt = _day_alt(title, past, answer, currency)
    if not days:
        return Chart(title, alt, EMPTY_HEIGHT, None)
    known = {day: (amount, place) for day, amount, place in past}
    values: list[Number] = [amount for amount, _ in known.values()]
    values += [edge for each in coming.values() for edge in (each.low, each.high)]
    axis = scales.linear(values)
    rows: list[list[object]] = []
    for position, day in enumerate(days):
        amount, place = known.get(day, (None, -1))
        to_come = coming.get(day)
        solid = amount if place < estimated else None
        dashed = (
            amount if amount is not None and place >= max(estimated - 1, 0) and estimated < len(charges.days) else None
        )
        joined = to_come.amount if to_come else amount if place == settled - 1 else None
        low = to_come.low if to_come else joined
        high = to_come.high if to_come else joined
        told = ", estimated" if place >= estimated else ""
        rows.append(
            [
                position,
                text.weekday(day) + told,
                echarts.number(solid),
                echarts.number(joined),
                echarts.number(low),
                None if low is None or high is None else float(high - low),
                text.money(amount, currency),
                text.money(to_come.amount, currency) if to_come else text.UNKNOWN,
                f"{text.money(to_come.low, currency)} to {text.money(to_come.high, currency)}"
                if to_come
                else text.UNKNOWN,
                echarts.number(dashed),
            ]
        )
    actual, ahead = echarts.line("Charged", "actual", 0, 0), echarts.line("Forecast", "coming", 1, 0, dashed=True)
    unsure = echarts.line("Charged", "estimated", 0, 0, dashed=True)
    for line in (actual, ahead, unsure):
        line["endLabel"]["show"] = False
    spec = _layout(days, rows, axis, currency, right=22, name="Charged", more=["estimated"]) | {
        "series": [*_band(), actual, unsure, ahead, echarts.ticks(axis, Unit.MONEY, currency)]
    }
    return Chart(title, alt, DAY_HEIGHT, spec, note)


def _point_row(points: Sequence[Point], place: int, known: int, currency: str) -> list[object]:
    point = points[place]
    is_known = place < known
    ahead = place >= known - 1  # the last known day is in both lines, so that they meet
    return [
        place,
        text.weekday(point.day),
        echarts.number(point.actual),
        float(point.middle) if ahead and len(points) > known else None,
        float(point.low) if ahead and len(points) > known else None,
        float(point.high - point.low) if ahead and len(points) > known else None,
        text.money(point.actual, currency),
        text.UNKNOWN if is_known else text.money(point.middle, currency),
        text.UNKNOWN if is_known else f"{text.money(point.low, currency)} to {text.money(point.high, currency)}",
    ]


def _layout(
    days: Sequence[date],
    rows: list[list[object]],
    axis: scales.Axis,
    currency: str,
    *,
    right: int,
    name: str = "Booked",
    more: Sequence[str] = (),
) -> Spec:
    hover = (
        echarts.hover_row(name, "{@actual_text}")
        + echarts.hover_row("Forecast", "{@coming_text}")
        + echarts.hover_row("In 4 of 5 cases", "{@interval_text}")
    )
    dimensions = ["day", "day_name", "actual", "coming", "low", "height", "actual_text", "coming_text", "interval_text"]
    return echarts.template() | {
        "dataset": {"dimensions": [*dimensions, *more], "source": rows},
        "grid": echarts.grid(
            echarts.width([text.tick(value, Unit.MONEY, currency) for value in axis.ticks]) + 8, right, _TOP, _BOTTOM
        ),
        "tooltip": {
            "trigger": "axis",
            "formatter": f"<b>{{@day_name}}</b><table>{hover}</table>",
            "axisPointer": echarts.POINTER,
            **echarts.TOOLTIP,
        },
        "xAxis": echarts.day_axis(days),
        "yAxis": {"type": "value", "min": axis.low, "max": axis.high, "show": False},
    }


def _band() -> list[Spec]:
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


def _thresholds(status: Status | None) -> list[tuple[str, Decimal]]:
    """The budget's lines: its own amount, and its thresholds."""
    if status is None:
        return []
    shares = sorted({100, *status.budget.thresholds})
    return [
        ("Budget" if share == 100 else f"{share}{text.NARROW_SPACE}%", status.amount * share / 100) for share in shares
    ]


def _line_text(name: str, amount: Decimal, currency: str) -> str:
    return f"{name} {text.compact(amount, Unit.MONEY, currency)}"


def _room(lines: Sequence[tuple[str, Decimal]], currency: str) -> int:
    return echarts.width([_line_text(*line, currency) for line in lines]) + 12 if lines else 22


def _budget_lines(lines: Sequence[tuple[str, Decimal]], currency: str) -> Spec:
    return {
        "silent": True,
        "symbol": "none",
        "animation": False,
        "label": {"position": "end", "color": echarts.GREY, "fontSize": echarts.SMALL, "distance": 6},
        "data": [
            {
                "yAxis": float(amount),
                "label": {
                    "formatter": _line_text(name, amount, currency),
                    **({"fontWeight": 600} if name == "Budget" else {}),
                },
                "lineStyle": {"color": echarts.GREY, "width": 1.4, "type": "solid"} if name == "Budget" else _THRESHOLD,
            }
            for name, amount in lines
        ],
    }


def _note(answer: Answer) -> str:
    return f"{answer.basis.value} cost, {answer.scope}"


def _month_alt(title: str, answer: Answer, currency: str) -> str:
    expected = answer.forecast
    words = f"{title}: {text.money(expected.booked, currency)} booked"
    if expected.as_of is not None:
        words += f" up to {text.day(expected.as_of)}"
    if expected.amount is not None:
        words += (
            f", {text.money(expected.amount, currency)} expected for the month"
            f" ({text.money(expected.low, currency)} to {text.money(expected.high, currency)} in 4 of 5 months)"
        )
    return words if answer.chosen is None else f"{words}, of a budget of {text.money(answer.chosen.amount, currency)}"


def _day_alt(title: str, past: Sequence[tuple[date, Decimal, int]], answer: Answer, currency: str) -> str:
    if not past:
        return f"{title}: no values"
    amount, day = max((amount, day) for day, amount, _ in past)
    words = f"{title}, from {text.day(past[0][0])}: highest {text.money(amount, currency)} on {text.day(day)}"
    days = answer.forecast.days
    if not days:
        return words
    return (
        f"{words}; {len(days)} days to come, {text.money(days[0].amount, currency)} expected on {text.day(days[0].day)}"
    )


def _length(month: date) -> int:
    return ((month.replace(day=28) + timedelta(days=4)).replace(day=1) - month).days
