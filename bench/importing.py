"""How fast a file becomes raw events, and a lake: the real Online Retail file where it is there, else a made one.

A mapped CSV file of the same rows is imported twice in one run: in one process, and with others that check rows.
"""

from __future__ import annotations

import csv
import gzip
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.options import Options, Record, peak_memory_mib, record
from pipeline.curate import curate
from pipeline.importers import DATASETS, Source, import_file, import_files
from pipeline.importers.mapped import MappedImporter
from pipeline.importers.mapping import read_mapping
from pipeline.lake import Lake

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "online_retail.csv.gz"
MADE_ROWS = 300_000
MAPPED_ROWS = 600_000
MAPPING = """
[columns]
occurred_at = "InvoiceDate"
order_id = "InvoiceNo"
customer_id = "CustomerID"
product_id = "StockCode"
quantity = "Quantity"
unit_price = "UnitPrice"
region = "Country"
"product.name" = "Description"
[constants]
event_type = "purchase"
currency = "GBP"
channel = "online"
[time]
zone = "Europe/London"
[amounts]
negative = "refund"
[event_id]
columns = ["InvoiceNo", "StockCode"]
"""
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


def measure(_options: Options) -> Iterator[Record]:
    """Rows a second of the import alone, and of import and curation."""
    importer = next(dataset for dataset in DATASETS if dataset.name == "online-retail")
    with tempfile.TemporaryDirectory() as folder:
        file = REAL if REAL.exists() else _made(Path(folder) / "online_retail.csv.gz", MADE_ROWS)
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
    with tempfile.TemporaryDirectory() as folder:
        yield from _mapped(Path(folder))
    yield record("import.memory_peak", peak_memory_mib(), "MiB")


def _mapped(folder: Path) -> Iterator[Record]:
    """Rows a second of a mapped CSV file, in one process and in several."""
    file = folder / "orders.csv"
    with gzip.open(_made(folder / "orders.csv.gz", MAPPED_ROWS), "rb") as made, file.open("wb") as plain:
        shutil.copyfileobj(made, plain)
    importer = MappedImporter(read_mapping(MAPPING, where="bench"))
    seconds = {}
    for processes in (0, None):
        lake = Lake.create(folder / f"mapped-{processes}", importer.lake_settings)
        seconds[processes] = import_files(lake, importer, [Source(file)], processes=processes).seconds
    yield record("import.mapped_rows_per_second", MAPPED_ROWS / seconds[None], "rows/s", rows=MAPPED_ROWS)
    yield record("import.mapped_gain_of_processes", seconds[0] / seconds[None], "×")


def _made(path: Path, rows: int) -> Path:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in range(rows):
            minute = row % 1440
            when = f"2011-{row % 12 + 1:02}-{row % 28 + 1:02} {minute // 60:02}:{minute % 60:02}:00"
            code = f"{10000 + row % 4000}"
            writer.writerow([536365 + row // 20, code, f"ITEM {code}", row % 12 + 1, when, "2.55", "17850.0", "France"])
    return path
