"""The cost curve, the other ways to carry a traffic, and the command that prints them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from msgspec import structs

from console.__main__ import main
from console.finops.pricing import price_book
from console.finops.pricing.price_book import Price, PriceBook
from console.tiers import capacity, quotas, scaling, tiers
from console.tiers.changes import changes
from console.tiers.estimate import estimate
from console.tiers.load import Load
from console.tiers.scaling import LOADS, pays_from
from tests.support import scale_page

BOOK, LIMITS = price_book.load(), quotas.load()
TIER = tiers.load()[-1]
AT_THE_EDGE = structs.replace(TIER, collector=structs.replace(TIER.collector, entrance="cloudfront"))
SHOP = Load(Decimal(1_000), Decimal(5), Decimal(465))


def _book(**amounts: str | None) -> PriceBook:
    """A book of these prices alone, written with `__` for the point of their keys."""
    prices = {
        key.replace("__", "."): Price(
            key,
            None if amount is None else Decimal(amount),
            "unit",
            "us-east-1",
            "a page",
            date(2026, 1, 1),
            "recalled",
        )
        for key, amount in amounts.items()
    }
    return PriceBook(prices, "us-east-1", "USD", BOOK.path)


def test_containers_are_priced_for_the_busiest_second_all_month(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "COLLECTOR_SECONDS", Decimal("0.030"))
    book = _book(
        fargate__vcpu_hour="0.04", fargate__gigabyte_hour="0.004", alb__hour="0.02", alb__capacity_unit_hour="0.008"
    )
    # 20,000 requests/s × 0.03 s × 512 ÷ 1,769 of a vCPU = 173.66 vCPU; 11.625 MB/s in the mean = 41.85 GB an hour
    vcpu = Decimal(600) * 512 / 1_769
    tasks = 730 * (vcpu * Decimal("0.04") + vcpu * 2 * Decimal("0.004"))
    for tier, balancer in ((AT_THE_EDGE, 730 * (Decimal("0.02") + Decimal("0.3348"))), (TIER, 0)):
        at_512 = structs.replace(tier, collector=structs.replace(tier.collector, memory_megabytes=512))
        cost = scaling.containers(SHOP.at(100_000), at_512, book, LIMITS)
        assert cost is not None
        assert round(cost, 2) == round(tasks + balancer, 2), "the load balancer is there already, or comes on top"


def test_the_function_pays_for_an_http_api_only_where_one_calls_it() -> None:
    book = _book(lambda__request="0.2", lambda__gigabyte_second="0", api_gateway__http_request="1")
    requests = 200 * 657_000  # a second in the busiest: 1,000 ÷ 5; a quarter of it for 2,628,000 seconds
    assert scaling.collector_function(SHOP, TIER, book, LIMITS) == requests * Decimal("0.2")
    assert scaling.collector_function(SHOP, AT_THE_EDGE, book, LIMITS) == requests * Decimal("1.2")


def test_advantage_charges_25_megabytes_a_second_at_least() -> None:
    book = _book(kinesis__advantage_gigabyte_in="0.032", kinesis__advantage_gigabyte_out="0.016")
    # 25 MB/s × 2,628,000 s = 65,700 GB, in and out
    assert scaling.advantage(SHOP.at(1), TIER, book, LIMITS) == Decimal("3153.6")


def test_the_same_work_on_emr_serverless_is_priced_by_processors_and_memory() -> None:
    glue = scaling.on_glue(SHOP, TIER, _book(glue__dpu_hour="1"), LIMITS)
    emr = scaling.on_emr_serverless(
        SHOP, TIER, _book(emr_serverless__vcpu_hour="1", emr_serverless__gigabyte_hour="0.5"), LIMITS
    )
    assert glue is not None
    assert emr is not None
    assert round(emr, 6) == round(glue * 12, 6)  # 4 × 1 + 16 × 0.5


def test_lives_writes_by_size_are_those_of_the_mean_second_all_month() -> None:
    tier = structs.replace(TIER, stream=structs.replace(TIER.stream, live_window_seconds=2))
    cost = scaling.live_writes_by_size(SHOP.at(40_000), tier, _book(dynamodb__write_request_unit="0.000001"), LIMITS)
    # 10,000 events/s in the mean: 5 shards of 246 units a second, for 2,628,000 seconds
    assert cost == Decimal("3232.44")


def test_shards_that_follow_the_traffic_cost_what_the_estimate_says() -> None:
    as_built = estimate(TIER, SHOP.usage(TIER), BOOK).by_service["Amazon Kinesis"]
    assert TIER.stream.mode == "provisioned"
    assert TIER.stream.autoscaling
    assert scaling.provisioned(SHOP, TIER, BOOK, LIMITS) == as_built


def test_a_change_pays_from_the_first_event_that_saves_a_hundred_dollars() -> None:
    def built(load: Load, *_: object) -> Decimal:
        return load.events_per_second * 2

    def other(load: Load, *_: object) -> Decimal:
        return load.events_per_second + 50

    assert pays_from(built, other, SHOP, TIER, BOOK, LIMITS) == 150
    assert pays_from(other, built, SHOP, TIER, BOOK, LIMITS) is None


def test_what_has_no_price_is_unknown_and_pays_nowhere() -> None:
    book = _book(glue__dpu_hour="0.44", emr_serverless__vcpu_hour=None, emr_serverless__gigabyte_hour="0.5")
    assert scaling.on_emr_serverless(SHOP, TIER, book, LIMITS) is None
    assert pays_from(scaling.on_glue, scaling.on_emr_serverless, SHOP, TIER, book, LIMITS) is None
    assert scaling.ratio(scaling.on_glue, scaling.on_emr_serverless, SHOP, TIER, book, LIMITS) is None


def test_a_point_of_the_curve_is_the_estimate_of_a_month_a_quarter_as_busy() -> None:
    point = scaling.point(SHOP, TIER, BOOK, LIMITS)
    usage = SHOP.usage(TIER)
    assert usage.events_per_day == 250 * 86_400
    assert point.monthly_usd == estimate(TIER, usage, BOOK).monthly_usd
    assert round(point.usd_per_million_events, 6) == round(
        point.monthly_usd / 657, 6
    )  # 250 a second × 2,628,000 seconds
    assert sum(point.services.values()) < point.monthly_usd


def test_a_day_of_events_is_a_tenth_of_its_bytes_in_files_of_512_mebibytes() -> None:
    day = scaling.day_size(SHOP.at(100_000), TIER, BOOK)
    assert day.raw_bytes == 25_000 * 86_400 * 465
    assert day.table_bytes == day.raw_bytes / 10
    assert day.files == 188  # 100.44 GB ÷ 0.536870912 GB, rounded up


def test_changes_come_in_the_order_of_the_traffic_that_asks_for_them() -> None:
    found = changes(SHOP, AT_THE_EDGE, BOOK, LIMITS)
    asked = [change.from_events for change in found if change.from_events is not None]
    assert asked == sorted(asked)
    assert [change.from_events for change in found[len(asked) :]] == [None] * (len(found) - len(asked))
    gateway = next(change for change in found if change.because.startswith("Amazon API Gateway"))
    assert (gateway.from_events, gateway.reason) == (50_001, "needed")


def test_a_limit_that_requests_do_not_pass_asks_for_no_change() -> None:
    services = {change.because.partition(":")[0] for change in changes(SHOP, TIER, BOOK, LIMITS)}
    assert "AWS WAF" in services
    assert not any("API Gateway" in service or "CloudFront" in service for service in services)


def test_a_change_without_a_price_says_so() -> None:
    without = {key: replace(price, amount=None) if key == "alb.hour" else price for key, price in BOOK.prices.items()}
    book = PriceBook(without, BOOK.region, BOOK.currency, BOOK.path)
    found = next(change for change in changes(SHOP, AT_THE_EDGE, book, LIMITS) if "containers behind" in change.change)
    assert (found.from_events, found.reason) == (None, "unknown")


@pytest.mark.slow
def test_the_command_prints_needs_changes_curve_and_quotas(capsys: pytest.CaptureFixture[str]) -> None:
    printed = {}
    for name, options in {
        "needs": ["--events-per-second", "20000", "--events-per-request", "5"],
        "changes": ["--changes"],
        "curve": ["--curve"],
        "quotas": ["--quotas"],
    }.items():
        assert main(["scale", *options, "--format", "json"]) == 0
        printed[name] = json.loads(capsys.readouterr().out)[name]
    gateway = next(need for need in printed["needs"] if need["what"] == "requests to API Gateway")
    assert (gateway["needed"], gateway["limit"], gateway["used"]) == (4_000, 10_000, 0.4)
    assert [row["events_per_second"] for row in printed["curve"]] == list(LOADS)
    assert len(printed["quotas"]) == len(LIMITS)
    assert printed["changes"]


@pytest.mark.parametrize("wrong", [["--events-per-second", "0"], ["--events-per-request", "many"]])
def test_a_number_that_cannot_be_used_is_refused_with_its_option(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scale", *wrong]) == 2
    assert wrong[0] in capsys.readouterr().err


def test_every_table_of_the_page_is_made_and_making_it_again_changes_nothing() -> None:
    page = scale_page.PAGE.read_text(encoding="utf-8")
    filled = scale_page.filled(page)
    assert all(f"<!-- made: {name} -->\n" in page for name in scale_page.TABLES)
    assert scale_page.filled(filled) == filled
