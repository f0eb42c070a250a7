"""FOCUS files: versions, nulls, exact amounts, tags, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.errors import SourceError
from console.finops.billing.charge_rows import SCHEMA, total
from console.finops.billing.columns import Chunk, Refusals, Rounding
from console.finops.billing.focus import FocusFile
from console.finops.billing.table_file import Rows
from tests.support import bill_files
from tests.support.bill_files import focus, without
from tests.support.paths import SHARED_DATA

SAMPLE = SHARED_DATA / "focus_1.0_sample.csv.gz"


def read(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.Table.from_batches(FocusFile(path).charges(), SCHEMA).to_pylist()
    return rows


def one(tmp_path: Path, **changes: str | None) -> dict[str, Any]:
    (row,) = read(bill_files.write(tmp_path / "bill.csv", [focus(**changes)]))
    return row


def test_a_row_of_1_0_keeps_every_column_that_the_tables_have(tmp_path: Path):
    row = one(tmp_path, RegionId="us-east-1", SkuId="S1", PricingQuantity="2.5", ChargeClass="Correction")
    assert (row["region_id"], row["sku_id"], row["pricing_quantity"], row["charge_class"]) == (
        "us-east-1", "S1", Decimal("2.5"), "Correction",
    )  # fmt: skip
    assert row["charge_period_start"] == datetime(2026, 3, 5)
    assert (row["source"], row["estimated"], row["usage_type"]) == ("focus", False, None)


@pytest.mark.parametrize("null", ["NULL", "", "null"])
def test_null_is_written_in_several_ways(tmp_path: Path, null: str):
    path = bill_files.write(tmp_path / "bill.csv", [focus(RegionId=None, ListCost=None, Tags=None)], null=null)
    (row,) = read(path)
    assert (row["region_id"], row["list_cost"], row["tags"]) == (None, None, None)


def test_a_null_in_quotes_is_null_too(tmp_path: Path):
    path = tmp_path / "bill.csv"
    path.write_text(
        bill_files.csv_text([focus(RegionId="here", ListCost="2")]).replace("here", '"NULL"').replace(",2,", ',"NULL",')
    )
    (row,) = read(path)
    assert (row["region_id"], row["list_cost"]) == (None, None)


@pytest.mark.parametrize(
    ("columns", "version"),
    [
        ({}, "1.0"),
        ({"SkuMeter": "Requests", "ServiceSubcategory": "Queueing"}, "1.1"),
        ({"SkuMeter": "Requests", "InvoiceId": "I1", "PricingCurrency": "USD"}, "1.2"),
        ({"InvoiceId": "I1", "ServiceProviderName": "AWS", "HostProviderName": "AWS"}, "1.3"),
    ],
)
def test_the_version_is_known_from_the_columns(tmp_path: Path, columns: dict[str, str], version: str):
    assert FocusFile(bill_files.write(tmp_path / "bill.csv", [focus(**columns)])).version == version


def test_1_3_service_and_host_provider_are_provider_and_publisher(tmp_path: Path):
    row = without(focus(ServiceProviderName="Databricks", HostProviderName="AWS"), "ProviderName")
    (found,) = read(bill_files.write(tmp_path / "bill.csv", [row]))
    assert (found["provider_name"], found["publisher_name"]) == ("Databricks", "AWS")


def test_the_old_column_name_wins_and_the_new_one_fills_its_gaps(tmp_path: Path):
    rows = [
        focus(ProviderName="AWS", ServiceProviderName="Amazon Web Services"),
        focus(ProviderName=None, ServiceProviderName="Oracle"),
    ]
    found = read(bill_files.write(tmp_path / "bill.csv", rows))
    assert [row["provider_name"] for row in found] == ["AWS", "Oracle"]


def test_of_provider_columns_only_usage_type_and_operation_are_read(tmp_path: Path):
    row = one(tmp_path, x_UsageType="USE1-ETL", x_Operation="Jobrun", x_Discounts="{}", SkuMeter="DPU")
    assert (row["usage_type"], row["operation"]) == ("USE1-ETL", "Jobrun")
    assert not any(name.startswith("x_") for name in row)
    assert one(tmp_path, SkuMeter="DPU")["usage_type"] == "DPU"


def test_columns_are_known_however_an_export_writes_them(tmp_path: Path):
    rows = [
        {
            "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_"): value
            for name, value in focus().items()
        }
    ]
    (found,) = read(bill_files.write(tmp_path / "bill.csv", rows))
    assert found["billed_cost"] == Decimal(1)


def test_a_row_that_is_not_utf_8_says_how_to_save_the_file(tmp_path: Path):
    path = tmp_path / "bill.csv"
    path.write_bytes(bill_files.csv_text([focus(ServiceName="Café")]).encode("latin-1"))
    with pytest.raises(SourceError, match="not UTF-8") as caught:
        read(path)
    assert "Save it as UTF-8" in caught.value.remedy


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_a_byte_order_mark_are_read(tmp_path: Path, delimiter: str):
    path = tmp_path / "bill.csv"
    path.write_bytes(b"\xef\xbb\xbf" + bill_files.csv_text([focus()]).replace(",", delimiter).encode())
    assert len(read(path)) == 1


def test_a_text_may_hold_delimiters_quotes_and_line_ends(tmp_path: Path):
    text = 'a "quoted", long\nline'
    assert one(tmp_path, ChargeDescription=text)["charge_description"] == text


def test_another_currency_is_kept_as_it_is(tmp_path: Path):
    assert one(tmp_path, BillingCurrency="EUR", BilledCost="-0.5")["billing_currency"] == "EUR"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("0.1", "0.1"), ("-3.000000000000000", "-3"), ("1.2E-05", "0.000012"), ("+4", "4"), (".5", "0.5"),
        ("0.000000000001", "0.000000000001"), (" 2.5", "2.5"),
        ("0.0000000000005", "0"), ("0.0000000000015", "0.000000000002"),  # half to even, as banks round
        ("99999999999999999999999999.999999999999", "99999999999999999999999999.999999999999"),
    ],
)  # fmt: skip
def test_an_amount_is_the_decimal_it_spells(tmp_path: Path, written: str, read_as: str):
    assert one(tmp_path, BilledCost=written)["billed_cost"] == Decimal(read_as)


def test_longer_fractions_are_rounded_and_counted_with_what_the_sum_lost(tmp_path: Path):
    rows = [focus(BilledCost="0.1234567890124"), focus(BilledCost="0.5"), focus(BilledCost="0.1234567890126")]
    file = FocusFile(bill_files.write(tmp_path / "bill.csv", rows))
    (batch,) = file.charges()
    assert total(batch.column("billed_cost")) == Decimal("0.746913578025")
    assert file.rounding.cells == {"BilledCost": 2}
    assert file.rounding.lost == {"BilledCost": 0}


@pytest.mark.parametrize(
    "kind",
    [pa.float64(), pa.decimal128(20, 4), pa.decimal128(38, 18), pa.decimal256(50, 20), pa.string(), pa.float32()],
)
def test_whatever_type_parquet_gives_a_cost_it_is_the_decimal_that_was_meant(tmp_path: Path, kind: pa.DataType):
    table = pa.table({name: pa.array([value] * 10, pa.string()) for name, value in focus().items()})
    costs = pa.array([Decimal("0.1")] * 10, pa.decimal128(38, 18))
    if pa.types.is_floating(kind):
        costs = pa.array(
            np.array(
                [0.1] * 10,
                dtype=str(kind).replace("double", "float64").replace("float", "float32", kind == pa.float32()),
            )
        )
    else:
        costs = pc.cast(costs, kind) if not pa.types.is_string(kind) else pa.array(["0.1"] * 10)
    assert costs.type == kind
    path = tmp_path / "bill.parquet"
    pq.write_table(table.set_column(0, "BilledCost", costs), path)
    assert sum(row["billed_cost"] for row in read(path)) == Decimal(1)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-05 22:00:00", "2026-03-05T22:00"), ("2026-03-05T22:00:00Z", "2026-03-05T22:00"),
        ("2026-03-05T22:00:00.000Z", "2026-03-05T22:00"), ("2026-03-05", "2026-03-05T00:00"),
        ("2026-03-06T00:00:00+02:00", "2026-03-05T22:00"), ("2026-03-05 22:00:00 UTC", "2026-03-05T22:00"),
    ],
)  # fmt: skip
def test_an_instant_is_read_in_utc(tmp_path: Path, written: str, moment: str):
    row = one(tmp_path, ChargePeriodStart=written, ChargePeriodEnd="2026-03-07")
    assert row["charge_period_start"] == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "kind", [pa.timestamp("ns"), pa.timestamp("ms", "UTC"), pa.timestamp("us", "Europe/Berlin"), pa.date32()]
)
def test_an_instant_that_parquet_types_is_read_in_utc(tmp_path: Path, kind: pa.DataType):
    table = pa.table({name: pa.array([value], pa.string()) for name, value in focus().items()})
    moment = datetime(2026, 3, 5, tzinfo=UTC)
    start = pa.array(
        [moment.date() if pa.types.is_date(kind) else moment if kind.tz else moment.replace(tzinfo=None)], kind
    )
    path = tmp_path / "bill.parquet"
    pq.write_table(
        table.set_column(table.schema.get_field_index("ChargePeriodStart"), "ChargePeriodStart", start), path
    )
    assert read(path)[0]["charge_period_start"] == datetime(2026, 3, 5)


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ('{"team": "web", "env": "prod"}', {"env": "prod", "team": "web"}),
        ('"team": "web","env": "prod"', {"env": "prod", "team": "web"}),
        ("team:web;env:prod", {"env": "prod", "team": "web"}),
        ("team=web|env=prod", {"env": "prod", "team": "web"}),
        ('[{"key": "team", "value": "web"}]', {"team": "web"}),
        ('{"a\\"b\'c.d": "x", "e": 5, "f": {"g": true}, "h": null}', {"a\"b'c.d": "x", "e": "5", "f": '{"g": true}'}),
        ('{"a": "1", "a": "2"}', {"a": "2"}),
        ("{}", None),
        ("[]", None),
    ],
)  # fmt: skip
def test_tags_come_in_several_forms_and_become_one(tmp_path: Path, written: str, tags: dict[str, str] | None):
    found = one(tmp_path, Tags=written)["tags"]
    assert (json.loads(found) if found else None) == tags


def test_tags_in_no_known_form_stay_as_they_are(tmp_path: Path):
    assert one(tmp_path, Tags="no tags at all")["tags"] == "no tags at all"


def test_tags_as_a_parquet_map_become_the_same_json(tmp_path: Path):
    table = pa.table({name: pa.array([value] * 2, pa.string()) for name, value in without(focus(), "Tags").items()})
    tags = pa.array([[("team", "web"), ("env", "prod")], None], pa.map_(pa.string(), pa.string()))
    path = tmp_path / "bill.parquet"
    pq.write_table(table.append_column("Tags", tags), path)
    assert [row["tags"] for row in read(path)] == ['{"env": "prod", "team": "web"}', None]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"BilledCost": "1,5"}, "row 2, BilledCost '1,5': not a number; write it plain, such as 1234.56"),
        ({"BilledCost": "NaN"}, "row 2, BilledCost 'NaN': not a number"),
        ({"ListUnitPrice": "free"}, "row 2, ListUnitPrice 'free': not a number"),
        ({"BilledCost": "1e26"}, "row 2, BilledCost '1e26': more than 26 digits before the point"),
        ({"BilledCost": None}, "row 2, BilledCost None: a value is required"),
        ({"ProviderName": None}, "row 2, ProviderName None: a value is required"),
        ({"ChargePeriodStart": "05.03.2026"}, "row 2, ChargePeriodStart '05.03.2026': not an ISO 8601 date"),
        ({"ChargePeriodStart": "1970-01-01"}, "row 2, ChargePeriodStart '1970-01-01': outside the years 2000 to 2099"),
        ({"ChargePeriodEnd": "2026-03-01"}, "row 2, ChargePeriodEnd '2026-03-01': the period ends before it begins"),
        ({"BillingCurrency": "$"}, "row 2, BillingCurrency '\\$': not a currency"),
    ],
)
def test_an_unreadable_row_refuses_the_file_and_names_row_column_and_value(
    tmp_path: Path, changes: dict[str, str | None], complaint: str
):
    rows = [focus(ListUnitPrice="1"), focus(**({"ListUnitPrice": "1"} | changes)), focus(ListUnitPrice="1")]
    path = bill_files.write(tmp_path / "bill.csv", rows)
    with pytest.raises(SourceError, match=f"^1 row cannot be read: {complaint}") as caught:
        read(path)
    assert caught.value.where == str(path)
    assert "Nothing was imported" in caught.value.remedy


def test_all_refused_rows_are_counted_and_the_first_five_told(tmp_path: Path):
    rows = [
        focus(BilledCost="x" if number % 2 else "1", EffectiveCost="y" if number == 7 else "1") for number in range(40)
    ]
    with pytest.raises(SourceError, match=r"^20 rows cannot be read: row 2, BilledCost 'x'.* …") as caught:
        read(bill_files.write(tmp_path / "bill.csv", rows))
    assert caught.value.what.count("; row") == 4


def test_a_column_that_is_missing_is_named_with_the_versions_that_have_it(tmp_path: Path):
    path = bill_files.write(tmp_path / "bill.csv", [without(focus(), "EffectiveCost", "ProviderName")])
    with pytest.raises(SourceError, match=r"no column EffectiveCost, ProviderName \(ServiceProviderName in 1.3\)"):
        FocusFile(path)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path):
    path = tmp_path / "bill.csv"
    path.write_text(bill_files.csv_text([focus() | {"billed_cost": "2"}]))
    with pytest.raises(SourceError, match="'billed_cost' is in the file twice"):
        FocusFile(path)


def test_a_row_with_too_few_fields_is_refused(tmp_path: Path):
    path = tmp_path / "bill.csv"
    path.write_text(bill_files.csv_text([focus()]) + "1.00,2.00\n")
    with pytest.raises(SourceError, match="a row has 2 fields, the header 14"):
        read(path)


@pytest.mark.parametrize("suffix", [".csv.gz", ".parquet"])
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, suffix: str):
    path = bill_files.write(tmp_path / f"bill{suffix}", [focus(ChargeDescription=str(n)) for n in range(5_000)])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SourceError, match=r"breaks off or is damaged|cannot be read"):
        read(path)


def test_progress_is_told_in_bytes_up_to_the_end(tmp_path: Path):
    for suffix in (".csv", ".csv.gz", ".parquet"):
        path = bill_files.write(tmp_path / f"bill{suffix}", [focus()] * 100)
        reported: list[tuple[int, int]] = []
        list(FocusFile(path, lambda done, size, reported=reported: reported.append((done, size))).charges())
        assert reported[-1] == (path.stat().st_size, path.stat().st_size)
        assert reported == sorted(reported)


@pytest.mark.skipif(not SAMPLE.exists(), reason="the FOCUS sample is not part of the project")
def test_the_official_sample_is_read_to_the_last_digit():
    file = FocusFile(SAMPLE)
    rows: list[dict[str, Any]] = pa.Table.from_batches(file.charges(), SCHEMA).to_pylist()
    assert len(rows) == 1_000
    sums = {
        basis: sum(row[f"{basis}_cost"] for row in rows if row[f"{basis}_cost"] is not None).quantize(
            Decimal("0.000001")
        )
        for basis in ("billed", "effective", "list")
    }
    assert sums == {"billed": Decimal("20.520227"), "effective": Decimal("14.976514"), "list": Decimal("20.390906")}
    providers = [row["provider_name"] for row in rows]
    assert [providers.count(name) for name in ("AWS", "Microsoft", "Oracle")] == [942, 51, 7]
    assert len({row["sub_account_id"] for row in rows}) == 73
    assert sum(row["billed_cost"] < 0 for row in rows) == 13
    categories = [row["charge_category"] for row in rows]
    assert [categories.count(name) for name in ("Credit", "Adjustment")] == [1, 2]
    assert sum(row["billing_period_start"] == datetime(2024, 10, 1) for row in rows) == 1
    assert set(file.rounding.cells) == {"ConsumedQuantity"}  # no cost of it has more than 12 digits


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.decimals(min_value=-(10**20), max_value=10**20, places=12, allow_nan=False), min_size=1, max_size=50)
)
def test_any_amounts_of_twelve_digits_sum_as_decimals_do(amounts: list[Decimal]):
    refusals, rounding = Refusals(), Rounding()
    texts = pa.array([f"{amount:f}" for amount in amounts])
    read_back = Chunk(Rows({"billedcost": texts}, len(amounts), 1), {}, refusals, rounding).amount("billedcost")
    assert not refusals
    assert not rounding.cells
    with localcontext(prec=60):  # Python's own context rounds sums to 28 digits
        assert total(read_back) == sum(amounts)


@pytest.mark.slow
def test_ten_million_cents_and_fractions_sum_exactly():
    # 10 million rows of n cents and n × 10⁻¹², n = 1 … 10⁷: their sum is known without adding them
    count, chunk = 10_000_000, 1_000_000
    summed = Decimal(0)
    for start in range(1, count + 1, chunk):
        numbers = pa.array(np.arange(start, start + chunk, dtype=np.int64))
        fractions = pc.utf8_lpad(pc.cast(numbers, pa.string()), 12, "0")
        cents = pc.utf8_lpad(pc.cast(pc.add(numbers, 0), pa.string()), 3, "0")
        whole = pc.utf8_slice_codeunits(cents, 0, -2)
        # n cents as text, and n × 10⁻¹² as text: two columns of a bill
        texts = pc.binary_join_element_wise(whole, pc.utf8_slice_codeunits(cents, -2), ".")
        small = pc.binary_join_element_wise(pa.scalar("0"), fractions, ".")
        columns = {"billedcost": texts, "effectivecost": small}
        read_back = Chunk(Rows(columns, chunk, start), {}, Refusals(), Rounding())
        for name in columns:
            values = read_back.amount(name)
            assert values is not None
            assert values.type == pa.decimal128(38, 12)
            summed += total(values)
    n = Decimal(count) * (count + 1) / 2
    assert summed == n * Decimal("0.01") + n * Decimal("1e-12")
