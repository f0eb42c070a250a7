"""Personal data that must never enter the lake: e-mail addresses and payment card numbers (pure).

Two steps, because almost no event holds any: `may_hold_personal_data` looks once over the bytes of a record and is
almost free; only where it says yes are the strings looked at one by one with `personal_data`.

A card number is 14 to 19 digits, plain or in the printed groups (4-4-4-4, 4-6-5), that begins like a card of a known
network and passes the Luhn check (ISO/IEC 7812-1, annex B). The beginning matters: one in ten numbers passes Luhn by
chance, and millisecond clocks, order numbers and catalogue numbers are long digit runs too.
"""

from __future__ import annotations

import re

_SHORTEST_CARD = 14

# Digits and what a card number is printed with between them become 0; all else is a full stop. (A date with its hour,
# 2026-03-01 12, stays under 14 marks.)
_MARKS = bytes(0x30 if byte in b"0123456789 -" else 0x2E for byte in range(256))
_DIGIT_RUN = b"0" * _SHORTEST_CARD

_ADDRESS = re.compile(r"[^\s@<>\"'(),:;/?&=%]+(?:@|%40)[^\s@<>\"'(),:;/?&=%]+\.[^\W\d_]{2,}", re.IGNORECASE)
_DIGITS = re.compile(
    r"(?<![0-9])(?:[0-9]{14,19}"
    r"|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{3})?"
    r"|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})(?![0-9])"
)
_NETWORKS = re.compile(
    r"4(?:[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11}"  # Diners Club
    r"|(?:6011|65[0-9]{2}|64[4-9][0-9])[0-9]{12,15}"  # Discover
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # JCB
    r"|62[0-9]{14,17}"  # UnionPay
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{10,15}"  # Maestro
)
# a digest holds any run of digits, and is how a customer should be named, often behind a letter or two of its own
_HASH = re.compile(r"[0-9a-fA-F]{32,128}")


def may_hold_personal_data(record: bytes) -> bool:
    """Whether the strings of one or of many JSON records need a closer look. False is certain, True only a suspicion.

    True also for every record with an escape, so that a caller who asks first may skip the look for NUL characters.
    """
    if b"@" in record or b"%" in record or b"\\" in record:  # an address, its URL form %40, an escape
        return True
    # from the right, which finds the same and takes less than half the time
    return record.translate(_MARKS).rfind(_DIGIT_RUN) >= 0


def personal_data(text: str) -> str | None:
    """What kind of personal data `text` holds, as a noun phrase for a sentence; None where it holds none."""
    if ("@" in text or "%40" in text) and _ADDRESS.search(text):
        return "an e-mail address"
    if len(text) < _SHORTEST_CARD:
        return None
    for found in _DIGITS.finditer(_HASH.sub(" ", text)):
        number = found.group().replace(" ", "").replace("-", "")
        if _NETWORKS.fullmatch(number) and _passes_luhn(number):
            return "a payment card number"
    return None


def _passes_luhn(number: str) -> bool:
    """The check digit rule of payment cards: double every second digit from the right, sum the digits, divide by 10."""
    total = 0
    for place, digit in enumerate(map(int, reversed(number))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
