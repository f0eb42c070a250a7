"""Budgets kept in AWS Budgets: monthly cost budgets with their amounts, scopes and thresholds.

AWS knows more than we do: budgets by quarter or year, of usage or of commitments, without tax or credits, of blended or
net costs, and filters by several dimensions.
Those are left out and named, never shown as if they covered something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from catalogue.errors import SettingsError
from console.aws.paid import PaidClient
from console.budgets.budgets import THRESHOLDS, Budget, BudgetLeftOut, BudgetScope, Kind
from console.finops.charges import Basis

PRICE = Decimal(0)  # describing budgets is free: aws.amazon.com/aws-cost-management/aws-budgets/pricing, 2025
SOURCE = "AWS Budgets"
_DIMENSIONS = {"Service": Kind.SERVICE, "LinkedAccount": Kind.ACCOUNT, "TagKeyValue": Kind.TAG}
_METRICS = {"UnblendedCost": Basis.BILLED, "AmortizedCost": Basis.EFFECTIVE}
_PARTS = {
    "IncludeTax": "tax",
    "IncludeSubscription": "subscriptions",
    "IncludeRefund": "refunds",
    "IncludeCredit": "credits",
    "IncludeUpfront": "upfront fees",
    "IncludeRecurring": "recurring fees",
    "IncludeOtherSubscription": "other subscriptions",
    "IncludeSupport": "support",
    "IncludeDiscount": "discounts",
}
_EXPRESSIONS = {"SERVICE": Kind.SERVICE, "LINKED_ACCOUNT": Kind.ACCOUNT}


class AwsBudgets:
    """The budgets of one account.

    Parameters
    ----------
    client : calls boto3's ``budgets``, made with `PRICE`
    account : twelve digits
    """

    def __init__(self, client: PaidClient, account: str) -> None:
        self._client = client
        self._account = account
        self.left_out: Sequence[BudgetLeftOut] = ()

    def budgets(self) -> Sequence[Budget]:
        """Every monthly cost budget; the others are in `left_out` afterwards. Raises as `BudgetSource.budgets`."""
        found: list[Budget] = []
        left_out: list[BudgetLeftOut] = []
        for described in self._all("describe_budgets", "Budgets", AccountId=self._account):
            name = str(described["BudgetName"])
            why = _unusable(described)
            if why:
                left_out.append(BudgetLeftOut(name, why))
                continue
            notified = self._all(
                "describe_notifications_for_budget", "Notifications", AccountId=self._account, BudgetName=name
            )
            try:
                found.append(_budget(described, notified))
            except (InvalidOperation, KeyError, SettingsError) as error:
                left_out.append(BudgetLeftOut(name, f"it cannot be read: {error}"))
        self.left_out = left_out
        return found

    def _all(self, operation: str, member: str, **parameters: Any) -> list[Mapping[str, Any]]:
        """The members of every page of an answer."""
        pages = self._client.pages(operation, token="NextToken", **parameters)  # noqa: S106 - a field's name
        return [item for page in pages for item in page.get(member, [])]


def _unusable(described: Mapping[str, Any]) -> str:
    """Why a budget cannot be shown; empty where it can."""
    if described.get("BudgetType") != "COST":
        return f"it is a budget of {str(described.get('BudgetType', 'something')).lower()}, not of cost"
    if described.get("TimeUnit") != "MONTHLY":
        return f"it is {str(described.get('TimeUnit', 'not monthly')).lower()}, not monthly"
    if "BudgetLimit" not in described and not described.get("PlannedBudgetLimits"):
        return "it has no fixed amount"
    if _scope(described) is None:
        return "it has a filter other than one service, account or tag"
    types = described.get("CostTypes") or {}
    without = [words for name, words in _PARTS.items() if not types.get(name, True)]
    if without:
        return f"it counts no {', no '.join(without)}"
    metrics = described.get("Metrics") or []
    if types.get("UseBlended") or any(metric not in _METRICS for metric in metrics) or len(metrics) > 1:
        return f"it counts {', '.join(metrics) or 'BlendedCost'}, which the bill does not have"
    return ""


def _scope(described: Mapping[str, Any]) -> BudgetScope | None:
    filters = described.get("CostFilters") or {}
    expression = described.get("FilterExpression")
    if not filters and not expression:
        return BudgetScope()
    if expression:
        return None if filters else _expressed(expression)
    if len(filters) != 1:
        return None
    name, values = next(iter(filters.items()))
    kind = _DIMENSIONS.get(name)
    if kind is None or len(values) != 1:
        return None
    if kind is Kind.TAG:  # written as user:component$console
        key, dollar, value = values[0].partition("$")
        return BudgetScope(kind, f"{key.removeprefix('user:')}={value}") if dollar and value else None
    return BudgetScope(kind, values[0])


def _expressed(expression: Mapping[str, Any]) -> BudgetScope | None:
    if set(expression) not in ({"Dimensions"}, {"Tags"}):
        return None
    ((what, named),) = expression.items()
    key, values = named.get("Key", ""), named.get("Values", [])
    if len(values) != 1 or named.get("MatchOptions", ["EQUALS"]) != ["EQUALS"]:
        return None
    if what == "Tags":
        return BudgetScope(Kind.TAG, f"{key}={values[0]}")
    kind = _EXPRESSIONS.get(key)
    return BudgetScope(kind, values[0]) if kind else None


def _budget(described: Mapping[str, Any], notified: Sequence[Mapping[str, Any]]) -> Budget:
    planned = described.get("PlannedBudgetLimits") or {}
    months = {
        datetime.fromtimestamp(int(start), UTC).date().replace(day=1): Decimal(amount["Amount"])
        for start, amount in planned.items()
    }
    limit = described.get("BudgetLimit") or planned[min(planned, key=int)]
    scope = _scope(described)
    types, metrics = described.get("CostTypes") or {}, described.get("Metrics") or []
    thresholds = sorted(
        {
            round(notification["Threshold"])
            for notification in notified
            if notification.get("ThresholdType", "PERCENTAGE") == "PERCENTAGE" and notification.get("Threshold", 0) >= 1
        }
    )
    return Budget(
        name=described["BudgetName"],
        amount=Decimal(limit["Amount"]),
        currency=limit["Unit"],
        scope=scope or BudgetScope(),
        basis=_METRICS[metrics[0]] if metrics else Basis.EFFECTIVE if types.get("UseAmortized") else Basis.BILLED,
        thresholds=tuple(thresholds) or THRESHOLDS,
        months=months,
        source=SOURCE,
    )
