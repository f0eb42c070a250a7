"""What there is on a laptop: the lake folder's files, and for the sample year the sample shop's stack.

Fills the `InventorySource` port. Without an AWS account there is nothing else to judge, and every other check says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from catalogue.errors import SourceError
from console.asking.periods import Period
from console.savings import sample
from console.savings.checks.files import TARGET_BYTES
from console.savings.facts import StoredTable
from console.savings.inventory import Inventory, Read, Unread
from console.savings.usage import Bill

DAYS = 28
SAMPLE_BYTES = 4_000_000  # of a file, to measure how far it would compress
_PACKED = (".gz", ".zst")


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class EmbeddedInventory:
    """The lake folder `lake`.

    Parameters
    ----------
    bill : gives the sample's bill where the folder holds the sample year; None for any other lake, and for a sample
        without a bill
    """

    def __init__(
        self,
        lake: Path,
        bill: Callable[[], Bill | None] | None = None,
        *,
        now: Callable[[], datetime] = _wall_clock,
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
    partition = next((name.partition("=")[0] for name, _ in sizes if "=" in name), "")
    return StoredTable(
        name=folder.name,
        resource=f"curated/{folder.name}",
        partition=partition,
        partitions=len({name for name, _ in sizes}) if partition else 0,
        files=len(sizes),
        bytes=sum(size for _, size in sizes),
        files_needed=_needed(sizes),
        is_columnar=True,
        is_compressed=True,
    )


def _raw(folder: Path, name: str) -> StoredTable:
    """Raw files by day of arrival; imports stand in folders of their own, each taken for a partition."""
    paths = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    sizes = [(path.relative_to(folder).parts[0], path.stat().st_size) for path in paths]
    loose = [path for path in paths if path.suffix not in _PACKED]
    return StoredTable(
        name=name,
        resource=f"raw/{folder.name}",
        partition="dt",
        partitions=len({part for part, _ in sizes}),
        files=len(sizes),
        bytes=sum(path.stat().st_size for path in loose) if loose else sum(size for _, size in sizes),
        files_needed=_needed(sizes),
        is_columnar=False,
        is_compressed=not loose,
        compressed_share=_compressed_share(loose),
    )


def _needed(sizes: Iterable[tuple[str, int]]) -> int:
    """Files of the target size that hold each partition."""
    by_partition: dict[str, int] = defaultdict(int)
    for partition, size in sizes:
        by_partition[partition] += size
    return sum(max(1, -(-size // TARGET_BYTES)) for size in by_partition.values())


def _compressed_share(paths: list[Path]) -> Decimal | None:
    """How far the largest loose file compresses with zstd; None where there is none, or nothing in it."""
    if not paths:
        return None
    import pyarrow as pa

    largest = max(paths, key=lambda path: path.stat().st_size)
    with largest.open("rb") as file:
        text = file.read(SAMPLE_BYTES)
    if not text:
        return None
    packed = pa.Codec("zstd").compress(text)
    return (Decimal(packed.size) / len(text)).quantize(Decimal("0.001"))
