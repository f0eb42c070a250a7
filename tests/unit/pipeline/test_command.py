"""``python -m pipeline``: status, curate, import and sample, and what they say when they cannot."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console import __main__ as console
from console import wiring
from pipeline.__main__ import main
from pipeline.lake import Lake
from tests.support.given import Given, event
from tests.support.paths import SHARED_DATA

DATA = SHARED_DATA


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run a command in a folder of its own; gives (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TAKINGS_LAKE", raising=False)

    def command(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    return command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status"], "There is no lake here.*takings init"),
        (["curate"], "There is no lake here.*takings init"),
        (["curate", "--lake", "file.txt"], "There is no lake here"),
        (["import", "online-retail", "nofile.csv", "--create"], r"There is no such file \(.*nofile.csv\)"),
        (["import", "online-retail", "file.txt", "--lake", "mistyped"], r"no lake here \(.*mistyped.*--create"),
        (["import", "online-retail"], "No file was named"),
        (["import", "online-retail", "file.txt", "--create"], "The file has no column 'InvoiceNo'"),
        (["import", "csv", "file.txt"], r"needs a mapping \(--map\).*--example-map"),
        (["import", "online-retail", "file.txt", "--lake", "other", "--create"], r"not a lake's.*--lake DIR"),
        (["import", "xml", "file.txt"], "There is no importer 'xml'.*Use .*csv"),
        (["sample", "--events", "10"], "A sample year of 10 events is too small"),
        (["sample", "--events", "many"], "'--events'.*integer.*`python -m pipeline sample --help`"),
        (["sample", "--end", "2999-01-01"], "later than today.*Name a day that is over"),
        (["sample", "--end", "soon"], "'soon' is not a date such as 2026-03-01"),
        (["sample", "--seed", "-1"], "A seed is a whole number"),
        (["sample", "--lake", "other"], r"not a lake's.*--lake DIR"),
        (["frobnicate"], "No such command 'frobnicate'.*`python -m pipeline --help` lists the options"),
        ([], "Missing command"),
    ],
)
def test_every_failure_is_one_line_with_exit_code_2(run: Any, tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "file.txt").write_text("a,b\n1,2\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "holiday.jpg").write_bytes(b"")
    code, _, err = run(*arguments)
    assert code == 2
    assert err.startswith("pipeline: ")
    assert err.count("\n") == 1
    assert re.search(said, err), err


def test_the_lake_of_the_variable_is_used_by_every_command(
    run: Any, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    given.events(event("e1", "2026-03-01 12:00", session_id="s"), event("e1", "2026-03-01 12:00", session_id="s"))
    monkeypatch.setenv("TAKINGS_LAKE", str(given.lake.root))
    code, out, _ = run("status")
    assert code == 0
    assert "1 raw files wait for `python -m pipeline curate`." in out
    code, out, _ = run("curate")
    assert code == 0
    assert out == (
        "Curated 1 raw files. In the lake: 2 records received = 1 accepted + 1 duplicates + 0 quarantined.\n"
    )
    code, out, _ = run("status")
    assert code == 0
    assert re.search(r"^received +2 ", out, re.M)
    assert "The conservation law holds." in out
    assert "wait" not in out


@pytest.mark.slow
def test_curating_again_changes_nothing(run: Any, given: Given) -> None:
    given.events(event("e1", "2026-03-01 12:00", session_id="s"))
    lake = ("--lake", str(given.lake.root))
    assert run("curate", *lake)[0] == 0
    files = given.files()
    code, out, _ = run("curate", *lake)
    assert (code, given.files()) == (0, files)
    assert out.startswith("Curated 0 raw files.")
    assert run("curate", "--full", *lake)[1].startswith("Curated 1 raw files.")


def test_a_lake_that_lost_records_is_told_by_the_exit_code(run: Any, given: Given) -> None:
    given.events(event("e1", "2026-02-01 12:00", session_id="s"), event("e2", "2026-03-02 12:00", session_id="s"))
    given.curate()
    (given.lake.root / "curated/events/2026-03/data.parquet").unlink()
    code, out, _ = run("status", "--lake", str(given.lake.root))
    assert code == 1
    assert "The conservation law is broken by 1 records." in out


def test_a_writer_at_work_is_named(run: Any, given: Given) -> None:
    given.events(event("e1", "2026-03-01 12:00", session_id="s"))
    with given.lake.writing():
        code, _, err = run("curate", "--lake", str(given.lake.root))
    assert code == 2
    assert "Another process is writing to the lake" in err


@pytest.mark.slow
def test_the_sample_fills_the_lake_of_the_variable(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKINGS_LAKE", str(tmp_path / "shop"))
    code, out, _ = run("sample", "--events", "2000", "--end", "2026-03-01")
    assert code == 0
    assert out.startswith("Curated ")
    assert Lake.open(tmp_path / "shop").is_sample
    assert run("sample", "--if-missing")[0] == 0
    code, _, err = run("sample", "--events", "2000")
    assert code == 2
    assert err.count("\n") == 1


def answer(capsys: pytest.CaptureFixture[str], lake: Path, query: str, *more: str) -> list[dict[str, Any]]:
    """The rows of a headless answer."""
    assert console.main(["query", query, "--lake", str(lake), "--format", "json", *more]) == 0
    wiring.forget()
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out, parse_float=Decimal)["rows"]
    return rows


@pytest.mark.skipif(not (DATA / "online_retail.csv.gz").exists(), reason="the Online Retail file is not here")
@pytest.mark.slow
def test_online_retail_adds_up_to_its_published_figures(
    run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = tmp_path / "retail"
    code, out, _ = run("import", "online-retail", str(DATA / "online_retail.csv.gz"), "--lake", str(lake), "--create")
    assert code == 0
    assert "541,909 records received = 541,909 accepted + 0 duplicates + 0 quarantined" in out
    days = answer(capsys, lake, "sales/net_revenue_by_day")
    assert len(days) == 305
    assert sum(day["net_revenue"] for day in days) == Decimal("9747747.9340")
    assert sum(day["gross_revenue"] for day in days) == Decimal("10666684.5440")


@pytest.mark.skipif(not (DATA / "rees46_2019_oct_head.csv.gz").exists(), reason="the REES46 file is not here")
@pytest.mark.slow
def test_rees46_loses_no_record(run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = tmp_path / "rees46"
    code, out, _ = run("import", "rees46", str(DATA / "rees46_2019_oct_head.csv.gz"), "--lake", str(lake), "--create")
    assert code == 0
    assert "17436" in out, "the cut last line is named by its number"
    assert answer(capsys, lake, "lake/conservation") == [
        {"received": 17435, "accepted": 17429, "duplicates": 5, "quarantined": 1, "rounded": 0}
    ]
    kinds = {
        row["event_type"]: row["events"] + row["duplicates"] for row in answer(capsys, lake, "lake/events_by_type")
    }
    assert kinds == {"product_view": 17056 - 1, "cart_add": 165, "purchase": 214}  # the cut line was a view
    assert "holds" in run("status", "--lake", str(lake))[1]
