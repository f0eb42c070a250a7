"""Compares the charges of the raw bills with the curated tables, counted from the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from catalogue.parquet import select
from pipeline.lake import CURATED, RAW_SPEND, Lake
from pipeline.spend.bills import Bill, counting, provider_key
from pipeline.spend.curation import RAW_KEYS, raw_select, source_of
from pipeline.spend.sums import COSTS, plus

if TYPE_CHECKING:
    import duckdb

SumsByCurrency = Mapping[tuple[str, str], Decimal]  # (currency, cost column) → exact sum; absent where no row says it


@dataclass(frozen=True)
class BillAccount:
    """One bill of the raw lake; `counts` is false while a better source has the same charges."""

    bill: Bill
    provider_name: str
    rows: int
    sums: SumsByCurrency
    counts: bool


@dataclass(frozen=True)
class SpendAccount:
    """Rows and costs of the raw bills, and of the curated charges.

    Attributes
    ----------
    bills : every bill of the raw lake
    waiting : raw files that are not curated yet
    charges, sums : rows and costs of the curated table `spend`
    shown : the same costs in `daily_spend`, which pages ask
    """

    bills: tuple[BillAccount, ...]
    waiting: int
    charges: int
    sums: SumsByCurrency
    shown: SumsByCurrency

    @property
    def counted(self) -> tuple[int, dict[tuple[str, str], Decimal]]:
        """Rows and costs of the bills that count."""
        sums: dict[tuple[str, str], Decimal] = {}
        for bill in self.bills:
            if bill.counts:
                for key, amount in bill.sums.items():
                    sums[key] = plus(sums.get(key), amount)
        return sum(bill.rows for bill in self.bills if bill.counts), sums

    @property
    def holds(self) -> bool:
        """Whether every charge that counts is shown, to the last digit."""
        rows, sums = self.counted
        return rows == self.charges and sums == dict(self.sums) == dict(self.shown)


def account(lake: Lake) -> SpendAccount:
    """The account of all bills and of what curation made of them."""
    import duckdb

    files = lake.raw_files(RAW_SPEND)
    curated = set(lake.state().get("raw_files", ()))
    with duckdb.connect(":memory:") as connection:
        found: dict[tuple[Bill, str], tuple[int, dict[tuple[str, str], Decimal]]] = {}
        for name in files:
            for bill, provider, currency, rows, costs in _bills(connection, lake, name):
                total, sums = found.get((bill, provider), (0, {}))
                for cost, amount in zip(COSTS, costs, strict=True):
                    if amount is not None:
                        sums[currency, cost] = plus(sums.get((currency, cost)), amount)
                found[bill, provider] = (total + rows, sums)
        best = counting(bill for bill, _ in found)
        charges, curated_sums = _curated(connection, lake, "spend", "count(*)")
        _, shown = _curated(connection, lake, "daily_spend", "sum(charges)")
    bills = tuple(
        BillAccount(bill, provider, rows, sums, bill in best)
        for (bill, provider), (rows, sums) in sorted(found.items(), key=lambda item: (item[0][0].period, item[0]))
    )
    return SpendAccount(bills, sum(name not in curated for name in files), charges, curated_sums, shown)


def _bills(
    connection: duckdb.DuckDBPyConnection, lake: Lake, name: str
) -> list[tuple[Bill, str, str, int, list[Decimal | None]]]:
    summed = ", ".join(f"sum({cost})" for cost in COSTS)
    rows = connection.execute(
        f"select {RAW_KEYS}, coalesce(billing_currency, ''), count(*), {summed}"  # noqa: S608 - our own names
        f" from ({raw_select([lake.root / name], source=source_of(name))}) group by all order by all"
    ).fetchall()
    return [
        (Bill(source, provider_key(provider), payer, period), provider, currency, rows, list(costs))
        for source, provider, payer, period, currency, rows, *costs in rows
    ]


def _curated(
    connection: duckdb.DuckDBPyConnection, lake: Lake, table: str, rows: str
) -> tuple[int, dict[tuple[str, str], Decimal]]:
    files = sorted((lake.root / CURATED / table).rglob("*.parquet"))
    summed = ", ".join(f"sum({cost})" for cost in COSTS)
    found = connection.execute(
        f"select coalesce(billing_currency, ''), {rows}, {summed} from ({select(table, files)}) group by all"  # noqa: S608 - our own names
    ).fetchall()
    sums = {
        (currency, cost): amount
        for currency, _, *costs in found
        for cost, amount in zip(COSTS, costs, strict=True)
        if amount is not None
    }
    return sum(int(count) for _, count, *_ in found), sums
