"""A file is replaced whole or not at all, and lasts."""

from __future__ import annotations

import importlib
import os
import stat
import sys
from pathlib import Path

import pytest

import catalogue
from catalogue.files import OWNER_ONLY, atomic_write


def test_a_file_holds_the_text_or_the_bytes_written_last_and_nothing_is_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for data, expected in (("price: 5 €, longer than what follows", None), ("5 €", "5 €".encode()), (b"\xff", b"\xff")):
        atomic_write(path, data)
        assert path.read_bytes() == (expected or str(data).encode())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("durable", [True, False])
def test_a_durable_write_forces_the_file_and_its_folder_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    kinds: list[str] = []

    def note(handle: int) -> None:
        kinds.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")

    monkeypatch.setattr(os, "fsync", note)
    atomic_write(tmp_path / "file", b"1", durable=durable)
    assert kinds == (["file", "folder"] if durable else [])


def test_a_write_that_the_disk_refuses_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    atomic_write(path, "old")

    def refuse(handle: int) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="no"):
        atomic_write(path, "new")
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_a_file_for_its_owner_is_no_one_elses_and_any_other_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        atomic_write(tmp_path / "keys", b"1", mode=OWNER_ONLY)
        atomic_write(tmp_path / "settings", b"1")
    finally:
        os.umask(before)
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.iterdir()}
    assert modes == {"keys": "0o600", "settings": "0o644"}


def test_what_a_killed_writer_left_aside_is_overwritten(tmp_path: Path) -> None:
    aside = tmp_path / ".position"
    aside.write_bytes(b"half of a long position")
    atomic_write(tmp_path / "position", "1:2", aside=aside)
    assert ((tmp_path / "position").read_text(), aside.exists()) == ("1:2", False)


def test_windows_is_refused_in_a_sentence_that_says_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ImportError, match=r"runs on Linux and macOS.*WSL"):
        importlib.reload(catalogue)
