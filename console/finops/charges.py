"""The four costs of a charge, and the port that every source of FOCUS charge rows fills."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Basis(StrEnum):
    """One of the four costs of a charge row; always printed beside an amount.

    ``billed`` is what the invoice says, ``effective`` the same spread over what was bought (amortised), ``list`` the
    public price without any discount, ``contracted`` the price agreed on, before commitment discounts.
    Source: FOCUS 1.0 to 1.3, BilledCost, EffectiveCost, ListCost, ContractedCost.
    """

    BILLED = "billed"
    EFFECTIVE = "effective"
    LIST = "list"
    CONTRACTED = "contracted"

    @property
    def column(self) -> str:
        """The column of the tables that holds it."""
        return f"{self.value}_cost"


class SpendSource(Protocol):
    """Where charge rows come from: a file somebody exported, or the provider's own interface."""

    @property
    def name(self) -> str:
        """The value of the rows' column ``source``: ``focus``, ``cur`` or ``cost_explorer``."""

    def charges(self) -> Iterator[pa.RecordBatch]:
        """All charge rows, with the columns of `raw_spend` (see `catalogue.tables`): money as decimal(38, 12).

        Raises
        ------
        SourceError
            The file or the interface cannot be read; names the row or the call, and the remedy.
        """
