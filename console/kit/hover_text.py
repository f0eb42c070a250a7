"""The hover text of ECharts options: HTML in which ``{@column}`` is a column of the chart's data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from console.kit import echarts


def texts(head: str, names: Sequence[str], *more: str) -> str:
    """Hover text with one row a name, its value in the column ``text0``, ``text1`` …, and `more` rows below."""
    return table(head, [*(row(name, f"{{@text{index}}}") for index, name in enumerate(names)), *more])


def table(head: str, rows: Iterable[str]) -> str:
    """Hover text: a head in bold, and rows made by `row`."""
    return f"<b>{head}</b><table>{''.join(rows)}</table>"


def row(name: str, value: str, remark: str = "") -> str:
    """One line of hover text: name, value to the right, remark."""
    style = "padding:1px 0 0 14px;text-align:right;font-variant-numeric:tabular-nums"
    grey = f' <span style="color:{echarts.GREY}">{remark}</span>' if remark else ""
    return f'<tr><td style="padding:1px 0 0">{escape(name)}{grey}</td><td style="{style}"><b>{value}</b></td></tr>'
