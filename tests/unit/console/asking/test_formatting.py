"""Numbers and dates as text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.asking import formatting as text
from console.asking.figures import Unit

amounts = st.decimals(min_value=-(10**15), max_value=10**15, places=4, allow_nan=False, allow_infinity=False)


def plain(written: str) -> str:
    """The text with ordinary spaces, as a reader types it."""
    return written.replace(text.NARROW_SPACE, " ")


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (Decimal("1240311.05"), "USD", "$1,240,311.05"),
        (Decimal("-0.005"), "USD", "−$0.01"),
        (Decimal("0"), "EUR", "€0.00"),
        (Decimal("1240.5"), "JPY", "¥1,241"),
        (Decimal("1240.5"), "XOF", "XOF 1,241"),
        (Decimal("1240.5"), "IQD", "IQD 1,240.500"),
        (Decimal("1240.5"), "BRL", "R$1,240.50"),
        (Decimal("12"), "CHF", "CHF 12.00"),
        (Decimal("12345678901234567.89"), "GBP", "£12,345,678,901,234,567.89"),
        (None, "USD", "–"),
    ],
)
def test_money_keeps_every_cent_and_carries_a_true_minus(amount: Decimal | None, currency: str, written: str):
    assert plain(text.money(amount, currency)) == written


@pytest.mark.parametrize(("amount", "written"), [("-1240.5", "−$1,241"), ("-0.4", "$0"), ("0.5", "$1")])
def test_money_without_cents_has_no_sign_where_it_rounds_to_nothing(amount: str, written: str):
    assert text.whole_money(Decimal(amount), "USD") == written


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Decimal("842.1"), "$842.10"),
        (Decimal("1240.49"), "$1,240"),
        (Decimal("9999.50"), "$10.0k"),
        (Decimal("12403"), "$12.4k"),
        (Decimal("999949"), "$1.00M"),
        (Decimal("999499"), "$999k"),
        (Decimal("1240311.05"), "$1.24M"),
        (Decimal("-12403"), "−$12.4k"),
        (Decimal("4.2e12"), "$4.20T"),
        (Decimal("4.2e16"), "$42,000T"),
        (None, "–"),
    ],
)
def test_compact_money_shows_three_digits_and_never_a_thousand_of_a_unit(amount: Decimal | None, written: str):
    assert text.compact(amount, Unit.MONEY, "USD") == written


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (9_876, Unit.COUNT, "9,876"),
        (12_403, Unit.COUNT, "12.4k"),
        (0, Unit.COUNT, "0"),
        (0.0312, Unit.PERCENT, "3.1 %"),
        (Decimal("-0.5"), Unit.PERCENT, "−50.0 %"),
        (2.4, Unit.RATIO, "2.40"),
        (None, Unit.PERCENT, "–"),
    ],
)
def test_each_unit_reads_in_its_own_way(value: float | Decimal | None, unit: Unit, written: str):
    assert plain(text.compact(value, unit)) == written


@pytest.mark.parametrize(
    ("share", "written"), [(0, "0.0 %"), (0.0004, "< 0.1 %"), (-0.0004, "> −0.1 %"), (0.0005, "0.1 %"), (1, "100.0 %")]
)
def test_a_small_share_never_reads_as_nothing(share: float, written: str):
    assert plain(text.percent(share)) == written


@pytest.mark.parametrize(
    ("value", "base", "unit", "written"),
    [
        (Decimal("104.2"), Decimal("100"), Unit.MONEY, "+4.2 %"),
        (90, 100, Unit.COUNT, "−10.0 %"),
        (100, 100, Unit.COUNT, "0.0 %"),
        (-50, -100, Unit.MONEY, "+50.0 %"),
        (0.03, 0.06, Unit.PERCENT, "−3.0 pp"),
        (0.0, 0.0, Unit.PERCENT, "0.0 pp"),
        (5, 0, Unit.COUNT, "–"),
        (None, 3, Unit.COUNT, "–"),
        (3, None, Unit.PERCENT, "–"),
        (2_000, 10, Unit.COUNT, "+19,900 %"),
    ],
)
def test_a_change_is_relative_or_in_percentage_points(value, base, unit: Unit, written: str):
    assert plain(text.change(value, base, unit)) == written


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0, Unit.MONEY, "$0"),
        (250_000, Unit.MONEY, "$250k"),
        (1_500_000, Unit.MONEY, "$1.5M"),
        (2.5, Unit.MONEY, "$2.5"),
        (-20_000, Unit.COUNT, "−20k"),
        (0.2, Unit.PERCENT, "20 %"),
    ],
)
def test_a_tick_is_as_short_as_it_can_be(value: float, unit: Unit, written: str):
    assert plain(text.tick(value, unit, "USD")) == written


@pytest.mark.parametrize(
    ("dollars", "written"),
    [
        (Decimal("0"), "$0"),
        (Decimal("0.000253"), "$0.00025"),
        (Decimal("0.0999"), "$0.10"),
        (Decimal("3.5"), "$3.50"),
        (None, "–"),
    ],
)
def test_the_price_of_a_query_keeps_its_first_digits(dollars: Decimal | None, written: str):
    assert text.price(dollars) == written


@pytest.mark.parametrize(
    ("size", "written"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.00 kB"), (12_431_220, "12.4 MB"), (999_999_999, "1.00 GB"), (None, "–")],
)
def test_bytes_are_decimal(size: int | None, written: str):
    assert plain(text.data_size(size)) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0, "0 ms"),
        (0.0842, "84 ms"),
        (0.9999, "1.0 s"),
        (1.24, "1.2 s"),
        (59.4, "59 s"),
        (59.9, "1 min"),
        (3599, "59 min"),
        (7200, "2 h"),
        (200_000, "2 days"),
        (None, "–"),
    ],
)
def test_a_duration_reads_in_its_largest_fitting_unit(seconds: float | None, written: str):
    assert plain(text.duration(seconds)) == written


# CLDR counts the digits that shops use in cash: these have more in ISO 4217, or are withdrawn
MORE_IN_ISO = {"AFN", "ALL", "COP", "HUF", "IDR", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "SOS", "SYP", "YER"}
WITHDRAWN = {"ADP", "BYR", "ESP", "ITL", "LUF", "MGF", "MRO", "SLL", "STD", "TMM", "TRL", "ZMK", "ZWD"}


def test_minor_digits_are_those_of_iso_4217():
    from babel.core import get_global

    digits = {currency: found[0] for currency, found in get_global("currency_fractions").items()}
    differing = {currency for currency in digits if text.minor_digits(currency) != digits[currency]}
    assert differing == MORE_IN_ISO | WITHDRAWN
    assert text.minor_digits("IQD") == 3
    assert {text.minor_digits(currency) for currency in MORE_IN_ISO - {"IQD"}} == {2}


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        (date(2026, 11, 1), date(2026, 11, 1), "1 Nov 2026"),
        (date(2026, 11, 1), date(2026, 11, 30), "1 – 30 Nov 2026"),
        (date(2026, 11, 28), date(2026, 12, 3), "28 Nov – 3 Dec 2026"),
        (date(2025, 12, 28), date(2026, 1, 3), "28 Dec 2025 – 3 Jan 2026"),
    ],
)
def test_a_period_says_month_and_year_once(first: date, last: date, written: str):
    assert text.days(first, last) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (12_403, "12,403"),
        (Decimal("3.256"), "3.26"),
        (Decimal("0.012345"), "0.0123"),
        (Decimal("-0.5"), "−0.5"),
        (None, "–"),
    ],
)
def test_a_quantity_in_a_sentence_keeps_the_digits_that_matter(value, written: str):
    assert text.number(value) == written


def test_what_is_counted_stands_in_the_right_number():
    assert [text.counted(number, "charge") for number in (0, 1, 12_403)] == ["0 charges", "1 charge", "12,403 charges"]
    assert text.counted(2, "search", "searches") == "2 searches"


def test_dates_and_instants_read_the_same_in_every_locale():
    assert text.month(date(2026, 11, 1)) == "November 2026"
    assert text.day(date(2026, 11, 1)) == "1 Nov 2026"
    assert text.weekday(date(2026, 11, 1)) == "Sun 1 Nov 2026"
    assert text.instant(datetime(2026, 11, 1, 14, 3, tzinfo=UTC)) == "1 Nov 2026, 14:03 UTC"
    assert text.instant(None) == "–"


def test_an_instant_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="needs a time zone"):
        text.instant(datetime(2026, 11, 1, 14, 3))


def test_an_age_is_counted_from_now():
    now = datetime(2026, 11, 1, 14, 3, tzinfo=UTC)
    assert text.age(now - timedelta(seconds=20), now) == "just now"
    assert plain(text.age(now - timedelta(hours=3), now)) == "3 h ago"


@given(amounts)
def test_money_read_back_is_the_amount_rounded_to_cents(amount: Decimal):
    written = text.money(amount, "USD")
    read = Decimal(written.replace("−", "-").replace("$", "").replace(",", ""))
    assert abs(read - amount) <= Decimal("0.005")


@given(amounts)
def test_compact_money_is_never_longer_than_nine_characters(amount: Decimal):
    assert len(text.compact(amount, Unit.MONEY, "USD")) <= 9


def test_the_largest_amount_that_a_bill_can_hold_keeps_its_cents() -> None:
    assert text.money(Decimal("99999999999999999999999999.125"), "USD") == "$99,999,999,999,999,999,999,999,999.13"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(12403, "12,403"), (Decimal("7.000"), "7"), (Decimal("2.750"), "2.75"), (Decimal("0.005"), "0.005"), (None, "–")],
)
def test_units_keep_the_decimals_that_they_have(value: object, shown: str) -> None:
    assert text.units(value) == shown  # type: ignore[arg-type]
