"""A month's forecast with the interval that past forecasts call for; each takes a second or two to work out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from console.budgets.forecasting.backtest import Backtest, backtest
from console.budgets.forecasting.forecast import Forecast, forecast
from console.budgets.forecasting.history import History


@dataclass(frozen=True)
class Outlook:
    """A month's forecast with the interval that the backtest calls for, and the backtest on the same charges."""

    forecast: Forecast
    backtest: Backtest


def expect(charges: History, country: str) -> Forecast:
    """The month's forecast, with an interval that no backtest has widened or narrowed; raises as `forecast`."""
    with _one_thread():
        return forecast(charges, country=country)


def outlook(charges: History, country: str) -> Outlook:
    """The month's forecast and how good such forecasts have been; raises as `forecast` and `backtest`."""
    with _one_thread():
        tested = backtest(charges, country=country)
        return Outlook(forecast(charges, country=country, widening=tested.widening), tested)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Linear algebra in one thread: on matrices this small, more of them spend eight times the processor on waiting."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
