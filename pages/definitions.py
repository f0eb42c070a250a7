"""Definitions: what does a number mean?"""

import streamlit as st

from console.insights.definitions import definitions, matching
from console.ui import page, prose

page.begin("Definitions", __doc__)
with page.answer():
    wanted = st.text_input("Search", key="search", bind="query-params", placeholder="refund, conversion, session …")
    found = matching(definitions(), wanted)
    page.stop_if_empty(
        not found,
        title=f"No definition mentions “{wanted}”",
        next_step="Try one word, such as revenue or session, or clear the search.",
    )
    for each in found:
        with st.container(border=True, gap="xsmall"):
            prose.definition(each.title, each.text, each.grain, each.tables)
            with st.expander("SQL", key=f"sql-{each.query}"):
                st.code(each.sql, language="sql", wrap_lines=True)
