"""The days of the bill so far and to come, as the Budgets page draws them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import takewhile

from console.asking import formatting as text
from console.asking.figures import Number
from console.budgets.answer import Answer
from console.kit import echarts, forecast_lines, scales
from console.kit.charts import DAY_HEIGHT, EMPTY_HEIGHT, Chart

SHOWN_DAYS = 56  # before the days to come: eight weeks show a weekday pattern and leave the forecast room


def chart(answer: Answer) -> Chart:
    """Charges day by day, and the days to come with their interval; dashed where a day may still change."""
    currency, charges, expected = answer.bill.currency, answer.charges, answer.forecast
    title, note = "Day by day", f"{answer.basis.value} cost without tax, credits and monthly fees"
    amounts = dict(zip(charges.days, charges.everyday(), strict=True))
    past = charges.days[-SHOWN_DAYS:]
    settled = len(past) - (len(charges.days) - charges.settled)
    # a fee of the first of a month may be estimated, and days before it too
    firm = len(past) - sum(1 for _ in takewhile(charges.estimated.__contains__, reversed(past)))
    coming = {forecast.day: forecast for forecast in expected.days}
    days = [*past, *(day for day in coming if not past or day > past[-1])]
    alt = _alt(title, [(amounts[day], day) for day in past], answer, currency)
    if not days:
        return Chart(title, alt, EMPTY_HEIGHT, None)
    values: list[Number] = [amounts[day] for day in past]
    values += [edge for forecast in coming.values() for edge in (forecast.low, forecast.high)]
    axis = scales.linear(values)
    rows: list[list[object]] = []
    for position, day in enumerate(days):
        amount, to_come = amounts.get(day), coming.get(day)
        joined = to_come.amount if to_come else amount if position == settled - 1 else None
        low, high = (to_come.low, to_come.high) if to_come else (joined, joined)
        is_dashed = position >= firm - 1 and firm < len(past)
        rows.append(
            [
                position,
                text.weekday(day) + (", estimated" if firm <= position < len(past) else ""),
                echarts.number(amount if position < firm else None),
                echarts.number(joined),
                echarts.number(low),
                None if low is None or high is None else float(high - low),
                text.money(amount, currency),
                text.money(to_come.amount, currency) if to_come else text.UNKNOWN,
                f"{text.money(low, currency)} to {text.money(high, currency)}" if to_come else text.UNKNOWN,
                echarts.number(amount if is_dashed else None),
            ]
        )
    actual, ahead = echarts.line("Charged", "actual", 0), echarts.line("Forecast", "coming", 1, dashed=True)
    unsure = echarts.line("Charged", "estimated", 0, dashed=True)
    lines = [actual, unsure, ahead]
    spec = forecast_lines.layout(days, rows, lines, axis, currency, name="Charged", more=["estimated"])
    return Chart(title, alt, DAY_HEIGHT, spec, note)


def _alt(title: str, past: Sequence[tuple[Decimal, date]], answer: Answer, currency: str) -> str:
    if not past:
        return f"{title}: no values"
    amount, day = max(past)
    words = f"{title}, from {text.day(past[0][1])}: highest {text.money(amount, currency)} on {text.day(day)}"
    days = answer.forecast.days
    if not days:
        return words
    return (
        f"{words}; {len(days)} days to come, {text.money(days[0].amount, currency)} expected on {text.day(days[0].day)}"
    )
