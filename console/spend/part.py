"""The part of the bill that a reader chose, how it is grouped, and which table answers that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalogue.binding import Value
from console.asking.periods import Period
from console.asking.scope import Question, Scope

NONE = "(none)"  # a charge without a value in the dimension
UNTAGGED = "(untagged)"
TAG = "tag"
RESOURCE = "resource"
_TAG_PREFIX = f"{TAG}:"
_PLAIN = re.compile(r"^[A-Za-z0-9_. -]+$")  # what JSON writes as it is: charges without it need no parsing


@dataclass(frozen=True)
class Dimension:
    """Something the bill can be grouped and narrowed by.

    Attributes
    ----------
    name : as in the URL and in the queries
    parameter : the list of its values in a query
    title, plural : as printed
    then : what is looked at next inside one of its values
    """

    name: str
    parameter: str
    title: str
    plural: str
    then: str


DIMENSIONS: Mapping[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension("service", "services", "Service", "services", "usage_type"),
        Dimension("service_category", "service_categories", "Service category", "service categories", "service"),
        Dimension("account", "accounts", "Account", "accounts", "service"),
        Dimension("cloud_region", "cloud_regions", "Region", "regions", "service"),
        Dimension("usage_type", "usage_types", "Usage type", "usage types", RESOURCE),
        Dimension(RESOURCE, "resources", "Resource", "resources", "usage_type"),
        Dimension("charge", "charges", "Charge category", "charge categories", "service"),
        Dimension("pricing", "pricing", "Pricing", "pricing categories", "service"),
        Dimension("provider", "providers", "Provider", "providers", "service"),
    )
}

# the filters that each mart can answer; everything else is asked of the single charges
_BY_TAG = frozenset({"service", "account", "charge"})
_BY_RESOURCE = frozenset({"service", "service_category", "account", "cloud_region", "usage_type", "provider"})


@dataclass(frozen=True)
class BillPart:
    """A part of the bill, in one currency.

    Attributes
    ----------
    currency : the billing currency; empty for all of them, in separate rows
    narrowed : dimension → its values; a dimension that is not there is not narrowed
    tag : (key, value) that charges must carry; None for any
    """

    currency: str
    narrowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tag: tuple[str, str] | None = None

    @property
    def needs_charges(self) -> bool:
        """Whether only the single charges can answer: no mart has tags or resources together with all the rest."""
        return self.tag is not None or bool(self.narrowed.get(RESOURCE))

    def values(self) -> dict[str, Value | tuple[str, ...]]:
        """All of it as values of query parameters."""
        given: dict[str, Value | tuple[str, ...]] = {"currencies": (self.currency,) if self.currency else ()}
        given |= {DIMENSIONS[name].parameter: values for name, values in self.narrowed.items()}
        if self.tag is not None:
            key, value = self.tag
            given |= {"tag_key": key, "tag_values": (value,)}
            if _PLAIN.match(value):
                given["tag_text"] = value
        return given


def tag_key(by: str) -> str | None:
    """The key in a grouping such as ``tag:component``; None for any other grouping."""
    return by.removeprefix(_TAG_PREFIX) if by.startswith(_TAG_PREFIX) else None


def by_tag(key: str) -> str:
    """The grouping by a tag's values."""
    return f"{_TAG_PREFIX}{key}"


def title(by: str) -> str:
    """A grouping as printed: ``Service``, or ``Tag component``."""
    key = tag_key(by)
    return DIMENSIONS[by].title if key is None else f"Tag {key}"


def question(scope: Scope, query: str, period: Period, part: BillPart, **more: Value | tuple[str, ...]) -> Question:
    """A question about a period and a part of the bill; narrowings that the query does not take are left out."""
    known = scope.catalogue[query].parameters
    taken = {name: value for name, value in part.values().items() if name in known}
    return Question(query, {"start_date": period.start, "end_date": period.end, **taken, **more})


def of_part(name: str, part: BillPart) -> str:
    """The query called `name` on the mart where that can answer, else on the charges."""
    return f"spend/charges/{name}" if part.needs_charges else f"spend/{name}"


def grouped(by: str, part: BillPart) -> tuple[str, str, dict[str, Value | tuple[str, ...]]]:
    """How to ask for a grouping: (query by value, query by value and day, their values)."""
    key = tag_key(by)
    narrowings = {name for name, values in part.narrowed.items() if values}
    given: dict[str, Value | tuple[str, ...]] = {"dimension": by}
    query = of_part("by_dimension", part)
    if key is not None:
        if not part.needs_charges and narrowings <= _BY_TAG:
            query, given = "spend/by_tag", {"tag_key": key}
        else:
            query, given = "spend/charges/by_dimension", {"dimension": TAG, "by_tag": key}
    elif by == RESOURCE:
        if not part.needs_charges and narrowings <= _BY_RESOURCE:
            query, given = "spend/by_resource", {}
        else:
            query = "spend/charges/by_dimension"
    return query, f"{query}_and_day", given
