"""What entries of the stream add to live, without a store."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.live.lines import read
from pipeline.live.rollup import identities, roll
from tests.support.live_lines import NOW, event

SALE = {"event_type": "purchase", "order_id": "o1", "unit_price": "5"}


@pytest.mark.parametrize("waits", [True, False])
def test_where_orders_wait_for_a_secret_key_a_public_purchase_is_an_event_alone(waits: bool) -> None:
    seen: set[int] = set()
    counted = []
    for sent in (event("page", public=True, **SALE), event("server", **SALE | {"unit_price": "9"})):
        arrivals = read([sent], NOW)
        known = seen.intersection(identities(arrivals))
        delta = roll(arrivals, known, now=NOW, currency="EUR", confirm_public_orders=waits)
        seen.update(delta.fresh)
        (document,) = delta.documents.values()
        counted.append((document.totals.events, document.totals.orders, document.totals.gross))
    if waits:
        assert counted == [(1, 0, Decimal(0)), (1, 1, Decimal(9))]
    else:
        assert counted == [(1, 1, Decimal(5)), (1, 0, Decimal(0))]
