"""The contract of live: one suite, every adapter."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalogue.errors import StreamUnavailable
from pipeline.contract.rejections import Reason, quarantine_line, rejected
from pipeline.live import sketch
from pipeline.live.documents import MEMORY_MINUTES, OTHER, SESSIONS, Document, Flow, Item
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.live.rollup import DUPLICATE_WINDOW, minute_of
from pipeline.live.store import LiveStore
from pipeline.streams import Batch, Entry, Kind
from tests.support.live_lines import NOW, event, refused

TABLE = "live"


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Place:
    """A store under test, and the way to open it again as a new process would."""

    store: LiveStore
    clock: Clock
    reopen: Callable[[], LiveStore]
    parents: dict[str, list[str]] = field(default_factory=dict)
    refusing: set[str] = field(default_factory=set)

    def apply(self, entries: Sequence[Entry], position: str, after: str | None = None) -> bool:
        return self.store.apply(Batch(entries, position), after=after)

    def documents(self, since: datetime | None = None) -> dict[tuple[int, str], Document]:
        rows = self.store.documents(minute_of(since) if since else 0)
        return {(minute, region): document for minute, region, document in rows}

    def whole(self) -> Document:
        total = Document()
        for document in self.documents().values():
            total = total.plus(document)
        return total


@pytest.fixture(params=["embedded", "dynamodb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    clock, refusing = Clock(), set[str]()
    if request.param == "embedded":
        stores: list[EmbeddedLiveStore] = []

        def opened() -> LiveStore:
            stores.append(EmbeddedLiveStore(tmp_path / "live.sqlite", "EUR", refuses=refusing.__contains__, now=clock))
            return stores[-1]

        yield Place(opened(), clock, opened, refusing=refusing)
        for store in stores:
            store.close()
        return
    with aws_table() as client:
        from pipeline.live.dynamodb import DynamoDbLiveStore

        parents: dict[str, list[str]] = {}

        def made() -> LiveStore:
            return DynamoDbLiveStore(
                client,
                TABLE,
                "EUR",
                refuses=refusing.__contains__,
                parents_of=lambda shard: parents.get(shard, []),
                now=clock,
            )

        yield Place(made(), clock, made, parents, refusing)


def aws_table() -> Any:
    from contextlib import contextmanager

    import boto3
    from moto import mock_aws

    @contextmanager
    def table() -> Iterator[Any]:
        with mock_aws():
            client = boto3.client("dynamodb", region_name="eu-west-1")
            client.create_table(
                TableName=TABLE,
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                BillingMode="PAY_PER_REQUEST",
            )
            yield client

    return table()


def test_a_store_nothing_was_applied_to_is_empty(place: Place):
    assert place.store.position() is None
    assert place.documents() == {}
    assert place.store.flows(0) == []
    assert place.store.totals().flow == Flow()
    assert place.store.totals().since is None
    assert place.store.recent_items("c1") == []


def test_a_batch_is_counted_by_minute_and_region_by_channel_and_by_product(place: Place):
    assert place.apply(
        [
            event("e1", region="North", channel="web", product_id="p1"),
            event("e2", "cart_add", region="North", channel="web", product_id="p1"),
            event(
                "e3",
                "purchase",
                region="North",
                channel="web",
                product_id="p1",
                order_id="o1",
                quantity=2,
                unit_price="4.50",
            ),
            event(
                "e4", "purchase", region="North", channel="app", product_id="p2", order_id="o2", unit_price="10.0001"
            ),
            event("e5", "refund", region="North", channel="web", product_id="p1", order_id="o1", unit_price="4.50"),
            event("e6", region="South", session_id="s2", product_id="p1", at=NOW - timedelta(minutes=1)),
        ],
        "1",
    )
    documents = place.documents()
    assert sorted(documents) == [(minute_of(NOW) - 1, "South"), (minute_of(NOW), "North")]
    north = documents[minute_of(NOW), "North"]
    assert (north.totals.events, north.totals.views, north.totals.carts, north.totals.purchases) == (5, 1, 1, 2)
    assert (north.totals.orders, north.totals.units) == (2, 3)
    assert (north.totals.gross, north.totals.refunds, north.totals.net) == (
        Decimal("19.0001"),
        Decimal("4.50"),
        Decimal("14.5001"),
    )
    assert {name: counts.gross for name, counts in north.channels.items()} == {
        "web": Decimal("9.00"),
        "app": Decimal("10.0001"),
    }
    assert {name: (counts.views, counts.orders) for name, counts in north.products.items()} == {
        "p1": (1, 1),
        "p2": (0, 1),
    }
    assert {step: sketch.estimate(found, SESSIONS) for step, found in north.steps.items()} == {
        "view": 1,
        "cart": 1,
        "purchase": 1,
    }
    assert place.documents(since=NOW).keys() == {(minute_of(NOW), "North")}


def test_a_replayed_batch_changes_nothing(place: Place):
    entries = [event("e1"), event("e2", "purchase", order_id="o1", unit_price="5"), refused("{", at=NOW)]
    assert place.apply(entries, "1")
    assert place.apply([event("e3")], "2", after="1")
    before = (place.documents(), place.store.flows(0), place.store.totals(), place.store.recent_items("c1"))
    assert not place.apply(entries, "1")
    assert not place.apply([event("e3")], "2", after="1")
    assert not place.apply([event("e4")], "3", after="1")
    assert place.store.position() == "2"
    assert (place.documents(), place.store.flows(0), place.store.totals(), place.store.recent_items("c1")) == before


def test_another_process_goes_on_where_the_first_one_was_killed(place: Place):
    place.apply([event("e1"), event("e2", "purchase", order_id="o1", unit_price="5")], "1")
    place.store = place.reopen()
    assert place.store.position() == "1"
    assert not place.apply([event("e1")], "1")
    assert place.apply(
        [event("e1"), event("e3", "purchase", order_id="o1", product_id="p9", unit_price="7")], "2", after="1"
    )
    totals = place.whole().totals
    assert (totals.events, totals.orders, totals.gross) == (3, 1, Decimal(12))
    assert place.store.totals().flow == Flow(received=4, accepted=3, duplicates=1)


def test_processes_that_take_turns_know_what_the_other_has_seen(place: Place):
    mine, other = place.store, place.reopen()
    assert mine.apply(Batch([event("e1")], "1"), after=None)
    assert other.apply(Batch([event("e2")], "2"), after="1")
    assert mine.apply(Batch([event("e2"), event("e3")], "3"), after="2")
    assert other.apply(Batch([event("e3"), event("e1")], "4"), after="3")
    assert mine.totals().flow == Flow(received=6, accepted=3, duplicates=3)


def test_an_event_that_comes_again_in_another_batch_is_a_duplicate_for_an_hour(place: Place):
    place.apply([event("e1"), event("e1")], "1")
    place.clock.forward(seconds=DUPLICATE_WINDOW.total_seconds() - 1)
    place.apply([event("e1")], "2", after="1")
    assert place.whole().totals.events == 1
    assert place.store.totals().flow == Flow(received=3, accepted=1, duplicates=2)


def test_what_was_seen_long_ago_is_forgotten(place: Place):
    place.apply([event("e1")], "0")
    for hour in range(1, 4):
        place.clock.forward(hours=1, minutes=1)
        place.apply([event(f"x{hour}")], str(hour), after=str(hour - 1))
    place.apply([event("e1")], "4", after="3")
    assert place.store.totals().flow.duplicates == 0


def test_an_order_counts_once_however_its_lines_arrive(place: Place):
    lines = [
        event(f"e{n}", "purchase", order_id="o1", product_id=f"p{n}", unit_price="1.10", at=NOW - timedelta(minutes=n))
        for n in range(3)
    ]
    for position, line in enumerate(lines, start=1):
        place.apply([line], str(position), after=str(position - 1) if position > 1 else None)
    whole = place.whole()
    assert whole.totals.orders == 1
    assert whole.orders["o1"].amount == Decimal("3.30")
    assert whole.orders["o1"].lines == 3
    assert whole.orders["o1"].at == NOW - timedelta(minutes=2)


def test_equal_ids_of_two_namespaces_are_two_events_two_orders_and_two_sessions(place: Place):
    sale = {"event_type": "purchase", "order_id": "o1", "unit_price": "5", "session_id": "s1", "customer_id": None}
    place.apply([event("e1", namespace="shop", **sale), event("e1", namespace="outlet", **sale)], "1")
    whole = place.whole()
    assert (whole.totals.events, whole.totals.orders, whole.totals.gross) == (2, 2, Decimal(10))
    assert sketch.estimate(whole.totals.sessions, SESSIONS) == 2
    assert [(order.namespace, order.amount) for order in whole.orders.values()] == [("shop", 5), ("outlet", 5)]


@pytest.mark.parametrize("first_is_public", [True, False])
def test_a_line_that_the_page_and_the_server_both_send_counts_once_by_the_first(place: Place, first_is_public: bool):
    sale = {"event_type": "purchase", "order_id": "o1"}
    place.apply(
        [
            event("page", public=first_is_public, unit_price="5", **sale),
            event("page-2", public=first_is_public, unit_price="6", **sale),
        ],
        "1",
    )
    place.apply([event("server", public=not first_is_public, unit_price="9", **sale)], "2", after="1")
    whole = place.whole()
    assert (whole.totals.events, whole.totals.orders, whole.totals.units, whole.totals.gross) == (3, 1, 2, Decimal(11))
    assert (whole.orders["o1"].lines, whole.orders["o1"].amount) == (2, Decimal(11))


def test_sessions_are_distinct_across_batches_and_a_customer_counts_as_one(place: Place):
    place.apply(
        [event("e1", session_id="s1"), event("e2", session_id="s1"), event("e3", session_id=None, customer_id="c7")],
        "1",
    )
    place.apply(
        [event("e4", session_id="s1"), event("e5", session_id="s2"), event("e6", session_id=None, customer_id="c7")],
        "2",
        after="1",
    )
    assert sketch.estimate(place.whole().totals.sessions, SESSIONS) == 3


def test_another_currency_is_an_order_without_revenue(place: Place):
    place.apply([event("e1", "purchase", order_id="o1", unit_price="5", currency="USD")], "1")
    whole = place.whole()
    assert (whole.totals.orders, whole.totals.gross) == (1, Decimal(0))
    assert (whole.orders["o1"].amount, whole.orders["o1"].currency) == (Decimal(5), "USD")


def test_received_is_accepted_plus_duplicates_plus_quarantined_by_minute_and_in_all(place: Place):
    place.apply(
        [
            event("e1"),
            event("e1"),
            refused("{", at=NOW),
            event("e2", received=NOW - timedelta(minutes=2)),
            Entry(Kind.EVENT, "k", b"no event"),
        ],
        "1",
    )
    flows = dict(place.store.flows(0))
    assert flows[minute_of(NOW)].totals == Flow(4, 1, 1, 2)
    assert flows[minute_of(NOW) - 2].totals == Flow(1, 1, 0, 0)
    total = place.store.totals()
    assert total.flow == Flow(5, 2, 1, 2)
    assert total.since == NOW
    assert total.flow.received == total.flow.accepted + total.flow.duplicates + total.flow.quarantined


def test_the_lag_is_the_time_from_reception_to_being_visible(place: Place):
    from pipeline.live.documents import lag_percentile

    place.apply(
        [event(f"e{n}", received=NOW - timedelta(milliseconds=400)) for n in range(99)]
        + [event("z", received=NOW - timedelta(seconds=9))],
        "1",
    )
    lags = {bucket: count for _, flow in place.store.flows(0) for bucket, count in flow.lags.items()}
    assert lag_percentile(lags, 0.5) == pytest.approx(0.4, rel=0.11)
    assert lag_percentile(lags, 0.99) == pytest.approx(0.4, rel=0.11)
    assert lag_percentile(lags, 1.0) == pytest.approx(9, rel=0.11)


def test_what_happened_long_ago_is_accepted_and_not_shown(place: Place):
    old = NOW - timedelta(minutes=MEMORY_MINUTES + 1)
    place.apply([event("e1", at=old), event("e2", at=NOW - timedelta(minutes=MEMORY_MINUTES))], "1")
    assert place.whole().totals.events == 1
    assert place.store.totals().flow.accepted == 2
    assert {item.at for item in place.store.recent_items("c1")} == {NOW - timedelta(minutes=MEMORY_MINUTES)}


def test_who_refuses_recommendations_counts_and_has_no_recent_items(place: Place):
    place.refusing.add("c1")
    place.apply([event("e1", customer_id="c1", product_id="p1"), event("e2", customer_id="c2", product_id="p1")], "1")
    assert (place.store.recent_items("c1"), len(place.store.recent_items("c2"))) == ([], 1)
    assert place.whole().totals.views == 2


def test_a_customers_recent_items_hold_each_product_once_by_its_latest_action(place: Place):
    minutes = [NOW - timedelta(minutes=n) for n in range(60)]
    place.apply(
        [event("e1", product_id="p1", at=minutes[9]), event("e2", "cart_add", product_id="p2", at=minutes[8])], "1"
    )
    place.apply(
        [
            event("e3", "purchase", product_id="p1", order_id="o", unit_price="1", at=minutes[7]),
            event("e4", "cart_remove", product_id="p2", at=minutes[6]),
        ],
        "2",
        after="1",
    )
    assert place.store.recent_items("c1") == [
        Item("p2", "cart_remove", minutes[6]),
        Item("p1", "purchase", minutes[7]),
    ]
    place.apply([event(f"m{n}", product_id=f"q{n}", at=minutes[5]) for n in range(30)], "3", after="2")
    assert len(place.store.recent_items("c1")) == 20
    assert place.store.recent_items("nobody") == []


def test_a_customer_is_forgotten_and_the_counts_stay(place: Place):
    place.apply([event("e1", product_id="p1"), event("e2", product_id="p1", customer_id="c2")], "1")
    before = (place.documents(), place.store.totals())
    assert place.store.forget({"c1", "nobody"}) == 1
    assert (place.store.recent_items("c1"), len(place.store.recent_items("c2"))) == ([], 1)
    assert (place.documents(), place.store.totals()) == before
    assert place.store.forget({"c1"}) == 0


def test_more_regions_channels_and_products_than_fit_stand_under_other(place: Place):
    place.apply([event(f"r{n}", region="North", channel=f"ch{n}", product_id=f"p{n}") for n in range(700)], "1")
    whole = place.whole()
    assert (len(whole.channels), whole.channels[OTHER].events) == (17, 700 - 16)
    assert (len(whole.products), whole.products[OTHER].events) == (601, 100)
    position = "1"
    for start in range(0, 80, 10):
        place.apply(
            [event(f"g{n}", region=f"region {n}") for n in range(start, start + 10)], f"g{start}", after=position
        )
        position = f"g{start}"
    regions = {region for _, region in place.documents()}
    assert len(regions) == 65
    assert place.documents()[minute_of(NOW), OTHER].totals.events == 80 + 1 - 64


def test_an_unusable_store_says_so_and_keeps_what_it_has(place: Place, monkeypatch: pytest.MonkeyPatch):
    place.apply([event("e1")], "1")
    broken: Any = place.store
    if isinstance(broken, EmbeddedLiveStore):
        broken.close()
    else:
        broken._table._table = "no-such-table"
    with pytest.raises(StreamUnavailable):
        place.apply([event("e2")], "2", after="1")
    place.store = place.reopen()
    assert place.store.position() == "1"
    assert place.whole().totals.events == 1


def test_any_cut_of_the_same_entries_counts_the_same(place: Place):
    chance = random.Random(7)
    kinds = ["product_view", "cart_add", "checkout_start", "purchase", "refund"]
    entries = [
        event(
            f"e{chance.randrange(150)}",
            kind := chance.choice(kinds),
            session_id=f"s{chance.randrange(20)}",
            product_id=f"p{chance.randrange(9)}",
            region=chance.choice(["North", "South"]),
            order_id=f"o{chance.randrange(9)}" if kind in ("purchase", "refund") else None,
            unit_price=f"{chance.randrange(1, 900) / 100:.2f}" if kind in ("purchase", "refund") else None,
        )
        for _ in range(200)
    ]
    from pipeline.live.lines import read
    from pipeline.live.rollup import roll

    expected = Document()
    for document in roll(read(entries, NOW), (), now=NOW, currency="EUR").documents.values():
        expected = expected.plus(document)
    after, start = None, 0
    while start < len(entries):
        size = chance.randrange(1, 40)
        position = str(start + size)
        assert place.apply(entries[start : start + size], position, after=after)
        after, start = position, start + size
    whole = place.whole()
    assert whole.totals == expected.totals
    assert whole.products == expected.products
    assert whole.orders == expected.orders


def test_the_quarantine_line_of_the_collector_is_what_live_reads():
    line = quarantine_line(b"{", rejected(Reason.INVALID_JSON, "cut"), origin="", received_at=NOW, source="native")
    assert refused("{", at=NOW).line == line


def test_two_shards_are_counted_apart_and_read_together(place: Place):
    place.store.apply(Batch([event("e1", session_id="s1")], "7"), after=None, shard="a")
    place.store.apply(Batch([event("e2", session_id="s2")], "9"), after=None, shard="b")
    assert (place.store.position("a"), place.store.position("b")) == ("7", "9")
    assert place.store.totals().flow.accepted == 2
    assert [region for _, region, _ in place.store.documents(0)] == ["", ""]
    assert sum(document.totals.events for _, _, document in place.store.documents(0)) == 2


def test_what_ended_shards_counted_stays_in_the_totals_and_leaves_the_picture(place: Place):
    for number in range(12):  # a reshard every three hours
        entry = event(f"e{number}", at=place.clock.now, received=place.clock.now)
        assert place.store.apply(Batch([entry], "1"), after=None, shard=f"s{number}")
        assert place.store.totals().flow == Flow(received=number + 1, accepted=number + 1)
        assert place.reopen().totals() == place.store.totals()
        assert len(place.documents(place.clock.now - timedelta(minutes=60))) == 1
        place.clock.forward(hours=3)
    assert place.store.totals().since == NOW


def test_what_an_ended_shard_brought_is_shown_for_an_hour(place: Place):
    place.store.apply(Batch([event("e1")], "1"), after=None, shard="parent")
    for minutes in (14, 45):
        place.clock.forward(minutes=minutes)
        place.store.apply(
            Batch([event(f"c{minutes}")], str(minutes)), after=place.store.position("child"), shard="child"
        )
        assert sum(document.totals.events for _, _, document in place.store.documents(minute_of(NOW))) > 1
    assert sum(flow.received for _, flow in place.store.flows(minute_of(NOW))) == 3


def test_a_shard_that_was_quiet_for_hours_goes_on_from_where_it_was_and_counts_once(place: Place):
    quiet = Batch([event("e1"), event("e2")], "2")
    place.store.apply(quiet, after=None, shard="quiet")
    for hours in range(1, 9):
        place.clock.forward(hours=1)
        place.store.apply(Batch([event(f"b{hours}")], str(hours)), after=place.store.position("busy"), shard="busy")
    assert place.store.position("quiet") == "2"
    assert not place.store.apply(quiet, after=None, shard="quiet")
    entry = event("e3", at=place.clock.now, received=place.clock.now)
    assert place.store.apply(Batch([entry], "3"), after="2", shard="quiet")
    assert place.store.totals().flow == Flow(received=11, accepted=11)
    assert len(place.documents(place.clock.now)) == 1


@pytest.mark.parametrize(
    "parents",
    [{"c": ["a"]}, {"c": ["a", "b"]}, {"c": ["b"], "b": ["a"]}],
    ids=["a split", "a merge", "two in an hour"],
)
def test_a_copy_that_comes_through_a_child_shard_is_a_duplicate(place: Place, parents: dict[str, list[str]]):
    place.parents |= parents
    sale = {"event_type": "purchase", "order_id": "o1", "unit_price": "5"}
    place.store.apply(Batch([event("e1", **sale)], "1"), after=None, shard="a")
    place.clock.forward(minutes=20)
    place.store.apply(Batch([event("e2")], "1"), after=None, shard="b")
    place.clock.forward(minutes=20)
    copies = [event("e1", **sale), event("e3", **sale)]
    assert place.store.apply(Batch(copies, "1"), after=None, shard="c")
    place.store = place.reopen()  # another process, which has to read what the ancestors saw
    assert place.store.apply(Batch([event("e1", **sale)], "2"), after="1", shard="c")
    assert place.store.totals().flow == Flow(received=5, accepted=3, duplicates=2)
    assert sum(document.totals.orders for _, _, document in place.store.documents(0)) == 1
