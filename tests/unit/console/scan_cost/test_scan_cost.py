"""What a statement scans, on literal Parquet files whose chunks, row groups and partitions are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlglot import parse_one

from catalogue.binding import Statement, bind
from catalogue.queries import load
from console import __main__ as command
from console.asking.engines.prices import LEAST_BYTES
from console.scan_cost import command as scan_cost
from console.scan_cost import density, estimate
from console.scan_cost.conditions import NotConstant, constant, may_hold
from console.scan_cost.estimate import FullLake, StatementCost
from console.scan_cost.files import FOOTER_BYTES, RowGroup, TableFile, files_of
from console.scan_cost.scans import scans
from console.wiring import samples

DAYS = [date(2026, 3, day) for day in (1, 2, 3)]
SMALL = 0  # no file is small: columns count one by one


def statement(sql: str) -> Statement:
    return Statement("test", "test", sql, "trino", frozenset())


def events(lake: Path, rows: int = 1_000, row_group: int = 100) -> Path:
    """A table of three days; every file is sorted by type, its first half views."""
    for day in DAYS:
        table = pa.table(
            {
                "event_id": [f"{day}-{number:06d}" for number in range(rows)],
                "event_type": ["a" if number < rows // 2 else "b" for number in range(rows)],
                "quantity": list(range(rows)),
            }
        )
        folder = lake / "curated" / "events" / f"event_date={day}"
        folder.mkdir(parents=True)
        pq.write_table(table, folder / "data.parquet", row_group_size=row_group, use_dictionary=False, compression=None)
    return lake


def chunks(lake: Path, column: str, day: date, groups: Sequence[int] = range(10)) -> int:
    """Bytes of a column in some row groups of a day's file, told by Parquet itself."""
    metadata = pq.ParquetFile(lake / "curated" / "events" / f"event_date={day}" / "data.parquet").metadata
    places = {metadata.row_group(0).column(number).path_in_schema: number for number in range(metadata.num_columns)}
    return sum(metadata.row_group(group).column(places[column]).total_compressed_size for group in groups)


def scanned(lake: Path, sql: str, *, small: int = SMALL, gap: int = 0) -> int:
    files = [
        TableFile(file.weights, file.groups, file.footer, small=small, gap=gap) for file in files_of(lake, "events")
    ]
    return FullLake.of_files({"events": files}).cost(statement(sql)).scanned


def test_only_the_columns_that_a_statement_names_are_read(tmp_path: Path) -> None:
    lake = events(tmp_path)
    assert scanned(lake, "select sum(quantity) from events") == pytest.approx(
        sum(chunks(lake, "quantity", day) for day in DAYS) + 3 * FOOTER_BYTES, abs=3
    )
    both = scanned(lake, "select max(event_id) from events where quantity > 3")
    assert both == pytest.approx(
        sum(chunks(lake, name, day) for day in DAYS for name in ("event_id", "quantity")) + 3 * FOOTER_BYTES, abs=3
    )


def test_a_statement_without_a_condition_costs_the_whole_table(tmp_path: Path) -> None:
    lake = events(tmp_path)
    sizes = [path.stat().st_size for path in (lake / "curated").rglob("*.parquet")]
    every = "select count(event_id), count(event_type), sum(quantity), max(event_date) from events"
    assert scanned(lake, every, small=10**9) == sum(sizes)
    names = ("event_id", "event_type", "quantity")
    columns = sum(chunks(lake, name, day) for day in DAYS for name in names)
    assert scanned(lake, every) == pytest.approx(columns + 3 * FOOTER_BYTES, abs=3)


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        ("event_date = date '2026-03-02'", 1),
        ("event_date >= date '2026-03-02' and event_date < date '2026-03-03'", 1),
        ("event_date between date '2026-03-02' and date '2026-03-03'", 2),
        ("event_date in (date '2026-03-01', date '2026-03-03')", 2),
        ("event_date < date '2026-03-02' or event_date > date '2026-03-02'", 2),
        ("not (event_date >= date '2026-03-02' and event_date < date '2026-03-04')", 1),
        ("date '2026-03-02' <= event_date", 2),
        ("event_date >= cast(date_trunc('month', date '2026-03-17') as date)", 3),
        (
            "event_date < cast(date_trunc('month', date '2026-03-01' - interval '1' day) + interval '1' month as date)",
            0,
        ),
        ("event_date >= date '2027-01-01'", 0),
        ("event_date <> date '2026-03-01' and quantity >= 0", 2),
        ("cast(event_date as varchar) = '2026-03-01'", 3),  # nothing is known before the rows are read
    ],
)
def test_partitions_that_a_condition_rules_out_are_not_read(tmp_path: Path, condition: str, days: int) -> None:
    lake = events(tmp_path)
    one = chunks(lake, "event_id", DAYS[0]) + FOOTER_BYTES
    more = chunks(lake, "quantity", DAYS[0]) if "quantity" in condition else 0
    found = scanned(lake, f"select max(event_id) from events where {condition}")  # noqa: S608 - our own condition
    assert found == pytest.approx(days * (one + more), abs=3)


def test_row_groups_that_the_sort_order_rules_out_are_not_read(tmp_path: Path) -> None:
    lake = events(tmp_path)
    sql = "select max(event_id) from events where event_type = 'b' and event_date = date '2026-03-01'"
    expected = sum(chunks(lake, name, DAYS[0], range(5, 10)) for name in ("event_type", "event_id")) + FOOTER_BYTES
    assert scanned(lake, sql) == pytest.approx(expected, abs=3)
    ten = sum(chunks(lake, "quantity", day, [0]) for day in DAYS) + 3 * FOOTER_BYTES
    assert scanned(lake, "select sum(quantity) from events where quantity < 100") == pytest.approx(ten, abs=3)


def test_a_cte_used_twice_is_read_twice_and_counted_rows_are_not_read(tmp_path: Path) -> None:
    lake = events(tmp_path)
    once = scanned(lake, "with e as (select quantity from events) select sum(quantity) from e")
    twice = (
        "with e as (select quantity from events) select sum(a.quantity) from e a join e b on a.quantity = b.quantity"
    )
    assert scanned(lake, twice) == 2 * once
    assert scanned(lake, "select count(*) from events") == 0


def test_the_slices_of_the_bill_are_counted_in_one_reading_of_it() -> None:
    read = scans(bind(load()["spend/slices"], {}, dialect="athena").sql, "athena")
    assert sorted(scan.table for scan in read) == ["daily_spend", "daily_spend_tags"]


def test_a_small_gap_between_two_columns_is_read_and_a_large_one_is_not(tmp_path: Path) -> None:
    lake = events(tmp_path)
    ends = "select max(event_id), max(quantity) from events"
    assert scanned(lake, ends, gap=10**6) - scanned(lake, ends, gap=0) == pytest.approx(
        sum(chunks(lake, "event_type", day) for day in DAYS), abs=3
    )


def test_conditions_reach_the_tables_through_ctes_unions_and_row_filters() -> None:
    sql = """
    with sold as (
        select product_id, orders from monthly_product_sales where order_month < date '2026-03-01'
        union all
        select product_id, orders from daily_product_sales where order_date >= date '2026-03-05'
    ), kept as (select * from sold where product_id is not null)
    select sum(orders) from (select * from kept where orders > 0) as k
    """
    found = {scan.table: scan for scan in scans(sql, "trino")}
    assert found["monthly_product_sales"].columns == {"product_id", "orders", "order_month"}
    assert found["daily_product_sales"].columns == {"product_id", "orders", "order_date"}
    assert not may_hold(found["monthly_product_sales"].condition, {"order_month": (date(2026, 3, 1), date(2026, 3, 1))})
    assert not may_hold(found["daily_product_sales"].condition, {"order_date": (date(2026, 3, 1), date(2026, 3, 4))})


def test_a_condition_on_a_union_reaches_what_it_unites_and_no_sums_in_it() -> None:
    sql = """
        select total from (
            select currency = 'USD' as is_ours, lines as total from monthly_sales where order_month > date '2026-01-01'
            union all
            select currency = 'EUR', units from daily_sales
            union all
            select max(currency) = 'USD', sum(orders) from daily_orders
        ) as sold
        where not is_ours
    """
    found = {scan.table: "" if scan.condition is None else scan.condition.sql() for scan in scans(sql, "trino")}
    assert found == {
        "monthly_sales": "monthly_sales.order_month > CAST('2026-01-01' AS DATE) "
        "AND NOT (monthly_sales.currency = 'USD')",
        "daily_sales": "NOT (daily_sales.currency = 'EUR')",
        "daily_orders": "",
    }


@given(
    some.tuples(some.integers(-9, 9), some.integers(-9, 9)).map(sorted),
    some.recursive(
        some.builds(
            "{} {} {}".format,
            some.just("orders"),
            some.sampled_from(["<", "<=", ">", ">=", "=", "<>"]),
            some.integers(-9, 9),
        )
        | some.builds("{} between {} and {}".format, some.just("orders"), some.integers(-9, 9), some.integers(-9, 9))
        | some.builds("orders in ({}, {})".format, some.integers(-9, 9), some.integers(-9, 9)),
        lambda inner: (
            some.builds("(({}) {} ({}))".format, inner, some.sampled_from(["and", "or"]), inner)
            | some.builds("not ({})".format, inner)
        ),
        max_leaves=5,
    ),
)
def test_no_row_that_fulfils_a_condition_is_ever_ruled_out(bounds: list[int], condition: str) -> None:
    low, high = bounds
    truth = condition.replace("<>", "!=").replace(" = ", " == ")
    for value in range(low, high + 1):
        python = _python(truth, value)
        if eval(python):  # noqa: S307 - our own condition
            assert may_hold(parse_one(condition, read="trino"), {"orders": (low, high)})


def _python(condition: str, value: int) -> str:
    import re

    text = re.sub(r"orders between (\S+) and ([^\s)]+)", r"(\1 <= orders <= \2)", condition)
    return text.replace("orders", f"({value})")


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("date '2026-03-31' - interval '1' month", date(2026, 2, 28)),
        ("date '2026-01-15' - interval '1' month", date(2025, 12, 15)),
        ("date_trunc('month', date '2026-03-31' - interval '1' day) + interval '1' month", date(2026, 4, 1)),
        ("cast('2026-03-01 10:00:00' as timestamp) + interval '30' minute", datetime(2026, 3, 1, 10, 30)),
        ("cast(timestamp '2026-03-01 10:00:00' as date)", date(2026, 3, 1)),
        ("date_trunc('year', date '2026-03-31')", date(2026, 1, 1)),
        ("cast('12' as bigint)", Decimal(12)),
    ],
)
def test_what_an_engine_works_out_before_it_reads_is_worked_out(sql: str, value: Any) -> None:
    assert constant(parse_one(sql, read="trino")) == value


def test_what_depends_on_a_row_is_not_worked_out() -> None:
    with pytest.raises(NotConstant):
        constant(parse_one("current_date", read="trino"))


def test_athena_bills_whole_megabytes_and_ten_at_least() -> None:
    assert StatementCost("q", {"events": 1}).billed == LEAST_BYTES == 10_000_000
    assert StatementCost("q", {"events": 12_000_001, "orders": 1_000_000}).billed == 14_000_000
    assert estimate.dollars(50_000_000, Decimal(5)) == Decimal(250_000_000) / 2**40


def lake_of_interest(root: Path, products: int, days: int) -> Path:
    """Every product seen once a day in one region, and as many events."""
    first = date(2026, 3, 1)
    for table, columns in (("daily_interest", ("event_month", "views")), ("events", ("event_date", "copies"))):
        rows = [
            {
                "event_date": first + timedelta(days=day),
                "product_id": f"p{product:05d}",
                "channel": "web",
                "region": "A",
            }
            | {"views": 1 + product % 7, "cart_adds": 0, "copies": 1, "event_id": f"{day}-{product}"}
            for day in range(days)
            for product in range(products)
        ]
        wanted = ["event_date", "product_id", "channel", "region", "views", "cart_adds"]
        names = wanted if columns[1] == "views" else ["event_id", "product_id", "copies"]
        folder = root / "curated" / table / f"{columns[0]}={first}"
        folder.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows).select(names), folder / "data.parquet")
    return root


def write(rows: pa.Table, path: Path, sort: Sequence[str]) -> None:
    pq.write_table(rows, path, row_group_size=1_000, compression=None, use_dictionary=False)


def test_a_sample_is_measured_as_one_day_and_rows_of_one_grain_become_one(tmp_path: Path) -> None:
    small, large = lake_of_interest(tmp_path / "s", 500, 2), lake_of_interest(tmp_path / "l", 500, 20)
    interest = density.measure("daily_interest", small, large, write)
    assert interest.rows == 500  # of 10,000: a day on which every product was seen twenty times
    assert interest.growth == 0  # ten times the events, the same products
    assert interest.most == 500  # every product with the one channel and the one region
    of_events = density.measure("events", small, large, write)
    assert (of_events.rows, of_events.growth) == (10_000, 1)
    assert [group.rows for group in of_events.row_groups] == [1_000] * 10


def test_a_full_lake_is_as_many_days_as_are_asked_for(tmp_path: Path) -> None:
    small, large = lake_of_interest(tmp_path / "s", 500, 2), lake_of_interest(tmp_path / "l", 500, 20)
    densities = {table: density.measure(table, small, large, write) for table in ("daily_interest", "events")}
    lake = FullLake(densities, date(2026, 3, 31), 730, scale=100)
    views = densities["daily_interest"].column_bytes["views"] / 500
    one_day = 500 * 100

    def cost(sql: str) -> int:
        return lake.cost(statement(sql)).scanned

    month = cost("select sum(views) from daily_interest where event_month = date '2026-03-01'")
    assert month == pytest.approx(31 * one_day * views, rel=0.05)
    assert cost("select sum(views) from daily_interest") == pytest.approx(730 * one_day * views, rel=0.05)
    copies = densities["events"].column_bytes["copies"] / 10_000
    week = "select sum(copies) from events where event_date >= date '2026-03-25'"
    assert cost(week) == pytest.approx(7 * (100 * 10_000 * copies + FOOTER_BYTES), rel=0.01)
    assert cost("select sum(copies) from events where event_date > date '2026-03-31'") == 0


def test_the_calls_of_the_console_itself_are_in_the_lake_that_is_measured(tmp_path: Path) -> None:
    small, large = lake_of_interest(tmp_path / "s", 500, 2), lake_of_interest(tmp_path / "l", 500, 20)
    day = date(2026, 3, 31)
    called = list(samples.calls(day))
    assert (len(called), {call.called_at.date() for call in called}) == (samples.CALLS_A_DAY, {day})
    for root in (small, large):
        samples.a_day_of_calls(root, day)
    writer = samples.curated_file_writer("call_date")
    tables = ("console_calls", "daily_page_calls")
    lake = FullLake({table: density.measure(table, small, large, *writer) for table in tables}, day, 730)

    def scanned(table: str, first: str) -> int:
        return lake.cost(statement(f"select sum(dollars) from {table} where call_date >= date '{first}'")).scanned  # noqa: S608

    one = scanned("console_calls", "2026-03-31")
    assert one > 10 * samples.CALLS_A_DAY  # a small file is read whole
    assert scanned("console_calls", "2026-03-01") == 2 * one  # of the days before, only what was added up is left
    a_day = scanned("daily_page_calls", "2026-03-31")
    assert scanned("daily_page_calls", "2026-03-01") == 31 * a_day
    assert 20 * a_day < one


def test_a_view_of_own_cost_stays_within_the_limit_over_a_year(tmp_path: Path) -> None:
    root, day = tmp_path / "lake", date(2026, 3, 31)
    lake_of_interest(root, 5, 2)
    samples.a_day_of_calls(root, day)
    writer = samples.curated_file_writer("call_date")
    tables = ("console_calls", "daily_page_calls", "daily_question_calls")
    lake = FullLake({table: density.measure(table, root, root, *writer) for table in tables}, day, 730)
    year = {"start_date": date(2025, 4, 1), "end_date": date(2026, 4, 1)}
    before = {"start_date": date(2024, 4, 1), "end_date": date(2025, 4, 1)}
    asked = [(name, year) for name in ("day", "page", "viewer", "name")] + [("day", before)]
    page = estimate.page_cost(
        lake, [bind(load()[f"own_cost/by_{name}"], dates, dialect="trino") for name, dates in asked]
    )
    assert page.is_within_limit


class _Measured:
    """What the command measures, without the minutes it takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *views: scan_cost.View) -> None:
        self.asked: list[int] = []

        def measure(events: int, _folder: Path, _samples: object, **_more: object) -> list[scan_cost.View]:
            self.asked.append(events)
            return list(views)

        monkeypatch.setattr(scan_cost, "measure", measure)


def view(page: str, *sizes: int) -> scan_cost.View:
    return scan_cost.View(
        page, "default", estimate.PageCost([StatementCost("sales/by_day", {"orders": size}) for size in sizes])
    )


def test_the_command_prints_a_line_a_page_with_what_is_scanned_billed_and_paid(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = _Measured(monkeypatch, view("Brief", 1_000_000, 21_500_000))
    assert command.main(["scan-cost", "--events", "1e9", "--format", "json"]) == 0
    assert measured.asked == [1_000_000_000]
    (page,) = json.loads(capsys.readouterr().out)["pages"]
    assert page == {
        "page": "Brief",
        "view": "default",
        "queries": 2,
        "scanned_mb": 22.5,
        "billed_mb": 32.0,
        "scanned_usd": 0.000102,
        "billed_usd": 0.000146,
        "within_limit": "yes",
    }


def test_a_page_over_the_limit_or_without_an_answer_fails_the_command_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _Measured(monkeypatch, view("Brief", 50_000_001), scan_cost.View("Live", "year", None, "The page Live is broken"))
    assert command.main(["scan-cost"]) == 1
    reported = capsys.readouterr()
    assert "Brief, default: 50.0 MB is more than 50 MB" in reported.err
    assert "The page Live is broken" in reported.err
    assert "failed" in reported.out


def test_the_command_can_name_every_statement_with_its_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _Measured(monkeypatch, view("Brief", 1_000_000))
    assert command.main(["scan-cost", "--by-query", "--format", "csv"]) == 0
    assert "Brief,default,sales/by_day,1.0,orders 1.0" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["many", "-5", "0", "inf", "1e99"])
def test_a_number_of_events_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["scan-cost", f"--events={text}"]) == 2
    assert "Write 1e9" in capsys.readouterr().err


def test_bounds_of_unknown_columns_rule_nothing_out() -> None:
    group = RowGroup(10, {})
    (scan,) = scans("select sum(orders) from daily_orders where region = 'A'", "trino")
    assert TableFile({"orders": 8.0, "region": 1.0}, [group], small=0).read(scan) == 90 + FOOTER_BYTES
