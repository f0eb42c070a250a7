"""``prices``: what one unit of everything costs. ``prices refresh``: the book made anew from the provider's list."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from catalogue.command_line import group
from console.cli import options, output
from console.cli.options import Format
from console.finops.pricing import price_book
from console.finops.pricing.price_list import Found, Refreshed, refresh

COLUMNS = ("key", "amount", "unit", "region", "as_of", "confidence", "source")


prices = group()


@prices.callback(invoke_without_command=True)
def list_prices(
    context: typer.Context,
    file: Annotated[str | None, typer.Option(metavar="FILE", help="another price book")] = None,
    form: Format = "table",
) -> None:
    """List the price book, or refresh it from AWS."""
    if context.invoked_subcommand is not None:
        return
    rows = [
        {name: getattr(price, name) for name in COLUMNS}
        | {"amount": price.amount if form != "table" or price.amount is not None else "unknown"}
        for price in price_book.load(_path(file))
    ]
    output.show(rows, COLUMNS, form, under="prices")


@prices.command("refresh")
def refresh_prices(
    context: typer.Context,
    region: Annotated[str | None, typer.Option(metavar="REGION", help="another region to make the book for")] = None,
    write: Annotated[bool, typer.Option("--write", help="write the file; without it, nothing is changed")] = False,
) -> None:
    """Ask the AWS Price List API; shows what changes, writes with --write."""
    path = _path(options.of_group(context, "file"))
    price_list = options.profile(context).price_list()
    answer = refresh(price_book.load(path), price_list, datetime.now(UTC).date(), region=region)
    _explain(answer)
    if write and answer.diff:
        price_book.save(path, answer.text)
        price_book.load(path)
        sys.stdout.write(f"Written: {path}\n")
    elif answer.diff:
        sys.stdout.write("Nothing is written; --write writes it.\n")


def _path(file: str | None) -> Path:
    return Path(file).expanduser() if file else price_book.PRICE_BOOK


def _explain(answer: Refreshed) -> None:
    """The diff, what changed in words, and what was not taken."""
    if answer.diff:
        sys.stdout.write(answer.diff + "\n\n")
    for found in answer.changed:
        sys.stdout.write(f"{found.price.key}: {_amount(found)}\n")
    for found in answer.left:
        sys.stdout.write(f"{found.price.key}: left as it is, {found.reason}\n")
    sys.stdout.write(
        f"{len(answer.changed)} changed, {len(answer.confirmed)} as before, {len(answer.left)} not answered\n"
    )


def _amount(found: Found) -> str:
    before = "unknown" if found.price.amount is None else f"{found.price.amount:f}"
    return f"{before} → {found.amount:f} for a {found.price.unit}"
