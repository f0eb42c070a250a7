"""Live against last week: what is counted from live, what from the lake, and what a snapshot holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from catalogue.errors import StreamUnavailable
from console.live.answer import History, live
from console.live.source import Minute, RecordCounts, Snapshot
from console.live.stored import StoredLive, read
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.streams import Batch
from tests.support.live_lines import event

NOW = datetime(2026, 11, 27, 14, 3, 20, tzinfo=UTC)
MINUTE = NOW.replace(second=0)
WEEK = timedelta(days=7)


def snapshot(amounts: dict[int, str], *, since: datetime | None = NOW - timedelta(hours=9)) -> Snapshot:
    """Net revenue by minutes before now, one order each."""
    minutes = [
        Minute(
            MINUTE - timedelta(minutes=back), orders=int(back in amounts), net_revenue=Decimal(amounts.get(back, "0"))
        )
        for back in range(59, -1, -1)
    ]
    return Snapshot(NOW, since, minutes, rates=[0] * 110 + [5] * 10)


def history(
    *,
    since: datetime | None = None,
    last_week: dict[datetime, str] | None = None,
    earlier: dict[datetime, str] | None = None,
) -> History:
    def found(given: dict[datetime, str] | None) -> dict[datetime, tuple[Decimal, int]]:
        return {at: (Decimal(amount), 1) for at, amount in (given or {}).items()}

    return History(MINUTE, since or NOW - timedelta(hours=9), found(last_week), found(earlier), [])


def test_the_last_hour_is_the_minute_under_way_and_the_59_before_it():
    answer = live(snapshot({0: "1.00", 30: "2.00", 59: "4.00"}), history(), "EUR")
    assert [figure.value for figure in answer.figures[:2]] == [Decimal("7.00"), 3]
    assert answer.minutes[-1][1] == Decimal("7.00")


def test_last_week_ends_at_the_second_that_corresponds_to_now():
    past = history(
        last_week={
            NOW - WEEK: "10",
            NOW - WEEK + timedelta(seconds=1): "500",
            MINUTE - WEEK - timedelta(minutes=59): "1",
        }
    )
    answer = live(snapshot({}), past, "EUR")
    assert answer.figures[0].changes[0].value == Decimal(11)
    assert answer.figures[1].changes[0].value == 2


def test_minutes_before_live_started_come_from_the_lake_and_none_from_both():
    since = MINUTE - timedelta(minutes=10, seconds=-20)
    earlier = {MINUTE - timedelta(minutes=30): "100", MINUTE - timedelta(minutes=10): "1000"}
    answer = live(snapshot({30: "7", 10: "3", 2: "5"}, since=since), history(since=since, earlier=earlier), "EUR")
    assert answer.figures[0].value == Decimal(108)


def test_the_rate_is_the_mean_of_the_last_seconds():
    figure = live(snapshot({}), history(), "EUR").figures[2]
    assert figure.value == 5
    assert figure.note == "mean of 10 s; highest 5 in two minutes"


def test_a_sparkline_ends_before_the_minute_under_way():
    assert len(live(snapshot({0: "1"}), history(), "EUR").figures[0].series) == 59


def test_a_step_of_the_funnel_without_a_step_before_has_no_share():
    found = Snapshot(NOW, NOW, funnel={"view": 8, "cart": 2, "checkout": 0, "purchase": 1})
    steps = live(found, history(), "EUR").steps
    assert [step.share for step in steps] == [None, 0.25, 0.0, None]


def test_live_that_never_received_anything_is_empty():
    assert live(Snapshot(NOW), history(), "EUR").is_empty


def test_the_law_is_said_to_be_broken_where_it_is():
    assert RecordCounts(3, 1, 1, 1).holds
    assert not RecordCounts(4, 1, 1, 1).holds


def test_a_snapshot_adds_regions_up_and_leaves_out_what_a_reader_may_not_see(tmp_path: Path):
    store = EmbeddedLiveStore(tmp_path / "live.sqlite", "EUR", now=lambda: NOW)
    old = NOW - timedelta(minutes=40)
    store.apply(
        Batch(
            [
                event("e1", region="North", session_id="s1", channel="web", received=NOW - timedelta(seconds=5)),
                event(
                    "e2",
                    "purchase",
                    region="South",
                    session_id="s1",
                    order_id="o1",
                    unit_price="3.00",
                    product={"name": "Lamp"},
                ),
                event(
                    "e3",
                    "purchase",
                    region="South",
                    session_id="s2",
                    order_id="o1",
                    product_id="p2",
                    unit_price="4.00",
                    at=old,
                ),
                event("e4", "cart_add", session_id="s3"),
            ],
            "1",
        ),
        after=None,
    )
    whole = read(store, None, NOW)
    assert whole.funnel == {"view": 1, "cart": 1, "checkout": 0, "purchase": 1}
    assert (whole.sessions, whole.is_estimate) == (2, False)
    assert [(minute.at, minute.events, minute.net_revenue) for minute in whole.minutes if minute.events] == [
        (old.replace(second=0), 1, Decimal(4)),
        (MINUTE, 3, Decimal(3)),
    ]
    assert [(order.order_id, order.amount, order.lines, order.at) for order in whole.orders] == [
        ("o1", Decimal(7), 2, old)
    ]
    assert [(product.name, product.net_revenue, product.sessions) for product in whole.products] == [
        ("Lamp", Decimal(3), 2)
    ]
    assert [channel.name for channel in whole.channels] == ["web"]
    assert whole.hour == whole.total == RecordCounts(4, 4, 0, 0)
    assert whole.rates[-5:] == [1, 0, 0, 0, 0]
    north = read(store, ("North",), NOW)
    assert (north.orders, north.funnel["purchase"], sum(minute.events for minute in north.minutes)) == ([], 0, 1)
    store.close()


def test_readers_share_a_snapshot_for_a_moment(tmp_path: Path):
    clock = [NOW]
    store = EmbeddedLiveStore(tmp_path / "live.sqlite", "EUR", now=lambda: clock[0])
    source = StoredLive(lambda: store, now=lambda: clock[0])
    first = source.snapshot(None)
    store.apply(Batch([event("e1")], "1"), after=None)
    assert source.snapshot(None) is first
    assert source.snapshot(("North",)) is not first
    clock[0] += timedelta(seconds=1)
    assert source.snapshot(None).total.received == 1
    store.close()


def test_a_store_that_cannot_be_opened_is_an_unavailable_source_and_tried_again(tmp_path: Path):
    store = EmbeddedLiveStore(tmp_path / "live.sqlite", "EUR", now=lambda: NOW)
    answers = iter([StreamUnavailable("Live is locked", where="live.sqlite", remedy="Wait."), store])

    def opened() -> EmbeddedLiveStore:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    source = StoredLive(opened, now=lambda: NOW)
    with pytest.raises(StreamUnavailable, match=r"Live is locked \(live.sqlite\)\. Wait\."):
        source.snapshot(None)
    assert source.snapshot(None).since is None
    store.close()
