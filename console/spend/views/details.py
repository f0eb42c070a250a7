"""The foot of the Spend page: what is apart from usage, and what tags allocate."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from console.finops.contents import Contents
from console.kit import charts, prose
from console.spend import words
from console.spend.answer import Spend
from console.spend.views import filters, tables
from console.spend.views.charts import coverage


def draw(answer: Spend, contents: Contents, about: Sequence[tuple[str, str]]) -> None:
    """Tax, credits and commitments to the left; tags, and usage without the chosen one, to the right."""
    basis, currency = answer.basis, answer.part.currency
    apart, tagged = st.columns(2, gap="medium")
    with apart:
        prose.lines("Apart from usage", words.apart(answer.now, basis, currency))
        prose.lines("Commitments", words.commitments(answer.commitments, answer.commitments_before, currency))
    with tagged:
        charts.draw(coverage(answer.tags.keys))
        if answer.tags.chosen is not None:
            filters.tag_key(contents)
            prose.lines("Unallocated", words.unallocated(answer.tags, basis, currency))
            tables.untagged(answer.tags, basis, currency, about)
