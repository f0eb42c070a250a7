"""A busy shop against the real server: nothing is lost, everything is visible soon, memory stays small.

``LOAD_SECONDS`` says for how long the steady rate is kept (default 10; `make test-load` keeps it for 5 minutes).
Figures are printed; ``python -m bench http`` measures the same.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bench.http import Record, Server, durable_rate, freshness, serving
from pipeline.curate import curate
from pipeline.curate.status import account

pytestmark = pytest.mark.load

SECONDS = float(os.environ.get("LOAD_SECONDS", "10"))
FRESH_MILLISECONDS = 1_000  # the Live page asks once a second: together two seconds
MEMORY_BYTES = 2**30


def measured(server: Server) -> dict[str, Record]:
    """Both measurements by name, printed as they come."""
    found = {}
    for measure in (freshness(server, seconds=SECONDS), durable_rate(server)):
        for record in measure:
            print(json.dumps(record))  # noqa: T201 - figures are what a load test is for
            found[str(record["bench"])] = record
    return found


def test_a_busy_shop_loses_nothing_and_is_seen_within_two_seconds(tmp_path: Path):
    with serving(tmp_path / "lake") as server:
        figures = measured(server)
        sent = server.sent
        print(json.dumps({"bench": "http.memory_peak", "value": server.peak_bytes / 2**20, "unit": "MiB"}))  # noqa: T201
        assert sent.sent == sent.accepted + sent.duplicates + sent.quarantined
        assert figures["http.freshness_p99"]["value"] <= FRESH_MILLISECONDS
        assert server.peak_bytes <= MEMORY_BYTES
    curate(server.lake)
    books = account(server.lake)
    assert (books.received, books.accepted, books.duplicates, books.quarantined) == (
        sent.sent,
        sent.accepted,
        sent.duplicates,
        sent.quarantined,
    )
