"""``savings``: what can go, what was decided and what it brought; ``savings decide`` takes a decision."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from catalogue.command_line import group
from catalogue.errors import BindingError
from console.cli import options, output
from console.cli.options import Format, Lake

if TYPE_CHECKING:
    from console.decisions import DecisionStore
    from console.savings.answer import Savings, TrackedSaving

COLUMNS = ("title", "estimate", "realised", "effort", "risk", "state", "key")
VERDICTS = {"accept": "accepted", "dismiss": "dismissed", "done": "realised", "undo": "open"}


Verdict = Literal["accept", "dismiss", "done", "undo"]

savings = group()


@savings.callback(invoke_without_command=True)
def listed(context: typer.Context, lake: Lake = None, form: Format = "table") -> None:
    """List what can be saved, or decide on one."""
    if context.invoked_subcommand is not None:
        return
    from console.savings import answer as insight

    answer, _ = _answer(context, lake)
    if form == "json":
        output.json(document(answer))
        return
    lines = [insight.SavingRow.of(saving) for saving in answer.tracked]
    rows = [{name: getattr(line, name) for name in COLUMNS} for line in lines]
    if form == "table":
        rows = [row | {name: _cents(row[name]) for name in ("estimate", "realised")} for row in rows]
    output.show(rows, COLUMNS, form, under="savings")
    for title, missing in answer.not_judged:
        reason = f"{missing.what}: {missing.reason}. {missing.remedy}".strip()
        sys.stderr.write(f"{title}: not judged, {reason}\n")


@savings.command()
def decide(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="of the saving, as it is listed")],
    verdict: Annotated[Verdict, typer.Argument()],
    note: Annotated[str, typer.Option(help="why, or what was done")] = "",
) -> None:
    """Accept or dismiss a saving, mark it done, or undo that."""
    from console.savings import tracking

    answer, store = _answer(context, options.of_group(context, "lake"))
    saving = next((saving for saving in answer.tracked if saving.key == key), None)
    if saving is None:
        raise BindingError(
            f"There is no saving {key!r}", where="KEY", remedy="`python -m console savings` lists their keys."
        )
    state = tracking.DecisionState(VERDICTS[verdict])
    tracking.decide(store, saving, state, note, getpass.getuser(), datetime.now(UTC))
    sys.stdout.write(f"{saving.title}: {state.value}\n")


def _answer(context: typer.Context, lake: str | None) -> tuple[Savings, DecisionStore]:
    from console.finops.pricing import price_book
    from console.savings import answer as insight

    profile = options.profile(context, lake)
    scope, store = profile.scope(), profile.decisions
    return insight.savings(scope, profile.inventory(scope), price_book.load(), store), store


def document(answer: Savings) -> dict[str, Any]:
    """The whole answer as plain values; an unknown amount is null."""
    inventory = answer.inventory
    return {
        "origin": inventory.origin,
        "is_sample": inventory.is_sample,
        "taken_at": inventory.taken_at.isoformat(),
        "measured_from": inventory.period.start.isoformat(),
        "measured_until": inventory.period.end.isoformat(),
        "figures": {figure.name: figure.value for figure in answer.figures},
        "savings": [_saving(saving) for saving in answer.tracked],
        "checks": [
            {
                "check": check.check,
                "title": check.title,
                "looked_at": check.looked_at,
                "found": len(check.findings),
                "is_judged": check.is_judged,
                "missing": [asdict(unread) for unread in check.missing],
            }
            for check in answer.checks
        ],
    }


def _saving(tracked: TrackedSaving) -> dict[str, Any]:
    finding, decision = tracked.finding, tracked.decision
    found: dict[str, Any] = {
        "key": tracked.key,
        "title": tracked.title,
        "resource": tracked.resource,
        "state": tracked.state.value,
        "monthly_usd": tracked.estimate,
        "realised_monthly_usd": tracked.realised.monthly if tracked.realised else None,
        "realised_shared_with": tracked.realised.shared_with if tracked.realised else 0,
        "not_measured_because": tracked.realised.because if tracked.realised else "",
        "decision": None
        if decision is None
        else {"by": decision.decided_by, "at": decision.decided_at.isoformat(), "note": decision.note},
    }
    if finding is not None:
        found |= {
            "check": finding.check,
            "origin": finding.origin,
            "unknown_because": finding.unknown_because,
            "effort": finding.effort.value,
            "risk": finding.risk.value,
            "evidence": dict((*finding.evidence, *finding.also)),
            "steps": finding.steps,
            "undo": finding.undo,
            "formula": finding.formula,
            "sources": finding.sources,
        }
    return found


def _cents(amount: Any) -> Any:
    return None if amount is None else round(amount, 2)
