"""An anonymous visitor becomes a known customer, from then on: in every tracker's format."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.errors import StreamUnavailable
from pipeline.collecting.collector import Collector
from pipeline.collecting.known_customers_embedded import EmbeddedKnownCustomers
from tests.support.collecting import Shelf, collector, decoded, request, write_key
from tests.unit.pipeline.formats.test_snowplow import LAMP, SCHEMA, TP2, action

SHOP, OUTLET = "tk_shop", "tk_outlet"  # two keys, each of a namespace of its own
NUMBERS = itertools.count(1)
TWO_KEYS = (write_key("shop", SHOP, namespace="shop"), write_key("outlet", OUTLET, namespace="outlet"))


class Shop:
    """A collector that knows customers, as a process that can be started again."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "customers.sqlite"
        self.stream = Shelf()
        self.start()

    def start(self) -> None:
        self.customers = EmbeddedKnownCustomers(self.file)
        self.collector: Collector = collector(self.stream, *TWO_KEYS, customers=self.customers)

    def restart(self) -> None:
        self.customers.close()
        self.start()

    def answer(self, body: Any, path: str, secret: str = SHOP, **query: str) -> int:
        self.response = self.collector.answer(request(body, path=path, secret=secret, query=query))
        return self.response.status

    def segment(self, *messages: dict[str, Any], secret: str = SHOP) -> None:
        assert self.answer({"batch": list(messages)}, "/v1/batch", secret) == 200

    def ga4(self, secret: str = SHOP, name: str = "view_item", **head: Any) -> None:
        event = {"name": name, "params": {"session_id": 5, "items": [{"item_id": "p1"}]}}
        assert self.answer(head | {"events": [event]}, "/mp/collect", secret, measurement_id="G-1") == 204

    def gtag(self, name: str, **sent: str) -> None:
        query = {"tid": "G-1", "_p": "1", "_s": "1", "en": name, "pr1": "idp1", **sent}
        assert self.answer(b"", "/g/collect", **query) == 204

    def snowplow(self, *events: dict[str, Any]) -> None:
        assert self.answer({"schema": SCHEMA, "data": list(events)}, TP2) == 200

    def seen(self) -> list[str]:
        """The customers of the events so far, in order."""
        return [event["customer_id"] for event in self.stream.events()]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.customers.close()


def view(**who: str) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Product Viewed",
        "messageId": f"m{next(NUMBERS)}",
        "properties": {"product_id": "p1"},
        **who,
    }


def identify(user: str, anonymous: str = "device-1", kind: str = "identify") -> dict[str, Any]:
    return {"type": kind, "userId": user, "anonymousId": anonymous}


def alias(previous: str, user: str) -> dict[str, Any]:
    return {"type": "alias", "previousId": previous, "userId": user}


@pytest.mark.parametrize(
    "message",
    [
        identify("c1"),
        alias("device-1", "c1"),
        identify("c1", kind="alias"),
        identify("c1", kind="page"),
        identify("c1", kind="group"),
    ],
)
def test_segments_visitor_is_the_customer_from_the_message_with_both_ids_on(shop: Shop, message: dict[str, Any]):
    shop.segment(view(anonymousId="device-1"))
    shop.segment(message)
    assert decoded(shop.response)["ignored"] == 1
    shop.segment(view(anonymousId="device-1"), view(anonymousId="device-2"))
    assert shop.seen() == ["device-1", "c1", "device-2"]
    assert [event.get("attributes", {}).get("anonymous_id") for event in shop.stream.events()] == [
        None,
        "device-1",
        None,
    ]
    assert [entry.key for entry in shop.stream.entries] == ["device-1", "c1", "device-2"]


def test_an_action_with_both_ids_links_them_too(shop: Shop):
    shop.segment(view(userId="c1", anonymousId="device-1"))
    shop.segment(view(anonymousId="device-1"))
    assert shop.seen() == ["c1", "c1"]


def test_within_a_batch_the_order_of_its_messages_counts(shop: Shop):
    shop.segment(
        view(anonymousId="device-1"),
        identify("c1"),
        view(anonymousId="device-1"),
        identify("c2"),
        view(anonymousId="device-1"),
    )
    shop.segment(view(anonymousId="device-1"))
    assert shop.seen() == ["device-1", "c1", "c2", "c2"]


def test_a_message_with_a_known_id_keeps_it(shop: Shop):
    shop.segment(identify("c1"), alias("c2", "c3"))
    shop.segment(view(userId="c2"), view(userId="c2", anonymousId="device-1"))
    assert shop.seen() == ["c2", "c2"]


def test_an_id_that_was_replaced_leads_to_the_one_that_replaced_it_at_most_five_times(shop: Shop):
    shop.segment(identify("c1"))
    shop.segment(alias("c1", "c2"))
    shop.segment(view(anonymousId="device-1"))
    shop.segment(*(alias(f"c{number}", f"c{number + 1}") for number in range(2, 9)))
    shop.segment(view(anonymousId="device-1"))
    assert shop.seen() == ["c2", "c5"]


def test_ids_that_replace_each_other_end_where_they_would_begin_again(shop: Shop):
    shop.segment(identify("c1"), alias("c1", "c2"), alias("c2", "c1"), alias("c9", "c9"))
    shop.segment(view(anonymousId="device-1"), view(anonymousId="c1"), view(anonymousId="c9"))
    assert shop.seen() == ["c2", "c2", "c9"]


@pytest.mark.parametrize("user", ["ann@shop.example", "4111111111111111", "x" * 65, "a\0b", "\ud800", "", 0.5, None])
def test_what_is_no_identifier_is_no_link(shop: Shop, user: Any):
    shop.segment(identify(user))
    shop.segment(identify("c1", user))
    shop.segment(view(anonymousId="device-1"))
    assert shop.seen() == ["device-1"]
    rows = shop.customers._database.execute("select * from links").fetchall()
    assert rows == []


def test_equal_ids_of_two_namespaces_are_two_visitors(shop: Shop):
    shop.segment(identify("c1"))
    shop.segment(view(anonymousId="device-1"), secret=OUTLET)
    shop.segment(view(anonymousId="device-1"))
    assert shop.seen() == ["device-1", "c1"]


def test_who_is_known_is_known_after_a_restart(shop: Shop):
    shop.segment(identify("c1"))
    shop.restart()
    shop.segment(view(anonymousId="device-1"))
    assert shop.seen() == ["c1"]


def test_a_link_is_written_once(shop: Shop):
    links: list[dict[str, str]] = []
    link = shop.customers.link
    shop.customers.link = lambda namespace, new: (links.append(dict(new)), link(namespace, new))[1]  # type: ignore[method-assign]
    for _ in range(3):
        shop.segment(view(userId="c1", anonymousId="device-1"), identify("c1"))
    assert links == [{"device-1": "c1"}]


def test_ga4s_client_is_the_customer_once_a_request_had_both_ids(shop: Shop):
    shop.ga4(client_id="1.2")
    shop.ga4(client_id="1.2", user_id="c1", name="page_view")
    shop.ga4(client_id="1.2", timestamp_micros=1_772_366_400_000_000)
    assert shop.seen() == ["1.2", "c1"]
    first, second = shop.stream.events()
    assert first["session_id"] == second["session_id"] == "1.2.5"
    # sent again before and after its customer was known, an event is the same one
    shop.ga4(client_id="3.4", timestamp_micros=1_772_366_400_000_000)
    shop.ga4(client_id="3.4", user_id="c3", name="page_view")
    shop.ga4(client_id="3.4", timestamp_micros=1_772_366_400_000_000)
    *_, before, after = shop.stream.events()
    assert (before["event_id"], before["customer_id"], after["customer_id"]) == (after["event_id"], "3.4", "c3")


def test_an_apps_instance_is_the_customer_once_a_request_had_both_ids(shop: Shop):
    shop.ga4(app_instance_id="app-1", user_id="c1", name="page_view")
    shop.ga4(app_instance_id="app-1")
    assert shop.seen() == ["c1"]


def test_gtags_client_is_the_customer_once_a_hit_had_both_ids(shop: Shop):
    shop.gtag("view_item", cid="1.2")
    shop.gtag("page_view", cid="1.2", uid="c1")
    shop.gtag("view_item", cid="1.2", _s="2")
    assert shop.seen() == ["1.2", "c1"]


def test_snowplows_device_is_the_customer_once_an_event_had_both_ids(shop: Shop):
    shop.snowplow(action("product_view", ("product", LAMP), duid="d1"))
    shop.snowplow({"e": "pv", "eid": "e2", "duid": "d1", "uid": "c1"})
    shop.snowplow(action("product_view", ("product", LAMP), eid="e3", duid="d1"))
    # the user may be an entity, and the device of a mobile tracker one too
    shop.snowplow(action("product_view", ("user", {"id": "c7"}), ("product", LAMP), eid="e4", duid="d7"))
    shop.snowplow({"e": "ti", "eid": "e5", "duid": "d7", "ti_id": "T1", "ti_sk": "p1", "ti_pr": "5", "ti_qu": "1"})
    assert shop.seen() == ["d1", "c1", "c7", "c7"]


def test_links_that_cannot_be_kept_are_503_and_the_same_events_sent_again_count_once(shop: Shop):
    body = {"batch": [view(anonymousId="device-1"), identify("c1"), view(anonymousId="device-1")]}
    link = shop.customers.link

    def fail(namespace: str, links: dict[str, str]) -> None:
        raise StreamUnavailable("Known customers cannot be kept: disk I/O error")

    shop.customers.link = fail  # type: ignore[method-assign]
    assert shop.answer(body, "/v1/batch") == 503
    assert decoded(shop.response)["code"] == "customers_unavailable"
    assert "Nothing was stored" not in decoded(shop.response)["message"]
    shop.customers.link = link  # type: ignore[method-assign]
    assert shop.answer(body, "/v1/batch") == 200
    assert decoded(shop.response)["duplicates"] == 2
    counts = shop.collector.counts()
    assert (counts["received"], counts["accepted"], counts["duplicates"]) == (4, 2, 2)
    assert counts["received"] == len(shop.stream.entries)
    shop.segment(view(anonymousId="device-1"))
    assert shop.seen()[-1] == "c1"


def test_links_that_cannot_be_read_are_503_and_nothing_is_stored(shop: Shop):
    shop.customers.close()
    assert shop.answer({"batch": [view(anonymousId="device-1")]}, "/v1/batch") == 503
    assert (decoded(shop.response)["code"], shop.response.headers["retry-after"]) == ("customers_unavailable", "1")
    assert shop.stream.entries == []
    shop.start()


def test_a_stream_that_stored_nothing_leaves_no_link(shop: Shop):
    shop.stream.failure = StreamUnavailable("The stream is away")
    assert shop.answer({"batch": [identify("c1"), view(anonymousId="device-1")]}, "/v1/batch") == 503
    shop.stream.failure = None
    shop.segment(view(anonymousId="device-1"))
    assert shop.seen() == ["device-1"]


def test_what_ga4s_validation_is_asked_links_nobody(shop: Shop):
    body = {"client_id": "1.2", "user_id": "c1", "events": [{"name": "page_view"}]}
    assert shop.answer(body, "/debug/mp/collect", measurement_id="G-1") == 200
    shop.ga4(client_id="1.2")
    assert shop.seen() == ["1.2"]


def test_a_collector_that_remembers_nobody_joins_nobody():
    stream = Shelf()
    body = json.dumps({"batch": [identify("c1"), view(anonymousId="device-1")]}).encode()
    assert collector(stream).answer(request(body, path="/v1/batch")).status == 200
    assert [event["customer_id"] for event in stream.events()] == ["device-1"]


ids = st.sampled_from(["c1", "c2", "device-1", "ann@shop.example", "", None, 7]) | st.text(max_size=66) | st.floats()
messages = st.builds(
    lambda kind, who: view() | {"type": kind} | who,
    st.sampled_from(["track", "track", "identify", "alias", "page"]),
    st.dictionaries(st.sampled_from(["userId", "anonymousId", "previousId"]), ids | st.lists(ids, max_size=2)),
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(messages, min_size=1, max_size=5), max_size=4))
def test_whatever_ids_are_sent_joining_refuses_nothing_more_and_changes_no_known_id(requests: list[list[Any]]):
    with tempfile.TemporaryDirectory() as folder:
        joining, alone = Shop(Path(folder)), Shelf()
        plain = collector(alone, *TWO_KEYS)
        for sent in requests:
            body = json.dumps({"batch": sent}).encode()
            assert joining.answer(body, "/v1/batch") == 200
            assert plain.answer(request(body, path="/v1/batch", secret=SHOP)).body == joining.response.body
        joined, unjoined = joining.stream.events(), alone.events()
        assert [event["event_id"] for event in joined] == [event["event_id"] for event in unjoined]
        known = {message["messageId"]: message.get("userId") for sent in requests for message in sent}
        for event in joined:
            if user := known[event["attributes"]["message_id"]]:
                assert event["customer_id"] == str(user)
        joining.customers.close()
