"""From the first anonymous view to the tables and Live: what an identify changes, and what it leaves."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalogue.errors import StreamUnavailable
from pipeline.collecting.keys import FILE, KeyFile
from pipeline.embedded.platform import Platform, PlatformOptions
from pipeline.live.embedded import EmbeddedLiveStore
from tests.support.collecting import decoded, request
from tests.support.given import Given

pytestmark = pytest.mark.slow

DEVICE, CUSTOMER = "device-1", "customer-7"


def track(event: str, message_id: str, **properties: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "messageId": message_id, "anonymousId": DEVICE, "properties": properties}


def test_views_before_identify_stay_with_the_device_and_those_after_it_are_one_customer_and_session(tmp_path: Path):
    given = Given(tmp_path)
    _, secret = KeyFile(given.lake.root / FILE).create("shop")
    live = EmbeddedLiveStore(tmp_path / "live.sqlite", given.lake.settings.reporting_currency)
    options = PlatformOptions(history_seconds=3600, reserve_bytes=0)

    def send(platform: Platform, *messages: dict[str, Any]) -> dict[str, Any]:
        assert platform.collector is not None
        answer = platform.collector.answer(request({"batch": list(messages)}, path="/v1/batch", secret=secret))
        assert answer.status == 200
        return decoded(answer)

    with Platform(given.lake, live=live, options=options) as platform:
        send(platform, track("Product Viewed", "m1", product_id="p1"), track("Product Viewed", "m2", product_id="p2"))
        assert send(platform, {"type": "identify", "anonymousId": DEVICE, "userId": CUSTOMER})["ignored"] == 1
        send(platform, track("Product Viewed", "m3", product_id="p3"))
        platform.curate()
    with Platform(given.lake, live=live, options=options) as platform:  # started again, it knows the customer still
        products = [{"product_id": "p3", "price": "20.10", "quantity": 2}]
        send(platform, track("Product Added", "m4", product_id="p3"))
        order = track("Order Completed", "m5", order_id="o1", currency="USD", products=products)
        send(platform, order)
        assert send(platform, order)["duplicates"] == 1
        platform.curate()
    assert given.account().holds
    assert given.rows("sessions", "customer_id", "visitor", "events", "views", "carts", "purchases", "revenue") == [
        {
            "customer_id": CUSTOMER,
            "visitor": f"c:{CUSTOMER}",
            "events": 3,
            "views": 1,
            "carts": 1,
            "purchases": 1,
            "revenue": Decimal("40.2000"),
        },
        {
            "customer_id": DEVICE,
            "visitor": f"c:{DEVICE}",
            "events": 2,
            "views": 2,
            "carts": 0,
            "purchases": 0,
            "revenue": Decimal("0.0000"),
        },
    ]
    assert given.rows("orders", "order_id", "customer_id") == [{"order_id": "o1", "customer_id": CUSTOMER}]
    assert [item.product_id for item in live.recent_items(CUSTOMER)] == ["p3"]
    assert {item.product_id for item in live.recent_items(DEVICE)} == {"p1", "p2"}
    live.close()
    steps = given.rows("sessions")
    given.curate(full=True)
    assert given.rows("sessions") == steps


def test_a_damaged_file_stops_the_start_and_names_itself_and_without_it_the_platform_starts(tmp_path: Path):
    given = Given(tmp_path)
    file = given.lake.root / "stream" / "customers.sqlite"
    file.parent.mkdir()
    file.write_bytes(b"no database" * 100)
    platform = Platform(given.lake, options=PlatformOptions(history_seconds=3600, reserve_bytes=0))
    with pytest.raises(StreamUnavailable) as caught:
        platform.start()
    assert caught.value.where == str(file)
    file.unlink()
    with platform:
        assert platform.unready() is None
