"""Live against last week: what is counted from live, what from the lake, and what a snapshot holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from catalogue.errors import StreamUnavailable
from console.live import words
from console.live.answer import History, live
from console.live.pace import Pace
from console.live.source import Minute, RecordCounts, Snapshot, Waiting
from console.live.stored import StoredLive, read
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.streams import Batch
from pipeline.streams.log import AppendLog
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
    assert whole.funnel == {"view": 1, "cart": 0, "checkout": 0, "purchase": 0}
    assert whole.skipped == {"view": 0, "cart": 1, "checkout": 0, "purchase": 1}
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


def test_a_step_of_the_funnel_never_has_more_sessions_than_the_one_before(tmp_path: Path):
    store = EmbeddedLiveStore(tmp_path / "live.sqlite", "EUR", now=lambda: NOW)
    entries = [event("v", session_id="s0"), event("c", "cart_add", session_id="s0")]
    entries += [
        event(f"p{number}", "purchase", session_id=f"s{number}", order_id=f"o{number}", unit_price="1.00")
        for number in range(8)
    ]
    store.apply(Batch(entries, "1"), after=None)
    found = read(store, None, NOW)
    assert found.funnel == {"view": 1, "cart": 1, "checkout": 0, "purchase": 1}  # nobody sends checkouts
    assert found.skipped["purchase"] == 7
    store.close()


def late(*, seconds: float = 0.0, left_out: list[tuple[datetime, datetime]] | None = None) -> Waiting:
    return Waiting(2_100_000, seconds, left_out or [], 21_000.0, 100.0)


def test_what_waits_is_the_first_thing_said():
    def state(waiting: Waiting | None) -> str:
        return " | ".join(words.state(Snapshot(NOW, NOW, waiting=waiting, newest=NOW))).replace("\u202f", " ")

    assert state(Waiting()) == "Up to date: nothing waits | "
    assert state(Waiting(40, 0.2)) == "Up to date: 200 ms behind | "
    assert state(late(seconds=114)) == (
        "114 s behind | About 2.10M records wait. Counting 21,000 a second, about 100 s left."
    )
    span = (NOW - timedelta(minutes=2), NOW - timedelta(seconds=5))
    assert state(late(left_out=[span])) == (
        "Catching up: what happens now is shown, an earlier part is missing"
        " | About 2.10M records wait; received 14:01:20–14:03:15 UTC, they are in no figure yet."
        " Counting 21,000 a second, about 100 s left."
    )
    assert state(Waiting(50, 9.0, [], 10.0)).endswith("Counting 10 a second; more arrive than are counted.")
    assert state(None) == "The newest record shown is 0 ms old | "


def test_a_figure_of_the_present_is_withheld_or_marked_while_records_wait(tmp_path: Path):
    store = EmbeddedLiveStore(tmp_path / "live.sqlite", "EUR", now=lambda: NOW)
    old = NOW - timedelta(seconds=116)
    store.apply(Batch([event("e1", "purchase", order_id="o", unit_price="3", at=old, received=old)], "1"), after=None)
    found = live(read(store, None, NOW, late(seconds=114)), history(), "EUR")
    revenue, orders, rate, _ = found.figures
    assert (rate.value, rate.note) == (None, "not known while records wait; highest 1 in two minutes")
    assert (revenue.value, revenue.note, revenue.changes) == (3, "incomplete: about 2.10M records wait", [])
    assert orders.note == "incomplete: about 2.10M records wait"
    assert [minute.is_complete for minute in found.snapshot.minutes[-4:]] == [True, False, False, False]
    assert found.complete_until == MINUTE - timedelta(minutes=2)
    span = (NOW - timedelta(seconds=60), NOW - timedelta(seconds=30))
    rates = read(store, None, NOW, late(left_out=[span])).rates
    assert rates[-61:] == [0, *[None] * 31, *[0] * 29]
    store.close()


def test_the_pace_is_that_of_the_last_seconds():
    pace, left_out = Pace(), [(NOW - timedelta(minutes=2), NOW - timedelta(minutes=1))]
    assert pace.of(Waiting(1_000, 0.0, left_out), 50, NOW).per_second is None
    found = pace.of(Waiting(900, 0.0, left_out), 250, NOW + timedelta(seconds=10))
    assert found == Waiting(900, 0.0, left_out, 20.0, 90.0)
    grows = pace.of(Waiting(2_000, 0.0, left_out), 300, NOW + timedelta(seconds=20))
    assert (grows.per_second, grows.seconds_left) == (5.0, None)


def test_what_the_log_holds_and_live_has_not_counted_waits(tmp_path: Path):
    log = AppendLog(tmp_path / "stream", reserve_bytes=0)
    store = EmbeddedLiveStore(tmp_path / "live.sqlite", "EUR", now=lambda: NOW)
    source = StoredLive(lambda: store, log=log.folder, now=lambda: NOW + timedelta(seconds=30))
    log.append([event(f"e{number}") for number in range(8)])
    waiting = source.snapshot(None).waiting
    assert waiting is not None
    assert (waiting.records, waiting.seconds, waiting.is_late) == (8, 30.0, True)
    assert words.not_yet(source.snapshot(None)) == [
        "Acknowledged, not yet counted here: about 8.",
        "Acknowledged, not yet curated: about 8; tables are 30 s behind.",
    ]
    log.close()
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
