"""Athena: queries without a date that read whole tables, and tables that are read uncompressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from console.asking.engines.prices import LEAST_BYTES, TERABYTE
from console.asking.formatting import counted, data_size, number, percent
from console.savings.facts import AthenaQuery, StoredTable
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.inventory import Inventory, Read
from console.savings.judging import Case, Check, Kind, dollars_a_month, is_worth

PARTITIONS_ASKED = 31  # days that a question about a month reads
LARGE_TABLE = 10**9  # bytes: below, a whole scan costs half a cent
LARGE_UNREAD = 10**8  # bytes: smaller text is not mentioned where no log says who reads it
COLUMNAR_SHARE = Decimal("0.25")
"""Size in compressed Parquet ÷ size as text, where no sample was measured: the example of Athena's pricing page reads a
third, and of that only the columns that are asked for."""

_PRICE = "athena.scanned_terabyte"
_TUNING = "docs.aws.amazon.com/athena/latest/ug/performance-tuning.html"
_CHARGES = Charges(("DataScannedInTB",))

_PREDICATE = Kind("predicate", Effort.MEDIUM, Risk.LOW, _CHARGES, _TUNING)
_PARTITION = Kind("partition", Effort.HIGH, Risk.MEDIUM, _CHARGES, _TUNING)
_COMPRESSION = Kind("compression", Effort.MEDIUM, Risk.LOW, _CHARGES, _TUNING)


@dataclass(frozen=True)
class Scan:
    """What one query read of one table.

    `share` is the table's share of the query's bytes, by the tables' sizes: Athena reports only their sum.
    """

    query: AthenaQuery
    share: Decimal
    is_whole: bool

    @property
    def bytes(self) -> Decimal:
        """Bytes of this table alone."""
        return self.query.bytes_scanned * self.share


@dataclass(frozen=True)
class ScannedTable:
    """A table and what the logged queries read of it."""

    table: StoredTable
    scans: Sequence[Scan]

    @property
    def resource(self) -> str:
        """The table's name in AWS."""
        return self.table.resource


def scans_of(table: StoredTable, inventory: Inventory) -> list[Scan]:
    """What the logged queries read of a table, without those that also read tables outside the lake."""
    sizes = {stored.name: stored.bytes for stored in inventory.stored_tables.items}
    found = []
    for query in inventory.queries.items:
        if table.name not in query.tables or query.reads_others:
            continue
        together = sum(sizes.get(name, 0) for name in query.tables)
        share = Decimal(table.bytes) / together if together else Decimal(1) / len(query.tables)
        found.append(Scan(query, share, query.unrestricted is not None and table.name in query.unrestricted))
    return found


def billed(scanned: Decimal | int) -> Decimal:
    """Bytes that a query is billed for; one that reads nothing, such as a reused one, is free."""
    return max(Decimal(scanned), Decimal(LEAST_BYTES)) if scanned else Decimal(0)


def _removed(scan: Scan, remaining: Sequence[Decimal]) -> list[Decimal]:
    """Billed bytes that each saving removes, in order; `remaining` are shares of the table's bytes."""
    left, read, removed = scan.bytes, Decimal(scan.query.bytes_scanned), []
    for share in remaining:
        after = read - left * (1 - share)
        removed.append(billed(read) - billed(after))
        left, read = left * share, after
    return removed


def _partition_share(table: StoredTable, scan: Scan) -> Decimal:
    """The share of the bytes that is still read with a condition on a month of partitions."""
    is_cut = scan.is_whole and table.partition and table.partitions > PARTITIONS_ASKED
    return Decimal(PARTITIONS_ASKED) / table.partitions if is_cut else Decimal(1)


def _cost(removed: Decimal, case: Case[ScannedTable]) -> Decimal | None:
    return case.rates.cost({_PRICE: case.a_month(removed) / TERABYTE})


def _whole_scans(case: Case[ScannedTable]) -> Finding | None:
    """Queries that read all of a partitioned table."""
    table, scans = case.facts.table, case.facts.scans
    whole = [scan for scan in scans if scan.is_whole]
    if not table.partition or table.partitions <= PARTITIONS_ASKED or not whole:
        return None
    removed = sum((_removed(scan, [_partition_share(table, scan)])[0] for scan in whole), Decimal(0))
    largest = max(whole, key=lambda scan: scan.bytes).query
    return case.finding(
        _PREDICATE,
        f"{counted(len(whole), 'query', 'queries')} read all of {table.name}: no condition on {table.partition}",
        monthly=_cost(removed, case),
        evidence=[
            case.measured(),
            ("Queries", f"{len(whole):,} of {len(scans):,} on this table have no condition on {table.partition}"),
            ("Scanned by them", _scanned(whole)),
            ("Partitions", number(table.partitions)),
            ("Largest", f"{largest.query_id} in workgroup {largest.workgroup}"),
        ],
        steps=[
            f"Add `{table.partition} >= date '…' and {table.partition} < date '…'` to these queries; "
            "a view with the last months serves readers who forget.",
            "Cap the workgroup: aws athena update-work-group --work-group NAME --configuration-updates "
            "BytesScannedCutoffPerQuery=…",
        ],
        undo=["Remove the condition, or the cap."],
        formula=f"Σ (bytes billed − bytes billed for {PARTITIONS_ASKED} of {table.partitions} partitions), for a "
        f"month, × {case.rates.text(_PRICE)} a TB",
    )


def _scanned(scans: Sequence[Scan]) -> str:
    """The bytes scanned of a table, and how many of its queries read other tables too."""
    scanned = data_size(sum((scan.bytes for scan in scans), Decimal(0)))
    shared = sum(1 for scan in scans if scan.share < 1)
    return f"{scanned}; {shared:,} also read other tables, whose bytes are split by size" if shared else scanned


def _unpartitioned(case: Case[ScannedTable]) -> Finding | None:
    """A large table without partitions, so that no condition can save anything."""
    table, scans = case.facts.table, case.facts.scans
    if table.partition or table.bytes < LARGE_TABLE or not scans:
        return None
    spent = _cost(sum((_removed(scan, [Decimal(0)])[0] for scan in scans), Decimal(0)), case)
    if not is_worth(spent):
        return None
    return case.finding(
        _PARTITION,
        f"{table.name} has no partitions: every query may read {data_size(table.bytes)}",
        monthly=None,
        evidence=[
            case.measured(),
            ("Size", data_size(table.bytes)),
            ("Queries", number(len(scans))),
            ("Scanned by them", _scanned(scans)),
            ("At most", "unknown" if spent is None else dollars_a_month(spent)),
        ],
        steps=[
            "Write it again by day: create table … with (partitioned_by = array['event_date'], format = 'PARQUET').",
            "Keep the old table until the new one has the same counts.",
        ],
        undo=["Point the queries at the old table."],
        formula="bytes that a condition on the partition would save × price of a TB; how many is not known before",
        unknown_because="how much a partition would save depends on the queries",
    )


def _uncompressed(case: Case[ScannedTable]) -> Finding | None:
    """Text that is read uncompressed; counted is what compression removes of what a condition on a date leaves."""
    table, scans = case.facts.table, case.facts.scans
    if table.is_columnar or table.is_compressed is not False:
        return None
    is_logged = case.inventory.queries.is_judged
    if not scans if is_logged else table.bytes < LARGE_UNREAD:
        return None
    is_measured = table.compressed_share is not None
    share = COLUMNAR_SHARE if table.compressed_share is None else table.compressed_share
    removed = sum((_removed(scan, [_partition_share(table, scan), share])[1] for scan in scans), Decimal(0))
    return case.finding(
        _COMPRESSION,
        f"{table.name} is read as uncompressed text",
        monthly=_cost(removed, case) if is_logged else None,
        evidence=[
            case.measured(),
            ("Uncompressed", data_size(table.bytes)),
            ("Scanned", f"by {counted(len(scans), 'query', 'queries')}: {_scanned(scans)}" if is_logged else "unknown"),
            ("Compressed it has", f"{percent(share, 0)} of its size, {'measured' if is_measured else 'assumed'}"),
        ],
        steps=["Let Firehose compress (CompressionFormat=GZIP), or read the curated Parquet in place of the raw text."],
        undo=["Set CompressionFormat=UNCOMPRESSED; compressed files stay readable."],
        formula=f"Σ (bytes billed − bytes billed at {percent(share, 0)}), for a month, × "
        f"{case.rates.text(_PRICE)} a TB",
        unknown_because="" if is_logged else "how often it is read is not known here",
    )


def _tables(inventory: Inventory) -> Read[ScannedTable]:
    tables = tuple(ScannedTable(table, scans_of(table, inventory)) for table in inventory.stored_tables.items)
    return Read(tables, (*inventory.queries.missing, *inventory.stored_tables.missing))


# The findings together never remove more of a query than it is billed for: its bytes are divided among its tables.
check = Check(
    "queries",
    "Athena queries: partitions and compression",
    _tables,
    (_whole_scans, _unpartitioned, _uncompressed),
    looked_at=lambda inventory: len(inventory.queries.items),
)
