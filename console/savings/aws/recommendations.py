"""Recommendations of Cost Optimization Hub and Compute Optimizer, where the account is enrolled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from console.savings.aws.reading import Account, Reader, Refused
from console.savings.facts import Recommendation
from console.savings.inventory import Read, Unread

ACTIONS = (
    "cost-optimization-hub:ListEnrollmentStatuses",
    "cost-optimization-hub:ListRecommendations",
    "compute-optimizer:GetEnrollmentStatus",
    "compute-optimizer:GetLambdaFunctionRecommendations",
    "compute-optimizer:GetECSServiceRecommendations",
)
HUB_REGION = "us-east-1"  # the hub answers there for all regions
_ENROL = "Enrol in the billing console: it is free, and answers after a day."
_OPTED_OUT = "OptInRequiredException"


def read(account: Account) -> Read[Recommendation]:
    """What both services recommend."""
    found: list[Recommendation] = []
    missing: list[Unread] = []
    services: tuple[tuple[str, Callable[[Account], Iterator[Recommendation] | None]], ...] = (
        ("Cost Optimization Hub", _hub),
        ("Compute Optimizer", _optimizer),
    )
    for name, service in services:
        try:
            recommended = service(account)
            if recommended is None:
                missing.append(Unread(name, "the account is not enrolled", _ENROL))
            else:
                found += recommended
        except Refused as error:
            missing.append(
                Unread(name, "the account is not enrolled", _ENROL) if error.code == _OPTED_OUT else error.unread(name)
            )
    return Read(tuple(found), tuple(missing))


def _hub(account: Account) -> Iterator[Recommendation] | None:
    hub = account.reader("cost-optimization-hub", HUB_REGION)
    statuses = hub.call("list_enrollment_statuses")
    if not any(each["status"] == "Active" for each in statuses.get("items", ())):
        return None
    return map(_of_hub, hub.items("list_recommendations", "items", token="nextToken"))  # noqa: S106


def _of_hub(each: Mapping[str, Any]) -> Recommendation:
    return Recommendation(
        source="cost_optimization_hub",
        identifier=each["recommendationId"],
        resource=each.get("resourceArn") or each.get("resourceId") or each["recommendationId"],
        kind=each.get("currentResourceType", ""),
        action=each.get("actionType", ""),
        current=each.get("currentResourceSummary", ""),
        recommended=each.get("recommendedResourceSummary", ""),
        monthly_savings=_dollars(each.get("estimatedMonthlySavings"), each.get("currencyCode", "USD")),
        effort=each.get("implementationEffort", ""),
        restart_needed=each.get("restartNeeded"),
        rollback_possible=each.get("rollbackPossible"),
        lookback_days=each.get("recommendationLookbackPeriodInDays"),
    )


def _optimizer(account: Account) -> Iterator[Recommendation] | None:
    optimizer = account.reader("compute-optimizer")
    if optimizer.call("get_enrollment_status").get("status") != "Active":
        return None
    return _of_optimizer(optimizer)


def _of_optimizer(optimizer: Reader) -> Iterator[Recommendation]:
    functions = optimizer.items(
        "get_lambda_function_recommendations", "lambdaFunctionRecommendations", token="nextToken"  # noqa: S106
    )  # fmt: skip
    for each in functions:
        options = each.get("memorySizeRecommendationOptions", ())
        if each.get("finding") == "NotOptimized" and options:
            best = min(options, key=lambda option: option.get("rank", 1))
            current, recommended = f"{each['currentMemorySize']} MB", f"{best['memorySize']} MB"
            yield _sized(each, each["functionArn"], "LambdaFunction", current, recommended, best)
    services = optimizer.items("get_ecs_service_recommendations", "ecsServiceRecommendations", token="nextToken")  # noqa: S106
    for each in services:
        options = each.get("serviceRecommendationOptions", ())
        if each.get("finding") in ("Overprovisioned", "Underprovisioned") and options:
            best = options[0]
            now = each.get("currentServiceConfiguration", {})
            yield _sized(each, each["serviceArn"], "EcsService", _task(now), _task(best), best)


def _sized(
    each: Mapping[str, Any], resource: str, kind: str, current: str, recommended: str, best: Mapping[str, Any]
) -> Recommendation:
    saved = best.get("savingsOpportunity", {}).get("estimatedMonthlySavings", {})
    days = each.get("lookbackPeriodInDays") or each.get("lookBackPeriodInDays")
    return Recommendation(
        source="compute_optimizer",
        identifier=resource,
        resource=resource.removesuffix(":$LATEST"),
        kind=kind,
        action="Rightsize",
        current=current,
        recommended=recommended,
        monthly_savings=_dollars(saved.get("value"), saved.get("currency", "USD")),
        effort="low",
        lookback_days=int(days) if days else None,
        figures={"Finding": str(each.get("finding", ""))},
    )


def _task(configuration: Mapping[str, Any]) -> str:
    return f"{configuration.get('cpu', '?')} CPU units, {configuration.get('memory', '?')} MB"


def _dollars(amount: float | None, currency: str) -> Decimal | None:
    """None where nothing is said, or in another currency: it is not converted."""
    return None if amount is None or currency != "USD" else Decimal(str(amount))
