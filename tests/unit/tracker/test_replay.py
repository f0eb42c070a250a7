"""The replay of visits through the tracker, which measures how many events a request brings."""

from __future__ import annotations

import json
import shutil

import pytest

from bench.tracker import replay

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="the tracker runs in Node here")

SECOND = 1_000


def visits(*visitors: list[list[tuple[int, str]]]) -> str:
    """Visitors, each a list of visits of (second, event type)."""
    return "\n".join(
        json.dumps([[[second * SECOND, kind] for second, kind in visit] for visit in one_visitor])
        for one_visitor in visitors
    )


def test_views_within_the_window_leave_in_one_request_thirty_seconds_after_the_first():
    found = replay(visits([[(100, "product_view"), (110, "cart_add"), (125, "product_view"), (190, "product_view")]]))
    assert (found["events"], found["requests"], found["copies"]) == (4, 2, 4)
    assert (found["median"], found["p95"], found["longest"]) == (20, 30, 30)  # ages 30, 20, 5 and 30 seconds


def test_an_order_takes_along_what_waits_and_does_not_wait_itself():
    found = replay(visits([[(100, "product_view"), (110, "purchase"), (110, "purchase")]]), 60)
    assert (found["requests"], found["orders_p95"], found["longest"]) == (1, 0, 10)


def test_the_end_of_a_visit_within_the_window_is_a_beacon_and_confirmed_by_the_next_visit():
    found = replay(visits([[(100, "product_view")], [(9_000, "product_view")]]), 60)
    # each visit ends after 45 seconds; the second one sends the first view again, with its own
    assert (found["requests"], found["beacons"], found["copies"], found["longest"]) == (2, 2, 3, 45)
