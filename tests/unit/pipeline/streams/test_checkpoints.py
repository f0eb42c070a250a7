"""A consumer's position is replaced whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.streams.checkpoints import Checkpoints


def test_the_position_saved_last_is_loaded_by_anyone(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "stream" / "checkpoints")
    assert checkpoints.load("raw") is None
    checkpoints.save("raw", "1:2")
    checkpoints.save("live", "1:9")
    checkpoints.save("raw", "3:4")
    assert (Checkpoints(tmp_path / "stream" / "checkpoints").load("raw"), checkpoints.load("live")) == ("3:4", "1:9")


def test_a_save_that_fails_leaves_the_former_position(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save("raw", "1:2")

    def fail(handle: int) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no"):
        checkpoints.save("raw", "3:4")
    assert checkpoints.load("raw") == "1:2"
