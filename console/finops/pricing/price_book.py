"""The price book: what one unit of everything the AWS deployment uses costs, with its source and its date.

The prices are in ``price_book.toml`` beside this module, exact decimals written as text. A price that could not be
established is *unknown*: `Price.amount` is None, and a cost made from it is unknown too, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from catalogue.errors import SettingsError
from catalogue.files import atomic_write
from console.finops.toml_files import DecimalText, Text, TomlFile, read_toml

PRICE_BOOK = Path(__file__).with_name("price_book.toml")
GLOBAL = "global"  # the region of a price that is the same everywhere
UNKNOWN = "unknown"  # the amount of a price that could not be established


class VolumePrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price by volume: from `start` units a month on, each unit costs `amount`."""

    start: DecimalText = msgspec.field(name="from")
    amount: DecimalText


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
    confidence : confirmed, recalled, refreshed or unknown; the head of the file explains them
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

        With `free_tier` the always-free quantity is taken off first; where the account uses it up elsewhere, it is not
        free here.
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


class _Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A price, as the file has it; the key and often the region are outside of it."""

    amount: Text  # a decimal, or unknown
    unit: Text
    source: Text
    as_of: date
    confidence: Literal["confirmed", "recalled", "refreshed", "unknown"]
    region: Text = ""
    tiers: tuple[VolumePrice, ...] = ()
    free: DecimalText = Decimal(0)
    note: str = ""
    filters: dict[str, str] = {}


class _Head(msgspec.Struct):
    """What all prices of a file share."""

    region: Text
    currency: Text


@lru_cache(maxsize=8)
def load(path: Path = PRICE_BOOK) -> PriceBook:
    """Read and check a price book.

    Raises
    ------
    SettingsError
        The file cannot be read, or an entry does not say what it must; names the line, the entry and its field.
    """
    file = read_toml(path, name="price book")
    head = file.convert(_Head)
    prices = {}
    for group in file.content:
        if group not in ("region", "currency"):
            for name in file.tables(group):
                price = _price(file, (group, name), head.region)
                prices[price.key] = price
    return PriceBook(prices, head.region, head.currency, path)


def save(path: Path, text: str) -> None:
    """Write this text as the file of a price book; raises SettingsError where it cannot: the file is as it was."""
    try:
        atomic_write(path, text)
    except OSError as error:
        raise SettingsError(
            f"{path.name} cannot be written: {error.strerror or error}",
            where=str(path),
            remedy="Allow writing to its folder, or name another file.",
        ) from error
    load.cache_clear()


def _price(file: TomlFile, place: tuple[str, str], region: str) -> Price:
    entry, key = file.convert(_Entry, place), ".".join(place)
    amount = None if entry.amount == UNKNOWN else file.convert(DecimalText, (*place, "amount"))
    if (amount is None) != (entry.confidence == UNKNOWN):
        raise file.mistake(place, f"{key} is unknown in one field only", "Amount and confidence are unknown together.")
    starts = [tier.start for tier in entry.tiers]
    if starts and (starts[0] != 0 or starts != sorted(set(starts))):
        raise file.mistake(
            (*place, "tiers"), f"{key} has tiers out of order", "The first starts from 0, each later one from more."
        )
    if entry.tiers and entry.tiers[0].amount != amount:
        raise file.mistake(
            (*place, "tiers"), f"{key} has an amount that is not its first tier's", "Write the first tier's amount."
        )
    parts = msgspec.structs.asdict(entry) | {"key": key, "amount": amount, "region": entry.region or region}
    return Price(**parts)
