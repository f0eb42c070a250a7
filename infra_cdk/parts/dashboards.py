"""Dashboards of CloudWatch made of the table of signals (`console.health`): a chart for all signals that share one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from console.health.signals import Signal
from infra_cdk.installation import Installation

WIDTH, HEIGHT, COLUMNS = 8, 6, 3  # of a grid 24 wide
INGESTION = ("edge", "collector", "stream", "live", "raw")
"""The hops of the first dashboard where a tier has two."""


def bodies(
    installation: Installation, signals: Iterable[Signal], names: Mapping[str, str], dashboards: int
) -> dict[str, dict[str, Any]]:
    """The dashboards of a tier by the last words of their names, as CloudWatch reads them."""
    drawn = list(signals)
    if dashboards < 2:
        return {"operations": _body(installation, drawn, names)}
    first = [signal for signal in drawn if signal.row.hop in INGESTION]
    rest = [signal for signal in drawn if signal.row.hop not in INGESTION]
    return {"ingestion": _body(installation, first, names), "operations": _body(installation, rest, names)}


def _body(installation: Installation, signals: Sequence[Signal], names: Mapping[str, str]) -> dict[str, Any]:
    charts: dict[str, list[Signal]] = {}
    for signal in signals:
        charts.setdefault(signal.row.chart, []).append(signal)
    widgets = [
        {
            "type": "metric",
            "x": place % COLUMNS * WIDTH,
            "y": place // COLUMNS * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": _chart(installation, title, members, names),
        }
        for place, (title, members) in enumerate(charts.items())
    ]
    return {"start": "-PT24H", "periodOverride": "inherit", "widgets": widgets}


def _chart(
    installation: Installation, title: str, signals: Sequence[Signal], names: Mapping[str, str]
) -> dict[str, Any]:
    row = signals[0].row
    limits = {
        float(signal.threshold(installation.tier)): signal.row.meaning
        for signal in signals
        if signal.has_alarm(installation.tier)
    }
    lines = [line for place, signal in enumerate(_once(signals)) for line in _lines(place, signal, names)]
    return {
        "title": title,
        "view": "timeSeries",
        "region": row.region or installation.region,
        "period": row.period_seconds,
        "metrics": lines,
        "yAxis": {"left": {"label": row.unit, "showUnits": False, "min": 0}},
        "annotations": {
            "horizontal": [{"value": value, "label": meaning} for value, meaning in limits.items() if value > 0]
        },
    }


def _once(signals: Sequence[Signal]) -> list[Signal]:
    """Signals of a chart without those that draw the same line again, for a second threshold."""
    seen: dict[tuple[Any, ...], Signal] = {}
    for signal in signals:
        seen.setdefault((signal.of, signal.row.expression, *(m.metric for m in signal.metrics)), signal)
    return list(seen.values())


def _lines(place: int, signal: Signal, names: Mapping[str, str]) -> list[list[Any]]:
    """A line of a chart: one metric, or the metrics of an expression, hidden, and the expression."""
    row = signal.row
    hidden = bool(row.expression)
    found = []
    expression = row.expression
    for metric in signal.metrics:
        identity = f"{metric.id}{place}"
        words = [word for pair in signal.dimensions(metric, names).items() for word in pair]
        shown: dict[str, Any] = {"stat": metric.statistic, "period": row.period_seconds, "label": _label(signal)}
        if hidden:
            shown |= {"id": identity, "visible": False}
            expression = _replaced(expression, metric.id, identity)
        found.append([row.namespace, metric.metric, *words, shown])
    if hidden:
        found.append([{"expression": expression, "label": _label(signal), "id": f"figure{place}"}])
    return found


def _label(signal: Signal) -> str:
    return signal.name.replace("-", " ")


def _replaced(expression: str, name: str, by: str) -> str:
    """An expression with one name changed; a name is a whole word."""
    words = expression.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split()
    return " ".join(by if word == name else word for word in words)
