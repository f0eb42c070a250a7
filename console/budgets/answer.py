"""Will the cloud's bill stay in budget, what will the month cost, and what is unusual?

Answers at once with what is booked; the forecast, its backtest and the anomalies are worked out in the background,
once for the same charges, and `Answer.is_pending` says while they are not there yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from catalogue.errors import TakingsError
from console.asking.background import BACKGROUND, wait
from console.asking.engines import Result
from console.asking.scope import Scope
from console.budgets import bill as bills
from console.budgets.bill import BillSummary, bill
from console.budgets.budgets import Budget, BudgetLeftOut, BudgetScope, BudgetSource, BudgetState, Status, status
from console.budgets.forecasting.anomalies import KIND, Anomaly
from console.budgets.forecasting.aws_anomalies import AwsAnomaly
from console.budgets.forecasting.backtest import Backtest
from console.budgets.forecasting.forecast import Forecast, booked
from console.budgets.forecasting.history import History, days_of_month, month_of
from console.decisions import Decision, DecisionStore
from console.finops.charges import Basis
from console.finops.decimals import total

LATE = timedelta(days=28)  # the Brief shows anomalies of the bill's last four weeks
ENDED = timedelta(days=3)  # without charges: AWS writes a day's charges within one, and settles them within two
AGAIN = 900.0  # seconds until AWS is asked again after a failure
PENDING = (None, "")  # of `by_aws`
PATIENCE = 0.02  # seconds a page waits for what is being worked out, before it draws without it


@dataclass(frozen=True)
class JudgedAnomaly:
    """An anomaly with what was decided about it; `verdict` is None while it is open."""

    anomaly: Anomaly
    verdict: Decision | None

    @property
    def is_open(self) -> bool:
        """Whether somebody should look: not decided, and not on a retail day that explains it."""
        return self.verdict is None and not self.anomaly.occasion


@dataclass(frozen=True)
class Answer:
    """The answer of the Budgets page, and what the Brief says of budgets.

    Attributes
    ----------
    statuses : every budget of the bill's currency, the worst first
    elsewhere : budgets in another currency: they are not held against this bill
    left_out : budgets that their source knows and that cannot be shown
    ended : the last day of a bill that has ended: days are missing since, and the month shown is over; None otherwise
    chosen : the budget looked at; None where the whole bill is
    charges, forecast : of the budget's scope
    backtest, anomalies : None while they are worked out
    last_month : what was booked up to the same day of the month before; None where that is not all there
    unknown_days : days on which something has no cost in the basis, which counts as 0
    is_pending : whether something is still being worked out
    """

    bill: BillSummary
    basis: Basis
    scope: BudgetScope
    statuses: Sequence[Status]
    elsewhere: Sequence[Budget]
    left_out: Sequence[BudgetLeftOut]
    ended: date | None
    chosen: Status | None
    charges: History
    forecast: Forecast
    backtest: Backtest | None
    anomalies: Sequence[JudgedAnomaly] | None
    last_month: Decimal | None
    unknown_days: int
    is_pending: bool
    results: Sequence[Result]

    @property
    def pending(self) -> str:
        """What is still being worked out, as a page says it; empty where all is there."""
        if not self.is_pending:
            return ""
        if self.anomalies is not None and self.forecast.amount is not None and self.backtest is None:
            return "Testing the forecast on past months"
        return "Working out the forecast and the anomalies"

    @property
    def open_anomalies(self) -> list[Anomaly]:
        """Anomalies that nobody has decided on and no retail day explains."""
        return [judged.anomaly for judged in self.anomalies or () if judged.is_open]

    @property
    def late_anomalies(self) -> list[Anomaly]:
        """The open anomalies of the bill's last weeks."""
        return [anomaly for anomaly in self.open_anomalies if self.charges.days[-1] - anomaly.end <= LATE]

    @property
    def money_at_stake(self) -> Decimal:
        """The sum of the late anomalies."""
        return total(anomaly.money for anomaly in self.late_anomalies)

    @property
    def off_budget(self) -> list[Status]:
        """Budgets that are overdrawn or expected to be."""
        return [entry for entry in self.statuses if entry.state in (BudgetState.AT_RISK, BudgetState.OVER)]

    @property
    def run_rate(self) -> Decimal | None:
        """Booked ÷ days so far × days of the month; None before the month's first day is settled."""
        if self.forecast.as_of is None or self.forecast.as_of < self.forecast.month:
            return None
        return self.forecast.booked / self.forecast.as_of.day * len(days_of_month(self.forecast.month))


def budgets(
    scope: Scope,
    source: BudgetSource,
    decisions: DecisionStore,
    *,
    name: str = "",
    basis: Basis = Basis.BILLED,
    country: str = "",
    backtested: bool = True,
    patience: float | None = PATIENCE,
) -> Answer:
    """Every budget and the outlook of one of them.

    Parameters
    ----------
    name : the budget to look at; the first one where it is empty or unknown, the whole bill where there is none
    basis : of the whole bill, where no budget says one
    country : whose public holidays count; the console's own where it is empty
    backtested : whether the forecast looked at is tested on past months; takes a second
    patience : seconds to wait for what is being worked out; None waits until it is there

    Raises
    ------
    SettingsError, SourceError
        Budgets, decisions or charges cannot be read; names the remedy.
    """
    found, country = bill(scope), country or scope.country
    kept = source.budgets()
    mine = [budget for budget in kept if budget.currency == found.currency]
    chosen = next((place for place, budget in enumerate(mine) if budget.name == name), 0 if mine else None)
    subjects = [(budget.scope, budget.basis) for budget in mine] or [(BudgetScope(), basis)]
    with scope.ahead([bills.usage_question(scope, found)]) as ready:
        asked = bills.charges(ready, found, subjects)
        coming = [
            bills.expected(result, history, its_basis, country)
            for (_, its_basis), (history, result) in zip(subjects, asked, strict=True)
        ]
        place = chosen or 0
        looked_at, basis = subjects[place]
        unusual, more = bills.unusual(ready, found, basis, country)
    charges, answer = asked[place]
    tests = bills.tested(answer, charges, basis, country) if backtested else None

    rest = None if patience is None else 0.0  # what is not there in time is not waited for again
    tested = wait(tests, patience) if tests else None
    forecasts = [wait(future, patience if number == 0 else rest) for number, future in enumerate(coming)]
    if tested:
        forecasts[place] = tested.forecast
    anomalies = wait(unusual, rest)
    statuses = [
        status(budget, history, ready or booked(history))
        # without budgets `asked` still has the whole bill
        for budget, (history, _), ready in zip(mine, asked, forecasts, strict=False)
    ]
    return Answer(
        bill=found,
        basis=basis,
        scope=looked_at,
        statuses=sorted(statuses, key=lambda entry: -list(BudgetState).index(entry.state)),
        elsewhere=[budget for budget in kept if budget.currency != found.currency],
        left_out=source.left_out,
        ended=_ended(scope, found, charges),
        chosen=None if chosen is None else statuses[chosen],
        charges=charges,
        forecast=forecasts[place] or booked(charges),
        backtest=tested.backtest if tested else None,
        anomalies=None if anomalies is None else _decided(anomalies, decisions),
        is_pending=None in forecasts or anomalies is None or (backtested and tested is None),
        last_month=_last_month(charges, forecasts[place] or booked(charges)),
        unknown_days=bills.unknown_days(asked[place][1], basis),
        results=[found.result, *(result for _, result in asked), *more],
    )


def services(scope: Scope) -> list[str]:
    """Every service of the bill, for the form."""
    found = bill(scope)
    (charges, _), *_ = bills.charges(scope, found, [(BudgetScope(), Basis.BILLED)])
    return sorted({line.service for line in charges.lines})


def by_aws(
    ask: Callable[[], Sequence[AwsAnomaly]] | None, today: date, *, patience: float | None = PATIENCE
) -> tuple[Sequence[AwsAnomaly] | None, str]:
    """The anomalies that AWS found, with the reason where it could not be asked; `PENDING` while it is being asked.

    AWS is asked once a day, and again `AGAIN` seconds after a failure, however often the page asks. Where `ask` is
    None there are no anomalies.
    """
    if ask is None:
        return (), ""
    try:
        return wait(BACKGROUND.ask(("aws anomalies", today), ask, failure_seconds=AGAIN), patience), ""
    except TakingsError as error:
        return None, f"{error.what}. {error.remedy}"


def overview(
    scope: Scope, source: BudgetSource, decisions: DecisionStore, *, patience: float | None = PATIENCE
) -> Answer | None:
    """What the Brief says of budgets, without a backtest; None where there are no charges."""
    if bill(scope).is_empty:
        return None
    return budgets(scope, source, decisions, backtested=False, patience=patience)


def _decided(anomalies: Sequence[Anomaly], decisions: DecisionStore) -> list[JudgedAnomaly]:
    verdicts = decisions.current(KIND)
    return [JudgedAnomaly(anomaly, verdicts.get(anomaly.key)) for anomaly in anomalies]


def _ended(scope: Scope, found: BillSummary, charges: History) -> date | None:
    """The last day of a bill that stopped in a month that is over."""
    last = charges.days[-1] if charges.days else found.last_day
    is_old = last is not None and scope.today - last > ENDED and month_of(last) < month_of(scope.today)
    return last if is_old else None


def _last_month(charges: History, expected: Forecast) -> Decimal | None:
    """What was booked in the month before, up to the same day; None where that is not all there."""
    before = month_of(expected.month - timedelta(days=1)) if charges.days else None
    if before is None or expected.as_of is None or charges.days[0] > before or expected.as_of < expected.month:
        return None
    return charges.between(before, min(before + (expected.as_of - expected.month) + timedelta(days=1), expected.month))
