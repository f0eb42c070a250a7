"""Short texts of a page: what needs attention, lists of lines, a definition."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from console.insights.attention import Cause, Finding

_CAUSES = {Cause.PIPELINE: "pipeline", Cause.BUSINESS: "business", Cause.DATA: "data", Cause.CLOUD: "cloud"}
MOST_FINDINGS = 5  # a list that is longer is not read


def findings(found: Sequence[Finding]) -> None:
    """What needs somebody, with its cause; says so where nothing does."""
    heading = '<h3 class="tk-chart-title">Needs attention</h3>'
    if not found:
        st.html(f'{heading}<p class="tk-calm">Nothing crosses a threshold.</p>')
        return
    items = "".join(
        f'<li><span class="tk-cause tk-cause-{_CAUSES[each.cause]}">{_CAUSES[each.cause]}</span>'
        f"<b>{escape(each.title)}</b><p>{escape(each.detail)}</p></li>"
        for each in found[:MOST_FINDINGS]
    )
    more = len(found) - MOST_FINDINGS
    rest = f'<p class="tk-calm">and {more} more</p>' if more > 0 else ""
    st.html(f'{heading}<ul class="tk-findings">{items}</ul>{rest}')


def lines(title: str, texts: Sequence[str]) -> None:
    """A list of short lines under its title, if it has one; nothing where there is none."""
    if not texts:
        return
    items = "".join(f"<li>{escape(line)}</li>" for line in texts)
    head = f'<h3 class="tk-chart-title">{escape(title)}</h3>' if title else ""
    st.html(f'{head}<ul class="tk-lines">{items}</ul>')


def key(names: Sequence[str]) -> None:
    """What the colours of the charts above mean: the palette in its order, the last name grey."""
    last = len(names) - 1
    items = "".join(
        f'<li class="tk-colour-{"rest" if place == last else place}">{escape(name)}</li>'
        for place, name in enumerate(names)
    )
    st.html(f'<ul class="tk-key">{items}</ul>')


def brief(headline: str, sentences: Sequence[str]) -> None:
    """The Brief's own words: the headline large, the rest below."""
    told = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences if sentence)
    st.html(f'<section class="tk-brief"><h2>{escape(headline)}</h2>{told}</section>')


def definition(term: str, meaning: str, origin: str) -> None:
    """One word: its meaning, and where it is computed."""
    st.html(
        f'<article class="tk-definition"><h2>{escape(term)}</h2><p>{escape(meaning[:1].upper() + meaning[1:])}</p>'
        f"<small>{escape(origin)}</small></article>"
    )
