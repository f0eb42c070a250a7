"""``python -m console own-cost``: what the Own cost page says, without a browser."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from console import wiring
from console.__main__ import main
from console.asking.periods import Period
from console.metering import Call
from console.metering.calls import Batch
from console.metering.folder import FolderCalls
from console.metering.journal import FOLDER, Journal
from console.own_cost.answer import Cost, _run_rate
from pipeline.lake import Lake

AT = datetime(2026, 5, 2, 9, 30, tzinfo=UTC)
CALL = Call(
    AT, "ann", "Revenue", "query", "sales/by_region", "Athena", "q", 1.5, 4, False, 10**7, Decimal("0.5"), Decimal(0)
)
CALLS = [
    CALL,
    replace(CALL, cached=True, bytes_scanned=0, dollars=Decimal(0), dollars_saved=Decimal("0.5"), elapsed_seconds=0.0),
    replace(CALL, viewer="bob", page="", kind="cost_explorer", name="GetCostAndUsage", dollars=Decimal("0.01")),
    replace(CALL, dollars=None),
]
MAY = ("--start", "2026-05-01", "--end", "2026-05-03")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    root = Lake.create(tmp_path / "lake").root
    FolderCalls(root).write(CALLS)
    wiring.forget()
    return root


def test_as_json_it_says_everything_with_exact_dollars(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["own-cost", "--lake", str(lake), *MAY, "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert (answer["first_day"], answer["last_day"], answer["currency"]) == ("2026-05-01", "2026-05-02", "USD")
    assert answer["total"] == {
        "calls": 4, "cached": 1, "unpriced": 1, "bytes_scanned": 30_000_000, "dollars": Decimal("0.51"),
        "saved": Decimal("0.5"),
    }  # fmt: skip
    assert answer["monthly_run_rate"] == pytest.approx(Decimal("0.51") * 365 / 12)
    assert {row["name"]: row["dollars"] for row in answer["by"]["person"]} == {
        "ann": Decimal("0.5"), "bob": Decimal("0.01"),
    }  # fmt: skip
    assert [item["name"] for item in answer["by"]["kind"]] == ["cost_explorer", "query"]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("page", ["Revenue", "outside a browser"]),
        ("person", ["ann", "bob"]),
        ("question", ["sales/by_region", "GetCostAndUsage"]),
    ],
)
@pytest.mark.slow
def test_as_csv_it_has_a_line_for_each_the_dearest_first(
    by: str, names: list[str], lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["own-cost", "--lake", str(lake), *MAY, "--by", by, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["name"] for row in rows] == names
    assert [Decimal(row["dollars"]) for row in rows] == [Decimal("0.5"), Decimal("0.01")]
    assert rows[0]["seconds"] == "3.0"


def test_as_a_table_it_closes_with_the_sum_and_a_month_at_that_rate(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["own-cost", "--lake", str(lake), *MAY, "--by", "day"]) == 0
    captured = capsys.readouterr()
    assert "2026-05-02      4" in captured.out
    assert "seconds" not in captured.out
    assert captured.err == "1 – 2 May 2026 · $0.510000, a month at this rate $15.51\n"


def test_what_a_killed_console_left_is_counted_when_the_next_one_starts(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = Journal(lake / FOLDER)
    killed.append(Batch(AT.date(), "left"), replace(CALL, viewer="eve", dollars=Decimal("0.25")))
    for handle in killed._open.values():
        os.close(handle)  # as the system does
    wiring.forget()
    assert main(["own-cost", "--lake", str(lake), *MAY, "--by", "person", "--format", "csv"]) == 0
    rows = {row["name"]: row["dollars"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert Decimal(rows["eve"]) == Decimal("0.25")


def test_a_lake_whose_journals_cannot_be_kept_is_answered_all_the_same(
    lake: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError("Read-only file system")

    monkeypatch.setattr(Journal, "recover", refused)
    wiring.forget()
    assert main(["own-cost", "--lake", str(lake), *MAY, "--format", "csv"]) == 0
    assert "Revenue" in capsys.readouterr().out


def test_before_the_first_call_the_rate_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wiring.forget()
    assert main(["own-cost", "--lake", str(Lake.create(tmp_path / "new").root)]) == 0
    assert "a month at this rate unknown" in capsys.readouterr().err


def test_a_period_that_ends_before_it_starts_is_named(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["own-cost", "--lake", str(lake), "--start", "2026-05-02", "--end", "2026-05-02"]) == 2
    assert "The period ends (2026-05-02) before it starts (2026-05-02) (--end)" in capsys.readouterr().err


def test_a_call_of_the_utc_day_after_the_shop_s_own_is_a_day_of_the_rate() -> None:
    total = Cost("", 1, 0, 0, 0, Decimal(12), Decimal(0))
    ahead, today = date(2026, 5, 2), date(2026, 5, 1)
    assert _run_rate(total, [ahead], today, Period(date(2026, 4, 5), date(2026, 5, 3))) == Decimal(365)
