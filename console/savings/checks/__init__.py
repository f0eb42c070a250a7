"""Every check, and the one list of what they found. Pure: facts and prices in, findings out."""

from __future__ import annotations

from dataclasses import replace

from console.finops.pricing.price_book import PriceBook
from console.savings.checks import (
    crawlers,
    files,
    firewall,
    functions,
    logs,
    network,
    queries,
    recommended,
    storage,
    streams,
    tables,
    warehouse,
)
from console.savings.findings import Checked, Finding
from console.savings.inventory import Inventory
from console.savings.judging import dollars_a_month

CHECKS = (
    streams.check,
    warehouse.check,
    queries.check,
    files.check,
    storage.check,
    logs.check,
    functions.check,
    network.check,
    firewall.check,
    crawlers.check,
    tables.check,
    recommended.check,
)


def run(inventory: Inventory, prices: PriceBook) -> list[Checked]:
    """What every check found; advice of AWS on a resource that ours found is added to our finding, not listed twice."""
    *done, advised = (check(inventory, prices) for check in CHECKS)
    ours = [finding for checked in done for finding in checked.findings]
    also: dict[int, list[tuple[str, str]]] = {}
    rest = []
    for advice in advised.findings:
        mine = next((finding for finding in ours if _is_same(finding, advice)), None)
        if mine is None:
            rest.append(advice)
        else:
            evidence = recommended.SOURCES[advice.origin], dollars_a_month(advice.monthly)
            also.setdefault(id(mine), []).append(evidence)
    merged = [
        replace(
            checked,
            findings=tuple(replace(mine, also=tuple(also.get(id(mine), ()))) for mine in checked.findings),
        )
        for checked in done
    ]
    return [*merged, replace(advised, findings=tuple(rest))]


def _is_same(ours: Finding, advice: Finding) -> bool:
    """Whether both are about one resource and lower the same charges."""
    usage_types = advice.charges.usage_types
    shares_charges = not usage_types or not set(usage_types).isdisjoint(ours.charges.usage_types)
    return shares_charges and _is_same_resource(ours.resource, advice.resource)


def _is_same_resource(one: str, other: str) -> bool:
    """Whether two names mean one resource: AWS names some by ARN that its own interface names by identifier."""
    if one.startswith("arn:") and other.startswith("arn:"):
        return one == other
    return one.rsplit("/", 1)[-1] == other.rsplit("/", 1)[-1]
