"""Every check, and the one list of what they found. Pure: facts and prices in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

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
from console.savings.findings import Checked, Evidence, Finding, Prices, dollars
from console.savings.inventory import Inventory

CHECKS: tuple[Callable[[Inventory, Prices], Checked], ...] = (
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


def run(inventory: Inventory, prices: Prices) -> list[Checked]:
    """What every check did; a recommendation of AWS for a resource that ours found stands with ours, not beside it."""
    done = [check(inventory, prices) for check in CHECKS]
    ours = [finding for each in done if each.check != recommended.NAME for finding in each.findings]
    theirs = [finding for each in done if each.check == recommended.NAME for finding in each.findings]
    also = {id(finding): _match(finding, ours) for finding in theirs}
    return [replace(each, findings=_merged(each, theirs, also)) for each in done]


def _match(theirs: Finding, ours: Sequence[Finding]) -> Finding | None:
    """Our finding on the same resource that lowers the same lines of the bill."""
    for mine in ours:
        same_lines = set(mine.charges.usage_types) & set(theirs.charges.usage_types) or not theirs.charges.usage_types
        if _same_resource(mine.resource, theirs.resource) and same_lines:
            return mine
    return None


def _same_resource(one: str, other: str) -> bool:
    """Whether two names mean one resource: AWS names some by ARN that its own interface names by identifier."""
    if one.startswith("arn:") and other.startswith("arn:"):
        return one == other
    return one.rsplit("/", 1)[-1] == other.rsplit("/", 1)[-1]


def _merged(each: Checked, theirs: Sequence[Finding], also: dict[int, Finding | None]) -> tuple[Finding, ...]:
    if each.check == recommended.NAME:
        return tuple(finding for finding in each.findings if also[id(finding)] is None)
    return tuple(
        replace(
            mine,
            also=tuple(
                Evidence(recommended.SOURCES[other.origin], f"{dollars(other.monthly)} a month")
                for other in theirs
                if also[id(other)] is mine
            ),
        )
        for mine in each.findings
    )
