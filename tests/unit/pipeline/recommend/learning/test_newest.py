"""Which days are read where a shop has more interactions than fit."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from pipeline.recommend.learning.newest import first_day

END = date(2026, 3, 11)
START = END - timedelta(days=10)
COUNTS = {date(2026, 3, 10): (3, 1, 1), date(2026, 3, 9): (4, 0, 0), date(2026, 3, 2): (9, 1, 0)}  # 5, 4 and 10 actions


def activity(counts: dict[date, tuple[int, int, int]]) -> pa.Table:
    rows = [
        {"day": day, "views": views, "cart_adds": cart_adds, "orders": orders}
        for day, (views, cart_adds, orders) in counts.items()
    ]
    names = ("views", "cart_adds", "orders")
    return pa.Table.from_pylist(rows, pa.schema([("day", pa.date32()), *((name, pa.int64()) for name in names)]))


@pytest.mark.parametrize(
    ("most", "first", "left_out"),
    [
        (19, START, 0),  # all of it
        (18, date(2026, 3, 3), 10),  # from the day after one that is too much
        (9, date(2026, 3, 3), 10),
        (8, date(2026, 3, 10), 14),
        (1, date(2026, 3, 10), 14),  # the last day is read whatever it has
    ],
)
def test_whole_days_are_read_from_the_newest_back_as_long_as_they_fit(most: int, first: date, left_out: int) -> None:
    assert first_day(activity(COUNTS), START, END, most) == (first, left_out)


def test_where_nothing_was_done_the_whole_window_is_read() -> None:
    assert first_day(activity({}), START, END, 5) == (START, 0)
