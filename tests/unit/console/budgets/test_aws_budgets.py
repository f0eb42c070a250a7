"""Budgets and anomalies that AWS keeps: moto and botocore's stub answer in AWS's own shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from catalogue.errors import SourceError
from console.aws.paid import PaidClient
from console.aws.permissions import actions_of
from console.budgets import aws_budgets
from console.budgets.account import KeptBudgets
from console.budgets.aws_budgets import AwsBudgets, BudgetLeftOut
from console.budgets.budgets import Budget, BudgetScope, Kind
from console.budgets.forecasting import aws_anomalies
from console.budgets.forecasting.aws_anomalies import found_by_aws
from console.finops.charges import Basis
from console.metering import Call

ACCOUNT = "123456789012"


class Calls:
    """A meter that remembers."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def record(self, call: Call) -> None:
        self.calls.append(call)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def stubbed() -> Iterator[Callable[[str], tuple[PaidClient, Stubber, Calls]]]:
    """A paid client of a service whose answers a test gives; every answer given must be asked for."""
    stubs: list[Stubber] = []

    def make(service: str, price: str = "0.01") -> tuple[PaidClient, Stubber, Calls]:
        client = boto3.client(service, region_name="us-east-1")
        stub = Stubber(client)
        stub.activate()
        stubs.append(stub)
        meter = Calls()
        return PaidClient(client, meter, Decimal(price), service), stub, meter

    yield make
    for stub in stubs:
        stub.assert_no_pending_responses()


def described(name: str = "Shop", **more: Any) -> dict[str, Any]:
    return {
        "BudgetName": name,
        "BudgetLimit": {"Amount": "300.0", "Unit": "USD"},
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
        **more,
    }


def read(stubbed: Any, *budgets: dict[str, Any]) -> AwsBudgets:
    """A source that is given these budgets, each with its notifications."""
    client, stub, _ = stubbed("budgets")
    stub.add_response("describe_budgets", {"Budgets": list(budgets)}, {"AccountId": ACCOUNT})
    for budget in budgets:
        if not aws_budgets._unusable(budget):
            stub.add_response("describe_notifications_for_budget", {"Notifications": []})
    return AwsBudgets(client, ACCOUNT)


@mock_aws
def test_a_monthly_cost_budget_is_read_with_its_thresholds() -> None:
    client = boto3.client("budgets", region_name="us-east-1")
    for number in range(120):  # more than a page
        notified = [
            {
                "Notification": {
                    "NotificationType": kind,
                    "ComparisonOperator": "GREATER_THAN",
                    "Threshold": threshold,
                    "ThresholdType": "PERCENTAGE",
                },
                "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "owner@example.com"}],
            }
            for kind, threshold in (("ACTUAL", 85.0), ("FORECASTED", 110.0))
        ]
        client.create_budget(
            AccountId=ACCOUNT,
            Budget=described(f"Shop {number:03}"),
            NotificationsWithSubscribers=notified if number == 0 else [],
        )
    found = AwsBudgets(PaidClient(client, Calls(), aws_budgets.PRICE, aws_budgets.SOURCE), ACCOUNT).budgets()
    assert found[0] == Budget("Shop 000", Decimal("300.0"), "USD", thresholds=(85, 110), source="AWS Budgets")
    assert len(found) == 120
    assert found[1].thresholds == (80, 100, 120)


def test_pages_are_followed(stubbed: Any) -> None:
    client, stub, meter = stubbed("budgets", "0")
    stub.add_response("describe_budgets", {"Budgets": [described("A")], "NextToken": "more"}, {"AccountId": ACCOUNT})
    stub.add_response("describe_budgets", {"Budgets": [described("B")]}, {"AccountId": ACCOUNT, "NextToken": "more"})
    for name in ("A", "B"):
        stub.add_response("describe_notifications_for_budget", {}, {"AccountId": ACCOUNT, "BudgetName": name})
    assert [budget.name for budget in AwsBudgets(client, ACCOUNT).budgets()] == ["A", "B"]
    assert [call.name for call in meter.calls] == ["DescribeBudgets"] * 2 + ["DescribeNotificationsForBudget"] * 2
    assert {call.dollars for call in meter.calls} == {0}


@pytest.mark.parametrize(
    ("filters", "scope"),
    [
        ({}, BudgetScope()),
        ({"Service": ["Amazon Athena"]}, BudgetScope(Kind.SERVICE, "Amazon Athena")),
        ({"LinkedAccount": ["210000000017"]}, BudgetScope(Kind.ACCOUNT, "210000000017")),
        ({"TagKeyValue": ["user:component$console"]}, BudgetScope(Kind.TAG, "component=console")),
    ],
)
def test_a_filter_by_one_service_account_or_tag_is_its_scope(
    stubbed: Any, filters: dict[str, list[str]], scope: BudgetScope
) -> None:
    (found,) = read(stubbed, described(CostFilters=filters)).budgets()
    assert found.scope == scope


@pytest.mark.parametrize(
    ("expression", "scope"),
    [
        ({"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Athena"]}}, BudgetScope(Kind.SERVICE, "Amazon Athena")),
        ({"Tags": {"Key": "component", "Values": ["console"]}}, BudgetScope(Kind.TAG, "component=console")),
    ],
)
def test_a_filter_written_as_an_expression_is_its_scope(
    stubbed: Any, expression: dict[str, Any], scope: BudgetScope
) -> None:
    (found,) = read(stubbed, described(FilterExpression=expression)).budgets()
    assert found.scope == scope


def test_amortised_costs_are_effective_and_planned_amounts_are_by_month(stubbed: Any) -> None:
    november = str(int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()))
    planned = {"PlannedBudgetLimits": {november: {"Amount": "400", "Unit": "USD"}}}
    (found,) = read(stubbed, described(CostTypes={"UseAmortized": True}, **planned)).budgets()
    assert found.basis is Basis.EFFECTIVE
    assert found.amount_in(date(2026, 11, 1)) == 400
    assert found.amount_in(date(2026, 10, 1)) == 300


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"BudgetType": "USAGE"}, "usage"),
        ({"TimeUnit": "QUARTERLY"}, "quarterly"),
        ({"CostFilters": {"Region": ["us-east-1"]}}, "filter"),
        ({"CostFilters": {"Service": ["A", "B"]}}, "filter"),
        ({"CostFilters": {"Service": ["A"], "LinkedAccount": ["1"]}}, "filter"),
        ({"CostTypes": {"IncludeCredit": False, "IncludeTax": False}}, "no tax, no credits"),
        ({"CostTypes": {"UseBlended": True}}, "BlendedCost"),
        ({"Metrics": ["NetUnblendedCost"]}, "NetUnblendedCost"),
        ({"FilterExpression": {"Not": {"Dimensions": {"Key": "SERVICE", "Values": ["Tax"]}}}}, "filter"),
    ],
)
def test_a_budget_that_means_something_else_is_left_out_and_told(stubbed: Any, more: dict[str, Any], why: str) -> None:
    source = read(stubbed, described(**more))
    assert list(source.budgets()) == []
    (left_out,) = source.left_out
    assert isinstance(left_out, BudgetLeftOut)
    assert why in left_out.why


def test_a_refusal_names_the_action_that_is_missing(stubbed: Any) -> None:
    client, stub, _ = stubbed("budgets")
    stub.add_client_error("describe_budgets", "AccessDeniedException", "no")
    with pytest.raises(SourceError, match="denied") as refused:
        AwsBudgets(client, ACCOUNT).budgets()
    assert refused.value.remedy.startswith("Allow budgets:ViewBudget in the role"), "the action IAM knows"


def test_budgets_are_asked_again_after_a_while_and_a_failure_is_not_kept() -> None:
    now, asked = [0.0], [0]

    class Source:
        left_out = (BudgetLeftOut("Old", "it is quarterly, not monthly"),)

        def budgets(self) -> list[Budget]:
            asked[0] += 1
            if asked[0] == 1:
                raise SourceError("busy")
            return [Budget("All", Decimal(asked[0]), "USD")]

    kept = KeptBudgets(Source(), 60, clock=lambda: now[0])
    with pytest.raises(SourceError):
        kept.budgets()
    assert [kept.budgets()[0].amount, kept.budgets()[0].amount] == [2, 2]
    assert [gap.name for gap in kept.left_out] == ["Old"]
    now[0] = 60.0
    assert kept.budgets()[0].amount == 3


def anomaly(number: int, impact: float, **more: Any) -> dict[str, Any]:
    return {
        "AnomalyId": f"a{number}",
        "AnomalyStartDate": "2026-11-06T00:00:00Z",
        "AnomalyEndDate": "2026-11-07T00:00:00Z",
        "AnomalyScore": {"MaxScore": 0.9, "CurrentScore": 0.5},
        "Impact": {"MaxImpact": impact, "TotalImpact": impact, "TotalActualSpend": impact + 1.3},
        "MonitorArn": "arn:aws:ce::123456789012:anomalymonitor/m",
        "RootCauses": [{"Service": "Amazon Athena", "Region": "us-east-1", "UsageType": "USE1-DataScannedInTB"}],
        **more,
    }


def test_what_aws_found_is_read_page_by_page_and_every_page_is_paid_for(stubbed: Any) -> None:
    client, stub, meter = stubbed("ce")
    interval = {"StartDate": "2026-08-25", "EndDate": "2026-11-22"}
    stub.add_response(
        "get_anomalies", {"Anomalies": [anomaly(1, 9.1)], "NextPageToken": "more"}, {"DateInterval": interval}
    )
    stub.add_response(
        "get_anomalies",
        {"Anomalies": [anomaly(2, 12.25, RootCauses=[], DimensionValue="Amazon EC2", Feedback="YES")]},
        {"DateInterval": interval, "NextPageToken": "more"},
    )
    first, second = found_by_aws(client, date(2026, 11, 22))
    assert (first.service, first.money, first.feedback) == ("Amazon EC2", Decimal("12.25"), "YES")
    assert (second.service, second.usage_type, second.money) == (
        "Amazon Athena",
        "USE1-DataScannedInTB",
        Decimal("9.1"),
    )
    assert (second.start, second.end, second.expected) == (date(2026, 11, 6), date(2026, 11, 7), None)
    assert [(call.name, call.dollars) for call in meter.calls] == [("GetAnomalies", Decimal("0.01"))] * 2


def test_an_endless_answer_is_not_paid_for_without_end(stubbed: Any) -> None:
    client, stub, meter = stubbed("ce")
    for _ in range(aws_anomalies.MOST_PAGES):
        stub.add_response("get_anomalies", {"Anomalies": [], "NextPageToken": "more"})
    with pytest.raises(SourceError, match="more than 20 pages"):
        found_by_aws(client, date(2026, 11, 22))
    assert len(meter.calls) == 20


def test_the_actions_are_those_of_the_calls() -> None:
    assert actions_of("console.budgets.forecasting.aws_anomalies") == {"ce:GetAnomalies"}
    assert actions_of("console.budgets.aws_budgets") == {"budgets:ViewBudget"}
