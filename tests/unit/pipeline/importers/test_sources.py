"""Several files in one import: named, in folders, and in a bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from catalogue.errors import ImportFailed
from pipeline.importers import OnlineRetail, Source, import_files
from pipeline.importers.sources import find_sources
from pipeline.lake import Lake
from tests.support.raw import records

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def row(invoice: int) -> str:
    return f"{invoice},85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,France"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files with one good row each and a refused one in the second, and a hidden file."""
    inside = tmp_path / "orders"
    (inside / "2026").mkdir(parents=True)
    (inside / "a.csv").write_text(f"{HEADER}\n{row(1)}\n")
    (inside / "2026" / "b.csv").write_text(f"{HEADER}\n{row(2)}\n{row(1)}\nshort\n")
    (inside / ".DS_Store").write_text("hidden")
    return inside


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "eu-west-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        client = boto3.client("s3", region_name="eu-west-1")
        client.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


def test_the_files_of_a_folder_are_one_import_and_an_id_seen_in_an_earlier_file_is_a_duplicate(
    folder: Path, tmp_path: Path
):
    # OnlineRetail counts equal lines of a file, so that the same row of another file has the same id
    lake = Lake.create(tmp_path / "lake", OnlineRetail.lake_settings)
    done: list[tuple[int, int]] = []
    sources = find_sources([str(folder / "a.csv"), str(folder / "2026")], tmp_path)
    report = import_files(lake, OnlineRetail(), sources, progress=lambda *step: done.append(step))
    assert (report.received, report.accepted, report.duplicates, report.quarantined) == (4, 2, 1, 1)
    assert report.first_refusals == ["b.csv:4: Row on line 4 has 1 fields; the header has 8."]
    assert report.file == f"{folder / 'a.csv'} and 1 more file"
    assert done[-1][0] == done[-1][1] == sum(path.stat().st_size for path in (folder / "a.csv", folder / "2026/b.csv"))
    assert len(lake.raw_files("raw/events")) == 1


def test_a_file_that_cannot_be_read_leaves_nothing_of_the_files_before_it(folder: Path, tmp_path: Path):
    (folder / "z.csv").write_text("Invoice\n1\n")
    lake = Lake.create(tmp_path / "lake", OnlineRetail.lake_settings)
    with pytest.raises(ImportFailed, match=r"no column 'InvoiceNo'.*z\.csv:1"):
        import_files(lake, OnlineRetail(), find_sources([str(folder)], tmp_path))
    assert lake.raw_files("raw") == []


def test_files_of_a_folder_come_in_the_order_of_their_names_without_hidden_ones(folder: Path, tmp_path: Path):
    assert find_sources([str(folder)], tmp_path) == [
        Source(folder / "2026/b.csv", "2026/b.csv"),
        Source(folder / "a.csv", "a.csv"),
    ]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImportFailed, match="There is no file in this folder"):
        find_sources([str(tmp_path / "empty")], tmp_path)


def test_the_objects_below_a_prefix_are_imported_and_a_refused_row_names_its_object(bucket: Any, tmp_path: Path):
    bucket.put_object(Bucket="exports", Key="orders/2026/a.csv", Body=f"{HEADER}\n{row(1)}\n".encode())
    long_name = "ü" * 300 + ".csv"  # longer than the name of a file may be
    bucket.put_object(
        Bucket="exports", Key=f"orders/2026/sub/{long_name}", Body=f"{HEADER}\n{row(2)}\nshort\n".encode()
    )
    bucket.put_object(Bucket="exports", Key="orders/2026/done/", Body=b"")
    bucket.put_object(Bucket="exports", Key="refunds/2026/a.csv", Body=b"other")
    lake = Lake.create(tmp_path / "lake", OnlineRetail.lake_settings)
    report = import_files(lake, OnlineRetail(), find_sources(["s3://exports/orders/2026/"], tmp_path / "scratch"))
    assert (report.received, report.accepted) == (3, 2)
    assert report.first_refusals == [
        f"s3://exports/orders/2026/sub/{long_name}:3: Row on line 3 has 1 fields; the header has 8."
    ]
    assert report.file == "s3://exports/orders/2026/a.csv and 1 more file"
    with pytest.raises(ImportFailed, match=r"no column 'InvoiceNo'.* \(s3://exports/refunds/2026/a\.csv:1\)"):
        import_files(lake, OnlineRetail(), find_sources(["s3://exports/refunds/"], tmp_path / "again"))


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("s3://", r"No bucket is named"),
        ("s3://exports/nothing", r"no object with this prefix \(s3://exports/nothing\)"),
        ("s3://absent/orders", r"bucket cannot be read: .*NoSuchBucket.*s3:ListBucket"),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_cannot_be_read_is_refused_by_name(tmp_path: Path, url: str, what: str):
    with pytest.raises(ImportFailed, match=what):
        find_sources([url], tmp_path)


def test_a_file_name_that_is_no_text_is_kept_readable_beside_a_refused_row(tmp_path: Path):
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / os.fsdecode(b"caf\xe9.csv")).write_text(f"{HEADER}\nshort\n")
    lake = Lake.create(tmp_path / "lake", OnlineRetail.lake_settings)
    import_files(lake, OnlineRetail(), find_sources([str(tmp_path / "orders")], tmp_path))
    assert [line["origin"] for line in records(lake, "raw/quarantine")] == ["caf\\udce9.csv:2"]
