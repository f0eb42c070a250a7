"""Tiers: which size fits, what would it cost, and where does today’s bill stand?"""

import streamlit as st

from catalogue.errors import LakeMissing
from console import wiring
from console.asking.figures import Unit
from console.kit import charts, closing, link, page, prose, records, tables, tiles, viewer
from console.kit import formatting as text
from console.tiers import answer as insight
from console.tiers.left_out import LEFT_OUT
from console.tiers.measured import Measured, measured
from console.tiers.sizing import PEAK_FACTOR
from console.tiers.views import charts as tier_charts
from console.tiers.views import what_if

NO_LAKE = "There is no lake yet: what is measured is missing, what is estimated is not."
NO_BILL = "No bill is imported yet: python -m console spend import FILE."

try:
    scope = viewer.scope(wiring.viewer, "Tiers")
except LakeMissing:
    scope = None  # an estimate needs no lake

page.begin("Tiers", __doc__, is_sample=bool(scope and scope.is_sample))
with page.answer():
    known = measured(scope) if scope else Measured(None, None)
    tried = what_if.bar(events_measured=known.events_per_day)
    answer = insight.compare(tried, known)

    tiles.row(answer.figures)
    named = tier_charts.named_services(answer.estimates)
    for place, each in zip(st.columns(len(answer.estimates), gap="medium"), answer.estimates, strict=True):
        with place:
            charts.draw(tier_charts.by_service(each, named))
    prose.key([*named, tier_charts.OTHERS])
    curve, points = st.columns([3, 2], gap="medium")
    with curve:
        charts.draw(tier_charts.over_traffic(answer))
    with points:
        prose.lines("Where bills meet", [f"{each.answer}." for each in answer.crossovers])
    prose.lines("What does not fit", answer.remarks)

    titles = {each.tier.name: each.tier.title for each in answer.estimates}
    shown = link.Choice("lines", titles, default="startup").draw("Lines of")
    lines = answer.lines(shown)
    tables.show(
        records.table_of(
            lines,
            ["service", "what", "formula", "quantity", "unit", "price", "monthly_usd", "source", "as_of", "confidence"],
            digits=12,
        ),
        {
            "service": tables.Column("Service"),
            "what": tables.Column("What"),
            "monthly_usd": tables.Column("A month", Unit.MONEY, insight.DOLLARS, "Empty where the price is unknown"),
            "formula": tables.Column("Formula"),
            "quantity": tables.Column("Units a month", Unit.RATIO),
            "unit": tables.Column("Unit"),
            "price": tables.Column("Price", Unit.MONEY, insight.DOLLARS, digits=10),
            "source": tables.Column("Source"),
            "as_of": tables.Column("As of"),
            "confidence": tables.Column("Confidence", help="See the head of price_book.toml"),
        },
        export_as=f"tier-{shown}",
        title=f"{titles[shown]}, line by line",
        scope=[*what_if.describe(tried), ("Prices", "public list prices, us-east-1, without tax and support")],
    )
    with st.expander("In no estimate, and why"):
        prose.lines("", [f"{each.service}, {each.what.lower()}: {each.reason}." for each in LEFT_OUT])
    notes = [
        "Public on-demand list prices of us-east-1, without tax, support and discounts. A month is 730 hours. Streams "
        f"are sized for {PEAK_FACTOR} times the mean.",
        *([f"Unknown prices: {', '.join(price.key for price in answer.unknown)}."] if answer.unknown else []),
        *([NO_LAKE] if scope is None else []),
        *([NO_BILL] if scope is not None and known.bill is None else []),
    ]
    if known.events_per_day is not None:
        notes.append(
            f"Measured in this lake: {text.count(known.events_per_day)} events a day over its last days."
            + (" The sample bill is that of a shop of 2 million events a day." if scope and scope.is_sample else "")
        )
    if known.bill is not None:
        notes += [
            f"{text.money(amount, currency)} were charged in {currency}, which is not held against dollars."
            for currency, amount in known.bill.other_currencies.items()
        ]
        notes.append(
            f"Today’s bill is the effective cost of {text.day(known.bill.first_day)} to "
            f"{text.day(known.bill.last_day)} as a month; {text.money(known.bill.apart, insight.DOLLARS)} of tax, "
            "credits and corrections are apart, as no estimate knows them."
        )
    closing.line(scope, known.results, notes)
