"""What the types of an event cannot say: which type of event needs which field, money, bounds, personal data (pure).

These checks change the event they are given: it was just decoded, and no other code holds it yet. They fill in the
defaults and bring values to their canonical form.
"""

from __future__ import annotations

from datetime import UTC
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from math import isfinite

import msgspec
from msgspec.structs import force_setattr

from pipeline.contract.currencies import CURRENCIES
from pipeline.contract.privacy import personal_data
from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.contract.shape import MOST_UNITS, Event, Product, Recommendation, Rules, SentEvent

ATTRIBUTES_BYTES = 2048  # as compact JSON in UTF-8
MONEY_DIGITS, MONEY_STEP = 18, Decimal("0.0001")  # decimal(18,4), the type of every amount in the lake
QUANTITY_STEP = Decimal("0.001")  # decimal(18,3)

_WITHOUT_PRODUCT = frozenset({"checkout_start", "search"})
_WITH_QUANTITY = frozenset({"cart_add", "cart_remove", "purchase", "refund"})
_ORDER_LINES = frozenset({"purchase", "refund"})
_OF_RECOMMENDATIONS = frozenset({"recommendation_impression", "recommendation_click"})
_NO_PRODUCT, _NO_RECOMMENDATION = Product(), Recommendation()
_ENCODER = msgspec.json.Encoder()
_MONEY = Context(prec=MONEY_DIGITS, traps=[Inexact, InvalidOperation])
_ROUNDED = Context(prec=MONEY_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])


def admit(event: Event, rules: Rules, source: str) -> Rejection | None:
    """Settle a decoded event and stamp it with its reception."""
    refusal = settle(event, rules) or refuse_attributes(event)
    if refusal is None:
        force_setattr(event, "received_at", rules.now)
        force_setattr(event, "source", source)
        force_setattr(event, "namespace", rules.namespace)
        force_setattr(event, "public", rules.public)
    return refusal


def settle(event: SentEvent, rules: Rules) -> Rejection | None:
    """Check what types cannot say, fill in the defaults, and bring values to their canonical form.

    What an event's bytes must be looked at for comes afterwards: `refuse_attributes`, `refuse_strings`.
    """
    kind = event.event_type
    moment = event.occurred_at
    if moment.tzinfo is not UTC:
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:
            return rejected(Reason.OUT_OF_RANGE, f"Field occurred_at: {moment.isoformat()} is no date in UTC.")
        force_setattr(event, "occurred_at", moment)
    if moment > rules.latest:
        return rejected(
            Reason.TOO_FAR_IN_FUTURE,
            f"Field occurred_at: {moment.isoformat()} is after {rules.latest.isoformat()}; check the sender's clock.",
        )
    if moment < rules.earliest:
        return rejected(
            Reason.TOO_OLD, f"Field occurred_at: {moment.isoformat()} is before {rules.earliest.isoformat()}."
        )
    if event.customer_id is None and event.session_id is None:
        return rejected(
            Reason.MISSING_IDENTITY, "Fields customer_id and session_id are both absent; give at least one."
        )
    if event.quantity is not None and type(event.quantity) is not int:
        refusal = _settle_quantity(event, rules)
        if refusal is not None:
            return refusal
    if event.product_id is None and kind not in _WITHOUT_PRODUCT and not _is_total(event):
        return _missing("product_id", kind)
    if kind in _WITH_QUANTITY:
        if event.quantity is None:
            force_setattr(event, "quantity", 1)
        if kind in _ORDER_LINES:
            if rules.public and kind == "refund":
                return rejected(Reason.NOT_ALLOWED, "A public key may not send refunds; send them with a secret key.")
            if event.order_id is None:
                return _missing("order_id", kind)
            if event.unit_price is None:
                return _missing("unit_price", kind)
    elif event.recommendation is None and kind in _OF_RECOMMENDATIONS:
        return _missing("recommendation", kind)
    if event.unit_price is not None or event.product is not None or event.currency is not None:
        refusal = _settle_money(event, rules)
        if refusal is not None:
            return refusal
    if event.attributes is not None or event.recommendation is not None:
        return _settle_objects(event, kind)
    return None


def _is_total(event: SentEvent) -> bool:
    """Whether a purchase or a refund without a product is the amount of an order whose products are not known."""
    return event.event_type in _ORDER_LINES and event.quantity in (None, 1)


def _settle_quantity(event: SentEvent, rules: Rules) -> Rejection | None:
    """Bring a quantity that is no JSON integer to a whole number, or to 3 decimals where the lake takes fractions."""
    given = Decimal(event.quantity or 0)
    shown = str(given)[:60]
    if not given.is_finite():
        return rejected(Reason.INVALID_VALUE, f"Field quantity: {shown} is no number of units.")
    quantity = given.quantize(QUANTITY_STEP, None, _ROUNDED) if 0 < given <= MOST_UNITS else Decimal(0)
    if not quantity:
        return rejected(Reason.OUT_OF_RANGE, f"Field quantity: {shown} is not above 0 and at most {MOST_UNITS:,}.")
    if quantity != given:
        force_setattr(event, "rounded", True)
    whole = int(quantity)
    if quantity == whole:
        force_setattr(event, "quantity", whole)
    elif rules.fractional_quantities:
        force_setattr(event, "quantity", quantity)
    else:
        return rejected(
            Reason.OUT_OF_RANGE,
            f"Field quantity: {shown} is not whole; fractional_quantities = true in lake.toml allows it.",
        )
    return None


def _settle_money(event: SentEvent, rules: Rules) -> Rejection | None:
    """Bring the price and the cost to 4 decimals, and give them a currency."""
    price, product, cost = event.unit_price, event.product, None
    if price is not None:
        amount = _amount(price)
        if amount is None:
            amount = _rounded(price)
            if amount is None:
                return _wrong_amount("unit_price", price)
            force_setattr(event, "rounded", True)
        force_setattr(event, "unit_price", amount)
        largest = rules.largest_amount
        if largest is not None and amount * (event.quantity or 1) > largest and event.event_type in _ORDER_LINES:
            return rejected(
                Reason.HELD,
                f"Field unit_price: {event.quantity} × {amount} is more than {largest:,}, the largest_amount of"
                " lake.toml; `python -m pipeline held` accepts it.",
            )
    if product is not None:
        cost = product.unit_cost
        if cost is not None:
            amount = _amount(cost)
            if amount is None:
                amount = _rounded(cost)
                if amount is None:
                    return _wrong_amount("product.unit_cost", cost)
                force_setattr(event, "rounded", True)
            force_setattr(product, "unit_cost", amount)
        elif product == _NO_PRODUCT:
            force_setattr(event, "product", None)  # an object without a value is absent
    currency = event.currency
    if currency is None:
        if price is not None or cost is not None:
            force_setattr(event, "currency", rules.reporting_currency)
    elif currency not in CURRENCIES and currency != rules.reporting_currency:
        code = currency.upper()
        if code not in CURRENCIES and code != rules.reporting_currency:
            return rejected(
                Reason.INVALID_CURRENCY, f"Field currency: {currency!r} is not an ISO 4217 code such as EUR."
            )
        force_setattr(event, "currency", code)
    return None


def _amount(value: Decimal) -> Decimal | None:
    """`value` with exactly 4 decimals; None where it is negative, not a number, or does not fit decimal(18,4)."""
    try:
        amount = value.quantize(MONEY_STEP, None, _MONEY)
    except (InvalidOperation, Inexact):
        return None
    if amount.is_signed() or not amount.is_finite():
        return None if amount else amount.copy_abs()  # minus zero is zero
    return amount


def _rounded(value: Decimal) -> Decimal | None:
    """An amount of more than 4 decimals with 4, half to even; None where it is another kind of wrong amount.

    Prices that a sender computed in binary fractions have such tails (0.30000000000000004). What rounds to nothing
    is refused: it was something.
    """
    if not value.is_finite():
        return None
    try:
        amount = value.quantize(MONEY_STEP, None, _ROUNDED)
    except InvalidOperation:
        return None
    return None if amount <= 0 else amount


def _settle_objects(event: SentEvent, kind: str) -> Rejection | None:
    """Remove a recommendation or attributes without a value."""
    shown = event.recommendation
    if shown is not None and shown.surface is None and shown == _NO_RECOMMENDATION:
        if kind in _OF_RECOMMENDATIONS:
            return _missing("recommendation", kind)
        force_setattr(event, "recommendation", None)
    if event.attributes is not None and not event.attributes:
        force_setattr(event, "attributes", None)
    return None


def refuse_attributes(event: SentEvent) -> Rejection | None:
    """Refuse attributes that are too large, or that hold a number JSON has no form for.

    Of an event that was read from JSON, they are in order where its canonical line has at most `ATTRIBUTES_BYTES`.
    """
    attributes = event.attributes
    if attributes is None:
        return None
    size = len(_ENCODER.encode(attributes))
    if size > ATTRIBUTES_BYTES:
        detail = f"Field attributes has {size} bytes; an event may carry {ATTRIBUTES_BYTES}."
        return rejected(Reason.ATTRIBUTES_TOO_LARGE, detail)
    for value in attributes.values():
        if value.__class__ is float and not isfinite(value):
            return rejected(Reason.INVALID_VALUE, "Field attributes holds a number that is not finite.")
    return None


def refuse_strings(event: SentEvent) -> Rejection | None:
    """Refuse personal data and NUL characters in any string, and in the numbers and names of attributes.

    Almost no event needs this look: ask `pipeline.contract.privacy.may_hold_personal_data` about its bytes first.
    """
    for path, text in _strings(event):
        if "\0" in text:
            return rejected(Reason.INVALID_VALUE, f"Field {path} holds a NUL character.")
        found = personal_data(text)
        if found is not None:
            return rejected(
                Reason.PERSONAL_DATA, f"Field {path} holds {found}; send a pseudonym, such as a salted hash."
            )
    return None


def _strings(event: SentEvent) -> list[tuple[str, str]]:
    """Every string of an event with the path of its field."""
    found: list[tuple[str, str]] = []
    for holder, prefix in ((event, ""), (event.product, "product."), (event.recommendation, "recommendation.")):
        if holder is not None:
            values = msgspec.structs.asdict(holder)
            found += [(prefix + name, value) for name, value in values.items() if isinstance(value, str)]
    for name, value in (event.attributes or {}).items():
        found.append(("attributes", name))
        if isinstance(value, str | int | float):
            found.append((f"attributes.{name}", str(value)))
    return found


def unwritable_field(event: SentEvent) -> str:
    """The path of the first string that cannot be written as UTF-8."""
    for path, text in _strings(event):
        if text.encode("utf-8", "replace").decode("utf-8") != text:
            return path
    return "attributes"


def _missing(name: str, kind: str) -> Rejection:
    return rejected(Reason.MISSING_FIELD, f"Field {name} is absent; {kind} needs it.")


def _wrong_amount(path: str, value: Decimal) -> Rejection:
    """Which rule of money `value` breaks."""
    if not value.is_finite():
        return rejected(Reason.INVALID_VALUE, f"Field {path}: {value} is no amount.")
    if value < 0:
        problem = "is negative; the type of the event says which way the money goes"
    elif value.adjusted() >= MONEY_DIGITS + int(MONEY_STEP.as_tuple().exponent):
        problem = "does not fit decimal(18,4)"
    else:
        problem = f"is less than {MONEY_STEP}"
    return rejected(Reason.OUT_OF_RANGE, f"Field {path}: {str(value)[:60]} {problem}.")
