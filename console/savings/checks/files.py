"""Small files: more requests for the same bytes, on every reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from console.asking.formatting import counted, data_size, number
from console.savings.checks.queries import PARTITIONS_ASKED
from console.savings.facts import StoredTable
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.judging import Case, Check, Kind

TARGET_BYTES = 128 * 2**20  # of a file; AWS recommends files of 128 MB and more
LEAST_EXCESS = 100  # files beyond what is needed, below which merging them is not felt
REQUESTS_PER_FILE = 2  # of one reading: the footer, then the columns

_PAGE = "docs.aws.amazon.com/athena/latest/ug/performance-tuning-data-optimization-techniques.html"
_SMALL = Kind("small", Effort.LOW, Risk.LOW, Charges(("Requests-Tier2",), ("S3", "Simple Storage")), _PAGE)


def files_needed(sizes: Iterable[tuple[str, int]]) -> int:
    """Number of files if each partition were merged into files of the target size, from (partition, bytes) by file."""
    by_partition: Counter[str] = Counter()
    for partition, size in sizes:
        by_partition[partition] += size
    return sum(max(1, -(-size // TARGET_BYTES)) for size in by_partition.values())


def _readings(case: Case[StoredTable]) -> Decimal | None:
    """How often a month the whole table is read: a query with a date reads a month's partitions, another reads all."""
    table, queries = case.facts, case.inventory.queries
    if not queries.is_judged:
        return None
    dated = min(Decimal(PARTITIONS_ASKED) / table.partitions, Decimal(1)) if table.partitions else Decimal(1)
    shares = (
        Decimal(1) if query.unrestricted is None or table.name in query.unrestricted else dated
        for query in queries.items
        if table.name in query.tables
    )
    return case.a_month(sum(shares, Decimal(0)))


def _small(case: Case[StoredTable]) -> Finding | None:
    """Many more files than merging the partitions would leave."""
    table, rates = case.facts, case.rates
    excess = table.files - table.files_needed
    if excess < LEAST_EXCESS:
        return None
    readings = _readings(case)
    return case.finding(
        _SMALL,
        f"{table.name} has {table.files:,} files where {table.files_needed:,} would do",
        monthly=None if readings is None else rates.cost({"s3.get_request": excess * REQUESTS_PER_FILE * readings}),
        evidence=[
            ("Files", f"{table.files:,} in {counted(max(table.partitions, 1), 'partition')}"),
            ("Mean size", data_size(Decimal(table.bytes) / table.files)),
            ("Merged", f"{counted(table.files_needed, 'file')} of at most {data_size(TARGET_BYTES)}"),
            ("Whole readings a month", "unknown" if readings is None else number(readings)),
        ],
        steps=[
            f"Iceberg: optimize {table.name} rewrite data using bin_pack",
            "Raw zone: let Firehose buffer 128 MB or 15 minutes. A lake folder: python -m pipeline curate --full.",
        ],
        undo=["Nothing to undo: the rows are the same. Iceberg keeps the old files until vacuum."],
        formula=f"{excess:,} files too many × {REQUESTS_PER_FILE} requests × "
        f"{'?' if readings is None else number(readings)} readings a month × {rates.text('s3.get_request')}",
        unknown_because="how often its files are requested is not known here" if readings is None else "",
    )


check = Check("files", "Small files in the lake", lambda inventory: inventory.stored_tables, (_small,))
