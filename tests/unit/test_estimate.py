"""The monthly estimate against months worked out by hand: literal quantities and dollars, line by line.

The figures come from the tiers' numbers and the price list with a calculator and exact fractions, not from the code:
730 hours and 730 ÷ 24 days a month, 10 events a request, 465 bytes an event, and the assumptions that
`console.spend.tiering.sizing` and `console.spend.tiering.lines` name.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.spend.pricing import price_book
from console.spend.pricing.price_book import Price, PriceBook
from console.spend.tiering import tiers
from console.spend.tiering.estimate import CENT, Estimate, Line, estimate
from console.spend.tiering.lines import Factor
from console.spend.tiering.sizing import Flow, Usage, remarks, typical, with_events

BOOK = price_book.load()
TIERS = {tier.name: tier for tier in tiers.load()}
DEV, STARTUP, SCALE = TIERS["dev"], TIERS["startup"], TIERS["scale"]

# (service, what): (units of the month, US dollars of the month)
DEV_BY_HAND = {
    ("Amazon CloudFront", "HTTPS requests"): ("212916.666667", "0.2129"),
    ("Amazon CloudFront", "Data out"): ("0.243364", "0.0207"),
    ("AWS WAF", "Web ACL"): ("1.000000", "5.0000"),
    ("AWS WAF", "Rules"): ("3.000000", "3.0000"),
    ("AWS WAF", "Requests"): ("212916.666667", "0.1278"),
    ("Amazon API Gateway", "HTTP API requests"): ("212916.666667", "0.2129"),
    ("AWS Lambda", "Collector calls"): ("152083.333333", "0.0304"),
    ("AWS Lambda", "Collector"): ("2281.250000", "0.0304"),
    ("Amazon Kinesis", "Shards"): ("730.000000", "10.9500"),
    ("Amazon Kinesis", "PUT payload units"): ("152083.333333", "0.0021"),
    ("Amazon Data Firehose", "Data to the raw lake"): ("0.760417", "0.0221"),
    ("AWS Lambda", "Live calls"): ("152083.333333", "0.0304"),
    ("AWS Lambda", "Live"): ("11482.291667", "0.1531"),
    ("Amazon DynamoDB", "Live figures written"): ("4258333.333333", "2.6615"),
    ("Amazon DynamoDB", "Recent items written"): ("304166.666667", "0.1901"),
    ("Amazon Simple Storage Service", "Raw and curated events"): ("0.418500", "0.0096"),
    ("Amazon Simple Storage Service", "Raw objects written"): ("8760.000000", "0.0438"),
    ("Amazon Simple Storage Service", "Curated objects written"): ("3650.000000", "0.0182"),
    ("Amazon Simple Storage Service", "Objects read by curation"): ("60833.333333", "0.0243"),
    ("AWS Glue", "Curation"): ("3.067014", "1.3495"),
    ("AWS Glue", "Crawler"): ("10.138889", "4.4611"),
    ("Amazon Athena", "Data scanned"): ("0.019467", "0.0973"),
    ("Amazon Simple Storage Service", "Objects read by queries"): ("38933.333333", "0.0156"),
    ("AWS Cost Explorer", "Daily snapshot"): ("121.666667", "1.2167"),
    ("AWS Lambda", "Recommendation calls"): ("60833.333333", "0.0122"),
    ("AWS Lambda", "Recommendations"): ("608.333333", "0.0081"),
    ("Amazon DynamoDB", "Recommendations read"): ("243333.333333", "0.0304"),
    ("Amazon DynamoDB", "Recommendations written"): ("76041.666667", "0.0475"),
    ("Amazon DynamoDB", "Storage"): ("0.050000", "0.0125"),
    ("AmazonCloudWatch", "Logs ingested"): ("0.431917", "0.2160"),
    ("AmazonCloudWatch", "Logs kept"): ("0.014910", "0.0004"),
    ("AmazonCloudWatch", "Custom metrics"): ("10.000000", "3.0000"),
    ("AmazonCloudWatch", "Alarms"): ("8.000000", "0.8000"),
    ("AmazonCloudWatch", "Dashboards"): ("1.000000", "3.0000"),
    ("AmazonCloudWatch", "Metrics read"): ("3650.000000", "0.0365"),
    ("AWS X-Ray", "Traces"): ("10645.833333", "0.0532"),
    ("AWS Key Management Service", "Keys"): ("1.000000", "1.0000"),
    ("AWS Secrets Manager", "Secrets"): ("1.000000", "0.4000"),
}
SCALE_BY_HAND = {
    ("Amazon CloudFront", "HTTPS requests"): ("121666666.666667", "121.6667"),
    ("Amazon CloudFront", "Data out"): ("127.750000", "10.8588"),
    ("AWS WAF", "Web ACL"): ("1.000000", "5.0000"),
    ("AWS WAF", "Rules"): ("6.000000", "6.0000"),
    ("AWS WAF", "Requests"): ("121666666.666667", "73.0000"),
    ("Amazon API Gateway", "HTTP API requests"): ("121666666.666667", "121.6667"),
    ("AWS Lambda", "Collector calls"): ("91250000.000000", "18.2500"),
    ("AWS Lambda", "Collector"): ("1368750.000000", "18.2501"),
    ("Amazon Kinesis", "Shards"): ("1460.000000", "21.9000"),
    ("Amazon Kinesis", "PUT payload units"): ("91250000.000000", "1.2775"),
    ("Amazon Data Firehose", "Data to the raw lake"): ("456.250000", "13.2312"),
    ("AWS Lambda", "Live calls"): ("2628000.000000", "0.5256"),
    ("AWS Lambda", "Live"): ("242725.000000", "3.2363"),
    ("Amazon DynamoDB", "Live figures written"): ("73584000.000000", "45.9900"),
    ("Amazon DynamoDB", "Recent items written"): ("182500000.000000", "114.0625"),
    ("Amazon Simple Storage Service", "Raw and curated events"): ("1018.350000", "23.4220"),
    ("Amazon Simple Storage Service", "Raw objects written"): ("43800.000000", "0.2190"),
    ("Amazon Simple Storage Service", "Curated objects written"): ("350400.000000", "1.7520"),
    ("Amazon Simple Storage Service", "Objects read by curation"): ("5840000.000000", "2.3360"),
    ("AWS Glue", "Curation"): ("209.875000", "92.3450"),
    ("AWS Glue", "Crawler"): ("10.138889", "4.4611"),
    ("Amazon Athena", "Data scanned"): ("2.497969", "12.4898"),
    ("Amazon Simple Storage Service", "Objects read by queries"): ("1460000.000000", "0.5840"),
    ("Amazon Redshift", "Serverless"): ("803.000000", "301.1250"),
    ("Amazon Redshift", "Marts kept"): ("50.917500", "1.2220"),
    ("AWS Cost Explorer", "Daily snapshot"): ("121.666667", "1.2167"),
    ("AWS Lambda", "Recommendation calls"): ("30416666.666667", "6.0833"),
    ("AWS Lambda", "Recommendations"): ("304166.666667", "4.0556"),
    ("Amazon DynamoDB", "Recommendations read"): ("121666666.666667", "15.2083"),
    ("Amazon DynamoDB", "Recommendations written"): ("45625000.000000", "28.5156"),
    ("Amazon DynamoDB", "Storage"): ("30.000000", "7.5000"),
    ("Amazon Elastic Container Service", "vCPU"): ("1460.000000", "47.2748"),
    ("Amazon Elastic Container Service", "Memory"): ("5840.000000", "20.7904"),
    ("Elastic Load Balancing", "Load balancer"): ("730.000000", "16.4250"),
    ("Elastic Load Balancing", "Capacity"): ("73.000000", "0.5840"),
    ("Amazon Elastic Container Registry", "Image"): ("1.000000", "0.1000"),
    ("AWS Data Transfer", "Pages out"): ("22.812500", "2.0531"),
    ("Amazon Cognito", "People"): ("100.000000", "0.5500"),
    ("Amazon Virtual Private Cloud", "NAT gateways"): ("1460.000000", "65.7000"),
    ("Amazon Virtual Private Cloud", "NAT data"): ("30.416667", "1.3688"),
    ("Amazon Virtual Private Cloud", "Public addresses"): ("2920.000000", "14.6000"),
    ("Amazon Route 53", "Hosted zones"): ("1.000000", "0.5000"),
    ("AmazonCloudWatch", "Logs ingested"): ("38.020833", "19.0104"),
    ("AmazonCloudWatch", "Logs kept"): ("5.625000", "0.1688"),
    ("AmazonCloudWatch", "Custom metrics"): ("40.000000", "12.0000"),
    ("AmazonCloudWatch", "Alarms"): ("40.000000", "4.0000"),
    ("AmazonCloudWatch", "Dashboards"): ("2.000000", "6.0000"),
    ("AmazonCloudWatch", "Metrics read"): ("136875.000000", "1.3688"),
    ("AWS X-Ray", "Traces"): ("1216666.666667", "6.0833"),
    ("Amazon GuardDuty", "Management events"): ("2000000.000000", "8.0000"),
    ("Amazon GuardDuty", "Flow and DNS logs"): ("2.000000", "2.0000"),
    ("AWS Security Hub", "Checks"): ("6083.333333", "6.0833"),
    ("AWS Config", "Configuration items"): ("3000.000000", "9.0000"),
    ("Amazon Macie", "Buckets"): ("3.000000", "0.3000"),
    ("Amazon Macie", "Data inspected"): ("5.000000", "5.0000"),
    ("AWS Key Management Service", "Keys"): ("3.000000", "3.0000"),
    ("AWS Secrets Manager", "Secrets"): ("4.000000", "1.6000"),
}


def of(tier: tiers.Tier, book: PriceBook = BOOK, **usage: object) -> Estimate:
    return estimate(tier, replace(typical(tier), **usage), book)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tier", "by_hand", "total"), [(DEV, DEV_BY_HAND, "38.4974"), (SCALE, SCALE_BY_HAND, "1331.0116")],
    ids=["dev", "scale"],
)  # fmt: skip
def test_every_line_of_a_month_is_what_it_is_by_hand(
    tier: tiers.Tier, by_hand: dict[tuple[str, str], tuple[str, str]], total: str
) -> None:
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


def test_the_bands_are_those_of_the_design() -> None:
    assert [(tier.name, tier.events_per_day) for tier in TIERS.values()] == [
        ("dev", 50_000), ("startup", 2_000_000), ("scale", 30_000_000),
    ]  # fmt: skip
    assert [(tier.monthly_usd.low, tier.monthly_usd.high) for tier in TIERS.values()] == [
        (25, 50), (200, 400), (1000, 1500),
    ]  # fmt: skip


def test_an_on_demand_stream_is_charged_by_the_hour_and_by_kilobytes_in_and_out_for_each_consumer() -> None:
    month = of(replace(DEV, stream=replace(DEV.stream, mode="on_demand")))
    kinesis = {line.what: (f"{line.quantity:f}", line.monthly_usd) for line in month.lines if "Kinesis" in line.service}
    # a record of 4,650 bytes counts as 5,000; 5,000 records a day × 730 ÷ 24 days
    assert kinesis == {
        "Stream": ("730.000000", Decimal("29.2")),
        "Data in": ("0.760417", Decimal("0.06083336")),
        "Data out": ("1.520833", Decimal("0.06083332")),
    }


def test_retention_beyond_a_day_is_charged_for_every_shard_hour() -> None:
    month = of(replace(DEV, stream=replace(DEV.stream, retention_hours=168)))
    lines = {line.what: line.monthly_usd for line in month.lines}
    assert lines["Retention beyond a day"] == Decimal("14.6")  # 730 × $0.02


def test_a_scaling_stream_keeps_its_peak_for_four_hours_a_day() -> None:
    # 15 million records of 4,650 bytes a day: 0.81 MB/s, 3.23 MB/s at the peak: 4 shards for 4 hours, else at least 2
    busy = with_events(typical(SCALE), 150_000_000)
    assert Flow(SCALE, busy).shard_hours == 4 * 4 + 2 * 20
    steady = replace(SCALE, stream=replace(SCALE.stream, autoscaling=False))
    assert Flow(steady, busy).shard_hours == 4 * 24


def test_interface_endpoints_are_charged_in_every_zone() -> None:
    month = of(replace(STARTUP, network=replace(STARTUP.network, interface_endpoints=3)))
    lines = {line.what: line.monthly_usd for line in month.lines}
    assert lines["Interface endpoints"] == Decimal("43.8")  # 3 × 2 zones × 730 × $0.01


def test_larger_batches_make_fewer_requests_and_a_smaller_bill() -> None:
    one, ten, hundred = (of(SCALE, events_per_request=Decimal(size)).monthly_usd for size in (1, 10, 100))
    assert one > ten > hundred


def test_the_warehouse_costs_no_more_than_its_limit_and_says_that_it_stops() -> None:
    busy = replace(typical(STARTUP), page_views_per_day=Decimal(5_000))
    redshift = next(line for line in estimate(STARTUP, busy, BOOK).lines if line.what == "Serverless")
    assert redshift.quantity == Decimal("243.333333")  # 8 RPU-hours × 730 ÷ 24
    assert remarks(Flow(STARTUP, busy)) == ["Startup: the warehouse stops at 8 RPU-hours a day; 68.3 are asked for"]


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
    first = Line("AWS Lambda", "Collector calls", price, factors, free_tier=True)
    second = Line("AWS Lambda", "Live calls", price, factors, free_tier=True, units_before=Decimal(800_000))
    assert (first.monthly_usd, second.monthly_usd) == (0, Decimal("0.12"))  # 600,000 × $0.0000002


def test_the_formula_says_what_is_multiplied_and_divided() -> None:
    price = BOOK.price("glue.dpu_hour")
    line = Line(
        "AWS Glue", "Curation", price,
        (Factor(Decimal(1234), "runs"), Factor(Decimal("0.0206"), "hours"), Factor(Decimal(60), "parts", divides=True)),
    )  # fmt: skip
    assert line.formula == "1,234 runs × 0.0206 hours ÷ 60 parts"
    assert line.quantity == Decimal("0.423673")


@given(
    events=st.integers(0, 10**9), views=st.integers(0, 10**5), asked=st.integers(0, 10**8), kept=st.integers(0, 4000),
    batch=st.integers(1, 500), tier=st.sampled_from(sorted(TIERS)), free_tier=st.booleans(),
)  # fmt: skip
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
