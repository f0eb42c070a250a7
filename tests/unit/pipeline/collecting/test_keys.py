"""Write keys: shown once, kept as digests, valid side by side while they are rotated."""

from __future__ import annotations

import hashlib
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalogue.errors import SettingsError
from pipeline.collecting.keys import FILE, KeyFile
from pipeline.lake import Lake
from tests.support.commands import call

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path, clock: Clock) -> KeyFile:
    return KeyFile(tmp_path / FILE, clock)


def test_a_key_is_found_by_its_secret_and_only_its_digest_is_kept(file: KeyFile, tmp_path: Path):
    key, secret = file.create("web-shop")
    assert file.find(secret) == key
    assert file.find(secret[:-1]) is None
    assert file.find("") is None
    kept = (tmp_path / FILE).read_text()
    assert secret not in kept
    assert json.loads(kept)[0]["digest"] == hashlib.sha256(secret.encode()).hexdigest()
    assert len(secret) >= 43 + len("tk_")


def test_the_file_is_its_owners_alone_and_nothing_is_left_beside_it(file: KeyFile, tmp_path: Path):
    file.create("web-shop")
    file.create("till")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_no_file_means_no_keys(file: KeyFile):
    assert (file.all(), file.find("tk_x")) == ([], None)


def test_while_a_source_is_rotated_both_keys_are_valid_and_then_the_new_one(file: KeyFile, clock: Clock):
    _, old = file.create("web-shop")
    _, other = file.create("till")
    new_key, new = file.rotate("web-shop", timedelta(days=7))
    clock.now = NOW + timedelta(days=6)
    assert [file.find(secret) is not None for secret in (old, new, other)] == [True, True, True]
    clock.now = NOW + timedelta(days=7)
    assert [file.find(secret) is not None for secret in (old, new, other)] == [False, True, True]
    assert new_key.source == "web-shop"


def test_a_second_rotation_does_not_lengthen_the_life_of_an_ending_key(file: KeyFile, clock: Clock):
    _, old = file.create("web-shop")
    file.rotate("web-shop", timedelta(days=1))
    file.rotate("web-shop", timedelta(days=30))
    clock.now = NOW + timedelta(days=2)
    assert file.find(old) is None


def test_a_revoked_key_ends_at_once(file: KeyFile):
    key, secret = file.create("web-shop")
    file.revoke(key.id)
    assert file.find(secret) is None


def test_another_process_sees_new_and_revoked_keys_without_a_restart(file: KeyFile, tmp_path: Path):
    running = KeyFile(tmp_path / FILE, lambda: NOW)
    assert running.find("tk_x") is None
    key, secret = file.create("web-shop")
    assert running.find(secret) == key
    file.revoke(key.id)
    assert running.find(secret) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'[{"id":"a"}]'])
def test_a_damaged_file_is_named_with_its_remedy(file: KeyFile, tmp_path: Path, content: bytes):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(SettingsError, match=r"keys\.json.*keys create"):
        file.find("tk_x")


@pytest.mark.parametrize("source", ["", "x" * 65, "a\nb"])
def test_a_source_has_a_short_printable_name(file: KeyFile, source: str):
    with pytest.raises(SettingsError, match="no name"):
        file.create(source)


def test_what_is_not_there_cannot_be_rotated_or_revoked(file: KeyFile):
    with pytest.raises(SettingsError, match="keys create web-shop"):
        file.rotate("web-shop")
    with pytest.raises(SettingsError, match="keys list"):
        file.revoke("nope")


def test_the_command_shows_a_secret_once_and_lists_without_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    Lake.create(tmp_path)
    at = ["--lake", str(tmp_path)]
    assert call("keys", "list", *at) == 0
    assert "keys create" in capsys.readouterr().out
    assert call("keys", "create", "web-shop", *at) == 0
    shown = capsys.readouterr()
    secret = shown.out.strip()
    assert "shown once" in shown.err
    key = KeyFile(tmp_path / FILE).find(secret)
    assert key is not None
    assert call("keys", "rotate", "web-shop", "--grace-days", "0", *at) == 0
    capsys.readouterr()
    assert KeyFile(tmp_path / FILE).find(secret) is None
    assert call("keys", "list", *at) == 0
    listed = capsys.readouterr().out
    assert key.id in listed
    assert "ended" in listed
    assert secret not in listed
    assert call("keys", "revoke", key.id, *at) == 0
    assert key.id in capsys.readouterr().out
