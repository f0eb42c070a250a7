"""What the pipeline keeps of recommendations: models, recent items, who refuses. Fills the `RecommendationSource` port.

Answers are those of the API: the same `Recommender` makes them, from the same stores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache

from msgspec import structs

from catalogue.clock import utc_now
from catalogue.errors import SourceError, StreamUnavailable
from console.recommendations.source import (
    Answered,
    CatalogueProduct,
    ExperimentRecord,
    ModelRecord,
    Need,
    PastAction,
    Quality,
    Recommended,
    Trainer,
    TrainingState,
    Use,
    VariantRecord,
)
from console.recommendations.stored_trainings import Trainings
from pipeline.live.documents import Item
from pipeline.recommend.customers.stored_customers import StoredCustomers
from pipeline.recommend.experiments.experiment import Experiment, Variant
from pipeline.recommend.experiments.stored import RunningExperiments, StoredExperiments
from pipeline.recommend.models import model_store
from pipeline.recommend.models.model import ModelCard
from pipeline.recommend.models.model_store import PublishedModel
from pipeline.recommend.models.stored_models import StoredModels
from pipeline.recommend.serving.question import Question
from pipeline.recommend.serving.recommender import Answer, RecentItems, Recommender

EXPERIMENTS_SECONDS = 1.0  # after which it is looked at again which experiments run
USES = {
    model_store.Use.CURRENT: Use.CURRENT,
    model_store.Use.PREVIOUS: Use.PREVIOUS,
    model_store.Use.ASIDE: Use.ASIDE,
    model_store.Use.SUPERSEDED: Use.FORMER,  # its items are deleted soon
    model_store.Use.FORMER: Use.FORMER,
}


class StoredRecommendations:
    """Recommendations from stores that are opened when they are first asked. Safe to use from several threads.

    Parameters
    ----------
    models : gives the store of models, the same each time
    history : gives where recent items are from
    """

    def __init__(
        self,
        models: Callable[[], StoredModels],
        history: Callable[[], RecentItems],
        trainings: Trainings,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._models, self._history, self._trainings, self._now = models, history, trainings, now
        self._of_store = lru_cache(maxsize=1)(self._parts_of)  # a platform that starts again has other stores

    def models(self) -> Sequence[ModelRecord]:
        """See `RecommendationSource.models`."""
        return [_record(kept.card, USES[kept.use]) for kept in self._models().history()]

    def catalogue(self) -> Sequence[CatalogueProduct]:
        """See `RecommendationSource.catalogue`."""
        model = self._models().current()
        if model is None:
            return []
        return [
            CatalogueProduct(entry.product_id, entry.name, entry.category, entry.available) for entry in model.directory
        ]

    def has_opted_out(self, customer_id: str) -> bool:
        """See `RecommendationSource.has_opted_out`."""
        _, customers = self._of_store(self._models())
        return customers.read(customer_id).refuses

    def history(self, customer_id: str) -> Sequence[PastAction]:
        """See `RecommendationSource.history`."""
        recommender, _ = self._of_store(self._models())
        try:
            items = recommender.history(customer_id).items
        except StreamUnavailable as error:
            raise SourceError(error.what, where=error.where, remedy=error.remedy) from error
        return list(_named(items, self._models().current()))

    def answers(
        self,
        customer_id: str | None,
        surfaces: Sequence[str],
        *,
        recent: Sequence[PastAction] = (),
        context_item: str = "",
        n: int = 10,
    ) -> Sequence[Answered]:
        """See `RecommendationSource.answers`."""
        recommender, _ = self._of_store(self._models())
        items = [Item(action.product_id, action.action, action.at) for action in recent]
        return [
            _answered(
                recommender.answer(
                    Question(customer_id=customer_id, surface=surface, n=n, context_item=context_item or None),
                    recent=items if customer_id is None else None,
                )
            )
            for surface in surfaces
        ]

    def experiments(self) -> Sequence[ExperimentRecord]:
        """See `RecommendationSource.experiments`."""
        return list(map(_experiment_record, self._experiments().all()))

    def start_experiment(self, experiment: ExperimentRecord) -> None:
        """See `RecommendationSource.start_experiment`."""
        variants = tuple(Variant(**asdict(variant)) for variant in experiment.variants)
        self._experiments().start(
            Experiment(
                name=experiment.name,
                variants=variants,
                started_at=experiment.started_at,
                surfaces=tuple(experiment.surfaces),
                comment=experiment.comment,
            )
        )

    def end_experiment(self, name: str) -> None:
        """See `RecommendationSource.end_experiment`."""
        self._experiments().end(name)

    def rollback(self) -> str:
        """See `RecommendationSource.rollback`."""
        return self._models().rollback().version

    def training(self) -> TrainingState:
        """See `RecommendationSource.training`."""
        return self._trainings.state()

    @property
    def trainer(self) -> Trainer:
        """See `RecommendationSource.trainer`."""
        return self._trainings.trainer

    def train(self) -> None:
        """See `RecommendationSource.train`."""
        self._trainings.start()

    def _parts_of(self, store: StoredModels) -> tuple[Recommender, StoredCustomers]:
        from pipeline.recommend.serving.array_scoring import ArrayScoring  # numpy, once somebody asks

        customers = StoredCustomers(store.items)
        experiments = RunningExperiments(store.items, renew_after=EXPERIMENTS_SECONDS)
        recommender = Recommender(
            store,
            _Opened(self._history),
            customers,
            experiments=experiments,
            scoring=ArrayScoring(),
            now=self._now,
        )
        return recommender, customers

    def _experiments(self) -> StoredExperiments:
        store = self._models()
        return StoredExperiments(store.items, store, now=self._now)


class _Opened:
    """A history that is opened when it is asked: that it cannot be opened is a note in the answer."""

    def __init__(self, opened: Callable[[], RecentItems]) -> None:
        self._opened = opened

    def recent_items(self, customer_id: str) -> Sequence[Item]:
        return self._opened().recent_items(customer_id)


def _record(card: ModelCard, use: Use) -> ModelRecord:
    return ModelRecord(
        version=card.version,
        trained_at=card.trained_at,
        use=use,
        method=card.method,
        first_event=card.first_event,
        last_event=card.last_event,
        interactions=card.interactions,
        customers=card.customers,
        products=card.products,
        parameters=card.parameters,
        measures=[Quality(**structs.asdict(measure)) for measure in card.measures],
        needs=[Need(**structs.asdict(need)) for need in card.needs],
        unknown_share=card.unknown_share,
        coverage=card.coverage,
        training_seconds=card.training_seconds,
        peak_megabytes=card.peak_megabytes,
        gaps=card.gaps,
        code_version=card.code_version,
    )


def _named(items: Iterable[Item], model: PublishedModel | None) -> Iterable[PastAction]:
    """Recent items with the names that the model knows; empty for a product that it does not know."""
    for item in items:
        place = model.place_of(item.product_id) if model is not None else None
        entry = model.directory[place] if model is not None and place is not None else None
        name, category = (entry.name, entry.category) if entry is not None else ("", "")
        yield PastAction(item.product_id, name, category, item.event_type, item.at)


def _answered(answer: Answer) -> Answered:
    return Answered(
        surface=answer.surface,
        served=answer.served,
        model=answer.model,
        items=[
            Recommended(
                product_id=item.product_id,
                rank=item.rank,
                score=item.score,
                name=item.name,
                category=item.category,
                why=item.why.text,
                because_of=item.why.product_id,
            )
            for item in answer.items
        ],
        experiment=answer.experiment,
        variant=answer.variant,
        note=answer.note,
    )


def _experiment_record(experiment: Experiment) -> ExperimentRecord:
    return ExperimentRecord(
        name=experiment.name,
        variants=[VariantRecord(**structs.asdict(variant)) for variant in experiment.variants],
        bounds=experiment.bounds(),
        started_at=experiment.started_at,
        ended_at=experiment.ended_at,
        surfaces=experiment.surfaces,
        comment=experiment.comment,
    )
