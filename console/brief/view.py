"""How the Brief is drawn: its headline, what needs attention, why net revenue changed, and which products moved."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from console.asking.figures import Unit
from console.brief import words
from console.brief.answer import Brief
from console.brief.attention import AttentionItem
from console.kit import charts, prose
from console.products.answer import Product

MOST_ITEMS = 5  # a list that is longer is not read


def attention(items: Sequence[AttentionItem]) -> None:
    """What needs attention, each with its cause."""
    heading = '<h3 class="tk-chart-title">Needs attention</h3>'
    if not items:
        st.html(f'{heading}<p class="tk-calm">Nothing needs attention.</p>')
        return
    lines = "".join(
        f'<li><span class="tk-cause tk-cause-{item.cause}">{item.cause}</span>'
        f"<b>{escape(item.title)}</b><p>{escape(item.detail)}</p></li>"
        for item in items[:MOST_ITEMS]
    )
    more = len(items) - MOST_ITEMS
    rest = f'<p class="tk-calm">and {more} more</p>' if more > 0 else ""
    st.html(f'{heading}<ul class="tk-findings">{lines}</ul>{rest}')


def headline(text: str, sentences: Sequence[str]) -> None:
    """The headline, and the sentences below it."""
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences if sentence)
    st.html(f'<section class="tk-brief"><h2>{escape(text)}</h2>{paragraphs}</section>')


def why(answer: Brief, currency: str) -> None:
    """The change of net revenue by its causes, from the period before to this one; nothing without a comparison."""
    if answer.before is None:
        return
    charts.draw(
        charts.waterfall(
            [(part.name, part.amount) for part in answer.parts],
            start=(answer.before.label, answer.before.sums.totals.net_revenue),
            end=("This period", answer.now.sums.totals.net_revenue),
            unit=Unit.MONEY,
            currency=currency,
            title="Why net revenue changed",
        )
    )


def movers(rising: Sequence[Product], falling: Sequence[Product], currency: str) -> None:
    """The products whose net revenue rose or fell most."""
    prose.lines("Rising", [words.mover(product, currency) for product in rising])
    prose.lines("Falling", [words.mover(product, currency) for product in falling])
