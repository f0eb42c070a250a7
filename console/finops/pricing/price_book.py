"""The price book: what one unit of everything the AWS deployment uses costs, with its source and its date.

The prices stand in ``price_book.toml`` beside this module, exact decimals written as text. A price nobody could
establish is *unknown*: `Price.amount` is None, and what is made of it is unknown too, never 0.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from catalogue.errors import SettingsError

PRICE_BOOK = Path(__file__).with_name("price_book.toml")
GLOBAL = "global"  # the region of a price that is the same everywhere
UNKNOWN = "unknown"  # the amount of a price that nobody could establish
CONFIDENCES = ("confirmed", "recalled", "refreshed", UNKNOWN)
_FIELDS = frozenset(
    {"amount", "unit", "region", "tiers", "free", "note", "source", "as_of", "confidence", "filters"},
)


@dataclass(frozen=True)
class VolumePrice:
    """A price by volume: from `start` units a month on, each unit costs `amount`."""

    start: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Price:
    """What one unit costs.

    Attributes
    ----------
    key : such as ``athena.scanned_terabyte``
    amount : US dollars for one unit, the first one where prices fall with volume; None where unknown
    unit : what is counted, such as ``TB scanned``
    region : where it holds; ``global`` for a price that is the same everywhere
    source : the public page that states it
    as_of : the last day for which it is known to hold
    confidence : one of `CONFIDENCES`; the book's head says what each means
    tiers : prices by volume in a month, from the first unit on; empty where there is one price
    free : units a month that are always free
    note : how the provider counts
    filters : how the AWS Price List API finds it; empty where it cannot be asked
    """

    key: str
    amount: Decimal | None
    unit: str
    region: str
    source: str
    as_of: date
    confidence: str
    tiers: tuple[VolumePrice, ...] = ()
    free: Decimal = Decimal(0)
    note: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)

    def cost(self, quantity: Decimal, *, free_tier: bool = False) -> Decimal | None:
        """What a month's `quantity` costs, tier by tier; None where the price is unknown and something is used.

        Parameters
        ----------
        free_tier : take the always-free quantity off first; where the account uses it up elsewhere, it is not free here
        """
        if quantity < 0:
            raise ValueError(f"A quantity of {self.key} is not negative: {quantity}")
        billed = max(quantity - self.free, Decimal(0)) if free_tier else quantity
        if billed == 0:
            return Decimal(0)
        if self.amount is None:
            return None
        if not self.tiers:
            return billed * self.amount
        ends = [*(tier.start for tier in self.tiers[1:]), billed]
        parts = (
            (min(billed, end) - tier.start) * tier.amount
            for tier, end in zip(self.tiers, ends, strict=True)
            if billed > tier.start
        )
        return sum(parts, Decimal(0))


@dataclass(frozen=True, eq=False)
class PriceBook:
    """All prices of one region, by key.

    Attributes
    ----------
    region, currency : what the prices are for
    path : the file they were read from
    """

    prices: Mapping[str, Price]
    region: str
    currency: str
    path: Path

    def __iter__(self) -> Iterator[Price]:
        return iter(self.prices.values())

    def price(self, key: str, region: str | None = None) -> Price:
        """The price of one thing in a region (default: the book's own); unknown in a region the book is not for.

        Raises
        ------
        SettingsError
            The book has no such entry.
        """
        try:
            price = self.prices[key]
        except KeyError:
            close = get_close_matches(key, self.prices, n=1, cutoff=0.4)
            raise SettingsError(
                f"The price book has no entry {key!r}",
                where=str(self.path),
                remedy=(f"Did you mean {close[0]}? " if close else "") + "`python -m console prices` lists them.",
            ) from None
        if region is None or region == price.region or price.region == GLOBAL:
            return price
        return Price(
            key, None, price.unit, region, price.source, price.as_of, UNKNOWN, note=f"The book is for {price.region}."
        )


@lru_cache(maxsize=8)
def load(path: Path = PRICE_BOOK) -> PriceBook:
    """Read and check a price book.

    Raises
    ------
    SettingsError
        The file cannot be read, or an entry does not say what it must; names the entry and its field.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"The price book cannot be read: {error}", where=str(path), remedy="Mend the file, or name another."
        ) from error
    region, currency = values.pop("region", None), values.pop("currency", None)
    for name, value in (("region", region), ("currency", currency)):
        if not isinstance(value, str) or not value:
            raise SettingsError(f"The price book has no {name}", where=str(path), remedy=f'Write {name} = "…" on top.')
    prices = {}
    for key, entry in _entries(values):
        prices[key] = _Entry(path, key, entry).price(region)
    return PriceBook(prices, region, currency, path)


def _entries(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Tables two deep as dotted keys."""
    for name, value in values.items():
        key = f"{prefix}{name}"
        if not prefix and isinstance(value, dict):
            yield from _entries(value, f"{name}.")
        else:
            yield key, value


class _Entry:
    """Reads one entry; every complaint names it."""

    def __init__(self, path: Path, key: str, entry: object) -> None:
        self.path = path
        self.key = key
        if not isinstance(entry, dict) or not entry:
            raise self._wrong("is no table", f"Write it as [{key}] with amount, unit, source, as_of and confidence.")
        self.entry: dict[str, Any] = entry
        for name in entry:
            if name not in _FIELDS:
                raise self._wrong(f"has an unknown field {name}", f"Fields: {', '.join(sorted(_FIELDS))}.")

    def _wrong(self, what: str, remedy: str) -> SettingsError:
        return SettingsError(f"The price {self.key} {what}", where=f"{self.path}: [{self.key}]", remedy=remedy)

    def price(self, region: str) -> Price:
        written = self._text("amount")
        amount = None if written == UNKNOWN else self._decimal("amount", written)
        confidence = self._text("confidence")
        if confidence not in CONFIDENCES:
            raise self._wrong(f"has the confidence {confidence!r}", f"Use one of {', '.join(CONFIDENCES)}.")
        if (amount is None) != (confidence == UNKNOWN):
            raise self._wrong("is unknown in one field only", "Amount and confidence are unknown together.")
        as_of = self.entry.get("as_of")
        if not isinstance(as_of, date):
            raise self._wrong("has no date", "Write as_of = 2026-01-31.")
        filters = self.entry.get("filters", {})
        if not isinstance(filters, dict) or not all(isinstance(value, str) for value in filters.values()):
            raise self._wrong("has filters that are no texts", 'Write filters = { service = "…", usagetype = "…" }.')
        return Price(
            key=self.key,
            amount=amount,
            unit=self._text("unit"),
            region=self.entry.get("region", region),
            source=self._text("source"),
            as_of=as_of,
            confidence=confidence,
            tiers=self._tiers(amount),
            free=self._decimal("free", self.entry.get("free", "0")),
            note=self.entry.get("note", ""),
            filters=filters,
        )

    def _text(self, name: str) -> str:
        value = self.entry.get(name)
        if not isinstance(value, str) or not value:
            raise self._wrong(
                f"has no {name}", f'Write {name} = "…"; numbers stand in quotes, so that they stay exact.'
            )
        return value

    def _decimal(self, name: str, written: object) -> Decimal:
        try:
            if not isinstance(written, str):
                raise InvalidOperation
            value = Decimal(written)
            if not value.is_finite() or value < 0:
                raise InvalidOperation
        except InvalidOperation:
            raise self._wrong(
                f"has the {name} {written!r}", 'Write a decimal in quotes, such as "0.0125", or "unknown".'
            ) from None
        return value

    def _tiers(self, amount: Decimal | None) -> tuple[VolumePrice, ...]:
        found = []
        for written in self.entry.get("tiers", []):
            if not isinstance(written, dict) or set(written) != {"from", "amount"}:
                raise self._wrong("has a tier of another form", 'Write { from = "0", amount = "0.09" }.')
            found.append(VolumePrice(self._decimal("tier", written["from"]), self._decimal("tier", written["amount"])))
        if not found:
            return ()
        starts = [tier.start for tier in found]
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise self._wrong("has tiers out of order", "The first starts from 0, each later one from more.")
        if found[0].amount != amount:
            raise self._wrong("has an amount that is not its first tier's", "Write the first tier's amount.")
        return tuple(found)
