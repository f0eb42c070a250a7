"""How the part *Profit and loss* is drawn, with the block *Coverage and what is shown*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from catalogue.errors import SourceError
from console.asking.engines import Result
from console.asking.figures import Unit
from console.asking.periods import Period
from console.asking.scope import Scope
from console.asking.slices import Slices
from console.kit import charts, page, prose, tables, tiles
from console.recommendations.coverage import answer as coverage_answer
from console.recommendations.coverage import charts as coverage_charts
from console.recommendations.coverage import words as coverage_words
from console.recommendations.coverage.answer import Coverage
from console.recommendations.profit import answer, words
from console.recommendations.profit import charts as profit_charts
from console.recommendations.profit.answer import OutcomeRecord, Profit
from console.recommendations.profit.holdout import Holdout, holdout
from console.recommendations.source import RecommendationSource
from console.unit_costs.allocation import Allocation

TITLE = "Recommendations"
CENTS = 4  # digits of a cost in a table: a service may cost less than a cent
_SEND = (
    "curl http://localhost:8501/v1/events -H 'Authorization: Bearer WRITE_KEY' -d '{",
    '  "event_id": "r-1", "event_type": "recommendation_impression", "occurred_at": "\'$(date -u +%FT%TZ)\'",',
    '  "customer_id": "c1", "product_id": "teapot", "recommendation": {"request_id": "9f2c4e6a8b0d1c3e",',
    '  "surface": "for_you", "model": "20260302T040000Z-1f2e", "rank": 1}}\'',
)

_About = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class _Asked:
    """The results of everything that was drawn."""

    results: Sequence[Result]


def draw(reader: page.Reader, source: RecommendationSource, allocation: Allocation) -> None:
    """Draw the part, with its filters and its trust line."""
    bar = page.filtered(reader, TITLE)
    selection = bar.selection
    ahead = coverage_answer.questions(reader.scope, selection.period, selection.comparisons, bar.slices)
    with reader.scope.ahead(ahead) as scope:
        _draw(bar, scope, source, allocation)


def _draw(bar: page.LakeReader, scope: Scope, source: RecommendationSource, allocation: Allocation) -> None:
    period, comparisons = bar.selection.period, bar.selection.comparisons
    slices = replace(bar.slices, categories=())  # an impression has no category
    hold_out = _hold_out(scope, source, slices, period)
    found = answer.profit(scope, period, comparisons, slices, allocation, hold_out)
    page.stop_if_empty(
        found.is_empty,
        title=words.NOTHING,
        next_step="Send an impression for each product shown, and a click for each one chosen, with the request_id, "
        "surface, model and rank of the answer (docs/recommendations.md, What came of it). The shop’s browser snippet "
        "sends them by itself. Where they are sent already, widen the dates.",
        commands=_SEND,
        selection=bar.selection,
    )
    about = replace(bar, selection=replace(bar.selection, slices=slices)).describe(found)
    tiles.row(found.figures)
    _balance(found, about)
    _outcomes(found, about)
    prose.lines("Drift", [words.click_rate(found.drift), *_model_drift(source)])
    results = list(found.results)
    with page.errors_shown():
        shown = coverage_answer.coverage(scope, period, comparisons, bar.slices, source.catalogue())
        results += shown.results
        _coverage(shown, found.currency, bar.describe(shown))
    notes = words.notes(found, has_categories=bool(bar.slices.categories), is_sample=scope.is_sample)
    bar.trust_line(_Asked(results), notes=notes)


def _hold_out(scope: Scope, source: RecommendationSource, slices: Slices, period: Period) -> Holdout:
    """What a hold-out says; the rest of the part is there even where the store of experiments is not."""
    try:
        experiments = source.experiments()
    except SourceError as error:
        return Holdout(problem=f"{error.what}. {error.remedy}")
    return holdout(scope, experiments, slices, period)


def _model_drift(source: RecommendationSource) -> Sequence[str]:
    """What the models say of drift, or why they cannot be read."""
    try:
        return words.model_drift(source.models())
    except SourceError as error:
        return [f"{error.what}. {error.remedy}"]


def _balance(found: Profit, about: _About) -> None:
    """Does it pay: the verdict, the figures it rests on, the chart, and the cost line by line."""
    headline, why = words.verdict(found)
    st.html(f'<section class="tk-brief"><h2>Does it pay? {escape(headline)}</h2><p>{escape(why)}</p></section>')
    tiles.row(found.balance_figures)
    chart, costs = st.columns([3, 2], gap="medium")
    with chart:
        charts.draw(profit_charts.balance(found))
        prose.lines("Break-even", words.break_even(found))
    with costs:
        if found.cost.cost is None:
            st.html(prose.heading("Cost of recommending") + prose.calm(words.cost_unknown(found)))
        else:
            currency = found.cost.cost.currency
            tables.show(
                found.cost.cost.lines,
                {
                    "purpose": tables.Column("For", help="Training is the job that learns; shared is a part of others"),
                    "amount": tables.Column("Effective cost", Unit.MONEY, currency, digits=CENTS),
                    "name": tables.Column("Service, or rule of a shared cost"),
                },
                export_as="cost-of-recommending",
                title="Cost of recommending",
                about=[*about, ("Basis", "effective cost"), ("Billing currency", currency)],
                digits=12,
            )


def _outcomes(found: Profit, about: _About) -> None:
    rates, surfaces = st.columns([3, 2], gap="medium")
    with rates:
        charts.draw(profit_charts.click_rates(found))
    with surfaces:
        charts.draw(profit_charts.click_rate_of(found.surfaces, "surface"))
        charts.draw(profit_charts.click_rate_of(found.models, "model"))
    _table(found.surfaces, "Surface", found.currency, about)
    _table(found.models, "Model", found.currency, about)


def _table(records: Sequence[OutcomeRecord], of: str, currency: str, about: _About) -> None:
    tables.show(
        records,
        {
            "name": tables.Column(of),
            "impressions": tables.Column("Impressions", Unit.COUNT),
            "clicks": tables.Column("Clicks", Unit.COUNT),
            "click_rate": tables.Column("Click rate", Unit.PERCENT, help="Clicks ÷ impressions"),
            "click_rate_low": tables.Column("from", Unit.PERCENT, help="Interval of 95 % (Wilson)"),
            "click_rate_high": tables.Column("to", Unit.PERCENT, help="Interval of 95 % (Wilson)"),
            "orders": tables.Column("Attributed orders", Unit.COUNT),
            "net_revenue": tables.Column("Attributed net revenue", Unit.MONEY, currency),
            "revenue_per_thousand": tables.Column("Per 1,000 impressions", Unit.MONEY, currency),
            "gross_margin": tables.Column("Attributed gross margin", Unit.MONEY, currency),
        },
        export_as=f"recommendations-by-{of.lower()}",
        title=f"By {of.lower()}",
        about=about,
    )


def _coverage(found: Coverage, currency: str, about: _About) -> None:
    st.html(prose.heading("Coverage and what is shown"))
    tiles.row(found.figures)
    spread, said = st.columns([3, 2], gap="medium")
    with spread:
        charts.draw(coverage_charts.tenths(found))
    with said:
        prose.lines("What is shown", coverage_words.lines(found, currency))
    if found.available:
        tables.show(
            found.never_shown,
            {
                "name": tables.Column("Product"),
                "net_revenue": tables.Column("Net revenue", Unit.MONEY, currency),
                "units": tables.Column("Units", Unit.COUNT),
                "orders": tables.Column("Orders", Unit.COUNT),
                "category": tables.Column("Category"),
                "product_id": tables.Column("Id"),
            },
            export_as="never-recommended",
            title="Available, and never shown",
            about=about,
        )
