"""Plotly plots: lazy, in the colours of the configuration, and as a file that needs no network."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest

from console.kit import plots
from console.kit.plots import Plot
from tests.support.paths import ROOT

LOADED = "sorted(name for name in sys.modules if name.split('.')[0] == 'plotly')"


@pytest.mark.slow
def test_importing_the_module_loads_nothing_of_plotly_beyond_what_streamlit_does() -> None:
    script = f"import sys, streamlit; before = {LOADED}; import console.kit.plots; assert {LOADED} == before"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_a_files_colours_are_those_of_the_light_scheme() -> None:
    light = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]["light"]
    assert [plots.LIGHT[name] for name in plots.CATEGORIES] == light["chartCategoricalColors"]
    assert [plots.LIGHT[name] for name in plots.SEQUENCE] == light["chartSequentialColors"]
    named = [plots.LIGHT[name] for name in (plots.RED, plots.SOFT, plots.INK, plots.PAPER)]
    assert named == [light[f"{name}Color"] for name in ("red", "gray", "text", "background")]


def test_the_placeholders_are_those_that_streamlits_theme_replaces() -> None:
    from streamlit.elements.lib import streamlit_plotly_theme as theme

    assert tuple(getattr(theme, f"CATEGORY_{number}") for number in range(7)) == plots.CATEGORIES
    assert tuple(getattr(theme, f"SEQUENTIAL_{number}") for number in range(10)) == plots.SEQUENCE
    assert (plots.RED, plots.SOFT, plots.INK) == (theme.DECREASING, theme.GRAY_70, theme.GRAY_90)
    assert plots.PAPER == theme.BG_COLOR


def test_a_downloaded_file_holds_its_library_and_prints_what_was_asked() -> None:
    trace = {"type": "scatter", "x": [1], "y": [2], "marker": {"color": plots.CATEGORIES[0]}}
    plot = Plot("Price <b>", "One point", 300, {"data": [trace], "layout": plots.layout()})
    page = plots.as_html(plot, [("Channel", "web & app")])
    assert "Plotly.newPlot" in page
    assert len(page) > 3_000_000  # the library itself
    assert not re.search(r"<script[^>]*\ssrc=|<link", page)
    assert "<h1>Price &lt;b&gt;</h1>" in page
    assert "<li>Channel: web &amp; app</li>" in page
    assert 'aria-label="One point"' in page
    figure = page[page.rindex("Plotly.newPlot") :]
    assert "#2459b3" in figure
    assert not [placeholder for placeholder in plots.LIGHT if placeholder in figure]


def test_other_peoples_names_are_no_markup_in_a_hover_text() -> None:
    assert plots.hover("<i>A&B</i>", [("Units", "<1")]) == "<b>&lt;i&gt;A&amp;B&lt;/i&gt;</b><br>Units &lt;1"
