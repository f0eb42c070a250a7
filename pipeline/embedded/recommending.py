"""Recommendations in the embedded platform: what answers, and what learns at night. No event waits for them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from catalogue.errors import SourceError, TakingsError
from pipeline.collecting.keys import FILE as KEYS
from pipeline.collecting.keys import KeyFile
from pipeline.embedded.loops import Loop, Trouble
from pipeline.embedded.training import NightlyTraining
from pipeline.lake import Lake
from pipeline.live.store import LiveStore
from pipeline.recommend.customers.stored_customers import StoredCustomers
from pipeline.recommend.experiments.stored import RunningExperiments
from pipeline.recommend.models.embedded import FILE, EmbeddedModelStore
from pipeline.recommend.serving.array_scoring import ArrayScoring
from pipeline.recommend.serving.recommender import Recommender
from pipeline.recommend.serving.service import RecommendationService

EXPERIMENTS_SECONDS = 1.0  # after which what another process started or ended is known


class Recommending:
    """Answers and learns between `start` and `stop`. Models that cannot be opened stop neither events nor pages.

    Parameters
    ----------
    live : where recent items are; without one nothing is answered
    training : whether a model is learnt each night, or only on demand

    Attributes
    ----------
    models : None before the start, after the stop, and where they cannot be opened
    service : answers requests; None like `models`
    """

    def __init__(self, lake: Lake, live: LiveStore | None, *, origins: Collection[str], training: bool) -> None:
        self._lake, self._live, self._origins, self._learns = lake, live, origins, training
        self.models: EmbeddedModelStore | None = None
        self.service: RecommendationService | None = None
        self._training: tuple[NightlyTraining, Loop] | None = None
        self._not_opened: Trouble | None = None

    def start(self) -> None:
        """Open the models, and begin to look whether a training is due."""
        try:
            self.models = EmbeddedModelStore(self._lake.root / FILE)
        except SourceError as error:
            self._not_opened = Trouble("recommendations", str(error), datetime.now(UTC), persists=True)
            return
        self._not_opened = None
        training = NightlyTraining(self._lake, self.models, nightly=self._learns)
        self._training = training, Loop("training", training.step, expected=(TakingsError, OSError))
        self._training[1].start()
        if self._live is not None:
            experiments = RunningExperiments(self.models.items, renew_after=EXPERIMENTS_SECONDS)
            customers = StoredCustomers(self.models.items)
            recommender = Recommender(
                self.models, self._live, customers, experiments=experiments, scoring=ArrayScoring()
            )
            keys = KeyFile(self._lake.root / KEYS)
            self.service = RecommendationService(recommender, keys, origins=self._origins)

    def stop(self) -> None:
        """Answer no more, end a training that is under way, and close the models."""
        self.service = None
        if self._training is not None:
            training, loop = self._training
            loop.stop()
            training.stop()
            self._training = None
        if self.models is not None:
            self.models.close()
            self.models = None

    @property
    def training(self) -> NightlyTraining | None:
        """What starts trainings; None like `models`."""
        return self._training[0] if self._training is not None else None

    @property
    def troubles(self) -> list[Trouble]:
        """What failed last."""
        found = (self._not_opened, self._training[1].trouble if self._training else None)
        return [trouble for trouble in found if trouble is not None]
