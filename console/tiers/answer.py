"""Which size fits, what would it cost, and in which size's band is today's bill?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from console.asking import formatting as text
from console.asking.figures import Better, Figure, Unit
from console.finops.decimals import ZERO
from console.finops.pricing import price_book
from console.finops.pricing.price_book import Price, PriceBook
from console.tiers import live_table, sizing, tiers
from console.tiers.crossovers import LEAST_EVENTS, Crossover, all_of, grid
from console.tiers.estimate import CENT, Estimate, LineRecord, estimate
from console.tiers.measured import DOLLARS, LAST_DAYS, BilledDays, MeasuredUsage, monthly
from console.tiers.sizing import Flow, Usage, typical, with_events, with_numbers
from console.tiers.tiers import Tier

CASE_STUDY_SAVING = Decimal("0.60")  # what the case study claims against the platform it replaced
CURVE_END = 100_000_000  # events a day: beyond, no tier carries the traffic
CURVE_POINTS_A_DECADE = 10
_TYPED = ("events_per_day", "events_per_request", "page_views_per_day", "recommendations_per_day", "retention_days")


@dataclass(frozen=True)
class WhatIf:
    """What a reader typed in place of a tier's typical usage; None keeps the tier's own value.

    Attributes
    ----------
    events_per_day, events_per_request, page_views_per_day, recommendations_per_day, retention_days : as in `Usage`
    measured : use the traffic that this lake measured; a number of events that was typed wins over it
    free_tier : take the always-free quantities off
    legacy_monthly_usd : what the platform before cost a month, typed by the reader; nothing is assumed
    """

    events_per_day: int | None = None
    events_per_request: int | None = None
    page_views_per_day: int | None = None
    recommendations_per_day: int | None = None
    retention_days: int | None = None
    measured: bool = False
    free_tier: bool = False
    legacy_monthly_usd: Decimal | None = None

    def usage(self, tier: Tier, events_measured: Decimal | None = None) -> Usage:
        """The tier's usage with what was typed; recommendations grow with the events where only those are given.

        Parameters
        ----------
        events_measured : events a day that the lake measured; None where it has none
        """
        numbers = {name: Decimal(typed) for name in _TYPED if (typed := getattr(self, name)) is not None}
        if self.measured and events_measured is not None:
            numbers.setdefault("events_per_day", Decimal(round(events_measured)))
        return with_numbers(typical(tier), numbers)


@dataclass(frozen=True)
class Tiers:
    """The answer of the Tiers page."""

    estimates: Sequence[Estimate]
    curves: Sequence[Sequence[Estimate]]
    crossovers: Sequence[Crossover]
    remarks: Sequence[str]
    measured: MeasuredUsage
    what_if: WhatIf
    figures: Sequence[Figure]

    @property
    def unknown(self) -> Sequence[Price]:
        """Prices that are used and not known."""
        return list({price.key: price for estimated in self.estimates for price in estimated.unknown}.values())

    def lines(self, tier: str) -> list[LineRecord]:
        """The lines of one tier, dearest first."""
        chosen = next(estimated for estimated in self.estimates if estimated.tier.name == tier)
        return sorted(
            chosen.records(chosen.tier.title),
            key=lambda record: (-(record.monthly_usd or ZERO), record.service, record.what),
        )


def compare(
    what_if: WhatIf, known: MeasuredUsage, *, book: PriceBook | None = None, sizes: Sequence[Tier] | None = None
) -> Tiers:
    """The three tiers under one usage, the traffic at which their bills meet, and today's bill beside them.

    Raises
    ------
    SettingsError
        The price book or the tiers' file cannot be read.
    """
    prices = book or price_book.load()
    chosen = tuple(sizes or tiers.load())
    usages = tuple(what_if.usage(tier, known.events_per_day) for tier in chosen)
    estimates = [
        estimate(tier, usage, prices, free_tier=what_if.free_tier) for tier, usage in zip(chosen, usages, strict=True)
    ]
    curves, crossovers = _solved(chosen, usages, prices, what_if.free_tier)
    return Tiers(
        estimates=estimates,
        curves=curves,
        crossovers=crossovers,
        remarks=[
            remark
            for flow in map(Flow, chosen, usages)
            for remark in (*sizing.remarks(flow), *live_table.remarks(flow))
        ],
        measured=known,
        what_if=what_if,
        figures=_figures(estimates, known, what_if),
    )


@lru_cache(maxsize=64)
def _solved(
    sizes: tuple[Tier, ...], usages: tuple[Usage, ...], book: PriceBook, free_tier: bool
) -> tuple[list[list[Estimate]], list[Crossover]]:
    """Bills over the traffic, and where they meet: a quarter of a second, the same for every reader."""
    points = grid(LEAST_EVENTS, CURVE_END, CURVE_POINTS_A_DECADE)
    curves = [
        [estimate(tier, with_events(usage, point), book, free_tier=free_tier) for point in points]
        for tier, usage in zip(sizes, usages, strict=True)
    ]
    return curves, all_of(sizes, usages, book, free_tier=free_tier)


def band_position(amount: Decimal, sizes: Sequence[Tier]) -> str:
    """A month's bill relative to the bands: ``in the Startup band``, ``between the Dev and Startup bands``."""
    for tier in sizes:
        if tier.monthly_usd.holds(amount):
            return f"in the {tier.title} band"
    below = [tier for tier in sizes if tier.monthly_usd.high < amount]
    above = [tier for tier in sizes if tier.monthly_usd.low > amount]
    if not below:
        return f"below the {above[0].title} band"
    if not above:
        return f"above the {below[-1].title} band"
    return f"between the {below[-1].title} and {above[0].title} bands"


def saving(amount: Decimal | None, legacy: Decimal | None) -> Decimal | None:
    """(legacy − today) ÷ legacy, as a fraction; None where either is unknown or the legacy bill is 0."""
    return None if amount is None or not legacy else (legacy - amount) / legacy


def legacy_for(amount: Decimal) -> Decimal:
    """The legacy bill against which today's is the case study's saving."""
    return (amount / (1 - CASE_STUDY_SAVING)).quantize(CENT)


def _figures(estimates: Sequence[Estimate], known: MeasuredUsage, what_if: WhatIf) -> list[Figure]:
    today = monthly(known.bill)
    amounts: list[tuple[str, Decimal | None, str]] = [
        (month.tier.title, month.monthly_usd.quantize(CENT), _band_note(month)) for month in estimates
    ]
    amounts.append(("Today’s bill, a month", today, _bill_note(known.bill, today, [month.tier for month in estimates])))
    saved = saving(today, what_if.legacy_monthly_usd)
    if saved is not None:
        note = "Against the bill you typed"
    elif today is not None:
        note = f"Type the old bill; 60 % would take {text.whole_money(legacy_for(today), DOLLARS)}"
    else:
        note = "Type the old bill; needs a bill of today"
    bills = [Figure(name, bill, Unit.MONEY, DOLLARS, better=Better.LOWER, note=band) for name, bill, band in amounts]
    return [*bills, Figure("Saved against legacy", saved, Unit.PERCENT, note=note)]


def _bill_note(bill: BilledDays | None, today: Decimal | None, sizes: Sequence[Tier]) -> str:
    if bill is None or today is None:
        return "No bill in US dollars yet"
    short = "" if bill.days >= LAST_DAYS else f", from {text.counted(bill.days, 'day')} alone"
    return f"Effective, {band_position(today, sizes)}{short}"


def _band_note(estimated: Estimate) -> str:
    band = estimated.tier.monthly_usd
    named = f"{text.whole_money(band.low, DOLLARS)} to {text.whole_money(band.high, DOLLARS)}"
    if estimated.unknown:
        return f"Short of {text.counted(len(estimated.unknown), 'unknown price')}; band {named}"
    if estimated.in_band:
        return f"Inside its band of {named}"
    return f"{'Above' if estimated.monthly_usd > band.high else 'Below'} its band of {named}"
