"""The purchases of CDNOW: text padded with spaces, totals instead of prices, no order ids; into curated orders."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.curate import curate
from pipeline.importers import ImportReport, import_file
from pipeline.importers.mapped import MappedImporter
from pipeline.importers.mapping import read_mapping
from pipeline.lake import Lake
from tests.support.paths import ROOT, SHARED_DATA

COMPLETE = SHARED_DATA / "CDNOW_master.txt"
ROWS = """\
 00001 19970101  1   11.77
 00002 19970112  1   12.00
 00002 19970112  5   77.00
 00003 19970330  7   20.99
 00004 19970101  1    0.00
"""


def bring(lake: Lake, file: Path) -> ImportReport:
    """Import a file with the mapping that the documentation shows."""
    page = (ROOT / "docs/importing.md").read_text(encoding="utf-8")
    section = page.split("## CDNOW", maxsplit=1)[1]
    found = re.search(r"```toml\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return import_file(lake, MappedImporter(read_mapping(found[1], where="docs/importing.md")), file)


def ask(lake: Lake, table: str, select: str) -> list[tuple[Any, ...]]:
    curate(lake)
    files = f"{lake.root}/curated/{table}/**/*.parquet"
    return duckdb.sql(f"select {select} from read_parquet('{files}') order by all").fetchall()  # noqa: S608 - our own


def test_purchases_of_a_customer_on_a_day_are_one_order_of_exactly_their_totals(tmp_path: Path):
    (tmp_path / "rows.txt").write_text(ROWS)
    lake = Lake.create(tmp_path / "lake")
    report = bring(lake, tmp_path / "rows.txt")
    assert (report.received, report.accepted, report.events) == (5, 5, 6)
    assert ask(lake, "orders", "order_id, cast(units as integer), gross_revenue, placed") == [
        ("00001|19970101", 1, Decimal("11.7700"), True),
        ("00002|19970112", 6, Decimal("89.0000"), True),
        ("00003|19970330", 7, Decimal("20.9900"), True),
        ("00004|19970101", 1, Decimal("0.0000"), True),  # the mapping says so
    ]


@pytest.mark.skipif(not COMPLETE.exists(), reason="the real dataset is not part of the project")
@pytest.mark.slow
def test_the_complete_file_keeps_its_revenue_to_the_cent(tmp_path: Path):
    lake = Lake.create(tmp_path / "lake")
    report = bring(lake, COMPLETE)
    rows = [line.split() for line in COMPLETE.read_text().splitlines() if line.strip()]
    assert (report.received, report.accepted, report.events) == (len(rows), len(rows), len(rows) + 9_148)
    [(revenue, units, orders, customers)] = ask(
        lake, "orders", "sum(gross_revenue), cast(sum(units) as bigint), count(*), count(distinct customer_id)"
    )
    assert revenue == sum(Decimal(amount) for *_, amount in rows)
    assert units == sum(int(quantity) for _, _, quantity, _ in rows)
    assert orders == len({(customer, day) for customer, day, _, _ in rows})
    assert customers == len({customer for customer, *_ in rows})
