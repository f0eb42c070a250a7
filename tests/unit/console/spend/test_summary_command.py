"""``python -m console spend summary``: what the Spend page says, and the official FOCUS sample by every basis."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from console import wiring
from console.__main__ import main
from pipeline.lake import Lake
from tests.sql.test_metrics_spend import charge
from tests.support.lake_rows import Rows
from tests.support.paths import SHARED_DATA

FOCUS = SHARED_DATA / "focus_1.0_sample.csv.gz"


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    lake = Rows(tmp_path / "lake")
    lake.table(
        "daily_spend",
        [
            charge("2026-02-20", "2", pricing_quantity="1"),
            charge("2026-03-20", "3.000000000001", pricing_quantity="1"),
            charge("2026-03-20", "1", charge_category="Tax"),
            charge("2026-03-20", "4", billing_currency="EUR"),
        ],
    )
    wiring.forget()
    return lake.lake.root


def reported(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main(["spend", "summary", "--format", "json", *arguments]) == 0
    return json.loads(capsys.readouterr().out, parse_float=Decimal)


def test_the_summary_adds_up_exactly(bill: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--lake", str(bill), "--start", "2026-03-20", "--end", "2026-03-21")
    found = reported(capsys, *asked)
    assert (found["spend"], found["currency"], found["basis"]) == (Decimal("4.000000000001"), "USD", "effective")
    assert found["by_kind"] == {"Tax": Decimal(1), "Usage": Decimal("3.000000000001")}
    assert found["other_currencies"] == {"EUR": Decimal(4)}
    assert sum(value["cost"] for value in found["values"]) == found["spend"]
    assert reported(capsys, *asked, "--currency", "EUR")["spend"] == Decimal(4)


def test_the_change_against_the_period_before_is_told_by_effect(bill: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change = reported(capsys, "--lake", str(bill), "--start", "2026-03-20", "--end", "2026-04-17")["change"]
    assert change["effects"] == {"Price": Decimal("1.000000000001"), "Tax": Decimal(1)}
    assert change["before"] + sum(change["effects"].values()) == change["now"]


def test_a_cost_that_nobody_said_is_null_and_the_charges_without_it_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = Rows(tmp_path / "unsaid")
    lake.table("daily_spend", [charge("2026-03-20", "3", list_cost=None, charges=2)])
    wiring.forget()
    found = reported(capsys, "--lake", str(lake.lake.root), "--basis", "list")
    assert (found["spend"], found["charges"], found["charges_without_cost"]) == (None, 2, 2)
    assert [value["cost"] for value in found["values"]] == [None]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by", "colour"], "Spend has no 'colour'"),
        (["--by", "tag:nobody"], "Spend has no 'tag:nobody'"),
        (["--currency", "CHF"], "Nothing is billed in 'CHF'.*Use USD or EUR"),
        (["--start", "March"], "'March' is no date"),
        (["--start", "2026-03-02", "--end", "2026-03-01"], "ends .* before it starts"),
    ],
)
@pytest.mark.slow
def test_a_wrong_option_is_explained(
    bill: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import re

    assert main(["spend", "summary", "--lake", str(bill), *arguments]) == 2
    assert re.search(said, capsys.readouterr().err)


def test_a_lake_without_a_bill_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = Lake.create(tmp_path / "empty")
    assert main(["spend", "summary", "--lake", str(lake.root)]) == 2
    assert "python -m console spend import FILE" in capsys.readouterr().err


@pytest.mark.skipif(not FOCUS.exists(), reason="the official FOCUS sample is not part of the project")
@pytest.mark.slow
def test_the_official_sample_is_shown_as_it_is_billed_by_every_basis(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Lake.create(tmp_path / "lake").root
    assert main(["spend", "import", str(FOCUS), "--lake", str(root)]) == 0
    capsys.readouterr()
    period = ("--lake", str(root), "--start", "2024-09-01", "--end", "2024-10-02")
    expected = {"billed": "20.520227", "effective": "14.976514", "list": "20.390906"}
    for by in ("service", "account", "cloud_region", "usage_type", "resource", "tag:application"):
        for basis, spend in expected.items():
            found = reported(capsys, *period, "--basis", basis, "--by", by)
            assert found["spend"].quantize(Decimal("0.000001")) == Decimal(spend)
            assert sum(value["cost"] for value in found["values"]) == found["spend"]
    assert found["by_kind"]["Credit"] < 0
