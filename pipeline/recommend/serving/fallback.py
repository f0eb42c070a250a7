"""What is served where the surface that was asked for has too little: simpler lists, one after the other.

for you → viewed also viewed → best sellers of a category → best sellers. Each `Step` is worked out only when it is
needed; the answer names the first that gave something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.recommend.customers.histories import VIEWED
from pipeline.recommend.models.model import (
    BEST_SELLERS,
    BOUGHT_TOGETHER,
    EVERYWHERE,
    FOR_YOU,
    TRENDING,
    VIEWED_ALSO_VIEWED,
    DirectoryEntry,
)
from pipeline.recommend.models.model_store import PublishedModel
from pipeline.recommend.serving import reasons
from pipeline.recommend.serving.question import Question
from pipeline.recommend.serving.reasons import Why
from pipeline.recommend.serving.scoring import Scoring, Seed

CATEGORY_BEST_SELLERS = "category_best_sellers"
REGION_BEST_SELLERS = "region_best_sellers"
CANDIDATES = 300  # of a list at most: 50 items, 100 excluded ones, the customer's own, and those of other categories
_LOOKED_AT = 20  # newest products, for one that others go with: they are read in one call
_FOR_EACH = 10  # candidates for each item that is wanted: some are no longer sold, some of too full a category


@dataclass(frozen=True)
class Step:
    """One list.

    Attributes
    ----------
    served : its name
    ranked : places with their scores, best first
    explain : why, by place, of some of them
    """

    served: str
    ranked: Sequence[tuple[int, float]]
    explain: Callable[[Sequence[int]], dict[int, Why]]


def steps(
    question: Question,
    model: PublishedModel,
    seeds: Sequence[Seed],
    context: int | None,
    popular: Sequence[int],
    unwanted: int,
    scoring: Scoring,
) -> Iterator[Step]:
    """The lists for a question, the one that was asked for first.

    Parameters
    ----------
    seeds : of the customer's recent items, newest first
    context : place of the product that the page is about
    popular : places with the highest prior
    unwanted : how many products are not wanted
    """
    surface = question.surface
    most = CANDIDATES if question.category else min(CANDIDATES, _FOR_EACH * question.n + unwanted)
    about = [Seed(context, VIEWED, 1.0)] if context is not None else []
    if surface == FOR_YOU:
        yield _for_you(model, [*about, *(seed for seed in seeds if seed.place != context)], popular, most, scoring)
    if surface == BOUGHT_TOGETHER:
        yield _with_one(model, BOUGHT_TOGETHER, about or seeds, reasons.goes_with, most, scoring)
    if surface in (FOR_YOU, BOUGHT_TOGETHER, VIEWED_ALSO_VIEWED):
        yield _with_one(model, VIEWED_ALSO_VIEWED, about or seeds, reasons.also_viewed, most, scoring)
    if surface == TRENDING:
        for scope in _scopes(question):
            yield _list(model, TRENDING, TRENDING, scope, reasons.TRENDING)
    closest = about or seeds
    category = question.category or (model.directory[closest[0].place].category if closest else "")
    if category and (question.category or surface not in (BEST_SELLERS, TRENDING)):
        why = reasons.popular_in(category)
        yield _list(model, BEST_SELLERS, CATEGORY_BEST_SELLERS, f"category:{category}", why)
    if question.region:
        yield _list(model, BEST_SELLERS, REGION_BEST_SELLERS, f"region:{question.region}", reasons.POPULAR)
    yield _list(model, BEST_SELLERS, BEST_SELLERS, EVERYWHERE, reasons.POPULAR)


def _for_you(model: PublishedModel, seeds: Sequence[Seed], popular: Sequence[int], most: int, scoring: Scoring) -> Step:
    neighbours = model.neighbours(FOR_YOU, [seed.place for seed in seeds]) if seeds else {}
    if not neighbours:
        return _nothing(FOR_YOU)
    products, prior = len(model.directory), model.prior
    scored = scoring.score(seeds, neighbours, prior=prior, popular=popular, products=products, most=most)

    def explain(places: Sequence[int]) -> dict[int, Why]:
        strongest = scored.strongest(places)
        directory = model.directory
        return {place: reasons.because_of(seed.action, directory[seed.place]) for place, seed in strongest.items()}

    return Step(FOR_YOU, scored.ranked, explain)


def _with_one(
    model: PublishedModel,
    surface: str,
    seeds: Sequence[Seed],
    why: Callable[[DirectoryEntry], Why],
    most: int,
    scoring: Scoring,
) -> Step:
    """What goes with the first of the newest seeds that has neighbours."""
    newest = seeds[:_LOOKED_AT]
    neighbours = model.neighbours(surface, [seed.place for seed in newest]) if newest else {}
    found = next((seed for seed in newest if seed.place in neighbours), None)
    if found is None:
        return _nothing(surface)
    scored = scoring.score([found._replace(weight=1.0)], neighbours, products=len(model.directory), most=most)
    return Step(surface, scored.ranked, _same(why(model.directory[found.place])))


def _list(model: PublishedModel, surface: str, served: str, scope: str, why: Why) -> Step:
    found = model.ranked(surface, scope)
    ranked = list(zip(found.places, found.scores, strict=True))[:CANDIDATES] if found else []
    return Step(served, ranked, _same(why))


def _nothing(served: str) -> Step:
    return Step(served, (), lambda _: {})


def _same(why: Why) -> Callable[[Sequence[int]], dict[int, Why]]:
    """The same reason for every place."""
    return lambda places: dict.fromkeys(places, why)


def _scopes(question: Question) -> Iterator[str]:
    if question.category:
        yield f"category:{question.category}"
    if question.region:
        yield f"region:{question.region}"
    yield EVERYWHERE
