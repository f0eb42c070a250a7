"""``savings``: what can go, what was decided and what it brought; ``savings decide`` takes a decision."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from catalogue.errors import BindingError
from console.cli import output

if TYPE_CHECKING:
    from console.savings.answer import Savings, TrackedSaving

COLUMNS = ("title", "estimate", "realised", "effort", "risk", "state", "key")
VERDICTS = {"accept": "accepted", "dismiss": "dismissed", "done": "realised", "undo": "open"}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    savings = commands.add_parser("savings", help="list what can be saved, or decide on one")
    savings.add_argument("--lake", metavar="DIR", help="lake folder (default: $TAKINGS_LAKE, else ./lake)")
    savings.add_argument("--format", choices=output.FORMATS, default="table", help="default: table")
    actions = savings.add_subparsers(dest="action", metavar="ACTION")
    decide = actions.add_parser("decide", help="accept or dismiss a saving, mark it done, or undo that")
    decide.add_argument("key", metavar="KEY", help="of the saving, as it is listed")
    decide.add_argument("verdict", choices=tuple(VERDICTS))
    decide.add_argument("--note", default="", help="why, or what was done")


def run(parsed: argparse.Namespace) -> int:
    """Answer the command."""
    from console import settings, wiring
    from console.finops.pricing import price_book
    from console.savings import answer as insight

    profile = wiring.profile(settings.chosen(parsed.lake))
    scope, store = profile.scope(), profile.decisions
    answer = insight.savings(scope, profile.inventory(scope), price_book.load(), store)
    if parsed.action == "decide":
        _decide(answer, parsed, store)
        return 0
    lines = [insight.SavingRow.of(each) for each in answer.tracked]
    if parsed.format == "json":
        output.json(document(answer))
        return 0
    rows = [{name: getattr(line, name) for name in COLUMNS} for line in lines]
    if parsed.format == "table":
        rows = [row | {name: _cents(row[name]) for name in ("estimate", "realised")} for row in rows]
    output.show(rows, COLUMNS, parsed.format, under="savings")
    for title, missing in answer.not_judged:
        reason = f"{missing.what}: {missing.reason}. {missing.remedy}".strip()
        sys.stderr.write(f"{title}: not judged, {reason}\n")
    return 0


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
        "savings": [_saving(each) for each in answer.tracked],
        "checks": [
            {
                "check": check.check,
                "title": check.title,
                "looked_at": check.looked_at,
                "found": len(check.findings),
                "is_judged": check.is_judged,
                "missing": [
                    {"what": each.what, "reason": each.reason, "remedy": each.remedy} for each in check.missing
                ],
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
            "evidence": {each.name: each.value for each in (*finding.evidence, *finding.also)},
            "steps": finding.steps,
            "undo": finding.undo,
            "formula": finding.formula,
            "sources": finding.sources,
        }
    return found


def _decide(answer: Savings, parsed: argparse.Namespace, store: Any) -> None:
    from console.savings.tracking import DecisionState, decide

    found = next((each for each in answer.tracked if each.key == parsed.key), None)
    if found is None:
        raise BindingError(
            f"There is no saving {parsed.key!r}", where="KEY", remedy="`python -m console savings` lists their keys."
        )
    decide(store, found, DecisionState(VERDICTS[parsed.verdict]), parsed.note, getpass.getuser(), datetime.now(UTC))
    sys.stdout.write(f"{found.title}: {VERDICTS[parsed.verdict]}\n")


def _cents(amount: Any) -> Any:
    return None if amount is None else round(amount, 2)
