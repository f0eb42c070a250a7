"""The monthly estimate against months worked out by hand: literal quantities and dollars, line by line."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from console.finops.pricing import price_book
from console.finops.pricing.price_book import Price, PriceBook
from console.tiers import live_table, tiers
from console.tiers.estimate import CENT, Estimate, EstimateLine, estimate
from console.tiers.factors import Factor
from console.tiers.left_out import LEFT_OUT
from console.tiers.live_table import WRITE_UNITS_OF_BATCH, units_of_batch
from console.tiers.sizing import Flow, Usage, remarks, typical, with_events
from pipeline.sample.prices import USAGE
from tests.support.months_by_hand import DEV_BY_HAND, SCALE_BY_HAND, STARTUP_BY_HAND, ByHand
from tests.unit.console.finops.test_price_book import SAMPLE_KEYS

BOOK = price_book.load()
TIERS = {tier.name: tier for tier in tiers.load()}
DEV, STARTUP, SCALE = TIERS["dev"], TIERS["startup"], TIERS["scale"]


def of(tier: tiers.Tier, book: PriceBook = BOOK, **usage: object) -> Estimate:
    return estimate(tier, replace(typical(tier), **usage), book)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tier", "by_hand", "total"),
    [
        (DEV, DEV_BY_HAND, "49.4282"),
        (STARTUP, STARTUP_BY_HAND, "370.1796"),
        (SCALE, SCALE_BY_HAND, "1460.6236"),
    ],
    ids=["dev", "startup", "scale"],
)
def test_every_line_of_a_month_is_what_it_is_by_hand(tier: tiers.Tier, by_hand: ByHand, total: str) -> None:
    month = of(tier)
    found = {
        (line.service, line.what): (f"{line.quantity:f}", f"{line.monthly_usd:.4f}")
        for line in month.lines
        if line.monthly_usd is not None
    }
    assert found == by_hand
    assert month.monthly_usd.quantize(Decimal("0.0001")) == Decimal(total)


@pytest.mark.parametrize(("tier", "low", "high"), [("dev", 25, 50), ("startup", 200, 400), ("scale", 1000, 1500)])
@pytest.mark.parametrize("free_tier", [False, True])
def test_each_tier_falls_in_its_band_with_and_without_the_free_quantities(
    tier: str, low: int, high: int, free_tier: bool
) -> None:
    month = estimate(TIERS[tier], typical(TIERS[tier]), BOOK, free_tier=free_tier)
    assert month.in_band
    assert low <= month.monthly_usd <= high
    assert month.unknown == []
    assert remarks(Flow(TIERS[tier], typical(TIERS[tier]))) == []


DESIGN = {  # every service that the design and its stacks name
    "Amazon API Gateway", "Amazon Athena", "Amazon CloudFront", "Amazon Cognito", "Amazon Data Firehose",
    "Amazon DynamoDB", "Amazon Elastic Compute Cloud", "Amazon Elastic Container Registry",
    "Amazon Elastic Container Service", "Amazon EventBridge", "Amazon GuardDuty", "Amazon Kinesis", "Amazon Macie",
    "Amazon Redshift", "Amazon Route 53", "Amazon Simple Notification Service", "Amazon Simple Queue Service",
    "Amazon Simple Storage Service", "Amazon Virtual Private Cloud", "AmazonCloudWatch", "AWS Budgets",
    "AWS CloudTrail", "AWS Config", "AWS Cost Explorer", "AWS Data Transfer", "AWS Glue", "AWS Step Functions",
    "AWS Key Management Service", "AWS Lambda", "AWS Secrets Manager", "AWS Security Hub", "AWS WAF", "AWS X-Ray",
    "Elastic Load Balancing",
}  # fmt: skip


def test_every_service_of_the_design_is_estimated_or_left_out_with_a_reason() -> None:
    estimated = {line.service for tier in TIERS.values() for line in of(tier).lines}
    assert estimated <= DESIGN
    assert DESIGN - estimated <= {part.service for part in LEFT_OUT}
    assert all(part.what and part.reason for part in LEFT_OUT)


def test_the_sample_bill_has_each_price_under_the_service_of_the_estimate() -> None:
    estimated: dict[str, set[str]] = {}
    for tier in TIERS.values():
        for line in of(tier).lines:
            estimated.setdefault(line.price.key, set()).add(line.service)
    for line in USAGE:
        assert estimated.get(SAMPLE_KEYS[line.sku], {line.service}) == {line.service}


def test_the_bands_are_those_of_the_design() -> None:
    assert [(tier.name, tier.events_per_day) for tier in TIERS.values()] == [
        ("dev", 50_000), ("startup", 2_000_000), ("scale", 30_000_000),
    ]  # fmt: skip
    assert [(tier.monthly_usd.low, tier.monthly_usd.high) for tier in TIERS.values()] == [
        (25, 50), (200, 400), (1000, 1500),
    ]  # fmt: skip


def test_an_on_demand_stream_is_charged_by_hour_and_by_kilobytes_in_and_out() -> None:
    month = of(structs.replace(DEV, stream=structs.replace(DEV.stream, mode="on_demand")))
    kinesis = {line.what: (f"{line.quantity:f}", line.monthly_usd) for line in month.lines if "Kinesis" in line.service}
    # a record of 902 bytes counts as 1,000; 25,773 records a day × 730 ÷ 24 days
    assert kinesis == {
        "Stream": ("730.000000", Decimal("29.2")),
        "Data in": ("0.783935", Decimal("0.0627148")),
        "Data out": ("1.567869", Decimal("0.06271476")),
    }


def test_retention_beyond_a_day_is_charged_for_every_shard_hour() -> None:
    month = of(structs.replace(DEV, stream=structs.replace(DEV.stream, retention_hours=168)))
    lines = {line.what: line.monthly_usd for line in month.lines}
    assert lines["Retention beyond a day"] == Decimal("14.6")  # 730 × $0.02


def test_a_scaling_stream_keeps_its_peak_for_four_hours_a_day() -> None:
    # 150 million events of 465 bytes a day: 0.81 MB/s, 3.23 MB/s at the peak: 4 shards for 4 hours, else at least 2
    busy = with_events(typical(SCALE), 150_000_000)
    assert Flow(SCALE, busy).shard_hours == 4 * 4 + 2 * 20
    steady = structs.replace(SCALE, stream=structs.replace(SCALE.stream, autoscaling=False))
    assert Flow(steady, busy).shard_hours == 4 * 24


def test_interface_endpoints_are_charged_in_every_zone() -> None:
    month = of(structs.replace(STARTUP, network=structs.replace(STARTUP.network, interface_endpoints=3)))
    lines = {line.what: line.monthly_usd for line in month.lines}
    assert lines["Interface endpoints"] == Decimal("43.8")  # 3 × 2 zones × 730 × $0.01


def lines_of(tier: tiers.Tier, **usage: object) -> dict[str, Decimal]:
    return {line.what: line.quantity for line in of(tier, **usage).lines}


def test_events_a_request_follow_from_who_sends() -> None:
    # 0.89 ÷ 1.73 + 0.11 ÷ 50 requests an event; 0.89 ÷ 2.68 + 0.11 ÷ 50
    assert [typical(tier).events_per_request for tier in (DEV, STARTUP, SCALE)] == [
        Decimal("1.94"), Decimal("1.94"), Decimal("2.99"),
    ]  # fmt: skip


def test_requests_enter_through_the_api_or_through_the_load_balancer_and_never_pay_for_both() -> None:
    balanced = structs.replace(DEV, collector=structs.replace(DEV.collector, entrance="load_balancer"))
    of_the_edge = {"HTTPS requests", "Data out", "Data to the origin", "HTTP API requests"}
    of_the_balancer = {"Capacity for requests", "Answers out", "Connections opened"}
    assert of_the_edge <= lines_of(DEV).keys()
    assert not of_the_balancer & lines_of(DEV).keys()
    assert of_the_balancer <= lines_of(balanced).keys()
    assert not of_the_edge & lines_of(balanced).keys()
    # the same requests pass the web ACL; on the load balancer 40 pages of 50 requests each come on top
    more = lines_of(balanced)["Requests"] - lines_of(DEV)["Requests"]
    assert more == Decimal("60833.333333")


def test_the_live_table_is_charged_by_request_or_by_the_capacity_that_it_needs() -> None:
    live = structs.replace(DEV.live, capacity="provisioned", least_write_units=5, least_read_units=5)
    idle = lines_of(structs.replace(DEV, live=live))
    assert idle["Live table, write capacity"] == idle["Live table, read capacity"] == 5 * 730
    assert not {"Live figures written", "Recent items written", "Known customers read"} & idle.keys()
    # what is written in a second on average, at 60 % of use
    busy = structs.replace(SCALE, live=structs.replace(SCALE.live, capacity="on_demand"))
    by_request = lines_of(busy)
    a_month = sum(by_request[f"{what} written"] for what in ("Live figures", "Recent items", "Known customers"))
    capacity = lines_of(SCALE)["Live table, write capacity"]
    assert capacity == pytest.approx(a_month / (730 * 3_600) / Decimal("0.6") * 730, rel=Decimal("1e-6"))


@pytest.mark.parametrize(("events", "units"), [(0, "10"), (6, "12"), (61, "23.5"), (1736, "324"), (3356, "613")])
def test_units_of_a_batch_lie_on_lines_between_what_was_measured(events: int, units: str) -> None:
    assert units_of_batch(WRITE_UNITS_OF_BATCH, Decimal(events)) == pytest.approx(Decimal(units), abs=Decimal("0.01"))


def test_metrics_of_each_call_cost_more_logs_than_those_of_each_minute() -> None:
    each = structs.replace(SCALE, watching=structs.replace(SCALE.watching, metrics_every_seconds=0))
    # requests, a million recommendations and 17,280 batches a day, 390 bytes each
    calls = 30_000_000 / Decimal("2.99") + 1_017_280
    assert Flow(each, typical(SCALE)).log_gigabytes == Decimal("0.05") + calls * 390 / 10**9
    assert Flow(SCALE, typical(SCALE)).log_gigabytes == Decimal("0.05") + (17_280 + 40 * 1_440) * Decimal(390) / 10**9


def test_guardduty_reads_the_connections_of_senders_where_the_load_balancer_takes_them() -> None:
    assert Flow(DEV, typical(DEV)).flow_records == 0
    assert Flow(SCALE, typical(SCALE)).flow_records == pytest.approx(16_071_428, abs=1)  # three of each visit


def test_larger_batches_make_fewer_requests_and_a_smaller_bill() -> None:
    one, ten, hundred = (of(SCALE, events_per_request=Decimal(size)).monthly_usd for size in (1, 10, 100))
    assert one > ten > hundred


def test_the_warehouse_costs_no_more_than_its_limit_and_says_that_it_stops() -> None:
    busy = replace(typical(STARTUP), page_views_per_day=Decimal(5_000))
    redshift = next(line for line in estimate(STARTUP, busy, BOOK).lines if line.what == "Serverless")
    # 1,000 views cover 1 − e^(−60,000 ÷ 36,000) of 36,000 s, 24 loads a minute each: 30,640 s of 4 RPU
    assert redshift.quantity == Decimal("243.333333")  # 8 RPU-hours × 730 ÷ 24
    assert remarks(Flow(STARTUP, busy)) == ["Startup: the warehouse stops at 8 RPU-hours a day; 34.0 are asked for"]


def test_a_live_table_too_small_for_its_peak_is_named() -> None:
    assert live_table.remarks(Flow(SCALE, typical(SCALE))) == []
    usage = with_events(typical(SCALE), 80_000_000)
    remark, of_reads = live_table.remarks(Flow(SCALE, usage))
    priced = next(line for line in estimate(SCALE, usage, BOOK).lines if line.what == "Live table, write capacity")
    # what is priced is the mean at 60 % of use, for 730 hours; the busiest minutes have four times the mean
    busiest = math.ceil(priced.quantity / 730 * Decimal("0.6") * 4)
    assert SCALE.live.most_write_units < busiest
    assert remark == (
        f"Scale: the busiest minutes need {busiest:,} write units a second of the live table, the tier may have 1,200"
    )
    assert "read units" in of_reads
    free = structs.replace(SCALE, live=structs.replace(SCALE.live, capacity="on_demand"))
    assert live_table.remarks(Flow(free, usage)) == []


def test_a_stream_too_small_for_its_peak_is_named() -> None:
    assert remarks(Flow(DEV, with_events(typical(DEV), 60_000_000))) == [
        "Dev: the busiest minutes need 2 shards, the tier may have 1"
    ]


def test_more_events_ask_for_as_many_more_recommendations() -> None:
    more = with_events(typical(DEV), 500_000)
    assert (more.events_per_day, more.recommendations_per_day, more.people) == (500_000, 20_000, 3)


def test_no_traffic_leaves_what_is_charged_for_standing_there() -> None:
    month = of(DEV, events_per_day=Decimal(0), recommendations_per_day=Decimal(0), page_views_per_day=Decimal(0))
    assert {line.what for line in month.lines if line.service in ("AWS WAF", "Amazon Kinesis")} == {
        "Web ACL", "Rules", "Shards",
    }  # fmt: skip
    assert month.monthly_usd > 25


def test_a_missing_price_is_named_and_the_bill_is_then_in_no_band() -> None:
    unknown = replace(BOOK.price("kinesis.shard_hour"), amount=None)
    book = replace(BOOK, prices={**BOOK.prices, "kinesis.shard_hour": unknown})
    month = of(DEV, book)
    assert [price.key for price in month.unknown] == ["kinesis.shard_hour"]
    assert next(line for line in month.lines if line.what == "Shards").monthly_usd is None
    assert (month.monthly_usd + Decimal("10.95")).quantize(CENT) == of(DEV).monthly_usd.quantize(CENT)
    assert not month.in_band


def test_free_quantities_are_taken_off_once_for_all_lines_of_a_price() -> None:
    price = BOOK.price("lambda.request")  # a million a month are free
    factors = (Factor(Decimal(800_000), "calls"),)
    first = EstimateLine("AWS Lambda", "Collector calls", price, factors, free_tier=True)
    second = EstimateLine("AWS Lambda", "Live calls", price, factors, free_tier=True, units_before=Decimal(800_000))
    assert (first.monthly_usd, second.monthly_usd) == (0, Decimal("0.12"))  # 600,000 × $0.0000002


def test_the_formula_says_what_is_multiplied_and_divided() -> None:
    price = BOOK.price("glue.dpu_hour")
    line = EstimateLine(
        "AWS Glue", "Curation", price,
        (Factor(Decimal(1234), "runs"), Factor(Decimal("0.0206"), "hours"), Factor(Decimal(60), "parts", divides=True)),
    )  # fmt: skip
    assert line.formula == "1,234 runs × 0.0206 hours ÷ 60 parts"
    assert line.quantity == Decimal("0.423673")


@given(
    events=st.integers(0, 10**9), views=st.integers(0, 10**5), asked=st.integers(0, 10**8), kept=st.integers(0, 4000),
    batch=st.integers(1, 500), tier=st.sampled_from(sorted(TIERS)), free_tier=st.booleans(),
)  # fmt: skip
@pytest.mark.slow
def test_services_and_lines_add_up_to_the_bill_in_full_and_in_cents(
    events: int, views: int, asked: int, kept: int, batch: int, tier: str, free_tier: bool
) -> None:
    usage = Usage(
        Decimal(events), Decimal(views), Decimal(5), Decimal(asked), Decimal(kept), events_per_request=Decimal(batch)
    )
    month = estimate(TIERS[tier], usage, BOOK, free_tier=free_tier)
    assert sum(month.by_service.values()) == month.monthly_usd
    assert sum(line.monthly_usd for line in month.lines if line.monthly_usd is not None) == month.monthly_usd
    assert sum(month.cents_by_service.values()) == month.monthly_usd.quantize(CENT)
    for service, cents in month.cents_by_service.items():
        assert abs(cents - month.by_service[service]) < CENT
    assert all(line.monthly_usd is not None and line.monthly_usd >= 0 for line in month.lines)


@given(units=st.decimals(0, 10**9, places=3), more=st.decimals(0, 10**6, places=3))
def test_more_units_never_cost_less_and_tiers_leave_no_gap(units: Decimal, more: Decimal) -> None:
    price = BOOK.price("data_transfer.out_gigabyte")
    now, then = price.cost(units), price.cost(units + more)
    assert now is not None
    assert then is not None
    assert now <= then <= now + more * Decimal("0.09")


def test_a_bad_usage_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one event"):
        replace(typical(DEV), events_per_request=Decimal(0))
    with pytest.raises(ValueError, match="people is not negative"):
        replace(typical(DEV), people=Decimal(-1))
    price: Price = BOOK.price("waf.request")
    with pytest.raises(ValueError, match="not negative"):
        price.cost(Decimal(-1))
