"""Files of every kind and layout, read with a mapping."""

from __future__ import annotations

import base64
import gzip
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from catalogue.errors import ImportFailed, SettingsError
from pipeline.importers import ImportReport, import_file
from pipeline.importers.mapped import MappedImporter
from pipeline.importers.mapping import read_mapping
from pipeline.lake import Lake
from tests.support.raw import records

ORDERS = """
[columns]
occurred_at = "Day"
customer_id = "Customer"
order_id = ["Customer", "Day"]
product_id = "Item"
unit_price = "Price"
[constants]
event_type = "purchase"
currency = "USD"
[event_id]
columns = ["Customer", "Day", "Item"]
{rest}
"""
CDNOW = """
[file]
delimiter = "whitespace"
columns = ["customer", "date", "quantity", "amount"]
[columns]
occurred_at = "date"
customer_id = "customer"
order_id = ["customer", "date"]
quantity = "quantity"
total = "amount"
[constants]
event_type = "purchase"
product_id = "CD"
currency = "USD"
[time]
format = "%Y%m%d"
[event_id]
row_number = true
"""


def bring(folder: Path, mapping: str, name: str, content: bytes | str) -> tuple[ImportReport, list[dict[str, Any]]]:
    """Import one file; gives the report and the raw events."""
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    lake = Lake.create(folder / "lake")
    report = import_file(lake, MappedImporter(read_mapping(mapping, where="map.toml")), folder / name)
    return report, records(lake, "raw/events")


def of(events: list[dict[str, Any]], *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(event.get(field) for field in fields) for event in events]


def test_text_padded_with_spaces_without_a_header_is_read_and_every_total_is_kept_to_the_cent(tmp_path: Path):
    rows = (
        " 00001 19970101  1   11.77",
        " 00002 19970112  5   77.00",
        " 00003 19970330  7   20.99",
        " 00004 19970101  1    0.00",
    )
    text = "\n".join(rows)
    report, events = bring(tmp_path, CDNOW, "CDNOW_master.txt", text)
    assert (report.received, report.accepted, report.quarantined, report.events) == (4, 4, 0, 5)
    assert of(events, "order_id", "quantity", "unit_price") == [
        ("00001|19970101", 1, "11.7700"),
        ("00002|19970112", 5, "15.4000"),
        ("00003|19970330", 2, "2.9985"),
        ("00003|19970330", 5, "2.9986"),  # 2 × 2.9985 + 5 × 2.9986 = 20.99
        ("00004|19970101", 1, "0.0000"),
    ]
    assert events[3]["event_id"] == events[2]["event_id"] + "~2"


def test_columns_at_fixed_places_may_hold_spaces_and_a_row_of_another_length_is_quarantined(tmp_path: Path):
    layout = '[file]\nwidths = [8, 11, 12, 5]\ncolumns = ["Customer", "Day", "Item", "Price"]'
    text = (
        "c1      2026-01-05 Red lamp     9.5\n\nc2      2026-01-06 Vase\nc3      2026-01-07 Blue lamp    7.0 surplus\n"
    )
    report, events = bring(tmp_path, ORDERS.format(rest=layout), "orders.txt", text)
    assert of(events, "customer_id", "product_id", "unit_price") == [("c1", "Red lamp", "9.5000")]
    assert report.first_refusals == [
        "orders.txt:3: Row on line 3 has 3 fields; the header has 4.",
        "orders.txt:4: Row on line 4 has 5 fields; the header has 4.",
    ]


def test_a_workbook_is_read_by_the_name_of_its_sheet_with_its_dates_and_whole_numbers(tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.append(["Notes"])
    sheet = book.create_sheet("Orders")
    for row in (
        ["Customer", "Day", "Item", "Price"],
        [17850, datetime(2026, 1, 5, 9, 30), "A1", 2.55],
        [None, None, None, None],
        [17851, datetime(2026, 1, 6), "A2", 3, "too far right"],
    ):
        sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    content = (tmp_path / "book.xlsx").read_bytes()
    report, events = bring(tmp_path, ORDERS.format(rest='[file]\nsheet = "Orders"'), "book.xlsx", content)
    assert of(events, "customer_id", "occurred_at", "unit_price") == [("17850", "2026-01-05T09:30:00Z", "2.5500")]
    assert report.first_refusals == ["book.xlsx:4: Row 4 has a value in column 5; the header has 4."]
    with pytest.raises(ImportFailed, match=r"no sheet 'Bestellungen' .*It has Sheet, Orders"):
        bring(tmp_path, ORDERS.format(rest='[file]\nsheet = "Bestellungen"'), "book.xlsx", content)
    with pytest.raises(ImportFailed, match="The workbook cannot be read"):
        bring(tmp_path, ORDERS.format(rest=""), "book.xlsx", b"PK\x03\x04 nothing else")


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_json_lines_are_read_plain_and_compressed_and_a_broken_line_keeps_its_bytes(tmp_path: Path, ending: str):
    lines = (
        b'\xef\xbb\xbf{"customer": {"id": "c1"}, "Day": "2026-01-05", "Item": "A1", "Price": 12345678.1234}\n'
        b"\n"
        b'{"customer": {"id": "c2"}, "Day": \n'
        b'{"customer": {"id": "c3"}, "Day": null, "Item": "A1", "Price": 2}\n'
    )
    packed = {"": lines, ".gz": gzip.compress(lines), ".zst": pa.compress(lines, "zstd", asbytes=True)}
    mapping = ORDERS.format(rest="").replace('"Customer"', '"customer.id"')
    report, events = bring(tmp_path, mapping, f"orders.jsonl{ending}", packed[ending])
    assert of(events, "customer_id", "unit_price") == [("c1", "12345678.1234")]
    assert report.reasons == {"malformed_row": 1, "missing_field": 1}
    [broken, _] = records(Lake.open(tmp_path / "lake"), "raw/quarantine")
    assert base64.b64decode(broken["record"]) == b'{"customer": {"id": "c2"}, "Day": '
    assert broken["origin"] == f"orders.jsonl{ending}:3"


def test_a_key_that_no_line_has_is_refused_like_a_column_that_no_header_names(tmp_path: Path):
    line = '{"Customer": "c1", "Day": "2026-01-05", "Item": "A1", "price": 5}\n'
    with pytest.raises(ImportFailed, match=r"No line has the key 'Price'"):
        bring(tmp_path, ORDERS.format(rest=""), "orders.jsonl", line)


def test_a_truncated_zstandard_stream_fails_the_import(tmp_path: Path):
    whole = pa.compress(b"Customer,Day,Item,Price\n" + b"c1,2026-01-05,A1,5\n" * 9000, "zstd").to_pybytes()
    with pytest.raises(ImportFailed):
        bring(tmp_path, ORDERS.format(rest=""), "orders.csv.zst", whole[:-30])


def test_a_key_of_several_columns_is_absent_where_one_is_empty_and_never_ambiguous(tmp_path: Path):
    rows = "Customer,Day,Item,Price\nc1,2026-01-05,A1,5\n,2026-01-05,A1,5\nc|1,2026-01-05,A1,5\n"
    report, events = bring(tmp_path, ORDERS.format(rest=""), "orders.csv", rows)
    assert of(events, "order_id") == [("c1|2026-01-05",)]
    assert report.first_refusals == [
        "orders.csv:3: Fields customer_id and session_id are both absent; give at least one.",
        "orders.csv:4: Column Customer (order_id): 'c|1' holds '|', the separator of keys.",
    ]
    report, events = bring(tmp_path, ORDERS.format(rest='[keys]\nseparator = "/"'), "orders.csv", rows)
    assert report.accepted == 2


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            ('order_id = ["customer", "date"]', 'order_id = ["customer"]'),
            r"columns\.order_id: needs at least two columns",
        ),
        (('quantity = "quantity"', 'quantity = ["a", "b"]'), r"columns\.quantity: comes from one column"),
        (('quantity = "quantity"', 'unit_price = "p"'), r"columns\.total: unit_price is given too"),
        (('delimiter = "whitespace"', 'delimiter = "||"'), r"file\.delimiter: is neither one character nor"),
        (('delimiter = "whitespace"', "widths = [1, 2]"), r"file\.widths: has not one width for each"),
    ],
)
def test_a_layout_that_cannot_be_meant_is_refused_by_its_key(change: tuple[str, str], what: str):
    with pytest.raises(SettingsError, match=what):
        read_mapping(CDNOW.replace(*change), where="map.toml")
