"""A lake's files are listed, read and replaced alike in a folder and in a bucket."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from catalogue.errors import LakeError
from pipeline import objects as of_lake
from pipeline.objects import Bucket, Folder, Objects, opened
from tests.support.objects import in_bucket


@pytest.fixture(params=["folder", "bucket", "bucket below a prefix"])
def objects(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    if request.param == "folder":
        yield opened(str(tmp_path / "a lake"))
        return
    with in_bucket(monkeypatch, "s3://shop/lakes/one/" if "prefix" in request.param else "s3://shop") as found:
        yield found


def test_a_place_is_a_folder_or_a_prefix_of_a_bucket(tmp_path: Path) -> None:
    assert opened("s3://shop") == opened("s3://shop/") == Bucket("shop")
    assert opened("s3://shop/lakes/one") == Bucket("shop", "lakes/one/")
    assert opened("s3://shop/lakes/one/").place == "s3://shop/lakes/one"
    assert opened(str(tmp_path)) == Folder(tmp_path)


def test_files_are_found_with_their_size_and_time(objects: Objects) -> None:
    for name, content in {"raw/a/2": b"22", "raw/a/x/1": b"1", "raw/0": b"", "raws/9": b"9"}.items():
        assert objects.replace(name, content, tag=None)
    assert [(found.name, found.size) for found in objects.found("raw")] == [
        ("raw/0", 0),
        ("raw/a/2", 2),
        ("raw/a/x/1", 1),
    ]
    assert all(abs(found.modified - datetime.now(UTC)) < timedelta(minutes=1) for found in objects.found("raw"))
    folders, files = objects.entries("raw")
    assert (folders, [found.name for found in files]) == (["raw/a"], ["raw/0"])
    assert (objects.found("nothing"), objects.entries("nothing")) == ([], ([], []))


def test_a_file_is_replaced_only_by_who_knows_what_it_holds(objects: Objects) -> None:
    assert objects.stored("state") is None
    assert objects.replace("state", b"1", tag=None)
    assert not objects.replace("state", b"2", tag=None)  # somebody else was first
    first = objects.stored("state")
    assert first is not None
    assert objects.replace("state", b"2", tag=first.tag)
    assert not objects.replace("state", b"3", tag=first.tag)
    assert objects.read("state") == b"2"
    objects.remove(["state", "never there"])
    assert not objects.replace("state", b"4", tag=first.tag)
    with pytest.raises(FileNotFoundError):
        objects.read("state")


def test_the_end_of_a_file_is_read_alone(objects: Objects) -> None:
    objects.replace("raw/a", b"0123456789", tag=None)
    assert (objects.end("raw/a", 3), objects.end("raw/a", 10)) == (b"789", b"0123456789")
    with pytest.raises(FileNotFoundError):
        objects.end("raw/b", 1)


def test_a_write_whose_answer_was_lost_is_known_to_be_written(objects: Objects) -> None:
    assert objects.replace("state", b"1", tag=None)
    assert objects.replace("state", b"1", tag=None)  # the same call, sent again
    assert not objects.replace("state", b"2", tag=None)


def test_a_copy_reads_the_same_files(objects: Objects) -> None:
    objects.replace("one", b"1", tag=None)
    assert pickle.loads(pickle.dumps(objects)).read("one") == b"1"  # noqa: S301


def test_a_bucket_that_is_not_there_is_named_with_the_action(objects: Objects) -> None:
    if isinstance(objects, Bucket):
        with pytest.raises(LakeError, match=r"s3://nowhere.*s3:ListBucket"):
            Bucket("nowhere").found("raw")


def test_what_a_bucket_with_versions_kept_of_a_folder_is_removed_and_nothing_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        of_lake._client.cache_clear()
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="shop")
        s3.put_bucket_versioning(Bucket="shop", VersioningConfiguration={"Status": "Enabled"})
        lake = opened("s3://shop/lake")
        for name in ("raw/1", "raw/2", "raws/1"):
            assert lake.replace(name, b"the person", tag=None)
            stored = lake.stored(name)
            assert stored is not None
            assert lake.replace(name, b"nobody", tag=stored.tag)
        lake.remove(["raw/2"])
        assert lake.remove_former("raw/") == 3
        assert (lake.read("raw/1"), [found.name for found in lake.found("raw")]) == (b"nobody", ["raw/1"])
        left = s3.list_object_versions(Bucket="shop", Prefix="lake/raw/")
        assert [version["Key"] for version in left["Versions"]] == ["lake/raw/1"]
        assert len(s3.list_object_versions(Bucket="shop", Prefix="lake/raws/")["Versions"]) == 2
        assert lake.remove_former("raw/") == 0
    of_lake._client.cache_clear()


def test_a_folder_and_a_bucket_without_versions_keep_nothing_former(objects: Objects) -> None:
    assert objects.replace("raw/1", b"1", tag=None)
    assert objects.remove_former("raw/") == 0
    assert objects.read("raw/1") == b"1"
