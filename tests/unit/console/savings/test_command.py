"""``python -m console savings``: the same list, and decisions, without a browser."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from console import wiring
from console.__main__ import main
from console.decisions.embedded import EmbeddedDecisionStore
from pipeline.curate import curate
from pipeline.lake import Lake
from pipeline.sample import generate

SHARDS = "streams.shards/arn:aws:kinesis:us-east-1:210000000017:stream/events"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    lake = Lake.create(tmp_path_factory.mktemp("savings") / "lake")
    generate(lake, events=5_000, end=date(2026, 6, 1), seed=7)
    curate(lake)
    yield lake.root
    wiring.forget()


@pytest.mark.slow
def test_as_json_it_says_everything_with_exact_dollars(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["savings", "--lake", str(lake), "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert (answer["is_sample"], answer["origin"]) == (True, "the sample shop's account")
    assert (answer["measured_from"], answer["measured_until"]) == ("2026-05-04", "2026-06-01")
    found = {saving["key"]: saving for saving in answer["savings"]}
    shards = found[SHARDS]
    assert shards["monthly_usd"] == Decimal("10.950")
    assert (shards["state"], shards["effort"], shards["risk"]) == ("open", "low", "medium")
    assert shards["formula"] == "(2 − 1) shards × 730 h × $0.015"
    assert shards["evidence"]["Mode"] == "provisioned, 2 shards"
    unknown = [saving for saving in answer["savings"] if saving["monthly_usd"] is None]
    assert [finding["unknown_because"] for finding in unknown] == ["flow logs do not say where the bytes go"]
    assert answer["figures"]["Savings unknown"] == 1
    assert [check["check"] for check in answer["checks"] if not check["is_judged"]] == ["recommended"]
    total = sum(saving["monthly_usd"] for saving in answer["savings"] if saving["monthly_usd"] is not None)
    assert answer["figures"]["Open, a month"] == pytest.approx(total)


def test_as_csv_it_has_a_line_for_each_and_an_unknown_amount_is_empty(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["savings", "--lake", str(lake), "--format", "csv"]) == 0
    captured = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(captured.out)))
    assert {row["key"]: row["estimate"] for row in rows}[SHARDS] == "10.950"
    assert rows[-1]["estimate"] == ""
    assert "not judged, Cost Optimization Hub and Compute Optimizer: the sample shop's account" in captured.err


def test_a_decision_is_taken_and_undone(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decide = ["savings", "--lake", str(lake), "decide", SHARDS]
    assert main([*decide, "accept", "--note", "agreed"]) == 0
    store = EmbeddedDecisionStore(lake / "decisions" / "decisions.sqlite")
    kept = store.current("saving")[SHARDS]
    assert (kept.verdict, kept.note) == ("accepted", "agreed")
    assert capsys.readouterr().out == "Stream events needs 1 of its 2 shards: accepted\n"
    assert main(["savings", "--lake", str(lake)]) == 0
    assert "accepted  streams.shards" in capsys.readouterr().out
    assert main([*decide, "undo"]) == 0
    assert dict(store.current("saving")) == {}


def test_a_saving_that_is_not_there_is_named(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["savings", "--lake", str(lake), "decide", "nothing/here", "accept"]) == 2
    assert "There is no saving 'nothing/here'" in capsys.readouterr().err


def test_a_lake_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["savings", "--lake", str(tmp_path / "nowhere")]) == 2
    assert "There is no lake here" in capsys.readouterr().err
