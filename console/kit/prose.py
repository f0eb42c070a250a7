"""Short texts of a page: a heading, a sentence, lists of lines, a colour key, a definition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

import streamlit as st

_MARKDOWN = str.maketrans({sign: f"\\{sign}" for sign in r"\`*_{}[]()#+-.!:$~<>|"})


def heading(title: str, note: str = "") -> str:
    """The HTML of a title over a chart, a table or a list, with a note in small print."""
    small = f" <small>{escape(note)}</small>" if note else ""
    return f'<h3 class="tk-chart-title">{escape(title)}{small}</h3>'


def with_commands(sentence: str) -> str:
    """The HTML of a sentence, what is between backticks in a fixed-width font."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence))


def calm(sentence: str) -> str:
    """The HTML of a sentence in grey, such as what an empty list has to say."""
    return f'<p class="tk-calm">{escape(sentence)}</p>'


def no_values(height: int, alt: str) -> None:
    """Say that a chart has no values, in a box of its own."""
    st.html(f'<p class="tk-none" role="img" aria-label="{escape(alt)}" style="height:{height}px">No values</p>')


def lines(title: str, texts: Sequence[str]) -> None:
    """A list of short lines under its title, if it has one; nothing where there is no line."""
    if texts:
        items = "".join(f"<li>{escape(line)}</li>" for line in texts)
        st.html(f'{heading(title) if title else ""}<ul class="tk-lines">{items}</ul>')


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
