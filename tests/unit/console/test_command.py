"""``python -m console``: the same answers without a browser."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalogue.queries import load
from console import wiring
from console.__main__ import main
from console.cli.query import TABLE_ROWS
from pipeline.lake import Lake, LakeSettings
from tests.support.lake_rows import Rows
from tests.support.paths import ROOT

# a fitting text for every type, and the parameters that need none
EXAMPLES = {"int": "1", "decimal": "1.5", "str": "x", "bool": "true", "date": "2026-03-01", "timestamp": "2026-03-01"}
GIVEN = {"start_date", "end_date", "reporting_currency", "reporting_time_zone"}


def sold(day: str, net: str, **more: Any) -> dict[str, Any]:
    amount = Decimal(net)
    return {"order_date": date.fromisoformat(day), "net_revenue": amount, "gross_revenue": amount, "units": 1} | more


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = Rows(tmp_path_factory.mktemp("console") / "lake")
    lake.table(
        "daily_sales",
        [
            sold("2026-03-01", "0.10", region="north", channel="web", category="Home"),
            sold("2026-03-01", "0.20", region="south", channel="app", category="Toys"),
            sold("2026-03-02", "12345678901234567890.1234", region="north", channel="web", category="a,b\n'c"),
        ],
    )
    days = [
        {"event_date": date(2026, 3, day), "event_type": "purchase", "events": 1, "duplicates": 0} for day in (1, 2)
    ]
    lake.table("daily_events", days)
    return lake.lake.root


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command on the lake; gives (exit code, output, errors)."""
    monkeypatch.setenv("TAKINGS_LAKE", str(folder))
    monkeypatch.delenv("TAKINGS_REGIONS", raising=False)
    monkeypatch.delenv("TAKINGS_PROFILE", raising=False)

    def command(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    return command


def answer(run: Any, *arguments: str) -> list[dict[str, Any]]:
    """The rows of a JSON answer, numbers as decimals."""
    code, out, err = run("query", *arguments, "--format", "json")
    assert (code, err) == (0, "")
    rows: list[dict[str, Any]] = json.loads(out, parse_float=Decimal)["rows"]
    return rows


@pytest.mark.slow
def test_json_holds_exact_decimals_as_numbers_and_the_statistics(run: Any) -> None:
    code, out, err = run("query", "sales/net_revenue_by_day", "--format", "json")
    assert (code, err) == (0, "")
    assert '"net_revenue":12345678901234567890.1234' in out
    found = json.loads(out, parse_float=Decimal)
    assert [(row["order_date"], row["net_revenue"]) for row in found["rows"]] == [
        ("2026-03-01", Decimal("0.3000")),
        ("2026-03-02", Decimal("12345678901234567890.1234")),
    ]
    statistics = found["statistics"]
    assert (statistics["query"], statistics["engine"], statistics["rows"]) == ("sales/net_revenue_by_day", "DuckDB", 2)
    assert statistics["data_as_of"] == "2026-03-31T11:59:00Z"
    assert statistics["sql"].startswith("SELECT order_date")


def test_csv_has_a_header_and_every_value_exactly(run: Any) -> None:
    code, out, err = run("query", "sales/by_category", "--format", "csv")
    assert (code, err) == (0, "")
    lines = list(csv.reader(io.StringIO(out)))
    assert tuple(lines[0]) == load()["sales/by_category"].columns
    assert lines[1][:2] == ["a,b\n'c", "12345678901234567890.1234"]
    assert lines[2][:2] == ["Toys", "0.2000"]


def test_a_table_has_numbers_to_the_right_and_says_its_source_apart(run: Any) -> None:
    code, out, err = run("query", "sales/by_region")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split()[:2] == ["region", "net_revenue"]
    assert set(lines[1]) == {"-", " "}
    place = lines[0].index("net_revenue") + len("net_revenue")
    assert [line[:place].split()[-1] for line in lines[2:]] == ["12345678901234567890.2234", "0.2000"]
    assert err.startswith("2 rows · DuckDB · ")
    assert err.endswith("data as of 2026-03-31T11:59:00+00:00\n")


def test_one_row_is_one_row(run: Any) -> None:
    assert run("query", "lake/days")[2].startswith("1 row · DuckDB")


def test_a_long_table_is_cut_and_says_so(tmp_path: Path, run: Any) -> None:
    days = TABLE_ROWS + 5
    first = date(2020, 1, 1)
    lake = Rows(tmp_path / "long")
    lake.table("daily_sales", [sold(str(first + timedelta(days=number)), "1") for number in range(days)])
    dates = ("--start", str(first), "--end", str(first + timedelta(days=days)), "--lake", str(lake.lake.root))
    code, out, _ = run("query", "sales/net_revenue_by_day", *dates)
    assert code == 0
    assert out.splitlines()[-1] == "… 5 more rows; --format csv gives all"
    assert len(run("query", "sales/net_revenue_by_day", *dates, "--format", "csv")[1].splitlines()) == days + 1


def test_without_dates_the_whole_lake_is_asked(run: Any) -> None:
    rows = answer(run, "sales/net_revenue_by_day")
    assert [row["order_date"] for row in rows] == ["2026-03-01", "2026-03-02"]


def test_start_is_included_and_end_is_not(run: Any) -> None:
    rows = answer(run, "sales/net_revenue_by_day", "--start", "2026-03-01", "--end", "2026-03-02")
    assert [row["order_date"] for row in rows] == ["2026-03-01"]
    assert [row["order_date"] for row in answer(run, "sales/net_revenue_by_day", "--start", "2026-03-02")] == [
        "2026-03-02"
    ]


def test_slices_narrow_the_answer_and_may_be_given_again(run: Any) -> None:
    def net(*options: str) -> Decimal:
        return sum((row["net_revenue"] for row in answer(run, "sales/net_revenue_by_day", *options)), Decimal(0))

    assert net("--region", "south") == Decimal("0.2000")
    assert net("--channel", "app", "--channel", "fax") == Decimal("0.2000")
    assert net("--category", "Home", "--category", "Toys") == Decimal("0.3000")
    assert net("--param", "channels=app", "--param", "channels=web", "--category", "Home") == Decimal("0.1000")


def test_regions_of_the_setting_hide_all_other_rows(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKINGS_REGIONS", "south")
    assert [
        row["region"] for row in answer(run, "sales/by_region", "--start", "2026-03-01", "--end", "2026-03-03")
    ] == ["south"]


def test_an_empty_lake_answers_without_rows(run: Any, tmp_path: Path) -> None:
    Lake.create(tmp_path / "empty", LakeSettings("Europe/London", "GBP"))
    assert answer(run, "sales/net_revenue_by_day", "--lake", str(tmp_path / "empty")) == []
    code, out, err = run("query", "sales/by_region", "--lake", str(tmp_path / "empty"))
    assert (code, len(out.splitlines())) == (0, 2)
    assert err.startswith("0 rows")
    assert err.endswith("data as of no data\n")


@pytest.mark.slow
def test_every_query_can_be_asked_from_the_command_line(run: Any) -> None:
    for query in load():
        more = [
            f"--param={name}={EXAMPLES[item.type]}"
            for name, item in query.parameters.items()
            if not (item.is_list or item.nullable or name in GIVEN)
        ]
        code, out, err = run("query", query.name, "--format", "csv", *more)
        assert (code, err) == (0, ""), query.name
        assert out.splitlines()[0] == ",".join(query.columns)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["query", "sales/nope"], "There is no query 'sales/nope'.*`python -m console queries` lists them"),
        (["query", "lake/days", "--lake", "/nowhere"], "There is no lake here.*takings sample"),
        (["query", "lake/days", "--lake", "~no-such-user/x"], "home folder that is unknown.*Write the whole path"),
        (["query", "lake/days", "--start", "2026-01-01"], "lake/days has no parameter start_date.*Parameters: none"),
        (["query", "lake/days", "--region", "north"], "lake/days has no parameter regions"),
        (
            ["query", "sales/by_region", "--start", "yesterday"],
            "start_date is 'yesterday', which is no date.*like 2011-01-31",
        ),
        (["query", "sales/by_region", "--start", "2026-02-30"], "start_date is '2026-02-30', which is no date"),
        (
            ["query", "sales/by_region", "--start", "2026-03-02", "--end", "2026-03-02"],
            "--end is the day after the last one",
        ),
        (["query", "sales/by_region", "--param", "colour"], "--param colour has no value.*Write --param name=value"),
        (["query", "sales/by_region", "--param", "colour=red"], "has no parameter colour.*Parameters: start_date"),
        (
            ["query", "sales/by_region", "--start", "2026-03-01", "--param", "start_date=2026-03-01"],
            "start_date is given 2 times",
        ),
        (["query", "products/bought_together"], "needs a value for best_sellers.*Give --param best_sellers="),
        (
            ["query", "products/bought_together", "--param", "best_sellers=ten"],
            "best_sellers is 'ten', which is no int.*like 42",
        ),
        (["query", "lake/days", "--format", "xml"], "'xml' is not one of.*`python -m console query --help`"),
        (["query"], "NAME.*`python -m console query --help` lists the options"),
        (["frobnicate"], "No such command 'frobnicate'.*`python -m console --help` lists the options"),
        ([], "Missing command"),
    ],
)
def test_every_failure_is_one_line_with_a_remedy_and_exit_code_2(run: Any, arguments: list[str], said: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("console: ")
    assert err.count("\n") == 1
    assert err == err.strip() + "\n"
    assert re.search(said, err), err


def test_a_wrong_variable_is_named(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKINGS_PROFILE", "mars")
    assert run("query", "lake/days") == (
        2,
        "",
        "console: Profile 'mars' is unknown (TAKINGS_PROFILE). Use embedded or aws.\n",
    )


def test_queries_lists_every_question_with_its_grain_and_parameters(run: Any) -> None:
    code, out, _ = run("queries")
    assert code == 0
    assert len(out.splitlines()) == 2 * len(load().queries)
    assert "sales/net_revenue_by_day             Net revenue by day\n" in out
    assert "one row per order_date · start_date date, end_date date, channels str*" in out


def test_definitions_prints_the_words_as_markdown(run: Any) -> None:
    code, out, _ = run("definitions")
    assert code == 0
    assert out.startswith("# What the numbers mean\n")
    assert "gross revenue − refunds" in out


def console(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TAKINGS_")}
    return subprocess.run(
        [sys.executable, "-m", "console", *arguments],
        cwd=ROOT,
        env=environment | {"TAKINGS_LAKE": str(folder)} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_as_a_process_it_answers_on_stdout_and_says_nothing_else(folder: Path) -> None:
    done = console(folder, "query", "lake/days", "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "first_day,last_day,events\n2026-03-01,2026-03-02,2\n"


@pytest.mark.slow
def test_as_a_process_a_failure_is_on_stderr_with_exit_code_2(folder: Path) -> None:
    done = console(folder, "query", "lake/dayz")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.slow
def test_a_reader_that_stops_early_ends_the_command_quietly(folder: Path) -> None:
    piped = f"{sys.executable} -m console definitions | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", piped], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "# What the numbers mean\n", "")


@pytest.fixture(autouse=True, scope="module")
def _forget_engines() -> Any:
    """Engines are shared by the process: leave none of these lakes open."""
    yield
    wiring.forget()
