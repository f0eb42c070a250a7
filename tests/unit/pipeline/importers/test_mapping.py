"""The csv importer: anyone's table, read with a mapping."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.errors import ImportFailed, SettingsError
from pipeline.contract.rejections import Rejection
from pipeline.importers import import_file
from pipeline.importers.mapped import MappedImporter
from pipeline.importers.mapping import EXAMPLE, load_mapping, read_mapping
from pipeline.lake import Lake, LakeSettings

BASE = """
[columns]
occurred_at = "When"
customer_id = "Who"
product_id = "What"
{columns}
[constants]
event_type = "product_view"
[event_id]
row_number = true
{rest}
"""
HEADER = ["When", "Who", "What", "Qty", "Price"]
ORDER = """
[columns]
occurred_at = "When"
customer_id = "Who"
product_id = "What"
order_id = "What"
quantity = "Qty"
unit_price = "Price"
[constants]
event_type = "purchase"
[event_id]
columns = ["When", "What"]
"""


def translated(mapping: str, *row: str) -> Any:
    return MappedImporter(read_mapping(mapping, where="map.toml")).translator(HEADER, "d" * 64)(list(row))


def base(columns: str = "", rest: str = "") -> str:
    return BASE.format(columns=columns, rest=rest)


def test_the_example_mapping_is_itself_a_mapping():
    mapping = read_mapping(EXAMPLE, where="example")
    assert MappedImporter(mapping).columns == (
        "Created at",
        "Order",
        "Customer",
        "SKU",
        "Quantity",
        "Unit price",
        "Country",
        "Title",
        "Category",
        "Payment",
    )
    assert MappedImporter(mapping).lake_settings.reporting_currency == "EUR"


def test_semicolons_decimal_commas_local_times_and_encodings_are_understood(tmp_path: Path):
    (tmp_path / "map.toml").write_text(
        """
        [file]
        delimiter = ";"
        encoding = "cp1252"
        [columns]
        occurred_at = "Datum"
        customer_id = "Kunde"
        order_id = "Auftrag"
        product_id = "Artikel"
        quantity = "Menge"
        unit_price = "Preis"
        event_type = "Art"
        "product.name" = "Name"
        [constants]
        currency = "EUR"
        [attributes]
        clerk = "Kasse"
        [values.event_type]
        "Verkauf" = "purchase"
        [time]
        format = "%d.%m.%Y %H:%M"
        zone = "Europe/Berlin"
        [amounts]
        decimal = ","
        thousands = "."
        negative = "refund"
        [event_id]
        column = "Nr"
        """
    )
    table = (
        "Nr;Datum;Kunde;Auftrag;Artikel;Menge;Preis;Art;Name;Kasse\n"
        "1;01.07.2025 12:00;K1;A1;P1;2;1.234,50;Verkauf;Küche;7\n"
        "2;01.07.2025 12:01;K1;A1;P1;-1;1.234,50;Verkauf;Küche;\n"
        "3;01.07.2025 12:02;K1;A1;P1;1;1,5,0;Verkauf;Küche;\n"
        "4;01.07.2025 12:03;K1;A1;P1;1;1,50;Tausch;Küche;\n"
    )
    (tmp_path / "kasse.csv").write_bytes(table.encode("cp1252"))
    lake = Lake.create(tmp_path / "lake")
    report = import_file(lake, MappedImporter(load_mapping(tmp_path / "map.toml")), tmp_path / "kasse.csv")
    assert (report.accepted, report.reasons) == (2, {"invalid_value": 1, "unknown_event_type": 1})
    assert report.first_refusals[0] == "kasse.csv:4: Column Preis (unit_price): '1,5,0' is not a number."
    with pa.CompressedInputStream(str(lake.root / lake.raw_files("raw/events")[0]), "zstd") as file:
        sold, returned = (json.loads(line) for line in file.read().splitlines())
    assert (sold["event_id"], sold["event_type"], sold["occurred_at"]) == ("1", "purchase", "2025-07-01T10:00:00Z")
    assert (sold["unit_price"], sold["product"], sold["attributes"]) == ("1234.5000", {"name": "Küche"}, {"clerk": "7"})
    assert (returned["event_type"], returned["quantity"], "attributes" in returned) == ("refund", 1, False)


def test_a_parquet_file_is_read_like_the_csv_of_it(tmp_path: Path):
    table = pa.table(
        {
            "When": pa.array([datetime(2025, 7, 1, 12)], pa.timestamp("us")),
            "Who": ["c1"],
            "What": pa.array([9007199254740993], pa.int64()),
            "Qty": pa.array([2], pa.int32()),
            "Price": pa.array([Decimal("19.99")], pa.decimal128(10, 2)),
        }
    )
    pq.write_table(table, tmp_path / "orders.parquet")
    lake = Lake.create(tmp_path / "lake")
    mapping = read_mapping(ORDER, where="map.toml")
    assert import_file(lake, MappedImporter(mapping), tmp_path / "orders.parquet").accepted == 1
    with pa.CompressedInputStream(str(lake.root / lake.raw_files("raw/events")[0]), "zstd") as file:
        event = json.loads(file.read())
    assert (event["product_id"], event["quantity"], event["unit_price"]) == ("9007199254740993", 2, "19.9900")
    assert event["occurred_at"] == "2025-07-01T12:00:00Z"


@pytest.mark.parametrize(
    ("time", "text", "moment"),
    [
        ("", "2025-07-01 12:00:00", "2025-07-01T12:00:00Z"),
        ("", "2025-07-01T12:00:00+02:00", "2025-07-01T10:00:00Z"),
        ('[time]\nzone = "America/New_York"', "2025-07-01", "2025-07-01T04:00:00Z"),
        ('[time]\nformat = "unix"', "1751364000.5", "2025-07-01T10:00:00.5Z"),
        ('[time]\nformat = "unix-ms"', "1751364000001", "2025-07-01T10:00:00.001Z"),
        ('[time]\nformat = "%d/%m/%Y"', "01/07/2025", "2025-07-01T00:00:00Z"),
    ],
)
def test_times_are_read_as_the_mapping_says(time: str, text: str, moment: str):
    fields = translated(base(rest=time), text, "c1", "p1", "", "")
    assert fields["occurred_at"] == datetime.fromisoformat(moment)


@pytest.mark.parametrize("time", ["", '[time]\nformat = "unix"', '[time]\nformat = "%d/%m/%Y"'])
@pytest.mark.parametrize("text", ["soon", "99999999999999999999", "NaN", "Infinity", "0000-00-00"])
def test_a_time_that_cannot_be_read_refuses_the_row_by_column(time: str, text: str):
    refused = translated(base(rest=time), text, "c1", "p1", "", "")
    assert isinstance(refused, Rejection)
    assert refused.detail.startswith("Column When (occurred_at): ")


def test_event_ids_come_from_the_columns_or_the_row_and_stay_the_same():
    first = translated(ORDER, "2025-07-01", "c1", "p1", "1", "2")
    assert first["event_id"] == translated(ORDER, "2025-07-01", "c2", "p1", "3", "4")["event_id"]
    assert first["event_id"] != translated(ORDER, "2025-07-01", "c1", "p2", "1", "2")["event_id"]
    assert translated(base(), "2025-07-01", "c1", "p1", "", "")["event_id"] == "dddddddddddddddd-1"


@pytest.mark.parametrize("quantity", ["one", "NaN", "Infinity"])
def test_a_quantity_that_is_no_number_refuses_the_row(quantity: str):
    refused = translated(ORDER, "2025-07-01", "c1", "p1", quantity, "2")
    assert isinstance(refused, Rejection)
    assert refused.detail.startswith("Column Qty (quantity): ")


@settings(deadline=None)
@given(
    st.decimals(min_value=0, max_value=10**9, places=2),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", ""), (",", "")]),
)
def test_every_way_to_write_an_amount_gives_the_amount(amount: Decimal, signs: tuple[str, str]):
    decimal, thousands = signs
    written = f"{amount:,.2f}".translate({ord(","): thousands or None, ord("."): decimal})
    mapping = f'{ORDER}\n[amounts]\ndecimal = "{decimal}"\nthousands = "{thousands}"\n'
    assert translated(mapping, "2025-07-01", "c1", "p1", "1", written)["unit_price"] == amount


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("[columns", r"not TOML"),
        (ORDER + "[colums]\n", r"colums: is no section of a mapping \(map\.toml\)\. Did you mean columns\?"),
        (ORDER + '[time]\nzones = "UTC"\n', r"time\.zones: is no key of a mapping .*Did you mean zone\?"),
        (ORDER + '[time]\nzone = "Mars"\n', r"time\.zone: 'Mars' is unknown"),
        (ORDER + '[time]\nformat = "european"\n', r"time\.format: is neither iso"),
        (ORDER + '[file]\ndelimiter = ";;"\n', r"file\.delimiter: is neither one character nor"),
        (ORDER + '[file]\nencoding = "klingon"\n', r"file\.encoding: 'klingon' is unknown"),
        (ORDER + '[file]\nencoding = "utf-16"\n', r"file\.encoding: does not keep ASCII"),
        (ORDER + '[amounts]\ndecimal = ";"\n', r"amounts\.decimal: Invalid enum value"),
        (ORDER + '[amounts]\nthousands = "."\n', r"amounts\.thousands: is the decimal sign too"),
        (ORDER + '[values.event_type]\nsale = "sold"\n', r"values\.event_type: 'sold' is no type of event"),
        (ORDER + '[values.colour]\na = "b"\n', r"values\.colour: events have no such field"),
        (ORDER.replace("unit_price", "price"), r"columns\.price: events have no such field.*unit_price"),
        (ORDER.replace('"purchase"', '"buy"'), r"constants\.event_type: 'buy' is no type of event"),
        (ORDER.replace('customer_id = "Who"', ""), r"columns\.customer_id: an event needs"),
        (ORDER.replace('occurred_at = "When"', ""), r"columns\.occurred_at: every event needs it"),
        (
            ORDER.replace("[constants]", '[constants]\ncustomer_id = "x"'),
            r"constants\.customer_id: columns names it too",
        ),
        (ORDER + "row_number = true\n", r"event_id: give exactly one of"),
        (ORDER.split("[event_id]", maxsplit=1)[0], r"event_id: is absent"),
        (ORDER.replace('"Qty"', "7"), r"columns\[\.\.\.\]: Expected 'str \| array', got 'int'"),
        (base().replace("[constants]", '[constants]\nquantity = "few"'), r"constants\.quantity: 'few' is not"),
        (base().replace("[constants]", "[constants]\nquantity = 1.5"), r"constants\.quantity: 1\.5 is not a number"),
        (base().replace("[constants]", '[constants]\nunit_price = "free"'), r"constants\.unit_price: 'free' is not"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused_by_the_name_of_its_key(mapping: str, message: str):
    with pytest.raises(SettingsError, match=message):
        read_mapping(mapping, where="map.toml")


def test_a_column_the_file_does_not_have_is_named_with_the_nearest_one(tmp_path: Path):
    (tmp_path / "a.csv").write_text("When,Whom,What,Qty,Price\n")
    with pytest.raises(ImportFailed, match=r"no column 'Who' .*Found: When, Whom.* Did you mean 'Whom'\?"):
        import_file(Lake.create(tmp_path / "lake"), MappedImporter(read_mapping(ORDER, where="m")), tmp_path / "a.csv")


def test_a_missing_mapping_is_refused_with_the_way_to_get_one(tmp_path: Path):
    with pytest.raises(SettingsError, match="--example-map"):
        load_mapping(tmp_path / "none.toml")


def test_an_event_of_today_is_accepted_with_a_clock_of_today():
    fields = translated(base(), datetime.now(UTC).isoformat(), "c1", "p1", "", "")
    assert fields["occurred_at"].tzinfo is UTC


@pytest.mark.parametrize(("fractional", "accepted"), [(False, 1), (True, 2)])
def test_whether_a_quantity_may_have_decimals_is_the_lakes_to_say(tmp_path: Path, fractional: bool, accepted: int):
    rows = ("2025-07-01,c1,p1,2,2.5", "2025-07-01,c1,p2,1.250,2.5", "2025-07-01,c1,p3,1e400,2.5")
    (tmp_path / "a.csv").write_text("\n".join([",".join(HEADER), *rows]))
    lake = Lake.create(tmp_path / "lake", LakeSettings(fractional_quantities=fractional))
    report = import_file(lake, MappedImporter(read_mapping(ORDER, where="map.toml")), tmp_path / "a.csv")
    assert report.accepted == accepted
    assert report.reasons == {"out_of_range": 3 - accepted}
