"""A/A: how often does an experiment without any effect seem to have one, if it is looked at every day?

A hundred experiments, ``aa-1`` to ``aa-100``, halve the customers of the sample year; nobody was treated differently.
Each is asked with the console's own query and judged by its own statistics as they were known on each day. An interval
of 95 % that is meant for one look is judged beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from bench.options import Options, Record, record
from catalogue.queries import load
from console.asking.cache import ResultCache
from console.asking.engines.duckdb import DuckDbEngine
from console.asking.scope import Scope
from console.recommendations.experiments.answer import Findings, findings
from console.recommendations.experiments.lift import LEAST_ACTIVE
from console.recommendations.experiments.outcomes import Outcome, VariantOutcomes
from console.recommendations.experiments.sample import running
from console.recommendations.source import ExperimentRecord, VariantRecord
from pipeline.lake import Lake
from pipeline.recommend.experiments.experiment import Experiment, Variant

SEEDS = 100
LEAST_WITHOUT = 95  # of the seeds
ONE_LOOK = 1.96  # standard errors


@dataclass(frozen=True)
class Alarms:
    """By outcome, how many experiments seemed to have an effect on any day.

    Attributes
    ----------
    always_valid : by the page's intervals
    one_look : by intervals of 95 % that are meant for one look
    mismatches : experiments whose customers seemed not to come in the shares promised
    """

    seeds: int
    days: int
    always_valid: dict[Outcome, int]
    one_look: dict[Outcome, int]
    mismatches: int


def measure(options: Options) -> Iterator[Record]:
    """The alarms of the smallest lake asked for: the sample year of a million events."""
    events = min(options.sizes)
    found = alarms(options.lake(events), range(1, SEEDS + 1))
    for outcome in Outcome:
        without = found.seeds - found.always_valid[outcome]
        yield record(
            f"aa.without_effect.{outcome.name.lower()}",
            without,
            "experiments",
            of=found.seeds,
            least=LEAST_WITHOUT,
            days=found.days,
            events=events,
            one_look=found.seeds - found.one_look[outcome],
        )
    yield record("aa.without_mismatch", found.seeds - found.mismatches, "experiments", of=found.seeds)


def alarms(lake: Path, seeds: Sequence[int]) -> Alarms:
    """What A/A experiments over all of a lake seem to show."""
    scope = scope_of(lake)
    first = scope.ask("lake/days").rows()[0]["first_day"]
    always_valid, one_look, mismatches, days = dict.fromkeys(Outcome, 0), dict.fromkeys(Outcome, 0), 0, 0
    for seed in seeds:
        found = findings(scope, halves(f"aa-{seed}", first))
        days = len(found.days)
        mismatches += found.has_mismatch
        for outcome in Outcome:
            always_valid[outcome] += seems_to_differ(found, outcome)
            one_look[outcome] += seems_to_differ_at_one_look(*found.variants, outcome)
    return Alarms(len(seeds), days, always_valid, one_look, mismatches)


def seems_to_differ(found: Findings, outcome: Outcome) -> bool:
    """Whether the page would have shown an effect on any day."""
    (comparison,) = found.comparisons[outcome]
    return any(estimate is not None and not estimate.holds_zero for estimate in comparison.by_day())


def seems_to_differ_at_one_look(control: VariantOutcomes, one: VariantOutcomes, outcome: Outcome) -> bool:
    """Whether an interval that is meant for one look would have shown an effect on any day."""
    for base, sample in zip(running(control.days[outcome]), running(one.days[outcome]), strict=True):
        if min(base.active, sample.active) >= LEAST_ACTIVE:
            error = math.sqrt(base.variance / base.customers + sample.variance / sample.customers)
            if abs(sample.mean - base.mean) > ONE_LOOK * error:
                return True
    return False


def halves(name: str, first_day: date) -> ExperimentRecord:
    """An experiment between two halves that are treated the same, since a day."""
    started_at = datetime.combine(first_day, time(), UTC)
    made = Experiment(
        name=name, variants=(Variant(name="a", share=0.5), Variant(name="a-too", share=0.5)), started_at=started_at
    )
    variants = [VariantRecord(variant.name, variant.share) for variant in made.variants]
    return ExperimentRecord(name, variants, made.bounds(), started_at)


def scope_of(root: Path) -> Scope:
    """What a reader of all regions can ask of a lake on the day after its last one."""
    settings = Lake.open(root).settings
    engine = DuckDbEngine(root)
    scope = Scope(
        engines={"lake": engine, "warehouse": engine},
        catalogue=load(),
        cache=ResultCache(),
        reporting_currency=settings.reporting_currency,
        reporting_time_zone=settings.reporting_time_zone,
    )
    last = scope.ask("lake/days").rows()[0]["last_day"]
    now = datetime.combine(last + timedelta(days=1), time(12), UTC)
    return replace(scope, now=lambda: now)
