"""Prices from the AWS Price List API, and the price book renewed with them.

Each price is asked for by the `filters` of its entry in the book. An answer is used only where it is exactly one price;
otherwise the entry stays as it is, with the reason. The file keeps its comments and its order; only amounts, volume
prices, free quantities, dates and confidences change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import unified_diff
from typing import Any

from catalogue.errors import SettingsError, SourceError
from console.aws.failures import translate_errors
from console.aws.permissions import action_of
from console.finops.pricing.price_book import GLOBAL, Price, PriceBook, VolumePrice

ACTION = action_of("pricing", "GetProducts")
ENDPOINT_REGION = "us-east-1"  # the interface is in few regions; this one answers for all
_OWN_FIELDS = ("service", "usagetype")  # entries of `filters` that are no plain attribute of a product
_CURRENCY = "USD"
_ANOTHER_UNIT = 100  # times dearer or cheaper: a change this large means that the price is for another unit


@dataclass(frozen=True)
class Found:
    """The answer for one price: `volumes` from the first unit on, or the reason why no answer is used."""

    price: Price
    volumes: tuple[VolumePrice, ...] = ()
    free: Decimal = Decimal(0)
    reason: str = ""

    @property
    def amount(self) -> Decimal | None:
        """US dollars for the first unit that is charged; None where nothing is taken."""
        return self.volumes[0].amount if self.volumes else None


class PriceList:
    """The AWS Price List API, through a boto3 client of ``pricing`` in `ENDPOINT_REGION`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def find(self, price: Price, region: str) -> Found:
        """The price of one entry in one region.

        Raises SourceError where the interface does not answer, or answers something else than a price list.
        """
        if not price.filters:
            return Found(price, reason="the entry has no filters")
        sets = []
        for product in self._products(price, region):
            volumes = _volumes(product, price.key)
            if volumes and volumes not in sets:
                sets.append(volumes)
        if not sets:
            return Found(price, reason="nothing fits its filters")
        if len(sets) > 1:
            return Found(price, reason=f"{len(sets)} different prices fit its filters")
        return _without_free(price, sets[0])

    def _products(self, price: Price, region: str) -> Iterator[Mapping[str, Any]]:
        """Products whose attributes fit; a usage type is preceded by a region's short name everywhere but at home."""
        wanted = {name: value for name, value in price.filters.items() if name not in _OWN_FIELDS}
        if price.region != GLOBAL:
            wanted["regionCode"] = region
        usage_type = price.filters.get("usagetype", "")
        filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in sorted(wanted.items())]
        if usage_type:
            filters.append({"Type": "CONTAINS", "Field": "usagetype", "Value": usage_type})
        try:
            service = price.filters["service"]
            with translate_errors("The Price List API", price.key, action=ACTION, error=SourceError):
                for answer in self._client.get_paginator("get_products").paginate(ServiceCode=service, Filters=filters):
                    for written in answer["PriceList"]:
                        product = json.loads(written)
                        found = product["product"]["attributes"].get("usagetype", "")
                        if not usage_type or found == usage_type or found.endswith(f"-{usage_type}"):
                            yield product
        except KeyError as error:
            raise SourceError(
                f"The Price List API answered {price.key} without {error}",
                where=price.key,
                remedy="Correct the entry's filters: service, usagetype and attributes of the product.",
            ) from error


def _volumes(product: Mapping[str, Any], key: str) -> tuple[VolumePrice, ...]:
    """The on-demand prices of one product, by volume; empty where it is not sold on demand in US dollars."""
    terms = product.get("terms", {}).get("OnDemand", {})
    found = []
    try:
        for term in terms.values():
            for dimension in term["priceDimensions"].values():
                written = dimension["pricePerUnit"].get(_CURRENCY)
                if written is not None:
                    found.append(VolumePrice(Decimal(dimension["beginRange"]), Decimal(written).normalize()))
    except (KeyError, InvalidOperation) as error:
        raise SourceError(
            f"A product for {key} has a price of another form: {error!r}",
            where=key,
            remedy="Take the price from its pricing page, and report the answer.",
        ) from error
    return tuple(sorted(found, key=lambda volume: volume.start))


def _without_free(price: Price, volumes: tuple[VolumePrice, ...]) -> Found:
    """A first volume at no charge is the free quantity: what follows is the price from the first unit on."""
    charged = [volume for volume in volumes if volume.amount]
    if not charged:
        return Found(price, reason="it is answered as free of charge")
    if price.amount and not price.amount / _ANOTHER_UNIT < charged[0].amount < price.amount * _ANOTHER_UNIT:
        return Found(price, reason=f"{charged[0].amount:f} was answered, which seems to be the price of another unit")
    free = charged[0].start
    rest = (VolumePrice(Decimal(0), charged[0].amount), *charged[1:])
    return Found(price, rest, free)


@dataclass(frozen=True)
class Refreshed:
    """A price book made anew.

    Attributes
    ----------
    text : the whole file
    diff : its lines that change, as a unified diff; empty where nothing does
    changed : prices whose amounts differ
    confirmed : prices answered as the book has them
    left : what was not taken, with the reason
    """

    text: str
    diff: str
    changed: Sequence[Found]
    confirmed: Sequence[Found]
    left: Sequence[Found]


def refresh(book: PriceBook, source: PriceList, today: date, *, region: str | None = None) -> Refreshed:
    """Ask for every price of the book, and write the file anew in memory.

    Parameters
    ----------
    region : another region to make the book for; what is not answered for it becomes unknown

    Raises
    ------
    SourceError
        The interface does not answer.
    SettingsError
        The book's file cannot be read, or changed since it was loaded.
    """
    import tomlkit

    place = region or book.region
    try:
        before = book.path.read_text(encoding="utf-8")
        document = tomlkit.parse(before)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The price book cannot be read: {error}", where=str(book.path), remedy="Correct the file, then try again."
        ) from error
    moved = place != book.region
    found = [source.find(price, place) for price in book]
    for answer in found:
        group, name = answer.price.key.split(".", 1)
        entry = document[group][name]
        if answer.amount is not None:
            _write(entry, answer, today)
        elif moved and answer.price.region != GLOBAL:
            _forget(entry)
    document["region"] = place
    text = tomlkit.dumps(document)
    lines = unified_diff(before.splitlines(), text.splitlines(), "price book", "refreshed", lineterm="", n=2)
    return Refreshed(
        text,
        "\n".join(lines),
        [answer for answer in found if answer.amount is not None and not _as_before(answer)],
        [answer for answer in found if answer.amount is not None and _as_before(answer)],
        [answer for answer in found if answer.amount is None],
    )


def _as_before(found: Found) -> bool:
    """Whether the answer is what the book has; a free quantity counts only where the interface names one."""
    price = found.price
    own = price.tiers or ((VolumePrice(Decimal(0), price.amount),) if price.amount is not None else ())
    return own == found.volumes and found.free in (Decimal(0), price.free)


def _write(entry: Any, found: Found, today: date) -> None:
    import tomlkit

    entry["amount"] = f"{found.volumes[0].amount:f}"
    entry.pop("tiers", None)
    if len(found.volumes) > 1:
        rows = tomlkit.array()
        for volume in found.volumes:
            row = tomlkit.inline_table()
            row.update({"from": f"{volume.start:f}", "amount": f"{volume.amount:f}"})
            rows.append(row)
        entry["tiers"] = rows.multiline(True)
    if found.free:
        entry["free"] = f"{found.free:f}"
    entry["as_of"] = today
    entry["confidence"] = "refreshed"


def _forget(entry: Any) -> None:
    """Make an entry unknown: its price is for another region."""
    entry["amount"] = "unknown"
    entry["confidence"] = "unknown"
    entry.pop("tiers", None)
