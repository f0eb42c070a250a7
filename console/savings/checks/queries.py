"""Athena: queries that read whole tables for want of a date, and tables that are read uncompressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from console.savings.facts import AthenaQuery, StoredTable
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
    percent,
    size,
)
from console.savings.inventory import Inventory

NAME, TITLE = "queries", "Athena queries: partitions and compression"
TERABYTE = Decimal(10) ** 12
LEAST_BILLED = Decimal(10_000_000)  # bytes that every query is billed for at least
PARTITIONS_ASKED = 31  # days that a question about a month reads
LARGE_TABLE = 10**9  # bytes: below, a whole scan costs half a cent
LARGE_UNREAD = 10**8  # bytes: where no log says who reads it, smaller text is not worth a word
COLUMNAR_SHARE = Decimal("0.25")
"""Of the bytes of text that the same rows take in compressed Parquet, where no sample was measured: the Athena pricing
page's own example reads a third, and of that only the columns that are asked for."""

_TUNING = "docs.aws.amazon.com/athena/latest/ug/performance-tuning.html"
_CHARGES = Charges(("DataScannedInTB",))


@dataclass(frozen=True)
class Scan:
    """What one query read of one table.

    `share` is the table's share of the query's bytes, by the sizes of the tables it reads: Athena tells only their sum.
    """

    query: AthenaQuery
    share: Decimal
    is_whole: bool

    @property
    def bytes(self) -> Decimal:
        """Of the table alone."""
        return self.query.bytes_scanned * self.share


def check(inventory: Inventory, prices: Prices) -> Checked:
    """For each table: queries without its partition column, no partitions at all, and text instead of Parquet.

    What the findings spare of one query is never more than it is billed for: bytes are told apart by table, and
    compression spares of what a condition on the partition leaves.
    """
    findings: list[Finding] = []
    for table in inventory.stored_tables.items:
        scans = scans_of(table, inventory)
        found = (
            _whole_scans(table, scans, inventory, prices),
            _unpartitioned(table, scans, inventory, prices),
            _uncompressed(table, scans, inventory, prices),
        )
        findings += [each for each in found if each is not None and is_worth(each.monthly)]
    missing = (*inventory.queries.missing, *inventory.stored_tables.missing)
    return Checked(NAME, TITLE, len(inventory.queries.items), tuple(findings), missing)


def scans_of(table: StoredTable, inventory: Inventory) -> list[Scan]:
    """What the logged queries read of a table; those that read what is not of the lake besides are left out."""
    sizes = {each.name: each.bytes for each in inventory.stored_tables.items}
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
    return max(Decimal(scanned), LEAST_BILLED) if scanned else Decimal(0)


def _spared(scan: Scan, cuts: Sequence[Decimal]) -> list[Decimal]:
    """Billed bytes that each cut of the table's bytes spares, one after the other; a cut is the share that stays."""
    left, read, spared = scan.bytes, Decimal(scan.query.bytes_scanned), []
    for stays in cuts:
        after = read - left * (1 - stays)
        spared.append(billed(read) - billed(after))
        left, read = left * stays, after
    return spared


def _partition_share(table: StoredTable, scan: Scan) -> Decimal:
    """Of the bytes read, what stays with a condition on a month of partitions."""
    is_cut = scan.is_whole and table.partition and table.partitions > PARTITIONS_ASKED
    return Decimal(PARTITIONS_ASKED) / table.partitions if is_cut else Decimal(1)


def _monthly(total: Decimal, inventory: Inventory, rates: Rates) -> Decimal | None:
    a_month = total * HOURS_A_MONTH / (24 * inventory.period.days)
    return rates.cost({"athena.scanned_terabyte": a_month / TERABYTE})


def _whole_scans(table: StoredTable, scans: Sequence[Scan], inventory: Inventory, prices: Prices) -> Finding | None:
    whole = [scan for scan in scans if scan.is_whole]
    if not table.partition or table.partitions <= PARTITIONS_ASKED or not whole:
        return None
    spared = sum((_spared(each, [_partition_share(table, each)])[0] for each in whole), Decimal(0))
    rates = Rates(prices, inventory.region)
    largest = max(whole, key=lambda each: each.bytes).query
    return Finding(
        key=f"{NAME}.predicate/{table.resource}",
        check=NAME,
        title=f"{len(whole):,} queries read all of {table.name}: no condition on {table.partition}",
        resource=table.resource,
        monthly=_monthly(spared, inventory, rates),
        effort=Effort.MEDIUM,
        risk=Risk.LOW,
        evidence=figures(
            [
                ("Measured", inventory.period.label()),
                ("Queries", f"{len(whole):,} of {len(scans):,} on this table have no condition on {table.partition}"),
                ("Scanned by them", _scanned(whole)),
                ("Partitions", count(table.partitions)),
                ("Largest", f"{largest.query_id} in workgroup {largest.workgroup}"),
            ]
        ),
        steps=(
            f"Add `{table.partition} >= date '…' and {table.partition} < date '…'` to these queries; "
            "a view with the last months serves readers who forget.",
            "Cap the workgroup: aws athena update-work-group --work-group NAME --configuration-updates "
            "BytesScannedCutoffPerQuery=…",
        ),
        undo=("Remove the condition, or the cap.",),
        formula=f"Σ (bytes billed − bytes billed for {PARTITIONS_ASKED} of {table.partitions} partitions), for a "
        f"month, × {rates.text('athena.scanned_terabyte')} a TB",
        sources=(*rates.sources, _TUNING),
        charges=_CHARGES,
        unknown_because=rates.because(),
    )


def _scanned(scans: Sequence[Scan]) -> str:
    """What was scanned of a table, and that it is a part where the queries read others besides."""
    told = size(sum((each.bytes for each in scans), Decimal(0)))
    shared = sum(1 for each in scans if each.share < 1)
    return f"{told}; {shared:,} read other tables besides, told apart by size" if shared else told


def _unpartitioned(table: StoredTable, scans: Sequence[Scan], inventory: Inventory, prices: Prices) -> Finding | None:
    if table.partition or table.bytes < LARGE_TABLE or not scans:
        return None
    rates = Rates(prices, inventory.region)
    spent = _monthly(sum((_spared(each, [Decimal(0)])[0] for each in scans), Decimal(0)), inventory, rates)
    if not is_worth(spent):
        return None
    return Finding(
        key=f"{NAME}.partition/{table.resource}",
        check=NAME,
        title=f"{table.name} has no partitions: every query may read {size(table.bytes)}",
        resource=table.resource,
        monthly=None,
        effort=Effort.HIGH,
        risk=Risk.MEDIUM,
        evidence=figures(
            [
                ("Measured", inventory.period.label()),
                ("Size", size(table.bytes)),
                ("Queries", count(len(scans))),
                ("Scanned by them", _scanned(scans)),
                ("At most", "unknown" if spent is None else f"${spent:,.2f} a month"),
            ]
        ),
        steps=(
            "Write it again by day: create table … with (partitioned_by = array['event_date'], format = 'PARQUET').",
            "Keep the old table until the new one has the same counts.",
        ),
        undo=("Point the queries at the old table.",),
        formula="bytes that a condition on the partition would spare × price of a TB; how many is not known before",
        sources=(*rates.sources, _TUNING),
        charges=_CHARGES,
        unknown_because="how much a partition would spare depends on the questions",
    )


def _uncompressed(table: StoredTable, scans: Sequence[Scan], inventory: Inventory, prices: Prices) -> Finding | None:
    if table.is_columnar or table.is_compressed is not False:
        return None
    is_logged = inventory.queries.is_judged
    if not scans if is_logged else table.bytes < LARGE_UNREAD:
        return None
    share = table.compressed_share if table.compressed_share is not None else COLUMNAR_SHARE
    spared = sum((_spared(each, [_partition_share(table, each), share])[1] for each in scans), Decimal(0))
    rates = Rates(prices, inventory.region)
    return Finding(
        key=f"{NAME}.compression/{table.resource}",
        check=NAME,
        title=f"{table.name} is read as uncompressed text",
        resource=table.resource,
        monthly=_monthly(spared, inventory, rates) if is_logged else None,
        effort=Effort.MEDIUM,
        risk=Risk.LOW,
        evidence=figures(
            [
                ("Measured", inventory.period.label()),
                ("Uncompressed", size(table.bytes)),
                (
                    "Scanned",
                    f"by {len(scans):,} queries: {_scanned(scans)}" if is_logged else "unknown",
                ),
                (
                    "Compressed it has",
                    f"{percent(share)} of its size, "
                    + ("measured" if table.compressed_share is not None else "assumed"),
                ),
            ]
        ),
        steps=(
            "Let Firehose compress (CompressionFormat=GZIP), or read the curated Parquet in place of the raw text.",
        ),
        undo=("Set CompressionFormat=UNCOMPRESSED; compressed files stay readable.",),
        formula=f"Σ (bytes billed − bytes billed at {percent(share)}), for a month, × "
        f"{rates.text('athena.scanned_terabyte')} a TB",
        sources=(*rates.sources, _TUNING),
        charges=_CHARGES,
        unknown_because=rates.because() if is_logged else "how often it is read is not known here",
    )
