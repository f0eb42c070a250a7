"""``spend summary``: what the Spend page says, without a browser."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from catalogue.errors import BindingError, SettingsError
from console.cli import output, period
from console.finops.charges import Basis

if TYPE_CHECKING:
    from console.spend.answer import Spend

COLUMNS = ("value", "name", "cost", "before", "change", "share")


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the action."""
    from console.spend.part import DIMENSIONS

    summary = actions.add_parser(
        "summary",
        help="what was spent, on what, and what changed",
        description="Spend of a period by one dimension, with what changed against the period before: quantity, price, "
        "new, gone and what has no price of its own, adding up exactly. JSON has all of it, table and CSV the values.",
    )
    period.add(summary, last="charged")
    summary.add_argument("--basis", choices=tuple(Basis), default=Basis.EFFECTIVE.value, help="default: effective")
    summary.add_argument(
        "--by", default="service", metavar="WHAT", help=f"{', '.join(DIMENSIONS)}, or tag:KEY (default: service)"
    )
    summary.add_argument("--currency", metavar="CODE", help="default: the reporting currency, else the most frequent")
    summary.add_argument("--format", choices=output.FORMATS, default="table", help="default: table")
    summary.add_argument("--lake", metavar="DIR", help="lake folder (default: $TAKINGS_LAKE, else ./lake)")


def run(parsed: argparse.Namespace) -> int:
    """Answer the action."""
    from console import settings, wiring
    from console.asking.periods import Comparison, compared
    from console.finops import contents
    from console.spend import answer
    from console.spend.part import DIMENSIONS, Part, tag_key

    chosen = settings.chosen(parsed.lake)
    profile = wiring.profile(chosen)
    scope = profile.scope()
    bill = contents.contents(scope)
    if bill.first_day is None or bill.last_complete_day is None:
        raise SettingsError(
            "There is no cloud bill yet",
            where=str(chosen.lake),
            remedy="`python -m console spend import FILE`.",
        )
    key = tag_key(parsed.by)
    if parsed.by not in DIMENSIONS and key not in bill.tag_keys:
        known = ", ".join((*DIMENSIONS, *(f"tag:{each}" for each in bill.tag_keys)))
        raise BindingError(f"Spend has no {parsed.by!r}", where="--by", remedy=f"Use one of {known}.")
    if parsed.currency is not None and parsed.currency not in bill.currencies:
        raise BindingError(
            f"Nothing is billed in {parsed.currency!r}",
            where="--currency",
            remedy=f"Use {' or '.join(bill.currencies)}.",
        )
    asked = period.chosen(parsed, bill.last_complete_day)
    before = compared(asked, Comparison.PREVIOUS)
    found = answer.spend(
        scope,
        bill,
        asked,
        [("Previous period", before)] if before is not None and before.start >= bill.first_day else [],
        Part(bill.currency(parsed.currency, scope.reporting_currency)),
        basis=Basis(parsed.basis),
        by=parsed.by,
    )
    if parsed.format == "json":
        output.json(_document(found))
    else:
        output.show(_values(found), COLUMNS, parsed.format, under="values")
    if parsed.format == "table":
        sys.stderr.write(f"{asked.label()} · {found.basis} cost, {found.part.currency}\n")
    return 0


def _values(found: Spend) -> list[dict[str, Any]]:
    return [
        {name: getattr(each, name) for name in COLUMNS} | {"share": None if each.share is None else float(each.share)}
        for each in found.breakdown.values
    ]


def _document(found: Spend) -> dict[str, Any]:
    """Everything, decimals as numbers with all their digits; quotients as doubles."""

    def rate(value: Any) -> float | None:
        return None if value is None else float(value)

    now, changed, committed = found.now, found.changed, found.commitments
    return {
        "period": {"start": now.period.start.isoformat(), "end": now.period.end.isoformat()},
        "basis": found.basis.value,
        "currency": found.part.currency,
        "spend": now.spend if now.has_cost else None,
        "charges": now.charges,
        "charges_without_cost": now.unknown.get(found.basis, 0),
        "by_kind": dict(now.by_kind),
        "estimated": now.estimated,
        "effective_savings_rate": rate(now.effective_savings_rate),
        "other_currencies": dict(found.other_currencies),
        "by": found.breakdown.by,
        "values": _values(found),
        "change": changed
        and {
            "before": changed.split.before,
            "now": changed.split.now,
            "change": changed.split.change,
            "effects": {effect.value: amount for effect, amount in changed.split.effects.items()},
        },
        "commitments": {
            "coverage": rate(committed.coverage),
            "utilisation": rate(committed.utilisation),
            "covered": committed.covered,
            "eligible": committed.eligible,
            "used": committed.used,
            "unused": committed.unused,
        },
        "tag_coverage": {each.key: rate(each.coverage) for each in found.tags.keys},
        "unallocated_share": {each.key: rate(each.unallocated) for each in found.tags.keys},
    }
