"""``tiers``: what a month of each size costs, by service."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from catalogue.errors import BindingError
from console.cli import output
from console.finops.pricing import price_book
from console.tiers import crossovers, tiers
from console.tiers.estimate import Estimate, estimate
from console.tiers.left_out import LEFT_OUT
from console.tiers.sizing import Usage, typical, with_events
from console.tiers.tiers import Tier

if TYPE_CHECKING:
    from console.tiers.measured import MeasuredUsage

_TYPED = {
    "events_per_day": "events a day",
    "events_per_request": "events a client sends at once",
    "bytes_per_event": "bytes of one event",
    "page_views_per_day": "console pages opened a day",
    "people": "people who open the console",
    "recommendations_per_day": "requests for recommendations a day",
    "retention_days": "days events are kept",
}
MOST = 10**12  # of anything that is typed: far beyond every tier
_BOUNDS = {"events_per_request": (1, 500), "bytes_per_event": (1, 1024 * 1024)}  # what the collector takes
CROSSOVER_COLUMNS = ("question", "at", "unit", "answer")
LINE_COLUMNS = ("tier", "service", "what", "quantity", "unit", "price", "monthly_usd", "formula", "source", "as_of")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser("tiers", help="estimate the monthly bill of dev, startup and scale")
    command.add_argument("--format", choices=output.FORMATS, default="table", help="default: table")
    command.add_argument("--lines", action="store_true", help="every line with its quantity, price and formula")
    command.add_argument("--measured", action="store_true", help="the events a day that the lake measured")
    command.add_argument("--lake", metavar="DIR", help="lake folder (default: $TAKINGS_LAKE, else ./lake)")
    command.add_argument("--crossovers", action="store_true", help="where bills meet, and where a tier is too small")
    command.add_argument("--today", action="store_true", help="where the lake's bill stands among the tiers")
    command.add_argument(
        "--legacy-usd", metavar="N", help="with --today: a month of the platform before, to tell the saving"
    )
    command.add_argument("--left-out", action="store_true", help="what is in no estimate, with the reason")
    command.add_argument("--free-tier", action="store_true", help="take the always-free quantities off")
    for name, meaning in _TYPED.items():
        command.add_argument(
            f"--{name.replace('_', '-')}", metavar="N", help=f"{meaning} (default: what each tier is made for)"
        )


def run(parsed: argparse.Namespace) -> int:
    """Answer the command."""
    if parsed.left_out:
        output.show([asdict(each) for each in LEFT_OUT], ("service", "what", "reason"), parsed.format, under="left_out")
        return 0
    if parsed.today:
        return _today(parsed)
    book, sizes = price_book.load(), tiers.load()
    events = _measured(parsed.lake) if parsed.measured else None
    usages = [_typed(_usual(tier, events), parsed) for tier in sizes]
    if parsed.crossovers:
        met = crossovers.all_of(sizes, usages, book, free_tier=parsed.free_tier)
        output.show([asdict(each) for each in met], CROSSOVER_COLUMNS, parsed.format, under="crossovers")
        return 0
    estimates = [
        estimate(tier, usage, book, free_tier=parsed.free_tier) for tier, usage in zip(sizes, usages, strict=True)
    ]
    if parsed.lines:
        rows = [_line(each, position) for each in estimates for position in range(len(each.lines))]
        output.show(rows, LINE_COLUMNS, parsed.format, under="lines")
    elif parsed.format == "json":
        output.json({"tiers": [_tier(each) for each in estimates]})
    else:
        _side_by_side(estimates, parsed.format)
    return 0


def _known(lake: str | None) -> MeasuredUsage:
    """The bill and the events of the last days of a lake."""
    from console import settings, wiring
    from console.tiers.measured import measured

    return measured(wiring.profile(settings.chosen(lake)).scope())


def _measured(lake: str | None) -> int:
    """Events a day over the last days of a lake."""
    events = _known(lake).events_per_day
    if events is None:
        raise BindingError(
            "No traffic is measured, or you see some regions of it only",
            where="--measured",
            remedy="Type it: --events-per-day 2000.",
        )
    return round(events)


def _today(parsed: argparse.Namespace) -> int:
    """Today's bill as a month, its place among the bands, and what is saved against a bill that was typed."""
    from console.tiers import answer as insight
    from console.tiers.measured import monthly

    legacy = None if parsed.legacy_usd is None else _number(parsed.legacy_usd, "--legacy-usd", 1, MOST)
    bill = _known(parsed.lake).bill
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
        "stands": insight.standing(month, tiers.load()),
        "legacy_monthly_usd": legacy,
        "saved": None if saved is None else saved.quantize(Decimal("0.0001")),
        "legacy_for_60_percent": insight.legacy_for(month),
    }
    output.show([row], tuple(row), parsed.format, under="today")
    return 0


def _usual(tier: Tier, events: int | None) -> Usage:
    """What a tier is made for, with the traffic measured if there is any."""
    return typical(tier) if events is None else with_events(typical(tier), events)


def _typed(usage: Usage, parsed: argparse.Namespace) -> Usage:
    """The usage with what was typed in place of what the tier is made for; recommendations grow with events typed."""
    values: dict[str, Decimal] = {}
    for name in _TYPED:
        written = getattr(parsed, name)
        if written is None:
            continue
        values[name] = _number(written, f"--{name.replace('_', '-')}", *_BOUNDS.get(name, (0, MOST)))
    events = values.pop("events_per_day", None)
    return replace(usage if events is None else with_events(usage, events), **values)


def _number(written: str, option: str, least: int, most: int) -> Decimal:
    try:
        number = Decimal(written)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not least <= number <= most:
        raise BindingError(f"{written!r} cannot be used", where=option, remedy=f"Give a number from {least} to {most}.")
    return number


def _tier(each: Estimate) -> dict[str, Any]:
    cents = each.cents_by_service
    answer: dict[str, Any] = {
        "tier": each.tier.name,
        "monthly_usd": sum(cents.values(), Decimal(0)),
        "by_service": cents,
    }
    if each.unknown:
        answer["unknown_prices"] = [price.key for price in each.unknown]
    return answer


def _line(each: Estimate, position: int) -> dict[str, Any]:
    line = each.lines[position]
    return {
        "tier": each.tier.name,
        "service": line.service,
        "what": line.what,
        "quantity": line.quantity,
        "unit": line.price.unit,
        "price": line.price.amount,
        "monthly_usd": line.monthly_usd,
        "formula": line.formula,
        "source": line.price.source,
        "as_of": line.price.as_of.isoformat(),
    }


def _side_by_side(estimates: list[Estimate], form: str) -> None:
    """One row a service, one column a tier, the total and its band last."""
    columns = {each.tier.name: each.cents_by_service for each in estimates}
    services = sorted(
        {service for each in columns.values() for service in each},
        key=lambda service: (-max(each.get(service, Decimal(0)) for each in columns.values()), service),
    )
    rows: list[dict[str, Any]] = [
        {"service": service, **{name: each.get(service) for name, each in columns.items()}} for service in services
    ]
    rows.append(
        {"service": "Total a month (USD)", **{name: sum(each.values(), Decimal(0)) for name, each in columns.items()}}
    )
    output.show(rows, ("service", *columns), form, under="services")
    if form == "table":
        for each in estimates:
            band = each.tier.monthly_usd
            state = "inside" if each.in_band else "outside"
            unknown = f"; without {', '.join(price.key for price in each.unknown)}" if each.unknown else ""
            sys.stdout.write(f"{each.tier.name}: {state} its band of ${band.low:,f} to ${band.high:,f}{unknown}\n")
