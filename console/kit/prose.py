"""Short texts of a page: lists of lines, a colour key, a headline, a definition."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

_MARKDOWN = str.maketrans({sign: f"\\{sign}" for sign in r"\`*_{}[]()#+-.!:$~<>|"})


def lines(title: str, texts: Sequence[str]) -> None:
    """A list of short lines under its title, if it has one; nothing where there is no line."""
    if not texts:
        return
    items = "".join(f"<li>{escape(line)}</li>" for line in texts)
    head = f'<h3 class="tk-chart-title">{escape(title)}</h3>' if title else ""
    st.html(f'{head}<ul class="tk-lines">{items}</ul>')


def key(names: Sequence[str]) -> None:
    """What the colours of the charts above mean: names in the order of the palette, the last one grey."""
    last = len(names) - 1
    items = "".join(
        f'<li class="tk-colour-{"rest" if place == last else place}">{escape(name)}</li>'
        for place, name in enumerate(names)
    )
    st.html(f'<ul class="tk-key">{items}</ul>')


def definition(term: str, meaning: str, origin: str) -> None:
    """One term with its meaning, and where it is computed."""
    st.html(
        f'<article class="tk-definition"><h2>{escape(term)}</h2><p>{escape(meaning[:1].upper() + meaning[1:])}</p>'
        f"<small>{escape(origin)}</small></article>"
    )


def escaped(label: str) -> str:
    """The text for a label that is read as Markdown, so that its signs are shown and not interpreted."""
    return label.translate(_MARKDOWN)
