"""``python -m pipeline recommend opt-out`` and ``opt-in``: customers who refuse recommendations from their history."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from pipeline import options
from pipeline.recommend.customers.opted_out import OptedOutCustomers
from pipeline.recommend.models.opening import opened_models

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="the customer's id")]
Tables = Annotated[
    tuple[str, str],
    typer.Option("--tables", metavar="TABLE LIVE", help="of a deployment: its tables of recommendations and of live"),
]
NO_TABLES = ("", "")


def opt_out(customer: Customer, lake: options.Lake = options.DEFAULT_LAKE, tables: Tables = NO_TABLES) -> None:
    """Keep no actions of a customer for recommendations, and recommend what everybody gets."""
    with _customers(lake, tables) as customers:
        customers.add(customer)
    removed = _forget(lake, tables, customer)
    recent = " and the recent actions on Live are" if removed else " is"
    sys.stdout.write(f"The customer gets no recommendations from their history. The stored history{recent} deleted.\n")


def opt_in(customer: Customer, lake: options.Lake = options.DEFAULT_LAKE, tables: Tables = NO_TABLES) -> None:
    """Recommend to a customer from their history again."""
    with _customers(lake, tables) as customers:
        customers.remove(customer)
    sys.stdout.write(
        "The customer gets recommendations from their actions again; from those in the lake after the next training.\n"
    )


@contextmanager
def _customers(lake: Path, tables: tuple[str, str]) -> Iterator[OptedOutCustomers]:
    with opened_models(lake, tables, writes=False) as models:
        yield OptedOutCustomers(models.items)


def _forget(lake: Path, tables: tuple[str, str], customer: str) -> int:
    """Delete the customer's recent items; returns 1 where there were any.

    What arrives until the writer of live reads the list again is kept for that minute.
    """
    if tables[1]:
        from pipeline.dynamodb_table import dynamodb_client
        from pipeline.live.dynamodb import DynamoDbLiveStore

        return DynamoDbLiveStore(dynamodb_client(), tables[1], "").forget([customer])
    from pipeline.lake import Lake
    from pipeline.live.embedded import FILE, EmbeddedLiveStore

    opened = Lake.open(lake)
    if not (opened.root / FILE).exists():
        return 0
    with closing(EmbeddedLiveStore(opened.root / FILE, opened.settings.reporting_currency)) as live:
        return live.forget([customer])
