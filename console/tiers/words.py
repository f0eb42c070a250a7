"""What the Tiers page says below its figures."""

from __future__ import annotations

from console.asking import formatting as text
from console.asking.scope import Scope
from console.tiers.answer import Tiers
from console.tiers.estimate import Estimate
from console.tiers.measured import DOLLARS
from console.tiers.sizing import PEAK_FACTOR

NO_LAKE = "There is no lake yet: the page shows estimates only, no measured figures."
NO_BILL = "No bill is imported yet: python -m console spend import FILE."


def _senders(estimated: Estimate) -> str:
    """Where a tier's events a request come from: ``Dev: …``."""
    usage, tier = estimated.usage, estimated.tier
    own = tier.usage
    if usage.events_per_request != own.events_per_request:
        return f"{tier.title}: {usage.events_per_request.normalize():f} events a request, as typed."
    return (
        f"{tier.title}: {own.events_per_request} events a request: {own.events_per_page_request} from pages whose "
        f"tracker gathers for {own.tracker_wait_seconds} seconds ({text.percent(own.pages_share, 0)} of the events), "
        f"{own.events_per_server_request} from servers."
    )


def notes(answer: Tiers, scope: Scope | None) -> list[str]:
    """What the estimates are made of, and what the measured figures are; `scope` is None without a lake."""
    known = answer.measured
    lines = [
        "Public on-demand list prices of us-east-1, without tax, support and discounts. A month is 730 hours. Streams "
        f"are sized for {PEAK_FACTOR} times the mean.",
        *map(_senders, answer.estimates),
        "Measured with the visits of the sample year, replayed through the tracker; docs/tracker.md has other windows.",
    ]
    if answer.unknown:
        lines.append(f"Unknown prices: {', '.join(price.key for price in answer.unknown)}.")
    if scope is None:
        lines.append(NO_LAKE)
    elif known.bill is None:
        lines.append(NO_BILL)
    if known.events_per_day is not None:
        lines.append(
            f"Measured in this lake: {text.count(known.events_per_day)} events a day over its last days."
            + (" The sample bill is that of a shop of 2 million events a day." if scope and scope.is_sample else "")
        )
    if known.bill is not None:
        lines += [
            f"{text.money(amount, currency)} were charged in {currency}, which is not compared with dollars."
            for currency, amount in known.bill.other_currencies.items()
        ]
        lines.append(
            f"Today’s bill is the effective cost of {text.day(known.bill.first_day)} to "
            f"{text.day(known.bill.last_day)} as a month; {text.money(known.bill.apart, DOLLARS)} of tax, "
            "credits and corrections are left out, because the estimates do not include them."
        )
    return lines
