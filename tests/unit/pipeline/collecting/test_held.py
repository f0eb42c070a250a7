"""Amounts that are held for a person's yes: kept, listed, accepted once, and counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalogue.errors import SettingsError
from pipeline.__main__ import main
from pipeline.collecting.held import accept, held_records
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.lake import RAW_QUARANTINE, LakeSettings
from tests.support.collecting import VIEW, Shelf, collector, request, write_key
from tests.support.given import Given

HUGE: dict[str, Any] = VIEW | {"event_type": "purchase", "order_id": "o1", "unit_price": 10**13, "quantity": 1000}
SEGMENT = {
    "type": "track", "event": "Order Completed", "userId": "c1", "messageId": "m1", "timestamp": "2026-03-01T12:00:00Z",
    "properties": {
        "order_id": "o2",
        "products": [{"product_id": "p1", "price": "12.50"}, {"product_id": "p2", "price": 10**13}],
    },
}  # fmt: skip
SHOP = write_key("shop", "tk_shop", namespace="shop", public=True)


def held_in_a_lake(tmp_path: Path, body: Any, path: str = "/v1/events") -> Given:
    """A lake that received a body with a public key."""
    stream = Shelf()
    lake = Given(tmp_path, LakeSettings(reporting_currency="EUR"))
    intake = collector(stream, SHOP, **lake.lake.settings.of_contract() | {"retention_days": 400})
    intake.answer(request(body, path=path, secret="tk_shop"))  # noqa: S106 - of this test alone
    place = lake.lake.root / RAW_QUARANTINE / "held.jsonl"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"".join(entry.line + b"\n" for entry in stream.entries))
    return lake


def test_an_order_of_ten_to_the_sixteenth_is_held_and_counts_once_somebody_accepts_it(tmp_path: Path):
    lake = held_in_a_lake(tmp_path, HUGE)
    (held,) = held_records(lake.lake)
    assert (held.is_accepted, held.origin, json.loads(held.record)) == (False, "shop", HUGE)
    assert "1,000,000,000" in held.detail
    lake.curate()
    assert (lake.report.accepted, lake.report.quarantined) == (0, 1)
    assert accept(lake.lake, [held.id]) == 1
    lake.curate()
    assert lake.rows("events", "event_id", "namespace", "public") == [
        {"event_id": "e1", "namespace": "shop", "public": True}
    ]
    assert lake.column("orders", "net_revenue") == [Decimal(10**16)]
    assert (lake.report.received, lake.report.accepted, lake.report.quarantined) == (2, 1, 1)
    assert [record.is_accepted for record in held_records(lake.lake)] == [True]
    assert accept(lake.lake, [held.id]) == 0  # a second yes changes nothing


def test_an_order_of_another_tracker_is_accepted_whole(tmp_path: Path):
    lake = held_in_a_lake(tmp_path, SEGMENT, "/v1/track")
    (held,) = held_records(lake.lake)
    assert accept(lake.lake, [held.id]) == 2
    assert sorted(lake.curate().column("order_lines", "product_id")) == ["p1", "p2"]


def test_a_record_that_was_never_held_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match="held list"):
        accept(Given(tmp_path).lake, ["nope"])


def test_a_row_of_an_import_says_how_to_take_it(tmp_path: Path):
    received = datetime(2026, 3, 1, 12, tzinfo=UTC)
    line = quarantine_line(
        b"a,b,c", Rejection("held", "Too much."), origin="orders.csv:7", received_at=received, source="import"
    )
    lake = Given(tmp_path).raw(line, area=RAW_QUARANTINE)
    (held,) = held_records(lake.lake)
    with pytest.raises(SettingsError, match="largest_amount"):
        accept(lake.lake, [held.id])


def test_the_command_lists_and_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lake = held_in_a_lake(tmp_path, HUGE)
    at = ["--lake", str(lake.lake.root)]
    assert main(["held", "list", *at]) == 0
    shown = capsys.readouterr().out
    assert ("waits" in shown, held_records(lake.lake)[0].id in shown) == (True, True)
    assert main(["held", "accept", *at]) == 2
    assert "--all" in capsys.readouterr().err
    assert main(["held", "accept", "--all", *at]) == 0
    assert "Accepted 1 event." in capsys.readouterr().out
    assert main(["held", "accept", "--all", *at]) == 0
    assert "Accepted 0 events." in capsys.readouterr().out
