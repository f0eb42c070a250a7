"""The models that were learnt: which one is in use, how good each was, and what came of a training. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from console.recommendations.source import ModelRecord, Quality, TrainingState, Use

MEASURE = "ndcg@10"
BLEND, POPULARITY, RECENT, IN_USE = "blend", "popularity", "recent_popularity", "blend in use"
METHODS: Mapping[str, str] = {
    BLEND: "Blend",
    IN_USE: "Blend then in use",
    RECENT: "Recent popularity",
    POPULARITY: "Popularity",
}
"""What a method is called on the page, those that are always measured in the order in which they are drawn."""

NOT_USED, LISTS_ALONE = "Not in use: ", "Only lists are published: "
TOO_LITTLE = "There is too little to learn from"  # which `ModelRecord.needs` says in numbers


@dataclass(frozen=True)
class Measured:
    """How good a method was on the days that judged one training."""

    trained_at: datetime
    value: float
    low: float
    high: float
    version: str
    is_aside: bool


@dataclass(frozen=True)
class ModelRow:
    """A model as a line of the table; a quality that was not measured is None."""

    trained_at: str
    use: str
    method: str
    quality: float | None
    low: float | None
    high: float | None
    popularity: float | None
    coverage: float | None
    unknown_share: float | None
    interactions: int | None
    customers: int | None
    products: int
    training_seconds: float
    reason: str
    version: str


def in_use(models: Iterable[ModelRecord]) -> ModelRecord | None:
    """The model that answers; None before the first one."""
    return next((model for model in models if model.use is Use.CURRENT), None)


def before(models: Iterable[ModelRecord]) -> ModelRecord | None:
    """The model that a rollback makes current; None where there is none."""
    return next((model for model in models if model.use is Use.PREVIOUS), None)


def quality_of(model: ModelRecord, method: str = BLEND) -> Quality | None:
    """How good a method was on the days that judged this model; None where it was not measured."""
    return next((one for one in model.measures if one.name == MEASURE and one.method == method), None)


def over_time(models: Iterable[ModelRecord]) -> dict[str, list[Measured]]:
    """How good each method was, by training, the oldest first; those that were never measured are left out."""
    found: dict[str, list[Measured]] = {method: [] for method in METHODS}
    for model in sorted(models, key=lambda model: model.version):
        for one in model.measures:
            if one.name == MEASURE:
                measured = Measured(model.trained_at, one.value, one.low, one.high, model.version, is_aside(model))
                found.setdefault(one.method, []).append(measured)
    return {method: measures for method, measures in found.items() if measures}


def refusal(model: ModelRecord) -> str:
    """Why a model is not in use, or why it is lists alone; empty where it is in use as it is."""
    for gap in model.gaps:
        for beginning in (NOT_USED, LISTS_ALONE):
            if gap.startswith(beginning):
                return gap.removeprefix(beginning)
    return ""


def missing(model: ModelRecord) -> Sequence[str]:
    """The other gaps of a model, but what its needs say."""
    return [gap for gap in model.gaps if not gap.startswith((NOT_USED, LISTS_ALONE, TOO_LITTLE))]


def without_counts(models: Iterable[ModelRecord]) -> list[ModelRecord]:
    """The models for a reader of some regions: what says how much the whole shop's customers do is left out."""
    return [
        replace(
            model,
            interactions=None,
            customers=None,
            needs=(),
            gaps=[gap for gap in model.gaps if not gap.startswith(TOO_LITTLE) and "interactions" not in gap],
        )
        for model in models
    ]


def is_aside(model: ModelRecord) -> bool:
    """Whether a model was not good enough to be used; its card says so even where the model itself is deleted."""
    return model.use is Use.ASIDE or any(gap.startswith(NOT_USED) for gap in model.gaps)


def is_lists_alone(model: ModelRecord) -> bool:
    """Whether a model has lists for everybody and nothing else."""
    return model.method == POPULARITY


def rows(models: Iterable[ModelRecord], when: Mapping[str, str]) -> list[ModelRow]:
    """The models as lines of a table, in the order given.

    Parameters
    ----------
    when : by version, when it was trained, as it is printed
    """
    found = []
    for model in models:
        ours, theirs = quality_of(model), quality_of(model, POPULARITY)
        found.append(
            ModelRow(
                trained_at=when[model.version],
                use=model.use.value,
                method="lists alone" if is_lists_alone(model) else METHODS.get(model.method, model.method).lower(),
                quality=ours.value if ours else None,
                low=ours.low if ours else None,
                high=ours.high if ours else None,
                popularity=theirs.value if theirs else None,
                coverage=model.coverage,
                unknown_share=model.unknown_share,
                interactions=model.interactions,
                customers=model.customers,
                products=model.products,
                training_seconds=model.training_seconds,
                reason=refusal(model),
                version=model.version,
            )
        )
    return found


def outcome(models: Sequence[ModelRecord], state: TrainingState) -> str:
    """What the last training came to, in a sentence; empty where it is under way, or there was none."""
    if state.is_running or state.started_at is None:
        return ""
    if state.failure:
        return f"The last training failed: {state.failure}"
    made = [model for model in models if model.trained_at >= state.started_at]
    aside = next((model for model in made if model.use is Use.ASIDE), None)
    used = next((model for model in made if model.use is Use.CURRENT), None)
    if aside is not None:
        lists = "" if used is None else " Lists for everybody are in use instead."
        return f"The last training was kept aside: {refusal(aside) or 'it was not good enough.'}{lists}"
    if used is not None and is_lists_alone(used):
        return f"The last training made lists alone: {refusal(used) or 'there is too little to learn from.'}"
    if used is not None:
        return "The last training is in use."
    return "The last training made nothing: no event names a product, or another one was faster." if not made else ""
