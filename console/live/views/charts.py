"""The one chart of the Live page: the hour's revenue so far, against the same hour last week."""

from __future__ import annotations

from console.asking import formatting as text
from console.asking.figures import Unit
from console.kit import echarts, hover_text, scales
from console.kit.charts import EMPTY_HEIGHT, Chart
from console.live.answer import LABEL, Live

HEIGHT = 240
_EVERY = 10  # minutes between two labels of the axis


def revenue_so_far(answer: Live, currency: str) -> Chart:
    """Net revenue of the last hour, added up minute by minute."""
    title, note = "Net revenue, added up over the last hour", "UTC"
    if not answer.minutes:
        return Chart(title, "Net revenue of the last hour: no values", EMPTY_HEIGHT, None)
    if answer.complete_until is not None:
        note = f"UTC; incomplete from {answer.complete_until:%H:%M} on"
    _, now, before = answer.minutes[-1]
    alt = (
        f"Net revenue of the last hour, added up by minute: {text.money(now, currency)}, "
        f"same hour last week {text.money(before, currency)}"
    )
    axis = scales.linear([amount for _, now, before in answer.minutes for amount in (now, before)])
    rows = [
        [f"{at:%H:%M}", float(now), text.money(now, currency), float(before), text.money(before, currency)]
        for at, now, before in answer.minutes
    ]
    names = ["Last hour", LABEL]
    lines = [
        echarts.line(name, f"value{rank}", rank) | {"encode": {"x": "minute", "y": f"value{rank}"}}
        for rank, name in enumerate(names)
    ]
    labelled = [place for place, (at, _, _) in enumerate(answer.minutes) if at.minute % _EVERY == 0]
    spec = echarts.over_time(
        ["minute", "value0", "text0", "value1", "text1"],
        rows,
        lines,
        axis,
        Unit.MONEY,
        currency,
        x=echarts.time_axis([f"{at:%H:%M}" for at, _, _ in answer.minutes], labelled),
        right=16,
        top=30,
        hover=hover_text.texts("{@minute}", names),
    ) | {"legend": echarts.legend(names)}
    return Chart(title, alt, HEIGHT, spec, note)
