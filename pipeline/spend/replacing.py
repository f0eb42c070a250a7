"""Charge rows → raw Parquet in a lake that has no transactions: a bucket, where one write replaces one bill."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from catalogue.errors import ImportFailed
from pipeline.lake import RAW_SPEND
from pipeline.objects import Objects
from pipeline.spend.bills import Bill
from pipeline.spend.keeping import KeptBill, SpendImport, write_bills

if TYPE_CHECKING:
    import pyarrow as pa

_NAME = "charges.parquet"  # always the same: a bill that is written again takes the place of the one that was there


def replace_bills(objects: Objects, source: str, charges: Iterable[pa.RecordBatch]) -> SpendImport:
    """Write each bill among these charges in the place of the one that was there; one that is the same is left alone.

    A bill is replaced as a whole; a process that is killed has replaced some bills and not the others.

    Parameters
    ----------
    source : the source's name, which becomes part of each bill's identity
    charges : batches with the columns of `raw_spend`; whatever they raise leaves the lake as it was

    Raises
    ------
    ImportFailed
        What was written is not what was read, or another process replaced a bill at the same time.
    LakeError
        The bucket refuses.
    """
    with TemporaryDirectory() as folder:
        written, read = write_bills(Path(folder), source, charges)
        bills = tuple(_replace(objects, bill, path) for bill, path in sorted(written.items()))
    return SpendImport(read.rows, read.sums, bills)


def _replace(objects: Objects, bill: Bill, path: Path) -> KeptBill:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = f"{RAW_SPEND}/{bill.folder}"
    earlier = [file.name for file in objects.found(folder) if file.name.endswith(".parquet")]
    name = earlier[0] if earlier else f"{folder}/{_NAME}"
    before, content = objects.stored(name), path.read_bytes()
    rows = pq.read_metadata(path).num_rows
    replaced = None if before is None else pq.read_metadata(pa.BufferReader(before.content)).num_rows
    changed = before is None or before.content != content
    if changed and not objects.replace(name, content, tag=before and before.tag):
        raise ImportFailed(
            f"{bill} was replaced by another process at the same time",
            where=name,
            remedy="Let one process bring bills at a time, then try again.",
        )
    objects.remove(earlier[1:])
    return KeptBill(bill, rows, replaced, changed)
