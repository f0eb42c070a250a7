"""``budgets``, ``forecast`` and ``anomalies``: what the month costs, how good that forecast is, and what is unusual."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from catalogue.errors import BindingError
from console.asking import formatting as text
from console.cli import output

if TYPE_CHECKING:
    from console.budgets.answer import Answer, JudgedAnomaly
    from console.budgets.budgets import Status
    from console.decisions import DecisionStore

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
BACKTEST = (
    "horizon",
    "origins",
    "mape",
    "run_rate_mape",
    "last_month_mape",
    "wape",
    "run_rate_wape",
    "last_month_wape",
    "covered",
)
ANOMALIES = ("money", "service", "start", "end", "times", "blame", "state", "key")
OFF_BUDGET = 1  # exit code of `budgets --check` where a budget is overdrawn or expected to be
_CENT = Decimal("0.01")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands."""
    for name, told in (
        ("budgets", "how every budget stands this month"),
        ("forecast", "what the month will cost, and how good such forecasts have been"),
        ("anomalies", "what cost far more than usual, by money at stake; or decide on one"),
    ):
        command = commands.add_parser(name, help=told)
        command.add_argument("--lake", metavar="DIR", help="lake folder (default: $TAKINGS_LAKE, else ./lake)")
        command.add_argument("--format", choices=output.FORMATS, default="table", help="default: table")
        command.add_argument(
            "--country",
            default="",
            metavar="CODE",
            help="whose public holidays count (default: $TAKINGS_COUNTRY, else US)",
        )
        if name == "budgets":
            command.add_argument("--check", action="store_true", help=f"exit with {OFF_BUDGET} where one is off")
            continue
        command.add_argument(
            "--basis",
            choices=("billed", "effective", "list", "contracted"),
            default="billed",
            help="where no budget says one (default: billed)",
        )
        if name == "forecast":
            command.add_argument(
                "--budget", default="", metavar="NAME", help="of this budget's scope (default: the first)"
            )
        else:
            actions = command.add_subparsers(dest="action", metavar="ACTION")
            decide = actions.add_parser("decide", help="mark an anomaly as expected, or undo that")
            decide.add_argument("key", metavar="KEY", help="of the anomaly, as it is listed")
            decide.add_argument("verdict", choices=("expected", "open"))
            decide.add_argument("--note", default="", help="why it was expected")


def budgets(parsed: argparse.Namespace) -> int:
    """Every budget, the worst first."""
    answer, _ = _answer(parsed, backtested=False)
    rows = [_status(each, exact=parsed.format != "table") for each in answer.statuses]
    if not rows:
        sys.stderr.write("No budget yet: write budgets.toml into the lake folder, or type one on the Budgets page.\n")
    if parsed.format == "json":
        output.json({**_about(answer), "budgets": rows})
    else:
        output.show(rows, BUDGETS, parsed.format, under="budgets")
    off = [each for each in answer.statuses if each.state in ("at risk", "over")]
    return OFF_BUDGET if parsed.check and off else 0


def forecast(parsed: argparse.Namespace) -> int:
    """The month, and the backtest by horizon."""
    from console.budgets.figures import backtest_lines

    answer, _ = _answer(parsed, backtested=True)
    if parsed.budget and (answer.chosen is None or answer.chosen.budget.name != parsed.budget):
        names = ", ".join(each.budget.name for each in answer.statuses) or "none"
        raise BindingError(f"There is no budget {parsed.budget!r}", where="--budget", remedy=f"Budgets: {names}.")
    expected, tested = answer.forecast, answer.backtest
    lines = [vars(each) for each in backtest_lines(tested)] if tested else []
    if parsed.format == "json":
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
                "days": [vars(each) | {"day": each.day.isoformat()} for each in expected.days],
                "backtest": lines,
            }
        )
        return 0
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
    if parsed.format == "table":
        lines = [
            {name: text.percent(value) if isinstance(value, float) else value for name, value in line.items()}
            for line in lines
        ]
    output.show(lines, BACKTEST, parsed.format, under="forecast")
    if tested and tested.needs:
        sys.stderr.write(f"{tested.needs}\n")
    return 0


def anomalies(parsed: argparse.Namespace) -> int:
    """Every episode, or a decision on one."""
    answer, store = _answer(parsed, backtested=False)
    found = answer.anomalies or ()
    if parsed.action == "decide":
        _decide(found, parsed, store)
        return 0
    rows = [_anomaly(each, exact=parsed.format != "table") for each in found]
    if parsed.format == "json":
        output.json({**_about(answer), "anomalies": rows})
    else:
        output.show(rows, ANOMALIES, parsed.format, under="anomalies")
    return 0


def _answer(parsed: argparse.Namespace, *, backtested: bool) -> tuple[Answer, DecisionStore]:
    from catalogue.errors import SourceError
    from console import settings, wiring
    from console.budgets import answer as insight
    from console.budgets.bill import bill
    from console.budgets.figures import notes
    from console.finops.charges import Basis

    profile = wiring.profile(settings.chosen(parsed.lake))
    scope, store = profile.scope(), profile.decisions
    if bill(scope).is_empty:
        raise SourceError(
            "There is no cloud bill yet",
            where=str(profile.settings.lake),
            remedy="Import one with `python -m console spend import FILE`.",
        )
    answer = insight.budgets(
        scope,
        profile.budgets,
        store,
        name=getattr(parsed, "budget", ""),
        basis=Basis(getattr(parsed, "basis", "billed")),
        country=parsed.country,
        backtested=backtested,
        patience=None,
    )
    for note in notes(answer):
        sys.stderr.write(f"{note}\n")
    return answer, store


def _about(answer: Answer) -> dict[str, Any]:
    expected = answer.forecast
    return {
        "month": f"{expected.month:%Y-%m}",
        "as_of": None if expected.as_of is None else expected.as_of.isoformat(),
        "currency": answer.bill.currency,
        "basis": answer.basis.value,
        "for": str(answer.scope),
    }


def _status(each: Status, *, exact: bool) -> dict[str, Any]:
    def amount(value: Decimal | None) -> Decimal | None:
        return value if exact or value is None else value.quantize(_CENT)

    return {
        "budget": each.budget.name,
        "for": str(each.budget.scope),
        "basis": each.budget.basis.value,
        "booked": amount(each.forecast.booked),
        "amount": amount(each.amount),
        "booked_share": round(float(each.used), 4),
        "forecast": amount(each.forecast.amount),
        "expected_share": None if each.expected is None else round(float(each.expected), 4),
        "standing": each.state.value,
        "alerts": ", ".join(f"{alert.threshold} % {alert.by}" for alert in each.alerts),
        **({"crossing": None if each.crossing is None else each.crossing.isoformat()} if exact else {}),
    }


def _anomaly(each: JudgedAnomaly, *, exact: bool) -> dict[str, Any]:
    one = each.anomaly
    state = each.verdict.verdict if each.verdict else f"explained by {one.occasion}" if one.occasion else "open"
    return {
        "money": one.money if exact else one.money.quantize(_CENT),
        "service": one.service,
        "start": one.start.isoformat(),
        "end": one.end.isoformat(),
        "times": None if one.times is None else round(float(one.times), 2),
        "blame": ", ".join(f"{part.usage_type} {part.money:.2f}" for part in one.blame),
        "state": state,
        "key": one.key,
    }


def _decide(found: Any, parsed: argparse.Namespace, store: DecisionStore) -> None:
    from console.budgets.forecasting.anomalies import KIND
    from console.decisions import Decision

    if not any(each.anomaly.key == parsed.key for each in found):
        keys = ", ".join(each.anomaly.key for each in found[:5]) or "none"
        raise BindingError(f"There is no anomaly {parsed.key!r}", where="decide", remedy=f"Keys: {keys}.")
    store.decide(Decision(KIND, parsed.key, parsed.verdict, parsed.note, getpass.getuser(), datetime.now(UTC)))
    sys.stdout.write(f"{parsed.key}: {parsed.verdict}\n")
