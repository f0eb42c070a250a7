"""Finance is written to when the bill is not as expected."""

from __future__ import annotations

import json

from tests.infra.templates import Templates

BUDGET = "AWS::Budgets::Budget"
HIGHEST = {"dev": 50, "startup": 400, "scale": 1500}  # dollars a month, by the tiers


def test_two_budgets_of_the_highest_bill_tell_what_was_spent_and_what_will_be(templates: Templates) -> None:
    found = {}
    for budget in templates.resources(BUDGET).values():
        assert budget["Budget"]["BudgetLimit"] == {"Amount": HIGHEST[templates.tier], "Unit": "USD"}
        assert (budget["Budget"]["BudgetType"], budget["Budget"]["TimeUnit"]) == ("COST", "MONTHLY")
        for told in budget["NotificationsWithSubscribers"]:
            kind = told["Notification"]
            assert (kind["ComparisonOperator"], kind["ThresholdType"]) == ("GREATER_THAN", "PERCENTAGE")
            assert told["Subscribers"] == [{"SubscriptionType": "EMAIL", "Address": "finance@example.com"}]
            found.setdefault(kind["NotificationType"], []).append(kind["Threshold"])
    assert found == {"ACTUAL": [80, 100, 120], "FORECASTED": [80, 100, 120]}


def test_who_is_written_to_can_be_changed_since_no_budget_has_a_name_of_ours(templates: Templates) -> None:
    assert all("BudgetName" not in budget["Budget"] for budget in templates.resources(BUDGET).values())


def test_budgets_count_the_account_until_the_tags_are_active_and_then_this_tier_alone(
    templates: Templates, everything: Templates
) -> None:
    assert all("FilterExpression" not in budget["Budget"] for budget in templates.resources(BUDGET).values())
    for budget in everything.resources(BUDGET).values():
        assert budget["Budget"]["Metrics"] == ["UnblendedCost"]  # without, Budgets refuses an expression
        assert budget["Budget"]["FilterExpression"] == {
            "And": [
                {"Tags": {"Key": "takings:installation", "Values": ["takings"], "MatchOptions": ["EQUALS"]}},
                {"Tags": {"Key": "takings:tier", "Values": ["scale"], "MatchOptions": ["EQUALS"]}},
            ]
        }


def test_unusual_costs_of_any_service_are_told_from_a_twentieth_of_the_bill_on(templates: Templates) -> None:
    monitor = templates.one("AWS::CE::AnomalyMonitor")
    assert (monitor["MonitorType"], monitor["MonitorDimension"]) == ("DIMENSIONAL", "SERVICE")
    subscription = templates.one("AWS::CE::AnomalySubscription")
    least = json.loads(subscription["ThresholdExpression"])["Dimensions"]
    assert least["Key"] == "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
    assert least["Values"] == [{"dev": "5", "startup": "20", "scale": "75"}[templates.tier]]
    assert subscription["Subscribers"] == [{"Type": "EMAIL", "Address": "finance@example.com"}]


def test_a_monitor_that_is_there_is_not_made_again(without_own_services: Templates) -> None:
    assert without_own_services.resources("AWS::CE::AnomalyMonitor") == {}
    assert without_own_services.resources("AWS::CE::AnomalySubscription") == {}
    assert len(without_own_services.resources(BUDGET)) == 2
