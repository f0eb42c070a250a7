"""Definitions: what does a number mean?"""

import streamlit as st

from console.definitions.answer import definitions, matching
from console.kit import page, prose

page.begin("Definitions", __doc__)
with page.answer():
    wanted = st.text_input("Search", key="search", bind="query-params", placeholder="refund, conversion, session …")
    found = matching(definitions(), wanted)
    page.stop_if_empty(
        not found,
        title=f"No definition mentions “{wanted}”",
        next_step="Try one word, such as revenue or session, or clear the search.",
    )
    cards = st.grid(2, min_column_width=340, gap="small")
    for each in found:
        with cards.cell(), st.container(border=True, gap="xsmall", height="stretch"):
            prose.definition(each.term, each.meaning, f"{each.query} · {each.grain} · from {', '.join(each.tables)}")
            with st.popover("SQL", type="tertiary", icon=":material/code:", key=f"sql-{each.term}"):
                st.code(each.sql, language="sql", wrap_lines=True)
