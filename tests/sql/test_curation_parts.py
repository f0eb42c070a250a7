"""A partition of several files: only those with changed rows are written again, and no number of steps makes many."""

from pathlib import Path

import pytest

from pipeline.curate import parts
from tests.support.given import Given, event, in_turn

MANY = [event(f"e{n:03d}", f"2026-03-{1 + n % 2:02d} 12:{n % 60:02d}", customer_id=f"c{n % 7}") for n in range(60)]


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parts, "SMALL", 2)
    monkeypatch.setattr(parts, "SHARE", 1)
    monkeypatch.setattr(parts, "LARGEST", 8)


def test_many_small_steps_give_the_rows_of_one_step_in_few_files(tmp_path: Path):
    steps = in_turn(tmp_path / "steps", [MANY[at : at + 3] for at in range(0, len(MANY), 3)])
    at_once = in_turn(tmp_path / "once", [MANY])
    for table in ("events", "sessions", "customers", "products", "daily_events", "daily_interest", "hourly_events"):
        assert steps.rows(table) == at_once.rows(table)
    files = [name for name in steps.files() if name.startswith("curated/events/2026-03/")]
    assert 60 / 8 <= len(files) <= 60 / 8 + 4


def test_new_rows_leave_a_larger_file_as_it_is(given: Given):
    given.events(MANY).curate()
    before = given.files()
    given.events(event("late", "2026-03-01 13:00", customer_id="late")).curate()
    written = {name for name, content in given.files().items() if before.get(name) != content}
    assert {name for name in written if "/events/" in name} == {"curated/events/2026-03/part-00008.parquet"}


def test_a_changed_row_is_written_again_with_its_own_file_alone(given: Given):
    given.events(MANY).curate()
    before = given.files()
    given.events(MANY[0]).curate()
    after = given.files()
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert {name for name in changed if "/events/" in name} == {"curated/events/2026-03/data.parquet"}
    assert [row["event_id"] for row in given.rows("events", "event_id", "copies") if row["copies"] == 2] == ["e000"]


def test_everything_made_again_has_the_same_bytes_and_no_part_too_many(tmp_path: Path):
    given = in_turn(tmp_path, [MANY[:20], MANY[20:40], MANY[40:]])
    given.curate(full=True)
    assert given.files() == in_turn(tmp_path / "once", [MANY]).files()
