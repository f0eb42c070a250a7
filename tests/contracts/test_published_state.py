"""What curation on Spark publishes is what the console reads: one object between two sides that share no code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest

from console.asking.engines.curated_state import CuratedState
from pipeline.curate.spark.publishing import Version, publish, published
from pipeline.objects import Objects
from tests.support.objects import in_bucket

FIRST = Version(
    data_as_of=datetime(2026, 3, 1, 12, tzinfo=UTC),
    tables={"events": "8270633197658268308", "daily_spend": "1890705743166485084"},
)


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    with in_bucket(monkeypatch, "s3://shop/lake") as found:
        yield found


def test_the_console_reads_the_snapshots_and_times_that_a_run_publishes(lake: Objects) -> None:
    state = CuratedState(boto3.client("s3"), "shop", "lake/", keep_seconds=0)
    assert state.current().version == "empty"
    publish(lake, published(lake), FIRST)
    first = state.current()
    assert first.snapshots == {"events": 8270633197658268308, "daily_spend": 1890705743166485084}
    assert (first.data_as_of, first.bills_as_of) == (FIRST.data_as_of, None)
    second = replace(FIRST, tables=FIRST.tables | {"events": "17"}, bills_as_of=datetime(2026, 3, 2, tzinfo=UTC))
    publish(lake, published(lake), second)
    assert state.current().version != first.version
    assert state.current().snapshots == {"events": 17, "daily_spend": 1890705743166485084}
    assert state.current().bills_as_of == second.bills_as_of
