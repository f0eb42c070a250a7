"""A page that draws the part *Experiments* alone, on a lake and experiments that a test gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from streamlit.testing.v1 import AppTest

from catalogue.errors import SettingsError
from console.asking.scope import Scope
from console.recommendations.source import ExperimentRecord, Use

SECONDS = 60  # a first run imports pandas on a busy machine


@dataclass
class GivenExperiments:
    """The experiments of a source that keeps them in memory."""

    kept: list[ExperimentRecord] = field(default_factory=list)
    versions: Sequence[tuple[str, Use]] = ()
    refusal: SettingsError | None = None

    def experiments(self) -> Sequence[ExperimentRecord]:
        return self.kept

    def models(self) -> Sequence[Any]:
        return [SimpleNamespace(version=version, use=use) for version, use in self.versions]

    def start_experiment(self, experiment: ExperimentRecord) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.kept.insert(0, replace(experiment, bounds=("8000", "g")))

    def end_experiment(self, name: str) -> None:
        place = next(place for place, one in enumerate(self.kept) if one.name == name)
        self.kept[place] = replace(self.kept[place], ended_at=datetime(2026, 3, 31, 12, tzinfo=UTC))


@dataclass
class Stage:
    """What the page draws."""

    scope: Scope | None = None
    source: GivenExperiments = field(default_factory=GivenExperiments)


STAGE = Stage()


def opened(scope: Scope, source: GivenExperiments, **query: str) -> AppTest:
    """The page, run once."""
    STAGE.scope, STAGE.source = scope, source
    script = AppTest.from_function(_page, default_timeout=SECONDS)
    for name, value in query.items():
        script.query_params[name] = value
    return script.run()


def _page() -> None:
    from console.kit import page
    from console.recommendations.experiments import view
    from tests.unit.console.recommendations.experiments.stage import STAGE

    with page.headed("Recommendations", "Experiments: what do they show?"):
        view.draw(page.Reader(STAGE.scope), STAGE.source)  # type: ignore[arg-type]
