"""What changes in the charges when raw files come, change and go."""

from __future__ import annotations

import pytest

from pipeline.spend.changes import BillRows, holds_charges, spend_change

EXPORT = "raw/spend/focus/takings-dev-focus"
FIRST = f"{EXPORT}/data/BILLING_PERIOD=2026-11/takings-dev-focus-00001.snappy.parquet"
SECOND = f"{EXPORT}/data/BILLING_PERIOD=2026-11/takings-dev-focus-00002.snappy.parquet"


def november(rows: int, source: str = "focus") -> BillRows:
    return BillRows(source, "AWS", "123456789012", "2026-11-01", rows)


@pytest.mark.parametrize(
    ("name", "is_charges"),
    [
        (FIRST, True),
        (f"{EXPORT}/metadata/BILLING_PERIOD=2026-11/takings-dev-focus-Manifest.json", False),
        ("raw/spend/cost_explorer/_snapshot.json", False),
        ("raw/spend/focus/aws/1/2026-11-01/.hidden.parquet", False),
        # what nobody knows is read, and refused by name
        ("raw/spend/focus/aws/1/2026-11-01/bill.csv", True),
        ("raw/spend/focus/metadata/1/2026-11-01/bill.parquet", True),
    ],
)
def test_manifests_of_a_data_export_are_no_charges(name: str, is_charges: bool) -> None:
    assert holds_charges(name) is is_charges


def test_a_month_that_an_export_writes_again_in_place_is_read_again_in_all_its_files() -> None:
    known = {FIRST: [november(500)], SECOND: [november(20)]}
    change = spend_change(known, {FIRST: [november(510)]}, ())
    assert change.wanted == {FIRST: [november(510)], SECOND: [november(20)]}
    assert change.changed == {("aws", "2026-11-01")}


def test_a_file_that_an_export_leaves_empty_takes_its_charges_along() -> None:
    known = {FIRST: [november(500)], SECOND: [november(20)]}
    change = spend_change(known, {SECOND: []}, ())
    assert change.wanted == {FIRST: [november(500)]}
    assert change.changed == {("aws", "2026-11-01")}


def test_an_export_counts_before_the_snapshots_of_the_same_month() -> None:
    snapshot = "raw/spend/cost_explorer/aws/none/2026-11-01/a.parquet"
    change = spend_change({snapshot: [november(30, "cost_explorer")]}, {FIRST: [november(500)]}, ())
    assert change.wanted == {FIRST: [november(500)]}
