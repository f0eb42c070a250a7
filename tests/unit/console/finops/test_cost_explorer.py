"""Cost Explorer: what is asked, what the answers become, what is paid, and what is said when it refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from catalogue.errors import SourceError
from console.aws.paid import PaidClient
from console.aws.permissions import actions_of
from console.finops.billing.charge_rows import SCHEMA
from console.finops.billing.cost_explorer import (
    SERVICE,
    CostExplorer,
    Plan,
    months_since,
    snapshot_period,
)
from console.metering import Asker, Call
from tests.support.cost_explorer_answers import answer, client, day, stubbed
from tests.support.paths import SHARED_DATA

RECORDED = SHARED_DATA / "get_cost_and_usage_daily_by_service.json"
START, END = date(2026, 3, 1), date(2026, 3, 3)
NOW = datetime(2026, 3, 3, 6, tzinfo=UTC)
PRICE = Decimal("0.01")  # dollars a request
MONTH = ("2026-03-01", "2026-03-03")
BY_SERVICE = Plan(by=(SERVICE,), cut=(), regions=False)


class Kept:
    """A meter that remembers."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def record(self, call: Call) -> None:
        self.calls.append(call)


def paid(made: Any, meter: Kept | None = None, **options: Any) -> PaidClient:
    return PaidClient(made, meter or Kept(), PRICE, "Cost Explorer", clock=lambda: NOW, **options)


def rows(source: CostExplorer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pa.Table.from_batches(source.charges(), SCHEMA).to_pylist()
    return found


def asked(made: Any) -> list[dict[str, Any]]:
    """Every question as botocore sends it."""
    questions: list[dict[str, Any]] = []
    made.meta.events.register("provide-client-params.ce.*", lambda params, **_: questions.append(params))
    return questions


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answer is not part of the project")
def test_the_recorded_answer_totals_to_the_last_digit():
    made, stubber = stubbed()
    stubber.add_response("get_cost_and_usage", json.loads(RECORDED.read_text()))
    meter = Kept()
    with stubber:
        found = rows(CostExplorer(paid(made, meter), start=date(2024, 2, 1), end=date(2024, 4, 27), plan=BY_SERVICE))
    stubber.assert_no_pending_responses()
    assert sum(row["billed_cost"] for row in found) == Decimal("67.2540521894")
    assert len(found) == 945
    by_month = {
        month: sum(row["billed_cost"] for row in found if row["charge_period_start"].month == month).quantize(
            Decimal("0.001")
        )
        for month in (2, 3, 4)
    }
    assert by_month == {2: Decimal("16.491"), 3: Decimal("4.925"), 4: Decimal("45.838")}
    assert len({row["charge_period_start"] for row in found}) == 86
    estimated = {row["charge_period_start"] for row in found if row["estimated"]}
    assert (len(estimated), {moment.month for moment in estimated}) == (26, {4})
    taxed = {row["charge_period_start"] for row in found if row["charge_category"] == "Tax" and row["billed_cost"]}
    assert datetime(2024, 4, 1) in taxed
    assert all(row["effective_cost"] is None for row in found)  # it was not asked for: unknown, not 0
    assert [(call.name, call.dollars) for call in meter.calls] == [("GetCostAndUsage", Decimal("0.01"))]


def test_the_bill_is_cut_by_account_and_kind_and_grouped_by_service_and_usage_type():
    made, stubber = stubbed()
    usd = {"UnblendedCost": "1"}
    stubber.add_response(
        "get_cost_and_usage",
        answer(day(*MONTH, (["1", "Usage"], usd), (["1", "Tax"], usd)), accounts={"1": "production"}),
    )
    stubber.add_response(
        "get_cost_and_usage",
        answer(
            day(*MONTH, (["USE1-ETL", "us-east-1"], usd), (["Bytes", "us-east-1"], usd), (["Bytes", "eu-west-1"], usd))
        ),
    )
    tax = answer(day("2026-03-01", "2026-03-02", (["AWS Glue", "NoUsageType"], {"UnblendedCost": "0.4"})))
    use = answer(
        day(
            "2026-03-01",
            "2026-03-02",
            (["AWS Glue", "USE1-ETL"], {"UnblendedCost": "5", "AmortizedCost": "4.5", "UsageQuantity": "2.5"}),
            (["Amazon S3", "Bytes"], {"UnblendedCost": "7"}),
            estimated=True,
        )
    )
    stubber.add_response("get_cost_and_usage", tax)
    stubber.add_response("get_cost_and_usage", use)
    questions = asked(made)
    with stubber:
        found = rows(CostExplorer(paid(made), start=START, end=END))
    reported = [
        (
            row["charge_category"],
            row["service_name"],
            row["usage_type"],
            row["region_id"],
            row["billed_cost"],
            row["estimated"],
        )
        for row in found
    ]
    assert reported == [
        ("Tax", "AWS Glue", None, None, Decimal("0.4"), False),
        ("Usage", "AWS Glue", "USE1-ETL", "us-east-1", Decimal(5), True),
        ("Usage", "Amazon S3", "Bytes", None, Decimal(7), True),  # in two regions: no region
    ]
    assert {(row["sub_account_id"], row["sub_account_name"]) for row in found} == {("1", "production")}
    glue = found[1]
    assert (glue["effective_cost"], glue["consumed_quantity"], glue["consumed_unit"]) == (
        Decimal("4.5"),
        Decimal("2.5"),
        "GB",
    )
    assert [question["Granularity"] for question in questions] == ["MONTHLY", "MONTHLY", "DAILY", "DAILY"]
    assert questions[3]["Filter"] == {
        "And": [
            {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["1"]}},
            {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Usage"]}},
        ]
    }
    assert all(len(question["GroupBy"]) <= 2 for question in questions)  # what Cost Explorer allows


def test_net_costs_come_before_gross_ones():
    made, stubber = stubbed()
    costs = {"UnblendedCost": "10", "NetUnblendedCost": "9", "AmortizedCost": "8", "NetAmortizedCost": "7"}
    stubber.add_response("get_cost_and_usage", answer(day("2026-03-01", "2026-03-02", (["AWS Glue"], costs))))
    with stubber:
        (row,) = rows(CostExplorer(paid(made), start=START, end=END, plan=BY_SERVICE))
    assert (row["billed_cost"], row["effective_cost"], row["list_cost"], row["contracted_cost"]) == (9, 7, None, None)


def test_a_tag_is_told_apart_and_its_absence_too():
    made, stubber = stubbed()
    usd = {"UnblendedCost": "1"}
    plan = Plan(by=(SERVICE,), cut=("RECORD_TYPE",), regions=False)
    stubber.add_response("get_cost_and_usage", answer(day(*MONTH, (["Usage"], usd))))
    stubber.add_response("get_cost_and_usage", answer(day(*MONTH, (["team$"], usd), (["team$web"], usd))))
    stubber.add_response("get_cost_and_usage", answer(day("2026-03-01", "2026-03-02", (["AWS Glue"], usd))))
    stubber.add_response("get_cost_and_usage", answer(day("2026-03-01", "2026-03-02", (["AWS Glue"], usd))))
    questions = asked(made)
    with stubber:
        found = rows(CostExplorer(paid(made), start=START, end=END, plan=plan, tag="team"))
    assert [row["tags"] for row in found] == [None, '{"team": "web"}']
    assert [question["Filter"]["And"][1] for question in questions[2:]] == [
        {"Tags": {"Key": "team", "MatchOptions": ["ABSENT"]}},
        {"Tags": {"Key": "team", "Values": ["web"]}},
    ]


def test_where_the_cut_would_cost_too_much_accounts_are_left_open_and_that_is_said():
    made, stubber = stubbed()
    usd = {"UnblendedCost": "1"}
    many = [([str(number), "Usage"], usd) for number in range(5)]
    plan = Plan(by=(SERVICE,), regions=False)
    stubber.add_response("get_cost_and_usage", answer(day(*MONTH, *many)))
    stubber.add_response("get_cost_and_usage", answer(day("2026-03-01", "2026-03-02", (["AWS Glue"], usd))))
    source = CostExplorer(paid(made), start=START, end=END, plan=plan, most_calls=4)
    with stubber:
        (row,) = rows(source)
    stubber.assert_no_pending_responses()
    assert (row["sub_account_id"], row["charge_category"]) == (None, "Usage")
    assert source.notes == ["Accounts are left out: 5 of them would take 5 questions"]


def test_every_page_is_asked_for_and_paid_for():
    made, stubber = stubbed()
    usd = {"UnblendedCost": "1"}
    stubber.add_response(
        "get_cost_and_usage",
        answer(day("2026-03-01", "2026-03-02", (["AWS Glue"], usd)), token="next"),  # noqa: S106
    )
    stubber.add_response("get_cost_and_usage", answer(day("2026-03-02", "2026-03-03", (["AWS Glue"], usd))))
    questions, meter = asked(made), Kept()
    calls = paid(made, meter, asker=Asker("ada", "Spend"))
    with stubber:
        found = rows(CostExplorer(calls, start=START, end=END, plan=BY_SERVICE))
    assert len(found) == 2
    assert [question.get("NextPageToken") for question in questions] == [None, "next"]
    assert (calls.calls, calls.dollars) == (2, Decimal("0.02"))
    assert [(c.kind, c.viewer, c.page, c.called_at, c.dollars) for c in meter.calls] == [
        ("cost_explorer", "ada", "Spend", NOW, Decimal("0.01"))
    ] * 2


@pytest.mark.parametrize(
    ("code", "what", "remedy"),
    [
        ("AccessDeniedException", "denied access", "Allow ce:GetCostAndUsage in the role of this process"),
        ("DataUnavailableException", "has no data for this period yet", "Enable Cost Explorer"),
        ("BillExpirationException", "has expired", "Ask for a later period"),
        ("RequestChangedException", "next page of the answer is no longer available", "from the first page"),
        ("ExpiredTokenException", r"are not valid \(ExpiredTokenException\)", "Sign in"),
        ("ValidationException", "question was refused: why", "14 months"),
        ("SomethingNewException", "refused: why", "See the message"),
    ],
)
def test_a_refusal_names_the_action_and_the_remedy(code: str, what: str, remedy: str):
    made, stubber = stubbed()
    stubber.add_client_error("get_cost_and_usage", code, "why", 400)
    with stubber, pytest.raises(SourceError, match=what) as caught:
        rows(CostExplorer(paid(made), start=START, end=END, plan=BY_SERVICE))
    assert caught.value.where == "ce:GetCostAndUsage"
    assert remedy in caught.value.remedy


def test_a_meter_that_breaks_its_promise_does_not_lose_a_paid_answer():
    class Broken:
        def record(self, call: Call) -> None:
            raise OSError("disk full")

    made, stubber = stubbed()
    stubber.add_response("get_cost_and_usage", answer())
    with stubber:
        assert (
            PaidClient(made, Broken(), PRICE, "Cost Explorer").call("get_cost_and_usage", **question())["ResultsByTime"]
            == []
        )


def question() -> dict[str, Any]:
    return {
        "TimePeriod": {"Start": "2026-03-01", "End": "2026-03-02"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
    }


def test_the_actions_listed_are_those_that_are_called_no_more_no_less():
    made, stubber = stubbed()
    called: list[str] = []
    made.meta.events.register("before-parameter-build.ce.*", lambda model, **_: called.append(f"ce:{model.name}"))
    usd = {"UnblendedCost": "1"}
    for groups in ([(["1", "Usage"], usd)], [(["USE1-ETL", "us-east-1"], usd)], [(["AWS Glue", "USE1-ETL"], usd)]):
        stubber.add_response("get_cost_and_usage", answer(day(*MONTH, *groups)))
    with stubber:
        rows(CostExplorer(paid(made), start=START, end=END))
    assert set(called) == actions_of("console.finops.billing.cost_explorer")


@pytest.mark.parametrize(
    ("today", "months", "period"),
    [
        (date(2026, 3, 17), 2, (date(2026, 2, 1), date(2026, 3, 17))),
        (date(2026, 3, 1), 1, (date(2026, 2, 1), date(2026, 3, 1))),
        (date(2026, 1, 1), 2, (date(2025, 11, 1), date(2026, 1, 1))),
        (date(2026, 3, 17), 13, (date(2025, 3, 1), date(2026, 3, 17))),
    ],
)
def test_a_snapshot_covers_whole_bills_up_to_yesterday(today: date, months: int, period: Sequence[date]):
    assert snapshot_period(today, months) == tuple(period)


@pytest.mark.parametrize(
    ("last", "today", "months"),
    [
        (None, date(2026, 3, 20), 13),
        (date(2026, 3, 19), date(2026, 3, 20), 2),
        (date(2026, 2, 27), date(2026, 3, 1), 2),  # February's bill is the last one still
        (date(2026, 2, 27), date(2026, 3, 2), 3),
        (date(2025, 11, 30), date(2026, 3, 20), 6),  # October may not have been closed
        (date(2020, 1, 1), date(2026, 3, 20), 13),
        (date(2026, 3, 21), date(2026, 3, 1), 2),  # a clock that was put back
    ],
)
def test_a_snapshot_asks_for_all_since_the_last_one(last: date | None, today: date, months: int):
    assert months_since(last, today) == months


def test_a_period_without_a_day_is_refused():
    with pytest.raises(SourceError, match=r"ends .* before it starts"):
        CostExplorer(paid(client()), start=END, end=END)
