"""A row of four to six figures: value, change, note and a sparkline each.

Drawn as one piece of HTML. `st.metric(chart_data=…)` draws its sparkline with Vega, which a browser has to load first:
measured, it delayed the first view by half a second, and it cannot show two comparisons. The line is an SVG that masks
the accent colour, because Streamlit lets no inline SVG through and a picture could not follow light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape
from urllib.parse import quote

import streamlit as st

from console.asking import formatting as text
from console.asking.figures import Better, Figure, Number

MOST_POINTS = 120  # a sparkline is about that many pixels wide
_WIDTH, _HEIGHT = 120, 28
_MARGIN = 4  # keeps the mark of the last value whole
_RIGHT = _WIDTH - _MARGIN


def row(figures: Sequence[Figure]) -> None:
    """Draw the figures side by side: six across on a wide screen, two on a phone."""
    if figures:
        st.html(f'<div class="tk-tiles" style="--tk-tiles:{len(figures)}">{"".join(map(tile, figures))}</div>')


def tile(figure: Figure) -> str:
    """One figure as HTML; the accessible name says all of it."""
    value = text.compact(figure.value, figure.unit, figure.currency)
    in_full = text.exact(figure.value, figure.unit, figure.currency)
    changes = [_change(figure, change.label, change.value) for change in figure.changes]
    spoken = [f"{figure.name} {in_full if figure.value is not None else 'unknown'}", *(words for _, words in changes)]
    if figure.note:
        spoken.append(figure.note)
    note = f'<p class="tk-note">{escape(figure.note)}</p>' if figure.note else ""
    return (
        f'<div class="tk-tile" role="group" aria-label="{escape(", ".join(spoken), quote=True)}">'
        f'<p class="tk-name">{escape(figure.name)}</p>'
        f'<p class="tk-value" title="{escape(in_full, quote=True)}">{escape(value)}</p>'
        f"{''.join(html for html, _ in changes)}{note}{sparkline(figure.series)}</div>"
    )


def sparkline(series: Sequence[Number | None]) -> str:
    """The series as a small line from zero (or below) up, its last value marked; empty below two known values.

    Gaps stay gaps. Long series are averaged down to `MOST_POINTS`.
    """
    points = _thinned(series)
    known = [value for value in points if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(0.0, *known), max(0.0, *known)
    span = (high - low) or 1.0
    step = _RIGHT / (len(points) - 1)
    base = _HEIGHT - _MARGIN - (0 - low) / span * (_HEIGHT - 2 * _MARGIN)
    strokes: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(points):
        if value is None:
            strokes.append([])
        else:
            strokes[-1].append((index * step, _HEIGHT - _MARGIN - (value - low) / span * (_HEIGHT - 2 * _MARGIN)))
    strokes = [stroke for stroke in strokes if stroke]
    lines = "".join(f"M{_points(stroke)}h.01" for stroke in strokes)
    areas = "".join(
        f"M{stroke[0][0]:.1f} {base:.1f}L{_points(stroke)}L{stroke[-1][0]:.1f} {base:.1f}Z" for stroke in strokes
    )
    last = strokes[-1][-1]
    shape = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none">'
        '<g fill="none" stroke="#000" stroke-linecap="round" stroke-linejoin="round">'
        f'<path d="{areas}" fill="#000" fill-opacity=".14" stroke="none"/>'
        f'<path d="{lines}" stroke-width="1.5" vector-effect="non-scaling-stroke"/>'
        f'<path d="M{last[0]:.1f} {last[1]:.1f}h.01" stroke-width="5" vector-effect="non-scaling-stroke"/></g></svg>'
    )
    picture = f"url(&quot;data:image/svg+xml,{quote(shape)}&quot;)"
    return f'<div class="tk-spark" aria-hidden="true" style="--tk-shape:{picture}"></div>'


def _points(stroke: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f} {y:.1f}" for x, y in stroke)


def _change(figure: Figure, label: str, base: Number | None) -> tuple[str, str]:
    """One comparison as (HTML, spoken words). The arrow says the direction without colour."""
    amount = text.change(figure.value, base, figure.unit)
    if amount == text.UNKNOWN:
        html = f'<p class="tk-change tk-same"><b>{text.UNKNOWN}</b> <span>{escape(label)}</span></p>'
        return html, f"change against {label} unknown"
    sign = amount[0] if amount[0] in "+−" else ""
    arrow = f'<i aria-hidden="true">{"▲" if sign == "+" else "▼"}</i>' if sign else ""
    tone = _tone(sign, figure.better)
    compared = text.exact(base, figure.unit, figure.currency)
    html = (
        f'<p class="tk-change tk-{tone}" title="{escape(f"{label}: {compared}", quote=True)}">'
        f"<b>{arrow}{escape(amount)}</b> <span>{escape(label)}</span></p>"
    )
    return html, f"{amount} against {label}"


def _tone(sign: str, better: Better) -> str:
    if not sign or better is Better.NEITHER:
        return "same"
    return "good" if (sign == "+") == (better is Better.HIGHER) else "bad"


def _thinned(series: Sequence[Number | None]) -> list[float | None]:
    """At most `MOST_POINTS` values, each the mean of its neighbours; None where all of them are unknown."""
    if len(series) <= MOST_POINTS:
        return [None if value is None else float(value) for value in series]
    size = -(-len(series) // MOST_POINTS)
    thinned: list[float | None] = []
    for start in range(0, len(series), size):
        known = [Decimal(str(value)) for value in series[start : start + size] if value is not None]
        thinned.append(float(sum(known) / len(known)) if known else None)
    return thinned
