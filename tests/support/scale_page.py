"""The tables of `docs/scale.md`, made from formulas, quotas and the price book; the prose around them is by hand.

``python -m tests.support.scale_page`` writes the tables into the page; ``--check`` says whether they are up to date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from decimal import Decimal

from console.asking import formatting as text
from console.asking.figures import Unit
from console.finops.pricing import price_book
from console.tiers import quotas, scaling
from console.tiers.capacity import full_at, is_built, needs
from console.tiers.changes import changes
from console.tiers.load import Load
from console.tiers.sizing import BYTES_PER_EVENT
from console.tiers.tiers import load as load_tiers
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "scale.md"
SENDERS = ((Decimal("1.08"), "browser tracker"), (Decimal("5.7"), "whole sessions"), (Decimal(50), "servers"))
OTHER_WAY = " (not built so)"
USUAL = SENDERS[1][0]  # the sender of every table that has one

_BLOCK = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_LIMITS, _BOOK, _TIER = quotas.load(), price_book.load(), load_tiers()[-1]


def _load(events: int, per_request: Decimal = USUAL) -> Load:
    return Load(Decimal(events), per_request, Decimal(BYTES_PER_EVENT))


def _count(value: Decimal | int | None) -> str:
    if value is None:
        return "–"
    if value < 10:
        return f"{value.normalize():f}" if (value := Decimal(value).quantize(Decimal("0.01"))) else "< 0.01"
    return text.compact(value, Unit.COUNT)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---" for _ in header], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def needs_table() -> str:
    """What each traffic needs, with the share of the limit where it is half of it or more."""
    columns = [needs(_load(events), _TIER, _LIMITS) for events in scaling.LOADS]
    rows = []
    for at_loads in zip(*columns, strict=True):
        first = at_loads[0]
        cells = []
        for need in at_loads:
            share = f" ({text.percent(need.share, 0)})" if need.share >= Decimal("0.5") else ""
            cells.append(f"**{_count(need.needed)}**{share}" if need.share > 1 else f"{_count(need.needed)}{share}")
        other = "" if first.is_built else OTHER_WAY
        rows.append([first.what + other, *cells, f"{_count(first.quota.value)} {first.quota.unit}"])
    return _table(["events a second", *(text.count(events) for events in scaling.LOADS), "limit"], rows)


def formulas_table() -> str:
    """How each need comes about."""
    return _table(
        ["need", "formula"], [[need.what, need.formula] for need in needs(_load(scaling.LOADS[0]), _TIER, _LIMITS)]
    )


def limits_table() -> str:
    """From which traffic on each limit is exceeded, by sender."""
    rows = []
    for key in dict.fromkeys(need.quota.key for need in needs(_load(scaling.LOADS[0]), _TIER, _LIMITS)):
        quota = _LIMITS[key]
        reached = [full_at(key, _load(1, per_request), _TIER, _LIMITS) for per_request, _ in SENDERS]
        if any(at is not None for at in reached):
            rows.append((min(at for at in reached if at is not None), quota, reached))
    rows.sort(key=lambda row: row[0])
    return _table(
        ["limit", *(f"{per_request} events a request ({who})" for per_request, who in SENDERS)],
        [
            [
                f"{quota.service}: {quota.limits}, {_count(quota.value)} {quota.unit}"
                + ("" if is_built(quota.key, _TIER) else OTHER_WAY),
                *map(_count, reached),
            ]
            for _, quota, reached in rows
        ],
    )


def changes_table() -> str:
    """What changes, and at which traffic."""
    return _table(
        ["from events a second", "why", "what", "because"],
        [
            [_count(change.from_events), change.reason, change.change, change.because]
            for change in changes(_load(1), _TIER, _BOOK, _LIMITS)
        ],
    )


def curve_table() -> str:
    """What a month costs."""
    rows = []
    for events in scaling.LOADS:
        point = scaling.point(_load(events), _TIER, _BOOK, _LIMITS)
        dearest = ", ".join(f"{name} {text.compact(usd, Unit.MONEY, 'USD')}" for name, usd in point.services.items())
        million = text.money(point.usd_per_million_events, "USD")
        month = text.compact(point.monthly_usd, Unit.MONEY, "USD")
        rows.append([text.count(events), month, million, dearest, point.fullest.what])
    return _table(["events a second", "a month", "a million events", "dearest", "nearest to its limit"], rows)


def curve_chart() -> str:
    """The cost of a million events by traffic, as Mermaid draws it."""
    points = [scaling.point(_load(events), _TIER, _BOOK, _LIMITS) for events in scaling.LOADS[1:]]
    names = ", ".join(f'"{text.count(point.load.events_per_second)}/s"' for point in points)
    values = ", ".join(str(point.usd_per_million_events.quantize(Decimal("0.01"))) for point in points)
    return (
        "```mermaid\nxychart-beta\n"
        '    title "Dollars for a million events, by events a second"\n'
        f'    x-axis [{names}]\n    y-axis "USD"\n    bar [{values}]\n```\n'
    )


def ways_table() -> str:
    """A month of each part, as built and the other way."""
    ways = (
        ("Collector as a function", scaling.collector_function), ("Collector in containers", scaling.containers),
        ("Shards that follow the traffic", scaling.provisioned), ("On-demand, Standard", scaling.on_demand),
        ("On-demand, Advantage", scaling.advantage),
        ("Curation on Glue", scaling.on_glue), ("Curation on EMR Serverless", scaling.on_emr_serverless),
        ("Live's writes, as the estimate counts them", scaling.live_writes_estimated),
        ("Live's writes, by the size of its documents", scaling.live_writes_by_size),
    )  # fmt: skip
    rows = [
        [
            name,
            *(text.compact(way(_load(events), _TIER, _BOOK, _LIMITS), Unit.MONEY, "USD") for events in scaling.LOADS),
        ]
        for name, way in ways
    ]
    return _table(["dollars a month", *(text.count(events) for events in scaling.LOADS)], rows)


def days_table() -> str:
    """How large a day of the lake becomes."""
    rows = []
    for events in scaling.LOADS:
        day = scaling.day_size(_load(events), _TIER, _BOOK)
        rows.append([
            text.count(events), _count(day.events), text.data_size(int(day.raw_bytes)),
            text.data_size(int(day.table_bytes)), text.count(day.files), text.data_size(int(day.page_view_bytes)),
            text.price(day.page_view_usd),
        ])  # fmt: skip
    return _table(
        ["events a second", "events a day", "raw", "in the table", "data files", "one page view scans", "and costs"],
        rows,
    )


def quotas_table() -> str:
    """Every limit with its source and date."""
    rows = []
    for quota in _LIMITS.values():
        source = f"[source]({quota.source})" if quota.source.startswith("https://") else f"`{quota.source}`"
        adjustable = "on request" if quota.adjustable else "fixed"
        rows.append([
            quota.service, quota.limits, f"{_count(quota.value)} {quota.unit}", adjustable,
            f"{quota.confidence}, {quota.as_of}", source, quota.note,
        ])  # fmt: skip
    return _table(["service", "limits", "value", "raised", "how sure", "source", "note"], rows)


TABLES = {
    "needs": needs_table, "formulas": formulas_table, "limits": limits_table, "changes": changes_table,
    "curve": curve_table, "chart": curve_chart, "ways": ways_table, "days": days_table, "quotas": quotas_table,
}  # fmt: skip


def filled(page: str) -> str:
    """The page with every table made anew; raises KeyError for a table that nothing makes."""
    return _BLOCK.sub(lambda block: f"{block[1]}{TABLES[block[2]]()}{block[3]}", page)


def main(arguments: list[str]) -> int:
    """Write the tables, or compare them."""
    page = PAGE.read_text(encoding="utf-8")
    text_now = filled(page)
    if "--check" in arguments:
        if text_now != page:
            sys.stderr.write(f"docs/{PAGE.name} is out of date: run `make docs`.\n")
        return int(text_now != page)
    PAGE.write_text(text_now, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
