"""The daily snapshot of Cost Explorer into a lake without transactions: once, limited, repeatable, and to the cent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from catalogue.errors import ImportFailed, SourceError
from console.aws.clients import SharedClients
from console.aws.paid import PaidClient
from console.finops.billing.daily_snapshot import Taken, take
from console.metering import NoMeter
from pipeline.curate import curate
from pipeline.lake import Lake
from pipeline.objects import Folder
from pipeline.spend import Bill
from tests.support.aws_service import Refused, Service

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
MARCH, FEBRUARY = (f"raw/spend/{Bill('cost_explorer', 'aws', '', f'2026-{month}-01').folder}" for month in ("03", "02"))
USAGE = ("AWS Glue", "USE1-ETL")


@dataclass
class Account:
    """An account whose Glue costs so much on each day, a lake in a folder, and what was asked."""

    root: Path
    costs: dict[date, str] = field(default_factory=dict)
    page_days: int = 1000

    def __post_init__(self) -> None:
        self.service = Service(GetCostAndUsage=self._answer)
        self.objects = Folder(self.root)

    def _answer(self, given: dict[str, Any]) -> dict[str, Any]:
        start, end = (date.fromisoformat(given["TimePeriod"][name]) for name in ("Start", "End"))
        days = sorted(day for day in self.costs if start <= day < end)
        first = int(given.get("NextPageToken", 0))
        daily = given["Granularity"] == "DAILY"
        keys = {"SERVICE": USAGE[0], "USAGE_TYPE": USAGE[1], "LINKED_ACCOUNT": "1", "RECORD_TYPE": "Usage"}
        group = [keys.get(one["Key"], "us-east-1") for one in given["GroupBy"]]
        found = [
            {
                "TimePeriod": {"Start": str(day), "End": str(day + timedelta(days=1))},
                "Groups": [{"Keys": group, "Metrics": {"UnblendedCost": {"Amount": self.costs[day], "Unit": "USD"}}}],
                "Estimated": False,
            }
            for day in days[first : first + self.page_days]
        ]
        more = daily and first + self.page_days < len(days)
        return {"ResultsByTime": found} | ({"NextPageToken": str(first + self.page_days)} if more else {})

    def client(self, most: int) -> PaidClient:
        return PaidClient(
            SharedClients(self.service.session).client("ce"), NoMeter(), Decimal("0.01"), "CE", most_calls=most
        )

    def take(self, now: datetime = NOW, **options: Any) -> Taken | None:
        return take(self.objects, self.client, now, **options)

    @property
    def asked(self) -> int:
        return self.service.times("GetCostAndUsage")

    def files(self) -> dict[str, list[Decimal]]:
        """The billed costs of every file, by its name."""
        return {
            path.relative_to(self.root).as_posix(): pq.read_table(path)["BilledCost"].to_pylist()
            for path in sorted(self.root.rglob("*.parquet"))
        }


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(
        tmp_path / "lake",
        {date(2026, 2, 27): "1.50", date(2026, 3, 8): "0.10", date(2026, 3, 9): "0.000000000001"},
    )


def test_a_snapshot_is_one_file_a_bill_and_curation_counts_every_charge(account: Account) -> None:
    taken = account.take()
    assert taken is not None
    assert (taken.report.rows, taken.snapshot.calls, taken.snapshot.dollars) == (3, account.asked, Decimal("0.03"))
    assert account.files() == {
        f"{FEBRUARY}/charges.parquet": [Decimal("1.500000000000")],
        f"{MARCH}/charges.parquet": [Decimal("0.100000000000"), Decimal("0.000000000001")],
    }
    asked = account.service.given("GetCostAndUsage")[0]["TimePeriod"]
    assert asked == {"Start": "2025-03-01", "End": "2026-03-10"}  # the first one: thirteen bills
    (account.root / "lake.toml").write_text("")
    lake = Lake.open(account.root)
    curate(lake)
    found = [pq.read_table(path)["billed_cost"] for path in account.root.rglob("curated/spend/*/*.parquet")]
    assert sum(cost for column in found for cost in column.to_pylist()) == Decimal("1.600000000001")


def test_a_second_run_on_the_same_day_asks_nothing(account: Account) -> None:
    account.take()
    asked = account.asked
    assert account.take(NOW + timedelta(hours=17)) is None
    assert account.asked == asked


def test_the_next_day_brings_the_restated_days_and_leaves_an_equal_bill_alone(account: Account) -> None:
    account.take()
    february = account.root / FEBRUARY / "charges.parquet"
    written = february.stat().st_mtime_ns
    account.costs |= {date(2026, 3, 9): "0.25", date(2026, 3, 10): "0.30"}
    taken = account.take(NOW + timedelta(days=1))
    assert taken is not None
    changed = {kept.bill.period: (kept.rows, kept.replaced, kept.changed) for kept in taken.report.bills}
    assert changed == {"2026-02-01": (1, 1, False), "2026-03-01": (3, 2, True)}
    assert february.stat().st_mtime_ns == written
    assert sum(account.files()[f"{MARCH}/charges.parquet"]) == Decimal("0.65")
    assert len(account.files()) == 2
    assert account.service.given("GetCostAndUsage")[-1]["TimePeriod"] == {"Start": "2026-02-01", "End": "2026-03-11"}


def test_a_bill_that_another_lake_named_otherwise_is_replaced_under_its_name(account: Account) -> None:
    account.take()
    for name in ("0123456789abcdef", "fedcba9876543210"):
        (account.root / MARCH / f"{name}.parquet").write_bytes((account.root / MARCH / "charges.parquet").read_bytes())
    (account.root / MARCH / "charges.parquet").unlink()
    account.costs[date(2026, 3, 10)] = "7"
    account.take(NOW + timedelta(days=1))
    assert set(account.files()) == {f"{FEBRUARY}/charges.parquet", f"{MARCH}/0123456789abcdef.parquet"}
    assert sum(account.files()[f"{MARCH}/0123456789abcdef.parquet"]) == Decimal("7.100000000001")


def test_every_page_is_read_and_counted(account: Account) -> None:
    account.page_days = 1
    taken = account.take()
    assert taken is not None
    assert (taken.report.rows, taken.snapshot.calls) == (3, 5)


@pytest.mark.slow
def test_a_throttled_request_is_tried_again(account: Account) -> None:
    account.service.refuse("GetCostAndUsage", Refused("ThrottlingException", "Rate exceeded", 400))
    taken = account.take()
    assert taken is not None
    assert (taken.report.rows, taken.snapshot.calls, account.asked) == (3, 3, 4)


def test_a_refusal_names_the_action_and_leaves_the_bills(account: Account) -> None:
    account.take()
    before = account.files()
    account.service.refuse("GetCostAndUsage", Refused("AccessDeniedException", "no", 400))
    with pytest.raises(SourceError, match=r"denied access to ce:GetCostAndUsage.*Allow ce:GetCostAndUsage"):
        account.take(NOW + timedelta(days=1))
    assert account.files() == before
    assert account.take(NOW + timedelta(days=1)) is not None  # tried again on the same day


def test_the_requests_of_a_day_are_limited_whoever_failed_before(account: Account) -> None:
    account.page_days = 1
    with pytest.raises(SourceError, match="more than the 4 requests"):
        account.take(most_requests=4)
    assert (account.asked, account.files()) == (4, {})
    with pytest.raises(SourceError, match=r"The 4 requests of 2026-03-10 are used up.*next day"):
        account.take(most_requests=4)
    assert account.asked == 4
    assert account.take(NOW + timedelta(days=1), most_requests=5) is not None


def test_a_killed_run_counts_as_all_the_requests_it_could_make(account: Account) -> None:
    class Killed(BaseException):
        pass

    def client(most: int) -> PaidClient:
        raise Killed  # after the note, before the first request

    with pytest.raises(Killed):
        take(account.objects, client, NOW)
    with pytest.raises(SourceError, match="used up"):
        account.take()
    assert account.asked == 0


def test_two_runs_at_once_do_not_mix_one_of_them_fails(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.take()
    account.costs[date(2026, 3, 10)] = "7"
    replace: Callable[..., bool] = Folder.replace

    def overtaken(self: Folder, name: str, content: bytes, *, tag: str | None) -> bool:
        if name.startswith(MARCH):
            (self.root / name).write_bytes(b"another one's")
        return replace(self, name, content, tag=tag)

    monkeypatch.setattr(Folder, "replace", overtaken)
    with pytest.raises(ImportFailed, match=r"aws 2026-03-01 \(cost_explorer\) was replaced by another process"):
        account.take(NOW + timedelta(days=1))
