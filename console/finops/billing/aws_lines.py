"""AWS's names in the terms of FOCUS: kinds of charge lines, service names and categories."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

PROVIDER = "AWS"
_SERVICES = Path(__file__).with_name("aws_services.toml")


class LineKind(NamedTuple):
    """A kind of line in FOCUS's words; None where FOCUS has none.

    Attributes
    ----------
    category : ``Usage``, ``Purchase``, ``Tax``, ``Credit`` or ``Adjustment``
    pricing : ``Standard``, ``Committed``, ``Dynamic`` or None
    commitment : ``Used`` for usage that a commitment covers, ``Unused`` for what it left, else None
    """

    category: str
    pricing: str | None = None
    commitment: str | None = None


# lineItem/LineItemType of CUR, and what Cost Explorer calls RECORD_TYPE, as small letters without anything between
LINES = {
    "usage": LineKind("Usage", "Standard"),
    "discountedusage": LineKind("Usage", "Committed", "Used"),
    "savingsplancoveredusage": LineKind("Usage", "Committed", "Used"),
    "savingsplannegation": LineKind("Usage", "Committed"),
    "bundleddiscount": LineKind("Usage"),
    "discount": LineKind("Usage"),
    "edpdiscount": LineKind("Usage"),
    "enterprisediscountprogramdiscount": LineKind("Usage"),
    "privateratediscount": LineKind("Usage"),
    "privateratecarddiscount": LineKind("Usage"),
    "solutionproviderprogramdiscount": LineKind("Usage"),
    "fee": LineKind("Purchase"),
    "otheroutofcyclecharges": LineKind("Purchase"),
    "support": LineKind("Purchase"),
    "upfront": LineKind("Purchase", "Committed"),
    "recurring": LineKind("Purchase", "Committed", "Unused"),
    "rifee": LineKind("Purchase", "Committed", "Unused"),
    "savingsplanrecurringfee": LineKind("Purchase", "Committed", "Unused"),
    "savingsplanupfrontfee": LineKind("Purchase", "Committed"),
    "tax": LineKind("Tax"),
    "credit": LineKind("Credit"),
    "refund": LineKind("Adjustment"),
}


def line(kind: str | None) -> LineKind:
    """A kind of line; one that is not known is usage, so that nothing is left out."""
    return LINES.get(re.sub(r"[^a-z]", "", (kind or "").lower()), LineKind("Usage"))


def service_name(code: str | None) -> str | None:
    """The name of a product code; the code itself where it is not known, as marketplace products are not."""
    return _services()[0].get(code or "", code)


def category(service: str | None) -> str | None:
    """The FOCUS category of a service's name or product code; None where it is not known."""
    return _services()[1].get(service or "")


@lru_cache(maxsize=1)
def _services() -> tuple[dict[str, str], dict[str, str]]:
    content = tomllib.loads(_SERVICES.read_text(encoding="utf-8"))
    names = {code: name for code, (name, _) in content["services"].items()}
    categories = dict(content["services"].values())
    categories |= {code: kind for code, (_, kind) in content["services"].items()} | content["also"]
    return names, categories
