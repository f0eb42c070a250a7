"""From a shop's data to a model: is there enough, what blend is best, is it better than popularity.

A model becomes current where it beats popularity on the newest days beyond chance, and is not worse beyond chance than
the blend in use, learnt from the same days. Else it is kept aside, and its card says why. Where there is too little, or
nothing better than popularity yet, the lists for everybody are published: they are right from the first sale.

A model holds no customer. Who is erased from the lake is in no later one.
"""

from __future__ import annotations

import hashlib
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.recommend.customers.histories import HISTORY_ITEMS
from pipeline.recommend.evaluation.served import in_answers
from pipeline.recommend.learning import measuring
from pipeline.recommend.learning.drift import unknown_share
from pipeline.recommend.learning.lists import categories_with_lists, has_sales, ranked_lists, regions_with_lists
from pipeline.recommend.learning.measuring import MEASURE, Newest
from pipeline.recommend.learning.readiness import needs
from pipeline.recommend.learning.reading import MOST_INTERACTIONS, ShopData
from pipeline.recommend.learning.together import bought_together, viewed_together
from pipeline.recommend.methods.blend import Blend, Shares
from pipeline.recommend.methods.item_to_item import cut, neighbours_of
from pipeline.recommend.methods.popularity import Popularity, RecentPopularity
from pipeline.recommend.models.model import (
    BOUGHT_TOGETHER,
    FOR_YOU,
    VIEWED_ALSO_VIEWED,
    DirectoryEntry,
    Measure,
    Model,
    ModelCard,
    Neighbours,
)

FOR_YOU_NEIGHBOURS = 100  # of each product: learnt again for these, a regression loses a hundredth of its nDCG
OTHER_NEIGHBOURS = 100  # twice the longest answer: only one product's are shown
ALL_NEIGHBOURS = 16_000_000  # 160,000 products with 100; more products have fewer each, for a table of some 60 MB
EASE_PRODUCTS = 8_000  # the regression is learnt three times; each takes eight seconds of one core, and 0.5 GB
AVAILABLE_DAYS = 60  # a product that nobody has even viewed for so long is no longer sold

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Trained:
    """What a training made.

    Attributes
    ----------
    model : to publish
    aside : a model that is not good enough, to be kept beside it; or, with no model to publish, alone
    """

    model: Model | None
    aside: Model | None = None


def train(
    data: ShopData, *, seed: int, now: datetime, in_use: InUse | None = None, progress: Progress | None = None
) -> Trained:
    """Learn a model; the same for the same data, seed and `now`.

    Parameters
    ----------
    in_use : the model that is current
    """
    return _Training(data, seed, now, in_use, progress or (lambda _step, _share: None)).result()


class InUse(Protocol):
    """What a training asks of the model that is current (`pipeline.recommend.models.model_store.PublishedModel`)."""

    @property
    def card(self) -> ModelCard: ...

    def place_of(self, product_id: str) -> int | None:
        """The place of a product; None where the model does not know it."""
        ...


class _Training:
    def __init__(self, data: ShopData, seed: int, now: datetime, in_use: InUse | None, progress: Progress) -> None:
        self.data, self.seed, self.now, self.report = data, seed, now, progress
        self.in_use = in_use.card if in_use is not None else None
        knows = (lambda product: in_use.place_of(product) is not None) if in_use is not None else None
        self.unknown_share = unknown_share(data, knows) if knows is not None else None
        self.needs = needs(data)
        self.coverage: float | None = None
        self.begun = time.monotonic()
        count = len(data.names)
        self.blend = Blend(
            history_items=HISTORY_ITEMS,
            ease_products=EASE_PRODUCTS,
            neighbours=min(FOR_YOU_NEIGHBOURS, max(1, ALL_NEIGHBOURS // max(count, 1))),
        )
        self.available: NDArray[np.bool_] = (data.seen == 0) | (data.seen >= data.end_day - AVAILABLE_DAYS)
        self.gaps = list(_gaps(data, self.blend))

    def result(self) -> Trained:
        lacking = [need for need in self.needs if not need.is_met]
        if lacking:
            reason = f"There is too little to learn from: {'; '.join(map(str, lacking))}."
            if self.in_use is not None and self.in_use.method == Blend.name:
                return Trained(None, aside=self._lists_alone(f"Not in use: {reason}", ()))
            return Trained(self._lists_alone(f"{reason} Only lists are published.", ()))
        shares = self._chosen()
        measures, refused = self._judged(shares)
        self.report("Learning from all days", 0.7)
        gaps = [f"Not in use: {refused}"] if refused else []
        model = self._whole(shares, measures, gaps)
        if refused is None:
            return Trained(model)
        if self.in_use is not None and self.in_use.method == Blend.name:
            return Trained(None, aside=model)
        return Trained(self._lists_alone(f"Only lists are published: {refused}", measures), aside=model)

    def _chosen(self) -> Shares:
        """The shares that are best on the days before those that the model is judged on."""
        self.report("Choosing the shares of the blend", 0.05)
        interactions, days = self.data.interactions, measuring.held_days(self.data.interactions)
        most = min(measuring.MOST_CUSTOMERS, max(1, measuring.MOST_SCORES // len(self.data.names)))
        newest = measuring.newest_days(interactions, days=days, before=days, most=most, seed=self.seed)
        parts = self.blend.learn(newest.split.training, seed=self.seed)
        self.report("Choosing the shares of the blend", 0.25)
        return measuring.best_shares(parts, newest, self.blend.shares)

    def _judged(self, shares: Shares) -> tuple[tuple[Measure, ...], str | None]:
        """Measures on the newest days, and why the blend is not good enough; None where it is."""
        self.report("Measuring on the newest days", 0.35)
        interactions, days = self.data.interactions, measuring.held_days(self.data.interactions)
        newest = measuring.newest_days(interactions, days=days, most=measuring.MOST_CUSTOMERS, seed=self.seed)
        before = _blend_of(self.in_use, self.blend) if self.in_use is not None else None
        is_alike = before is not None and replace(before, shares=self.blend.shares) == self.blend
        both = before.shares if before is not None and is_alike else shares
        needed = Shares(*(max(pair) for pair in zip(astuple(shares), astuple(both), strict=True)))
        parts = self.blend.learn(newest.split.training, seed=self.seed, only=needed)
        self.report("Measuring on the newest days", 0.5)
        blended = in_answers(parts.blended(shares))
        values = {Blend.name: measuring.quality(blended, newest)}
        self.coverage = measuring.coverage(blended, newest, self.available)
        for method in (Popularity(), RecentPopularity()):
            values[method.name] = measuring.quality(method.fit(newest.split.training, seed=self.seed), newest)
        if before is not None:
            if not is_alike:  # it was learnt otherwise, so it is learnt again as it was
                parts = before.learn(newest.split.training, seed=self.seed, only=before.shares)
            values[_IN_USE] = measuring.quality(in_answers(parts.blended(before.shares)), newest)
        measures = tuple(
            Measure(MEASURE, name, *measuring.interval(found, seed=self.seed)) for name, found in values.items()
        )
        return (measures if newest.customers else ()), self._refusal(values, newest, days)

    def _refusal(self, values: Mapping[str, NDArray[np.float64]], newest: Newest, days: int) -> str | None:
        ours = values[Blend.name]
        asked = f"on the last {days} days, by {newest.customers:,} customers"
        if not newest.customers:
            return "no customer of earlier days did anything new on the newest days, so nothing can be measured."
        if not measuring.is_better(ours, values[Popularity.name], seed=self.seed):
            means = f"{MEASURE} {ours.mean():.3f} against {values[Popularity.name].mean():.3f}"
            return f"it does not beat popularity beyond chance ({means} {asked})."
        if _IN_USE in values and measuring.is_better(values[_IN_USE], ours, seed=self.seed):
            means = f"{MEASURE} {ours.mean():.3f} against {values[_IN_USE].mean():.3f}"
            return f"it is worse than the blend in use beyond chance ({means} {asked})."
        return None

    def _whole(self, shares: Shares, measures: tuple[Measure, ...], gaps: list[str]) -> Model:
        fitted = self.blend_of(shares).fit(self.data.interactions, seed=self.seed)
        self.report("Finding what goes together", 0.9)
        kept = min(OTHER_NEIGHBOURS, self.blend.neighbours)
        neighbours = {
            FOR_YOU: neighbours_of(fitted.weights),
            BOUGHT_TOGETHER: neighbours_of(cut(bought_together(self.data), kept)),
            VIEWED_ALSO_VIEWED: neighbours_of(cut(viewed_together(self.data), kept)),
        }
        prior = tuple(fitted.prior.tolist()) if fitted.prior is not None else ()
        return self._model(Blend.name, self.blend_of(shares).parameters, neighbours, prior, measures, gaps)

    def _lists_alone(self, reason: str, measures: tuple[Measure, ...]) -> Model:
        return self._model(Popularity.name, {}, {}, (), measures, [reason])

    def blend_of(self, shares: Shares) -> Blend:
        """The blend that is published."""
        return replace(self.blend, shares=shares)

    def _model(
        self,
        method: str,
        parameters: dict[str, float | int | str],
        neighbours: dict[str, tuple[Neighbours, ...]],
        prior: tuple[float, ...],
        measures: tuple[Measure, ...],
        gaps: list[str],
    ) -> Model:
        data, interactions = self.data, self.data.interactions
        categories = interactions.categories or ("",) * len(data.names)
        entries = zip(interactions.products, categories, data.names, self.available.tolist(), strict=True)
        made = {**parameters, "seed": self.seed, "available_days": AVAILABLE_DAYS}
        card = ModelCard(
            version=_version(self.now, f"{method} {sorted(made.items())} {data.events} {measures}"),
            trained_at=self.now,
            first_event=data.first_event,
            last_event=data.last_event,
            interactions=len(interactions),
            customers=len(interactions.customers),
            products=len(data.names),
            method=method,
            parameters=made,
            measures=measures,
            needs=self.needs,
            unknown_share=self.unknown_share,
            coverage=self.coverage,
            training_seconds=round(time.monotonic() - self.begun, 1),
            peak_megabytes=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            gaps=(*gaps, *self.gaps),
            code_version=_code_version(),
        )
        self.report("Trained", 1.0)
        lists = ranked_lists(data, self.available)
        return Model(card, tuple(DirectoryEntry(*entry) for entry in entries), neighbours, lists, prior)


_IN_USE = "blend in use"


def _blend_of(card: ModelCard, blend: Blend) -> Blend | None:
    """A blend as its card says, else as `blend`; None where it is another method's."""
    shares = {part.name: card.parameters.get(f"share_{part.name}") for part in fields(Shares)}
    if any(not isinstance(share, int | float) for share in shares.values()):
        return None
    said = {part.name: card.parameters[part.name] for part in fields(Blend) if part.name in card.parameters}
    given = Shares(**{name: float(share) for name, share in shares.items() if share is not None})
    return replace(blend, shares=given, **said)  # type: ignore[arg-type] # as `Blend.parameters` wrote them


def _gaps(data: ShopData, blend: Blend) -> list[str]:
    """What a bound leaves out, in sentences."""
    found, count = [], len(data.names)
    if data.share < 1:
        found.append(
            f"Learnt from {100 * data.share:.3g} % of the visitors, chosen by a hash of their ids: all have more than"
            f" {MOST_INTERACTIONS:,} interactions. The lists for everybody count all of them."
        )
    if data.left_out:
        found.append(f"The oldest {data.left_out:,} of these interactions are left out.")
    if count > blend.ease_products:
        found.append(
            f"The regression knows the {blend.ease_products:,} products that most customers know; the other"
            f" {count - blend.ease_products:,} have neighbours by co-occurrence and category alone."
        )
    if blend.neighbours < FOR_YOU_NEIGHBOURS:
        found.append(f"Each product keeps {blend.neighbours} neighbours instead of {FOR_YOU_NEIGHBOURS}.")
    if not any(data.interactions.categories):
        found.append("No product has a category: there are no lists by category.")
    categories, regions = set(data.interactions.categories or ()) - {""}, len(data.regions)
    if (lacking := len(categories) - len(categories_with_lists(data))) > 0:
        found.append(
            f"{lacking:,} of {len(categories):,} categories have no lists of their own: too many, or too long a name."
        )
    if (lacking := regions - len(regions_with_lists(data))) > 0:
        found.append(f"{lacking:,} of {regions:,} regions have no lists of their own: too many, or too long a name.")
    if not has_sales(data):
        found.append("Nothing was sold: best sellers are the products with which most is done.")
    return found


def _version(now: datetime, content: str) -> str:
    """Sorts by time; two trainings of one second that differ have different ones."""
    return f"{now:%Y%m%dT%H%M%SZ}-{hashlib.sha256(content.encode()).hexdigest()[:4]}"


def _code_version() -> str:
    try:
        return version("takings")
    except PackageNotFoundError:  # run from files that nobody installed
        return ""
