"""REES46 multi-category store: views, carts and purchases of an online shop, one row per event.

Decisions (docs/importing.md says why): equal rows are one event seen twice; the purchases of one user in one session
are one order; ``category_id`` exceeds what a number can hold exactly, so it stays text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter

from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.importers.importer import Fields, Translate, decimal_of
from pipeline.importers.layout import Layout
from pipeline.lake import LakeSettings

_EVENT_TYPES = {
    "view": "product_view",
    "cart": "cart_add",
    "remove_from_cart": "cart_remove",
    "purchase": "purchase",
}


class Rees46:
    """The importer of the REES46 monthly files and parts of them."""

    name = "rees46"
    layout = Layout()
    in_order = False
    columns: Sequence[str] = (
        "event_time",
        "event_type",
        "product_id",
        "category_id",
        "category_code",
        "brand",
        "price",
        "user_id",
        "user_session",
    )
    lake_settings = LakeSettings(reporting_currency="USD")

    def translator(self, header: list[str], digest: str) -> Translate:  # noqa: ARG002 - its event ids come from the rows
        """One row → one event."""
        pick = itemgetter(*(header.index(name) for name in self.columns))

        def translate(row: list[str]) -> Fields | Rejection:
            values: tuple[str, ...] = pick(row)
            time, kind, product_id, category_id, category, brand, price_text, user, session = values
            moment = _instant(time)
            if moment is None:
                return rejected(Reason.INVALID_VALUE, f"Column event_time: {time[:60]!r} is not a time in UTC.")
            fields = {
                "event_id": hashlib.blake2b("\x1f".join(values).encode("utf-8"), digest_size=16).hexdigest(),
                "event_type": _EVENT_TYPES.get(kind, kind),
                "occurred_at": moment,
            }
            if price_text:
                price = decimal_of(price_text)
                if price is None:
                    return rejected(Reason.INVALID_VALUE, f"Column price: {price_text[:60]!r} is not a number.")
                fields["unit_price"] = price
                fields["currency"] = "USD"
            if user:
                fields["customer_id"] = user
            if session:
                fields["session_id"] = session
            if product_id:
                fields["product_id"] = product_id
            if kind == "purchase":
                fields["order_id"] = f"{session}-{user}"
            if category or brand:
                fields["product"] = {"category": category.replace(".", "/") or None, "brand": brand or None}
            if category_id:
                fields["attributes"] = {"category_id": category_id}
            return fields

        return translate


@lru_cache(1024)
def _instant(text: str) -> datetime | None:
    """``2019-10-01 00:00:00 UTC`` as an instant."""
    try:
        return datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=UTC)
    except ValueError:
        return None
