"""What to tell a person about an experiment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from catalogue.safe_text import printable
from pipeline.recommend.experiments.experiment import Experiment, Variant


def described(experiment: Experiment) -> Iterator[str]:
    """An experiment in a few lines."""
    since = _instant(experiment.started_at)
    state = f"{since} to {_instant(experiment.ended_at)}" if experiment.ended_at else f"runs since {since}"
    yield f"{experiment.name}  {state} UTC, {_surfaces(experiment)}"
    width = max(len(variant.name) for variant in experiment.variants)
    for place, variant in enumerate(experiment.variants):
        control = " (control)" if place == 0 else ""
        yield f"    {variant.name:<{width}}  {_percent(variant.share):>6}  {_gets(variant)}{control}"
    if experiment.comment:
        yield f"    {printable(experiment.comment)}"


def effects(experiment: Experiment) -> Iterator[str]:
    """What an experiment that has just begun does, a sentence for each variant."""
    where = f" ({_surfaces(experiment)})" if experiment.surfaces else ""
    for variant in experiment.variants:
        yield f"{_percent(variant.share)} of customers {_are_given(variant)} from now on{where}."
    yield "Visitors without a customer id, and customers who refuse, take no part."


def _are_given(variant: Variant) -> str:
    return "are shown nothing" if variant.is_holdout else f"get {_gets(variant)}"


def _gets(variant: Variant) -> str:
    if variant.is_holdout:
        return "nothing"
    changes = [f"the surface {variant.surface}"] if variant.surface else []
    changes += [f"the answers of model {variant.model}"] if variant.model else []
    return " and ".join(changes) or "what they would without it"


def _surfaces(experiment: Experiment) -> str:
    return ", ".join(experiment.surfaces) if experiment.surfaces else "all surfaces"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
