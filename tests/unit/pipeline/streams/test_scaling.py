"""How many shards a stream should have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.errors import SettingsError
from pipeline.streams.scaling import Limits, Minute, limits_of, wanted_shards

LIMITS = Limits("events", least=2, most=8)
MEBIBYTE = 2**20


QUIET = Minute()


def hour(*newest: Minute, before: Minute = QUIET) -> list[Minute]:
    return [before] * (60 - len(newest)) + list(newest)


def full(shards: float) -> Minute:
    """A minute that fills so many shards by their bytes."""
    return Minute(bytes=shards * MEBIBYTE * 60, records=100)


@pytest.mark.parametrize(
    ("minutes", "shards", "wanted"),
    [
        (hour(full(1.3), before=full(1.3)), 2, 2),  # 65 % full: it stays
        (hour(full(1.5)), 2, 3),  # 75 %: so many that they are half full
        (hour(Minute(records=90_000)), 2, 3),  # the same by records: 1,500 a second
        (hour(full(3.9)), 2, 4),  # wanted are 8, but Kinesis doubles at most
        (hour(full(6)), 8, 8),  # no more than the tier allows
        (hour(Minute(throttled=1)), 2, 3),  # one shard is full, though the stream is not
        (hour(Minute(throttled=1)), 8, 8),
        (hour(full(0.1)), 8, 4),  # wanted are 2, but Kinesis halves at most
        (hour(full(0.1)), 3, 2),
        (hour(full(0.1)), 2, 2),  # never below the tier's
        (hour(full(0), before=full(3)), 8, 6),  # by the fullest minute of the hour
        (hour(*[full(0)] * 59, before=full(4)), 8, 8),
        (hour(full(1)), 1, 2),
    ],
)
def test_the_stream_grows_by_the_last_minutes_and_shrinks_by_the_last_hour(
    minutes: list[Minute], shards: int, wanted: int
):
    assert wanted_shards(minutes, shards, LIMITS, changes=0) == wanted


def test_it_does_not_shrink_before_most_of_an_hour_is_known():
    assert wanted_shards([full(0.1)] * 49, 8, LIMITS, changes=0) == 8
    assert wanted_shards([full(0.1)] * 50, 8, LIMITS, changes=0) == 4


@pytest.mark.parametrize(("changes", "quiet", "busy"), [(5, 2, 7), (6, 4, 7), (9, 4, 7), (10, 4, 4)])
def test_the_last_changes_of_a_day_are_kept_for_growth(changes: int, quiet: int, busy: int):
    assert wanted_shards(hour(full(0.1)), 4, LIMITS, changes=changes) == quiet
    assert wanted_shards(hour(full(3.5)), 4, LIMITS, changes=changes) == busy


@pytest.mark.parametrize("minutes", [[], hour(full(0.1)), hour(full(1.9)), hour(Minute(throttled=1))])
def test_far_below_its_least_shards_it_doubles_as_often_as_it_must(minutes: list[Minute]):
    limits = Limits("events", least=9, most=16)
    assert [wanted_shards(minutes, shards, limits, changes=0) for shards in (2, 4, 8)] == [4, 8, 9]


@given(
    minutes=st.lists(
        st.builds(Minute, st.floats(0, 1e10), st.floats(0, 1e7), st.sampled_from([0.0, 0.0, 3.0])), max_size=70
    ),
    shards=st.integers(1, 8),
    changes=st.integers(0, 12),
)
def test_kinesis_takes_what_is_wanted_and_the_next_look_keeps_it(minutes: list[Minute], shards: int, changes: int):
    wanted = wanted_shards(minutes, shards, LIMITS, changes=changes)
    assert shards / 2 <= wanted <= 2 * shards
    assert wanted <= LIMITS.most
    if changes < 10 and not any(minute.throttled for minute in minutes):
        after = wanted_shards(minutes, wanted, LIMITS, changes=changes)
        assert (after - wanted) * (wanted - shards) >= 0, "it does not go up and down by the same minutes"


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({}, "TAKINGS_STREAM"),
        ({"TAKINGS_STREAM": "events"}, "TAKINGS_LEAST_SHARDS"),
        ({"TAKINGS_STREAM": "events", "TAKINGS_LEAST_SHARDS": "0"}, "TAKINGS_LEAST_SHARDS"),
        (
            {"TAKINGS_STREAM": "events", "TAKINGS_LEAST_SHARDS": "4", "TAKINGS_MOST_SHARDS": "2"},
            "TAKINGS_MOST_SHARDS",
        ),
    ],
)
def test_limits_that_cannot_be_used_are_refused_by_name(values: dict[str, str], where: str):
    with pytest.raises(SettingsError) as refused:
        limits_of(values)
    assert refused.value.where == where


def test_limits_are_read():
    values = {"TAKINGS_STREAM": "events", "TAKINGS_LEAST_SHARDS": "2", "TAKINGS_MOST_SHARDS": "8"}
    assert limits_of(values) == LIMITS
