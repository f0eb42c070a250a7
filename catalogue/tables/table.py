"""What a table is, and the types of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Columns = Mapping[str, str]

TEXT = "varchar"
INSTANT = "timestamp(6)"  # UTC, without a zone of its own
AMOUNT = "decimal(38,4)"
PRICE = "decimal(18,4)"
UNITS = "decimal(18,3)"  # whole, unless a lake takes fractions such as kilograms
COST = "decimal(38,12)"  # as cloud bills keep costs, unit prices and quantities
QUANTITY = COST


def of_type(kind: str, *names: str) -> Columns:
    """Columns of one type."""
    return dict.fromkeys(names, kind)


@dataclass(frozen=True)
class Table:
    """A curated table.

    Attributes
    ----------
    grain : what one row is
    columns : name → Trino type, in the order they are stored; the partition column comes last
    sort : columns each file is sorted by, so that a reader can skip row groups
    partition : the date column that splits the table: into months of files in a lake folder, into days of an Iceberg
        table. None for a small table
    zone : the folder of the lake that holds it: ``curated``, or ``console`` for what the console writes about itself
    days : how many of the last days it holds unless a setting says otherwise; None for all
    """

    grain: str
    columns: Columns
    sort: tuple[str, ...]
    partition: str | None = None
    zone: str = "curated"
    days: int | None = None

    @property
    def has_region(self) -> bool:
        """Whether row-level access applies."""
        return "region" in self.columns
