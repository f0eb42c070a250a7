"""The browser tracker as it is shipped. What it does is tested in a browser (tests/browser/test_tracker.py)."""

from __future__ import annotations

import gzip
import re

from pipeline.contract.shape import EVENT_TYPES
from tests.support.paths import ROOT

TRACKER = ROOT / "tracker" / "takings.js"
LIMIT = 4 * 1024


def test_the_tracker_is_under_four_kilobytes_on_the_wire():
    assert len(gzip.compress(TRACKER.read_bytes(), 9)) < LIMIT


def test_the_tracker_sends_only_what_the_contract_knows():
    sent = re.findall(r"track\('(\w+)'", TRACKER.read_text(encoding="utf-8"))
    assert set(sent) == {"product_view", "cart_add", "checkout_start", "purchase"}
    assert set(sent) <= set(EVENT_TYPES)
