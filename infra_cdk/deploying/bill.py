"""The bill that a deployment will make: the estimate of its tier, by service, in whole dollars."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from console.finops.pricing import price_book
from console.tiers.estimate import Estimate, estimate
from console.tiers.left_out import LEFT_OUT
from console.tiers.sizing import typical
from infra_cdk.bill.deployed import deployed
from infra_cdk.installation import Installation

LEAST_SHOWN = Decimal("0.5")  # dollars: less rounds to nothing, and is one line together


def estimated(installation: Installation) -> Estimate:
    """A month of what the installation builds of its tier, under the traffic that the tier is made for."""
    tier = deployed(installation)
    return estimate(tier, typical(tier), price_book.load())


def lines(installation: Installation) -> Iterator[str]:
    """The bill in words, dearest service first."""
    month = estimated(installation)
    yield (
        f"A month of {installation.prefix} will cost about ${whole(month.monthly_usd)}, with"
        f" {installation.tier.events_per_day:,} events a day:"
    )
    band = month.tier.monthly_usd
    if month.monthly_usd > band.high:
        yield f"  That is more than the ${whole(band.high)} that the tier is made for.{_remedy(installation)}"
    small = Decimal(0)
    for service, amount in month.by_service.items():
        if amount >= LEAST_SHOWN:
            yield f"  {whole(amount):>7}  {service}"
        else:
            small += amount
    if small:
        yield f"  {whole(small):>7}  all others together"
    if month.unknown:
        yield f"  Prices that nobody knows are not in it: {', '.join(price.key for price in month.unknown)}."
    yield (
        f"  Not in it: {LEFT_OUT[0].service.lower()}, and {len(LEFT_OUT) - 1} small charges that"
        " `python -m console tiers --left-out` lists. Prices are those of"
        f" {price_book.load().region}; {installation.region} may differ by some percent."
    )


def _remedy(installation: Installation) -> str:
    """What makes it less."""
    if installation.configuration.domain is None and installation.tier.collector.entrance == "load_balancer":
        return " With a [domain] the load balancer takes the requests of senders, which costs less than CloudFront."
    return ""


def whole(amount: Decimal) -> str:
    """Whole dollars: ``1,346``."""
    return f"{amount.quantize(Decimal(1), rounding=ROUND_HALF_UP):,}"


def monthly(amount: Decimal | None) -> str:
    """A small monthly price: ``$10.95 a month``; under a cent ``less than a cent``."""
    if amount is None:
        return "at an unknown price"
    if 0 < amount < Decimal("0.01"):
        return "less than a cent a month"
    return f"${amount.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,} a month"
