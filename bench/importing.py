"""How fast a file becomes raw events, and a lake: the real Online Retail file where it is there, else a made one."""

from __future__ import annotations

import csv
import gzip
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.options import Options, Record, peak_memory_mib, record
from pipeline.curate import curate
from pipeline.importers import DATASETS, import_file
from pipeline.lake import Lake

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "online_retail.csv.gz"
MADE_ROWS = 300_000
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


def measure(_options: Options) -> Iterator[Record]:
    """Rows a second of the import alone, and of import and curation."""
    importer = next(dataset for dataset in DATASETS if dataset.name == "online-retail")
    with tempfile.TemporaryDirectory() as folder:
        file = REAL if REAL.exists() else _made(Path(folder) / "online_retail.csv.gz")
        lake = Lake.create(Path(folder) / "lake", importer.lake_settings)
        started = time.perf_counter()
        report = import_file(lake, importer, file)
        imported = time.perf_counter()
        curate(lake)
        done = time.perf_counter()
    source = "online_retail.csv.gz" if file == REAL else "made rows of the same shape"
    yield record(
        "import.rows_per_second", report.received / (imported - started), "rows/s", rows=report.received, file=source
    )
    yield record(
        "import.with_curation", report.received / (done - started), "rows/s", rows=report.received, file=source
    )
    yield record("import.memory_peak", peak_memory_mib(), "MiB")


def _made(path: Path) -> Path:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in range(MADE_ROWS):
            minute = row % 1440
            when = f"2011-{row % 12 + 1:02}-{row % 28 + 1:02} {minute // 60:02}:{minute % 60:02}:00"
            code = f"{10000 + row % 4000}"
            writer.writerow([536365 + row // 20, code, f"ITEM {code}", row % 12 + 1, when, "2.55", "17850.0", "France"])
    return path
