"""What is asked for: the path and the parameters of a request, bounded (pure)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pipeline.collecting.envelope import Problem
from pipeline.recommend.models.model import FOR_YOU, SURFACES

PATH = "/v1/recommendations"
DEFAULT_ITEMS, MOST_ITEMS = 10, 50
MOST_EXCLUDED = 100
ID_CHARACTERS = 64  # as in the contract of events
CATEGORY_CHARACTERS = 512
KEY_PARAMETER = "key"
PARAMETERS = ("customer_id", "surface", "n", "exclude", "context_item", "category", "region", KEY_PARAMETER)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One request for recommendations.

    Attributes
    ----------
    customer_id : who is recommended to; None for a visitor that nobody knows
    n : the most items that are wanted
    exclude : products that are not wanted, such as those on the page already
    context_item : the product that the page is about
    category : top category that every item must be of
    region : whose best sellers are asked for
    """

    customer_id: str | None = None
    surface: str = FOR_YOU
    n: int = DEFAULT_ITEMS
    exclude: frozenset[str] = frozenset()
    context_item: str | None = None
    category: str | None = None
    region: str | None = None


def is_recommendations(path: str) -> bool:
    """Whether a path, decoded, is one of those that recommendations are asked from."""
    return path == PATH or path.startswith(f"{PATH}/")


def parse(path: str, query: Mapping[str, str]) -> Question:
    """The question of a request. A parameter that is empty counts as not given.

    Parameters
    ----------
    path : decoded; all of it after `PATH` is the customer's id, slashes too

    Raises
    ------
    Problem
        400 for a parameter that is unknown or has a value that cannot be used; says which values can be.
    """
    for name in query:
        if name not in PARAMETERS:
            raise _invalid(f"There is no parameter {name[:40]!r}; there are {', '.join(PARAMETERS)}.")
    given = {name: value for name, value in query.items() if value}
    customer = path.removeprefix(PATH).removeprefix("/") or given.get("customer_id")
    surface = given.get("surface", FOR_YOU)
    if surface not in SURFACES:
        raise _invalid(f"There is no surface {surface[:40]!r}; there are {', '.join(SURFACES)}.")
    exclude = frozenset(filter(None, given.get("exclude", "").split(",")))
    if len(exclude) > MOST_EXCLUDED:
        raise _invalid(f"exclude names {len(exclude)} products; it may name {MOST_EXCLUDED}.")
    category = _text(given, "category", CATEGORY_CHARACTERS)
    return Question(
        customer_id=_bounded("customer_id", customer, ID_CHARACTERS),
        surface=surface,
        n=_number(given.get("n", str(DEFAULT_ITEMS))),
        exclude=exclude,
        context_item=_text(given, "context_item", ID_CHARACTERS),
        category=(category or "").partition("/")[0] or None,
        region=_text(given, "region", ID_CHARACTERS),
    )


def _number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 else 0
    if not 1 <= number <= MOST_ITEMS:
        raise _invalid(f"n is {text[:20]!r}; ask for 1 to {MOST_ITEMS} items.")
    return number


def _text(given: Mapping[str, str], name: str, most: int) -> str | None:
    return _bounded(name, given.get(name), most)


def _bounded(name: str, value: str | None, most: int) -> str | None:
    if value is not None and len(value) > most:
        raise _invalid(f"{name} has {len(value)} characters; it may have {most}.")
    return value


def _invalid(message: str) -> Problem:
    return Problem(400, "invalid_parameter", message)
