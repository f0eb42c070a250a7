"""What is recommended to one customer or session now, and why. Knows nothing of how it is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from catalogue.errors import BindingError
from console.asking.contents import Contents
from console.asking.engines import Result
from console.asking.scope import Scope
from console.recommendations.source import (
    Answered,
    CatalogueProduct,
    ModelRecord,
    PastAction,
    RecommendationSource,
)

SURFACES: Mapping[str, str] = {
    "for_you": "For you",
    "bought_together": "Bought together",
    "viewed_also_viewed": "Viewed, also viewed",
    "best_sellers": "Best sellers",
    "trending": "Trending",
}
LISTS: Mapping[str, str] = {
    **SURFACES,
    "category_best_sellers": "Best sellers of the category",
    "region_best_sellers": "Best sellers of the region",
    "holdout": "Nothing: held out",
    "none": "Nothing",
}
"""What a list is called, by the name that an answer gives it."""

ID_CHARACTERS = 64  # as in the contract of events
ITEMS, MOST_ITEMS = 10, 50
RECENT_DAYS = 7  # in which customers were here last, and what one did in some regions: what a page view may scan
SESSION_DAYS = 2  # in which a session is looked for: the sessions of each day are read


@dataclass(frozen=True)
class Asked:
    """Who is asked about: a customer, a session, or, with neither, anybody.

    Attributes
    ----------
    product : id of the product that the shop's page is about; empty for none
    """

    customer: str = ""
    session: str = ""
    product: str = ""


@dataclass(frozen=True)
class RecentCustomer:
    """A customer who was here lately."""

    customer_id: str
    last_seen: datetime
    views: int
    purchases: int


@dataclass(frozen=True)
class Person:
    """What the lake knows of a customer; the amount in the reporting currency."""

    first_seen: datetime
    last_seen: datetime
    orders: int
    net_revenue: Decimal


@dataclass(frozen=True)
class Who:
    """What the lake says of who is asked about.

    Attributes
    ----------
    person : None for somebody whom the lake does not know, and for a reader of some regions: it is of all of them
    regions : those that the reader may see; None for all
    actions : newest first, what was done in the session asked about, or by the customer in these regions; nothing for a
        customer where the reader sees all regions: the history says it
    """

    asked: Asked
    person: Person | None = None
    regions: Sequence[str] | None = None
    actions: Sequence[PastAction] = ()
    results: Sequence[Result] = ()

    @property
    def is_hidden(self) -> bool:
        """Whether it is a customer who did nothing in the regions that the reader may see."""
        return bool(self.asked.customer) and self.regions is not None and not self.actions

    @property
    def bounds(self) -> str:
        """Which actions alone count, in a sentence; empty where all do, and where there are none."""
        if self.regions is None or not self.actions:
            return ""
        days = SESSION_DAYS if self.asked.session else RECENT_DAYS
        return (
            f"You see {', '.join(self.regions)}: only what was done there in the last {days} days of the lake counts."
            " The shop’s own answers count all."
        )


@dataclass(frozen=True)
class Shown:
    """What each surface would show now.

    Attributes
    ----------
    history : what the answers are made from, newest first
    answers : in the order of `SURFACES`
    seeds : products that others are recommended because of, the one with most first
    newest : the newest model, where none is in use; None without any
    """

    asked: Asked
    answers: Sequence[Answered]
    history: Sequence[PastAction] = ()
    has_opted_out: bool = False
    seeds: Sequence[str] = ()
    newest: ModelRecord | None = None

    @property
    def has_model(self) -> bool:
        """Whether there is a model to answer from."""
        return any(answer.model for answer in self.answers)

    @property
    def is_known(self) -> bool:
        """Whether anything is known of who is asked about."""
        return bool(self.history)

    @property
    def experiments(self) -> Sequence[tuple[str, str]]:
        """(experiment, variant) of each experiment that an answer is part of."""
        return list(dict.fromkeys((one.experiment, one.variant) for one in self.answers if one.experiment))


def checked(asked: Asked) -> Asked:
    """The same without blanks around; raises BindingError where an id is too long to be one."""
    stripped = Asked(asked.customer.strip(), asked.session.strip(), asked.product.strip())
    for name, value in (("customer", stripped.customer), ("session", stripped.session), ("product", stripped.product)):
        if len(value) > ID_CHARACTERS:
            raise BindingError(
                f"The id of the {name} has {len(value)} characters",
                where=name,
                remedy=f"An id has at most {ID_CHARACTERS}.",
            )
    return stripped if not stripped.customer else replace(stripped, session="")


def recent_customers(scope: Scope, contents: Contents) -> tuple[list[RecentCustomer], Result]:
    """The customers who were here last, the newest first."""
    start, end = _days(scope, contents, RECENT_DAYS)
    result = scope.ask("recommendations/recent_customers", start_date=start, end_date=end)
    found = [
        RecentCustomer(row["customer_id"], _utc(row["last_seen"]), row["views"], row["purchases"])
        for row in result.rows()
    ]
    return found, result


def who(scope: Scope, contents: Contents, asked: Asked) -> Who:
    """What the lake knows of who is asked about."""
    if not (asked.customer or asked.session):
        return Who(asked)
    regions = scope.row_filter.regions
    if asked.session or regions is not None:  # neither customers nor histories have a region: events do
        query, visitor, days = "customer_actions", asked.customer, RECENT_DAYS
        if asked.session:
            query, visitor, days = "session_actions", asked.session, SESSION_DAYS
        start, end = _days(scope, contents, days)
        result = scope.ask(f"recommendations/{query}", visitor_id=visitor, start_date=start, end_date=end)
        return Who(asked, regions=regions, actions=[_action(row) for row in result.rows()], results=[result])
    result = scope.ask("recommendations/customer", customer_id=asked.customer)
    person = None
    for row in result.rows():
        person = Person(_utc(row["first_seen"]), _utc(row["last_seen"]), row["orders"], row["net_revenue"])
    return Who(asked, person, results=[result])


def shown(source: RecommendationSource, found: Who, *, n: int = ITEMS, surfaces: Sequence[str] = ()) -> Shown:
    """What each surface would show now; a reader of some regions gets it from what was done in these alone.

    Raises
    ------
    SourceError
        The models, or who refuses, cannot be read.
    """
    asked = found.asked
    customer = asked.customer if asked.customer and not found.is_hidden else None
    has_opted_out = customer is not None and source.has_opted_out(customer)
    actions = () if has_opted_out else found.actions
    if found.regions is not None:  # the source's histories are of all regions
        customer = None
    history = source.history(customer) if customer is not None and not has_opted_out else actions
    answers = source.answers(customer, list(surfaces or SURFACES), recent=actions, context_item=asked.product, n=n)
    has_model = any(answer.model for answer in answers)
    return Shown(
        asked,
        answers,
        history,
        has_opted_out,
        seeds_of(answers),
        None if has_model else next(iter(source.models()), None),
    )


def seeds_of(answers: Iterable[Answered]) -> list[str]:
    """The products that others are recommended because of, the one that most are because of first."""
    counts = Counter(item.because_of for answer in answers for item in answer.items if item.because_of)
    return [product for product, _ in counts.most_common()]


def product_of(catalogue: Sequence[CatalogueProduct], text: str) -> CatalogueProduct | None:
    """The product with this id, or else with this name, or whose name begins so or has it; None where there is none."""
    wanted = text.strip()
    folded = wanted.casefold()
    if not wanted:
        return None
    ways: tuple[Callable[[CatalogueProduct], bool], ...] = (
        lambda product: product.product_id == wanted,
        lambda product: product.name.casefold() == folded,
        lambda product: product.name.casefold().startswith(folded),
        lambda product: folded in product.name.casefold(),
    )
    return next((product for matches in ways for product in catalogue if matches(product)), None)


def with_product(asked: Asked, source: RecommendationSource) -> Asked:
    """The same with the id of the product that its text names; raises BindingError where the model knows none."""
    product = product_of(source.catalogue(), asked.product)
    if product is None:
        raise BindingError(
            f"The model in use knows no product {asked.product!r}",
            where="product",
            remedy="Give its id, or a part of its name.",
        )
    return replace(asked, product=product.product_id)


def _days(scope: Scope, contents: Contents, number: int) -> tuple[date, date]:
    """The newest days of the lake: the first one, and the day after the last one."""
    last = contents.last_day or scope.today
    return last - timedelta(days=number - 1), last + timedelta(days=1)


def _action(row: Mapping[str, object]) -> PastAction:
    at = row["occurred_at"]
    assert isinstance(at, datetime)  # noqa: S101 - the query's column
    return PastAction(
        str(row["product_id"]),
        str(row["product_name"] or ""),
        str(row["category"] or ""),
        str(row["event_type"]),
        _utc(at),
    )


def _utc(instant: datetime) -> datetime:
    """The lake's instants come without a time zone, and are UTC."""
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
