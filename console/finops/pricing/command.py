"""``prices``: what one unit of everything costs. ``prices refresh``: the book made anew from the provider's list."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from console.cli import output
from console.finops.pricing import price_book
from console.finops.pricing.price_list import Found, Refreshed, refresh

COLUMNS = ("key", "amount", "unit", "region", "as_of", "confidence", "source")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    prices = commands.add_parser("prices", help="list the price book, or make it anew from the provider's price list")
    prices.add_argument("--file", metavar="FILE", help="another price book")
    prices.add_argument("--format", choices=output.FORMATS, default="table", help="default: table")
    actions = prices.add_subparsers(dest="action", metavar="ACTION")
    again = actions.add_parser("refresh", help="ask the AWS Price List API; shows what changes, writes with --write")
    again.add_argument("--region", metavar="REGION", help="another region to make the book for")
    again.add_argument("--write", action="store_true", help="write the file; without it, nothing is changed")
    prices.set_defaults(region=None, write=False)


def run(parsed: argparse.Namespace) -> int:
    """Answer the command."""
    path = Path(parsed.file).expanduser() if parsed.file else price_book.PRICE_BOOK
    book = price_book.load(path)
    if parsed.action is None:
        rows = [
            {name: getattr(price, name) for name in COLUMNS}
            | {"amount": price.amount if parsed.format != "table" or price.amount is not None else "unknown"}
            for price in book
        ]
        output.show(rows, COLUMNS, parsed.format, under="prices")
        return 0
    from console import wiring

    answer = refresh(book, wiring.profile().price_list(), datetime.now(UTC).date(), region=parsed.region)
    _explain(answer)
    if parsed.write and answer.diff:
        price_book.save(path, answer.text)
        price_book.load(path)
        sys.stdout.write(f"Written: {path}\n")
    elif answer.diff:
        sys.stdout.write("Nothing is written; --write writes it.\n")
    return 0


def _explain(answer: Refreshed) -> None:
    """The diff, what changed in words, and what was not taken."""
    if answer.diff:
        sys.stdout.write(answer.diff + "\n\n")
    for each in answer.changed:
        sys.stdout.write(f"{each.price.key}: {_amount(each)}\n")
    for each in answer.left:
        sys.stdout.write(f"{each.price.key}: left as it is, {each.reason}\n")
    sys.stdout.write(
        f"{len(answer.changed)} changed, {len(answer.confirmed)} as before, {len(answer.left)} not answered\n"
    )


def _amount(found: Found) -> str:
    before = "unknown" if found.price.amount is None else f"{found.price.amount:f}"
    return f"{before} → {found.amount:f} for a {found.price.unit}"
