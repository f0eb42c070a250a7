"""The inventory without an AWS account: the lake folder's files, or the sample shop's resources for a sample lake.

Fills the `InventorySource` port. There is nothing else to judge on a laptop, and every other check says so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from catalogue.clock import utc_now
from catalogue.errors import SourceError
from catalogue.tables import TABLES
from console.asking.periods import Period
from console.savings import sample
from console.savings.checks.files import files_needed
from console.savings.facts import BilledUsage, StoredTable
from console.savings.inventory import Inventory, Read, Unread

DAYS = 28
SAMPLE_BYTES = 4_000_000  # read of a file to measure how well it compresses
_COMPRESSED = (".gz", ".zst")


class EmbeddedInventory:
    """Reads the tables of a lake folder.

    Parameters
    ----------
    bill : gives the sample's bill if the folder holds the sample year; None for any other lake
    """

    def __init__(
        self,
        lake: Path,
        bill: Callable[[], BilledUsage | None] | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._lake = lake
        self._bill = bill
        self._now = now

    def inventory(self) -> Inventory:
        """See `InventorySource.inventory`."""
        bill = self._bill() if self._bill else None
        if bill is not None:
            return sample.inventory(bill)
        now = self._now()
        period = Period(now.date() - timedelta(days=DAYS), now.date())
        return Inventory(
            taken_at=now,
            period=period,
            region="",
            origin=f"the lake folder {self._lake}",
            streams=Read(missing=_no_account("Kinesis streams")),
            warehouses=Read(missing=_no_account("Redshift workgroups")),
            queries=Read(missing=_no_account("Athena's query log")),
            stored_tables=Read(tuple(stored_tables(self._lake))),
            buckets=Read(missing=_no_account("S3 buckets")),
            log_groups=Read(missing=_no_account("log groups")),
            functions=Read(missing=_no_account("Lambda functions")),
            nat_gateways=Read(missing=_no_account("NAT gateways")),
            web_acls=Read(missing=_no_account("web ACLs")),
            crawlers=Read(missing=_no_account("Glue crawlers")),
            capacity_tables=Read(missing=_no_account("DynamoDB tables")),
            recommendations=Read(missing=_no_account("Cost Optimization Hub and Compute Optimizer")),
        )


def _no_account(what: str) -> tuple[Unread, ...]:
    return (Unread(what, "this console runs without an AWS account", "With the aws profile it reads them."),)


def stored_tables(lake: Path) -> list[StoredTable]:
    """Tables of a lake folder with their files: the curated ones, and raw events and refusals.

    Raises
    ------
    SourceError
        The folder cannot be read.
    """
    try:
        curated = [folder for folder in sorted((lake / "curated").glob("*")) if folder.is_dir()]
        found = [_curated(folder) for folder in curated]
        found += [_raw(lake / "raw" / name, f"raw_{name}") for name in ("events", "quarantine")]
    except OSError as error:
        raise SourceError(
            f"The lake's files cannot be listed: {error.strerror}",
            where=str(lake),
            remedy="Check the rights on the folder.",
        ) from error
    return [table for table in found if table.files]


def _curated(folder: Path) -> StoredTable:
    sizes = [(path.parent.name, path.stat().st_size) for path in folder.rglob("*.parquet")]
    definition = TABLES.get(folder.name)
    partition = (definition.partition if definition else None) or ""
    return StoredTable(
        name=folder.name,
        resource=f"curated/{folder.name}",
        partition=partition,
        partitions=len({name for name, _ in sizes}) if partition else 0,
        files=len(sizes),
        bytes=sum(size for _, size in sizes),
        files_needed=len(sizes),  # curation joins small files itself, and keeps large ones apart to change few rows
        is_columnar=True,
        is_compressed=True,
    )


def _raw(folder: Path, name: str) -> StoredTable:
    """Raw files by day of arrival; each import has its own folder, counted as one partition."""
    paths = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    sizes = [(path.relative_to(folder).parts[0], path.stat().st_size) for path in paths]
    loose = [path for path in paths if path.suffix not in _COMPRESSED]
    return StoredTable(
        name=name,
        resource=f"raw/{folder.name}",
        partition="dt",
        partitions=len({part for part, _ in sizes}),
        files=len(sizes),
        bytes=sum(path.stat().st_size for path in loose) if loose else sum(size for _, size in sizes),
        files_needed=files_needed(sizes),
        is_columnar=False,
        is_compressed=not loose,
        compressed_share=_compressed_share(loose),
    )


def _compressed_share(paths: list[Path]) -> Decimal | None:
    """Compressed ÷ uncompressed size of the largest loose file, with zstd; None without one that holds anything."""
    if not paths:
        return None
    import pyarrow as pa

    largest = max(paths, key=lambda path: path.stat().st_size)
    with largest.open("rb") as file:
        text = file.read(SAMPLE_BYTES)
    if not text:
        return None
    compressed = pa.Codec("zstd").compress(text)
    return (Decimal(compressed.size) / len(text)).quantize(Decimal("0.001"))
