"""``spend summary``: what the Spend page says, without a browser."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalogue.errors import BindingError, SettingsError
from console.cli import options, output
from console.cli.options import End, Format, Lake, Start
from console.finops.charges import Basis

if TYPE_CHECKING:
    from console.spend.answer import Spend

COLUMNS = ("value", "name", "cost", "before", "change", "share")


def summary(
    context: typer.Context,
    lake: Lake = None,
    start: Start = None,
    end: End = None,
    basis: Annotated[Basis, typer.Option()] = Basis.EFFECTIVE,
    by: Annotated[
        str,
        typer.Option(metavar="WHAT", help="service, another dimension of a bill, or tag:KEY; a wrong one lists them"),
    ] = "service",
    currency: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="default: the reporting currency, else the most frequent"),
    ] = None,
    form: Format = "table",
) -> None:
    """What was spent, on what, and what changed.

    By default in the last 28 days charged. What changed against the period before is split into quantity, price, new,
    gone and what has no price of its own, adding up exactly. JSON has all of it, table and CSV the values.
    """
    from console.asking.periods import Comparison, compared
    from console.finops import contents
    from console.spend import answer
    from console.spend.part import DIMENSIONS, BillPart, tag_key

    profile = options.profile(context, lake)
    scope = profile.scope()
    bill = contents.contents(scope)
    if bill.first_day is None or bill.last_complete_day is None:
        raise SettingsError(
            "There is no cloud bill yet",
            where=str(profile.settings.lake),
            remedy="`python -m console spend import FILE`.",
        )
    key = tag_key(by)
    if by not in DIMENSIONS and key not in bill.tag_keys:
        known = ", ".join((*DIMENSIONS, *(f"tag:{tag}" for tag in bill.tag_keys)))
        raise BindingError(f"Spend has no {by!r}", where="--by", remedy=f"Use one of {known}.")
    if currency is not None and currency not in bill.currencies:
        raise BindingError(
            f"Nothing is billed in {currency!r}",
            where="--currency",
            remedy=f"Use {' or '.join(bill.currencies)}.",
        )
    asked = options.period(start, end, bill.last_complete_day)
    before = compared(asked, Comparison.PREVIOUS)
    found = answer.spend(
        scope,
        bill,
        asked,
        [("Previous period", before)] if before is not None and before.start >= bill.first_day else [],
        BillPart(bill.currency(currency, scope.reporting_currency)),
        basis=basis,
        by=by,
    )
    if form == "json":
        output.json(_document(found))
    else:
        output.show(_values(found), COLUMNS, form, under="values")
    if form == "table":
        sys.stderr.write(f"{asked.label()} · {found.basis} cost, {found.part.currency}\n")


def _values(found: Spend) -> list[dict[str, Any]]:
    return [
        {name: getattr(value, name) for name in COLUMNS}
        | {"share": None if value.share is None else float(value.share)}
        for value in found.breakdown.values
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
        "tag_coverage": {tag.key: rate(tag.coverage) for tag in found.tags.keys},
        "unallocated_share": {tag.key: rate(tag.unallocated) for tag in found.tags.keys},
    }
