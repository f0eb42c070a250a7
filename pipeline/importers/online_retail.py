"""UCI Online Retail: the invoices of a UK gift shop, one row per invoice line.

Decisions (docs/importing.md says why): an exact copy of a row is a second line of its invoice, not a duplicate; a
cancellation keeps its own invoice number, because the file does not say what it cancels; times are UK local time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from zoneinfo import ZoneInfo

from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.importers.importer import Fields, Translate, decimal_of
from pipeline.importers.layout import Layout
from pipeline.lake import LakeSettings

_UK = ZoneInfo("Europe/London")
_IDENTIFIER = 64

# Stock codes that are no products. They stay in the revenue, as in the shop's books, under a category of their own.
_NON_PRODUCTS = {
    "POST": "Non-product/Postage",
    "DOT": "Non-product/Postage",
    "C2": "Non-product/Postage",
    "BANK CHARGES": "Non-product/Fees",
    "AMAZONFEE": "Non-product/Fees",
    "CRUK": "Non-product/Fees",
    "M": "Non-product/Adjustments",
    "m": "Non-product/Adjustments",
    "D": "Non-product/Adjustments",
    "S": "Non-product/Adjustments",
    "B": "Non-product/Adjustments",
}


class OnlineRetail:
    """The importer of `online_retail.csv`, complete or in part, with ISO dates or those of the original sheet."""

    name = "online-retail"
    layout = Layout()
    in_order = True
    columns: Sequence[str] = (
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    )
    lake_settings = LakeSettings(reporting_time_zone="Europe/London", reporting_currency="GBP")

    def translator(self, header: list[str], digest: str) -> Translate:  # noqa: ARG002 - its event ids come from the rows
        """One row → one purchase or refund; counts equal lines of an invoice, so it belongs to one file."""
        pick = itemgetter(*(header.index(name) for name in self.columns))
        lines: dict[int, int] = {}  # hash of invoice and stock code → lines so far

        def translate(row: list[str]) -> Fields | Rejection:
            invoice, stock, name, quantity_text, date, price_text, customer, country = pick(row)
            quantity, price, moment = _quantity(quantity_text), decimal_of(price_text), _instant(date)
            if quantity is None or price is None or moment is None:
                return _unreadable(quantity_text, price_text, date, quantity is None, price is None)
            line = f"{invoice}-{stock}"
            key = hash(line)
            number = lines[key] = lines.get(key, 0) + 1
            event_id = f"{line}-{number}"
            if len(event_id) > _IDENTIFIER:
                event_id = hashlib.sha256(event_id.encode("utf-8")).hexdigest()
            fields = {
                "event_id": event_id,
                # Money that goes back, as goods returned or as a negative price ("Adjust bad debt"), is a refund.
                "event_type": "refund" if (quantity < 0) != price.is_signed() else "purchase",
                "occurred_at": moment,
                "product_id": stock,
                "quantity": abs(quantity),
                "unit_price": price.copy_abs(),
                "currency": "GBP",
                "order_id": invoice,
                "channel": "online",
                "product": _product(stock, name),
            }
            if customer:
                fields["customer_id"] = customer.removesuffix(".0")
            else:
                fields["session_id"] = f"invoice-{invoice}"
            if country:
                fields["region"] = country
            return fields

        return translate


@lru_cache(8192)
def _product(stock: str, description: str) -> dict[str, str | None]:
    """What the row says about its product."""
    name, category = description.strip(), _NON_PRODUCTS.get(stock)
    return {key: value for key, value in (("name", name), ("category", category)) if value}


def _unreadable(quantity: str, price: str, date: str, bad_quantity: bool, bad_price: bool) -> Rejection:
    """Which of the three values that are not text cannot be read."""
    if bad_quantity:
        return rejected(Reason.INVALID_VALUE, f"Column Quantity: {quantity[:60]!r} is not a whole number.")
    if bad_price:
        return rejected(Reason.INVALID_VALUE, f"Column UnitPrice: {price[:60]!r} is not a number.")
    return rejected(Reason.INVALID_VALUE, f"Column InvoiceDate: {date[:60]!r} is not a date like 2010-12-01 08:26:00.")


@lru_cache(4096)
def _quantity(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


@lru_cache(1024)
def _instant(text: str) -> datetime | None:
    """UK local time as an instant. The hour that a clock change repeats is taken the first time."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        try:
            local = datetime.strptime(text, "%m/%d/%Y %H:%M")  # noqa: DTZ007 - as in the original sheet; the zone follows
        except ValueError:
            return None
    try:
        return (local if local.tzinfo else local.replace(tzinfo=_UK)).astimezone(UTC)
    except OverflowError:
        return None
