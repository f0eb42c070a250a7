"""The two datasets with an importer of their own: rows by rule, and the complete files to the cent and the row."""

from __future__ import annotations

import base64
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipeline.contract.rejections import Rejection
from pipeline.importers import ImportReport, OnlineRetail, Rees46, import_file
from pipeline.lake import Lake
from tests.support.paths import SHARED_DATA

DATA = SHARED_DATA
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the real datasets are not part of the project")


def invoice_lines(*rows: str) -> list[dict[str, Any]]:
    """Rows ``invoice,stock,description,quantity,date,price,customer,country`` as the fields of their events."""
    translate = OnlineRetail().translator(list(OnlineRetail.columns), "")
    found = [translate(row.split(",")) for row in rows]
    assert not any(isinstance(fields, Rejection) for fields in found)
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("quantity", "price", "kind", "kept"),
    [
        ("6", "2.55", "purchase", (6, "2.55")),
        ("3", "0.0", "purchase", (3, "0.0")),
        ("-2", "4.65", "refund", (2, "4.65")),
        ("-10", "0.0", "refund", (10, "0.0")),
        ("1", "-11062.06", "refund", (1, "11062.06")),
        ("-1", "-5", "purchase", (1, "5")),
    ],
)
def test_money_that_goes_back_is_a_refund_of_a_positive_amount(
    quantity: str, price: str, kind: str, kept: tuple[int, str]
):
    [fields] = invoice_lines(f"536365,22,X,{quantity},2010-12-01 08:26:00,{price},17850.0,France")
    assert (fields["event_type"], fields["quantity"], str(fields["unit_price"])) == (kind, *kept)


def test_equal_rows_are_separate_lines_even_in_an_interrupted_invoice():
    a, b = "1,22,X,1,2010-12-01 08:26:00,1,,France", "2,22,X,1,2010-12-01 08:26:00,1,,France"
    assert [fields["event_id"] for fields in invoice_lines(a, a, b, a)] == ["1-22-1", "1-22-2", "2-22-1", "1-22-3"]


def test_a_row_without_customer_belongs_to_the_session_of_its_invoice():
    [fields] = invoice_lines("536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom")
    assert fields["session_id"] == "invoice-536414"
    assert "customer_id" not in fields
    assert fields["product"] == {}


def test_a_stock_code_that_is_no_product_gets_a_category_of_its_own():
    [fields] = invoice_lines("536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.0,12583.0,France")
    assert fields["product"] == {"name": "POSTAGE", "category": "Non-product/Postage"}


def test_uk_local_time_follows_the_summer():
    winter, summer, sheet = invoice_lines(
        "1,22,X,1,2010-12-01 08:26:00,1,,France",
        "2,22,X,1,2011-07-01 08:26:00,1,,France",
        "3,22,X,1,7/1/2011 8:26,1,,France",
    )
    assert winter["occurred_at"] == datetime.fromisoformat("2010-12-01T08:26:00Z")
    assert summer["occurred_at"] == datetime.fromisoformat("2011-07-01T07:26:00Z") == sheet["occurred_at"]


def rees46_row(**change: str) -> Any:
    row = {
        "event_time": "2019-10-01 00:04:37 UTC",
        "event_type": "purchase",
        "product_id": "1002532",
        "category_id": "2053013555631882655",
        "category_code": "electronics.smartphone",
        "brand": "apple",
        "price": "642.69",
        "user_id": "551377651",
        "user_session": "3c80f0d6",
    }
    return Rees46().translator(list(row), "")(list((row | change).values()))


def test_a_rees46_order_is_a_user_and_session_and_its_category_id_stays_text():
    fields = rees46_row()
    assert fields.pop("event_id") == rees46_row()["event_id"] != rees46_row(price="642.70")["event_id"]
    assert fields == {
        "event_type": "purchase",
        "occurred_at": datetime.fromisoformat("2019-10-01T00:04:37Z"),
        "unit_price": Decimal("642.69"),
        "currency": "USD",
        "customer_id": "551377651",
        "session_id": "3c80f0d6",
        "product_id": "1002532",
        "order_id": "3c80f0d6-551377651",
        "product": {"category": "electronics/smartphone", "brand": "apple"},
        "attributes": {"category_id": "2053013555631882655"},
    }


def test_rees46_event_types_are_translated():
    kinds = {kind: rees46_row(event_type=kind)["event_type"] for kind in ("view", "cart", "remove_from_cart")}
    assert kinds == {"view": "product_view", "cart": "cart_add", "remove_from_cart": "cart_remove"}


def test_a_rees46_row_with_an_unreadable_time_or_price_is_refused_by_column():
    assert "event_time" in rees46_row(event_time="today").detail
    assert "price" in rees46_row(price="free").detail


# --- the complete files ----------------------------------------------------------------------------------------------

Imported = tuple[Lake, ImportReport]


@pytest.fixture(scope="module")
def online_retail(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    lake = Lake.create(tmp_path_factory.mktemp("online-retail") / "lake", OnlineRetail.lake_settings)
    return lake, import_file(lake, OnlineRetail(), DATA / "online_retail.csv.gz")


@pytest.fixture(scope="module")
def rees46(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    lake = Lake.create(tmp_path_factory.mktemp("rees46") / "lake", Rees46.lake_settings)
    return lake, import_file(lake, Rees46(), DATA / "rees46_2019_oct_head.csv.gz")


def ask(lake: Lake, select: str, area: str = "events") -> list[Any]:
    """A select over the records of one raw area, every field as text but for quantity and unit_price."""
    columns = "event_id event_type customer_id session_id product_id order_id region occurred_at record origin reason"
    types = dict.fromkeys(columns.split(), "varchar") | {"quantity": "bigint", "unit_price": "decimal(18,4)"}
    files = [str(lake.root / name) for name in lake.raw_files(f"raw/{area}")]
    with duckdb.connect() as connection:
        records = f"read_json({files!r}, format='newline_delimited', columns={types!r})"
        return connection.execute(f"with records as (from {records}) {select}").fetchall()


@needs_data
@pytest.mark.slow
def test_online_retail_is_accepted_to_the_last_row(online_retail: Imported):
    _, report = online_retail
    assert (report.received, report.accepted, report.duplicates, report.quarantined) == (541_909, 541_909, 0, 0)


@needs_data
@pytest.mark.slow
def test_online_retail_holds_its_figures_to_the_cent(online_retail: Imported):
    lake, _ = online_retail
    assert ask(
        lake,
        "select sum(case event_type when 'purchase' then quantity else -quantity end * unit_price) from records",
    ) == [(Decimal("9747747.9340"),)]
    assert ask(
        lake,
        "select count(*), sum(quantity * unit_price) from records where event_type = 'purchase' and unit_price > 0",
    ) == [(530_104, Decimal("10666684.5440"))]
    assert ask(
        lake,
        "select count(distinct order_id), count(distinct customer_id), count(distinct region),"
        " count(distinct event_id), count(*) filter (where customer_id is null),"
        " count(*) filter (where order_id like 'C%'), max(quantity)"
        " from records",
    ) == [(25_900, 4_372, 38, 541_909, 135_080, 9_288, 80_995)]


@needs_data
@pytest.mark.slow
def test_rees46_loses_nothing_but_its_cut_last_line(rees46: Imported):
    lake, report = rees46
    assert (report.received, report.accepted, report.duplicates, report.quarantined) == (17_435, 17_429, 5, 1)
    [(record, origin, reason)] = ask(lake, "select record, origin, reason from records", "quarantine")
    assert base64.b64decode(record).endswith(b",appliances.kitchen.mixer,elenberg,25.71,52040330")
    assert (origin, reason) == ("rees46_2019_oct_head.csv.gz:17436", "malformed_row")


@needs_data
def test_rees46_holds_its_figures_counting_the_cut_view(rees46: Imported):
    lake, _ = rees46
    kinds = Counter(dict(ask(lake, "select event_type, count(*) from records group by all")))
    kinds["product_view"] += 1  # the cut line is a view
    assert kinds == {"product_view": 17_056, "cart_add": 165, "purchase": 214}
    assert ask(
        lake,
        "select count(distinct customer_id), count(distinct session_id), count(distinct event_id),"
        " count(*) filter (where unit_price = 0) from records",
    ) == [(4_505 - 1, 5_066, 17_429, 19)]  # the user id of the cut line, itself cut, occurs nowhere else
