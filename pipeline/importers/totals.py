"""Amounts of whole rows: what goes back to the customer, and the unit price that a total stands for (pure)."""

from __future__ import annotations

import hashlib
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from typing import Any

from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.importers.importer import Fields
from pipeline.importers.mapping import TOTAL

_IDENTIFIER = 64
_STEP = Decimal("0.0001")  # of a unit price
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_WIDE = Context(prec=60, traps=[InvalidOperation])
_FLOOR = Context(prec=60, rounding=ROUND_FLOOR)


def turn_negative_into_refund(values: dict[str, Any]) -> None:
    """A purchase of a negative amount is a refund of the amount.

    Quantity × unit price decides. Beside a total, either sign does: goods that come back are written with a negative
    quantity, a negative total, or both.
    """
    quantity = values.get("quantity")
    takes_back = quantity is not None and quantity < 0
    for field in ("unit_price", TOTAL):
        amount = values.get(field)
        if amount is not None:
            negative = amount.is_signed() and bool(amount)
            takes_back = takes_back or negative if field == TOTAL else takes_back != negative
            values[field] = amount.copy_abs()
    if quantity is not None:
        values["quantity"] = abs(quantity)
    if takes_back and values.get("event_type") == "purchase":
        values["event_type"] = "refund"


def priced_by_total(fields: Fields) -> Fields | list[Fields] | Rejection:
    """The event, or the two events, whose amount is exactly the total of the row.

    A unit price has 4 decimals. Where the total divided by the quantity has more, the row becomes two lines of its
    order: part of the quantity at the price below, the rest at the price 0.0001 above. Their quantities and amounts add
    up to those of the row. The first keeps the event id of the row; `second_id` gives that of the second.
    """
    total = fields.pop(TOTAL, None)
    if total is None:
        return fields
    quantity = Decimal(fields.get("quantity", 1))
    amount = _with_4_decimals(total)
    if amount is None:
        return rejected(Reason.OUT_OF_RANGE, f"Field total: {str(total)[:60]} is no amount.")
    if amount != total:
        fields["rounded"] = True
    total = amount
    if quantity <= 0 or total < 0:
        fields["unit_price"] = total  # the contract says what is wrong
        return fields
    price = _FLOOR.divide(total, quantity).quantize(_STEP, ROUND_FLOOR, _FLOOR)
    dearer = _EXACT.divide(_EXACT.subtract(total, _EXACT.multiply(price, quantity)), _STEP).normalize()
    fields["unit_price"] = price
    if not dearer:
        return fields
    whole = dearer == dearer.to_integral_value() and isinstance(fields.get("quantity", 1), int)
    second = {
        **fields,
        "event_id": second_id(fields["event_id"]),
        "unit_price": price + _STEP,
        "quantity": int(dearer) if whole else dearer,
    }
    fields["quantity"] = int(quantity - dearer) if whole else quantity - dearer
    return [fields, second]


def _with_4_decimals(total: Decimal) -> Decimal | None:
    """A total as the contract keeps amounts: rounded half to even; None where it is none, or rounds to nothing."""
    try:
        amount = total.quantize(_STEP, ROUND_HALF_EVEN, _WIDE)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and bool(amount) == bool(total) else None


def second_id(event_id: str) -> str:
    """The event id of the second line of a row: ``<id>~2``, or a hash of that where it would be too long."""
    wanted = f"{event_id}~2"
    if len(wanted) <= _IDENTIFIER:
        return wanted
    return hashlib.blake2b(wanted.encode("utf-8"), digest_size=16).hexdigest()
