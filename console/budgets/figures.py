"""What the Budgets page and its command say of an answer: tiles, and what is left out."""

from __future__ import annotations

from datetime import date

from console.asking import formatting as text
from console.asking.figures import Better, Change, Figure, Unit
from console.budgets.answer import Answer
from console.finops.decimals import total


def figures(answer: Answer) -> list[Figure]:
    """The tiles."""
    currency, expected, chosen = answer.bill.currency, answer.forecast, answer.chosen
    booked_change = [Change("Last month, same days", answer.last_month)]
    interval = ""
    if expected.low is not None and expected.high is not None:
        low, high = text.whole_money(expected.low, currency), text.whole_money(expected.high, currency)
        interval = f"{low} to {high} in 4 of 5 months"
    elif answer.is_pending:
        interval = "being worked out"
    opened = answer.open_anomalies
    at_stake = total(anomaly.money for anomaly in opened)
    shown = [
        Figure(
            "Booked this month" if answer.ended is None else f"Booked in {text.month(expected.month)}",
            expected.booked,
            Unit.MONEY,
            currency,
            booked_change,
            better=Better.LOWER,
            note=f"{answer.basis.value} cost" + (f", up to {text.short_day(expected.as_of)}" if expected.as_of else ""),
        ),
        Figure("Forecast", expected.amount, Unit.MONEY, currency, note=interval, better=Better.LOWER),
        Figure("Run-rate", answer.run_rate, Unit.MONEY, currency, note="booked ÷ days so far × days of the month"),
    ]
    if chosen is not None:
        note = f"goes beyond it on {text.short_day(chosen.crossing)}" if chosen.crossing else ""
        shown += [
            Figure("Budget", chosen.amount, Unit.MONEY, currency, note=chosen.budget.name),
            Figure("Left of it", chosen.left, Unit.MONEY, currency, note=note),
        ]
    count = None if answer.anomalies is None else len(opened)
    shown.append(
        Figure("Open anomalies", count, Unit.COUNT, note=f"{text.money(at_stake, currency)} at stake" if opened else "")
    )
    return shown


def notes(answer: Answer) -> tuple[str, ...]:
    """Sentences on what is left out: charges and budgets in other currencies, and where the bill ends."""
    found = []
    if answer.bill.others:
        amounts = ", ".join(text.money(amount, currency) for currency, amount in answer.bill.others.items())
        found.append(f"Figures count charges in {answer.bill.currency} only; not included: {amounts}.")
    if answer.elsewhere:
        names = ", ".join(f"{budget.name} ({budget.currency})" for budget in answer.elsewhere)
        found.append(f"Budgets in another currency are not compared with this bill: {names}.")
    found += [f"The budget {budget.name} is not shown: {budget.why}." for budget in answer.left_out]
    if answer.ended is not None:
        found.append(ended(answer.ended))
    return tuple(found)


def ended(last: date) -> str:
    """The sentence that the bill ends on `last`, and what to do."""
    return f"The bill ends on {text.day(last)}. Import a newer one to see the days after it."
