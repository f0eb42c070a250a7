"""What tells finance that the bill is not as expected: budgets, and unusual costs.

Both services are reached in us-east-1, so this stack is there, wherever the rest is. It writes to people by mail.
"""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_ce as ce
from constructs import Construct

from infra_cdk.installation import Installation
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.tags import TAG_INSTALLATION, TAG_TIER

THRESHOLDS = (80, 100, 120)  # percent
KINDS = ("ACTUAL", "FORECASTED")  # a budget of its own for each: AWS takes five thresholds at most
UNUSUAL_SHARE = 0.05  # of the tier's highest bill: what an unusual cost must come to before somebody is written to
LEAST_UNUSUAL = 5  # dollars
BILLED = "UnblendedCost"  # what the invoice says; source: AWS Budgets API reference, Budget, Metrics


class FinOps(InstallationStack):
    """Budgets of the tier's highest bill, and Cost Anomaly Detection."""

    part = "finops"

    def __init__(self, scope: Construct, installation: Installation) -> None:
        super().__init__(scope, installation, "Takings: budgets and unusual costs", in_global_region=True)
        self.people = installation.configuration.people.finance
        for kind in KINDS:
            self._budget(kind)
        if installation.configuration.account.cost_anomaly_monitor == "create":
            self._anomalies()

    def _budget(self, kind: str) -> budgets.CfnBudget:
        """A budget for what was spent, or for what will be by the end of the month.

        It has no name of ours: who is written to cannot be changed but by making another one, beside the old one.
        """
        of, own = budgets.CfnBudget, self._own_costs()
        return of(
            self,
            f"{kind.title()}Budget",
            budget=of.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=of.SpendProperty(amount=float(self.installation.tier.monthly_usd.high), unit="USD"),
                filter_expression=own,
                metrics=None if own is None else [BILLED],  # asked for where there is an expression
            ),
            notifications_with_subscribers=[
                of.NotificationWithSubscribersProperty(
                    notification=of.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=threshold,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        of.SubscriberProperty(subscription_type="EMAIL", address=mail) for mail in self.people
                    ],
                )
                for threshold in THRESHOLDS
                if self.people
            ],
            resource_tags=[
                of.ResourceTagProperty(key=key, value=value) for key, value in self.installation_tags.items()
            ],
        )

    def _own_costs(self) -> budgets.CfnBudget.ExpressionProperty | None:
        """The costs of this installation and tier; None, the whole account, as long as its tags are not active."""
        if not self.installation.configuration.flags.cost_tags_active:
            return None
        of = budgets.CfnBudget
        return of.ExpressionProperty(
            and_=[
                of.ExpressionProperty(
                    tags=of.TagValuesProperty(key=key, values=[self.installation_tags[key]], match_options=["EQUALS"])
                )
                for key in (TAG_INSTALLATION, TAG_TIER)
            ]
        )

    def _anomalies(self) -> None:
        """A monitor of all services, which an account has once, and who is written to."""
        tags = self.installation_tags
        monitor = ce.CfnAnomalyMonitor(
            self,
            "Monitor",
            monitor_name=self.installation.name("services"),
            monitor_type="DIMENSIONAL",
            monitor_dimension="SERVICE",
            resource_tags=[ce.CfnAnomalyMonitor.ResourceTagProperty(key=key, value=tags[key]) for key in tags],
        )
        if not self.people:
            return
        least = max(LEAST_UNUSUAL, round(float(self.installation.tier.monthly_usd.high) * UNUSUAL_SHARE))
        of = ce.CfnAnomalySubscription
        of(
            self,
            "Subscription",
            subscription_name=self.installation.name("unusual-costs"),
            frequency="DAILY",  # mails; only a topic could be told at once
            monitor_arn_list=[monitor.attr_monitor_arn],
            subscribers=[of.SubscriberProperty(type="EMAIL", address=mail) for mail in self.people],
            threshold_expression=json.dumps(_at_least(least)),
            resource_tags=[of.ResourceTagProperty(key=key, value=tags[key]) for key in tags],
        )


def _at_least(dollars: int) -> dict[str, Any]:
    """Cost Anomaly Detection's expression for anomalies of so many dollars. Source: its user guide, subscriptions."""
    return {
        "Dimensions": {
            "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
            "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
            "Values": [str(dollars)],
        }
    }
