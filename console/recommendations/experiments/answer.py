"""What do experiments with recommendations show so far, and how sure is that?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from zoneinfo import ZoneInfo

from catalogue.errors import BindingError
from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.recommendations.experiments.comparison import Comparison, compare
from console.recommendations.experiments.incremental import IncrementalMargin, incremental_margin
from console.recommendations.experiments.outcomes import (
    WINDOW_DAYS,
    Outcome,
    VariantOutcomes,
    by_variant,
    entry_days,
)
from console.recommendations.experiments.sample_ratio import ALARM, mismatch
from console.recommendations.source import ExperimentRecord

OUTCOMES = "recommendations/experiment_outcomes"
_WEEK = timedelta(days=WINDOW_DAYS)


@dataclass(frozen=True)
class Findings:
    """What an experiment shows.

    Attributes
    ----------
    days : of entry, of which every customer's window is over; empty while the experiment is too young
    first_complete : the day on which the first windows are over; None where the experiment ended before
    variants : as in the experiment, the control first
    mismatch : by day, the p-value of the test that customers come in the shares promised
    """

    experiment: ExperimentRecord
    days: Sequence[date]
    first_complete: date | None
    variants: Sequence[VariantOutcomes]
    mismatch: Sequence[float]
    currency: str
    results: Sequence[Result]

    @property
    def is_too_young(self) -> bool:
        """Whether no customer's window is over."""
        return not self.days

    @property
    def has_mismatch(self) -> bool:
        """Whether the variants have other customers than their shares promise, so that nothing here can be trusted."""
        return bool(self.mismatch) and self.mismatch[-1] < ALARM

    @cached_property
    def comparisons(self) -> dict[Outcome, list[Comparison]]:
        """By outcome, every variant against the control."""
        return {outcome: compare(self.variants, outcome) for outcome in Outcome}

    @cached_property
    def incremental(self) -> IncrementalMargin | None:
        """The margin that is there only because of recommendations; None without a hold-out or before it is known."""
        if self.has_mismatch:
            return None
        made = Period(self.days[0], self.days[-1] + _WEEK) if self.days else None
        return incremental_margin(self.experiment.name, self.variants, made) if made else None


def restricted(scope: Scope) -> str:
    """Why this viewer may not see experiments; empty where they may.

    Variants are drawn of all customers. Those with a visit in some regions are no fair part of them: a customer may buy
    in another.
    """
    if scope.row_filter.regions is None:
        return ""
    seen = ", ".join(scope.row_filter.regions) or "no region"
    return f"You see {seen}; experiments are of all the shop’s customers"


def findings(scope: Scope, experiment: ExperimentRecord) -> Findings:
    """What an experiment shows up to the last complete day, or to its end.

    Raises
    ------
    BindingError
        The viewer sees some regions only.
    """
    refusal = restricted(scope)
    if refusal:
        raise BindingError(refusal, where="Experiments", remedy="Ask somebody who sees all regions.")
    start, until = whole_days(scope, experiment)
    end = until - _WEEK + timedelta(days=1)
    days = entry_days(start, end)
    first_complete = start + _WEEK
    if not days:
        over = experiment.ended_at
        never = over is not None and scope.day_of(over) < first_complete
        return Findings(experiment, (), None if never else first_complete, (), (), scope.reporting_currency, ())
    result = scope.ask_all([question(experiment, start, end)])[0]
    variants = by_variant(result.rows(), experiment.variants, days)
    return Findings(
        experiment,
        days,
        first_complete,
        variants,
        mismatches(variants),
        scope.reporting_currency,
        [result],
    )


def whole_days(scope: Scope, experiment: ExperimentRecord) -> tuple[date, date]:
    """The first whole day of an experiment, and the first day after it that is not over, or not in the lake."""
    last_day = scope.ask("lake/days").rows()[0]["last_day"]
    start = _first_whole_day(experiment.started_at, scope.reporting_time_zone)
    over = None if experiment.ended_at is None else scope.day_of(experiment.ended_at)
    known = start if last_day is None else min(last_day + timedelta(days=1), scope.today)
    return start, known if over is None else min(known, over)


def mismatches(found: Sequence[VariantOutcomes]) -> Sequence[float]:
    """By day, the p-value of the test that customers come in the shares promised."""
    counts = zip(*(accumulate(day.customers for day in one.days[Outcome.BUYERS]) for one in found), strict=True)
    return mismatch([*counts], [one.variant.share for one in found])


def question(
    experiment: ExperimentRecord, start: date, end: date, *, outcome_end: date | None = None, days: int = WINDOW_DAYS
) -> Question:
    """What the customers who came into an experiment from `start` to the day before `end` ordered.

    Parameters
    ----------
    outcome_end : the day after the last one whose orders count; None for all days of everybody's window
    days : of the window, the day of entry included
    """
    last = experiment.bounds[-1]  # that of the last variant: no customer is beyond, so no further one gets any
    second, third, fourth, *_ = [*experiment.bounds, last, last]
    return Question(
        OUTCOMES,
        {
            "experiment": experiment.name,
            "start_date": start,
            "end_date": end,
            "outcome_end": outcome_end or end + timedelta(days=days),
            "window_days": days,
            "second_from": second,
            "third_from": third,
            "fourth_from": fourth,
        },
    )


def running_first(experiments: Sequence[ExperimentRecord]) -> list[ExperimentRecord]:
    """Those that run, then those that have ended; each the newest first."""
    newest = sorted(experiments, key=lambda experiment: experiment.started_at, reverse=True)
    return sorted(newest, key=lambda experiment: experiment.ended_at is not None)


def _first_whole_day(started_at: datetime, time_zone: str) -> date:
    started = started_at.astimezone(ZoneInfo(time_zone))
    return started.date() if started.time() == time() else started.date() + timedelta(days=1)
