"""``scale``: what a traffic needs of each part, its limit, what changes on the way, and what it costs."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated

import typer

from catalogue.errors import BindingError
from console.asking import formatting as text
from console.asking.figures import Unit
from console.cli import output
from console.cli.options import Format
from console.finops.pricing import price_book
from console.tiers import quotas, scaling
from console.tiers.capacity import MOST_EVENTS_PER_SECOND, needs
from console.tiers.changes import changes
from console.tiers.command import number
from console.tiers.load import REGIONS, Load
from console.tiers.sizing import typical
from console.tiers.tiers import load as load_tiers

NEED_COLUMNS = ("part", "what", "needed", "limit", "unit", "used", "built", "formula", "confidence", "source")
CHANGE_COLUMNS = ("from_events", "reason", "change", "because")
CURVE_COLUMNS = ("events_per_second", "monthly_usd", "usd_per_million_events", "dearest", "fullest", "used")


def scale(
    form: Format = "table",
    events_per_second: Annotated[str, typer.Option(metavar="N", help="events a second, at the busiest")] = "1000000",
    events_per_request: Annotated[
        str | None, typer.Option(metavar="N", help="events a client sends at once (default: the largest tier's)")
    ] = None,
    bytes_per_event: Annotated[
        str | None, typer.Option(metavar="N", help="bytes of one event (default: the largest tier's)")
    ] = None,
    regions: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="regions that events name")] = REGIONS,
    show_changes: Annotated[bool, typer.Option("--changes", help="what changes, and from which traffic on")] = False,
    curve: Annotated[bool, typer.Option("--curve", help="what a month costs, from 10 to a million a second")] = False,
    show_quotas: Annotated[bool, typer.Option("--quotas", help="the limits with their sources and dates")] = False,
) -> None:
    """Compare what a traffic needs with the limits of AWS, up to a million events a second and beyond."""
    limits = quotas.load()
    if show_quotas:
        rows = [asdict(quota) for quota in limits.values()]
        output.show(rows, tuple(rows[0]), form, under="quotas")
        return
    tier, book = load_tiers()[-1], price_book.load()
    usual = typical(tier)
    per_request = (
        usual.events_per_request
        if events_per_request is None
        else number(events_per_request, "--events-per-request", 1, 500)
    )
    size = usual.bytes_per_event if bytes_per_event is None else number(bytes_per_event, "--bytes-per-event", 1, 2**20)
    events = number(events_per_second, "--events-per-second", 0, MOST_EVENTS_PER_SECOND)
    if not events:
        raise BindingError("No traffic needs nothing", where="--events-per-second", remedy="Give a number above 0.")
    load = Load(events, per_request, size, regions)
    if show_changes:
        rows = [asdict(change) for change in changes(load, tier, book, limits)]
        output.show(rows, CHANGE_COLUMNS, form, under="changes")
    elif curve:
        points = [scaling.point(load.at(events), tier, book, limits) for events in scaling.LOADS]
        output.show([_curve_row(point) for point in points], CURVE_COLUMNS, form, under="curve")
    else:
        rows = [
            {
                "part": need.part,
                "what": need.what,
                "needed": _rounded(need.needed),
                "limit": need.quota.value,
                "unit": need.quota.unit,
                "used": need.share.quantize(Decimal("0.001")),
                "built": "yes" if need.is_built else "no",
                "formula": need.formula,
                "confidence": need.quota.confidence,
                "source": need.quota.source,
            }
            for need in needs(load, tier, limits)
        ]
        output.show(rows, NEED_COLUMNS, form, under="needs")


def _curve_row(point: scaling.Point) -> dict[str, object]:
    return {
        "events_per_second": int(point.load.events_per_second),
        "monthly_usd": point.monthly_usd.quantize(Decimal(1)),
        "usd_per_million_events": point.usd_per_million_events.quantize(Decimal("0.01")),
        "dearest": ", ".join(f"{name} {text.compact(usd, Unit.MONEY, 'USD')}" for name, usd in point.services.items()),
        "fullest": point.fullest.what,
        "used": point.fullest.share.quantize(Decimal("0.001")),
    }


def _rounded(value: Decimal) -> Decimal:
    """Three digits after the point below ten, whole numbers above."""
    return value.quantize(Decimal("0.001") if value < 10 else Decimal(1))
