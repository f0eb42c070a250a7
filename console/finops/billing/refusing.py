"""A bill with rows that cannot be read is refused as a whole, with all of them counted."""

from __future__ import annotations

from catalogue.errors import SourceError
from console.finops.billing.reading import Refusals


def refuse(refusals: Refusals, where: str) -> None:
    """Raise where any row was refused: a bill without some of its rows is a wrong bill.

    Raises
    ------
    SourceError
        Names the first rows with column, value and reason, and how many there are.
    """
    if not refusals:
        return
    counted = "1 row cannot" if refusals.rows == 1 else f"{refusals.rows:,} rows cannot"
    told = "; ".join(refusals.first)
    raise SourceError(
        f"{counted} be read: {told}{' …' if refusals.rows > len(refusals.first) else ''}",
        where=where,
        remedy="Nothing was imported. Mend these rows, or export the file again.",
    )
