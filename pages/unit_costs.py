"""Unit costs: what does an order cost us in the cloud, and what is left of the margin?"""

import streamlit as st

from console import wiring
from console.asking.figures import Unit
from console.finops import view as spend_reading
from console.finops.charges import Basis
from console.kit import charts, link, page, prose, records, tables, tiles
from console.unit_costs import answer as insight
from console.unit_costs import days as unit_cost_days
from console.unit_costs import view as unit_cost_charts
from console.unit_costs import words

DIGITS = 8  # an event costs millionths of a dollar
UNITS = {each.name: f"Per {each.one}" for each in unit_cost_days.COUNTED}
EFFICIENCY = link.Choice("efficiency", UNITS, default="orders")

view = spend_reading.begin("Unit costs", __doc__, wiring.viewer)

with page.answer():
    page.stop_if_empty(
        bool(insight.restricted(view.scope)),
        title="Unit costs are of the whole shop",
        next_step=f"{insight.restricted(view.scope)}. Ask somebody who sees all regions.",
    )
    rules = wiring.allocation()
    answer = insight.unit_costs(
        view.scope,
        view.selection.period,
        view.selection.comparisons,
        rules,
        currency=view.contents.currency(None, view.scope.reporting_currency),
        unit=unit_cost_days.counted(EFFICIENCY.value),
    )
    title, next_step = words.nothing(answer)
    page.stop_if_empty(answer.is_empty, title=title, next_step=next_step)
    currency = answer.currency
    tiles.row(answer.figures)
    if answer.has_margin:
        charts.draw(unit_cost_charts.margin_after_cloud(answer))
    curve, shares = st.columns([3, 2], gap="medium")
    with curve:
        EFFICIENCY.draw("Efficiency by", is_label_shown=False)
        charts.draw(unit_cost_charts.efficiency(answer))
    with shares:
        prose.lines("What stands still", words.efficiency(answer))
        charts.draw(unit_cost_charts.split(answer.units))
        prose.lines("Unallocated", words.unallocated(answer))
    described = view.describe(answer.statistics, basis=Basis.EFFECTIVE, currency=currency)
    compared = ["before"] if answer.before else []
    tables.show(
        records.table_of(
            answer.units, ["unit", "count", "unit_cost", "direct", "shared", "unallocated", *compared], digits=12
        ),
        {
            "unit": tables.Column("Unit"),
            "count": tables.Column("Count", Unit.COUNT),
            "unit_cost": tables.Column("Effective cost of one", Unit.MONEY, currency, digits=DIGITS),
            "direct": tables.Column("Direct", Unit.MONEY, currency, digits=DIGITS),
            "shared": tables.Column("Shared", Unit.MONEY, currency, digits=DIGITS),
            "unallocated": tables.Column("Unallocated", Unit.MONEY, currency, digits=DIGITS),
            **{
                name: tables.Column(answer.before.label if answer.before else "", Unit.MONEY, currency, digits=DIGITS)
                for name in compared
            },
        },
        export_as="unit-costs",
        title="The whole bill, divided",
        scope=described,
    )
    tables.show(
        records.table_of(
            answer.functions,
            ["title", "direct", "shared", "total", "share", "unit", "count", "unit_cost"],
            rates=["share"],
            digits=12,
        ),
        {
            "title": tables.Column("Function"),
            "direct": tables.Column("Direct", Unit.MONEY, currency),
            "shared": tables.Column("Shared", Unit.MONEY, currency),
            "total": tables.Column("Cost", Unit.MONEY, currency),
            "share": tables.Column("Share", Unit.PERCENT),
            "unit": tables.Column("Its unit"),
            "count": tables.Column("Count", Unit.COUNT),
            "unit_cost": tables.Column("Its own cost of one", Unit.MONEY, currency, digits=DIGITS),
        },
        export_as="cost-by-function",
        title="Cost by business function",
        scope=[*described, ("Rules", rules.path.name)],
    )
    view.trust_line(answer.statistics, answer.results, notes=words.notes(answer, is_sample=view.scope.is_sample))
