"""Trainings of models: what starts one from here, and how far one is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from catalogue.errors import SettingsError
from console.recommendations.source import Trainer, TrainingState
from pipeline.recommend.learning.progress import last_training

if TYPE_CHECKING:
    from pipeline.embedded.training import NightlyTraining


class Trainings(Protocol):
    """What starts trainings, and knows how far one is."""

    @property
    def trainer(self) -> Trainer:
        """See `RecommendationSource.trainer`."""
        ...

    def state(self) -> TrainingState:
        """See `RecommendationSource.training`."""
        ...

    def start(self) -> None:
        """See `RecommendationSource.train`."""
        ...


class NoTrainings:
    """Trainings that this console can neither start nor see.

    Parameters
    ----------
    how : what else starts one, in a sentence
    """

    def __init__(self, how: str) -> None:
        self.trainer = Trainer(can_start=False, how=how)

    def state(self) -> TrainingState:
        """Nothing is known."""
        return TrainingState()

    def start(self) -> None:
        """Raises SettingsError: it cannot."""
        raise SettingsError("This console cannot start a training", remedy=self.trainer.how)


class LakeTrainings:
    """Trainings of a lake folder: by the platform where it runs in this process, and seen whoever started them.

    Parameters
    ----------
    running : gives what starts trainings; None where no platform runs here
    """

    def __init__(self, root: Path, running: Callable[[], NightlyTraining | None]) -> None:
        self._root, self._running = root, running

    @property
    def trainer(self) -> Trainer:
        """See `RecommendationSource.trainer`."""
        if self._running() is not None:
            return Trainer(can_start=True)
        how = f"No platform runs in this console. Train with `python -m pipeline recommend train --lake {self._root}`."
        return Trainer(can_start=False, how=how)

    def state(self) -> TrainingState:
        """See `RecommendationSource.training`."""
        running = self._running()
        training, is_running = last_training(self._root)
        if running is not None and not is_running:
            has_begun = training is not None and training.process == running.process
            if running.is_requested or (running.process is not None and not has_begun):
                return TrainingState(is_running=True, step="Starting")
        if training is None:
            return TrainingState()
        return TrainingState(
            is_running=is_running,
            step=training.step,
            done=training.done,
            started_at=training.started_at,
            failure=training.failure,
        )

    def start(self) -> None:
        """See `RecommendationSource.train`; raises SettingsError where no platform runs here."""
        running = self._running()
        if running is None:
            raise SettingsError("This console cannot start a training", remedy=self.trainer.how)
        running.request()
