"""The days of the bill so far and to come, as the Budgets page draws them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

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
    amounts = charges.everyday()
    first = max(len(charges.days) - SHOWN_DAYS, 0)
    settled = charges.settled
    estimated = len(charges.days)
    while estimated and charges.days[estimated - 1] in charges.estimated:  # a fee of the first may be, days before it
        estimated -= 1
    coming = {forecast.day: forecast for forecast in expected.days}
    past = [(day, amounts[place], place) for place, day in enumerate(charges.days) if place >= first]
    last = max([charges.days[-1]] if charges.days else [], default=None)
    days = [day for day, _, _ in past] + [day for day in coming if last is None or day > last]
    alt = _alt(title, past, answer, currency)
    if not days:
        return Chart(title, alt, EMPTY_HEIGHT, None)
    known = {day: (amount, place) for day, amount, place in past}
    values: list[Number] = [amount for amount, _ in known.values()]
    values += [edge for forecast in coming.values() for edge in (forecast.low, forecast.high)]
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
        remark = ", estimated" if place >= estimated else ""
        rows.append(
            [
                position,
                text.weekday(day) + remark,
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
    actual, ahead = echarts.line("Charged", "actual", 0), echarts.line("Forecast", "coming", 1, dashed=True)
    unsure = echarts.line("Charged", "estimated", 0, dashed=True)
    lines = [actual, unsure, ahead]
    spec = forecast_lines.layout(days, rows, lines, axis, currency, name="Charged", more=["estimated"])
    return Chart(title, alt, DAY_HEIGHT, spec, note)


def _alt(title: str, past: Sequence[tuple[date, Decimal, int]], answer: Answer, currency: str) -> str:
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
