"""Exact sums of charge rows and their costs by currency, batch by batch."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# a sum of decimal(38, 12) has up to 38 digits and some; Python's own context would round it to 28
_EXACT = Context(prec=60)
COSTS = ("billed_cost", "effective_cost", "list_cost", "contracted_cost")


def plus(one: Decimal | None, other: Decimal) -> Decimal:
    """The exact sum of two amounts."""
    return other if one is None else _EXACT.add(one, other)


class CostSums:
    """The number of charge rows and the sums of their costs, over the batches added.

    Attributes
    ----------
    rows : charge rows
    sums : (currency, cost column) → exact sum; absent where no row says it, because unknown is not 0
    """

    def __init__(self) -> None:
        self.rows = 0
        self.sums: dict[tuple[str, str], Decimal] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a batch that has the four costs and `billing_currency`."""
        import pyarrow as pa

        self.rows += batch.num_rows
        table = pa.Table.from_batches([batch.select(["billing_currency", *COSTS])])
        for found in table.group_by("billing_currency").aggregate([(cost, "sum") for cost in COSTS]).to_pylist():
            for cost in COSTS:
                amount = found[f"{cost}_sum"]
                if amount is not None:
                    key = (found["billing_currency"] or "", cost)
                    self.sums[key] = plus(self.sums.get(key), amount)
