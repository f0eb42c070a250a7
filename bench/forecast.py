"""The forecast and the anomalies: how long they take and how right they are, on sample years, a recorded bill and
bills of one kind each."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from bench import families
from bench.options import Options, Record, record
from bench.planted import precision_and_recall, sample_bill, with_incidents
from console.budgets.bill import outlook
from console.budgets.forecasting.anomalies import find
from console.budgets.forecasting.backtest import Backtest, backtest
from console.budgets.forecasting.history import Charged, History, history
from console.budgets.forecasting.retail_days import DEFAULT_COUNTRY, retail_days

SEEDS = (1, 2, 3, 4, 5)
PLANTED = 6  # more incidents in each year
RECORDED = Path("../shared/data/get_cost_and_usage_daily_by_service.json")
_IMPORT = "import statsmodels.tsa.exponential_smoothing.ets, holidays, threadpoolctl"


def measure(_: Options) -> Iterator[Record]:
    """Seconds of the import and of a year, errors against both rivals, precision and recall of the anomalies."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", _IMPORT], check=True)
    yield record("forecast.cold_import", time.perf_counter() - started, "s")
    bills = {seed: sample_bill(seed) for seed in SEEDS}
    outlook(bills[SEEDS[0]].charges, DEFAULT_COUNTRY)  # the import is counted above
    started, used = time.perf_counter(), time.process_time()
    outlook(bills[SEEDS[0]].charges, DEFAULT_COUNTRY)
    elapsed, processor = time.perf_counter() - started, time.process_time() - used
    yield record("forecast.year_with_backtest", processor, "s of one core", elapsed_seconds=round(elapsed, 3))
    for seed, bill in bills.items():
        yield from _errors(f"sample, seed {seed}", backtest(bill.charges))
    if RECORDED.exists():
        charges = recorded()
        yield from _errors("recorded Cost Explorer answer", backtest(charges))
        yield from _errors("recorded, every day an origin", backtest(charges, every=1))
    for family in families.FAMILIES:
        yield from _errors(family, families.judged(family))
    for family in ("the same, with noise", "weekly season", "one day in ten"):
        error, run_rate, held = families.new_account(family)
        more = {"run_rate_wape": round(100 * run_rate, 2), "interval_held": round(held, 3)}
        yield record("forecast.new_account_wape", 100 * error, "%", series=family, days=families.NEW_DAYS, **more)
    for seed, bill in bills.items():
        for name, billed in (("its own", bill), (f"its own and {PLANTED} more", with_incidents(bill, PLANTED, seed))):
            days = billed.charges.days
            found = find(billed.usage, retail=retail_days(days[0], days[-1]))
            opened = [one for one in found if not one.occasion]
            precision, recall = precision_and_recall(opened, billed.incidents)
            more = {"seed": seed, "incidents": len(billed.incidents), "planted": name, "found": len(opened)}
            yield record("anomalies.precision", precision, "share", **more)
            yield record("anomalies.recall", recall, "share", **more)


def recorded() -> History:
    """The recorded answer: 86 days of a small account, the last month estimated."""
    days = json.loads(RECORDED.read_text(encoding="utf-8"))["ResultsByTime"]
    return history(
        Charged(
            date.fromisoformat(day["TimePeriod"]["Start"]),
            group["Keys"][0],
            "Usage",
            Decimal(group["Metrics"]["UnblendedCost"]["Amount"]),
            day["Estimated"],
        )
        for day in days
        for group in day["Groups"]
    )


def _errors(series: str, tested: Backtest) -> Iterator[Record]:
    for row in tested.rows:
        more = {
            "series": series,
            "horizon": row.horizon,
            "origins": row.origins,
            "run_rate_mape": round(100 * row.run_rate_mape, 2),
            "last_month_mape": round(100 * row.last_month_mape, 2),
            "wape": round(100 * row.wape, 2),
            "run_rate_wape": round(100 * row.run_rate_wape, 2),
            "last_month_wape": round(100 * row.last_month_wape, 2),
            "interval_held": round(row.covered, 3),
        }
        yield record("forecast.mape", 100 * row.mape, "%", **more)
