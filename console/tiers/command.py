"""``tiers``: what a month of each size costs, by service."""

from __future__ import annotations

import sys
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalogue.errors import BindingError
from console.cli import options, output
from console.cli.options import Format, Lake
from console.finops.pricing import price_book
from console.tiers.crossovers import all_of
from console.tiers.estimate import Estimate, estimate
from console.tiers.left_out import LEFT_OUT
from console.tiers.sizing import typical, with_numbers
from console.tiers.tiers import load

if TYPE_CHECKING:
    from console.tiers.measured import MeasuredUsage

MOST = 10**12  # of anything that is typed: far beyond every tier
_BOUNDS = {"events_per_request": (1, 500), "bytes_per_event": (1, 1024 * 1024)}  # what the collector takes
CROSSOVER_COLUMNS = ("question", "at", "unit", "answer")
LINE_COLUMNS = ("tier", "service", "what", "quantity", "unit", "price", "monthly_usd", "formula", "source", "as_of")


def _number_option(meaning: str) -> Any:
    return typer.Option(metavar="N", help=f"{meaning} (default: what each tier is made for)")


def tiers(
    context: typer.Context,
    form: Format = "table",
    lines: Annotated[bool, typer.Option("--lines", help="every line with its quantity, price and formula")] = False,
    measured: Annotated[bool, typer.Option("--measured", help="the events a day that the lake measured")] = False,
    lake: Lake = None,
    crossovers: Annotated[
        bool, typer.Option("--crossovers", help="where bills meet, and where a tier is too small")
    ] = False,
    today: Annotated[bool, typer.Option("--today", help="the lake's bill as a month, among the tiers")] = False,
    legacy_usd: Annotated[
        str | None, typer.Option(metavar="N", help="with --today: a month of the platform before, to show the saving")
    ] = None,
    left_out: Annotated[bool, typer.Option("--left-out", help="what is in no estimate, with the reason")] = False,
    free_tier: Annotated[bool, typer.Option("--free-tier", help="take the always-free quantities off")] = False,
    events_per_day: Annotated[str | None, _number_option("events a day")] = None,
    events_per_request: Annotated[str | None, _number_option("events a client sends at once")] = None,
    bytes_per_event: Annotated[str | None, _number_option("bytes of one event")] = None,
    page_views_per_day: Annotated[str | None, _number_option("console pages opened a day")] = None,
    people: Annotated[str | None, _number_option("people who open the console")] = None,
    recommendations_per_day: Annotated[str | None, _number_option("requests for recommendations a day")] = None,
    retention_days: Annotated[str | None, _number_option("days events are kept")] = None,
) -> None:
    """Estimate the monthly bill of dev, startup and scale."""
    if left_out:
        output.show([asdict(part) for part in LEFT_OUT], ("service", "what", "reason"), form, under="left_out")
        return
    if today:
        _today(context, lake, legacy_usd, form)
        return
    written = {
        "events_per_day": events_per_day,
        "events_per_request": events_per_request,
        "bytes_per_event": bytes_per_event,
        "page_views_per_day": page_views_per_day,
        "people": people,
        "recommendations_per_day": recommendations_per_day,
        "retention_days": retention_days,
    }
    book, sizes = price_book.load(), load()
    numbers = {
        name: number(text, f"--{name.replace('_', '-')}", *_BOUNDS.get(name, (0, MOST)))
        for name, text in written.items()
        if text is not None
    }
    if measured:
        numbers.setdefault("events_per_day", _measured_events(context, lake))
    usages = [with_numbers(typical(tier), numbers) for tier in sizes]
    if crossovers:
        met = all_of(sizes, usages, book, free_tier=free_tier)
        output.show([asdict(crossover) for crossover in met], CROSSOVER_COLUMNS, form, under="crossovers")
        return
    estimates = [estimate(tier, usage, book, free_tier=free_tier) for tier, usage in zip(sizes, usages, strict=True)]
    if lines:
        records = [record for answer in estimates for record in answer.records(answer.tier.name)]
        rows = [{name: getattr(record, name) for name in LINE_COLUMNS} for record in records]
        output.show(rows, LINE_COLUMNS, form, under="lines")
    elif form == "json":
        output.json({"tiers": [_tier(answer) for answer in estimates]})
    else:
        _side_by_side(estimates, form)


def _measured(context: typer.Context, lake: str | None) -> MeasuredUsage:
    """The bill and the events of the last days of a lake."""
    from console.tiers.measured import measured

    return measured(options.profile(context, lake).scope())


def _measured_events(context: typer.Context, lake: str | None) -> Decimal:
    """Events a day over the last days of a lake."""
    events = _measured(context, lake).events_per_day
    if events is None:
        raise BindingError(
            "No traffic is measured, or you see some regions of it only",
            where="--measured",
            remedy="Type it: --events-per-day 2000.",
        )
    return Decimal(round(events))


def _today(context: typer.Context, lake: str | None, legacy_usd: str | None, form: str) -> None:
    """Today's bill as a month, its place among the bands, and what is saved against a bill that was typed."""
    from console.tiers import answer as insight
    from console.tiers.measured import monthly

    legacy = None if legacy_usd is None else number(legacy_usd, "--legacy-usd", 1, MOST)
    bill = _measured(context, lake).bill
    month = monthly(bill)
    if bill is None or month is None:
        raise BindingError(
            "There is no bill in US dollars yet", where="--today", remedy="`python -m console spend import FILE`."
        )
    saved = insight.saving(month, legacy)
    row = {
        "first_day": bill.first_day.isoformat(),
        "last_day": bill.last_day.isoformat(),
        "monthly_usd": month,
        "stands": insight.band_position(month, load()),
        "legacy_monthly_usd": legacy,
        "saved": None if saved is None else saved.quantize(Decimal("0.0001")),
        "legacy_for_60_percent": insight.legacy_for(month),
    }
    output.show([row], tuple(row), form, under="today")


def number(written: str, option: str, least: int, most: int) -> Decimal:
    """A number that was typed; raises BindingError where it is none, or not from `least` to `most`."""
    try:
        number = Decimal(written)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not least <= number <= most:
        raise BindingError(f"{written!r} cannot be used", where=option, remedy=f"Give a number from {least} to {most}.")
    return number


def _tier(estimate: Estimate) -> dict[str, Any]:
    cents = estimate.cents_by_service
    answer: dict[str, Any] = {
        "tier": estimate.tier.name,
        "monthly_usd": sum(cents.values(), Decimal(0)),
        "by_service": cents,
    }
    if estimate.unknown:
        answer["unknown_prices"] = [price.key for price in estimate.unknown]
    return answer


def _side_by_side(estimates: list[Estimate], form: str) -> None:
    """One row a service, one column a tier, the total and its band last."""
    columns = {estimate.tier.name: estimate.cents_by_service for estimate in estimates}
    services = sorted(
        {service for cents in columns.values() for service in cents},
        key=lambda service: (-max(cents.get(service, Decimal(0)) for cents in columns.values()), service),
    )
    rows: list[dict[str, Any]] = [
        {"service": service, **{name: cents.get(service) for name, cents in columns.items()}} for service in services
    ]
    rows.append(
        {"service": "Total a month (USD)", **{name: sum(cents.values(), Decimal(0)) for name, cents in columns.items()}}
    )
    output.show(rows, ("service", *columns), form, under="services")
    if form == "table":
        for estimate in estimates:
            band = estimate.tier.monthly_usd
            state = "inside" if estimate.in_band else "outside"
            unknown = f"; without {', '.join(price.key for price in estimate.unknown)}" if estimate.unknown else ""
            sys.stdout.write(f"{estimate.tier.name}: {state} its band of ${band.low:,f} to ${band.high:,f}{unknown}\n")
