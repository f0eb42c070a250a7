"""Question in, answer out: a history, a model, and the lists that step in where these know too little."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from heapq import nlargest
from itertools import islice
from typing import Protocol

import msgspec
from msgspec import structs

from catalogue.clock import utc_now
from catalogue.errors import SourceError, StreamUnavailable, TakingsError
from pipeline.live.documents import Item
from pipeline.recommend.customers.histories import Action, History, merged
from pipeline.recommend.customers.stored_customers import Customers, StoredCustomer
from pipeline.recommend.experiments.experiment import Experiment, Variant
from pipeline.recommend.models.model import FOR_YOU
from pipeline.recommend.models.model_store import PublishedModel
from pipeline.recommend.serving import reasons
from pipeline.recommend.serving.diversity import spread
from pipeline.recommend.serving.fallback import CANDIDATES, Step, steps
from pipeline.recommend.serving.question import Question
from pipeline.recommend.serving.reasons import Why
from pipeline.recommend.serving.scoring import PlainScoring, Scoring, Seed, action_weights

NOTHING = "none"  # served where there is no item
HOLDOUT = "holdout"  # served to who is shown nothing, so that the others can be compared with them
_MODELS = 5  # whose popular products are in memory: the one in use, and those that experiments name


class RecommendedItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recommended product; ranks begin at 1."""

    product_id: str
    rank: int
    score: float
    why: Why
    name: str = ""
    category: str = ""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is recommended.

    Attributes
    ----------
    request_id : names this answer in the events that come of it
    surface : the one that was asked for
    served : the first list that gave an item (`pipeline.recommend.serving.fallback`); the later ones fill the rest.
        `HOLDOUT` where an experiment shows the customer nothing
    model : version; empty where there is none
    experiment, variant : that the customer is given; empty where there is none
    note : what the answer lacks, in a sentence
    """

    request_id: str
    surface: str
    served: str
    model: str
    items: tuple[RecommendedItem, ...]
    customer_id: str = ""
    experiment: str = ""
    variant: str = ""
    note: str = ""


class Models(Protocol):
    """Where models are from."""

    def current(self) -> PublishedModel | None:
        """See `pipeline.recommend.models.model_store.ModelStore.current`."""
        ...

    def version(self, version: str) -> PublishedModel | None:
        """See `pipeline.recommend.models.model_store.ModelStore.version`."""
        ...


class Experiments(Protocol):
    """Which experiments run."""

    def concerning(self, surface: str) -> Experiment | None:
        """The one on a surface; None where there is none. Raises nothing."""
        ...


class NoExperiments:
    """None runs. Fills the `Experiments` port."""

    def concerning(self, surface: str) -> Experiment | None:  # noqa: ARG002 - as the port calls it
        return None


class RecentItems(Protocol):
    """Where recent items are from: a live store."""

    def recent_items(self, customer_id: str) -> Sequence[Item]:
        """See `pipeline.live.store.LiveStore.recent_items`."""
        ...


class Recommender:
    """Answers questions. Safe to use from several threads.

    Parameters
    ----------
    recent_items : of live, seconds old
    customers : what training keeps of a customer, and who refuses; these take part in no experiment
    scoring : `PlainScoring` where none is given
    failed : called with why a history, or a model that an experiment names, could not be read
    new_id : makes the id of an answer
    """

    def __init__(
        self,
        models: Models,
        recent_items: RecentItems,
        customers: Customers,
        *,
        experiments: Experiments | None = None,
        scoring: Scoring | None = None,
        failed: Callable[[TakingsError], None] = lambda _: None,
        now: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._models, self._recent_items, self._customers = models, recent_items, customers
        self._experiments = experiments or NoExperiments()
        self._scoring = scoring or PlainScoring()
        self._failed, self._now, self._new_id = failed, now, new_id
        self._popular: dict[str, Sequence[int]] = {}

    def answer(self, question: Question, *, recent: Sequence[Item] | None = None) -> Answer:
        """The answer to a question, which may have no item, and then says why in its note.

        Where the history cannot be read, the answer is made from what can be, and says so.

        Parameters
        ----------
        recent : is taken for the whole history, newest first, and nothing is read; None reads the customer's

        Raises
        ------
        SourceError
            The model cannot be read.
        """
        model = self._models.current()
        if model is None:
            return self._answer(question, None, NOTHING, (), "There is no model yet: the first training makes one.")
        if recent is not None:
            return self._recommend(question, model, merged(recent, now=self._now()), "")
        customer, note = self._stored(question.customer_id)
        who, experiment = question.customer_id, None
        if who is not None and customer is not None and not customer.refuses:
            experiment = self._experiments.concerning(question.surface)
        if experiment is None or who is None:
            history, lack = self._known(who, customer)
            return self._recommend(question, model, history, note or lack)
        variant = experiment.variant_of(who)
        if variant.is_holdout:
            answer = self._answer(question, model, HOLDOUT, (), "")
        else:
            asked = structs.replace(question, surface=variant.surface) if variant.surface else question
            history, lack = self._known(who, customer)
            answer = self._recommend(asked, self._model_of(variant, model), history, lack)
        return structs.replace(answer, surface=question.surface, experiment=experiment.name, variant=variant.name)

    def _recommend(self, question: Question, model: PublishedModel, history: History, note: str) -> Answer:
        """What a model recommends; `note` is what is known to lack."""
        seeds = _seeds(history.actions, model, self._now())
        context = model.place_of(question.context_item) if question.context_item else None
        unwanted = question.exclude | history.bought | history.in_cart
        if question.context_item:
            unwanted |= {question.context_item}
        popular = self._popular_places(model)
        lists = steps(question, model, seeds, context, popular, len(unwanted), self._scoring)
        served, items = _choose(question, model, unwanted, lists)
        if not items and not note:
            note = "The model has no product that may be recommended here."
        return self._answer(question, model, served, items, note)

    def _answer(
        self,
        question: Question,
        model: PublishedModel | None,
        served: str,
        items: tuple[RecommendedItem, ...],
        note: str,
    ) -> Answer:
        return Answer(
            request_id=self._new_id(),
            surface=question.surface,
            served=served,
            model=model.card.version if model else "",
            items=items,
            customer_id=question.customer_id or "",
            note=note,
        )

    def history(self, customer_id: str) -> History:
        """What answers to a customer are made from; empty for one who refuses.

        Raises
        ------
        SourceError, StreamUnavailable
            It cannot be read.
        """
        customer = self._customers.read(customer_id)
        if customer.refuses:
            return History(refuses=True)
        return merged(self._recent_items.recent_items(customer_id), customer.history, now=self._now())

    def _stored(self, customer_id: str | None) -> tuple[StoredCustomer | None, str]:
        """What is kept of a customer; None where nobody is known or it cannot be read, with a note on that."""
        if customer_id is None:
            return None, ""
        try:
            return self._customers.read(customer_id), ""
        except SourceError as error:  # who may refuse gets nothing from a history, and takes part in no experiment
            self._failed(error)
            return None, "The customer's history could not be read; this is for everybody."

    def _known(self, customer_id: str | None, customer: StoredCustomer | None) -> tuple[History, str]:
        """As much of a customer's history as can be read, and a note on what cannot."""
        if customer_id is None or customer is None:
            return History(), ""
        if customer.refuses:
            return History(refuses=True), ""
        try:
            return merged(self._recent_items.recent_items(customer_id), customer.history, now=self._now()), ""
        except (SourceError, StreamUnavailable) as error:
            self._failed(error)
            return merged((), customer.history, now=self._now()), "The customer's recent actions could not be read."

    def _model_of(self, variant: Variant, current: PublishedModel) -> PublishedModel:
        """The model that a variant is about, or the one in use where that is not kept or cannot be read."""
        if not variant.model or variant.model == current.card.version:
            return current
        try:
            return self._models.version(variant.model) or current
        except SourceError as error:
            self._failed(error)
            return current

    def _popular_places(self, model: PublishedModel) -> Sequence[int]:
        """The available places with the highest prior, worked out once for each model."""
        known = self._popular.get(model.card.version)
        if known is None:
            prior, directory = model.prior, model.directory
            available = (place for place in range(len(prior)) if directory[place].available and prior[place] > 0)
            known = nlargest(CANDIDATES, available, key=prior.__getitem__)
            others = list(self._popular.items())[1 - _MODELS :]
            self._popular = dict([*others, (model.card.version, known)])
        return known


def _seeds(actions: Sequence[Action], model: PublishedModel, now: datetime) -> list[Seed]:
    """The actions with products that the model knows, newest first."""
    if not actions:
        return []
    products, kinds, _ = zip(*actions, strict=True)
    found = zip(map(model.place_of, products), kinds, action_weights(actions, now, model.card), strict=True)
    return [Seed(place, kind, weight) for place, kind, weight in found if place is not None]


def _choose(
    question: Question, model: PublishedModel, unwanted: frozenset[str], lists: Iterable[Step]
) -> tuple[str, tuple[RecommendedItem, ...]]:
    """The first `n` products that may be recommended, and the name of the list that the first one is of."""
    served, chosen = NOTHING, dict[int, tuple[float, Why]]()
    directory, category = model.directory, question.category

    def may_come(place: int) -> bool:
        entry = directory[place]
        is_wanted = entry.available and entry.product_id not in unwanted and place not in chosen
        return is_wanted and (category is None or entry.category == category)

    for step in lists:
        scores = dict(step.ranked)
        candidates: Iterable[int] = filter(may_come, scores)
        if step.served == FOR_YOU and not (category or question.context_item):
            candidates = spread(candidates, lambda place: directory[place].category, question.n)
        places = list(islice(candidates, question.n - len(chosen)))
        if not places:
            continue
        whys = step.explain(places)
        chosen |= {place: (scores[place], whys.get(place, reasons.POPULAR)) for place in places}
        served = step.served if served == NOTHING else served
        if len(chosen) >= question.n:
            break
    return served, tuple(
        RecommendedItem(
            directory[place].product_id, rank, round(score, 6), why, directory[place].name, directory[place].category
        )
        for rank, (place, (score, why)) in enumerate(chosen.items(), start=1)
    )
