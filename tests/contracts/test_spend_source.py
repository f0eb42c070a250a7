"""The contract of spend: one suite, every adapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest

from catalogue.errors import SourceError
from console.aws.paid import PaidClient
from console.finops.billing.charge_rows import SCHEMA
from console.finops.billing.cost_explorer import SERVICE, USAGE_TYPE, CostExplorer, Plan
from console.finops.billing.cur import CurFile
from console.finops.billing.focus import FocusFile
from console.finops.charges import SpendSource
from console.metering import NoMeter
from tests.support import bill_files
from tests.support.cost_explorer_answers import answer, client, day, stubbed

CODES = {"Amazon Athena": "AmazonAthena", "AWS Glue": "AWSGlue", "Tax": "OCBTax"}


class Charge(NamedTuple):
    """A charge as every source can tell it."""

    day: str
    service: str
    usage_type: str
    billed: str
    effective: str


CHARGES = (
    Charge("2026-03-05", "Amazon Athena", "USE1-DataScannedInTB", "0.1", "0.1"),
    Charge("2026-03-05", "AWS Glue", "USE1-ETL-DPU-Hour", "0.2", "0.15"),
    Charge("2026-03-06", "AWS Glue", "USE1-ETL-DPU-Hour", "0.000000000001", "0.000000000001"),
    Charge("2026-03-06", "Amazon Athena", "USE1-DataScannedInTB", "-3.75", "-3.75"),
)
Make = Callable[[Path, Sequence[Charge]], SpendSource]


def next_day(text: str) -> str:
    return f"{text[:8]}{int(text[8:]) + 1:02}"


def focus_rows(charges: Sequence[Charge]) -> list[bill_files.Row]:
    return [
        bill_files.focus(
            ChargePeriodStart=charge.day,
            ChargePeriodEnd=next_day(charge.day),
            ServiceName=charge.service,
            x_UsageType=charge.usage_type,
            BilledCost=charge.billed,
            EffectiveCost=charge.effective,
        )
        for charge in charges
    ]


def focus_file(suffix: str) -> Make:
    def make(folder: Path, charges: Sequence[Charge]) -> SpendSource:
        rows = focus_rows(charges) or [bill_files.focus()]
        path = bill_files.write(folder / f"bill{suffix}", rows)
        return FocusFile(path if charges else emptied(path))

    return make


def cur_file(suffix: str) -> Make:
    def make(folder: Path, charges: Sequence[Charge]) -> SpendSource:
        rows = [
            bill_files.cur(
                {
                    "lineItem/UsageStartDate": charge.day,
                    "lineItem/UsageEndDate": next_day(charge.day),
                    "lineItem/ProductCode": CODES[charge.service],
                    "lineItem/UsageType": charge.usage_type,
                    "lineItem/UnblendedCost": charge.billed,
                    "savingsPlan/SavingsPlanEffectiveCost": charge.effective,
                    "lineItem/LineItemType": "Usage"
                    if charge.effective == charge.billed
                    else "SavingsPlanCoveredUsage",
                }
            )
            for charge in charges
        ]
        path = bill_files.write(folder / f"report{suffix}", rows or [bill_files.cur()])
        return CurFile(path if charges else emptied(path))

    return make


def emptied(path: Path) -> Path:
    """The file with its columns and no row."""
    import gzip

    import pyarrow.parquet as pq

    if path.suffix == ".parquet":
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).splitlines(keepends=True)[0]))
    else:
        path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    return path


def cost_explorer(_folder: Path, charges: Sequence[Charge]) -> SpendSource:
    made, stubber = stubbed()
    days = {charge.day: [other for other in charges if other.day == charge.day] for charge in charges}
    results = [
        day(
            start,
            next_day(start),
            *(
                ((item.service, item.usage_type), {"UnblendedCost": item.billed, "AmortizedCost": item.effective})
                for item in some
            ),
        )
        for start, some in days.items()
    ]
    stubber.add_response("get_cost_and_usage", answer(*results))
    stubber.activate()
    plan = Plan(by=(SERVICE, USAGE_TYPE), cut=(), regions=False)
    paid = PaidClient(made, NoMeter(), Decimal("0.01"), "Cost Explorer")
    return CostExplorer(paid, start=datetime(2026, 3, 1).date(), end=datetime(2026, 4, 1).date(), plan=plan)


ADAPTERS: dict[str, Make] = {
    "focus csv": focus_file(".csv"),
    "focus gzip": focus_file(".csv.gz"),
    "focus parquet": focus_file(".parquet"),
    "cur csv": cur_file(".csv"),
    "cur gzip": cur_file(".csv.gz"),
    "cur parquet": cur_file(".parquet"),
    "cost explorer": cost_explorer,
}


@pytest.fixture(params=sorted(ADAPTERS))
def make(request: pytest.FixtureRequest) -> Make:
    return ADAPTERS[request.param]


def read(source: SpendSource) -> pa.Table:
    return pa.Table.from_batches(source.charges(), SCHEMA)


def test_charges_have_the_columns_of_the_tables_and_no_float(make: Make, tmp_path: Path):
    batches = list(make(tmp_path, CHARGES).charges())
    assert all(batch.schema.equals(SCHEMA) for batch in batches)
    assert not any(pa.types.is_floating(field.type) for field in SCHEMA)
    assert {str(field.type) for field in SCHEMA if field.name.endswith("_cost")} == {"decimal128(38, 12)"}


def test_what_was_charged_is_told_with_its_day_service_and_usage_type(make: Make, tmp_path: Path):
    found = read(make(tmp_path, CHARGES)).select(
        ["charge_period_start", "service_name", "usage_type", "billed_cost", "effective_cost"]
    )
    reported = {tuple(row.values()) for row in found.to_pylist()}
    assert reported == {
        (
            datetime.fromisoformat(charge.day),
            charge.service,
            charge.usage_type,
            Decimal(charge.billed),
            Decimal(charge.effective),
        )
        for charge in CHARGES
    }


def test_sums_are_exact_to_the_twelfth_digit(make: Make, tmp_path: Path):
    found = read(make(tmp_path, CHARGES))
    assert sum(found["billed_cost"].to_pylist()) == Decimal("-3.449999999999")
    assert sum(found["effective_cost"].to_pylist()) == Decimal("-3.499999999999")


def test_a_charge_says_its_source_provider_currency_and_bill(make: Make, tmp_path: Path):
    source = make(tmp_path, CHARGES)
    found = read(source)
    assert set(found["source"].to_pylist()) == {source.name}
    assert set(found["provider_name"].to_pylist()) == {"AWS"}
    assert set(found["billing_currency"].to_pylist()) == {"USD"}
    assert set(found["billing_period_start"].to_pylist()) == {datetime(2026, 3, 1)}
    assert set(found["charge_category"].to_pylist()) == {"Usage"}
    assert found["estimated"].null_count == 0


def test_days_come_in_order_where_the_source_has_them_in_order(make: Make, tmp_path: Path):
    days = read(make(tmp_path, CHARGES))["charge_period_start"].to_pylist()
    assert days == sorted(days)


def test_a_source_without_charges_has_none_and_fails_not(make: Make, tmp_path: Path):
    assert read(make(tmp_path, ())).num_rows == 0


def test_asked_twice_a_file_tells_the_same(tmp_path: Path):
    for name, make in ADAPTERS.items():
        if name != "cost explorer":  # each answer costs money: it is asked once
            folder = tmp_path / name.replace(" ", "-")
            folder.mkdir()
            source = make(folder, CHARGES)
            assert read(source).equals(read(source)), name


@pytest.mark.parametrize("adapter", [FocusFile, CurFile])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "There is no such file"),
        (b"", "The file is empty"),
        (b"\x1f\x8b\x08\x00broken", "breaks off or is damaged"),
        (b"PAR1 torn", "The file cannot be read"),
        (b"day,amount\n2026-03-05,1\n", "The file has no column"),
        (b"\xff\xfe\x00bad\n", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name_with_a_remedy(
    adapter: type, content: bytes | None, what: str, tmp_path: Path
):
    path = tmp_path / "bill.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=what) as caught:
        list(adapter(path).charges())
    assert caught.value.where == str(path)
    assert caught.value.remedy


def test_an_interface_that_refuses_is_named_with_its_action_and_a_remedy():
    made, stubber = stubbed()
    stubber.add_client_error("get_cost_and_usage", "AccessDeniedException", "not you", 400)
    stubber.activate()
    paid = PaidClient(made, NoMeter(), Decimal("0.01"), "Cost Explorer")
    source = CostExplorer(paid, start=datetime(2026, 3, 1).date(), end=datetime(2026, 4, 1).date())
    with pytest.raises(SourceError, match="denied access") as caught:
        list(source.charges())
    assert caught.value.where == "ce:GetCostAndUsage"
    assert "ce:GetCostAndUsage" in caught.value.remedy
    assert client().meta.service_model.signing_name == "ce"
