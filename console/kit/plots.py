"""Plots that a reader works with: selects, zooms, clicks, and takes along as a file. Drawn by Plotly.

A figure is a plain dictionary, so that building one imports nothing. Its colours are the placeholders of Streamlit's
theme for Plotly, which the browser replaces by the colours of the light or the dark scheme; a downloaded file gets the
light ones. Texts are written here, exactly, from decimals; a float is only where a mark is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from console.kit import echarts, export, prose

Figure = dict[str, Any]
Point = dict[str, Any]  # of a selection: `customdata`, or `id` in a treemap

EMPTY_HEIGHT = 96
CATEGORIES = tuple(f"#{number:06}" for number in range(1, 8))  # Streamlit's placeholders, as all that follow
SEQUENCE = tuple(f"#{number:06}" for number in range(11, 21))
RED, SOFT, INK, PAPER = "#000033", "#000036", "#000037", "#000038"
# what a file shows instead of a placeholder: the light scheme of .streamlit/config.toml
LIGHT = dict(zip(
    (*CATEGORIES, *SEQUENCE, RED, SOFT, INK, PAPER),
    ("#2459b3", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#b58900", "#6a727c",
     "#f2f6fc", "#dde8f7", "#c5d8f1", "#a9c4e9", "#8aaede", "#6a96d2", "#4b7cc4", "#2459b3", "#1c478f", "#15366d",
     "#b8382f", "#6a727c", "#1d2126", "#ffffff"),
    strict=True,
))  # fmt: skip
_FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'
_NOTE = {"size": echarts.SMALL, "color": SOFT, "family": _FONT}  # the font of axes and legends
_UNUSED_BUTTONS = ["zoomIn2d", "zoomOut2d", "autoScale2d"]  # the wheel, a pinch and "reset" do the same


@dataclass(frozen=True)
class Plot:
    """A plot ready to draw: `figure` is a Plotly figure; None where there is nothing to show."""

    title: str
    alt: str
    height: int
    figure: Figure | None
    note: str = ""


def layout(**more: Any) -> Figure:
    """The layout that every plot starts from, with `more` laid over it."""
    return {
        "font": {"size": echarts.SMALL, "color": INK, "family": _FONT},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "margin": {"l": 0, "r": 0, "t": 28, "b": 0, "pad": 0},
        "colorway": list(CATEGORIES),
        "hoverlabel": {"align": "left", "bgcolor": PAPER, "font": {"size": echarts.SMALL, "color": INK}},
        "hovermode": "closest",
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.01,
            "yanchor": "bottom",
            "itemsizing": "constant",
            "font": _NOTE,
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": echarts.GREY, "activecolor": CATEGORIES[0]},
    } | more


def axis(title: str, **more: Any) -> Figure:
    """An axis with thin gridlines and its title, with `more` laid over it."""
    return {
        "title": {"text": title, "font": _NOTE, "standoff": 8},
        "tickfont": _NOTE,
        "gridcolor": echarts.GRID,
        "gridwidth": 1,
        "showgrid": True,
        "showline": False,
        "ticks": "",
        "zeroline": False,
        "automargin": True,
    } | more


def draw(
    plot: Plot,
    key: str,
    *,
    about: Sequence[tuple[str, str]] = (),
    on_select: Callable[[Sequence[Point]], None] | None = None,
) -> list[Point]:
    """Put the plot on the page with its title and its download, and return the points that a reader selected.

    Parameters
    ----------
    key : unique on the page; also the downloaded file's name
    about : (name, text) lines printed in the file: filters, basis, data time
    on_select : called with the points before the next run, whenever the selection changes
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(prose.heading(plot.title, plot.note), width="stretch")
        if plot.figure is not None:
            st.download_button(
                "HTML",
                data=partial(as_html, plot, tuple(about)),
                file_name=f"{key}.html",
                mime="text/html",
                key=f"tk-{key}-html",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                help="Download as one interactive HTML file that works offline. A PNG is in the picture's own bar.",
            )
    if plot.figure is None:
        prose.no_values(plot.height, plot.alt)
        return []
    widget = f"tk-plot-{key}-{st.session_state.get(f'tk-{key}-cleared', 0)}"
    state = st.plotly_chart(
        plot.figure | {"layout": plot.figure["layout"] | {"dragmode": False if _is_phone() else "select"}},
        height=plot.height,
        theme="streamlit",  # this, not None, replaces the placeholders and follows the scheme
        key=widget,
        on_select="rerun" if on_select is None else lambda: on_select(_points(st.session_state[widget])),
        config=_config(key),
        alt=plot.alt,
    )
    return _points(state)


def clear(key: str) -> None:
    """Forget what is selected in a plot; for a callback."""
    # Streamlit lets nobody write a plot's state, so the plot is drawn anew as another widget
    st.session_state[f"tk-{key}-cleared"] = st.session_state.get(f"tk-{key}-cleared", 0) + 1


def as_html(plot: Plot, about: Sequence[tuple[str, str]] = ()) -> str:
    """The plot as one HTML file that works offline, in the light scheme, with the lines of `about` below it."""
    import plotly.io

    coloured = json.dumps(plot.figure)
    for placeholder, colour in LIGHT.items():
        coloured = coloured.replace(placeholder, colour)
    body = plotly.io.to_html(
        json.loads(coloured),
        config=_config(plot.title) | {"responsive": True},
        include_plotlyjs=True,
        full_html=False,
        default_height="78vh",
        validate=False,  # which would add Streamlit's template, full of placeholders
    )
    lines = "".join(
        f"<li>{escape(name)}: {escape(words)}</li>"
        for name, words in export.about(plot.title, about, datetime.now(UTC))
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(plot.title)}</title><style>'
        f"body {{ color: {LIGHT[INK]}; font: 14px {_FONT}; font-variant-numeric: tabular-nums; margin: 1.5rem }}"
        f"h1 {{ font-size: 1.2rem }} ul {{ color: {LIGHT[SOFT]}; list-style: none; padding: 0 }}</style></head>"
        f'<body><h1>{escape(plot.title)}</h1><figure role="img" aria-label="{escape(plot.alt)}" style="margin: 0">'
        f"{body}</figure><ul>{lines}</ul></body></html>"
    )


def hover(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """The text shown over a mark: its name in bold, and a line for each (name, text)."""
    return "<br>".join([f"<b>{plain(title)}</b>", *(f"{plain(name)} {plain(words)}" for name, words in rows)])


def plain(words: str) -> str:
    """The words as Plotly prints them: other people's names may hold its markup."""
    return escape(words, quote=False)


def _config(name: str) -> Figure:
    return {
        "displaylogo": False,
        "modeBarButtonsToRemove": _UNUSED_BUTTONS,
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
    }


def _points(state: Any) -> list[Point]:
    return [dict(point) for point in state["selection"]["points"]]


def _is_phone() -> bool:
    """Whether the browser says it is a phone's: there, a drag has to scroll the page, and a box is a choice."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")
