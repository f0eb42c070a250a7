"""``python -m pipeline recommend experiments``: what an operator types, and what is answered."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import boto3
import pytest

from pipeline.__main__ import main
from pipeline.lake import Lake
from pipeline.recommend.experiments.stored import StoredExperiments
from pipeline.recommend.models.dynamodb import DynamoDbModelStore
from pipeline.recommend.models.embedded import FILE, EmbeddedModelStore
from tests.contracts.test_live_store import TABLE, aws_table
from tests.support.models import model
from tests.support.paths import ROOT

FIRST, SECOND = "20260302T040000Z-aaaa", "20260303T040000Z-bbbb"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Lake.create(tmp_path / "lake").root


@pytest.fixture
def run(root: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(action: str, *arguments: str) -> tuple[int, str, str]:
        code = main(["recommend", "experiments", action, "--lake", str(root), *arguments])
        out, err = capsys.readouterr()
        return code, re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "WHEN", out), err

    return run


def experiments(*arguments: str) -> int:
    return main(["recommend", "experiments", *arguments])


def refused(answer: tuple[int, str, str], *texts: str) -> None:
    """Exit code 2, nothing on stdout, and one line that has these texts."""
    code, out, err = answer
    line = err.splitlines()[-1]
    assert (code, out, line.startswith("pipeline: ")) == (2, "", True), answer
    assert [text for text in texts if text not in line] == [], line


def test_a_hold_out_is_started_listed_and_ended(run: Run):
    assert run("list") == (0, "There is no experiment yet.\n", "")
    assert run("start", "autumn", "--holdout", "0.1", "--comment", "Does it pay?")[:2] == (
        0,
        "Experiment autumn runs. Servers go by it within two seconds.\n"
        "10 % of customers are shown nothing from now on.\n"
        "90 % of customers get what they would without it from now on.\n"
        "Visitors without a customer id, and customers who refuse, take no part.\n"
        "There is no model yet: until one is trained, nobody is shown anything.\n",
    )
    assert run("list")[1] == (
        "autumn  runs since WHEN UTC, all surfaces\n"
        "    holdout    10 %  nothing (control)\n"
        "    shown      90 %  what they would without it\n"
        "    Does it pay?\n"
    )
    assert run("end", "autumn")[:2] == (
        0,
        "Experiment autumn has ended, within a day. Every customer gets what is asked for again.\n",
    )
    assert run("list")[1].startswith("autumn  WHEN to WHEN UTC, all surfaces\n")


def test_surfaces_are_compared_with_a_hold_out_before_them(run: Run, root: Path):
    with closing(EmbeddedModelStore(root / FILE)) as store:
        store.publish(model(FIRST), after=None)
        store.publish(model(SECOND), after=FIRST)
    code, out, err = run(
        "start", "trends", "--holdout", "0.2", "--variant", "control=0.4",
        "--variant", "other=0.4:surface=trending:model=previous", "--surface", "for_you", "--surface", "best_sellers",
    )  # fmt: skip
    assert (code, err) == (0, f"Lake: {root}\n")
    assert out.splitlines()[1:] == [
        "20 % of customers are shown nothing from now on (for_you, best_sellers).",
        "40 % of customers get what they would without it from now on (for_you, best_sellers).",
        f"40 % of customers get the surface trending and the answers of model {FIRST} from now on (for_you,"
        " best_sellers).",
        "Visitors without a customer id, and customers who refuse, take no part.",
    ]


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (["autumn"], ["nothing to compare", "--holdout 0.1"]),
        (["autumn sale", "--holdout", "0.1"], ["cannot be named 'autumn sale'", "a-z, 0-9 and -"]),
        (["autumn", "--holdout", "10"], ["a share of 10", "0.5 is half"]),
        (["autumn", "--holdout", "ten"], ["--holdout", "valid number"]),
        (["autumn", "--variant", "a"], ["--variant 'a' cannot be read", "NAME=SHARE"]),
        (["autumn", "--variant", "a=half", "--variant", "b=0.5"], ["'a=half' has no share that is a number"]),
        (["autumn", "--variant", "a=0.5:colour=red", "--variant", "b=0.5"], ["cannot be read", ":surface=SURFACE"]),
        (["autumn", "--variant", "a=0.5:surface=", "--variant", "b=0.5"], ["cannot be read"]),
        (["autumn", "--variant", "a=0.5", "--variant", "b=0.5:surface=new"], ["surface 'new'", "trending"]),
        (["autumn", "--variant", "a=0.5", "--variant", "b=0.4"], ["add up to 0.9"]),
        (["autumn", "--holdout", "0.1", "--surface", "foryou"], ["surface 'foryou'", "for_you"]),
        (
            ["autumn", "--variant", "a=0.5", "--variant", "b=0.5:model=v9"],
            ["Model 'v9' is not kept", "recommend models"],
        ),
    ],
)
def test_what_cannot_be_is_one_line_that_says_what_may(run: Run, arguments: list[str], texts: list[str]):
    refused(run("start", *arguments), *texts)
    assert run("list")[1] == "There is no experiment yet.\n"


def test_what_ends_twice_or_under_a_wrong_name_is_one_line(run: Run):
    run("start", "autumn", "--holdout", "0.1")
    refused(run("end", "autum"), "No experiment 'autum' runs", "autumn")
    run("end", "autumn")
    refused(run("end", "autumn"), "autumn has ended, at")
    refused(run("start", "autumn", "--holdout", "0.1"), "There was an experiment autumn", "another name")


def test_a_comment_cannot_write_to_the_terminal(run: Run):
    run("start", "autumn", "--holdout", "0.1", "--comment", "red \x1b[31m alert")
    assert "\x1b" not in run("list")[1]


def test_a_lake_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert experiments("start", "autumn", "--holdout", "0.1", "--lake", str(tmp_path / "no")) == 2
    assert "There is no lake here" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()


@pytest.mark.slow
def test_of_two_processes_that_start_at_once_one_wins(root: Path):
    program = [sys.executable, "-m", "pipeline", "recommend", "experiments", "start"]
    ways = [[*program, f"exp-{number}", "--holdout", "0.1", "--lake", str(root)] for number in range(2)]
    started = [subprocess.Popen(way, cwd=ROOT, stderr=subprocess.PIPE, text=True) for way in ways]
    errors = [process.communicate(timeout=120)[1].splitlines()[-1] for process in started]
    codes = [process.returncode for process in started]
    assert sorted(codes) == [0, 2]
    winner = f"exp-{codes.index(0)}"
    assert f"Experiment {winner} runs on" in errors[codes.index(2)]
    with closing(EmbeddedModelStore(root / FILE)) as store:
        assert [one.name for one in StoredExperiments(store.items, store).all()] == [winner]


def test_a_deployment_is_named_by_its_tables(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    with aws_table() as client:
        monkeypatch.setattr(boto3, "client", lambda _: client)
        assert experiments("start", "autumn", "--holdout", "0.1", "--tables", TABLE, "live") == 0
        said = capsys.readouterr().out
        assert "Servers go by it within a minute." in said
        assert f"There is no model in {TABLE}" in said  # the tables may be in the wrong order
        kept = client.get_item(TableName=TABLE, Key={"pk": {"S": "experiment"}, "sk": {"S": "running"}})
        assert b"autumn" in kept["Item"]["content"]["B"]
        assert experiments("list", "--tables", TABLE, "live") == 0
        assert capsys.readouterr().out.startswith("autumn  runs since")
        assert experiments("list", "--tables", "no-such-table", "live") == 2
        assert "(no-such-table). Check that the table exists" in capsys.readouterr().err


def test_the_models_of_a_deployment_are_listed_and_rolled_back_by_its_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with aws_table() as client:
        monkeypatch.setattr(boto3, "client", lambda _: client)
        store = DynamoDbModelStore(client, TABLE)
        store.publish(model(FIRST), after=None)
        store.publish(model(SECOND), after=FIRST)
        assert main(["recommend", "models", "--tables", TABLE, "live"]) == 0
        said = capsys.readouterr().out
        assert said.index(SECOND) < said.index(FIRST)
        assert main(["recommend", "rollback", "--tables", TABLE, "live"]) == 0
        assert capsys.readouterr().out.startswith(f"{FIRST} of ")
        again = store.pointer()
        assert again is not None
        assert again.version == FIRST


def test_without_a_region_the_error_says_where_to_set_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for action in (["experiments", "list"], ["opt-out", "c1"]):
        assert main(["recommend", *action, "--tables", "r", "l"]) == 2
        assert "Set AWS_REGION" in capsys.readouterr().err
