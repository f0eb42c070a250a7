"""Numbers, money, dates and sizes as text, for every page, command and file.

English on every machine, whatever its locale. Amounts are rounded as decimals, never through a float. A value that is
unknown reads as a dash; a negative one carries a true minus sign (U+2212), never brackets.

Babel (CLDR) gives the names of days and months and the signs of currencies. Thousands are grouped by Python's ``,``,
which is English and keeps all digits: Babel's number patterns round to 28, and take 114 µs a number where this takes 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

from console.asking.figures import Number, Unit, relative_change

UNKNOWN = "–"
MINUS = "−"
NARROW_SPACE = "\u202f"  # between a number and its unit; never breaks a line

_LOCALE = "en"
_WITH_SIGN = frozenset({"USD", "EUR", "GBP", "JPY", "INR", "KRW", "BRL"})  # signs that everybody reads
# ISO 4217, list one of 2025: every currency that has not two digits. CLDR differs on purpose, by what shops do in cash:
# there IQD has 0, and so have a dozen of two digits, such as IDR, HUF and COP.
_MINOR_DIGITS = (
    dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"], 0)
    | dict.fromkeys(["RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0)
    | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)
    | dict.fromkeys(["CLF", "UYW"], 4)
)
_SCALES = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))
_COMPACT_FROM = 10_000  # four digits still read at a glance
_WHOLE = Context(prec=100)  # a sum of decimal(38,12) has more digits than the usual 28


def exact(value: Number | None, unit: Unit, currency: str = "") -> str:
    """The whole number: ``$1,240,311.05``, ``12,403``, ``3.1 %``, ``2.40``.

    Money keeps the minor digits of its currency (ISO 4217) and is rounded half up there.
    """
    if unit is Unit.MONEY:
        return money(value, currency)
    if unit is Unit.COUNT:
        return count(value)
    if unit is Unit.PERCENT:
        return percent(value)
    return ratio(value)


def compact(value: Number | None, unit: Unit, currency: str = "") -> str:
    """Three significant digits from ten thousand on: ``$1.24M``, ``12.4k``; below, and for rates, as `exact`."""
    if value is None or unit in (Unit.PERCENT, Unit.RATIO):
        return exact(value, unit, currency)
    number = decimal(value)
    size = abs(number)
    if unit is Unit.MONEY:
        if size < 1000:  # cents matter in an order value, not in a day's revenue
            return money(number, currency)
        return _signed(number, _with_currency(_short(size), currency))
    return _signed(number, _short(size)) if size >= _COMPACT_FROM else count(number)


def tick(value: Number, unit: Unit, currency: str = "") -> str:
    """An axis label: as short as it can be without losing a digit: ``$0``, ``$250k``, ``1.5M``, ``20 %``."""
    number = decimal(value)
    if unit is Unit.PERCENT:
        return f"{_signed(number, _plain(abs(number) * 100))}{NARROW_SPACE}%"
    size = abs(number)
    text = _plain(size)
    for scale, letter in _SCALES:
        if size >= scale:
            text = _plain(size / scale) + letter
            break
    return _signed(number, _with_currency(text, currency) if unit is Unit.MONEY else text)


def money(value: Number | None, currency: str = "") -> str:
    """``$1,240,311.05``; a currency without a usual sign is named by its code in front: ``CHF 12.00``."""
    if value is None:
        return UNKNOWN
    return _fixed(decimal(value), minor_digits(currency), currency)


def whole_money(value: Number | None, currency: str) -> str:
    """Money without cents, for a sentence: ``$1,240``."""
    if value is None:
        return UNKNOWN
    return _fixed(decimal(value), 0, currency)


def small_money(value: Decimal | None, currency: str) -> str:
    """An amount that may be below a cent: two significant digits are kept there: ``$0.00025``; else as `money`."""
    if value is None or not value or abs(value) >= Decimal("0.01"):
        return money(value, currency)
    return _signed(value, _with_currency(_plain(_round(abs(value), 1 - value.adjusted())), currency))


def price(dollars: Decimal | None) -> str:
    """What a query cost: free is ``$0``, and below a cent two significant digits are kept: ``$0.00025``."""
    return "$0" if dollars == 0 else small_money(dollars, "USD")


def count(value: Number | None) -> str:
    """``12,403``."""
    return ratio(value, 0)


def units(value: Number | None) -> str:
    """What was sold: ``12,403``, and ``2.75`` of what is sold by weight; at most 3 decimals."""
    if value is None:
        return UNKNOWN
    exact = decimal(value).quantize(Decimal("0.001")).normalize()
    return _fixed(exact, max(0, -int(exact.as_tuple().exponent)))


def percent(fraction: Number | None, digits: int = 1) -> str:
    """A fraction as percent: 0.031 reads ``3.1 %``. A share too small for a digit reads ``< 0.1 %``, never 0."""
    if fraction is None:
        return UNKNOWN
    number = _round(decimal(fraction) * 100, digits)
    if number == 0 and fraction != 0:
        smallest = Decimal(1).scaleb(-digits)
        return f"< {smallest}{NARROW_SPACE}%" if fraction > 0 else f"> {MINUS}{smallest}{NARROW_SPACE}%"
    return f"{_fixed(number, digits)}{NARROW_SPACE}%"


def number(value: Number | None) -> str:
    """A measured quantity in a sentence: ``12,403``, ``3.25``; below 1, three significant digits: ``0.0123``."""
    if value is None:
        return UNKNOWN
    exactly = decimal(value)
    size = abs(exactly)
    if exactly == exactly.to_integral_value():
        return count(exactly)
    return _signed(exactly, f"{_round(size, 2):,}" if size >= 1 else _plain(_round(size, 2 - size.adjusted())))


def ratio(value: Number | None, digits: int = 2) -> str:
    """``2.40``."""
    return UNKNOWN if value is None else _fixed(decimal(value), digits)


def change(value: Number | None, base: Number | None, unit: Unit) -> str:
    """How far `value` lies from `base`: ``+4.2 %``, or ``−3.0 pp`` where the figure itself is a percentage.

    Unknown where either is unknown, or where a percentage of zero would be meant.
    """
    if unit is Unit.PERCENT:
        if value is None or base is None:
            return UNKNOWN
        points = (decimal(value) - decimal(base)) * 100
        return f"{_fixed(points, 1, plus=True)}{NARROW_SPACE}pp"
    relative = relative_change(value, base)
    if relative is None:
        return UNKNOWN
    number = _round(decimal(relative) * 100, 1)
    return f"{_fixed(number, 0 if abs(number) >= 1000 else 1, plus=True)}{NARROW_SPACE}%"


def day(value: date | None) -> str:
    """``1 Nov 2026``."""
    return UNKNOWN if value is None else _date(value, "d MMM y")


def short_day(value: date) -> str:
    """``1 Nov``."""
    return _date(value, "d MMM")


def weekday(value: date) -> str:
    """``Sun 1 Nov 2026``."""
    return _date(value, "EEE d MMM y")


def month(value: date) -> str:
    """``November 2026``."""
    return _date(value, "MMMM y")


def days(first: date, last: date) -> str:
    """A period, both days included: ``1 – 30 Nov 2026``, ``28 Nov – 3 Dec 2026``, ``1 Nov 2026``."""
    if first == last:
        return day(first)
    if first.year != last.year:
        return f"{day(first)} – {day(last)}"
    if first.month != last.month:
        return f"{short_day(first)} – {day(last)}"
    return f"{first.day} – {day(last)}"


@lru_cache(maxsize=4096)
def _date(value: date, pattern: str) -> str:
    from babel.dates import format_date

    return format_date(value, pattern, locale=_LOCALE)


def instant(value: datetime | None) -> str:
    """``1 Nov 2026, 14:03 UTC``. An instant without a time zone is refused with ValueError."""
    if value is None:
        return UNKNOWN
    if value.tzinfo is None:
        raise ValueError(f"An instant needs a time zone: {value}")
    utc = value.astimezone(UTC)
    return f"{day(utc.date())}, {utc:%H:%M} UTC"


def age(value: datetime, now: datetime) -> str:
    """How long ago: ``just now``, ``4 min ago``, ``3 h ago``, ``12 days ago``."""
    seconds = (now - value).total_seconds()
    if seconds < 60:
        return "just now"
    return f"{duration(timedelta(seconds=seconds))} ago"


def duration(value: timedelta | float | None) -> str:
    """A length of time in its largest fitting unit: ``84 ms``, ``1.2 s``, ``4 min``, ``3 h``, ``12 days``.

    A bare number is seconds.
    """
    if value is None:
        return UNKNOWN
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 0.9995:
        return f"{round(seconds * 1000)}{NARROW_SPACE}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}{NARROW_SPACE}s"
    if seconds < 59.5:
        return f"{round(seconds)}{NARROW_SPACE}s"
    if seconds < 3600:
        return f"{int(seconds // 60) or 1}{NARROW_SPACE}min"
    if seconds < 2 * 86_400:
        return f"{int(seconds // 3600)}{NARROW_SPACE}h"
    return f"{int(seconds // 86_400):,}{NARROW_SPACE}days"


def data_size(size: Number | None) -> str:
    """Bytes in decimal units, as clouds bill them: ``0 B``, ``812 kB``, ``12.4 MB``."""
    if size is None:
        return UNKNOWN
    number = decimal(size)
    if number < 1000:
        return f"{_round(number, 0)}{NARROW_SPACE}B"
    for scale, name in ((Decimal(10) ** 12, "TB"), (Decimal(10) ** 9, "GB"), (Decimal(10) ** 6, "MB")):
        if number >= scale * Decimal("0.9995"):
            return f"{_significant(number / scale)}{NARROW_SPACE}{name}"
    return f"{_significant(number / 1000)}{NARROW_SPACE}kB"


def names(values: Sequence[str], none: str) -> str:
    """``web, app``; `none` where there is nothing to name."""
    return ", ".join(values) if values else none


def counted(number: int, one: str, many: str = "") -> str:
    """A number with what it counts: ``1 charge``, ``12,403 charges``."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def minor_digits(currency: str) -> int:
    """Digits after the point that a currency has (ISO 4217): 2 for most, 0 for the yen, 3 for the dinar."""
    return _MINOR_DIGITS.get(currency, 2)


@lru_cache(maxsize=512)
def currency_prefix(currency: str) -> str:
    """What is written before an amount: ``$``, ``€``, or the code with a space."""
    if currency not in _WITH_SIGN:
        return currency + NARROW_SPACE if currency else ""
    from babel.numbers import get_currency_symbol

    return get_currency_symbol(currency, locale=_LOCALE)


def decimal(value: Number) -> Decimal:
    """The number as a decimal; a float by its shortest text, so that 0.1 stays 0.1."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _round(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_WHOLE)


def _fixed(value: Decimal, digits: int, currency: str = "", *, plus: bool = False) -> str:
    """With so many digits after the point, thousands grouped."""
    number = _round(value, digits)
    return _signed(number, _with_currency(f"{abs(number):,}", currency), plus=plus)


def _short(size: Decimal) -> str:
    """``1,240`` below ten thousand, then ``12.4k``, ``1.24M``. `size` is not negative."""
    if size < _COMPACT_FROM - Decimal("0.5"):
        return f"{_round(size, 0):,}"
    for scale, letter in _SCALES:
        if size >= scale * Decimal("0.9995"):  # 999,950 reads 1.00M, not 1,000k
            return _significant(size / scale) + letter
    raise AssertionError(f"no scale fits {size}")


def _significant(value: Decimal) -> str:
    """Three significant digits of a number from 1 to below 1,000; more only where it outgrows the last scale."""
    for digits, limit in ((2, Decimal("9.995")), (1, Decimal("99.95"))):
        if value < limit:
            return f"{_round(value, digits)}"
    return f"{_round(value, 0):,}"


def _plain(value: Decimal) -> str:
    """Without an exponent and without trailing zeros."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _with_currency(text: str, currency: str) -> str:
    return currency_prefix(currency) + text


def _signed(value: Decimal, text: str, *, plus: bool = False) -> str:
    if value < 0:
        return MINUS + text
    return "+" + text if plus and value > 0 else text
