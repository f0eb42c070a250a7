"""What needs somebody: each finding says what, where, and whether the pipeline or the business is the cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from statistics import median
from typing import Any

from console.asking.contents import Conservation
from console.sales.answer import Measured, Slice

# Thresholds: what a shop's owner would want to hear about, not what is merely different.
QUIET_SHARE = 0.05  # an hour with fewer events than this share of its usual number
USUAL_EVENTS = 60  # hours that are usually this quiet say nothing
QUARANTINED_SHARE = Decimal("0.005")
CONVERSION_DROP = Decimal("0.10")
REFUND_RISE = Decimal("0.01")  # percentage points, as a fraction
CATEGORY_DROP = Decimal("0.20")
CATEGORY_WEIGHT = Decimal("0.02")  # of the earlier net revenue: smaller ones are left out
UNKNOWN_COST = Decimal("0.10")
QUIET_DAYS = 28  # how far back quiet hours are looked for


class Cause(StrEnum):
    """Who has to look."""

    PIPELINE = "pipeline"
    BUSINESS = "business"
    DATA = "data"
    CLOUD = "cloud"


@dataclass(frozen=True)
class Finding:
    """One thing that needs attention: a short title, one sentence, the cause, and the page that shows more."""

    title: str
    detail: str
    cause: Cause
    page: str = ""


def findings(
    now: Measured,
    before: Measured | None,
    by_category: Sequence[Slice],
    conservation: Conservation,
    hours: Sequence[Mapping[str, Any]],
    other_currencies: Sequence[Mapping[str, Any]],
) -> list[Finding]:
    """Everything that crosses a threshold, the pipeline's findings first: they explain the others."""
    found = [*quiet_hours(hours)]
    share = conservation.quarantined_share
    if share is not None and share > QUARANTINED_SHARE:
        found.append(
            Finding(
                f"{share:.1%} of all records are quarantined",
                f"{conservation.quarantined:,} of {conservation.received:,} records were refused and are in no figure.",
                Cause.PIPELINE,
            )
        )
    found += _business(now, before, by_category)
    unknown = now.sums.unknown_cost_share
    if unknown is not None and unknown > UNKNOWN_COST and now.sums.net_revenue > 0:
        found.append(
            Finding(
                f"Cost unknown for {unknown:.0%} of net revenue",
                "Send product.unit_cost with the events: the gross margin speaks only of the rest.",
                Cause.DATA,
                "products",
            )
        )
    if other_currencies:
        amounts = ", ".join(f"{row['net_revenue']:,.2f} {row['currency']}" for row in other_currencies)
        found.append(
            Finding("Sales in other currencies", f"{amounts} are kept apart and in no total.", Cause.DATA, "revenue")
        )
    return found


def _business(now: Measured, before: Measured | None, by_category: Sequence[Slice]) -> list[Finding]:
    found: list[Finding] = []
    if before is None:
        return found
    rate, earlier = now.sums.conversion_rate, before.sums.conversion_rate
    if rate is not None and earlier and rate < earlier * (1 - CONVERSION_DROP):
        found.append(
            Finding(
                f"Conversion fell to {rate:.2%}",
                f"It was {earlier:.2%}: fewer visits end in an order.",
                Cause.BUSINESS,
                "revenue",
            )
        )
    refunds, refunded = now.sums.refund_rate, before.sums.refund_rate
    if refunds is not None and refunded is not None and refunds - refunded > REFUND_RISE:
        found.append(
            Finding(
                f"Refunds rose to {refunds:.1%} of gross revenue",
                f"They were {refunded:.1%}.",
                Cause.BUSINESS,
                "revenue",
            )
        )
    total = before.sums.net_revenue
    for each in by_category:
        if each.before and each.before > 0 and each.before > total * CATEGORY_WEIGHT:
            fall = 1 - each.net_revenue / each.before
            if fall > CATEGORY_DROP:
                found.append(
                    Finding(
                        f"{each.name} lost {fall:.0%} of its net revenue",
                        f"It made {each.before / total:.0%} of net revenue before."
                        if total > 0
                        else f"It made {each.before:,.2f} before.",
                        Cause.BUSINESS,
                        "revenue",
                    )
                )
    return found


def quiet_hours(hours: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Hours with hardly an event where there are usually many, neighbouring ones joined.

    What is usual is the median of the same hour of the day over the days given, or of the same hour of the other weeks
    where that is less: a shop that never opens on Saturdays is not down. An hour without any event is missing in
    `hours` and counts 0. The first and the last hour are left out: they may be cut.
    """
    if len(hours) < 3 * 24:
        return []
    counted = {row["hour"]: row["events"] for row in hours}
    first, last = min(counted), max(counted)
    step = timedelta(hours=1)
    every = [first + step * number for number in range(1, int((last - first) / step))]
    by_clock: dict[int, float] = {
        clock: median([counted.get(hour, 0) for hour in every if hour.hour == clock]) for clock in range(24)
    }

    def usual(hour: datetime) -> float:
        other_weeks = [
            counted.get(each, 0)
            for each in every
            if each.hour == hour.hour and each.weekday() == hour.weekday() and each != hour
        ]
        return min(by_clock[hour.hour], median(other_weeks)) if other_weeks else by_clock[hour.hour]

    quiet = [
        hour
        for hour in every
        if counted.get(hour, 0) < QUIET_SHARE * by_clock[hour.hour]  # cheap, and rarely so
        and usual(hour) >= USUAL_EVENTS
        and counted.get(hour, 0) < QUIET_SHARE * usual(hour)
    ]
    spans: list[tuple[datetime, datetime]] = []
    for hour in quiet:
        if spans and spans[-1][1] == hour:
            spans[-1] = (spans[-1][0], hour + step)
        else:
            spans.append((hour, hour + step))
    return [
        Finding(
            f"Hardly any events on {start.day} {start:%b %Y}, {start:%H:%M}–{end:%H:%M} UTC",
            "The shop was probably open and the pipeline was not: read lower sales in these hours as missing data.",
            Cause.PIPELINE,
        )
        for start, end in spans
    ]
