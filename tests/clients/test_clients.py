"""Others' own libraries send a visit here: every event is stored once, and the order is right to the cent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client_shop import COUNTS, ORDER, ORDER_COLUMNS, ClientShop, open_client_shop

pytestmark = pytest.mark.clients

HERE = Path(__file__).parent
SECONDS = 60  # far more than a client takes, its retry included


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ClientShop]:
    with open_client_shop(tmp_path) as running:
        yield running


def send(script: str, shop: ClientShop) -> None:
    """Run a client until it has sent all."""
    command = [sys.executable] if script.endswith(".py") else ["node"]
    ended = subprocess.run(
        [*command, HERE / script, shop.address, shop.key], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]


@pytest.mark.parametrize("script", ["send_segment.py", "send_rudder.py", "send_segment.mjs", "send_rudder.mjs"])
def test_a_visit_whose_first_answer_is_lost_counts_once(script: str, shop: ClientShop):
    send(script, shop)
    assert shop.collector.lost >= 1
    assert shop.counts() == COUNTS
    assert shop.rows("orders", *ORDER_COLUMNS) == ORDER
    assert shop.rows("events", "event_type", "product_id", "customer_id", "copies") == [
        ("cart_add", "lamp", "customer-7", 2),
        ("checkout_start", None, "customer-7", 2),
        ("product_view", "lamp", "customer-7", 2),
        ("purchase", "lamp", "customer-7", 2),
        ("purchase", "vase", "customer-7", 2),
        ("refund", "lamp", "customer-7", 2),
    ]


def test_a_visitor_who_signs_in_halfway_is_the_customer_from_then_on(shop: ClientShop):
    send("send_visitor.mjs", shop)
    assert shop.counts() == {"received": 4, "accepted": 2, "duplicates": 2, "ignored": 2}
    assert shop.rows("events", "product_id", "customer_id", "copies") == [
        ("after", "customer-7", 2),
        ("before", "device-1", 2),
    ]


def test_a_ga4_client_that_sends_order_and_refund_twice_counts_them_once(shop: ClientShop):
    send("send_ga4.py", shop)
    assert shop.counts() == {"received": 6, "accepted": 3, "duplicates": 3}
    (order,) = ORDER
    assert shop.rows("orders", *ORDER_COLUMNS) == [("order-1", "device.1", *order[2:])]


def test_a_visit_of_snowplows_tracker_whose_first_answer_is_lost_counts_once(shop: ClientShop):
    send("send_snowplow.mjs", shop)
    assert shop.collector.lost == 1
    assert shop.counts() == {"received": 12, "accepted": 6, "duplicates": 6}
    assert shop.rows("orders", *ORDER_COLUMNS) == ORDER
