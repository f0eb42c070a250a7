"""The estimate of one tier line by line, and what is in no estimate."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from console.asking.figures import Unit
from console.kit import prose, tables
from console.kit.link import Choice
from console.tiers.answer import Tiers
from console.tiers.left_out import LEFT_OUT
from console.tiers.measured import DOLLARS

COLUMNS = {
    "service": tables.Column("Service"),
    "what": tables.Column("What"),
    "monthly_usd": tables.Column("A month", Unit.MONEY, DOLLARS, "Empty where the price is unknown"),
    "formula": tables.Column("Formula"),
    "quantity": tables.Column("Units a month", Unit.RATIO),
    "unit": tables.Column("Unit"),
    "price": tables.Column("Price", Unit.MONEY, DOLLARS, digits=10),
    "source": tables.Column("Source"),
    "as_of": tables.Column("As of"),
    "confidence": tables.Column("Confidence", help="See the head of price_book.toml"),
}


def draw(answer: Tiers, tried: Sequence[tuple[str, str]]) -> None:
    """The lines of the tier that the reader chooses; `tried` says in the export what was changed."""
    titles = {estimate.tier.name: estimate.tier.title for estimate in answer.estimates}
    shown = Choice("lines", titles, default="startup").draw("Lines of")
    tables.show(
        answer.lines(shown),
        COLUMNS,
        export_as=f"tier-{shown}",
        title=f"{titles[shown]}, line by line",
        about=[*tried, ("Prices", "public list prices, us-east-1, without tax and support")],
        digits=12,
    )
    with st.expander("In no estimate, and why"):
        prose.lines("", [f"{line.service}, {line.what.lower()}: {line.reason}." for line in LEFT_OUT])
