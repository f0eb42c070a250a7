"""Rows checked in other processes: the same verdicts, in the same order."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.errors import ImportFailed
from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.contract.shape import Rules
from pipeline.importers import OnlineRetail, Source, core, import_file, import_files
from pipeline.importers.beside import CheckingProcesses, checking_processes
from pipeline.importers.checking import RowChecker
from pipeline.importers.mapped import MappedImporter
from pipeline.importers.mapping import read_mapping
from pipeline.importers.tables import Batch
from pipeline.lake import Lake
from tests.support.raw import records

IMPORTER = MappedImporter(
    read_mapping(
        """
        [columns]
        occurred_at = "Day"
        customer_id = "Who"
        order_id = ["Who", "Day"]
        product_id = "Item"
        quantity = "Qty"
        total = "Amount"
        [constants]
        event_type = "purchase"
        [amounts]
        negative = "refund"
        [event_id]
        columns = ["Day", "Who", "Item"]
        """,
        where="map.toml",
    )
)
HEADER = ["Day", "Who", "Item", "Qty", "Amount"]
RULES = Rules(now=datetime(2026, 3, 2, tzinfo=UTC), retention_days=None, reporting_currency="EUR")
GOOD = ["2026-01-05", "c1", "A1", "3", "10.00"]
ROWS = st.one_of(
    st.just(GOOD),
    st.just(rejected(Reason.MALFORMED_ROW, "Row on line 7 has 2 fields; the header has 5.")),
    st.tuples(
        st.sampled_from(["2026-01-05", "2026-01-06 10:00", "2036-01-01", "1969-01-01", "soon", ""]),
        st.sampled_from(["c1", "c2", "jo@shop.example", "a|b", "x" * 65, "\ud800", "4111111111111111", ""]),
        st.sampled_from(["A1", "A2", "\0", ""]),
        st.sampled_from(["1", "7", "-2", "1.5", "0", "many", "1e400", "NaN", ""]),
        st.sampled_from(["0", "20.99", "-3.50", "0.30000000000000004", "1e12", "NaN", "free", ""]),
    ).map(list),
)


@pytest.fixture(scope="module")
def processes() -> Iterator[CheckingProcesses]:
    with checking_processes(2, IMPORTER, RULES) as started:
        started.begin_file(HEADER, "0" * 64)
        yield started


def batch(rows: list[list[str] | Rejection]) -> Batch:
    return Batch(rows, lambda place: place, lambda _place: b"")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(ROWS, min_size=1, max_size=8), max_size=8))
def test_every_row_has_the_verdict_that_checking_it_here_gives(
    processes: CheckingProcesses, batches: list[list[list[str] | Rejection]]
):
    here = RowChecker(IMPORTER, RULES)
    here.begin_file(HEADER, "0" * 64)
    checked = [answer for _, answer in processes.check_all(map(batch, batches))]
    assert checked == [here.check(rows) for rows in batches]


@pytest.mark.slow
def test_what_is_written_is_the_same_to_the_byte_however_many_processes_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(core, "BATCH_ROWS", 10)
    rows = [f"2026-01-{number % 31 + 1:02},c{number % 40},A{number},{number % 5},{number}.01" for number in range(500)]
    (tmp_path / "orders.csv").write_text("\n".join([",".join(HEADER), *rows]))
    written = []
    for processes in (0, 1, 3):
        lake = Lake.create(tmp_path / f"lake-{processes}")
        report = import_files(
            lake, IMPORTER, [Source(tmp_path / "orders.csv")] * 2, processes=processes, received_at=RULES.now
        )
        assert (report.received, report.accepted, report.duplicates, report.quarantined) == (1000, 400, 400, 200)
        assert report.events > 800  # some totals are two lines
        written.append({name: (lake.root / name).read_bytes() for name in lake.raw_files("raw")})
    assert written[0] == written[1] == written[2]


def test_a_process_that_something_ends_fails_the_import():
    def rows_and_then_the_end_of_the_process() -> Iterator[Batch]:
        for number in range(1000):
            yield batch([GOOD])
            if number == 1:
                for child in set(multiprocessing.active_children()) - others:
                    child.kill()

    others = set(multiprocessing.active_children())
    with checking_processes(1, IMPORTER, RULES) as started:
        started.begin_file(HEADER, "0" * 64)
        with pytest.raises(ImportFailed, match="The process that checks rows ended"):
            list(started.check_all(rows_and_then_the_end_of_the_process()))


@pytest.mark.slow
def test_rows_whose_ids_depend_on_the_rows_before_are_counted_in_order_in_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(core, "PROCESSES_FROM", 0)
    monkeypatch.setattr(core, "BATCH_ROWS", 2)
    row = "536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
    (tmp_path / "a.csv").write_text(",".join(OnlineRetail.columns) + "\n" + row * 9)
    lake = Lake.create(tmp_path / "lake", OnlineRetail.lake_settings)
    assert import_file(lake, OnlineRetail(), tmp_path / "a.csv").accepted == 9
    assert [event["event_id"] for event in records(lake, "raw/events")] == [
        f"536365-85123A-{number}" for number in range(1, 10)
    ]
