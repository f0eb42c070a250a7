"""Which visitors are read where a shop has more interactions than fit."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from pipeline.recommend.learning.sampling import Sample, newest_rows, sample_of

ACTIVITY = pa.table({"views": [4, 9], "cart_adds": [3, 1], "orders": [2, 1]})  # 20 actions


@pytest.mark.parametrize(
    ("most", "sample"),
    [
        (20, Sample()),  # all of it
        (10, Sample(0.5, "800000")),
        (5, Sample(0.25, "400000")),
        (0, Sample(16**-6, "000001")),  # a shop is never left without a visitor who may be read
    ],
)
def test_as_many_visitors_are_read_as_have_about_so_many_actions(most: int, sample: Sample) -> None:
    assert sample_of(ACTIVITY, most) == sample


def test_where_nothing_was_done_everybody_is_read() -> None:
    assert sample_of(ACTIVITY.slice(0, 0), 5) == Sample()


def test_what_is_more_than_expected_loses_its_oldest_hours() -> None:
    rows = pa.table(
        {
            "visitor": ["a", "b", "c"],
            "product_id": ["cup", "cup", "cup"],
            "day": [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 2)],
            "hour": [9, 8, 9],
        }
    )
    kept, left_out = newest_rows(rows, 2)
    assert (kept["visitor"].to_pylist(), left_out) == (["c", "b"], 1)
