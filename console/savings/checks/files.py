"""Small files: more requests for the same bytes, on every reading."""

from __future__ import annotations

from decimal import Decimal

from console.savings.checks.queries import PARTITIONS_ASKED
from console.savings.facts import StoredTable
from console.savings.findings import (
    HOURS_A_MONTH,
    Charges,
    Checked,
    Effort,
    Finding,
    Prices,
    Rates,
    Risk,
    count,
    figures,
    is_worth,
    size,
)
from console.savings.inventory import Inventory

NAME, TITLE = "files", "Small files in the lake"
TARGET_BYTES = 128 * 2**20  # of a file; AWS recommends files of 128 MB and more
LEAST_EXCESS = 100  # files beyond what is needed, below which merging them is not felt
REQUESTS_PER_FILE = 2  # of one reading: the footer, then the columns
_TUNING = "docs.aws.amazon.com/athena/latest/ug/performance-tuning-data-optimization-techniques.html"


def check(inventory: Inventory, prices: Prices) -> Checked:
    """For each table: the files that merging its partitions would spare."""
    findings = [_judge(table, inventory, prices) for table in inventory.stored_tables.items]
    found = tuple(each for each in findings if each is not None and is_worth(each.monthly))
    return Checked(NAME, TITLE, len(findings), found, inventory.stored_tables.missing)


def _readings(table: StoredTable, inventory: Inventory) -> Decimal | None:
    """How often a month the whole table is read: a query with a date reads a month's partitions, another reads all."""
    if not inventory.queries.is_judged:
        return None
    dated = min(Decimal(PARTITIONS_ASKED) / table.partitions, Decimal(1)) if table.partitions else Decimal(1)
    read = sum(
        (
            Decimal(1) if query.unrestricted is None or table.name in query.unrestricted else dated
            for query in inventory.queries.items
            if table.name in query.tables
        ),
        Decimal(0),
    )
    return read * HOURS_A_MONTH / (24 * inventory.period.days)


def _judge(table: StoredTable, inventory: Inventory, prices: Prices) -> Finding | None:
    excess = table.files - table.files_needed
    if excess < LEAST_EXCESS:
        return None
    rates = Rates(prices, inventory.region)
    readings = _readings(table, inventory)
    monthly = None if readings is None else rates.cost({"s3.get_request": excess * REQUESTS_PER_FILE * readings})
    because = rates.because() if readings is not None else "how often its files are requested is not known here"
    return Finding(
        key=f"{NAME}.small/{table.resource}",
        check=NAME,
        title=f"{table.name} has {table.files:,} files where {table.files_needed:,} would do",
        resource=table.resource,
        monthly=monthly,
        effort=Effort.LOW,
        risk=Risk.LOW,
        evidence=figures(
            [
                ("Files", f"{table.files:,} in {max(table.partitions, 1):,} partitions"),
                ("Mean size", size(Decimal(table.bytes) / table.files)),
                ("Merged", f"{table.files_needed:,} files of at most {size(TARGET_BYTES)}"),
                ("Whole readings a month", "unknown" if readings is None else count(readings)),
            ]
        ),
        steps=(
            f"Iceberg: optimize {table.name} rewrite data using bin_pack",
            "Raw zone: let Firehose buffer 128 MB or 15 minutes. A lake folder: python -m pipeline curate --full.",
        ),
        undo=("Nothing to undo: the rows are the same. Iceberg keeps the old files until vacuum.",),
        formula=f"{excess:,} files too many × {REQUESTS_PER_FILE} requests × "
        f"{'?' if readings is None else count(readings)} readings a month × {rates.text('s3.get_request')}",
        sources=(*rates.sources, _TUNING),
        charges=Charges(("Requests-Tier2",), ("S3", "Simple Storage")),
        unknown_because=because if monthly is None else "",
    )
