"""What changed between two periods, line by line and in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.finops.charges import Basis
from console.spend import part as parts
from console.spend.effects import ChangeSplit, Moved, PricedLine, added, movers, split_line
from console.spend.part import BillPart


@dataclass(frozen=True)
class Changed:
    """Why spend moved: the split of the whole change, the lines that moved, the largest first, and all lines."""

    label: str
    split: ChangeSplit
    movers: Sequence[Moved]
    lines: Sequence[PricedLine]


def question(scope: Scope, period: Period, before: Period, part: BillPart, basis: Basis) -> Question:
    """What to ask for the change from `before` to `period`."""
    return parts.question(
        scope,
        parts.of_part("change", part),
        period,
        part,
        before_start=before.start,
        before_end=before.end,
        basis=basis.value,
    )


def changed(label: str, result: Result, currency: str, names: Mapping[str, str]) -> Changed:
    """Put the answer together; `names` calls accounts by their names."""
    columns = {name: result.table[name].to_pylist() for name in _COLUMNS}
    columns["sub_account_id"] = [names.get(account, account) for account in columns["sub_account_id"]]
    lines = [PricedLine(*values) for money, *values in zip(*columns.values(), strict=True) if money == currency]
    split = [(line, split_line(line)) for line in lines]
    return Changed(label, added(split), movers(split), lines)


_COLUMNS = (
    "billing_currency",
    "service_name",
    "usage_type",
    "region_id",
    "sub_account_id",
    "pricing_unit",
    "kind",
    "cost",
    "cost_before",
    "quantity",
    "quantity_before",
    "charges",
    "charges_before",
)
