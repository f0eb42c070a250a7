"""What a traffic needs of each part, worked by hand, and the limits it is held against."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from catalogue.errors import SettingsError
from console.live.source import PROMPT_SECONDS
from console.tiers import capacity, quotas, tiers
from console.tiers.capacity import document_bytes, full_at, needs
from console.tiers.load import Load
from pipeline.live.documents import pack
from pipeline.live.lines import read
from pipeline.live.rollup import roll
from pipeline.streams import Entry, Kind
from tests.support.paths import ROOT

LIMITS = quotas.load()
LARGEST = tiers.load()[-1]
TIER = structs.replace(
    LARGEST,
    stream=structs.replace(LARGEST.stream, live_window_seconds=2),
    collector=structs.replace(LARGEST.collector, memory_megabytes=512),
    lake=structs.replace(LARGEST.lake, firehose_buffer_seconds=60),
    curation=structs.replace(LARGEST.curation, every_minutes=15, minutes_per_run=2),
)
TEN_THOUSAND = Load(Decimal(10_000), Decimal(5), Decimal(465))
ENTRY = """
[kinesis.shards]
service = "Amazon Kinesis"
limits = "shards"
value = "20000"
unit = "shards"
adjustable = true
source = "https://docs.aws.amazon.com/x"
as_of = 2026-11-30
confidence = "confirmed"
"""


@pytest.fixture(autouse=True)
def _fixed_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures below are worked by hand with these; the estimate may come to know better ones."""
    for name, value in {
        "COLLECTOR_SECONDS": Decimal("0.030"),
        "LIVE_SECONDS": Decimal("0.15"),
        "LIVE_SECONDS_PER_EVENT": Decimal("0.0001"),
        "ITEM_WRITE_UNITS": 2,
        "MODEL_READ_UNITS": 4,
        "EVENTS_PER_WORKER_MINUTE": 1_000_000,
        "CONSUMERS": 2,
    }.items():
        monkeypatch.setattr(capacity, name, value)


def _needed(load: Load) -> dict[str, Decimal]:
    return {need.what: need.needed for need in needs(load, TIER, LIMITS)}


@pytest.mark.parametrize(
    ("what", "needed"),
    [
        # 10,000 ÷ 5 requests a second
        ("requests to CloudFront", "2000"),
        ("requests to API Gateway", "2000"),
        ("body of a request to API Gateway", "2325"),
        ("requests to the load balancer", "2000"),
        ("body of a request to the load balancer", "2325"),
        # 2,000 × 0.03 s = 60 are at work, 2,000 ÷ 10 calls = 200 are needed; 5 shards have live
        ("Lambda environments: collector, and live on each shard", "205"),
        ("environments started when the busiest minute comes within 10 s", "150"),
        # 2,000 records are 2 shards, 4.65 MB are 5
        # 2,000 × 0.03 s × 512 ÷ 1,769 of a vCPU
        ("vCPU of the collector in containers", "17.365743"),
        ("shards, provisioned", "5"),
        ("shards that one call must reach", "5"),
        # twice up for four times the mean, twice down
        ("scalings of the stream in a day", "4"),
        ("bytes into the stream, on demand", "4650000"),
        ("bytes of the busiest partition key", "4650"),
        ("records of the busiest partition key", "2"),
        ("bytes read from the fullest shard", "2000000"),
        ("read calls to a shard", "2"),
        # a full shard has 1,000,000 ÷ 465 = 2,150.5 events: a batch each 2 s, 0.5 × 0.15 + 2,150.5 × 0.0001
        ("time that live needs for a shard", "0.290054"),
        # 25,806 events of a region's minute are a document of 42,367 bytes, 42 units: 5 × 42 + 34 of hashes + 2 of
        # the head = 246, twice in a transaction, each 2 s
        ("write units of one shard", "246"),
        # 5 × 246 + 2,000 × 2
        ("write units of the table: figures and recent items", "5230"),
        ("seconds to read Live once", "0.06"),
        # 4,650,000 ÷ 134,217,728
        ("raw objects written", "0.034645"),
        # 9,000,000 events in 15 minutes; a worker reads 1,000,000 in each of 15 × 0.8 − 2 = 10 minutes
        ("DPU of a curation run, on Glue", "1"),
        ("vCPU of the same run, on EMR Serverless", "4"),
        ("commits of an Iceberg table in a year", "35040"),
        # 1,500 page views a day, a fifth past the cache: 300 ÷ 86,400 × 10 in the busiest, 8 questions of 3 s each
        ("questions to Athena at once", "0.833333"),
        # a million lists for 30 million events: 10,000 ÷ 30 a second, 4 units each
        ("read units for recommendations", "1333.333333"),
    ],
)
def test_ten_thousand_events_a_second_need_what_was_worked_out_by_hand(what: str, needed: str) -> None:
    assert round(_needed(TEN_THOUSAND)[what], 6) == Decimal(needed)


def test_a_million_events_a_second_need_ninety_workers_and_465_shards() -> None:
    needed = _needed(TEN_THOUSAND.at(1_000_000))
    assert needed["shards, provisioned"] == 465
    assert needed["DPU of a curation run, on Glue"] == 90  # 900 M events ÷ (1 M × 10 minutes)
    assert needed["requests to API Gateway"] == 200_000


def test_a_browser_that_sends_each_event_alone_fills_shards_by_records_not_by_bytes() -> None:
    assert _needed(Load(Decimal(10_000), Decimal(1), Decimal(465)))["shards, provisioned"] == 10


_LOADS = st.builds(
    Load,
    st.decimals(1, 5_000_000, places=1),
    st.decimals(1, 500, places=2),
    st.decimals(50, 30_000, places=0),
    st.integers(1, 64),
    st.decimals(0, 1, places=4),
)


@pytest.mark.slow
@given(_LOADS, st.decimals(1, 1_000, places=2))
def test_no_need_falls_when_the_traffic_rises(load: Load, times: Decimal) -> None:
    before, after = needs(load, TIER, LIMITS), needs(load.at(load.events_per_second * times), TIER, LIMITS)
    fallen = [one.what for one, other in zip(before, after, strict=True) if other.needed < one.needed]
    assert fallen == []


@pytest.mark.slow
@given(st.decimals(1, 60, places=2), st.decimals(100, 2_000, places=0))
def test_a_limit_holds_one_event_before_it_is_exceeded(per_request: Decimal, size: Decimal) -> None:
    load = Load(Decimal(1), per_request, size)
    for key in dict.fromkeys(need.quota.key for need in needs(load, TIER, LIMITS)):
        at = full_at(key, load, TIER, LIMITS)
        if at is not None and at > 1:
            exceeded = [
                any(need.share > 1 for need in needs(load.at(events), TIER, LIMITS) if need.quota.key == key)
                for events in (at - 1, at)
            ]
            assert exceeded == [False, True], key


def test_the_gateways_quota_ends_at_ten_thousand_requests_a_second() -> None:
    assert full_at("api_gateway.requests", TEN_THOUSAND, TIER, LIMITS) == 50_001


def test_the_web_acl_of_a_load_balancer_ends_at_a_hundred_thousand_requests_a_second() -> None:
    assert full_at("waf.requests", TEN_THOUSAND, TIER, LIMITS) == 500_001


@pytest.mark.parametrize(
    ("entrance", "built"),
    [
        ("cloudfront", {"Amazon CloudFront, with AWS WAF", "Amazon API Gateway"}),
        ("load_balancer", {"AWS WAF", "Elastic Load Balancing"}),
    ],
)
def test_only_the_limits_of_the_entrance_that_a_tier_has_are_its_own(
    entrance: Literal["cloudfront", "load_balancer"], built: set[str]
) -> None:
    tier = structs.replace(TIER, collector=structs.replace(TIER.collector, entrance=entrance))
    entered = {
        need.quota.service: need.is_built
        for need in needs(TEN_THOUSAND, tier, LIMITS)
        if need.what.startswith(("requests to ", "body of "))
    }
    assert {service for service, is_built in entered.items() if is_built} == built
    assert len(entered) == 4


def test_a_limit_that_no_traffic_reaches_has_no_number() -> None:
    assert full_at("glue.table_versions", TEN_THOUSAND, TIER, LIMITS) is None


def test_a_run_that_does_not_fit_between_two_runs_is_refused() -> None:
    hasty = structs.replace(TIER, curation=structs.replace(TIER.curation, every_minutes=2))
    with pytest.raises(ValueError, match="a run of 2 minutes does not fit in 2"):
        needs(TEN_THOUSAND, hasty, LIMITS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"events_per_second": Decimal(0)},
        {"bytes_per_event": Decimal(0)},
        {"events_per_request": Decimal("0.5")},
        {"regions": 0},
        {"busiest_key_share": Decimal("1.1")},
    ],
)
def test_a_load_without_events_bytes_or_sense_is_refused(wrong: dict[str, Decimal]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says what it is about
        Load(
            **{"events_per_second": Decimal(1), "events_per_request": Decimal(1), "bytes_per_event": Decimal(1)} | wrong
        )


@pytest.mark.slow
@pytest.mark.parametrize("events", [100, 1_000, 10_000])
def test_a_document_of_live_is_about_as_large_as_the_formula_says(events: int) -> None:
    now = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
    lines = [
        json.dumps(
            {
                "event_id": f"e{number}", "event_type": "product_view", "occurred_at": "2026-03-01T12:00:10+00:00",
                "session_id": f"s{number // 6}", "channel": "web", "region": "north",
                "product_id": f"SKU-{(number * 7_919) % events ** 2 % (events // 2 + 1):06d}",
                "received_at": "2026-03-01T12:00:20+00:00", "product": {"name": f"Product {number % 977}"},
            }
        ).encode()
        for number in range(events)
    ]  # fmt: skip
    arrivals = read([Entry(Kind.EVENT, "k", line) for line in lines], now)
    (document,) = roll(arrivals, set(), now=now, currency="EUR").documents.values()
    assert Decimal("0.4") < len(pack(document)) / document_bytes(Decimal(events)) < Decimal("2.5")


def test_a_document_never_grows_beyond_its_bound() -> None:
    assert document_bytes(Decimal(10**9)) == 260_000
    assert "at most 260 KB" in (ROOT / "pipeline/live/dynamodb.py").read_text(encoding="utf-8")


def test_live_is_read_within_the_time_in_which_its_page_is_up_to_date() -> None:
    assert float(LIMITS["live.page_read"].value) == PROMPT_SECONDS


def test_every_limit_has_a_source_and_a_date_and_is_used_or_explains_one_that_is() -> None:
    used = {need.quota.key for need in needs(TEN_THOUSAND, TIER, LIMITS)}
    others = {"lambda.requests_an_environment", "msk.express_broker_bytes_in"}  # parts of formulas
    assert set(LIMITS) == used | others
    for quota in LIMITS.values():
        assert date(2026, 1, 1) <= quota.as_of <= datetime.now(UTC).date(), quota.key
        assert quota.source.startswith("https://docs.aws.amazon.com/") or (ROOT / quota.source).is_file(), quota.key


@pytest.mark.parametrize(
    ("before", "after", "line", "reported"),
    [
        ('source = "https://docs.aws.amazon.com/x"\n', "", 2, "kinesis.shards.source is missing"),
        ("as_of = 2026-11-30\n", "", 2, "kinesis.shards.as_of is missing"),
        ('value = "20000"', "value = 20000", 5, "kinesis.shards.value is 20000"),
        ('value = "20000"', 'value = "0"', 5, "kinesis.shards.value is 0"),
        ('"confirmed"', '"sure"', 10, "kinesis.shards.confidence is 'sure'"),
        ("[kinesis.shards]", "[kinesis", 2, "file of quotas is not TOML"),
    ],
)
def test_a_damaged_file_of_quotas_is_refused_by_line_and_field(
    tmp_path: Path, before: str, after: str, line: int, reported: str
) -> None:
    path = tmp_path / "quotas.toml"
    path.write_text(ENTRY.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        quotas.load(path)
    assert reported in refused.value.what
    assert refused.value.where == f"{path}:{line}"
