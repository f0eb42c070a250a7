"""Whose event is whose: two senders that use the same ids, senders that share them, and public keys."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from catalogue.errors import StreamUnavailable
from pipeline.embedded.platform import Platform
from pipeline.lake import Lake
from tests.support.collecting import VIEW, Shelf, collector, decoded, request, write_key

PURCHASE: dict[str, Any] = VIEW | {"event_type": "purchase", "order_id": "1001", "unit_price": "100.00"}
SHOP_SECRET = "tk_shop"  # noqa: S105 - of this test alone
SHOP, TILL = write_key("shop", SHOP_SECRET, namespace="shop"), write_key("till", "tk_till", namespace="till")
PAGES = write_key("pages", "tk_pages", namespace="shop", public=True)


def verdicts(stream: Shelf, *sent: tuple[str, dict[str, Any]]) -> list[str]:
    """What each event is answered, sent one after the other with the secret beside it."""
    known = collector(stream, SHOP, TILL, PAGES)
    answers = [decoded(known.answer(request(event, secret=secret))) for secret, event in sent]
    return [answer["verdicts"][0]["verdict"] for answer in answers]


def test_the_same_event_id_of_two_senders_is_two_events():
    stream = Shelf()
    assert verdicts(stream, (SHOP_SECRET, PURCHASE), ("tk_till", PURCHASE | {"unit_price": "250"})) == ["accepted"] * 2
    assert [(line["namespace"], line["unit_price"]) for line in stream.events()] == [
        ("shop", "100.0000"),
        ("till", "250.0000"),
    ]


def test_senders_that_share_a_namespace_send_one_event_twice():
    assert verdicts(Shelf(), (SHOP_SECRET, PURCHASE), ("tk_pages", PURCHASE)) == ["accepted", "duplicate"]


def test_an_event_that_could_not_be_stored_is_no_duplicate_when_it_comes_again():
    stream = Shelf()
    known = collector(stream, SHOP)
    stream.failure = StreamUnavailable("The stream is gone", where="here", remedy="Wait.")
    assert known.answer(request(PURCHASE, secret=SHOP_SECRET)).status == 503
    stream.failure = None
    assert decoded(known.answer(request(PURCHASE, secret=SHOP_SECRET)))["accepted"] == 1


def test_what_came_with_a_public_key_is_marked():
    stream = Shelf()
    verdicts(stream, ("tk_pages", PURCHASE), (SHOP_SECRET, PURCHASE))
    assert [line.get("public", False) for line in stream.events()] == [True, False]


def test_a_public_key_may_send_all_but_refunds():
    stream = Shelf()
    refund = PURCHASE | {"event_type": "refund", "event_id": "r1"}
    assert verdicts(stream, ("tk_pages", refund), (SHOP_SECRET, refund)) == ["quarantined", "accepted"]
    (refused,) = stream.refused()
    assert (refused["reason"], refused["origin"]) == ("not_allowed", "pages")
    assert "secret key" in refused["detail"]


def test_a_sender_cannot_name_another_namespace_or_call_itself_secret():
    stream = Shelf()
    verdicts(stream, ("tk_pages", PURCHASE | {"namespace": "till", "public": False, "channel": ""}))
    verdicts(stream, ("tk_pages", PURCHASE | {"event_id": "e2", "namespace": "till", "public": False}))
    assert [(line["namespace"], line["public"]) for line in stream.events()] == [("shop", True)] * 2


def test_after_a_restart_a_duplicate_is_known_again_by_its_sender(tmp_path: Any):
    lake = Lake.create(tmp_path)
    with Platform(lake) as platform:
        assert platform.collector is not None
        known = collector(platform.stream, SHOP, TILL)  # type: ignore[arg-type]
        known.answer(request(PURCHASE, secret=SHOP_SECRET))
        assert platform.recent_ids() == ["shop\0e1"]


def test_money_is_a_senders_own_to_the_cent():
    stream = Shelf()
    verdicts(stream, (SHOP_SECRET, PURCHASE), ("tk_till", PURCHASE | {"unit_price": "250"}))
    assert sum(Decimal(line["unit_price"]) for line in stream.events()) == Decimal("350")
