"""Recommendations of Cost Optimization Hub and Compute Optimizer, where the account is enrolled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from catalogue.errors import SourceError
from console.aws.failures import error_code
from console.savings.aws.reading import Account, Collected, ServiceReader, unread
from console.savings.facts import Recommendation
from console.savings.inventory import Read, Unread

HUB_REGION = "us-east-1"  # the hub answers there for all regions
_ENROL = "Enrol in the billing console: it is free, and answers after a day."
_OPTED_OUT = "OptInRequiredException"


def read(account: Account) -> Read[Recommendation]:
    """What both services recommend."""
    found: Collected[Recommendation] = Collected()
    services: tuple[tuple[str, Callable[[Account], Iterator[Recommendation] | None]], ...] = (
        ("Cost Optimization Hub", _hub),
        ("Compute Optimizer", _optimizer),
    )
    for name, service in services:
        not_enrolled = Unread(name, "the account is not enrolled", _ENROL)
        try:
            recommended = service(account)
            if recommended is None:
                found.missing.append(not_enrolled)
            else:
                found.items += recommended
        except SourceError as error:
            found.missing.append(not_enrolled if error_code(error) == _OPTED_OUT else unread(name, error))
    return found.read()


def _hub(account: Account) -> Iterator[Recommendation] | None:
    hub = account.reader("cost-optimization-hub", HUB_REGION)
    statuses = hub.call("list_enrollment_statuses")
    if not any(status["status"] == "Active" for status in statuses.get("items", ())):
        return None
    return map(_of_hub, hub.items("list_recommendations", "items", token="nextToken"))  # noqa: S106


def _of_hub(item: Mapping[str, Any]) -> Recommendation:
    return Recommendation(
        source="cost_optimization_hub",
        identifier=item["recommendationId"],
        resource=item.get("resourceArn") or item.get("resourceId") or item["recommendationId"],
        kind=item.get("currentResourceType", ""),
        action=item.get("actionType", ""),
        current=item.get("currentResourceSummary", ""),
        recommended=item.get("recommendedResourceSummary", ""),
        monthly_savings=_dollars(item.get("estimatedMonthlySavings"), item.get("currencyCode", "USD")),
        effort=item.get("implementationEffort", ""),
        restart_needed=item.get("restartNeeded"),
        rollback_possible=item.get("rollbackPossible"),
        lookback_days=item.get("recommendationLookbackPeriodInDays"),
    )


def _optimizer(account: Account) -> Iterator[Recommendation] | None:
    optimizer = account.reader("compute-optimizer")
    if optimizer.call("get_enrollment_status").get("status") != "Active":
        return None
    return _of_optimizer(optimizer)


def _of_optimizer(optimizer: ServiceReader) -> Iterator[Recommendation]:
    functions = optimizer.items(
        "get_lambda_function_recommendations", "lambdaFunctionRecommendations", token="nextToken"  # noqa: S106
    )  # fmt: skip
    for function in functions:
        options = function.get("memorySizeRecommendationOptions", ())
        if function.get("finding") == "NotOptimized" and options:
            best = min(options, key=lambda option: option.get("rank", 1))
            current, recommended = f"{function['currentMemorySize']} MB", f"{best['memorySize']} MB"
            yield _sized(function, function["functionArn"], "LambdaFunction", current, recommended, best)
    services = optimizer.items("get_ecs_service_recommendations", "ecsServiceRecommendations", token="nextToken")  # noqa: S106
    for service in services:
        options = service.get("serviceRecommendationOptions", ())
        if service.get("finding") in ("Overprovisioned", "Underprovisioned") and options:
            best = options[0]
            now = service.get("currentServiceConfiguration", {})
            yield _sized(service, service["serviceArn"], "EcsService", _task(now), _task(best), best)


def _sized(
    item: Mapping[str, Any], resource: str, kind: str, current: str, recommended: str, best: Mapping[str, Any]
) -> Recommendation:
    saved = best.get("savingsOpportunity", {}).get("estimatedMonthlySavings", {})
    days = item.get("lookbackPeriodInDays") or item.get("lookBackPeriodInDays")
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
        figures={"Finding": str(item.get("finding", ""))},
    )


def _task(configuration: Mapping[str, Any]) -> str:
    return f"{configuration.get('cpu', '?')} CPU units, {configuration.get('memory', '?')} MB"


def _dollars(amount: float | None, currency: str) -> Decimal | None:
    """None where nothing is said, or in another currency: it is not converted."""
    return None if amount is None or currency != "USD" else Decimal(str(amount))
