"""Curation of charges: bills replaced whole, the best source counted, marts that add up, tags of every kind."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalogue.binding import Statement
from catalogue.errors import ImportFailed
from console.asking.engines.duckdb import DuckDbEngine
from console.finops.billing.charge_rows import SCHEMA
from pipeline.lake import RAW_SPEND
from pipeline.spend import import_charges
from pipeline.spend.account import account
from tests.support.given import Given

MARTS = ("daily_spend", "daily_spend_resources")


def charge(day: str, cost: str = "1", **fields: Any) -> dict[str, Any]:
    """A charge row with what a test does not say filled in; the bill is the month of its day."""
    start = datetime.fromisoformat(day)
    amounts = dict.fromkeys(("billed_cost", "effective_cost", "list_cost", "contracted_cost"), Decimal(cost))
    given: dict[str, Any] = {
        "billing_currency": "USD",
        "billing_account_id": "1",
        "billing_period_start": start.replace(day=1),
        "charge_period_start": start,
        "charge_category": "Usage",
        "provider_name": "AWS",
        "service_name": "Amazon Athena",
    }
    return amounts | given | fields


def bring(given: Given, *rows: dict[str, Any], source: str = "focus") -> Given:
    """Import rows as one import of a source, and curate."""
    batch = pa.RecordBatch.from_pylist([row | {"source": source} for row in rows], SCHEMA)
    import_charges(given.lake, source, [batch])
    given.curate()
    found = account(given.lake)
    assert found.holds, found
    return given


def costs(given: Given, table: str = "spend") -> dict[tuple[date, str], Decimal]:
    """Billed cost by day and service."""
    found: dict[tuple[date, str], Decimal] = {}
    for row in given.rows(table, "charge_date", "service_name", "billed_cost"):
        key = (row["charge_date"], row["service_name"])
        found[key] = found.get(key, Decimal(0)) + row["billed_cost"]
    return found


@pytest.fixture
def given(tmp_path: Path) -> Given:
    return Given(tmp_path)


def test_charges_are_kept_as_they_are_and_summed_by_day(given: Given):
    bring(given, charge("2026-03-05", "0.1"), charge("2026-03-05", "0.1"), charge("2026-03-06", "-2"))
    athena = "Amazon Athena"
    assert costs(given) == {(date(2026, 3, 5), athena): Decimal("0.2"), (date(2026, 3, 6), athena): Decimal(-2)}
    assert [costs(given, mart) for mart in MARTS] == [costs(given)] * 2
    assert given.column("daily_spend", "charges") == [1, 2]
    assert [str(day) for day in given.days("spend")] == ["2026-03-05", "2026-03-06"]


def test_a_bill_imported_again_takes_the_place_of_the_one_before_in_every_table(given: Given):
    tagged = {"tags": '{"team": "web"}', "resource_id": "r1"}
    bring(given, charge("2026-03-05", "5", **tagged), charge("2026-03-09", "9", **tagged), charge("2026-04-01", "1"))
    bring(given, charge("2026-03-05", "6", service_name="AWS Glue"))
    assert costs(given) == {(date(2026, 3, 5), "AWS Glue"): Decimal(6), (date(2026, 4, 1), "Amazon Athena"): Decimal(1)}
    assert [costs(given, mart) for mart in MARTS] == [costs(given)] * 2
    assert given.rows("daily_spend_tags") == []
    assert given.days("spend") == [date(2026, 3, 5), date(2026, 4, 1)]  # no file is left of the day that is gone


def test_an_answer_about_the_bill_is_as_new_as_the_last_bill_brought_in(given: Given):
    batch = pa.RecordBatch.from_pylist([charge("2026-03-01") | {"source": "focus"}], SCHEMA)
    import_charges(given.lake, "focus", [batch])
    (name,) = given.lake.raw_files(RAW_SPEND)
    came_in = datetime(2026, 4, 2, 5, tzinfo=UTC)
    os.utime(given.lake.root / name, (came_in.timestamp(),) * 2)
    given.curate()
    assert given.state()["data_as_of"] is None  # the shop has no event
    assert given.state()["bills_as_of"] == "2026-04-02T05:00:00Z"
    engine = DuckDbEngine(given.lake.root)
    of_bill = engine.run(Statement("q", "", "select 1 as one from daily_spend", "duckdb", frozenset({"daily_spend"})))
    assert of_bill.statistics.data_as_of == came_in
    of_shop = engine.run(Statement("q", "", "select 1 as one from daily_sales", "duckdb", frozenset({"daily_sales"})))
    assert of_shop.statistics.data_as_of is None


def test_a_file_with_several_bills_replaces_each_of_them_and_no_other(given: Given):
    bring(given, charge("2026-02-05", "2"), charge("2026-03-05", "3"), charge("2026-04-05", "4"))
    bring(given, charge("2026-03-05", "30"), charge("2026-04-05", "40"))
    assert [row["billed_cost"] for row in given.rows("spend", "charge_date", "billed_cost")] == [2, 30, 40]


def test_a_charge_of_another_month_belongs_to_its_bill_not_to_its_day(given: Given):
    # a correction of February on the bill of March: it goes with the bill of March
    march = datetime(2026, 3, 1)
    bring(
        given,
        charge("2026-02-05", "2"),
        charge("2026-02-05", "-1", billing_period_start=march),
        charge("2026-03-01", "3"),
    )
    bring(given, charge("2026-03-01", "30"))
    assert costs(given) == {
        (date(2026, 2, 5), "Amazon Athena"): Decimal(2),
        (date(2026, 3, 1), "Amazon Athena"): Decimal(30),
    }


def test_the_bills_of_two_payers_stand_beside_each_other(given: Given):
    bring(given, charge("2026-03-05", "1", billing_account_id="1"))
    bring(given, charge("2026-03-05", "2", billing_account_id="2"))
    assert costs(given) == {(date(2026, 3, 5), "Amazon Athena"): Decimal(3)}


def test_the_same_bill_imported_twice_changes_nothing(given: Given):
    rows = [charge("2026-03-05", "1"), charge("2026-03-06", "2")]
    bring(given, *rows)
    before, state = given.files(), given.state()
    batch = pa.RecordBatch.from_pylist([row | {"source": "focus"} for row in rows], SCHEMA)
    report = import_charges(given.lake, "focus", [batch])
    given.curate()
    assert (report.changed, [kept.replaced for kept in report.bills]) == (False, [2])
    assert given.files() == before
    assert given.state() == state


def test_the_best_source_of_a_period_counts_and_gives_it_back_when_it_goes(given: Given):
    bring(given, charge("2026-03-05", "1"), charge("2026-04-05", "1"), source="sample")
    bring(given, charge("2026-03-05", "2", billing_account_id=None), source="cost_explorer")
    assert [row["source"] for row in given.rows("spend", "charge_date", "source")] == ["cost_explorer", "sample"]
    bring(given, charge("2026-03-06", "3"), source="cur")
    assert given.rows("daily_spend", "charge_date", "source", "billed_cost") == [
        {"charge_date": date(2026, 3, 6), "source": "cur", "billed_cost": 3},
        {"charge_date": date(2026, 4, 5), "source": "sample", "billed_cost": 1},
    ]
    bring(given, charge("2026-03-07", "4"), source="focus")
    bring(
        given, charge("2026-03-05", "2.5", billing_account_id=None), source="cost_explorer"
    )  # a snapshot changes nothing now
    assert costs(given)[date(2026, 3, 7), "Amazon Athena"] == 4
    assert len(costs(given)) == 2
    for path in (given.lake.root / RAW_SPEND / "focus").rglob("*.parquet"):
        path.unlink()
    given.curate()
    assert account(given.lake).holds
    assert [row["source"] for row in given.rows("spend", "charge_date", "source")] == ["cur", "sample"]


def test_another_provider_is_left_alone(given: Given):
    bring(given, charge("2026-03-05", "1"), charge("2026-03-05", "2", provider_name="Microsoft", service_name="VM"))
    bring(given, charge("2026-03-05", "5"))
    assert costs(given) == {(date(2026, 3, 5), "Amazon Athena"): 5, (date(2026, 3, 5), "VM"): 2}


def test_a_provider_that_is_written_otherwise_is_the_same_provider(given: Given):
    bring(given, charge("2026-03-05", "1", provider_name="Amazon Web Services"))
    bring(given, charge("2026-03-05", "5", provider_name="AWS"))
    assert costs(given) == {(date(2026, 3, 5), "Amazon Athena"): 5}


@pytest.mark.parametrize("turns", [[[0], [1], [2], [3]], [[3], [2], [1], [0]], [[0, 1], [2, 3]]])
def test_bills_in_any_order_give_the_tables_that_all_at_once_give(tmp_path: Path, turns: Sequence[Sequence[int]]):
    bills = [
        [charge("2026-02-05", "2"), charge("2026-02-28", "2.5", tags='{"a": "1"}')],
        [charge("2026-03-05", "3"), charge("2026-02-05", "-1", billing_period_start=datetime(2026, 3, 1))],
        [charge("2026-03-05", "4", provider_name="Microsoft")],
        [charge("2026-04-05", "5")],
    ]
    once, stepwise = Given(tmp_path / "once"), Given(tmp_path / "stepwise")
    bring(once, *(row for bill in bills for row in bill))
    for turn in turns:
        bring(stepwise, *(row for number in turn for row in bills[number]))
    assert {name: data for name, data in stepwise.files().items() if "spend" in name} == {
        name: data for name, data in once.files().items() if "spend" in name
    }
    rebuilt = stepwise.curate(full=True).files()
    assert {name: data for name, data in rebuilt.items() if "spend" in name} == {
        name: data for name, data in once.files().items() if "spend" in name
    }


def test_an_import_that_fails_leaves_the_lake_as_it_was(given: Given):
    bring(given, charge("2026-03-05", "1"))
    before = given.files()
    raw = given.lake.raw_files(RAW_SPEND)

    def breaking():
        yield pa.RecordBatch.from_pylist([charge("2026-03-05", "7") | {"source": "focus"}], SCHEMA)
        raise ImportFailed("the file breaks off")

    with pytest.raises(ImportFailed):
        import_charges(given.lake, "focus", breaking())
    given.curate()
    assert (given.files(), given.lake.raw_files(RAW_SPEND)) == (before, raw)


def test_nothing_to_import_is_said(given: Given):
    with pytest.raises(ImportFailed, match="no charge"):
        import_charges(given.lake, "focus", [])


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (None, []),
        ("", []),
        ("no JSON", []),
        ("[1, 2]", []),
        ("null", []),
        ('"text"', []),
        ("{}", []),
        ('{"team": "web"', []),
        ('{"team": "web", "env": ""}', [("env", ""), ("team", "web")]),
        ('{"team": null}', [("team", "")]),
        ('{"a\\"b": "x", "c\'d": "y", "e.f$[0]": "z"}', [('a"b', "x"), ("c'd", "y"), ("e.f$[0]", "z")]),
        ('{"größe": "ü"}', [("größe", "ü")]),
    ],
)
def test_tags_of_any_kind_break_nothing_and_stand_under_their_keys(
    given: Given, tags: str | None, found: list[tuple[str, str]]
):
    bring(given, charge("2026-03-05", "2", tags=tags), charge("2026-03-05", "3", tags='{"other": "1"}'))
    reported = [(row["tag_key"], row["tag_value"]) for row in given.rows("daily_spend_tags", "tag_key", "tag_value")]
    assert [pair for pair in reported if pair[0] != "other"] == found
    assert ("other", "1") in reported
    assert sum(given.column("daily_spend", "billed_cost")) == 5


def test_tags_of_a_raw_export_that_holds_them_as_a_map_stand_under_their_keys(given: Given):
    export = {"ServiceName": "Amazon S3", "ChargePeriodStart": datetime(2026, 3, 5), "BillingCurrency": "USD"}
    given.spend(
        export | {"BilledCost": 0.1, "Tags": [("team", "web"), ("owner", None)]},
        export | {"BilledCost": 0.2, "Tags": None},
        kinds={"Tags": pa.map_(pa.string(), pa.string()), "BilledCost": pa.float64()},
    ).curate()
    names = ("tag_key", "tag_value", "billed_cost")
    reported = sorted(tuple(row[name] for name in names) for row in given.rows("daily_spend_tags", *names))
    assert reported == [("owner", "", Decimal("0.1")), ("team", "web", Decimal("0.1"))]


def test_a_charge_with_two_tags_counts_under_each_once(given: Given):
    both = '{"env": "prod", "team": "web"}'
    bring(given, charge("2026-03-05", "2", tags=both), charge("2026-03-05", "3", tags=both))
    assert [
        (row["tag_key"], row["billed_cost"]) for row in given.rows("daily_spend_tags", "tag_key", "billed_cost")
    ] == [("env", Decimal(5)), ("team", Decimal(5))]


def test_a_cost_that_no_source_knows_stays_unknown(given: Given):
    bring(given, charge("2026-03-05", "2") | {"list_cost": None, "contracted_cost": None})
    (row,) = given.rows("daily_spend", "billed_cost", "list_cost", "contracted_cost")
    assert row == {"billed_cost": 2, "list_cost": None, "contracted_cost": None}


def test_the_bill_of_an_older_sample_counts_as_the_sample(given: Given):
    import pyarrow.parquet as pq

    folder = given.lake.root / RAW_SPEND / "sample"
    folder.mkdir(parents=True)
    old = {
        "BilledCost": Decimal(9),
        "BillingPeriodStart": datetime(2026, 3, 1),
        "ChargePeriodStart": datetime(2026, 3, 5),
    }
    pq.write_table(
        pa.Table.from_pylist([old | {"ProviderName": "AWS", "ServiceName": "S"}]), folder / "part-00000.parquet"
    )
    given.curate()
    assert given.column("spend", "source") == ["sample"]
    bring(given, charge("2026-03-05", "1"), source="cost_explorer")
    assert given.column("spend", "source") == ["cost_explorer"]


def test_a_day_of_more_rows_than_are_sorted_at_once_is_written_whole(given: Given, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.curate.store._ROWS_AT_ONCE", 3)
    rows = [charge(f"2026-03-{day:02}", str(number + 1)) for day in (1, 2, 3, 4) for number in range(day)]
    bring(given, *rows)
    assert [row["charge_date"].day for row in given.rows("spend", "charge_date")] == [1, 2, 2, 3, 3, 3, 4, 4, 4, 4]


def test_a_focus_export_that_was_put_among_the_raw_bills_keeps_its_usage_types(given: Given) -> None:
    raw = given.lake.root / RAW_SPEND / "focus" / "export"
    raw.mkdir(parents=True)
    start = datetime(2026, 3, 1)
    rows = {
        "BilledCost": [Decimal("1.5"), Decimal(2)],
        "BillingCurrency": ["USD"] * 2,
        "BillingPeriodStart": [start] * 2,
        "ChargePeriodStart": [start] * 2,
        "ServiceProviderName": ["AWS"] * 2,
        "ServiceName": ["AWS Glue"] * 2,
        "x_UsageType": ["USE1-ETL-DPU-Hour", None],
        "SkuMeter": ["DPU", "Crawler"],
        "x_Operation": ["Jobrun", None],
        "Tags": pa.array([[("team", "data")], None], pa.map_(pa.string(), pa.string())),
    }
    pq.write_table(pa.table(rows), raw / "part.parquet")
    given.curate()
    found = given.rows("spend", "usage_type", "operation", "provider_name", "tags", "billed_cost")
    assert sorted(found, key=lambda row: row["billed_cost"]) == [
        {
            "usage_type": "USE1-ETL-DPU-Hour",
            "operation": "Jobrun",
            "provider_name": "AWS",
            "tags": '{"team":"data"}',
            "billed_cost": Decimal("1.5"),
        },
        {"usage_type": "Crawler", "operation": None, "provider_name": "AWS", "tags": None, "billed_cost": Decimal(2)},
    ]
