"""``budgets``, ``forecast`` and ``anomalies``: what the month costs, how good that forecast is, and what is unusual."""

from __future__ import annotations

import getpass
import sys
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from catalogue.command_line import group
from catalogue.errors import BindingError
from console.asking import formatting as text
from console.cli import options, output
from console.cli.options import Format, Lake
from console.finops.charges import Basis

if TYPE_CHECKING:
    from console.budgets.answer import Answer, JudgedAnomaly
    from console.budgets.budgets import Status

BUDGETS = (
    "budget",
    "for",
    "basis",
    "booked",
    "amount",
    "booked_share",
    "forecast",
    "expected_share",
    "standing",
    "alerts",
)
ANOMALIES = ("money", "service", "start", "end", "times", "blame", "state", "key")
OFF_BUDGET = 1  # exit code of `budgets --check` where a budget is overdrawn or expected to be
_CENT = Decimal("0.01")


Country = Annotated[
    str, typer.Option(metavar="CODE", help="whose public holidays count (default: $TAKINGS_COUNTRY, else US)")
]
BasisOption = Annotated[Basis, typer.Option("--basis", help="where no budget says one")]
anomalies = group()


def budgets(
    context: typer.Context,
    lake: Lake = None,
    form: Format = "table",
    country: Country = "",
    check: Annotated[bool, typer.Option("--check", help=f"exit with {OFF_BUDGET} where one is off")] = False,
) -> int:
    """The state of every budget this month, the worst first."""
    answer = _answer(context, lake, country=country)
    rows = [_status(status, with_all_digits=form != "table") for status in answer.statuses]
    if not rows:
        sys.stderr.write("No budget yet: write budgets.toml into the lake folder, or type one on the Budgets page.\n")
    if form == "json":
        output.json({**_about(answer), "budgets": rows})
    else:
        output.show(rows, BUDGETS, form, under="budgets")
    return OFF_BUDGET if check and answer.off_budget else 0


def forecast(
    context: typer.Context,
    lake: Lake = None,
    form: Format = "table",
    country: Country = "",
    basis: BasisOption = Basis.BILLED,
    budget: Annotated[str, typer.Option(metavar="NAME", help="of this budget's scope (default: the first)")] = "",
) -> None:
    """What the month will cost, and how well that is known."""
    from console.budgets.forecasting.backtest import BacktestRow

    answer = _answer(context, lake, country=country, basis=basis, budget=budget, backtested=True)
    if budget and (answer.chosen is None or answer.chosen.budget.name != budget):
        names = ", ".join(status.budget.name for status in answer.statuses) or "none"
        raise BindingError(f"There is no budget {budget!r}", where="--budget", remedy=f"Budgets: {names}.")
    expected, tested = answer.forecast, answer.backtest
    lines = [vars(row) for row in tested.rows] if tested else []
    if form == "json":
        output.json(
            {
                **_about(answer),
                "booked": expected.booked,
                "forecast": expected.amount,
                "low": expected.low,
                "high": expected.high,
                "tax_to_come": expected.tax_to_come,
                "run_rate": answer.run_rate,
                "method": expected.method,
                "note": expected.note,
                "left_out": [day.isoformat() for day in expected.left_out],
                "days": [vars(day) | {"day": day.day.isoformat()} for day in expected.days],
                "backtest": lines,
            }
        )
        return
    if expected.amount is None:
        sys.stderr.write(f"No forecast. {expected.note}\n")
    else:
        money = partial(text.money, currency=answer.bill.currency)
        sys.stderr.write(
            f"{text.month(expected.month)}, {answer.basis.value} cost of {answer.scope}: {money(expected.amount)} "
            f"expected ({money(expected.low)} to {money(expected.high)} in 4 of 5 months), "
            f"{money(expected.booked)} booked up to {expected.as_of}. {expected.method}. {expected.note}".strip()
            + "\n"
        )
    if form == "table":
        lines = [
            {name: text.percent(value) if isinstance(value, float) else value for name, value in line.items()}
            for line in lines
        ]
    output.show(lines, [field.name for field in fields(BacktestRow)], form, under="forecast")
    if tested and tested.needs:
        sys.stderr.write(f"{tested.needs}\n")


@anomalies.callback(invoke_without_command=True)
def list_anomalies(
    context: typer.Context,
    lake: Lake = None,
    form: Format = "table",
    country: Country = "",
    basis: BasisOption = Basis.BILLED,
) -> None:
    """What cost far more than usual, by money at stake; or decide on anomaly."""
    if context.invoked_subcommand is not None:
        return
    answer = _answer(context, lake, country=country, basis=basis)
    rows = [_anomaly(found, with_all_digits=form != "table") for found in answer.anomalies or ()]
    if form == "json":
        output.json({**_about(answer), "anomalies": rows})
    else:
        output.show(rows, ANOMALIES, form, under="anomalies")


@anomalies.command()
def decide(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="of the anomaly, as it is listed")],
    verdict: Annotated[Literal["expected", "open"], typer.Argument()],
    note: Annotated[str, typer.Option(help="why it was expected")] = "",
) -> None:
    """Mark an anomaly as expected, or undo that."""
    from console.budgets.forecasting.anomalies import KIND
    from console.decisions import Decision

    lake, country, basis = (options.of_group(context, name) for name in ("lake", "country", "basis"))
    answer = _answer(context, lake, country=country, basis=basis)
    keys = [found.anomaly.key for found in answer.anomalies or ()]
    if key not in keys:
        raise BindingError(
            f"There is no anomaly {key!r}", where="decide", remedy=f"Keys: {', '.join(keys[:5]) or 'none'}."
        )
    decision = Decision(KIND, key, verdict, note, getpass.getuser(), datetime.now(UTC))
    options.profile(context, lake).decisions.decide(decision)
    sys.stdout.write(f"{key}: {verdict}\n")


def _answer(
    context: typer.Context,
    lake: str | None,
    *,
    country: str,
    basis: Basis = Basis.BILLED,
    budget: str = "",
    backtested: bool = False,
) -> Answer:
    from catalogue.errors import SourceError
    from console.budgets import answer as insight
    from console.budgets.bill import bill
    from console.budgets.figures import notes

    profile = options.profile(context, lake)
    scope = profile.scope()
    if bill(scope).is_empty:
        raise SourceError(
            "There is no cloud bill yet",
            where=str(profile.settings.lake),
            remedy="Import one with `python -m console spend import FILE`.",
        )
    answer = insight.budgets(
        scope,
        profile.budgets,
        profile.decisions,
        name=budget,
        basis=basis,
        country=country,
        backtested=backtested,
        patience=None,
    )
    for note in notes(answer):
        sys.stderr.write(f"{note}\n")
    return answer


def _about(answer: Answer) -> dict[str, Any]:
    expected = answer.forecast
    return {
        "month": f"{expected.month:%Y-%m}",
        "as_of": None if expected.as_of is None else expected.as_of.isoformat(),
        "currency": answer.bill.currency,
        "basis": answer.basis.value,
        "for": str(answer.scope),
    }


def _status(status: Status, *, with_all_digits: bool) -> dict[str, Any]:
    def amount(value: Decimal | None) -> Decimal | None:
        return value if with_all_digits or value is None else value.quantize(_CENT)

    return {
        "budget": status.budget.name,
        "for": str(status.budget.scope),
        "basis": status.budget.basis.value,
        "booked": amount(status.forecast.booked),
        "amount": amount(status.amount),
        "booked_share": round(float(status.used), 4),
        "forecast": amount(status.forecast.amount),
        "expected_share": None if status.expected is None else round(float(status.expected), 4),
        "standing": status.state.value,
        "alerts": ", ".join(f"{alert.threshold} % {alert.by}" for alert in status.alerts),
        **({"crossing": None if status.crossing is None else status.crossing.isoformat()} if with_all_digits else {}),
    }


def _anomaly(found: JudgedAnomaly, *, with_all_digits: bool) -> dict[str, Any]:
    anomaly = found.anomaly
    state = (
        found.verdict.verdict if found.verdict else f"explained by {anomaly.occasion}" if anomaly.occasion else "open"
    )
    return {
        "money": anomaly.money if with_all_digits else anomaly.money.quantize(_CENT),
        "service": anomaly.service,
        "start": anomaly.start.isoformat(),
        "end": anomaly.end.isoformat(),
        "times": None if anomaly.times is None else round(float(anomaly.times), 2),
        "blame": ", ".join(f"{part.usage_type} {part.money:.2f}" for part in anomaly.blame),
        "state": state,
        "key": anomaly.key,
    }
