"""What needs attention: what it is, where to look, and whether the pipeline or the business is the cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from statistics import median
from typing import Any

from console.asking import formatting as text
from console.asking.contents import Conservation
from console.sales import answer as sales
from console.sales.answer import Measured, Slice

# Thresholds: beyond them a shop's owner wants to know; a mere difference is below.
QUIET_SHARE = 0.05  # an hour with fewer events than this share of its usual number
USUAL_EVENTS = 60  # an hour that usually has fewer says nothing
QUARANTINED_SHARE = Decimal("0.005")
CONVERSION_DROP = Decimal("0.10")
REFUND_RISE = Decimal("0.01")  # percentage points, as a fraction
CATEGORY_DROP = Decimal("0.20")
CATEGORY_WEIGHT = Decimal("0.02")  # of the earlier net revenue: smaller ones are left out
UNKNOWN_COST = Decimal("0.10")
QUIET_DAYS = 28  # how far back quiet hours are looked for


class Cause(StrEnum):
    """Who has to act."""

    PIPELINE = "pipeline"
    BUSINESS = "business"
    DATA = "data"
    CLOUD = "cloud"


@dataclass(frozen=True)
class AttentionItem:
    """One thing that needs attention: a short title, one sentence, the cause, and the page that shows more."""

    title: str
    detail: str
    cause: Cause
    page: str = ""


def attention_items(
    now: Measured,
    before: Measured | None,
    by_category: Sequence[Slice],
    conservation: Conservation,
    hours: Sequence[Mapping[str, Any]],
    other_currencies: Sequence[Mapping[str, Any]],
    currency: str = "",
) -> list[AttentionItem]:
    """Everything that crosses a threshold; the pipeline's items come first, because they explain the others."""
    items = quiet_hours(hours)
    share = conservation.quarantined_share
    if share is not None and share > QUARANTINED_SHARE:
        refused, received = text.count(conservation.quarantined), text.count(conservation.received)
        items.append(
            AttentionItem(
                f"{text.percent(share)} of all records are quarantined",
                f"{refused} of {received} records were refused and are not counted in any figure.",
                Cause.PIPELINE,
            )
        )
    if before is not None:
        items += _business(now, before, by_category)
    unknown = now.sums.unknown_cost_share
    if unknown is not None and unknown > UNKNOWN_COST and now.sums.net_revenue > 0:
        title = f"Cost unknown for {text.percent(unknown, 0)} of net revenue"
        detail = "The gross margin covers only the rest. Send product.unit_cost with the events to complete it."
        items.append(AttentionItem(title, detail, Cause.DATA, "products"))
    if now.sums.unconfirmed_orders:
        items.append(
            AttentionItem(
                "Orders wait for confirmation",
                f"{sales.unconfirmed(now.sums, currency)}, in no total. Send them with a secret key too, or set"
                " confirm_public_orders = false in lake.toml.",
                Cause.DATA,
                "revenue",
            )
        )
    if other_currencies:
        amounts = ", ".join(text.money(row["net_revenue"], row["currency"]) for row in other_currencies)
        detail = f"{amounts} are listed separately and not part of any total."
        items.append(AttentionItem("Sales in other currencies", detail, Cause.DATA, "revenue"))
    return items


def _business(now: Measured, before: Measured, by_category: Sequence[Slice]) -> list[AttentionItem]:
    found: list[tuple[str, str]] = []
    rate, earlier = now.sums.conversion_rate, before.sums.conversion_rate
    if rate is not None and earlier and rate < earlier * (1 - CONVERSION_DROP):
        detail = f"It was {text.percent(earlier, 2)} before: fewer visits ended in an order."
        found.append((f"Conversion fell to {text.percent(rate, 2)}", detail))
    refunds, refunded = now.sums.refund_rate, before.sums.refund_rate
    if refunds is not None and refunded is not None and refunds - refunded > REFUND_RISE:
        title = f"Refunds rose to {text.percent(refunds)} of gross revenue"
        found.append((title, f"They were {text.percent(refunded)} before."))
    total = before.sums.net_revenue
    for category in by_category:
        if category.before and category.before > 0 and category.before > total * CATEGORY_WEIGHT:
            fall = 1 - category.net_revenue / category.before
            if fall > CATEGORY_DROP:
                title = f"{category.name} lost {text.percent(fall, 0)} of its net revenue"
                share = f"{text.percent(category.before / total, 0)} of net revenue" if total > 0 else ""
                found.append((title, f"It made {share or text.ratio(category.before)} before."))
    return [AttentionItem(title, detail, Cause.BUSINESS, "revenue") for title, detail in found]


def quiet_hours(hours: Sequence[Mapping[str, Any]]) -> list[AttentionItem]:
    """Hours with hardly any events where there are usually many; neighbouring hours are one item.

    The usual number is the median of the same hour of the day over the days given, or of the same hour in other weeks
    if that is less: a shop that never opens on Saturdays is not down. An hour without any event is missing in `hours`
    and counts 0. The first and the last hour are left out: they may be incomplete.
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
            counted.get(other, 0)
            for other in every
            if other.hour == hour.hour and other.weekday() == hour.weekday() and other != hour
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
        AttentionItem(
            f"Hardly any events on {text.day(start)}, {start:%H:%M}–{end:%H:%M} UTC",
            "The pipeline was probably down while the shop was open: treat low sales in these hours as missing data.",
            Cause.PIPELINE,
        )
        for start, end in spans
    ]
