"""The monthly cost of a tier: each line with its quantity, its price and its formula.

A quantity is a product of named factors, and the formula's text is written from the same factors: what is printed is
what was computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from console.finops.decimals import DIGITS
from console.finops.pricing.price_book import Price, PriceBook
from console.tiers.factors import Factor
from console.tiers.lines import charged
from console.tiers.sizing import Flow, Usage
from console.tiers.tiers import Tier

QUANTITY_STEP = Decimal("0.000001")
COST_STEP = Decimal("0.000000000001")  # decimal(38,12), as bills keep costs
CENT = Decimal("0.01")


@dataclass(frozen=True)
class EstimateLine:
    """One line of the estimate.

    Attributes
    ----------
    service : as the bill names it
    what : what is charged
    price : from the price book
    factors : their product is the quantity of the month
    free_tier : whether the always-free quantity is taken off
    units_before : units of the same price in lines above: free quantities and volume prices count all of them together
    """

    service: str
    what: str
    price: Price
    factors: tuple[Factor, ...]
    free_tier: bool = False
    units_before: Decimal = Decimal(0)

    @property
    def quantity(self) -> Decimal:
        """Units of the month."""
        quantity = Decimal(1)
        for factor in self.factors:
            quantity = quantity / factor.value if factor.divides else quantity * factor.value
        return quantity.quantize(QUANTITY_STEP, context=DIGITS)

    @property
    def monthly_usd(self) -> Decimal | None:
        """US dollars of the month; None where the price is unknown."""
        before = self.price.cost(self.units_before, free_tier=self.free_tier)
        cost = self.price.cost(self.units_before + self.quantity, free_tier=self.free_tier)
        return None if cost is None or before is None else (cost - before).quantize(COST_STEP, context=DIGITS)

    @property
    def formula(self) -> str:
        """``150,000 requests a day × 30.42 days``."""
        text = ""
        for factor in self.factors:
            sign = (" ÷ " if factor.divides else " × ") if text else ("1 ÷ " if factor.divides else "")
            text += f"{sign}{_plain(factor.value)} {factor.what}"
        return text


@dataclass(frozen=True)
class LineRecord:
    """One line of an estimate as a row of a table."""

    tier: str
    service: str
    what: str
    formula: str
    quantity: Decimal
    unit: str
    price: Decimal | None
    monthly_usd: Decimal | None
    source: str
    as_of: date
    confidence: str


@dataclass(frozen=True)
class Estimate:
    """A month of one tier.

    Attributes
    ----------
    monthly_usd : the sum of the lines whose price is known
    unknown : prices that are used and not known: the sum is short of them
    """

    tier: Tier
    usage: Usage
    lines: tuple[EstimateLine, ...]

    @property
    def monthly_usd(self) -> Decimal:
        """US dollars of the month, of the lines whose price is known."""
        return sum((line.monthly_usd or Decimal(0) for line in self.lines), Decimal(0))

    @property
    def by_service(self) -> Mapping[str, Decimal]:
        """US dollars by service, largest first; they add up to `monthly_usd`."""
        sums: dict[str, Decimal] = {}
        for line in self.lines:
            sums[line.service] = sums.get(line.service, Decimal(0)) + (line.monthly_usd or Decimal(0))
        return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))

    @property
    def cents_by_service(self) -> Mapping[str, Decimal]:
        """`by_service` in whole cents, which add up to `monthly_usd` in whole cents (largest remainders)."""
        exact = self.by_service
        cents = {service: amount.quantize(CENT, rounding=ROUND_FLOOR) for service, amount in exact.items()}
        missing = int((self.monthly_usd.quantize(CENT) - sum(cents.values(), Decimal(0))) / CENT)
        for service in sorted(exact, key=lambda name: (cents[name] - exact[name], name))[:missing]:
            cents[service] += CENT
        return cents

    @property
    def unknown(self) -> Sequence[Price]:
        """Prices that are used and not known."""
        return list({line.price.key: line.price for line in self.lines if line.monthly_usd is None}.values())

    def records(self, tier: str) -> list[LineRecord]:
        """The lines as rows of a table; `tier` names them."""
        return [
            LineRecord(
                tier, line.service, line.what, line.formula, line.quantity, line.price.unit, line.price.amount,
                line.monthly_usd, line.price.source, line.price.as_of, line.price.confidence,
            )
            for line in self.lines
        ]  # fmt: skip

    @property
    def in_band(self) -> bool:
        """Whether the bill falls where the tier's must; in no case where a price is missing."""
        return not self.unknown and self.tier.monthly_usd.holds(self.monthly_usd)


def estimate(tier: Tier, usage: Usage, book: PriceBook, *, free_tier: bool = False) -> Estimate:
    """The month of a tier under one usage, at the prices of the book.

    Parameters
    ----------
    free_tier : take the always-free quantities off, as in an account that uses them for nothing else
    """
    flow = Flow(tier, usage)
    units: dict[str, Decimal] = {}
    lines = []
    for service, what, key, factors in charged(flow):
        line = EstimateLine(service, what, book.price(key), factors, free_tier, units.get(key, Decimal(0)))
        if line.quantity:
            lines.append(line)
            units[key] = line.units_before + line.quantity
    return Estimate(tier, usage, tuple(lines))


def _plain(value: Decimal) -> str:
    """A factor as a reader writes it: thousands apart, at most four significant digits after the point."""
    if value == value.to_integral_value():
        return f"{value:,.0f}"
    digits = max(2, 3 - value.adjusted()) if abs(value) < 1 else 2
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".")
