"""Plots of models over time: quality by method with its intervals, and how the data drifts away from a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from console.asking import formatting as text
from console.asking.figures import Unit
from console.kit import plots
from console.recommendations.models import BLEND, IN_USE, METHODS, POPULARITY, RECENT, Measured, over_time
from console.recommendations.source import ModelRecord

HEIGHT, SMALL_HEIGHT = 320, 220
MOST_WHISKERS = 14  # trainings whose intervals have room as whiskers; more of them are a band
STYLES: dict[str, Any] = {
    BLEND: {"color": plots.CATEGORIES[0], "width": 2.2, "dash": "solid"},
    IN_USE: {"color": plots.CATEGORIES[4], "width": 1.4, "dash": "dot"},
    RECENT: {"color": plots.CATEGORIES[5], "width": 1.4, "dash": "dash"},
    POPULARITY: {"color": plots.CATEGORIES[6], "width": 1.4, "dash": "solid"},
}


def by_training(models: Sequence[ModelRecord]) -> plots.Plot:
    """nDCG@10 of each method by training, with intervals of 95 %; models kept aside are hollow."""
    lines = over_time(models)
    title, note = "Quality by training", "nDCG@10 on the newest days, which no model has seen"
    if not lines:
        alt = "No training has measured quality yet"
        return plots.Plot(title, alt, plots.EMPTY_HEIGHT, None, note)
    last = "; ".join(f"{METHODS.get(name, name)} {text.ratio(found[-1].value, 3)}" for name, found in lines.items())
    is_crowded = max(map(len, lines.values())) > MOST_WHISKERS
    bands = [trace for name, found in lines.items() for trace in _band(name, found)] if is_crowded else []
    marks = [_line(name, found, has_whiskers=not is_crowded) for name, found in lines.items()]
    figure = {
        "data": [*bands, *marks],
        "layout": _layout([one.trained_at for found in lines.values() for one in found], ".2f", top=28),
    }
    return plots.Plot(title, f"{title}, the last one: {last}", HEIGHT, figure, note)


def _band(method: str, found: Sequence[Measured]) -> list[plots.Figure]:
    """The intervals as an area between two lines without a width."""
    if method not in (BLEND, POPULARITY):  # of the others the hover text says them
        return []
    edge = {
        "type": "scatter",
        "mode": "lines",
        "x": [one.trained_at.isoformat() for one in found],
        "line": {"width": 0, "color": STYLES[method]["color"]},
        "opacity": 0.3,
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [edge | {"y": [one.low for one in found]}, edge | {"y": [one.high for one in found], "fill": "tonexty"}]


def _line(method: str, found: Sequence[Measured], *, has_whiskers: bool) -> plots.Figure:
    style = STYLES.get(method, STYLES[RECENT])
    name = METHODS.get(method, method)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [one.trained_at.isoformat() for one in found],
        "y": [one.value for one in found],
        "line": style,
        "marker": {
            "size": 8 if has_whiskers else [7 if one.is_aside else 4 for one in found],
            "color": [plots.PAPER if one.is_aside else style["color"] for one in found],
            "line": {"width": 1.6, "color": style["color"]},
        },
        "error_y": {
            "type": "data",
            "visible": has_whiskers,
            "symmetric": False,
            "array": [one.high - one.value for one in found],
            "arrayminus": [one.value - one.low for one in found],
            "color": style["color"],
            "thickness": 1.1,
            "width": 4,
        },
        "hovertext": [_hover(name, one) for one in found],
        "hoverinfo": "text",
    }


def _hover(name: str, one: Measured) -> str:
    interval = f"{text.ratio(one.value, 3)} ({text.ratio(one.low, 3)} to {text.ratio(one.high, 3)})"
    lines = [("nDCG@10", interval), ("Trained", text.instant(one.trained_at)), ("Model", one.version)]
    return plots.hover(name, [*lines, *([("Kept aside", "")] if one.is_aside else [])])


def drift(models: Sequence[ModelRecord]) -> list[plots.Plot]:
    """Actions with products that the model before did not know, and the share of products that are shown, over time.

    None of it where there is no time to see yet: the card has the figures of one training.
    """
    if all(sum(getattr(model, name) is not None for model in models) < 2 for name in ("unknown_share", "coverage")):
        return []
    unknown = ("Unknown to the model before", "of the newest week's actions")
    covered = ("Coverage", "of the available products, in anybody's ten")
    return [
        _share(*unknown, [(model, model.unknown_share) for model in models]),
        _share(*covered, [(model, model.coverage) for model in models]),
    ]


def _share(title: str, note: str, values: Sequence[tuple[ModelRecord, float | None]]) -> plots.Plot:
    known = [(model, value) for model, value in reversed(values) if value is not None]
    if not known:
        return plots.Plot(title, f"{title}: not measured yet", plots.EMPTY_HEIGHT, None, note)
    shown = [text.exact(value, Unit.PERCENT) for _, value in known]
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [model.trained_at.isoformat() for model, _ in known],
        "y": [value for _, value in known],
        "line": STYLES[BLEND],
        "marker": {"size": 6},
        "hovertext": [
            plots.hover(text.instant(model.trained_at), [(title, words)])
            for (model, _), words in zip(known, shown, strict=True)
        ],
        "hoverinfo": "text",
        "showlegend": False,
    }
    figure = {"data": [trace], "layout": _layout([model.trained_at for model, _ in known], ".0%", top=8)}
    return plots.Plot(title, f"{title}: {shown[-1]} at the last training", SMALL_HEIGHT, figure, note)


def _layout(instants: Iterable[datetime], tick: str, *, top: int) -> plots.Figure:
    """A time axis with room for a single training, and values from zero up."""
    days: dict[str, Any] = {"tickformat": "%-d %b<br>%Y", "nticks": 8}
    several = set(instants)
    if len(several) == 1:  # a lone mark has no span of its own
        [only] = several
        days = {"tickmode": "array", "tickvals": [only.isoformat()], "ticktext": [text.day(only.date())]}
    return plots.layout(
        xaxis=plots.axis("", showgrid=False, **days),
        yaxis=plots.axis("", rangemode="tozero", tickformat=tick, nticks=6),
        hovermode="closest",
        margin={"l": 0, "r": 8, "t": top, "b": 0, "pad": 0},
    )
