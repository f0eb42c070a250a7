"""What every query is asked: for each parameter the values that engines tend to disagree on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from catalogue.queries import Query
from catalogue.query_file import Parameter
from tests.engines.lakes import HOSTILE, EngineLake
from tests.engines.names import SAMPLE

DAY = timedelta(days=1)
# where the real values of a list stand; a list that is not named here is asked for hostile texts only
COLUMNS = {
    "channels": ("daily_sales", "channel"),
    "categories": ("daily_sales", "category"),
    "regions": ("daily_sales", "region"),
    "currencies": ("daily_spend", "billing_currency"),
    "services": ("daily_spend", "service_name"),
    "service_categories": ("daily_spend", "service_category"),
    "accounts": ("daily_spend", "sub_account_id"),
    "cloud_regions": ("daily_spend", "region_id"),
    "usage_types": ("daily_spend", "usage_type"),
    "charges": ("daily_spend", "charge_category"),
    "providers": ("daily_spend", "provider_name"),
    "pricing": ("daily_spend", "pricing_category"),
    "resources": ("daily_spend_resources", "resource_id"),
    "tag_values": ("daily_spend_tags", "tag_value"),
    "surfaces": ("daily_recommended_products", "surface"),
}
# rows that most questions are about: a value that is asked for alone stands in one of them
PREFERRED = {
    "daily_sales": "currency = 'USD' and net_revenue > 0",
    "daily_spend": "charge_category = 'Usage'",
    "daily_spend_resources": "true",
    "daily_spend_tags": "charge_category = 'Usage'",
    "daily_recommended_products": "clicks > 0",
}
APART = ("resources", "tag_values", "surfaces")  # stand in other rows than the rest
# words that a query compares a parameter with, by its name, or that of the query and its own
WORDS = {
    "basis": ("effective", "billed", "list", "contracted", "it's"),
    "dimension": (
        "service", "service_category", "account", "cloud_region", "usage_type", "charge", "pricing", "provider",
        "resource", "tag", "it's",
    ),
    "reporting_currency": ("USD", "EUR", "it's"),
    "currency": ("USD", "EUR", "it's"),
    "tag_key": ("component", "'; drop table orders; --"),
    "tag_value": ("console", *HOSTILE[:4]),
    "by_tag": ("component", "back\\slash"),
    "second_from": ("8000", "g", "it's"),
    "customer_id": ("c1", "it's"),
    "recommendations/customer_actions visitor_id": ("c1", "it's"),
    "recommendations/session_actions visitor_id": ("s1", "it's"),
}  # fmt: skip
NUMBERS = (10, 0, 1, 2**63 - 1)
# where a query has nothing to say, by a part of ``lake, edge``
NOTHING_TO_SAY = {
    "lake/quarantine_by_reason": ("row filter",),  # whose region a refused record is of is unknown
    "unit_costs/customers_estimated": ("row filter",),  # registers are of all regions together
    # the sample has ids of its own; not everyone is there on each of the other days; customers have no region
    "recommendations/customer": ("sample", "row filter"),
    "recommendations/customer_actions": ("sample", "last day"),
    "recommendations/session_actions": ("sample", "last day", "the day"),
    # all in USD
    "sales/other_currencies": ("sample", "first day", "last day", "the day of the clock change", "one value"),
}
WITHOUT_DAYS = ("no day", "far future")
REGIONS: tuple[tuple[str, ...], ...] = (("North", "O'Higgins"), ("it's", "back\\slash"), ())


@dataclass(frozen=True)
class Edge:
    """One way to ask a query: its name, the values, and the regions that the viewer may see (None: all).

    `may_be_empty` : the answer may hold nothing; that of any other edge holds something, or there is nothing to compare
    """

    name: str
    values: dict[str, Any]
    regions: tuple[str, ...] | None = None
    may_be_empty: bool = False


def edges(query: Query, lake: EngineLake, known: dict[str, list[str]]) -> Iterator[Edge]:
    """Every edge of a query on a lake.

    Parameters
    ----------
    known : values that the lake holds, by the name of a list parameter; the first ones of a table stand in one row
    """
    nothing = NOTHING_TO_SAY.get(query.name, ())
    for edge in _edges(query, lake, known):
        silent = any(part in f"{lake.name}, {edge.name}" for part in nothing)
        yield replace(edge, may_be_empty=edge.may_be_empty or silent)


def _edges(query: Query, lake: EngineLake, known: dict[str, list[str]]) -> Iterator[Edge]:
    plain = _plain(query, lake)
    yield Edge("all days", plain)
    if lake.name == SAMPLE:
        yield Edge("row filter: US East, US West", plain, ("US East", "US West"))
        return
    yield from _dates(query, plain, lake)
    yield from _instants(query, plain, lake)
    if lake.name != "berlin":
        return
    for regions in REGIONS:
        named = f"row filter: {', '.join(regions) or 'none'}"
        yield Edge(named, plain, regions, may_be_empty=regions is not REGIONS[0])
    yield from _lists(query, plain, known)
    for name, parameter in query.parameters.items():
        for value in _singles(query, parameter):
            if value != plain[name]:
                may_be_empty = value in HOSTILE or parameter.type == "int"
                yield Edge(f"{name}: {value}", plain | {name: value}, may_be_empty=may_be_empty)


def _plain(query: Query, lake: EngineLake) -> dict[str, Any]:
    """All days, nothing restricted."""
    first, _, last = lake.days
    length = last - first
    known: dict[str, Any] = {
        "start_date": first,
        "end_date": last,
        "outcome_end": last + 7 * DAY,
        "before_start": first - length,
        "before_end": first,
        "start_at": datetime.combine(first, time(), ZoneInfo(lake.lake.settings.reporting_time_zone)),
        "end_at": datetime.combine(last, time(), ZoneInfo(lake.lake.settings.reporting_time_zone)),
        "reporting_currency": lake.lake.settings.reporting_currency,
        "reporting_time_zone": lake.lake.settings.reporting_time_zone,
        "minimum_orders": 1,
    }
    return {
        name: known.get(name, [] if parameter.is_list else (*_singles(query, parameter), None)[0])
        for name, parameter in query.parameters.items()
    }


def _singles(query: Query, parameter: Parameter) -> Sequence[Any]:
    """What a parameter that takes one value is given; the first is its plain value."""
    if parameter.is_list or parameter.type in ("date", "timestamp") or parameter.name == "reporting_time_zone":
        return ()
    words = WORDS.get(f"{query.name} {parameter.name}") or WORDS.get(parameter.name, HOSTILE[:4])
    by_type: dict[str, Sequence[Any]] = {
        "int": NUMBERS,
        "bool": (True, False),
        "decimal": (Decimal(1), Decimal(0), Decimal("-0.0001"), Decimal("9" * 34 + ".9999")),
        "str": words,
    }
    return (*((None,) if parameter.nullable else ()), *by_type[parameter.type])


def _dates(query: Query, plain: dict[str, Any], lake: EngineLake) -> Iterator[Edge]:
    """Ranges of days: around the clock change, at both ends of the data, empty, and far away."""
    if "start_date" not in query.parameters:
        return
    first, change, last = lake.days
    ranges: dict[str, tuple[date, date]] = {
        "the day of the clock change": (change, change + DAY),
        "the day before it and the day after": (change - DAY, change + 2 * DAY),
        "first day": (first, first + DAY),
        "last day": (last - DAY, last),
        "a whole month": (change.replace(day=1), _next_month(change)),
        "the day on both sides of a month's end": (_next_month(change) - DAY, _next_month(change) + DAY),
        "every day there is": (date.min, date.max),
        "no day": (change, change),
        "far future": (date(2999, 12, 31), date(3000, 1, 1)),
    }
    for number, (name, (start, end)) in enumerate(ranges.items()):
        if lake.name != "berlin" and number > 2:
            return  # what follows does not depend on the zone
        moved = {"start_date": start, "end_date": end}
        if "outcome_end" in query.parameters:
            moved["outcome_end"] = min(end, date.max - 7 * DAY) + 7 * DAY
        if "before_start" in query.parameters:
            moved |= {"before_start": change - 2 * DAY, "before_end": change}
        yield Edge(name, plain | moved, may_be_empty=name in WITHOUT_DAYS)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + 4 * DAY).replace(day=1)


def _instants(query: Query, plain: dict[str, Any], lake: EngineLake) -> Iterator[Edge]:
    """Instants at the hours that a clock skips or repeats, and between two lines of one order."""
    if "start_at" not in query.parameters:
        return
    _, change, _ = lake.days
    zone = ZoneInfo(lake.lake.settings.reporting_time_zone)
    midnight = datetime.combine(change, time(), zone).astimezone(UTC)
    for name, start, length in (
        ("the hour of the clock change", datetime.combine(change, time(1), zone).astimezone(UTC), timedelta(hours=2)),
        # an order stands at midnight and two and three microseconds
        ("from midnight and three microseconds", midnight + timedelta(microseconds=3), timedelta(hours=1)),
        ("midnight and three microseconds", midnight, timedelta(microseconds=3)),
    ):
        yield Edge(name, plain | {"start_at": start, "end_at": start + length})


def _lists(query: Query, plain: dict[str, Any], known: dict[str, list[str]]) -> Iterator[Edge]:
    """Lists with one value that occurs, and with all that occur and texts that look like SQL."""
    lists = [name for name, parameter in query.parameters.items() if parameter.is_list]
    if not lists:
        return
    together = {name: known[name][:1] for name in lists if known.get(name) and name not in APART}
    yield Edge("every list: one value", plain | together)
    for name in lists:
        if name in APART and known.get(name):
            yield Edge(f"{name}: one value", plain | {name: known[name][:1]})
    yield Edge(
        "every list: all values, and hostile ones", plain | {n: [*known.get(n, [])[:40], *HOSTILE, ""] for n in lists}
    )
