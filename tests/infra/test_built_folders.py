"""A built folder is whole or not there, is made once, and has the same bytes everywhere."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from catalogue.errors import BuildFailed
from infra_cdk.packages import build, folders, installing, lambdas
from infra_cdk.packages.folders import below, digest, kept, zipped


def filled(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "module.py").write_text("x = 1\n", encoding="utf-8")


def refused(_folder: Path) -> None:
    pytest.fail("it was made again")


def test_a_folder_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    first = kept(tmp_path / "package-1", filled)
    assert kept(tmp_path / "package-1", refused) == first


def test_one_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken(folder: Path) -> None:
        filled(folder)
        raise BuildFailed("No")

    with pytest.raises(BuildFailed):
        kept(tmp_path / "package-1", broken)
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_get_the_same_whole_folder(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=30)
    results: list[Path] = []

    def slowly(folder: Path) -> None:
        filled(folder)
        both.wait()  # neither is ready before the other has begun

    threads = [threading.Thread(target=lambda: results.append(kept(tmp_path / "package-1", slowly))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [tmp_path / "package-1"] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["package-1"]
    assert (tmp_path / "package-1" / "inner" / "module.py").read_text(encoding="utf-8") == "x = 1\n"


def test_times_and_permissions_do_not_depend_on_who_builds(tmp_path: Path) -> None:
    packed = []
    for name, umask in (("a-1", 0o077), ("b-1", 0o000)):
        before = os.umask(umask)
        try:
            folder = kept(tmp_path / name, filled)
        finally:
            os.umask(before)
        packed.append(zipped(folder, tmp_path / f"{name}.zip").read_bytes())
    assert packed[0] == packed[1]


def test_after_a_day_other_digests_of_the_same_name_go_and_other_names_stay(tmp_path: Path) -> None:
    day = folders.KEPT_SECONDS
    for name, age in (("ingest-1", 2 * day), ("ingest-2", day / 2), ("warehouse-1", 2 * day), (".ingest-3.x", 2 * day)):
        (tmp_path / name).mkdir()
        moment = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (moment, moment))
    kept(tmp_path / "ingest-4", filled)
    assert {path.name for path in tmp_path.iterdir()} == {"ingest-2", "ingest-4", "warehouse-1"}


def test_a_digest_changes_with_each_name_each_content_and_each_word(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1", encoding="utf-8")
    two.write_text("2", encoding="utf-8")
    digests = [
        digest(["arm64"], {"a": one, "b": two}),
        digest(["x86_64"], {"a": one, "b": two}),
        digest(["arm64"], {"a": two, "b": one}),
        digest(["arm64"], {"a": one, "c": two}),
    ]
    assert len(set(digests)) == 4
    assert digest(["arm64"], {"b": two, "a": one}) == digests[0]


def test_hidden_and_compiled_files_are_no_input(tmp_path: Path) -> None:
    for name in ("queries/a.sql", "queries/.b.swp", "queries/__pycache__/c.pyc", "queries/.d/e.sql"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(below("queries", root=tmp_path)) == ["queries/a.sql"]


def test_a_package_or_an_architecture_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(BuildFailed, match=r"no package 'ingst'.*console-jobs, ingest, recommendations, warehouse"):
        build("ingst")
    with pytest.raises(BuildFailed, match=r"no architecture 'riscv'.*arm64 or x86_64"):
        build("ingest", "riscv")


def test_where_uv_fails_its_words_the_requirements_and_the_remedy_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tmp_path / "uv"
    failing.write_text("#!/bin/sh\necho 'no such host' >&2\nexit 2\n", encoding="utf-8")
    failing.chmod(0o755)
    monkeypatch.setattr(installing, "uv", lambda: failing)
    with pytest.raises(BuildFailed) as failed:
        build("ingest", python="3.12", target=tmp_path / "lambda")
    assert "cannot be installed: no such host" in failed.value.what
    assert failed.value.where.endswith("infra_cdk/requirements/ingest.txt")
    assert "make lock" in failed.value.remedy
    assert list((tmp_path / "lambda").iterdir()) == []


def test_a_library_that_a_handler_imports_and_the_package_lacks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lambdas, "_install", lambda *_: None)
    with pytest.raises(BuildFailed, match=r"Package warehouse lacks aws_lambda_powertools, .*pyarrow, sqlglot"):
        build("warehouse", target=tmp_path)
