"""Which profile a process uses."""

from __future__ import annotations

from pathlib import Path

from console import wiring
from console.settings import Settings
from console.wiring.embedded import Embedded
from pipeline.lake import Lake
from pipeline.recommend.models.embedded import FILE as MODELS


def test_a_given_profile_takes_the_place_of_the_process_own_until_the_block_ends(tmp_path: Path) -> None:
    given = Embedded(Settings(lake=tmp_path))
    with wiring.using(given):
        assert wiring.profile() is given
        assert wiring.on_lake(None) is given
    assert wiring.profile() is not given


def test_a_lake_that_a_command_names_has_its_own_profile_the_same_at_every_call(tmp_path: Path) -> None:
    named = wiring.on_lake(str(tmp_path))
    assert named.settings.lake == tmp_path
    assert named is wiring.on_lake(str(tmp_path))


def test_events_are_taken_where_the_file_of_models_and_of_who_refuses_is_damaged(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake")
    (lake.root / MODELS).write_bytes(b"this is no SQLite file" * 100)
    server = Embedded(Settings(lake=lake.root)).server
    assert server.start() is None
    try:
        assert (server.unready(), server.recommendations) == (None, None)
    finally:
        server.stop()
