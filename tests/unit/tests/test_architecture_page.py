"""docs/architecture.md is true to the letter: its worked example is followed in a copy of the project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline.curate import curate
from pipeline.lake import Lake
from pipeline.sample import generate
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
STEP = re.compile(
    r"^\*\*`(?P<file>[^`]+)`\*\*(?:, (?P<how>after|in place of) the line of `(?P<line>[^`]+)`)?\n\n"
    r"```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
ANSWERS = """
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("pages/returns.py", default_timeout=120)
page.query_params["period"] = "12m"
page.run()
shown = " ".join(part.proto.body for part in page.get("html"))
assert not page.exception, page.exception
sys.stdout.write(f"{len(page.get('echarts_chart'))} {len(page.dataframe)} {shown}")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which every step of the example was followed."""
    copy = tmp_path_factory.mktemp("example") / "takings"
    names = [
        ".streamlit",
        "catalogue",
        "console",
        "infra_cdk",
        "pages",
        "pipeline",
        "queries",
        "takings",
        "tests",
        "pyproject.toml",
    ]
    copy.mkdir()
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    for step in STEP.finditer(PAGE):
        _follow(copy / step["file"], step["how"], step["line"], step["text"])
    return copy


def _follow(file: Path, how: str | None, line: str | None, text: str) -> None:
    if how is None:
        assert not file.exists(), f"{file.name} is there already"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    (place,) = [number for number, found in enumerate(lines) if str(line) in found]
    lines[place : place + 1] = [lines[place], text] if how == "after" else [text]
    file.write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample year, curated."""
    lake = Lake.create(tmp_path_factory.mktemp("example") / "lake")
    generate(lake, events=20_000, end=date(2026, 6, 1), seed=7)
    curate(lake)
    return lake.root


def run(project: Path, *command: str, lake: Path | None = None) -> str:
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONPATH": str(project)}
    environment |= {"TAKINGS_LAKE": str(lake)} if lake else {}
    done = subprocess.run(
        [sys.executable, *command], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_example_has_six_new_files_and_two_lines() -> None:
    steps = list(STEP.finditer(PAGE))
    assert [step["how"] for step in steps].count(None) == 6
    assert len(steps) == 8


def test_the_new_question_answers_on_the_command_line(project: Path, lake: Path) -> None:
    printed = run(project, "-m", "console", "query", "returns/by_category", "--lake", str(lake), "--format", "csv")
    header, *rows = printed.splitlines()
    assert header == "category,refunds,gross_revenue"
    assert rows


def test_the_new_page_draws_a_chart_and_a_table(project: Path, lake: Path) -> None:
    charts, tables, shown = run(project, "-c", ANSWERS, lake=lake).split(" ", 2)
    assert (charts, tables) == ("1", "1"), shown
    assert "What comes back?" in shown
    assert "tk-failed" not in shown


def test_the_new_page_has_an_empty_state(project: Path, tmp_path: Path) -> None:
    empty = Lake.create(tmp_path / "empty").root
    assert "There is no data yet" in run(project, "-c", ANSWERS, lake=empty)


def test_its_own_test_passes_and_it_fits_the_house(project: Path) -> None:
    run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/sql/test_metrics_returns.py")
    run(project, "-m", "ruff", "check", "--no-cache", "console/returns", "pages/returns.py", "tests/sql")
    run(project, "-m", "ruff", "format", "--no-cache", "--check", "console/returns", "pages/returns.py", "tests/sql")
    run(project, "-c", "from importlinter.cli import lint_imports_command as main; main(['--no-cache', '--no-logo'])")


def test_every_file_and_folder_that_the_page_names_is_there() -> None:
    prose = STEP.sub("", PAGE)
    named = re.findall(r"`((?:catalogue|console|pipeline|queries|pages|infra_cdk|tests|docs)/[\w./]*)`", prose)
    assert len(named) > 20
    made = {step["file"] for step in STEP.finditer(PAGE)}
    missing = [name for name in named if name not in made and not (ROOT / name).exists()]
    assert missing == []
