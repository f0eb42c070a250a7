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
from console.asking.scope import Question, Scope
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
RECENT_DAYS = 7  # in which customers were here last: what a page view may scan
SESSION_DAYS = 2  # in which a session is looked for: the sessions of each day are read
VISIBLE_DAYS = 28  # in which a customer was in a region that the reader may see


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
    is_hidden : whether it is somebody of regions that the reader may not see
    session : what was done in the session asked about, newest first
    """

    asked: Asked
    person: Person | None = None
    is_hidden: bool = False
    session: Sequence[PastAction] = ()
    results: Sequence[Result] = ()


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
    if asked.session:
        start, end = _days(scope, contents, SESSION_DAYS)
        result = scope.ask("recommendations/session_actions", session_id=asked.session, start_date=start, end_date=end)
        return Who(asked, session=[_action(row) for row in result.rows()], results=[result])
    if not asked.customer:
        return Who(asked)
    questions = [Question("recommendations/customer", {"customer_id": asked.customer})]
    is_restricted = scope.row_filter.regions is not None
    if is_restricted:  # customers have no region: who was not seen in the reader's own stays unknown
        start, end = _days(scope, contents, VISIBLE_DAYS)
        questions.append(
            Question(
                "recommendations/customer_seen",
                {"customer_id": asked.customer, "start_date": start, "end_date": end},
            )
        )
    results = scope.ask_all(questions)
    rows = results[0].rows()
    if is_restricted and results[1].rows()[0]["last_day"] is None:
        return Who(asked, is_hidden=True, results=results)
    person = None
    if rows:
        row = rows[0]
        person = Person(_utc(row["first_seen"]), _utc(row["last_seen"]), row["orders"], row["net_revenue"])
    return Who(asked, person, results=results)


def shown(source: RecommendationSource, found: Who, *, n: int = ITEMS, surfaces: Sequence[str] = ()) -> Shown:
    """What each surface would show now; nobody's history is read for a reader who may not see it.

    Raises
    ------
    SourceError
        The models, or who refuses, cannot be read.
    """
    asked = found.asked
    customer = asked.customer if asked.customer and not found.is_hidden else None
    has_opted_out = customer is not None and source.has_opted_out(customer)
    history = source.history(customer) if customer is not None and not has_opted_out else found.session
    answers = source.answers(
        customer, list(surfaces or SURFACES), recent=found.session, context_item=asked.product, n=n
    )
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
