"""The month on the Budgets page: what is left of the budget, day by day; without a budget, what adds up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from console.asking import formatting as text
from console.asking.figures import Number
from console.budgets.answer import Answer
from console.budgets.budgets import BurnPoint, Status, burn_down, burn_up, even_pace
from console.budgets.forecasting.history import days_of_month
from console.kit import echarts, forecast_lines, scales
from console.kit.charts import DAY_HEIGHT, EMPTY_HEIGHT, Chart
from console.kit.echarts import Spec

PACE_NAMED = 0.2  # of the month: where the even pace has its name, far from what the thresholds are called
_THRESHOLD = {"color": echarts.GREY, "width": 1, "type": [3, 3]}
_USED_UP = {"color": echarts.GREY, "width": 1.4, "type": "solid"}


def chart(answer: Answer) -> Chart:
    """What is left of the chosen budget on every day, with the forecast and its interval, thresholds and even pace."""
    currency, expected, status = answer.bill.currency, answer.forecast, answer.chosen
    title = f"{text.month(expected.month)}, {'added up' if status is None else 'left of the budget'}"
    note = f"{answer.basis.value} cost, {answer.scope}"
    charged = burn_up(answer.charges, expected)
    alt = _alt(title, answer, currency)
    if not charged:
        return Chart(title, alt, EMPTY_HEIGHT, None)
    points = charged if status is None else burn_down(charged, status.amount)
    days = days_of_month(expected.month)
    pace: Sequence[Decimal] = [] if status is None else even_pace(status.amount, len(days))
    lines = _thresholds(status)
    known = sum(1 for point in points if point.actual is not None)
    values: list[Number] = [edge for point in points for edge in (point.low, point.high)]
    values += [*(left for _, left in lines), *([] if status is None else [status.amount])]
    axis = scales.linear(values)
    rows = [_row(points, place, known, currency) for place in range(len(points))]
    rows += [[place, text.weekday(days[place]), *[None] * 4, *[""] * 3] for place in range(len(points), len(days))]
    for place, row in enumerate(rows):
        row += [echarts.number(pace[place]) if pace else None, text.money(pace[place], currency) if pace else ""]
        row.append(text.money(charged[place].middle, currency) if place < len(charged) else "")
    # one name, one colour: what is known and what is expected are one line
    name = "Booked" if status is None else "Left"
    actual, coming = echarts.line(name, "actual", 0), echarts.line(name, "coming", 0, dashed=True)
    even = echarts.line("Even pace", "pace", 2)
    if lines:
        actual["markLine"] = _threshold_lines(lines)
        even["markPoint"] = _pace_name(pace, points)
    spec = forecast_lines.layout(
        days,
        rows,
        [actual, coming, even],
        axis,
        currency,
        name=name,
        right=echarts.width([name for name, _ in lines]) + 12 if lines else forecast_lines.EDGE,
        more=["pace", "pace_text", "charged_text"],
        also=[] if status is None else [("Charged by then", "charged_text"), ("Left at an even pace", "pace_text")],
    )
    narrow: Spec = {
        "grid": {"right": forecast_lines.EDGE},
        "series": [{}, {}, {"markLine": {"label": {"position": "insideStartTop"}}}],
    }
    return Chart(title, alt, DAY_HEIGHT, echarts.with_phone_option(spec, narrow), note)


def _row(points: Sequence[BurnPoint], place: int, known: int, currency: str) -> list[object]:
    point = points[place]
    is_known = place < known
    ahead = place >= known - 1 and len(points) > known  # the last known day is in both lines, so that they meet
    return [
        place,
        text.weekday(point.day),
        echarts.number(point.actual),
        float(point.middle) if ahead else None,
        float(point.low) if ahead else None,
        float(point.high - point.low) if ahead else None,
        text.money(point.actual, currency),
        text.UNKNOWN if is_known else text.money(point.middle, currency),
        text.UNKNOWN if is_known else f"{text.money(point.low, currency)} to {text.money(point.high, currency)}",
    ]


def _thresholds(status: Status | None) -> list[tuple[str, Decimal]]:
    """The budget's thresholds, and what is left of it where each is reached: nothing at 100 %."""
    if status is None:
        return []
    shares = sorted({100, *status.budget.thresholds})
    return [(f"{share}{text.NARROW_SPACE}% used", status.amount - status.amount * share / 100) for share in shares]


def _threshold_lines(lines: Sequence[tuple[str, Decimal]]) -> Spec:
    return {
        "silent": True,
        "symbol": "none",
        "animation": False,
        "label": {"position": "end", "color": echarts.GREY, "fontSize": echarts.SMALL, "distance": 6},
        "data": [
            {
                "yAxis": float(left),
                "label": {"formatter": name, **({} if left else {"fontWeight": 600})},
                "lineStyle": _THRESHOLD if left else _USED_UP,
            }
            for name, left in lines
        ],
    }


def _pace_name(pace: Sequence[Decimal], points: Sequence[BurnPoint]) -> Spec:
    """The name of the even pace, on the side of it where the budget's own line does not run."""
    place = round(len(pace) * PACE_NAMED)
    is_above = place < len(points) and points[place].middle < pace[place]
    return {
        "silent": True,
        "animation": False,
        "symbolSize": 0,
        "label": {
            "show": True,
            "formatter": "Even pace",
            "color": echarts.GREY,
            "fontSize": echarts.SMALL,
            "position": "right" if is_above else "left",
            "distance": 8,
            "offset": [0, -8] if is_above else [0, 8],
            "textBorderWidth": 0,
        },
        "data": [{"coord": [place, float(pace[place])]}],
    }


def _alt(title: str, answer: Answer, currency: str) -> str:
    expected = answer.forecast
    words = f"{title}: {text.money(expected.booked, currency)} booked"
    if expected.as_of is not None:
        words += f" up to {text.day(expected.as_of)}"
    if expected.amount is not None:
        words += (
            f", {text.money(expected.amount, currency)} expected for the month"
            f" ({text.money(expected.low, currency)} to {text.money(expected.high, currency)} in 4 of 5 months)"
        )
    if (chosen := answer.chosen) is None:
        return words
    left = text.money(chosen.left, currency)
    gone = f", gone on {text.day(chosen.crossing)}" if chosen.crossing else ""
    return f"{words}, of a budget of {text.money(chosen.amount, currency)}: {left} left{gone}"
