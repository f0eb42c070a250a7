"""What AWS recommends itself: Cost Optimization Hub and Compute Optimizer."""

from __future__ import annotations

from console.savings.facts import Recommendation
from console.savings.findings import Charges, Checked, Effort, Evidence, Finding, Prices, Risk, dollars, is_worth
from console.savings.inventory import Inventory

NAME, TITLE = "recommended", "Recommendations of AWS"
SOURCES = {"cost_optimization_hub": "Cost Optimization Hub", "compute_optimizer": "Compute Optimizer"}
_PAGES = {
    "cost_optimization_hub": "docs.aws.amazon.com/cost-management/latest/userguide/cost-optimization-hub.html",
    "compute_optimizer": "docs.aws.amazon.com/compute-optimizer/latest/ug/what-is-compute-optimizer.html",
}
_EFFORTS = {
    "verylow": Effort.LOW,
    "low": Effort.LOW,
    "medium": Effort.MEDIUM,
    "high": Effort.HIGH,
    "veryhigh": Effort.HIGH,
}
_CHARGES = {"lambda": Charges(("Lambda-GB-Second",)), "ecs": Charges(("Fargate", "vCPU-Hours", "GB-Hours"))}


def check(inventory: Inventory, prices: Prices) -> Checked:  # noqa: ARG001 - AWS computed the savings
    """One finding for each resource and action; where both services name it, the hub's."""
    ranked = sorted(
        inventory.recommendations.items,
        key=lambda each: (each.source != "cost_optimization_hub", each.resource, each.identifier),
    )
    kept: dict[tuple[str, str], Recommendation] = {}
    for each in ranked:
        kept.setdefault((each.resource, _group(each.action)), each)
    findings = tuple(_finding(each) for each in kept.values() if is_worth(each.monthly_savings))
    return Checked(NAME, TITLE, len(ranked), findings, inventory.recommendations.missing)


def _group(action: str) -> str:
    """Actions that exclude each other on one resource: a resource is resized once."""
    return "size" if action.lower() in ("rightsize", "resize", "migratetograviton", "upgrade") else action.lower()


def _finding(each: Recommendation) -> Finding:
    name = each.resource.rsplit(":", 1)[-1].rsplit("/", 1)[-1] or each.identifier
    source = SOURCES[each.source]
    restart = {True: "needed", False: "not needed", None: "not said"}[each.restart_needed]
    given = [
        ("Now", each.current),
        ("Recommended", each.recommended),
        ("Looked back", f"{each.lookback_days} days" if each.lookback_days else ""),
        ("Restart", restart),
        *each.figures.items(),
    ]
    return Finding(
        key=f"{NAME}.{_group(each.action)}/{each.resource}",
        check=NAME,
        title=f"{source}: {each.action} {name}",
        resource=each.resource,
        monthly=each.monthly_savings,
        effort=_EFFORTS.get(each.effort.lower(), Effort.MEDIUM),
        risk=Risk.MEDIUM if each.restart_needed or each.rollback_possible is False else Risk.LOW,
        evidence=tuple(Evidence(label, value) for label, value in given if value),
        steps=(
            f"Change {each.current or 'it'} to {each.recommended or 'what is recommended'}.",
            f"Open it in {source}: {each.identifier}.",
        ),
        undo=(
            f"Change it back to {each.current or 'what it was'}."
            if each.rollback_possible is not False
            else "AWS says that it cannot be taken back.",
        ),
        formula=f"{dollars(each.monthly_savings)} a month as AWS estimates it",
        sources=(_PAGES[each.source],),
        charges=next((charges for part, charges in _CHARGES.items() if part in each.kind.lower()), Charges(())),
        unknown_because="" if each.monthly_savings is not None else f"{source} gives no estimate in dollars",
        origin=each.source,
    )  # fmt: skip
