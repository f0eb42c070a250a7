"""The foot of a page that stands on a lake only in part: its trust line where something was asked, else its notes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from console.asking.engines import Result, combine
from console.asking.scope import Scope
from console.kit import page


def line(scope: Scope | None, results: Sequence[Result], notes: Sequence[str]) -> None:
    """Data time, engine and the SQL of every question, with the notes; the notes alone where nothing was asked."""
    if scope is None or not results:
        remarks = "".join(f"<p>{escape(note)}</p>" for note in notes)
        st.html(f'<footer class="tk-trust">{remarks}</footer>')
        return
    seen: dict[str, str] = {}
    for result in results:
        seen.setdefault(result.sql, scope.catalogue[result.query].title)
    page.trust_line(combine(results), sql=[(title, sql) for sql, title in seen.items()], notes=notes, now=scope.now())
