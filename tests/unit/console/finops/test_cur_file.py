"""Legacy CUR files: what each column is in FOCUS, and the cost of each kind of line."""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalogue.errors import SourceError
from console.finops.billing.aws_lines import LINES, line
from console.finops.billing.charge_rows import SCHEMA
from console.finops.billing.cur import DIFFERS, INSTANTS, TEXTS, CurFile
from console.finops.billing.table_file import normalised
from tests.support import bill_files
from tests.support.bill_files import cur, without
from tests.support.paths import SHARED_DATA

RULES = SHARED_DATA / "aws-cur_to_focus_rules.csv"


def read(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.Table.from_batches(CurFile(path).charges(), SCHEMA).to_pylist()
    return rows


def one(tmp_path: Path, **changes: str | None) -> dict[str, Any]:
    """The charge of one line; ``lineItem__UsageAmount`` stands for ``lineItem/UsageAmount``."""
    row = cur({name.replace("__", "/"): value for name, value in changes.items()})
    (found,) = read(bill_files.write(tmp_path / "report.csv", [row], null=""))
    return found


COSTS = {
    "lineItem__UnblendedCost": "10",
    "savingsPlan__SavingsPlanEffectiveCost": "7",
    "savingsPlan__TotalCommitmentToDate": "6",
    "savingsPlan__UsedCommitment": "4.5",
    "reservation__EffectiveCost": "5",
    "reservation__UnusedAmortizedUpfrontFeeForBillingPeriod": "0.25",
    "reservation__UnusedRecurringFee": "0.5",
}


@pytest.mark.parametrize(
    ("kind", "effective", "category", "pricing", "commitment"),
    [
        ("Usage", "10", "Usage", "Standard", None),
        ("SavingsPlanCoveredUsage", "7", "Usage", "Committed", "Used"),
        ("SavingsPlanNegation", "0", "Usage", "Committed", None),
        ("SavingsPlanRecurringFee", "1.5", "Purchase", "Committed", "Unused"),
        ("SavingsPlanUpfrontFee", "0", "Purchase", "Committed", None),
        ("DiscountedUsage", "5", "Usage", "Committed", "Used"),
        ("RIFee", "0.75", "Purchase", "Committed", "Unused"),
        ("Fee", "10", "Purchase", None, None),
        ("Tax", "10", "Tax", None, None),
        ("Credit", "10", "Credit", None, None),
        ("Refund", "10", "Adjustment", None, None),
        ("EdpDiscount", "10", "Usage", None, None),
        ("SomethingNew", "10", "Usage", None, None),
    ],
)
def test_each_kind_of_line_has_its_effective_cost_and_its_place_in_focus(
    tmp_path: Path, kind: str, effective: str, category: str, pricing: str | None, commitment: str | None
):
    row = one(tmp_path, lineItem__LineItemType=kind, **COSTS)
    assert (row["billed_cost"], row["effective_cost"]) == (Decimal(10), Decimal(effective))
    assert (row["charge_category"], row["pricing_category"], row["commitment_discount_status"]) == (
        category, pricing, commitment,
    )  # fmt: skip


def test_a_fee_of_a_reservation_costs_nothing_by_day_because_its_hours_do(tmp_path: Path):
    row = one(tmp_path, lineItem__LineItemType="Fee", reservation__ReservationARN="arn:aws:ec2:r", **COSTS)
    assert (row["billed_cost"], row["effective_cost"]) == (10, 0)
    assert (row["commitment_discount_id"], row["commitment_discount_category"], row["commitment_discount_type"]) == (
        "arn:aws:ec2:r", "Usage", "Reserved Instances (RI)",
    )  # fmt: skip


def test_net_costs_come_before_gross_ones(tmp_path: Path):
    row = one(
        tmp_path,
        lineItem__LineItemType="SavingsPlanCoveredUsage",
        lineItem__NetUnblendedCost="9",
        savingsPlan__NetSavingsPlanEffectiveCost="6.3",
        **COSTS,
    )
    assert (row["billed_cost"], row["effective_cost"]) == (Decimal(9), Decimal("6.3"))


def test_an_effective_cost_missing_from_the_report_is_unknown(tmp_path: Path):
    assert one(tmp_path, lineItem__LineItemType="SavingsPlanCoveredUsage")["effective_cost"] is None
    assert one(tmp_path, lineItem__LineItemType="RIFee")["effective_cost"] is None


def test_list_cost_is_the_public_price_times_the_quantity(tmp_path: Path):
    row = one(tmp_path, pricing__publicOnDemandRate="0.0000166667", lineItem__UsageAmount="1234567.891")
    assert row["list_cost"] == Decimal("20.576172668930")  # 1234567.891 × 0.0000166667 = 20.5761726689297
    assert one(tmp_path, pricing__publicOnDemandCost="3")["list_cost"] == 3
    assert one(tmp_path)["list_cost"] is None
    assert one(tmp_path)["contracted_cost"] is None


@pytest.mark.parametrize(
    ("resource", "kind", "name"),
    [
        ("arn:aws:ec2:us-east-1:1:instance/i-1", "instance", "i-1"),
        ("arn:aws:lambda:us-east-1:1:function:live", "function", "live"),
        ("arn:aws:s3:::lake", None, "lake"),
        ("i-0abc", None, None),
    ],
)
def test_a_resource_has_type_and_name_where_its_arn_says_them(
    tmp_path: Path, resource: str, kind: str | None, name: str | None
):
    row = one(tmp_path, lineItem__ResourceId=resource)
    assert (row["resource_id"], row["resource_type"], row["resource_name"]) == (resource, kind, name)


def test_tag_columns_become_one_json_object_without_those_that_are_empty(tmp_path: Path):
    row = cur({"resourceTags/user:team": "web", "resourceTags/aws:createdBy": "ada", "resourceTags/user:env": None})
    found = read(bill_files.write(tmp_path / "report.csv", [row, cur()], null=""))
    assert [item["tags"] and json.loads(item["tags"]) for item in found] == [
        {"team": "web", "aws:createdBy": "ada"},
        None,
    ]


def athena_name(column: str) -> str:
    """``lineItem/UsageAmount`` as Athena writes it: ``line_item_usage_amount``."""
    spread = "".join(f"_{c.lower()}" if c.isupper() else c for c in column)
    return re.sub("_+", "_", re.sub("[/:]", "_", spread))


def test_parquet_of_athena_and_the_tag_map_of_cur_2_are_read_alike(tmp_path: Path):
    row = {athena_name(name): value for name, value in cur({"resourceTags/user:team": "web"}).items()}
    assert {"line_item_unblended_cost", "resource_tags_user_team"} <= set(row)
    (athena,) = read(bill_files.write(tmp_path / "athena.parquet", [row]))
    assert (athena["billed_cost"], athena["tags"]) == (1, '{"team": "web"}')
    plain = pa.table({name: pa.array([value], pa.string()) for name, value in row.items() if "tags" not in name})
    tags = pa.array([[("user_team", "web")]], pa.map_(pa.string(), pa.string()))
    pq.write_table(plain.append_column("resource_tags", tags), tmp_path / "cur2.parquet")
    (cur2,) = read(tmp_path / "cur2.parquet")
    assert cur2["tags"] == '{"team": "web"}'


def test_a_bill_without_an_invoice_is_estimated(tmp_path: Path):
    assert one(tmp_path, bill__InvoiceId=None)["estimated"] is True
    assert one(tmp_path, bill__InvoiceId="I-1")["estimated"] is False
    assert one(tmp_path)["estimated"] is False  # the report does not say it


def test_services_are_named_as_focus_and_cost_explorer_name_them(tmp_path: Path):
    assert one(tmp_path, lineItem__ProductCode="AmazonS3")["service_name"] == "Amazon Simple Storage Service"
    assert one(tmp_path, lineItem__ProductCode="AmazonS3")["service_category"] == "Storage"
    named = one(tmp_path, lineItem__ProductCode="b7x", product__ProductName="Some product of a marketplace")
    assert (named["service_name"], named["service_category"]) == ("Some product of a marketplace", None)
    assert one(tmp_path, lineItem__ProductCode="b7x")["service_name"] == "b7x"


def test_a_missing_column_is_named_as_the_report_names_it(tmp_path: Path):
    path = bill_files.write(tmp_path / "report.csv", [without(cur(), "lineItem/UnblendedCost")])
    with pytest.raises(SourceError, match="no column lineItem/UnblendedCost"):
        CurFile(path)


def test_a_line_that_cannot_be_read_refuses_the_report(tmp_path: Path):
    path = bill_files.write(tmp_path / "report.csv", [cur(), cur({"lineItem/UnblendedCost": "ten"})])
    with pytest.raises(SourceError, match=r"row 2, lineItem/UnblendedCost 'ten': not a number"):
        read(path)


def rules() -> list[dict[str, str]]:
    with RULES.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


NEEDS_RULES = pytest.mark.skipif(not RULES.exists(), reason="the conversion rules are not part of the project")
_OURS = {"InvoiceIssuer": "invoice_issuer_name", "Publisher": "publisher_name", "Provider": "provider_name"}


def ours(dimension: str) -> str:
    return _OURS.get(dimension, "".join(f"_{c.lower()}" if c.isupper() else c for c in dimension).strip("_"))


@NEEDS_RULES
def test_every_column_that_the_rules_rename_is_read_from_the_same_place():
    renamed = [rule for rule in rules() if rule["Transform Type"] in ("RENAME_COLUMN", "ASSIGN_UTC_TIMEZONE")]
    assert len(renamed) > 15
    for rule in renamed:
        name, column = ours(rule["FOCUS Dimension"]), normalised(rule["Source Column"])
        if rule["FOCUS Dimension"] in DIFFERS:
            continue
        if name in INSTANTS:
            assert INSTANTS[name] == column
        elif name in TEXTS:
            assert TEXTS[name][0] == column
        else:
            assert name in ("consumed_quantity", "list_unit_price"), name  # amounts; see the tests of costs


@NEEDS_RULES
def test_every_kind_of_line_is_what_the_rules_say_or_the_difference_is_named():
    (rule,) = [rule for rule in rules() if rule["FOCUS Dimension"] == "ChargeCategory"]
    pairs = re.findall(r"= '(\w+)' THEN '(\w+)'", rule["Filters/Process/Etc."])
    said = dict(pairs)
    assert len(said) == 15
    differs = {kind for kind, category in said.items() if line(kind).category != category}
    assert differs == {"Credit"}
    assert "ChargeCategory" in DIFFERS
    assert {kind.lower() for kind in said} <= set(LINES)


@NEEDS_RULES
def test_every_focus_column_of_the_rules_is_filled_or_the_rules_define_none():
    defined = {rule["FOCUS Dimension"] for rule in rules() if rule["Source Column"] != "Not Defined"}
    assert {ours(dimension) for dimension in defined} <= set(SCHEMA.names)
