"""What AWS recommends itself: Cost Optimization Hub and Compute Optimizer."""

from __future__ import annotations

from console.asking.formatting import counted
from console.savings.facts import Recommendation
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.inventory import Inventory, Read
from console.savings.judging import Case, Check, Kind, dollars_a_month

SOURCES = {"cost_optimization_hub": "Cost Optimization Hub", "compute_optimizer": "Compute Optimizer"}
_PAGES = {
    "cost_optimization_hub": "docs.aws.amazon.com/cost-management/latest/userguide/cost-optimization-hub.html",
    "compute_optimizer": "docs.aws.amazon.com/compute-optimizer/latest/ug/what-is-compute-optimizer.html",
}
_EFFORTS = {"verylow": Effort.LOW, "low": Effort.LOW, "high": Effort.HIGH, "veryhigh": Effort.HIGH}
_CHARGES = {"lambda": Charges(("Lambda-GB-Second",)), "ecs": Charges(("Fargate", "vCPU-Hours", "GB-Hours"))}


def _once(inventory: Inventory) -> Read[Recommendation]:
    """One recommendation for each resource and action; where both services name it, the hub's."""
    ranked = sorted(
        inventory.recommendations.items,
        key=lambda advice: (advice.source != "cost_optimization_hub", advice.resource, advice.identifier),
    )
    kept: dict[tuple[str, str], Recommendation] = {}
    for advice in ranked:
        kept.setdefault((advice.resource, _kind(advice.action)), advice)
    return Read(tuple(kept.values()), inventory.recommendations.missing)


def _kind(action: str) -> str:
    """Actions that exclude each other on one resource: a resource is resized once."""
    return "size" if action.lower() in ("rightsize", "resize", "migratetograviton", "upgrade") else action.lower()


def _advised(case: Case[Recommendation]) -> Finding:
    """What AWS says, with its own estimate."""
    advice = case.facts
    name = advice.resource.rsplit(":", 1)[-1].rsplit("/", 1)[-1] or advice.identifier
    source = SOURCES[advice.source]
    evidence = [
        ("Now", advice.current),
        ("Recommended", advice.recommended),
        ("Looked back", counted(advice.lookback_days, "day") if advice.lookback_days else ""),
        ("Restart", {True: "needed", False: "not needed", None: "not said"}[advice.restart_needed]),
        *advice.figures.items(),
    ]
    return case.finding(
        Kind(
            _kind(advice.action),
            _EFFORTS.get(advice.effort.lower(), Effort.MEDIUM),
            Risk.MEDIUM if advice.restart_needed or advice.rollback_possible is False else Risk.LOW,
            next((charges for part, charges in _CHARGES.items() if part in advice.kind.lower()), Charges(())),
            _PAGES[advice.source],
        ),
        f"{source}: {advice.action} {name}",
        monthly=advice.monthly_savings,
        evidence=[(label, value) for label, value in evidence if value],
        steps=[
            f"Change {advice.current or 'it'} to {advice.recommended or 'what is recommended'}.",
            f"Open it in {source}: {advice.identifier}.",
        ],
        undo=[
            f"Change it back to {advice.current or 'what it was'}."
            if advice.rollback_possible is not False
            else "AWS says that it cannot be taken back.",
        ],
        formula=f"{dollars_a_month(advice.monthly_savings)} as AWS estimates it",
        unknown_because=f"{source} gives no estimate in dollars",
        origin=advice.source,
    )


check = Check(
    "recommended",
    "Recommendations of AWS",
    _once,
    (_advised,),
    looked_at=lambda inventory: len(inventory.recommendations.items),
)
