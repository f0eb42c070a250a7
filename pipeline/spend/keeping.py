"""Charge rows → raw Parquet, one file a bill, all or nothing; a bill that was there is replaced."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalogue.errors import ImportFailed
from pipeline.lake import RAW_SPEND, Lake
from pipeline.spend.bills import Bill, provider_key
from pipeline.spend.sums import COSTS, CostSums
from pipeline.transaction import Transaction

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_IDENTITY = ("provider_name", "billing_account_id", "billing_period_start")
_ROW_GROUP = 122_880
_IN_MEMORY = 1_000_000  # rows of all bills that wait for their row group to fill


class KeptBill(NamedTuple):
    """What became of one bill.

    Attributes
    ----------
    rows : charge rows it has now
    replaced : charge rows it had before; None where it is new
    changed : false where its rows are the same as before
    """

    bill: Bill
    rows: int
    replaced: int | None
    changed: bool


@dataclass(frozen=True)
class SpendImport:
    """The result of an import; rows and sums were counted when read and again when written.

    Attributes
    ----------
    rows : charge rows read, and kept
    sums : (currency, cost column) → exact sum; absent where no row says it
    bills : what became of each bill
    """

    rows: int
    sums: Mapping[tuple[str, str], Decimal]
    bills: tuple[KeptBill, ...]

    @property
    def changed(self) -> bool:
        """Whether the lake changed at all."""
        return any(kept.changed for kept in self.bills)


def import_charges(
    lake: Lake, source: str, charges: Iterable[pa.RecordBatch], *, notes: Mapping[str, bytes] | None = None
) -> SpendImport:
    """Bring charge rows into the raw lake; each bill among them takes the place of the one that was there.

    Parameters
    ----------
    source : the source's name, which becomes part of each bill's identity
    charges : batches with the columns of `raw_spend`; whatever they raise leaves the lake as it was
    notes : small files to put beside the bills: name below ``raw/spend/<source>`` → content

    Raises
    ------
    ImportFailed
        There is no charge and no note, or what was written is not what was read.
    LakeError
        Another process is writing to the lake, or it cannot be written.
    """
    with lake.writing(), lake.transaction() as change:
        written, read = write_bills(change.folder, source, charges)
        if not read.rows and not notes:
            raise ImportFailed(
                "There is no charge in what was read", where=source, remedy="Export a period with charges."
            )
        bills = tuple(_publish(lake, change, bill, path) for bill, path in sorted(written.items()))
        for name, content in (notes or {}).items():
            change.stage(f"{RAW_SPEND}/{source}/{name}").write_bytes(content)
    return SpendImport(read.rows, read.sums, bills)


def write_bills(folder: Path, source: str, charges: Iterable[pa.RecordBatch]) -> tuple[dict[Bill, Path], CostSums]:
    """Write charge rows below a folder, one file a bill; equal rows give equal bytes. Gives the files, and the sums.

    Raises
    ------
    ImportFailed
        What was written is not what was read.
    """
    writers = _BillWriters(folder, source)
    read = CostSums()
    for batch in charges:
        read.add(batch)
        writers.add(batch)
    written = writers.close()
    _check(read, written, source)
    return written, read


def _publish(lake: Lake, change: Transaction, bill: Bill, path: Path) -> KeptBill:
    """Stage a written bill under a name made from its content, and the removal of the bill's earlier files."""
    import pyarrow.parquet as pq

    folder = f"{RAW_SPEND}/{bill.folder}"
    with path.open("rb") as content:
        name = f"{folder}/{hashlib.file_digest(content, 'sha256').hexdigest()[:16]}.parquet"
    rows = pq.read_metadata(path).num_rows
    earlier = lake.raw_files(folder)
    before = sum(pq.read_metadata(lake.root / file).num_rows for file in earlier) if earlier else None
    if earlier == [name]:
        return KeptBill(bill, rows, before, changed=False)
    for file in earlier:
        if file != name:
            change.remove(file)
    change.adopt(path, name)
    return KeptBill(bill, rows, before, changed=True)


def _check(read: CostSums, written: Mapping[Bill, Path], source: str) -> None:
    """Refuse an import whose written rows or sums differ from those read; counts again, from the files."""
    import pyarrow.parquet as pq

    found = CostSums()
    for path in written.values():
        with pq.ParquetFile(path) as file:
            names = [focus_name(name) for name in ("billing_currency", *COSTS)]
            for batch in file.iter_batches(_ROW_GROUP, columns=names):
                found.add(batch.rename_columns(["billing_currency", *COSTS]))
    if (found.rows, found.sums) != (read.rows, read.sums):
        raise ImportFailed(
            f"Of {read.rows:,} charges read, {found.rows:,} were written, or their costs differ",
            where=source,
            remedy="Nothing was imported. Check the disk, then try again.",
        )


class _BillWriters:
    """One Parquet file a bill, written in row groups of equal size: equal rows give equal bytes."""

    def __init__(self, folder: Path, source: str) -> None:
        self._folder = folder / "bills"
        self._folder.mkdir()
        self._source = source
        self._paths: dict[Bill, Path] = {}
        self._files: dict[Bill, pq.ParquetWriter] = {}
        self._waiting: dict[Bill, list[pa.RecordBatch]] = {}
        self._rows: dict[Bill, int] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        for bill, rows in _by_bill(batch, self._source):
            self._waiting.setdefault(bill, []).append(rows)
            self._rows[bill] = self._rows.get(bill, 0) + rows.num_rows
            if self._rows[bill] >= _ROW_GROUP:
                self._write(bill, whole=True)
        while sum(self._rows.values()) > _IN_MEMORY:
            self._write(max(self._rows, key=lambda bill: self._rows[bill]), whole=False)

    def close(self) -> dict[Bill, Path]:
        for bill in list(self._waiting):
            if self._rows[bill]:
                self._write(bill, whole=False)
        for file in self._files.values():
            file.close()
        return self._paths

    def _write(self, bill: Bill, *, whole: bool) -> None:
        """Write what waits of a bill; `whole` leaves back what does not fill a row group."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_batches(self._waiting[bill])
        rows = table.num_rows // _ROW_GROUP * _ROW_GROUP if whole else table.num_rows
        if bill not in self._files:
            path = self._paths[bill] = self._folder / f"{len(self._paths):05d}.parquet"
            schema = _focus_schema(table.schema)
            self._files[bill] = pq.ParquetWriter(path, schema, compression="zstd", compression_level=1)
        ready = table.slice(0, rows).combine_chunks()
        self._files[bill].write_table(
            ready.rename_columns(_focus_schema(ready.schema).names), row_group_size=_ROW_GROUP
        )
        rest = table.slice(rows)
        self._waiting[bill] = rest.combine_chunks().to_batches() if rest.num_rows else []
        self._rows[bill] = rest.num_rows


def focus_name(name: str) -> str:
    """The specification's name of a column: `billed_cost` → ``BilledCost``. Raw files have FOCUS's names."""
    return "".join(word.capitalize() for word in name.split("_"))


def _focus_schema(schema: pa.Schema) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([field.with_name(focus_name(field.name)) for field in schema])


def _by_bill(batch: pa.RecordBatch, source: str) -> Iterator[tuple[Bill, pa.RecordBatch]]:
    """The rows of each bill, in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [pc.dictionary_encode(batch.column(name), null_encoding="encode") for name in _IDENTITY]
    codes = pc.cast(parts[0].indices, pa.int64())
    for part in parts[1:]:
        codes = pc.add(pc.multiply(codes, len(part.dictionary)), pc.cast(part.indices, pa.int64()))
    runs = pc.run_end_encode(codes)
    if len(runs.values) > len(pc.unique(codes)):  # bills alternate: put the rows of each side by side, in their order
        order = pc.sort_indices(codes)
        batch, runs = batch.take(order), pc.run_end_encode(codes.take(order))
    start = 0
    for code, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        rest, values = code, []
        for part in reversed(parts):
            rest, index = divmod(rest, len(part.dictionary))
            values.append(part.dictionary[index].as_py())
        yield _bill(source, *reversed(values)), batch.slice(start, end - start)
        start = end


def _bill(source: str, provider: str | None, account: str | None, period: datetime | None) -> Bill:
    return Bill(source, provider_key(provider), account or "", period.date().isoformat() if period else "")
