"""Definitions: what does a number mean?"""

import streamlit as st

from console.definitions.answer import definitions, matching
from console.kit import page, prose

with page.headed("Definitions", __doc__):
    wanted = st.text_input("Search", key="search", bind="query-params", placeholder="refund, conversion, session …")
    found = matching(definitions(), wanted)
    page.stop_if_empty(
        not found,
        title=f"No definition mentions “{wanted}”",
        next_step="Try one word, such as revenue or session, or clear the search.",
    )
    cards = st.grid(2, min_column_width=340, gap="small")
    for word in found:
        with cards.cell(), st.container(border=True, gap="xsmall", height="stretch"):
            prose.definition(word.term, word.meaning, f"{word.query} · {word.grain} · from {', '.join(word.tables)}")
            with st.popover("SQL", type="tertiary", icon=":material/code:", key=f"sql-{word.term}"):
                st.code(word.sql, language="sql", wrap_lines=True)
