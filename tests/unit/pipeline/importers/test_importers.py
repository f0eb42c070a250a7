"""What all importers share: streaming, line numbers, quarantine, and all or nothing."""

from __future__ import annotations

import base64
import gzip
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.errors import ImportFailed, LakeError
from pipeline.contract.rejections import Reason, Rejection
from pipeline.importers import ImportReport, OnlineRetail, Rees46, import_file, parts
from pipeline.importers import core as import_core
from pipeline.importers.opening import open_table
from pipeline.lake import Lake
from tests.support.paths import ROOT
from tests.support.raw import records

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
ROW = "536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "lake", OnlineRetail.lake_settings)


def bring(lake: Lake, path: Path, content: bytes | str, importer: Any = None) -> ImportReport:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return import_file(lake, importer or OnlineRetail(), path, received_at=NOW)


def test_a_row_becomes_one_canonical_event(lake: Lake, tmp_path: Path):
    report = bring(lake, tmp_path / "a.csv", f"{HEADER}\n{ROW}\n")
    assert records(lake, "raw/events") == [
        {
            "event_id": "536365-85123A-1",
            "event_type": "purchase",
            "occurred_at": "2010-12-01T08:26:00Z",
            "customer_id": "17850",
            "product_id": "85123A",
            "quantity": 6,
            "unit_price": "2.5500",
            "currency": "GBP",
            "order_id": "536365",
            "channel": "online",
            "region": "United Kingdom",
            "product": {"name": "HEART HOLDER"},
            "received_at": "2026-03-02T12:00:00Z",
            "source": "import",
        }
    ]
    assert (report.received, report.accepted, report.duplicates, report.quarantined) == (1, 1, 0, 0)
    assert lake.raw_files("raw/events") == [f"raw/events/imports/{report.import_id}/part-00000.jsonl.zst"]
    assert lake.raw_files("raw/quarantine") == []


def test_a_byte_order_mark_crlf_blank_lines_and_quoted_breaks_are_understood(lake: Lake, tmp_path: Path):
    quoted = ROW.replace("HEART HOLDER", '"HEART, BIG\r\nHOLDER"')
    text = f"\ufeff{HEADER}\r\n{quoted}\r\n\r\nshort,row\r\n{ROW}"
    report = bring(lake, tmp_path / "a.csv", text)
    events = records(lake, "raw/events")
    assert [event["product"]["name"] for event in events] == ["HEART, BIG\r\nHOLDER", "HEART HOLDER"]
    assert [event["event_id"] for event in events] == ["536365-85123A-1", "536365-85123A-2"]
    assert [line["origin"] for line in records(lake, "raw/quarantine")] == ["a.csv:5"]
    assert report.received == 3


def test_a_refused_row_keeps_its_bytes_its_reason_and_its_line(lake: Lake, tmp_path: Path):
    bad = [
        "536365,85123A,HEART HOLDER,6",
        f"{ROW},one more",
        ROW.replace(",6,", ",six,"),
        ROW.replace("2.55", "99999999999999999"),
        ROW.replace("2010-12-01", "2010-13-01"),
        ROW.replace("17850.0", "jo@example.com"),
        ROW.replace(",6,", ",0,"),
    ]
    report = bring(lake, tmp_path / "a.csv", "\n".join([HEADER, ROW, *bad]) + "\n")
    refused = records(lake, "raw/quarantine")
    assert [base64.b64decode(line["record"]).decode() for line in refused] == bad
    assert [(line["origin"], line["reason"]) for line in refused] == [
        ("a.csv:3", "malformed_row"),
        ("a.csv:4", "malformed_row"),
        ("a.csv:5", "invalid_value"),
        ("a.csv:6", "out_of_range"),
        ("a.csv:7", "invalid_value"),
        ("a.csv:8", "personal_data"),
        ("a.csv:9", "out_of_range"),
    ]
    assert refused[0]["detail"] == "Row on line 3 has 4 fields; the header has 8."
    assert report.received == report.accepted + report.duplicates + report.quarantined == 8
    assert report.reasons == {"malformed_row": 2, "invalid_value": 2, "out_of_range": 2, "personal_data": 1}
    assert report.first_refusals[0] == "a.csv:3: Row on line 3 has 4 fields; the header has 8."


def test_the_same_file_again_is_the_same_events_under_another_import_id(lake: Lake, tmp_path: Path):
    first = bring(lake, tmp_path / "a.csv", f"{HEADER}\n{ROW}\n")
    second = bring(lake, tmp_path / "renamed.csv", f"{HEADER}\n{ROW}\n")
    assert second.import_id == f"{first.import_id}-2"
    one, two = records(lake, "raw/events")
    assert one == two


def test_a_gzip_file_is_known_by_its_bytes_and_gives_the_same_event_ids(lake: Lake, tmp_path: Path):
    bring(lake, tmp_path / "a.csv", gzip.compress(f"{HEADER}\n{ROW}\n".encode()))
    assert [event["event_id"] for event in records(lake, "raw/events")] == ["536365-85123A-1"]


TABLE = f"{HEADER}\n" + f"{ROW}\n" * 5000


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.csv", b"", r"The file is empty \(.*a\.csv\)\. Download"),
        ("a.csv", b"\n\n", r"The file has no header"),
        ("a.csv.gz", TABLE.encode(), r"ends in \.gz, but the file is not gzip"),
        ("a.csv.gz", gzip.compress(TABLE.encode(), mtime=0)[:-20], r"gzip stream is damaged.*a\.csv\.gz:\d+\)"),
        ("a.csv.gz", gzip.compress(TABLE.encode(), mtime=0)[:300] + b"\0" * 900, r"gzip stream is damaged"),
        ("a.csv", b"PK\x03\x04 zip", r"This is a ZIP archive, not a table .*Unpack it"),
        ("a.csv", b"PAR1 not really", r"Parquet file is damaged"),
        ("a.csv", f"{TABLE}{ROW}".encode() + b"\xa3\n", r"Byte 0xa3 is not utf-8 text \(.*a\.csv:5002\)\. Convert"),
        ("a.csv", HEADER.replace("Country", "Nation") + "\n", r"no column 'Country' .*Expected: .*Found: .*Nation"),
        ("a.csv", HEADER + ",Country\n", r"Column 'Country' is named twice"),
        (
            "a.csv",
            ",".join(Rees46.columns) + "\n",
            r"columns are those of rees46: use `python -m pipeline import rees46",
        ),
        ("a.csv", f'{TABLE}"open {TABLE}{TABLE}', r"A field does not end \(.*a\.csv:5002\)\. Close the quote"),
        ("a.csv", HEADER + "\n" + "x" * 1_100_000, r"A line is longer than 1048576 bytes \(.*a\.csv:2\)"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing(
    lake: Lake, tmp_path: Path, name: str, content: bytes | str, what: str
):
    with pytest.raises(ImportFailed, match=what):
        bring(lake, tmp_path / name, content)
    assert lake.raw_files("raw") == []
    assert lake.raw_files(".staging") == []


def test_a_missing_file_and_a_folder_are_refused_by_name(lake: Lake, tmp_path: Path):
    with pytest.raises(ImportFailed, match=r"There is no such file \(.*none\.csv\)"):
        import_file(lake, OnlineRetail(), tmp_path / "none.csv")
    with pytest.raises(ImportFailed, match=r"This is a folder"):
        import_file(lake, OnlineRetail(), tmp_path)


def test_a_header_without_rows_imports_nothing_and_says_so(lake: Lake, tmp_path: Path):
    assert bring(lake, tmp_path / "a.csv", HEADER).received == 0
    assert lake.raw_files("raw") == []


def test_an_import_that_is_interrupted_leaves_nothing(lake: Lake, tmp_path: Path):
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a.csv").write_text(TABLE)
    with pytest.raises(KeyboardInterrupt):
        import_file(lake, OnlineRetail(), tmp_path / "a.csv", progress=interrupt)
    assert lake.raw_files("raw") == []


def test_an_import_waits_for_no_other_writer(lake: Lake, tmp_path: Path):
    with lake.writing(), pytest.raises(LakeError, match="Another process is writing"):
        bring(lake, tmp_path / "a.csv", TABLE)


def test_progress_ends_at_the_size_of_the_file(lake: Lake, tmp_path: Path):
    seen: list[tuple[int, int]] = []
    (tmp_path / "a.csv").write_text(TABLE)
    import_file(lake, OnlineRetail(), tmp_path / "a.csv", progress=lambda done, total: seen.append((done, total)))
    size = len(TABLE)
    assert len(seen) == 2
    assert all(done <= total == size for done, total in seen)
    assert seen[-1] == (size, size)


def test_a_long_import_is_written_in_parts_and_no_record_is_lost(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parts, "PART_RECORDS", 20)
    monkeypatch.setattr(import_core, "BATCH_ROWS", 10)
    report = bring(lake, tmp_path / "a.csv", f"{HEADER}\n" + f"{ROW}\n" * 55)
    assert [Path(name).name for name in lake.raw_files("raw/events")] == [
        f"part-0000{number}.jsonl.zst" for number in range(3)
    ]
    assert len({event["event_id"] for event in records(lake, "raw/events")}) == report.accepted == 55


def test_a_process_killed_in_the_middle_of_an_import_leaves_nothing(lake: Lake, tmp_path: Path):
    (tmp_path / "a.csv").write_text(TABLE)
    program = (
        "import os, signal, sys; from pipeline.importers import OnlineRetail, import_file;"
        "from pipeline.lake import Lake;"
        "kill = lambda done, total: os.kill(os.getpid(), signal.SIGKILL);"
        "import_file(Lake.open(sys.argv[1]), OnlineRetail(), sys.argv[2], progress=kill)"
    )
    root = ROOT
    done = subprocess.run([sys.executable, "-c", program, lake.root, tmp_path / "a.csv"], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert lake.raw_files("raw") == []
    assert bring(lake, tmp_path / "b.csv", TABLE).accepted == 5000


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([b"a", b",", b'"', b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\xc3\xa9", b"\xff", b"\0"]))
)
def test_any_bytes_are_rows_with_rising_line_numbers_or_a_named_failure(tmp_path: Path, pieces: list[bytes]):
    path = tmp_path / "any.csv"
    path.write_bytes(b"".join(pieces))
    starts: list[int] = []
    with suppress(ImportFailed), open_table(path) as table:
        for batch in table.batches(2):
            for place, row in enumerate(batch.rows):
                starts.append(batch.line(place))
                assert batch.original(place)
                assert isinstance(row, Rejection) or len(row) == len(table.header)
    assert starts == sorted(set(starts))
    assert all(2 <= start <= path.read_bytes().count(b"\n") + 1 for start in starts)


def test_the_page_about_importing_names_every_reason():
    page = (ROOT / "docs/importing.md").read_text(encoding="utf-8")
    assert [reason for reason in Reason if f"`{reason}`" not in page] == []
