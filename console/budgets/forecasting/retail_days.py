"""Days on which shops are busy or closed: Black Friday to Cyber Monday, Christmas, and public holidays.

Public holidays come from the package ``holidays``; the days around Black Friday are those of the event Cyber Week
(`console.asking.periods`), wherever the shop is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from catalogue.errors import SettingsError
from console.asking.periods import RetailEvent, black_friday, retail_event

DEFAULT_COUNTRY = "US"
CHRISTMAS = range(-1, 2)  # Christmas Eve to the day after


class RetailDay(NamedTuple):
    """A day as it comes again next year: the occasion, and how many days from its main day."""

    name: str
    offset: int = 0


@lru_cache(maxsize=32)
def retail_days(first: date, last: date, country: str = DEFAULT_COUNTRY) -> Mapping[date, RetailDay]:
    """The retail days from `first` to `last`, both included.

    Raises
    ------
    SettingsError
        No public holidays are known for the country.
    """
    import holidays

    years = range(first.year - 1, last.year + 2)
    try:
        public = holidays.country_holidays(country, years=years, observed=False, language="en_US")
    except NotImplementedError as error:
        raise SettingsError(
            f"No public holidays are known for {country!r}", where="country", remedy="Give an ISO 3166 code such as GB."
        ) from error
    found: dict[date, RetailDay] = {day: RetailDay(name) for day, name in public.items()}
    for year in years:
        for offset in CHRISTMAS:
            found[date(year, 12, 25) + timedelta(days=offset)] = RetailDay("Christmas", offset)
        week, friday = retail_event(RetailEvent.CYBER_WEEK, year), black_friday(year)
        for number in range(week.days):
            day = week.start + timedelta(days=number)
            found[day] = RetailDay("Black Friday", (day - friday).days)
    return {day: found[day] for day in sorted(found) if first <= day <= last}
