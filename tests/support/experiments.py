"""Experiments for tests, written out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.recommend.experiments.experiment import Experiment, Variant

STARTED_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOLDOUT = Variant(name="holdout", share=0.1, is_holdout=True)
RECOMMENDED = Variant(name="recommended", share=0.9)


def experiment(name: str = "autumn", *variants: Variant, **changed: Any) -> Experiment:
    """A hold-out of a tenth, where no variants are given."""
    values: dict[str, Any] = {"variants": variants or (HOLDOUT, RECOMMENDED), "started_at": STARTED_AT}
    return Experiment(name=name, **(values | changed))


def customer_in(experiment: Experiment, variant: str) -> str:
    """The first of c0, c1, … who is given a variant."""
    return next(f"c{n}" for n in range(10_000) if experiment.variant_of(f"c{n}").name == variant)
