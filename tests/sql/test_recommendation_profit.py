"""What came of recommendations and whether they pay, on literal days, by hand and to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console.asking.formatting import NARROW_SPACE
from console.asking.periods import Period
from console.asking.slices import Slices
from console.recommendations.experiments.incremental import IncrementalMargin
from console.recommendations.profit import charts, words
from console.recommendations.profit.answer import NO_HOLDOUT, OutcomeRecord, Profit, profit
from console.recommendations.profit.break_even import Verdict
from console.recommendations.profit.costs import CostLine
from console.recommendations.profit.holdout import Holdout
from console.recommendations.source import ModelRecord, Use
from console.unit_costs import allocation_file
from tests.support.lake_rows import NOON, Rows, money

FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
PERIOD = Period(FIRST, date(2026, 3, 4))
RULES = allocation_file.load()
EVERYTHING = Slices()


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    """Two surfaces on two days, two orders that followed a click, a bill of the first two days."""
    rows = Rows(tmp_path / "lake")
    rows.table(
        "daily_recommendations",
        [
            shown(FIRST, "for_you", "m2", 60, 3),
            shown(FIRST, "best_sellers", "m1", 40, 1),
            shown(SECOND, "for_you", "m2", 100, 4, region="North"),
            shown(THIRD, "for_you", "m2", 10, 0),
            shown(date(2026, 3, 4), "for_you", "m2", 999, 99),  # the end date: not ours
        ],
    )
    rows.table(
        "attributed_lines",
        [
            line("o1", FIRST, "for_you", "m2", "40.00", "22.50"),
            line("o1", FIRST, "best_sellers", "m1", "10.00", None),
            line("o2", SECOND, "for_you", "m2", "20.00", "12.50", region="North"),
            line("o1", SECOND, "for_you", "m2", "-40.00", "-22.50", event_type="refund"),
            line("o3", THIRD, "for_you", "m2", "30.00", "10.00"),
        ],
    )
    rows.table(
        "daily_sales",
        [
            {"order_date": FIRST, "currency": "USD", "gross_revenue": money("190.00"), "lines": 1},
            {"order_date": SECOND, "currency": "USD", "gross_revenue": money("50.00"), "lines": 1},
        ],
    )
    rows.table(
        "daily_events",
        [
            {"event_date": FIRST, "event_type": "product_view", "events": 300},
            {"event_date": FIRST, "event_type": "recommendation_impression", "events": 96},
            {"event_date": FIRST, "event_type": "recommendation_click", "events": 4},
            {"event_date": date(2026, 3, 30), "event_type": "product_view", "events": 1},
        ],
    )
    return bill(rows, BILL)


def shown(day: date, surface: str, model: str, impressions: int, clicks: int, region: str = "South") -> dict[str, Any]:
    return {
        "event_date": day, "surface": surface, "model": model, "channel": "web", "region": region,
        "impressions": impressions, "clicks": clicks,
    }  # fmt: skip


def line(
    order: str, day: date, surface: str, model: str, amount: str, cost: str | None,
    event_type: str = "purchase", region: str = "South",
) -> dict[str, Any]:  # fmt: skip
    return {
        "event_id": f"{order}-{surface}-{event_type}", "order_id": order, "event_type": event_type, "order_date": day,
        "occurred_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC), "quantity": Decimal(1),
        "amount": money(amount), "cost": None if cost is None else money(cost), "surface": surface, "model": model,
        "channel": "web", "region": region, "free_order": False,
    }  # fmt: skip


def charge(day: date, service: str, component: str, cost: str, currency: str = "USD") -> dict[str, Any]:
    return {
        "charge_date": day, "service_name": service, "charge_category": "Usage", "billing_currency": currency,
        "effective_cost": money(cost), "tags": f'{{"component": "{component}"}}',
    }  # fmt: skip


BILL = [
    charge(FIRST, "AWS Glue", "recommendations", "1.10"),
    charge(FIRST, "AWS Lambda", "recommendations", "0.15"),
    charge(FIRST, "Amazon Kinesis", "stream", "3.00"),  # a quarter of the events are recommendations'
    charge(SECOND, "AWS Glue", "recommendations", "1.25"),
    charge(SECOND, "Amazon Athena", "console", "9.00"),
]


def bill(lake: Rows, charges: list[dict[str, Any]]) -> Rows:
    lake.table("spend", charges)
    daily = [{key: value for key, value in row.items() if key != "tags"} | {"charges": 1} for row in charges]
    return lake.table("daily_spend", daily)


def asked(
    lake: Rows, *, regions: tuple[str, ...] | None = None, slices: Slices = EVERYTHING, hold_out: Holdout = NO_HOLDOUT
) -> Profit:
    return profit(lake.scope(regions=regions), PERIOD, (), slices, RULES, hold_out)


def tile(found: Profit, name: str) -> tuple[Any, str]:
    figure = next(one for one in [*found.figures, *found.balance_figures] if one.name == name)
    return figure.value, spaced(figure.note)


def spaced(said: str) -> str:
    """With usual spaces."""
    return said.replace(NARROW_SPACE, " ")


def test_what_came_of_recommendations_is_added_up_by_day_surface_and_model(lake: Rows) -> None:
    found = asked(lake)
    assert tile(found, "Impressions")[0] == 210
    assert tile(found, "Clicks")[0] == 8
    assert tile(found, "Click rate")[0] == Decimal(8) / 210
    assert tile(found, "Attributed orders")[0] == 3
    assert tile(found, "Attributed net revenue") == (money("60.00"), "25.0 % of all net revenue")
    assert [figure.series for figure in found.figures if figure.name == "Clicks"] == [[4, 4, 0]]
    for_you, best = found.surfaces
    assert (for_you.name, for_you.impressions, for_you.clicks, for_you.orders) == ("for_you", 170, 7, 3)
    assert (for_you.net_revenue, for_you.gross_margin) == (money("50.00"), money("27.50"))
    assert for_you.revenue_per_thousand == money("50") * 1000 / 170
    assert (best.name, best.orders, best.net_revenue, best.gross_margin) == ("best_sellers", 1, money("10.00"), None)
    assert [model.name for model in found.models] == ["m2", "m1"]


def test_margin_and_cost_are_of_the_days_that_are_charged(lake: Rows) -> None:
    found = asked(lake)
    assert found.cost.cost is not None
    assert found.cost.cost.lines == [
        CostLine("Training", "AWS Glue", money("2.35")),
        CostLine("Serving", "AWS Lambda", money("0.15")),
        CostLine("Shared", "Collector and stream", money("0.75")),
    ]
    assert found.cost.days_without_charges == 1
    assert found.balance.days == 2
    assert found.balance.margin == money("7.50")  # 40 − 22.50 + 20 − 12.50 − (40 − 22.50); the third day is left out
    assert found.balance.cost == money("3.25")
    assert found.balance.left == money("4.25")
    assert tile(found, "Attributed gross margin") == (
        money("7.50"), "Margin unknown for 33.3 % of attributed net revenue",
    )  # fmt: skip
    assert tile(found, "Cost of recommending") == (money("3.25"), "1 day not charged")
    assert tile(found, "Break-even")[0] == pytest.approx(Decimal(13) / 30)
    left = next(figure for figure in found.balance_figures if figure.name == "Left, if all is incremental")
    assert left.series == [money("15.50"), money("-11.25"), None]
    assert "1 of 3 days have no charges yet" in " ".join(words.notes(found))


def test_without_a_holdout_it_is_said_that_nobody_can_know(lake: Rows) -> None:
    found = asked(lake)
    assert found.balance.verdict is Verdict.UNMEASURED
    headline, why = words.verdict(found)
    assert headline == "Not known"
    assert "Without a hold-out nobody can know" in why
    assert "Start an experiment with a hold-out" in why
    assert tile(found, "Incremental margin") == (None, "Unknown without a hold-out")
    assert [spaced(line) for line in words.break_even(found)] == [
        "Pays if at least 43.3 % of the attributed margin of $7.50 is incremental: the cost is $3.25.",
        "A click brings $0.94 of attributed margin, so 1.7 clicks a day pay the cost if all of it is incremental. "
        "There are 4.0.",
    ]


@pytest.mark.parametrize(
    ("low", "high", "headline", "said"),
    [
        ("20.00", "60.00", "It pays", "bring $8.00 of margin that would not be there without them ($4.00 to $12.00)"),
        ("-5.00", "60.00", "Not known yet", "Their cost of $3.25 lies in between"),
        ("-90.00", "10.00", "Not by what is measured", "bring at most $2.00 of margin"),
    ],
)
def test_a_holdout_says_whether_it_pays(lake: Rows, low: str, high: str, headline: str, said: str) -> None:
    ten_days = Period(date(2026, 2, 20), date(2026, 3, 2))  # of which the two charged days are a fifth
    measured = IncrementalMargin("nobody", ten_days, 900, money("40.00"), money(low), money(high), None)
    found = asked(lake, hold_out=Holdout(measured))
    assert words.verdict(found)[0] == headline
    assert said in words.verdict(found)[1]
    assert tile(found, "Incremental margin")[0] == money("8.00")
    assert tile(found, "Left after cost")[0] == money("4.75")
    assert "hold-out nobody" in " ".join(words.notes(found))


def test_less_margin_than_cost_is_no_loss_where_much_of_the_margin_is_unknown(lake: Rows) -> None:
    ten_days = Period(date(2026, 2, 20), SECOND)
    measured = IncrementalMargin("nobody", ten_days, 900, money("1.00"), money("-9"), money("10"), Decimal("0.4"))
    found = asked(lake, hold_out=Holdout(measured, note="The newer hold-out young has too few days in this period."))
    headline, why = words.verdict(found)
    assert headline == "Not known"
    assert "the margin of 40.0 % of net revenue is unknown: send unit_cost" in spaced(why)
    notes = spaced(" ".join(words.notes(found)))
    assert "hold-out nobody, 20 Feb – 1 Mar 2026 (10 days), taken for the same over 2 days" in notes
    assert "The margin of 40.0 % of these customers’ net revenue is unknown" in notes
    assert "The newer hold-out young has too few days in this period." in notes


def test_a_holdout_that_says_nothing_yet_gives_its_reason(lake: Rows) -> None:
    found = asked(lake, hold_out=Holdout(problem="The hold-out nobody has too few customers for an answer yet."))
    assert "The hold-out nobody has too few customers" in words.verdict(found)[1]
    assert "Without a hold-out nobody can know" not in words.verdict(found)[1]
    assert tile(found, "Incremental margin")[1].startswith("The hold-out nobody has too few customers")
    assert charts.balance(found).note == "incremental margin: not known, see above"


def test_who_sees_some_regions_sees_what_came_of_them_and_no_cost(lake: Rows) -> None:
    found = asked(lake, regions=("North",))
    assert tile(found, "Impressions")[0] == 100
    assert tile(found, "Attributed net revenue")[0] == money("20.00")
    assert tile(found, "Cost of recommending")[0] is None
    assert "the cloud’s bill is of the whole shop" in words.verdict(found)[1]
    assert found.balance.left is None
    assert words.break_even(found) == []


def test_a_filter_leaves_the_cost_unknown_and_says_why(lake: Rows) -> None:
    found = asked(lake, slices=Slices(regions=("North",)))
    assert tile(found, "Clicks")[0] == 4
    assert words.verdict(found) == (
        "The cost is unknown", "The cloud’s bill is of the whole shop. Clear the filters to see the cost.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("charges", "said"),
    [
        ([], "There is no cloud bill yet."),
        ([charge(date(2026, 3, 20), "AWS Glue", "recommendations", "1.00")], "The bill has no charge for these days."),
        ([charge(SECOND, "Amazon Athena", "console", "9.00")], "Nothing in the bill of these days is allocated"),
    ],
)
def test_a_cost_that_the_bill_does_not_say_is_unknown_and_never_0(
    lake: Rows, charges: list[dict[str, Any]], said: str
) -> None:
    found = asked(bill(lake, charges))
    assert tile(found, "Cost of recommending")[0] is None
    assert found.balance.cost is None
    assert found.balance.margin == money("27.50")  # of all days
    headline, why = words.verdict(found)
    assert headline == "The cost is unknown"
    assert said in why


def test_a_bill_in_another_currency_is_shown_and_taken_from_nothing(lake: Rows) -> None:
    found = asked(bill(lake, [charge(FIRST, "AWS Glue", "recommendations", "1.00", "EUR")]))
    assert tile(found, "Cost of recommending")[0] == money("1.00")
    assert next(one.currency for one in found.balance_figures if one.name == "Cost of recommending") == "EUR"
    assert found.balance.cost is None
    assert "The bill is in EUR and revenue in USD" in words.verdict(found)[1]


def test_a_comparison_has_its_own_figures_and_its_own_cost(lake: Rows) -> None:
    found = profit(lake.scope(), Period(SECOND, THIRD), [("The day before", Period(FIRST, SECOND))], Slices(), RULES)
    clicks = next(figure for figure in found.figures if figure.name == "Clicks")
    assert (clicks.value, [(change.label, change.value) for change in clicks.changes]) == (4, [("The day before", 4)])
    cost = next(figure for figure in found.balance_figures if figure.name == "Cost of recommending")
    assert (cost.value, cost.changes[0].value) == (money("1.25"), money("2.00"))


def test_a_cost_of_fewer_days_than_asked_for_is_compared_with_nothing(lake: Rows) -> None:
    before = [("The two days before", Period(date(2026, 2, 27), FIRST))]
    whole = [("The day before", Period(FIRST, SECOND))]
    for period, compared in ((PERIOD, whole), (Period(FIRST, THIRD), before)):  # the third day, and February, lack
        found = profit(lake.scope(), period, compared, Slices(), RULES)
        cost = next(figure for figure in found.balance_figures if figure.name == "Cost of recommending")
        assert cost.value is not None
        assert not cost.changes


def test_days_that_are_charged_but_outside_the_lakes_events_are_not_called_uncharged(lake: Rows) -> None:
    early = date(2026, 2, 28)
    bill(lake, [*BILL, charge(early, "AWS Glue", "recommendations", "1.00")])
    found = profit(lake.scope(), Period(early, THIRD), (), Slices(), RULES)
    assert (found.cost.days_without_charges, found.cost.days_without_events) == (0, 1)
    said = " ".join(words.notes(found))
    assert "1 of 3 days are charged but have no events in the lake" in said
    assert "no charges yet" not in said
    alone = profit(lake.scope(), Period(early, FIRST), (), Slices(), RULES)
    assert alone.cost.problem == "The days that are charged are before the lake's first event or after its last one."


def test_what_is_shown_of_a_model_is_its_version_and_of_a_surface_its_one_name() -> None:
    records = [replace(NOTHING_CAME, name=name) for name in ("viewed_also_viewed", "product_page", "blend_v2")]
    assert drawn_names(records, "surface") == ["Viewed, also viewed", "Product page", "Blend v2"]
    assert drawn_names(records, "model") == ["viewed_also_viewed", "product_page", "blend_v2"]


def test_nothing_shown_is_empty_and_a_rate_without_impressions_unknown(tmp_path: Path) -> None:
    found = asked(Rows(tmp_path / "bare"))
    assert found.is_empty
    assert tile(found, "Click rate")[0] is None
    assert found.surfaces == []


def test_the_cards_of_models_say_whether_coverage_falls_and_what_is_new() -> None:
    current = card("m2", Use.CURRENT, coverage=0.31, unknown_share=0.042)
    before = card("m1", Use.PREVIOUS, coverage=0.35)
    assert [spaced(line) for line in words.model_drift([current, before])] == [
        "The model shows 31.0 % of the available products to anybody, fewer than the one before (35.0 %).",
        "4.2 % of the newest week’s actions were with products that the model before did not know.",
    ]
    assert words.model_drift([]) == []
    assert words.model_drift([card("m2", Use.CURRENT)]) == []


NOTHING_CAME = OutcomeRecord("", 100, 5, Decimal("0.05"), 0.02, 0.11, 0, Decimal(0), Decimal(0), None)


def drawn_names(records: Sequence[OutcomeRecord], of: str) -> list[str]:
    spec = charts.click_rate_of(records, of).spec
    assert spec is not None
    return [row[1] for row in spec["baseOption"]["dataset"]["source"]]


def card(version: str, use: Use, coverage: float | None = None, unknown_share: float | None = None) -> ModelRecord:
    return ModelRecord(
        version, NOON - timedelta(days=1), use, "blend", None, None, 1, 1, 1, {}, coverage=coverage,
        unknown_share=unknown_share,
    )  # fmt: skip
