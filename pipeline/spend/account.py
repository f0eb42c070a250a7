"""Compares the charges of the raw bills with the curated tables, counted from the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from catalogue.parquet import select
from pipeline.lake import CURATED, RAW_SPEND, Lake
from pipeline.spend.bills import Bill, counting, provider_key
from pipeline.spend.changes import source_of
from pipeline.spend.curation import RAW_KEYS, raw_select
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
    curated = set(lake.state().get("bills", ()))
    raw = [raw_select([lake.root / name], source=source_of(name)) for name in files] or [raw_select([])]
    with duckdb.connect(":memory:") as connection:
        found: dict[tuple[Bill, str], tuple[int, SumsByCurrency]] = {}
        for (source, provider, payer, period), rows, sums in _summed(connection, " union all ".join(raw), RAW_KEYS):
            key = (Bill(source, provider_key(provider), payer, period), provider)
            before, others = found.get(key, (0, {}))
            found[key] = (before + rows, {**others, **sums})
        best = counting(bill for bill, _ in found)
        charges, curated_sums = _curated(connection, lake, "spend", "count(*)")
        _, shown = _curated(connection, lake, "daily_spend", "sum(charges)")
    bills = tuple(
        BillAccount(bill, provider, rows, sums, bill in best)
        for (bill, provider), (rows, sums) in sorted(found.items(), key=lambda item: (item[0][0].period, item[0]))
    )
    return SpendAccount(bills, sum(name not in curated for name in files), charges, curated_sums, shown)


def _curated(connection: duckdb.DuckDBPyConnection, lake: Lake, table: str, rows: str) -> tuple[int, SumsByCurrency]:
    """The rows of a curated table, and its costs."""
    files = sorted((lake.root / CURATED / table).rglob("*.parquet"))
    total = 0
    sums: dict[tuple[str, str], Decimal] = {}
    for _, count, costs in _summed(connection, select(table, files), "''", rows):
        total += count
        sums |= costs
    return total, sums


def _summed(
    connection: duckdb.DuckDBPyConnection, charges: str, keys: str, rows: str = "count(*)"
) -> Iterator[tuple[list[str], int, SumsByCurrency]]:
    """Rows and costs of a select of charges, by some keys and the currency."""
    summed = ", ".join(f"sum({cost})" for cost in COSTS)
    found = connection.execute(
        f"select {rows}, coalesce(billing_currency, ''), {summed}, {keys} from ({charges}) group by all order by all"  # noqa: S608 - our own names
    ).fetchall()
    for count, currency, *values in found:
        amounts = zip(COSTS, values, strict=False)
        sums = {(currency, cost): amount for cost, amount in amounts if amount is not None}
        yield values[len(COSTS) :], int(count), sums
