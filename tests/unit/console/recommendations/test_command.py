"""``python -m console recommendations``: which options go together, and what a reader of some regions gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from console.__main__ import main
from console.wiring.embedded import Embedded
from tests.support.lake_rows import Rows
from tests.support.recommendation_source import Told

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command on a lake where c1 viewed a lamp in the region North; gives (exit code, output, errors)."""
    lake, day = Rows(tmp_path / "lake"), date(2026, 3, 30)
    viewed = {"event_type": "product_view", "customer_id": "c1", "product_id": "lamp", "product_name": "Lamp"}
    when = {"event_date": day, "occurred_at": datetime(2026, 3, 30, 9)}
    lake.table("events", [{"event_id": "e1", "region": "North", **viewed, **when}])
    lake.table("daily_events", [{"event_date": day, "event_type": "product_view", "events": 1, "region": "North"}])
    monkeypatch.setenv("TAKINGS_LAKE", str(lake.lake.root))
    monkeypatch.delenv("TAKINGS_REGIONS", raising=False)
    monkeypatch.setattr(Embedded, "recommendations", Told())

    def command(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(["recommendations", *arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    return command


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--profit", "--customer", "c1", "--surface", "for_you"], "--customer does not go with --profit"),
        (["--profit", "--n", "0"], "--n does not go with --profit"),
        (["--models", "--profit"], "--models does not go with --profit"),
        (["--models", "--product", "mug"], "--product does not go with --models"),
        (["--models", "--end", "2026-01-01"], "--end does not go with --models"),
        (["--customer", "c1", "--start", "2026-01-01"], "--start goes with --profit alone"),
        (["--customer", "c1", "--session", "s1"], "Both a customer and a session are named"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(run: Run, arguments: list[str], complaint: str) -> None:
    code, out, errors = run(*arguments)
    assert (code, out) == (2, "")
    assert complaint in errors


def test_a_reader_of_some_regions_is_told_which_actions_count(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKINGS_REGIONS", "North")
    code, out, errors = run("--customer", "c1", "--n", "3", "--format", "json")
    answer = json.loads(out)
    assert (code, [action["product_id"] for action in answer["history"]]) == (0, ["lamp"]), errors
    assert answer["bounds"].startswith("You see North: only what was done there in the last 7 days")
    assert "You see North" in run("--customer", "c1")[2]
    assert '"interactions":null' in run("--models", "--format", "json")[1]
