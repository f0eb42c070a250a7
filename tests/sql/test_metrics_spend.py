"""The cloud bill, each question on literal rows: days, dimensions, tags, resources, commitments, what changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalogue.binding import bind
from catalogue.queries import load_curation
from catalogue.tables import TABLES
from console.asking.periods import Period
from console.finops import contents
from console.finops.charges import Basis
from console.finops.decimals import total
from console.spend import answer
from console.spend.effects import Effect
from console.spend.part import NONE, UNTAGGED, BillPart
from console.spend.summary import incomplete_from, sums
from tests.support.lake_rows import Rows

D = Decimal
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1))
Row = dict[str, Any]


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def charge(day: str, cost: str, **more: Any) -> Row:
    """A row of daily_spend or spend: usage whose four costs are the same unless said."""
    given: Row = {
        "charge_date": date.fromisoformat(day),
        "provider_name": "AWS",
        "billing_currency": "USD",
        "sub_account_id": "1",
        "sub_account_name": "production",
        "service_category": "Compute",
        "service_name": "EC2",
        "region_id": "us-east-1",
        "usage_type": "BoxUsage",
        "charge_category": "Usage",
        "pricing_category": "Standard",
        "pricing_unit": "Hours",
        "estimated": False,
        "source": "focus",
        "charges": 1,
        **{f"{basis}_cost": D(cost) for basis in Basis},
    }
    return given | {
        name: D(value) if name.endswith(("_cost", "quantity")) and value else value for name, value in more.items()
    }


def march(cost: str, **more: Any) -> Row:
    return charge("2026-03-10", cost, **more)


def kinds(lake: Rows, **values: Any) -> list[tuple[Any, ...]]:
    asked = lake.ask("spend/by_day", **values)
    return [(row["billing_currency"], row["charge_date"].day, row["kind"], row["effective_cost"]) for row in asked]


def test_days_are_split_by_kind_currency_and_estimate_without_the_end_date(lake: Rows) -> None:
    lake.table(
        "daily_spend",
        [
            charge("2026-02-28", "99"),
            charge("2026-03-01", "1.000000000001"),
            charge("2026-03-01", "2", service_name="S3", effective_cost="3", charges=4),
            charge("2026-03-01", "5", charge_category="Tax"),
            charge("2026-03-01", "-6", charge_category="Credit"),
            charge("2026-03-01", "-7", charge_class="Correction"),  # of usage: stands with corrections
            charge("2026-03-01", "-8", charge_category="Adjustment"),
            charge("2026-03-01", "9", charge_category="Purchase"),
            charge("2026-03-01", "10", estimated=True),
            charge("2026-03-01", "11", billing_currency="EUR"),
            charge("2026-03-01", "12", charge_category=None),
            charge("2026-04-01", "99"),
        ],
    )
    assert kinds(lake) == [
        ("EUR", 1, "Usage", D(11)),
        ("USD", 1, "(none)", D(12)),
        ("USD", 1, "Correction", D(-15)),
        ("USD", 1, "Credit", D(-6)),
        ("USD", 1, "Purchase", D(9)),
        ("USD", 1, "Tax", D(5)),
        ("USD", 1, "Usage", D("4.000000000001")),
        ("USD", 1, "Usage", D(10)),
    ]
    first = next(row for row in lake.ask("spend/by_day", currencies=["USD"]) if row["kind"] == "Usage")
    assert (first["billed_cost"], first["list_cost"], first["charges"]) == (D("3.000000000001"), D("3.000000000001"), 5)


def test_a_savings_rate_speaks_about_usage_with_both_costs_only(lake: Rows) -> None:
    lake.table(
        "daily_spend",
        [
            march("0", effective_cost="8", list_cost="10"),
            march("0", effective_cost="90", list_cost=None),
            march("5", charge_category="Tax"),
        ],
    )
    result = lake.scope().ask("spend/by_day", start_date=MARCH.start, end_date=MARCH.end)
    found = sums("This period", MARCH, result, "USD", Basis.EFFECTIVE)
    assert found.effective_savings_rate == D("0.2")
    assert (found.spend, found.usage_and_purchases, found.apart("Tax")) == (D(103), D(98), D(5))


@pytest.mark.parametrize(
    ("narrowed", "days"),
    [
        ({}, [1, 2, 3]),
        ({"services": ["S3"]}, [2]),
        ({"accounts": [NONE]}, [3]),
        ({"cloud_regions": [NONE, "us-east-1"]}, [1, 3]),
        ({"usage_types": ["Requests"]}, [2]),
        ({"charges": ["Usage"]}, [1, 2]),
        ({"service_categories": ["Storage"]}, [2]),
        ({"providers": ["Microsoft"]}, [3]),
        ({"pricing": [NONE]}, [3]),
        ({"currencies": ["EUR"]}, []),
    ],
)
def test_every_narrowing_narrows_and_none_stands_for_what_says_nothing(
    lake: Rows, narrowed: dict[str, list[str]], days: list[int]
) -> None:
    rows = [
        charge("2026-03-01", "1"),
        charge(
            "2026-03-02", "1", service_name="S3", service_category="Storage", usage_type="Requests",
            region_id="eu-west-1",
        ),
        charge(
            "2026-03-03", "1", sub_account_id=None, region_id=None, charge_category="Tax", provider_name="Microsoft",
            pricing_category=None,
        ),
    ]  # fmt: skip
    lake.table("daily_spend", rows)
    lake.table("spend", [{name: value for name, value in row.items() if name != "charges"} for row in rows])
    assert [day for _, day, _, _ in kinds(lake, **narrowed)] == days
    of_charges = lake.ask("spend/charges/by_day", **narrowed)
    assert [row["charge_date"].day for row in of_charges] == days


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ("service", [("EC2", D(3)), ("S3", D(4))]),
        ("service_category", [("Compute", D(3)), ("Storage", D(4))]),
        ("account", [("1", D(3)), ("2", D(4))]),
        ("cloud_region", [("(none)", D(4)), ("us-east-1", D(3))]),
        ("usage_type", [("BoxUsage", D(3)), ("Requests", D(4))]),
        ("charge", [("Usage", D(7))]),
        ("pricing", [("Standard", D(7))]),
        ("provider", [("AWS", D(7))]),
    ],
)
def test_spend_by_any_dimension(lake: Rows, dimension: str, expected: list[tuple[str, Decimal]]) -> None:
    rows = [
        march("1"),
        march("2"),
        march(
            "4", service_name="S3", service_category="Storage", sub_account_id="2", region_id=None,
            usage_type="Requests",
        ),
    ]  # fmt: skip
    lake.table("daily_spend", rows)
    lake.table("spend", [{name: value for name, value in row.items() if name != "charges"} for row in rows])
    for query in ("spend/by_dimension", "spend/charges/by_dimension"):
        asked = lake.ask(query, dimension=dimension)
        assert [(row["value"], row["billed_cost"]) for row in asked] == expected
        assert {row["kind"] for row in asked} == {"Usage"}


def test_accounts_carry_their_names_and_resources_what_they_are(lake: Rows) -> None:
    lake.table("daily_spend", [march("1")])
    assert lake.ask("spend/by_dimension", dimension="account")[0]["label"] == "production"
    assert lake.ask("spend/by_dimension", dimension="service")[0]["label"] is None
    lake.table(
        "daily_spend_resources",
        [
            {name: value for name, value in march("1").items() if name in _RESOURCE_COLUMNS}
            | {"resource_id": "arn:1", "resource_name": "main", "resource_type": "bucket", "charge_month": MARCH.start}
        ],
    )
    (row,) = lake.ask("spend/by_resource", basis="billed", most=5)
    assert (row["value"], row["label"], row["billed_cost"]) == ("arn:1", "bucket/main", D(1))


_RESOURCE_COLUMNS = {
    "charge_date", "provider_name", "billing_currency", "sub_account_id", "sub_account_name", "service_category",
    "service_name", "region_id", "usage_type", "pricing_unit", "charges", *(f"{basis}_cost" for basis in Basis),
}  # fmt: skip


def test_the_largest_values_by_day_stand_by_name_the_rest_together_and_tax_apart(lake: Rows) -> None:
    lake.table(
        "daily_spend",
        [
            charge("2026-03-01", "5", service_name="A"),
            charge("2026-03-02", "6", service_name="A", estimated=True),
            charge("2026-03-01", "8", service_name="B"),
            charge("2026-03-01", "1", service_name="C"),
            charge("2026-03-01", "2", service_name="D"),
            charge("2026-03-01", "50", service_name="A", charge_category="Tax"),  # ranks no service
            charge("2026-03-01", "-9", service_name="E", charge_class="Correction"),
        ],
    )
    asked = lake.ask("spend/by_dimension_and_day", dimension="service", basis="billed", most=2)
    reported = [(row["charge_date"].day, row["place"], row["value"], row["cost"], row["estimated"]) for row in asked]
    assert reported == [
        (1, -1, None, D(41), 0),
        (1, 0, None, D(3), 0),
        (1, 1, "A", D(5), 0),
        (1, 2, "B", D(8), 0),
        (2, 1, "A", D(6), 1),
    ]


def tagged(key: str, value: str, cost: str, **more: Any) -> Row:
    row = {name: value for name, value in march(cost, **more).items() if name in _TAG_COLUMNS}
    return row | {"tag_key": key, "tag_value": value}


_TAG_COLUMNS = {
    "charge_date", "service_name", "sub_account_id", "charge_category", "billing_currency",
    *(f"{basis}_cost" for basis in Basis),
}  # fmt: skip


def test_a_tag_splits_the_bill_into_its_values_and_what_does_not_carry_it(lake: Rows) -> None:
    lake.table("daily_spend", [march("10"), march("4", service_name="S3"), march("1", charge_category="Tax")])
    lake.table(
        "daily_spend_tags",
        [
            tagged("team", "search", "6"),
            tagged("team", "shop", "2"),
            tagged("team", "", "1"),  # carried empty: as good as not
            tagged("owner", "ann", "10"),
        ],
    )
    asked = lake.ask("spend/by_tag", tag_key="team")
    assert [(row["value"], row["billed_cost"]) for row in asked] == [
        (UNTAGGED, D(7)),
        ("search", D(6)),
        ("shop", D(2)),
    ]
    by_day = lake.ask("spend/by_tag_and_day", tag_key="team", basis="billed", most=1)
    assert [(row["place"], row["value"], row["cost"]) for row in by_day] == [(0, None, D(9)), (1, "search", D(6))]
    assert [row["billed_cost"] for row in lake.ask("spend/by_tag", tag_key="nobody")] == [D(15)]


def test_tag_coverage_is_of_usage_by_service_and_key(lake: Rows) -> None:
    lake.table(
        "daily_spend",
        [
            march("10"),
            march("4", service_name="S3"),
            march("99", charge_category="Tax"),
            march("9", billing_currency="EUR"),
        ],
    )
    lake.table(
        "daily_spend_tags",
        [
            tagged("team", "search", "6"),
            tagged("team", "", "1"),
            tagged("team", "taxed", "99", charge_category="Tax"),
            tagged("owner", "ann", "4", service_name="S3"),
        ],
    )
    asked = lake.ask("spend/tag_coverage", currencies=["USD"])
    assert [(row["service_name"], row["tag_key"], row["billed_cost"]) for row in asked] == [
        ("EC2", "(all)", D(10)),
        ("EC2", "team", D(6)),
        ("S3", "(all)", D(4)),
        ("S3", "owner", D(4)),
    ]
    found = ask(lake)
    assert [(key.key, key.coverage) for key in found.tags.keys] == [("team", D(6) / 14), ("owner", D(4) / 14)]
    assert [(one_row.service, one_row.untagged, one_row.share) for one_row in found.tags.untagged] == [
        ("EC2", D(4), D("0.4")),
        ("S3", D(4), D(1)),
    ]


def test_the_most_expensive_resources_of_the_months_that_the_period_meets(lake: Rows) -> None:
    def resource(name: str | None, day: str, cost: str) -> Row:
        row = {key: value for key, value in charge(day, cost).items() if key in _RESOURCE_COLUMNS}
        return row | {"resource_id": name, "charge_month": date.fromisoformat(day).replace(day=1)}

    lake.table(
        "daily_spend_resources",
        [
            resource("a", "2026-03-31", "1"),
            resource("a", "2026-04-01", "2"),
            resource("b", "2026-04-01", "9"),
            resource(None, "2026-04-01", "5"),
            resource("a", "2026-04-15", "99"),  # the end date
            resource("a", "2026-03-14", "99"),  # the day before
        ],
    )
    days = {"start_date": date(2026, 3, 15), "end_date": date(2026, 4, 15), "basis": "list"}
    asked = lake.ask("spend/by_resource", most=2, **days)
    assert [(row["value"], row["list_cost"]) for row in asked] == [("b", D(9)), (NONE, D(5))]
    by_day = lake.ask("spend/by_resource_and_day", most=1, **days)
    assert [(str(row["charge_date"]), row["place"], row["value"], row["cost"]) for row in by_day] == [
        ("2026-03-31", 0, None, D(1)),
        ("2026-04-01", 0, None, D(7)),
        ("2026-04-01", 1, "b", D(9)),
    ]


def test_charges_are_told_apart_by_tag_and_resource(lake: Rows) -> None:
    def row(cost: str, tags: str | None, resource: str | None = None, **more: Any) -> Row:
        found = march(cost, **more) | {"tags": tags, "resource_id": resource}
        return {name: value for name, value in found.items() if name != "charges"}

    lake.table(
        "spend",
        [
            row("1", '{"team": "search", "it\'s": "x"}', "arn:1"),
            row("2", '{"team": ""}', "arn:2"),
            row("4", None, "arn:2"),
            row("8", '{"owner": "ann"}', None, service_name="S3"),
        ],
    )
    by_team = lake.ask("spend/charges/by_dimension", dimension="tag", by_tag="team")
    assert [(item["value"], item["billed_cost"]) for item in by_team] == [(UNTAGGED, D(14)), ("search", D(1))]
    of_search = {"tag_key": "team", "tag_values": ["search"]}
    assert [one_row["billed_cost"] for one_row in lake.ask("spend/charges/by_day", **of_search)] == [D(1)]
    assert lake.ask("spend/charges/by_day", **of_search, tag_text="search") == lake.ask(
        "spend/charges/by_day", **of_search
    )
    untagged = lake.ask("spend/charges/by_dimension", dimension="service", tag_key="team", tag_values=[UNTAGGED])
    assert [(one_row["value"], one_row["billed_cost"]) for one_row in untagged] == [("EC2", D(6)), ("S3", D(8))]
    of_resource = lake.ask("spend/charges/by_day", resources=["arn:2"])
    assert [one_row["billed_cost"] for one_row in of_resource] == [D(6)]
    by_resource = lake.ask("spend/charges/by_dimension_and_day", dimension="resource", basis="billed", most=1)
    assert [(one_row["place"], one_row["value"], one_row["cost"]) for one_row in by_resource] == [
        (0, None, D(7)),
        (1, NONE, D(8)),
    ]
    changed = lake.ask(
        "spend/charges/change", before_start=FEBRUARY.start, before_end=FEBRUARY.end, basis="billed", **of_search
    )
    assert [(item["cost"], item["charges"], item["charges_before"]) for item in changed] == [(D(1), 1, 0)]


@pytest.mark.parametrize("unreadable", ["garbage", "[1, 2]", '{"team": "a"', "", '"text"'])
def test_tags_of_a_charge_that_are_no_object_of_texts_are_no_tag_and_break_no_drill(
    lake: Rows, unreadable: str
) -> None:
    rows = [march("5", tags=unreadable), march("2", tags='{"team": "search"}')]
    lake.table("spend", [{name: row[name] for name in row if name != "charges"} for row in rows])
    for key, value, cost in (("team", "search", D(2)), ("team", UNTAGGED, D(5))):
        narrowed = {"tag_key": key, "tag_values": [value]}
        asked = [
            lake.ask("spend/charges/by_day", **narrowed),
            lake.ask("spend/charges/by_dimension", dimension="tag", by_tag=key, **narrowed),
            lake.ask(
                "spend/charges/by_dimension_and_day", dimension="tag", by_tag=key, basis="billed", most=1, **narrowed
            ),
            lake.ask(
                "spend/charges/change", before_start=FEBRUARY.start, before_end=FEBRUARY.end, basis="billed", **narrowed
            ),
        ]
        assert [row.get("billed_cost", row.get("cost")) for (row,) in asked] == [cost] * 4


def test_two_periods_stand_side_by_side_line_by_line(lake: Rows) -> None:
    lake.table(
        "daily_spend",
        [
            charge("2026-03-01", "3", pricing_quantity="30"),
            charge("2026-03-02", "1", pricing_quantity="10", charges=2),
            charge("2026-02-01", "2", pricing_quantity="10"),
            charge("2026-02-01", "7", usage_type="Old"),
            charge("2026-03-01", "0", usage_type="Free", pricing_quantity="5"),
            charge("2026-01-31", "99"),
            charge("2026-03-05", "1", charge_class="Correction"),
        ],
    )
    asked = lake.ask("spend/change", before_start=FEBRUARY.start, before_end=FEBRUARY.end, basis="effective")
    names = ("usage_type", "kind", "cost", "cost_before", "quantity", "quantity_before", "charges", "charges_before")
    assert [tuple(row[name] for name in names) for row in asked] == [
        ("BoxUsage", "Correction", D(1), None, D(0), None, 1, 0),
        ("BoxUsage", "Usage", D(4), D(2), D(40), D(10), 3, 1),
        ("Free", "Usage", D(0), None, D(5), None, 1, 0),
        ("Old", "Usage", None, D(7), None, D(0), 0, 1),
    ]


def test_commitments_are_summed_by_what_covers_them_corrections_left_out(lake: Rows) -> None:
    committed = {"pricing_category": "Committed"}
    lake.table(
        "daily_spend",
        [
            march("0", effective_cost="6", list_cost="8", **committed, commitment_discount_status="Used"),
            march("0", effective_cost="2", list_cost="0", **committed, commitment_discount_status="Unused"),
            march("8"),
            march("99", charge_class="Correction"),
            march("99", charge_category="Purchase"),
            march("1", list_cost=None, usage_type="EBS"),
        ],
    )
    asked = lake.ask("spend/commitments")
    names = (
        "usage_type", "pricing_category", "commitment_discount_status", "list_cost", "effective_cost",
        "charges_without_list_cost",
    )  # fmt: skip
    assert [tuple(row[name] for name in names) for row in asked] == [
        ("BoxUsage", "Committed", "Unused", D(0), D(2), 0),
        ("BoxUsage", "Committed", "Used", D(8), D(6), 0),
        ("BoxUsage", "Standard", NONE, D(8), D(8), 0),
        ("EBS", "Standard", NONE, None, D(1), 1),
    ]
    found = ask(lake)
    assert found.commitments.utilisation == D("0.75")


def ask(lake: Rows, part: BillPart | None = None, **more: Any) -> answer.Spend:
    scope = lake.scope()
    chosen = part or BillPart("USD")
    return answer.spend(scope, contents.contents(scope), MARCH, [("Previous period", FEBRUARY)], chosen, **more)


def test_a_fee_that_is_dated_ahead_does_not_stretch_the_days_of_the_bill(lake: Rows) -> None:
    fee = charge("2026-03-29", "9", charge_category="Purchase")
    lake.table("daily_spend", [charge("2026-02-01", "1"), charge("2026-02-20", "1"), fee])
    found = contents.contents(lake.scope())
    assert (found.last_day, found.last_complete_day) == (date(2026, 3, 29), date(2026, 2, 20))
    lake.table("daily_spend", [fee])
    assert contents.contents(lake.scope()).last_complete_day == date(2026, 3, 29), (
        "where there are fees alone, they count"
    )


def test_what_can_be_chosen_and_the_days_of_the_bill(lake: Rows) -> None:
    assert contents.contents(lake.scope()).is_empty
    lake.table(
        "daily_spend",
        [
            charge("2026-02-01", "1", charges=3),
            charge("2026-03-31", "1", service_name="S3", region_id=None, billing_currency="EUR", charges=1),
        ],
    )
    lake.table("daily_spend_tags", [tagged("team", "search", "1")])
    found = contents.contents(lake.scope())
    assert (found.first_day, found.last_day, found.last_complete_day) == (
        date(2026, 2, 1),
        date(2026, 3, 31),
        date(2026, 3, 30),  # today is the 31st and not over
    )
    assert found.values == {
        "service": ("EC2", "S3"),
        "account": ("1",),
        "cloud_region": (NONE, "us-east-1"),
        "charge": ("Usage",),
    }
    assert (found.currencies, found.tag_keys, found.names) == (("USD", "EUR"), ("team",), {"1": "production"})


def test_ten_million_charges_of_cents_and_fractions_are_exact_on_the_page(lake: Rows) -> None:
    # billed n cents, effective n × 10⁻¹², n = 1 … 10⁷: their sums are known without adding them up
    count = 10_000_000
    known = {
        "billed_cost": "cast(n as decimal(20, 0)) * cast(0.01 as decimal(3, 2))",
        "effective_cost": "cast(n as decimal(20, 0)) * cast(0.000000000001 as decimal(13, 12))",
        "charge_date": "date '2026-03-01' + cast(n % 28 as integer)",
        "billing_currency": "'USD'",
        "service_name": "'S' || n % 3",
        "charge_category": "'Usage'",
        "estimated": "false",
        "pricing_quantity": "cast(1 as decimal(38, 12))",
    }
    columns = ", ".join(
        f"cast({known.get(name, 'null')} as {kind.replace('timestamp(6)', 'timestamp')}) as {name}"
        for name, kind in TABLES["spend"].columns.items()
    )
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"create view scoped_spend as select {columns} from range(1, {count + 1}) as t(n)")  # noqa: S608 - ours
        mart = bind(load_curation()["daily_spend"], {}, dialect="duckdb").sql
        lake.table("daily_spend", connection.sql(mart).to_arrow_table().to_pylist())
    n = D(count) * (count + 1) / 2
    for basis, unit in ((Basis.BILLED, D("0.01")), (Basis.EFFECTIVE, D("0.000000000001"))):
        found = ask(lake, basis=basis)
        assert found.now.charges == count
        assert found.now.spend == n * unit
        assert total(value.cost for value in found.breakdown.values) == n * unit
        assert total(total(series.costs) for series in found.breakdown.series) == n * unit


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("by", ["service", "account", "tag:team", "cloud_region", "charge"])
def test_the_page_adds_up_whatever_it_is_grouped_by(lake: Rows, basis: Basis, by: str) -> None:
    lake.table(
        "daily_spend",
        [
            charge("2026-03-01", "1.1", pricing_quantity="3", billed_cost="0.7", list_cost="1.9"),
            charge("2026-03-09", "2.2", service_name="S3", sub_account_id="2"),
            charge("2026-03-09", "-0.3", charge_category="Credit"),
            charge("2026-03-09", "0.4", charge_category="Tax", service_name="Tax"),
            charge("2026-02-09", "3.000000000007", pricing_quantity="7"),
            charge("2026-02-09", "1", service_name="Gone"),
            charge("2026-03-09", "100", billing_currency="EUR"),
        ],
    )
    lake.table("daily_spend_tags", [tagged("team", "search", "1")])
    found = ask(lake, basis=basis, by=by)
    spend = found.now.spend
    assert spend == total(found.now.by_day) == total(value.cost for value in found.breakdown.values)
    assert spend == total(total(series.costs) for series in found.breakdown.series)
    assert found.changed is not None
    assert found.changed.split.now == spend
    assert found.changed.split.before == found.comparisons[0].spend
    assert total(found.changed.split.effects.values()) == found.changed.split.change
    assert found.other_currencies == {"EUR": D(100)}
    assert {value.name for value in found.breakdown.values if value.is_apart} <= {
        "Tax",
        "Credits",
        "Refunds and corrections",
    }


def test_what_moved_is_told_by_quantity_price_new_and_gone(lake: Rows) -> None:
    lake.table(
        "daily_spend",
        [
            charge("2026-02-09", "100", pricing_quantity="100"),
            charge("2026-03-09", "135", pricing_quantity="150"),
            charge("2026-02-09", "5", service_name="Gone"),
            charge("2026-03-09", "6", service_name="New"),
            charge("2026-03-09", "2", charge_category="Tax"),
        ],
    )
    changed = ask(lake).changed
    assert changed is not None
    assert changed.split.effects == {
        Effect.QUANTITY: D("47.5"),
        Effect.PRICE: D("-12.5"),
        Effect.NEW: D(6),
        Effect.GONE: D(-5),
        Effect.TAX: D(2),
    }
    assert [(line.service, line.kind, line.account) for line, _ in changed.movers][:2] == [
        ("EC2", "Usage", "production"),
        ("New", "Usage", "production"),
    ]


def test_the_last_days_that_are_estimated_or_not_over_are_incomplete(lake: Rows) -> None:
    lake.table(
        "daily_spend",
        [
            charge("2026-03-10", "1", estimated=True),  # estimated, and days after it are not
            charge("2026-03-27", "1"),
            charge("2026-03-28", "1", estimated=True),
            charge("2026-03-30", "1", estimated=True),
            charge("2026-03-31", "1"),  # today
        ],
    )
    found = ask(lake)
    assert found.incomplete_from == date(2026, 3, 28)
    assert found.now.estimated_share == D("0.6")
    assert incomplete_from(found.now, None) is None  # the last day stands


def test_a_cost_that_no_charge_says_is_unknown_and_not_nothing(lake: Rows) -> None:
    lake.table(
        "daily_spend",
        [
            charge("2026-02-09", "5", list_cost=None, contracted_cost=None),
            charge("2026-03-09", "6", list_cost=None, contracted_cost=None, charges=3),
            charge("2026-03-09", "2", contracted_cost=None, service_name="S3"),
        ],
    )
    contracted = ask(lake, basis=Basis.CONTRACTED)
    assert (contracted.is_unknown, contracted.now.has_cost, contracted.changed) == (True, False, None)
    assert contracted.now.known == [Basis.BILLED, Basis.EFFECTIVE, Basis.LIST]
    listed = ask(lake, basis=Basis.LIST)
    assert not listed.is_unknown
    assert (listed.now.spend, listed.now.charges, listed.now.unknown[Basis.LIST]) == (D(2), 4, 3)
    assert [(value.value, value.cost, value.before, value.change) for value in listed.breakdown.values] == [
        ("S3", D(2), D(0), D(2)),  # not charged before: 0 is known
        ("EC2", None, None, None),
    ]
    assert listed.changed is None  # there is nothing known before that it could be held against
    assert ask(lake, basis=Basis.BILLED).now.unknown.get(Basis.BILLED) is None


def test_a_tag_s_charges_say_what_is_unknown_as_the_mart_does(lake: Rows) -> None:
    rows = [march("1", list_cost=None), march("2")]
    lake.table("daily_spend", rows)
    tags = {"tags": '{"team": "web"}'}
    lake.table("spend", [{name: row[name] for name in row if name != "charges"} | tags for row in rows])
    lake.table("daily_spend_tags", [tagged("team", "web", "3")])
    found = ask(lake, BillPart("USD", tag=("team", "web")), basis=Basis.LIST)
    assert (found.now.charges, found.now.unknown) == (2, {Basis.LIST: 1})


def test_estimated_charges_are_marked_by_day_and_by_value_where_the_table_has_one(lake: Rows) -> None:
    lake.table(
        "daily_spend",
        [
            charge("2026-03-01", "3"),
            charge("2026-03-01", "4", charge_category="Tax", service_name="Tax", estimated=True),
            charge("2026-03-02", "5"),
        ],
    )
    lake.table(
        "daily_spend_tags", [tagged("team", "search", "1") | {"charge_date": date(2026, 3, day)} for day in (1, 2)]
    )
    by_service = {series.name: series.estimated for series in ask(lake).breakdown.series}
    assert by_service == {"EC2": frozenset(), "Tax, credits, refunds": {0}}
    by_tag = {series.name: series.estimated for series in ask(lake, by="tag:team").breakdown.series}
    assert by_tag == {"search": {0}, "Others": {0}}


def test_a_viewer_of_some_regions_of_the_shop_sees_the_whole_bill(lake: Rows) -> None:
    lake.table("daily_spend", [march("7")])
    (row,) = lake.ask("spend/by_day", regions_seen=("North",))
    assert row["billed_cost"] == D(7)
