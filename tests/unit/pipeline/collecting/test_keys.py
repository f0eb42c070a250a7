"""Write keys: shown once, kept as digests, valid side by side while they are rotated."""

from __future__ import annotations

import hashlib
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalogue.errors import SettingsError
from pipeline.collecting.keys import FILE, KeyFile, key_of_alias
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


def test_every_source_has_a_namespace_of_its_own_unless_it_shares_one(file: KeyFile):
    assert file.create("web-shop")[0].namespace == "web-shop"
    assert file.create("till")[0].namespace == "till"
    assert file.create("web-pages", namespace="web-shop", public=True)[0].namespace == "web-shop"


def test_names_that_differ_only_in_what_a_namespace_may_not_hold_do_not_share_one(file: KeyFile):
    names = [file.create(source)[0].namespace for source in ("web shop", "web/shop", "web-shop", "ladenkasse ü" * 5)]
    assert len(set(names)) == 4
    assert all(len(name) <= 64 and "/" not in name for name in names)


def test_a_further_key_of_a_source_and_a_rotated_one_keep_its_namespace(file: KeyFile):
    file.create("pages", namespace="shop", public=True)
    assert file.create("pages")[0].namespace == "shop"
    rotated, _ = file.rotate("pages", public=True)
    assert (rotated.namespace, rotated.public) == ("shop", True)


def test_a_secret_key_lives_on_where_the_public_one_of_its_source_is_rotated(file: KeyFile):
    _, secret = file.create("shop")
    _, public = file.create("shop", public=True)
    file.rotate("shop", timedelta(0), public=True)
    assert [file.find(known) is not None for known in (secret, public)] == [True, False]


def test_a_key_made_before_there_were_namespaces_keeps_the_lakes_own(file: KeyFile, tmp_path: Path):
    old = {"id": "a1", "source": "shop", "digest": "0" * 64, "created_at": "2026-01-01T00:00:00Z"}
    (tmp_path / FILE).write_text(json.dumps([old]))
    (key,) = file.all()
    assert (key.namespace, key.public) == ("", False)
    assert file.rotate("shop")[0].namespace == ""  # its earlier orders can still be refunded


@pytest.mark.parametrize("namespace", ["a/b", "a b", "x" * 65, "ü"])
def test_a_namespace_is_a_short_plain_name(file: KeyFile, namespace: str):
    with pytest.raises(SettingsError, match="no namespace"):
        file.create("shop", namespace=namespace)


def test_the_command_says_with_whom_a_key_shares_its_ids(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    at = ["--lake", str(Lake.create(tmp_path).root)]
    call("keys", "create", "web-shop", *at)
    assert "shares" not in capsys.readouterr().err
    call("keys", "create", "web-pages", "--public", "--namespace", "web-shop", *at)
    assert "shares them with web-shop" in capsys.readouterr().err
    call("keys", "list", *at)
    listed = capsys.readouterr().out.splitlines()
    assert ["public" in line for line in listed] == [False, True]
    assert all("namespace web-shop" in line for line in listed)


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


def test_an_alias_is_of_one_source_and_of_public_keys_alone(file: KeyFile):
    file.create("pages", public=True, alias="G-ABC123")
    with pytest.raises(SettingsError, match="must be public"):
        file.create("shop", alias="G-OTHER")
    with pytest.raises(SettingsError, match="one of pages's"):
        file.create("other", public=True, alias="G-ABC123")


def test_a_rotated_key_keeps_its_alias_and_a_revoked_one_gives_it_back(file: KeyFile):
    old, _ = file.create("pages", public=True, alias="G-ABC123")
    new, _ = file.rotate("pages", timedelta(days=1), public=True)
    assert key_of_alias(file.all(), "G-ABC123", NOW) == new
    file.revoke(old.id)
    file.revoke(new.id)
    assert key_of_alias(file.all(), "G-ABC123", NOW) is None
    assert key_of_alias(file.all(), "", NOW) is None


def test_a_key_made_before_there_were_read_keys_sends(file: KeyFile, tmp_path: Path):
    _, secret = file.create("web-shop")
    kept = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text(json.dumps([{k: v for k, v in kept[0].items() if k != "purpose"}]))
    found = file.find(secret)
    assert found is not None
    assert found.purpose == "write"


def test_keys_that_read_are_rotated_without_those_that_send(file: KeyFile, clock: Clock):
    _, sending = file.create("pages", public=True)
    _, reading = file.create("pages", public=True, purpose="read")
    key, newer = file.rotate("pages", timedelta(days=1), public=True, purpose="read")
    clock.now += timedelta(days=2)
    assert key.purpose == "read"
    assert [file.find(secret) is None for secret in (sending, reading, newer)] == [False, True, False]
    with pytest.raises(SettingsError, match="no secret read key to rotate") as caught:
        file.rotate("pages", purpose="read")
    assert "keys create pages --read" in caught.value.remedy


def test_a_key_that_reads_has_no_alias(file: KeyFile):
    with pytest.raises(SettingsError, match="no alias"):
        file.create("pages", public=True, alias="G-1", purpose="read")


def test_the_command_makes_and_lists_a_read_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lake = str(Lake.create(tmp_path / "lake").root)
    assert call("keys", "create", "pages", "--read", "--public", "--lake", lake) == 0
    shown = capsys.readouterr()
    assert "This public key of pages is shown once; only its digest is kept. It reads recommendations." in shown.err
    assert call("keys", "rotate", "pages", "--read", "--public", "--lake", lake) == 0
    capsys.readouterr()
    assert call("keys", "list", "--lake", lake) == 0
    assert capsys.readouterr().out.count("public read") == 2
    with pytest.raises(SettingsError, match="neither public nor reads"):
        call("keys", "create", "pages", "--read", "--webhook", "shopify", "--lake", lake)
