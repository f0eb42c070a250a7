"""Models over time, their reasons, and what a training came to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.recommendations import models
from console.recommendations.source import ModelRecord, TrainingState, Use
from tests.support.recommendation_source import TRAINED_AT, lists_alone, measures, record

ASIDE = record("v3", Use.ASIDE, days=2, measures=measures(0.09), gaps=("Not in use: it is worse.", "No categories."))
HISTORY = [ASIDE, record("v2", days=1), record("v1", Use.PREVIOUS)]


def test_each_method_is_a_line_by_training_the_oldest_first():
    lines = models.over_time(HISTORY)
    assert list(lines) == ["blend", "recent_popularity", "popularity"]
    assert [one.value for one in lines["blend"]] == [0.2, 0.2, 0.09]
    assert [one.version for one in lines["popularity"]] == ["v1", "v2", "v3"]
    assert [one.is_aside for one in lines["blend"]] == [False, False, True]


def test_a_former_model_that_was_kept_aside_says_so_by_its_card():
    assert models.is_aside(record(use=Use.FORMER, gaps=("Not in use: it is worse.",)))
    assert not models.is_aside(record(use=Use.FORMER))


def test_the_reason_is_no_gap_and_a_gap_is_no_reason():
    assert models.refusal(ASIDE) == "it is worse."
    assert models.missing(ASIDE) == ["No categories."]
    assert models.refusal(record()) == ""


def test_the_models_in_use_and_before_are_found_and_may_be_missing():
    assert models.in_use(HISTORY) == HISTORY[1]
    assert models.before(HISTORY) == HISTORY[2]
    assert models.in_use([ASIDE]) is None
    assert models.before([ASIDE]) is None


def test_a_line_of_the_table_has_the_blend_beside_popularity_and_nothing_where_nothing_was_measured():
    first, second = models.rows([ASIDE, lists_alone()], {"v3": "then", "v1": "before"})
    assert (first.quality, first.popularity, first.use, first.reason) == (0.09, 0.1, "kept aside", "it is worse.")
    assert (second.quality, second.popularity, second.method) == (None, None, "lists alone")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([record()], "The last training is in use."),
        ([ASIDE, record(days=-9)], "The last training was kept aside: it is worse."),
        (
            [ASIDE, lists_alone()],
            "The last training was kept aside: it is worse. Lists for everybody are in use instead.",
        ),
        ([lists_alone()], "The last training made lists alone: there is too little to learn from."),
        ([], "The last training made nothing: no event names a product, or another one was faster."),
    ],
)
def test_what_a_training_came_to_is_said_in_a_sentence(found: list[ModelRecord], words: str):
    assert models.outcome(found, TrainingState(started_at=TRAINED_AT - timedelta(minutes=1))) == words


def test_a_failure_is_said_in_its_own_words_and_one_under_way_says_nothing():
    failed = TrainingState(started_at=TRAINED_AT, failure="The disk is full.")
    assert models.outcome([], failed) == "The last training failed: The disk is full."
    assert models.outcome([record()], TrainingState(is_running=True, started_at=TRAINED_AT)) == ""
    assert models.outcome([record()], TrainingState()) == ""
