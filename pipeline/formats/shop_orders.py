"""What the webhooks of shops have in common: orders and refunds, exact to the cent, without personal data (pure).

A webhook brings an order as it is now, again and again. Every event of it gets an id that is the same in each of those
copies, so that an order that is created, paid, changed and sent twice counts once. Only the fields that a format names
are kept of a message, in the quarantine too: names, addresses and telephone numbers never reach the lake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import msgspec

from pipeline.contract.batches import SentBatch, Unreadable
from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.contract.shape import Rules
from pipeline.formats import payload
from pipeline.formats.payload import Fields

MESSAGE_BYTES = 256 * 1024  # an order of `MAX_RECORDS` lines, reduced to what is kept of it
_PRICE_STEP, _CENT = Decimal("0.0001"), Decimal("0.01")
_LARGEST = Decimal(10) ** 14  # what the contract takes at all

Kept = Mapping[str, Any]
"""Which members of an object are kept: a name to True, to the `Kept` of an object, or to a list of one for a list."""


class Unusable(ValueError):  # noqa: N818 - reads as the sentence it is
    """A message that cannot become events; says why."""

    def __init__(self, detail: str, reason: Reason = Reason.INVALID_VALUE) -> None:
        super().__init__(detail)
        self.rejection = rejected(reason, detail)


def read_object(body: bytes, kept: Kept) -> Fields:
    """The members of a body's object that are kept; what else it holds need not even be readable.

    Raises
    ------
    Unreadable
        The body is no JSON object.
    """
    members = payload.members(body)
    given = {name: payload.value(members[name]) for name in kept if name in members}
    for name, value in given.items():
        if value is None and members[name] != b"null":
            raise Unreadable(f"Member {name!r} of the body cannot be read.")
    return _reduced(given, kept)


def _reduced(given: Mapping[str, Any], kept: Kept) -> Fields:
    return {name: _reduced_value(given[name], shape) for name, shape in kept.items() if name in given}


def _reduced_value(value: Any, shape: Any) -> Any:
    if isinstance(shape, list):
        return [_reduced(element, shape[0]) for element in payload.rows(value)]
    if isinstance(shape, Mapping):
        return _reduced(payload.table(value), shape)
    return value if value is None or isinstance(value, str | int | Decimal) else str(type(value).__name__)


def add_message(
    batch: SentBatch, message: Fields, rules: Rules, source: str, translate: Callable[[Fields], list[Fields]]
) -> None:
    """Put what a message becomes at the end of a batch: all its events, or its refusal, or nothing.

    Parameters
    ----------
    message : what is kept of it; that is also what the quarantine keeps
    translate : from the message to the fields of its events, none where it is about no money; raises `Unusable`
    """

    def events_or_refusal(fields: Fields) -> list[Fields] | Rejection | None:
        try:
            return translate(fields) or None
        except Unusable as error:
            return error.rejection

    try:
        record = msgspec.json.encode(message)
    except (UnicodeEncodeError, OverflowError) as error:
        raise Unreadable("The body holds a lone surrogate, or a number that no shop has.") from error
    payload.add_message(batch, record, rules, source, events_or_refusal, limit=MESSAGE_BYTES)


def read_again(record: bytes, rules: Rules, source: str, translate: Callable[[Fields], list[Fields]]) -> SentBatch:
    """Read what the quarantine keeps of a message."""
    batch = SentBatch()
    add_message(batch, dict(payload.table(payload.value(record))), rules, source, translate)
    return batch


def amount(value: Any, name: str) -> Decimal:
    """An amount of money of either sign, to 4 decimals: some shops write amounts as floating-point numbers.

    Raises
    ------
    Unusable
        It is no amount.
    """
    try:
        if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
            number = Decimal(value)
            if number.is_finite() and abs(number) < _LARGEST:
                return number.quantize(_PRICE_STEP, ROUND_HALF_UP)
    except InvalidOperation:
        pass
    raise Unusable(f"Field {name}: {str(value)[:60]!r} is no amount.")


def count(value: Any, name: str) -> int:
    """A whole number from 0.

    Raises
    ------
    Unusable
        It is none.
    """
    number = payload.whole(value)
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= 1_000_000:
        return number
    raise Unusable(f"Field {name}: {str(value)[:60]!r} is no number of units.")


def identifier(value: Any, name: str) -> str:
    """An id of the shop as text.

    Raises
    ------
    Unusable
        It is absent.
    """
    text = payload.text(value)
    if isinstance(text, str) and text:
        return text
    raise Unusable(f"Field {name} is absent.", Reason.MISSING_FIELD)


def priced(fields: Fields, identity: Sequence[Any], quantity: int, total: Decimal) -> list[Fields]:
    """The event of a line, or two where no unit price of 4 decimals gives the total: one unit takes what is left over.

    Parameters
    ----------
    fields : of the line, but for its id, quantity and price
    identity : what makes the line unique
    quantity, total : units, at least one, and what they cost together
    """
    price = (total / quantity).quantize(_PRICE_STEP, ROUND_FLOOR)
    rest = total - price * (quantity - 1)
    shares = [(quantity, price)] if rest == price else [(quantity - 1, price), (1, rest)]
    return [
        fields | {"event_id": payload.stable_id(*identity, part), "quantity": units, "unit_price": each}
        for part, (units, each) in enumerate(shares)
    ]


def spread(total: Decimal, weights: Iterable[Decimal]) -> list[Decimal]:
    """`total` in shares of whole cents, in proportion to the weights; the shares sum to the total exactly."""
    given = list(weights)
    whole, passed, shared = sum(given, Decimal(0)), Decimal(0), Decimal(0)
    if total == whole:
        return given
    shares = []
    for weight in given:
        passed += weight
        until = total if passed == whole else (total * passed / whole).quantize(_CENT, ROUND_HALF_UP)
        shares.append(until - shared)
        shared = until
    return shares
