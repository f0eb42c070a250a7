"""What a hold-out says of incremental margin, and why it says nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from console.asking.periods import Period
from console.asking.scope import Scope
from console.asking.slices import Slices
from console.recommendations.experiments.answer import Findings
from console.recommendations.experiments.incremental import IncrementalMargin
from console.recommendations.profit import holdout
from console.recommendations.source import ExperimentRecord, VariantRecord

NOBODY = ExperimentRecord(
    "nobody",
    (VariantRecord("none", 0.1, is_holdout=True), VariantRecord("shown", 0.9)),
    ("199a", "g"),
    datetime(2026, 3, 1, tzinfo=UTC),
)
NINE_DAYS = Period(date(2026, 3, 1), date(2026, 3, 10))  # three of entry, whose last customers have seven days
MARGIN = IncrementalMargin("nobody", NINE_DAYS, 900, Decimal("90.00"), Decimal("-9.00"), Decimal("189.00"), None)


def found(margin: IncrementalMargin | None = None, **changed: Any) -> Findings:
    values: dict[str, Any] = {
        "experiment": NOBODY, "has_mismatch": False, "incremental": margin, "first_complete": date(2026, 3, 8),
        "is_too_young": margin is None, "results": (),
    }  # fmt: skip
    return cast("Findings", SimpleNamespace(**(values | changed)))


def test_margin_is_taken_for_the_same_on_every_day() -> None:
    measured = holdout.of(found(MARGIN)).measured
    assert measured is not None
    month = measured.over(27)
    assert (month.value, month.low, month.high) == (Decimal("270.0000"), Decimal("-27.0000"), Decimal("567.0000"))


def test_a_young_holdout_says_when_it_will_know_and_a_small_one_that_it_does_not() -> None:
    assert holdout.of(found()).problem == (
        "The hold-out nobody has too few customers for an answer yet. The first outcomes are known on 8 Mar 2026."
    )
    assert holdout.of(found(is_too_young=False)).problem == (
        "The hold-out nobody has too few customers for an answer yet."
    )


def test_a_holdout_whose_parts_are_not_drawn_as_promised_says_nothing() -> None:
    answer = holdout.of(found(MARGIN, has_mismatch=True))
    assert answer.measured is None
    assert "other customers than their shares promise" in answer.problem


def test_a_holdout_is_of_the_whole_shop_and_without_one_nothing_is_asked() -> None:
    nobody_asks = cast("Scope", None)
    assert holdout.holdout(nobody_asks, [], Slices()) == holdout.Holdout()
    assert "clear the filters" in holdout.holdout(nobody_asks, [NOBODY], Slices(regions=("North",))).problem
