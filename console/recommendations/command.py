"""``recommendations``: what is recommended now and why, the models, or whether they pay; as on the page."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalogue.errors import BindingError
from console.cli import options, output
from console.cli.options import End, Format, Lake, Start

if TYPE_CHECKING:
    from console.recommendations.customer import Shown, Who

COLUMNS = ("surface", "served", "rank", "product_id", "name", "category", "score", "why", "because_of", "model")
MODEL_COLUMNS = (
    "version", "trained_at", "use", "method", "quality", "low", "high", "popularity", "coverage", "unknown_share",
    "interactions", "customers", "products", "training_seconds", "reason",
)  # fmt: skip


def recommendations(
    context: typer.Context,
    customer: Annotated[str, typer.Option("--customer", metavar="ID", help="a customer")] = "",
    session: Annotated[str, typer.Option("--session", metavar="ID", help="a session of the lake's last days")] = "",
    product: Annotated[
        str, typer.Option("--product", metavar="ID", help="product that the shop's page is about, or its name")
    ] = "",
    surface: Annotated[
        list[str] | None, typer.Option("--surface", metavar="NAME", help="only this one; may be given again")
    ] = None,
    n: Annotated[int | None, typer.Option("--n", help="the most products of a surface, 1 to 50 (default: 10)")] = None,
    models: Annotated[bool, typer.Option("--models", help="list the models instead")] = False,
    profit: Annotated[
        bool, typer.Option("--profit", help="say what came of recommendations and whether they pay instead")
    ] = False,
    start: Start = None,
    end: End = None,
    lake: Lake = None,
    form: Format = "table",
) -> None:
    """Say what is recommended to a customer, a session or anybody now, and why; or list the models, or whether it pays.

    Only --profit has days: by default the last 28 of the lake.
    """
    count = "" if n is None else str(n)
    of_answers = {
        "--customer": customer,
        "--session": session,
        "--product": product,
        "--surface": surface,
        "--n": count,
    }
    if profit:
        _refuse("--profit", {"--models": models, **of_answers})
        from console.recommendations.profit import command

        command.show(context, lake, start, end, form)
        return
    days = {"--start": start, "--end": end}
    if models:
        _refuse("--models", {**days, **of_answers})
        _models(context, lake, form)
        return
    _refuse("", days)
    from console.recommendations.customer import ITEMS

    most = ITEMS if n is None else n
    found, shown = _shown(context, lake, customer, session, product, surface or [], most)
    if form == "json":
        output.json(document(found, shown))
        return
    rows = [
        asdict(item) | {"surface": answer.surface, "served": answer.served, "model": answer.model}
        for answer in shown.answers
        for item in answer.items
    ]
    output.show(rows, COLUMNS, form, under="items")
    notes = [note for note in (found.bounds, *(answer.note for answer in shown.answers)) if note]
    if shown.has_opted_out:
        notes.append("The customer opted out: no history is read, and this is what everybody gets.")
    sys.stderr.writelines(f"{note}\n" for note in dict.fromkeys(notes))


def _refuse(mode: str, others: Mapping[str, object]) -> None:
    """Raise BindingError where an option is given that would change nothing."""
    for name, value in others.items():
        if value:
            what, remedy = f"{name} does not go with {mode}", "Leave one of them out."
            if not mode:
                what, remedy = f"{name} goes with --profit alone", f"Add --profit, or leave {name} out."
            raise BindingError(what, where=name, remedy=remedy)


def _shown(
    context: typer.Context, lake: str | None, customer: str, session: str, product: str, surfaces: list[str], n: int
) -> tuple[Who, Shown]:
    from console.asking import contents
    from console.recommendations import customer as insight

    for surface in surfaces:
        if surface not in insight.SURFACES:
            raise BindingError(
                f"There is no surface {surface!r}", where="--surface", remedy=f"Use {', '.join(insight.SURFACES)}."
            )
    if not 1 <= n <= insight.MOST_ITEMS:
        raise BindingError(f"--n is {n}", where="--n", remedy=f"Ask for 1 to {insight.MOST_ITEMS} products.")
    if customer and session:
        raise BindingError("Both a customer and a session are named", where="--session", remedy="Name one of them.")
    asked = insight.checked(insight.Asked(customer, session, product))
    profile = options.profile(context, lake)
    scope, source = profile.scope(), profile.recommendations
    if asked.product:
        asked = insight.with_product(asked, source)
    found = insight.who(scope, contents.contents(scope), asked)
    return found, insight.shown(source, found, n=n, surfaces=surfaces)


def _models(context: typer.Context, lake: str | None, form: str) -> None:
    from console.recommendations import models as learnt

    profile = options.profile(context, lake)
    found = profile.recommendations.models()
    if profile.settings.regions is not None:
        found = learnt.without_counts(found)
    when = {model.version: model.trained_at.isoformat() for model in found}
    rows = [{name: getattr(row, name) for name in MODEL_COLUMNS} for row in learnt.rows(found, when)]
    if form == "json":
        output.json({"models": [asdict(model) for model in found]})
        return
    if form == "table":
        rows = [
            {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}
            for row in rows
        ]
    output.show(rows, MODEL_COLUMNS, form, under="models")


def document(found: Who, shown: Shown) -> dict[str, Any]:
    """The whole answer as plain values."""
    asked = shown.asked
    return {
        "customer_id": asked.customer or None,
        "session_id": asked.session or None,
        "context_item": asked.product or None,
        "has_opted_out": shown.has_opted_out,
        "bounds": found.bounds or None,
        "history": [asdict(action) for action in shown.history],
        "surfaces": [asdict(answer) for answer in shown.answers],
    }
