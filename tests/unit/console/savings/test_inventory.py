"""What a laptop has to judge: the lake folder's own files, the sample's stack as its bill has it, and kept answers."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalogue.errors import SourceError
from console.finops.pricing import price_book
from console.savings import sample
from console.savings.cached import CachedInventory
from console.savings.checks import CHECKS, files, run
from console.savings.embedded import EmbeddedInventory, stored_tables
from console.savings.facts import BilledUsage
from console.savings.inventory import Inventory, Read, Unread
from tests.support.saving_facts import NOW, PRICES, gateway, inventory, stream

D = Decimal


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_the_tables_of_a_folder_are_counted_by_partition(tmp_path: Path) -> None:
    put(tmp_path / "curated/orders/2026-03/data.parquet", b"x" * 100)
    put(tmp_path / "curated/orders/2026-04/data.parquet", b"x" * 50)
    put(tmp_path / "curated/products/data.parquet", b"x" * 7)
    put(tmp_path / "curated/state.json", b"{}")
    for minute in range(5):
        put(tmp_path / f"raw/events/dt=2026-03-01/hour=10/{minute}.jsonl.gz", gzip.compress(b"{}"))
    put(tmp_path / "raw/events/dt=2026-03-02/hour=00/0.jsonl.gz", b"x")
    found = {table.name: table for table in stored_tables(tmp_path)}
    assert set(found) == {"orders", "products", "raw_events"}
    orders = found["orders"]
    assert (orders.partition, orders.partitions, orders.files, orders.bytes) == ("order_date", 2, 2, 150)
    assert (found["products"].partition, found["products"].files_needed) == ("", 1)
    raw = found["raw_events"]
    assert (raw.files, raw.files_needed, raw.is_compressed, raw.is_columnar) == (6, 2, True, False)


def test_a_partition_larger_than_the_target_needs_more_than_one_file(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("console.savings.checks.files.TARGET_BYTES", 100)
    for number in range(3):
        put(tmp_path / f"raw/events/dt=2026-03-01/{number}.jsonl.gz", b"x" * 67)
    assert [table.files_needed for table in stored_tables(tmp_path)] == [3]  # 201 bytes


def test_loose_text_is_named_with_what_a_sample_of_it_compresses_to(tmp_path: Path) -> None:
    put(tmp_path / "raw/events/dt=2026-03-01/a.jsonl", b'{"event_type": "product_view"}\n' * 10_000)
    table = stored_tables(tmp_path)[0]
    assert table.is_compressed is False
    assert table.compressed_share is not None
    assert table.compressed_share < D("0.05")


def test_a_laptop_judges_its_files_and_says_that_there_is_no_account(tmp_path: Path) -> None:
    for minute in range(200):
        put(tmp_path / f"raw/events/dt=2026-03-01/hour=10/{minute}.jsonl.gz", b"x")
    inventory = EmbeddedInventory(tmp_path, now=lambda: NOW).inventory()
    assert not inventory.is_sample
    checked = {check.check: check for check in run(inventory, PRICES)}
    small = checked["files"].findings
    assert [(finding.title, finding.monthly) for finding in small] == [
        ("raw_events has 200 files where 1 would do", None)
    ]
    judged = {name for name, check in checked.items() if check.is_judged}
    assert judged == {"files"}
    assert {m.reason for check in checked.values() for m in check.missing} == {
        "this console runs without an AWS account"
    }


def test_an_empty_folder_has_no_tables(tmp_path: Path) -> None:
    assert stored_tables(tmp_path) == []


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "glob", refuse)
    with pytest.raises(SourceError, match="Permission denied"):
        stored_tables(tmp_path)


# The sample's stack

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
EVERY_DAY = {
    "USE1-Storage-ShardHour": "48",
    "PutRequestPayloadUnits": "2000000",
    "USE1-ServerlessUsage": "3.2",
    "DataScannedInTB": "0.17",
    "TimedStorage-ByteHrs": "3.225806",  # 100 GB-months of March ÷ 31
    "DataProcessing-Bytes": "0.32",
    "USE1-Lambda-GB-Second-ARM": "5400",
    "NatGateway-Bytes": "1.43",
    "RequestV2-Tier1": "250000",
    "Crawler-DPU-Hour": "0.333333",
    "ReadRequestUnits": "170000",
    "WriteRequestUnits": "160000",
}


def sample_bill() -> BilledUsage:
    rows = [
        {"charge_date": FIRST + timedelta(days=number), "usage_type": name, "quantity": D(quantity)}
        for number in range((LAST - FIRST).days + 1)
        for name, quantity in EVERY_DAY.items()
    ]
    return BilledUsage(rows, FIRST, LAST)


def test_the_sample_s_stack_uses_what_its_bill_charges() -> None:
    stack = sample.inventory(sample_bill())
    assert stack.is_sample
    assert (stack.period.start, stack.period.end, stack.taken_at.date()) == (
        date(2026, 3, 4),
        date(2026, 4, 1),
        date(2026, 4, 1),
    )
    events = stack.streams.items[0]
    assert (events.shards, len(events.hours)) == (2, 28 * 24)
    assert sum(hour.records_in for hour in events.hours) == 28 * 2_000_000
    assert sum(hour.rpu_seconds for hour in stack.warehouses.items[0].hours) == 28 * D("3.2") * 3600
    lake = stack.buckets.items[0]
    assert lake.standard_bytes == pytest.approx(100 * 10**9, rel=1e-5)
    assert sum(function.duration for function in stack.functions.items) == 28 * 5400 * 1024 / D(512)
    assert stack.nat_gateways.items[0].bytes_processed == 28 * 1_430_000_000
    assert stack.web_acls.items[0].requests == 28 * 250_000
    assert stack.crawlers.items[0].dpu_hours == 28 * D("0.333333")
    table = stack.capacity_tables.items[0]
    assert sum(hour.writes for hour in table.hours) == 28 * 160_000
    assert sum(hour.reads for hour in table.hours) == 28 * 170_000
    assert sum(sample.HOURLY_SHARE) == 100


def test_no_saving_of_the_sample_is_larger_than_what_its_bill_charges_for_it() -> None:
    charged = {  # a month, at the price book's prices
        "streams": D(48) * D("30.42") * D("0.015"),
        "warehouse": D("3.2") * D("30.42") * D("0.375"),
        "queries": D("0.17") * D("30.42") * 5,
        "crawlers": D("0.333333") * D("30.42") * D("0.44"),
        "storage": D("2.3"),
        "functions": D(5400) * D("30.42") * D("0.0000133334"),
    }
    saved = dict.fromkeys(charged, D(0))
    for check in run(sample.inventory(sample_bill()), price_book.load()):
        for finding in check.findings:
            if check.check in charged:
                saved[check.check] += finding.monthly or 0
    assert all(0 < saved[name] < charged[name] for name in charged if name != "storage"), saved


def test_the_sample_says_that_its_account_is_not_enrolled() -> None:
    checked = run(sample.inventory(sample_bill()), price_book.load())
    assert [check.check for check in checked if not check.is_judged] == ["recommended"]
    assert len(checked) == len(CHECKS)


def test_a_sample_without_a_bill_is_judged_as_any_lake(tmp_path: Path) -> None:
    assert not EmbeddedInventory(tmp_path, lambda: None, now=lambda: NOW).inventory().is_sample


# Kept answers


class Counts:
    """An account that counts how often it is read."""

    def __init__(self) -> None:
        self.times = 0

    def inventory(self) -> Inventory:
        self.times += 1
        facts: Any = {"streams": [stream(1)], "nat_gateways": [gateway(1, destinations={"s3": 2})]}
        return inventory(**facts, crawlers=Read[Any](missing=(Unread("crawlers", f"reading {self.times}"),)))


def test_an_account_is_read_once_a_day_and_again_when_the_clock_was_set_back() -> None:
    account, clock = Counts(), [NOW]
    kept = CachedInventory(account, now=lambda: clock[0])
    assert kept.inventory() is kept.inventory()
    clock[0] = NOW + timedelta(hours=24) - timedelta(seconds=1)
    kept.inventory()
    assert account.times == 1
    clock[0] = NOW + timedelta(hours=24)
    kept.inventory()
    assert account.times == 2
    clock[0] = NOW
    kept.inventory()
    assert account.times == 3  # a clock set back


def test_an_account_is_read_for_whoever_asks_when_it_has_to_be_read_and_kept_for_all() -> None:
    ann, bob, clock = Counts(), Counts(), [NOW]
    kept = CachedInventory(Counts(), now=lambda: clock[0])
    assert kept.read_by(ann).inventory() is kept.read_by(bob).inventory() is kept.inventory()
    clock[0] = NOW + timedelta(hours=24)
    kept.read_by(bob).inventory()
    assert (ann.times, bob.times) == (1, 1)


def test_the_target_of_a_file_is_what_aws_recommends() -> None:
    assert files.TARGET_BYTES == 134_217_728
