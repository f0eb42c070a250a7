"""A version of the curated tables is published by one small object, and two jobs cannot both publish."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalogue.errors import LakeError
from pipeline.curate.spark.publishing import Version, publish, published
from pipeline.objects import Folder

FIRST = Version(
    data_as_of=datetime(2026, 3, 1, 12, tzinfo=UTC),
    made_by={"events": "a1"},
    records={"received": 3, "accepted": 1, "duplicates": 1, "quarantined": 1},
    tables={"events": "8270633197658268308"},
)


@pytest.fixture
def lake(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_version_says_what_readers_ask_for(lake: Folder) -> None:
    assert published(lake) == Version()
    first = publish(lake, published(lake), FIRST)
    assert json.loads(lake.read("curated/state.json")) == {
        "version": 1,
        "data_as_of": "2026-03-01T12:00:00Z",
        "bills_as_of": None,
        "made_by": {"events": "a1"},
        "records": {"received": 3, "accepted": 1, "duplicates": 1, "quarantined": 1},
        "tables": {"events": "8270633197658268308"},
    }
    assert published(lake) == first == replace(FIRST, number=1)
    second = publish(lake, first, replace(first, tables={"events": "2"}))
    assert (second.number, published(lake).tables) == (2, {"events": "2"})


def test_nothing_is_written_where_nothing_changed(lake: Folder) -> None:
    first = publish(lake, published(lake), FIRST)
    before = (lake.root / "curated/state.json").stat()
    assert publish(lake, first, FIRST) == first
    assert (lake.root / "curated/state.json").stat() == before


def test_the_slower_of_two_jobs_publishes_nothing(lake: Folder) -> None:
    seen = [published(lake), published(lake)]
    publish(lake, seen[0], FIRST)
    with pytest.raises(LakeError, match="Another job"):
        publish(lake, seen[1], replace(FIRST, tables={"events": "3"}))
    seen = [published(lake), published(lake)]
    publish(lake, seen[0], replace(FIRST, tables={"events": "4"}))
    with pytest.raises(LakeError, match="Another job"):
        publish(lake, seen[1], replace(FIRST, tables={"events": "5"}))
    assert published(lake).tables == {"events": "4"}


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"version": 1}', b'{"version": "x", "data_as_of": null}'])
def test_a_state_of_another_kind_is_refused(lake: Folder, content: bytes) -> None:
    lake.replace("curated/state.json", content, tag=None)
    with pytest.raises(LakeError, match=r"state\.json"):
        published(lake)
