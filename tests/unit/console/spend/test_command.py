"""``python -m console spend``: bills in, an account of every charge out, and one snapshot a day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from console.aws.paid import PaidClient
from console.finops.billing.cost_explorer import SERVICE, CostExplorer, Plan
from console.metering import NoMeter
from console.wiring.embedded import Embedded
from pipeline.lake import Lake
from tests.support import bill_files
from tests.support.bill_files import cur, focus
from tests.support.cost_explorer_answers import answer, day, stubbed
from tests.support.paths import SHARED_DATA

pytestmark = pytest.mark.slow

SAMPLE = SHARED_DATA / "focus_1.0_sample.csv.gz"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return Lake.create(tmp_path / "lake").root


def spend(*arguments: str | Path, lake: Path) -> int:
    return main(["spend", *map(str, arguments), "--lake", str(lake)])


def bills(lake: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert spend("status", "--format", "json", lake=lake) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out, parse_float=Decimal)["bills"]
    return found


def test_an_import_tells_what_was_read_by_basis_and_that_it_is_what_is_shown(
    tmp_path: Path, lake: Path, capsys: pytest.CaptureFixture[str]
):
    path = bill_files.write(tmp_path / "march.csv.gz", [focus(BilledCost="0.1"), focus(BilledCost="-2", ListCost=None)])
    assert spend("import", path, lake=lake) == 0
    reported = capsys.readouterr().out
    assert "march.csv.gz: FOCUS 1.0, 2 charges read = 2 kept + 0 refused" in reported
    assert "USD billed -1.900000000000, effective 2.000000000000, list 1.000000000000" in reported
    assert "aws 2026-03-01, account 210000000009 (focus): 2 charges, new" in reported
    assert "What was read is what is shown." in reported


def test_imported_again_a_bill_is_replaced_or_left_as_it_was(
    tmp_path: Path, lake: Path, capsys: pytest.CaptureFixture[str]
):
    first = bill_files.write(tmp_path / "first.csv", [focus(), focus()])
    second = bill_files.write(tmp_path / "second.csv", [focus(BilledCost="7")])
    for path, said in ((first, "2 charges, new"), (first, "2 charges, as before"), (second, "1 charge, in place of 2")):
        assert spend("import", path, lake=lake) == 0
        assert said in capsys.readouterr().out
    assert [bill["billed"] for bill in bills(lake, capsys)] == [7]


def test_several_files_of_one_call_are_one_bill_and_a_folder_is_all_of_its_files(
    tmp_path: Path, lake: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "export" / "BILLING_PERIOD=2026-03"
    folder.mkdir(parents=True)
    for number in (1, 2):
        bill_files.write(folder / f"part-{number}.parquet", [focus(BilledCost=str(number))])
    (folder / "manifest.json").write_text("{}")
    assert spend("import", tmp_path / "export", lake=lake) == 0
    assert [(bill["charges"], bill["billed"]) for bill in bills(lake, capsys)] == [(2, 3)]


def test_focus_and_cur_are_told_apart_and_focus_counts(tmp_path: Path, lake: Path, capsys: pytest.CaptureFixture[str]):
    legacy = bill_files.write(tmp_path / "cur.csv", [cur()])
    assert spend("import", legacy, bill_files.write(tmp_path / "focus.csv", [focus(BilledCost="3")]), lake=lake) == 0
    assert {bill["source"]: bill["counts"] for bill in bills(lake, capsys)} == {
        "focus": "yes",
        "cur": "no: a better source has this period",
    }


def test_a_bad_row_refuses_the_file_and_leaves_the_lake_as_it_was(
    tmp_path: Path, lake: Path, capsys: pytest.CaptureFixture[str]
):
    assert spend("import", bill_files.write(tmp_path / "good.csv", [focus()]), lake=lake) == 0
    bad = bill_files.write(tmp_path / "bad.csv", [focus(), focus(BilledCost="many")])
    assert spend("import", bad, lake=lake) == 2
    error = capsys.readouterr().err
    assert error.startswith("console: 1 row cannot be read: row 2, BilledCost 'many': not a number")
    assert str(bad) in error
    assert [bill["billed"] for bill in bills(lake, capsys)] == [1]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("a,b\n1,2\n", "The file is in no known bill format: its columns are a, b"), (None, "There is no such file")],
)
def test_what_is_no_bill_is_refused_with_a_remedy(
    tmp_path: Path, lake: Path, capsys: pytest.CaptureFixture[str], content: str | None, complaint: str
):
    path = tmp_path / "file.csv"
    if content is not None:
        path.write_text(content)
    assert spend("import", path, lake=lake) == 2
    assert complaint in capsys.readouterr().err
    assert not list(lake.rglob("*.parquet"))


def test_an_empty_folder_and_a_file_named_twice_are_refused(
    tmp_path: Path, lake: Path, capsys: pytest.CaptureFixture[str]
):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert spend("import", empty, lake=lake) == 2
    path = bill_files.write(tmp_path / "march.csv", [focus()])
    assert spend("import", path, path, lake=lake) == 2
    reported = capsys.readouterr().err
    assert "The folder holds no CSV" in reported
    assert "The file is named twice" in reported


@pytest.mark.skipif(not SAMPLE.exists(), reason="the FOCUS sample is not part of the project")
def test_the_official_sample_is_in_the_lake_to_the_cent(lake: Path, capsys: pytest.CaptureFixture[str]):
    assert spend("import", SAMPLE, lake=lake) == 0
    assert (
        "1,000 charges count: USD billed 20.520226728990, effective 14.976514185860, list 20.390905751190"
        in capsys.readouterr().out
    )
    assert [(bill["period"], bill["provider"], bill["charges"]) for bill in bills(lake, capsys)] == [
        ("2024-09", "AWS", 942),
        ("2024-09", "Microsoft", 51),
        ("2024-09", "Oracle", 6),
        ("2024-10", "Oracle", 1),
    ]


class Wired:
    """Cost Explorer with its wire cut, in the place of the one that the wiring makes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, charged: bool = True) -> None:
        self._charged = charged
        self.months: list[int] = []
        self.calls = 0
        monkeypatch.setattr(Embedded, "cost_explorer", self.make)

    def make(self, *, today: date, months: int, tag: str | None = None) -> tuple[CostExplorer, PaidClient]:
        self.months.append(months)
        made, stubber = stubbed()
        yesterday = today - timedelta(days=1)
        costs = [(["AWS Glue"], {"UnblendedCost": "0.25", "AmortizedCost": "0.25"})] if self._charged else []
        stubber.add_response(
            "get_cost_and_usage", answer(day(yesterday.isoformat(), today.isoformat(), *costs, estimated=True))
        )
        stubber.activate()
        client = PaidClient(made, NoMeter(), Decimal("0.01"), "Cost Explorer")
        plan = Plan(by=(SERVICE,), cut=(), regions=False)
        return CostExplorer(client, start=yesterday, end=today, plan=plan), client


def test_a_snapshot_is_taken_once_a_day_and_says_what_it_cost(
    lake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    wired = Wired(monkeypatch)
    assert spend("snapshot", lake=lake) == 0
    assert "1 charge read = 1 kept, by 1 request for $0.01" in capsys.readouterr().out
    assert spend("snapshot", lake=lake) == 0
    assert "Today's snapshot was taken at" in capsys.readouterr().out
    assert wired.months == [13]  # asked once, for all there is
    assert spend("snapshot", "--again", lake=lake) == 0
    assert wired.months == [13, 2]
    assert [bill["source"] for bill in bills(lake, capsys)] == ["cost_explorer"]


def test_the_snapshot_of_yesterday_is_followed_by_one_of_today(lake: Path, monkeypatch: pytest.MonkeyPatch):
    wired = Wired(monkeypatch)
    assert spend("snapshot", lake=lake) == 0
    note = lake / "raw/spend/cost_explorer/_snapshot.json"
    reported = json.loads(note.read_text())
    assert (reported["calls"], reported["dollars"]) == (1, "0.01")
    note.write_text(json.dumps(reported | {"taken_at": (datetime.now(UTC) - timedelta(days=1)).isoformat()}))
    assert spend("snapshot", lake=lake) == 0
    assert len(wired.months) == 2


def test_a_snapshot_after_a_pause_makes_up_for_it(lake: Path, monkeypatch: pytest.MonkeyPatch):
    wired = Wired(monkeypatch)
    assert spend("snapshot", lake=lake) == 0
    note = lake / "raw/spend/cost_explorer/_snapshot.json"
    reported = json.loads(note.read_text())
    note.write_text(json.dumps(reported | {"taken_at": (datetime.now(UTC) - timedelta(days=4 * 31)).isoformat()}))
    assert spend("snapshot", lake=lake) == 0
    assert wired.months[1] in (5, 6)  # the last two, and three or four before them


def test_an_account_without_a_charge_is_asked_once_a_day_too(
    lake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    wired = Wired(monkeypatch, charged=False)
    assert spend("snapshot", lake=lake) == 0
    assert "0 charges read = 0 kept, by 1 request for $0.01" in capsys.readouterr().out
    assert spend("snapshot", lake=lake) == 0
    assert len(wired.months) == 1


def test_months_that_cost_explorer_does_not_keep_are_refused(lake: Path, capsys: pytest.CaptureFixture[str]):
    assert spend("snapshot", "--months", "14", lake=lake) == 2
    assert "14 bills cannot be asked for (--months). Give 1 to 13." in capsys.readouterr().err


@pytest.mark.parametrize("words", [["status"], ["import", "march.csv"]])
def test_a_mistyped_lake_is_an_error_and_is_not_made(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    bill_files.write(tmp_path / "march.csv", [focus()])
    monkeypatch.chdir(tmp_path)
    assert spend(*words, lake=tmp_path / "mistyped") == 2
    assert "There is no lake here" in capsys.readouterr().err
    assert not (tmp_path / "mistyped").exists()


def test_charges_that_vanish_from_the_curated_tables_are_found(
    tmp_path: Path, lake: Path, capsys: pytest.CaptureFixture[str]
):
    assert spend("import", bill_files.write(tmp_path / "march.csv", [focus()]), lake=lake) == 0
    for path in (lake / "curated" / "daily_spend").rglob("*.parquet"):
        path.unlink()
    assert spend("status", lake=lake) == 1
    assert "Charges are lost or doubled" in capsys.readouterr().out
