"""The price book: every price with unit, region, source and date; unknown is unknown, never 0."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from catalogue.errors import SettingsError
from console.finops.pricing.price_book import load
from pipeline.sample.prices import USAGE

BOOK = load()
HEAD = 'currency = "USD"\nregion = "us-east-1"\n'
WHOLE = 'unit = "request"\nsource = "aws.amazon.com/x"\nas_of = 2026-01-31\nconfidence = "recalled"\n'

# what the sample year's bill charges, by the book's key
SAMPLE_KEYS = {
    "CloudFront-Requests": "cloudfront.https_request",
    "CloudFront-Out-Bytes": "cloudfront.data_out_gigabyte",
    "WebACL": "waf.web_acl_month",
    "WebACL-Rule": "waf.rule_month",
    "WebACL-Request": "waf.request",
    "ApiGatewayHttpRequest": "api_gateway.http_request",
    "Lambda-Request-Collector": "lambda.request",
    "Lambda-GB-Second-Collector": "lambda.gigabyte_second",
    "Storage-ShardHour": "kinesis.shard_hour",
    "PutRequestPayloadUnits": "kinesis.put_payload_unit",
    "BilledBytes": "firehose.ingested_gigabyte",
    "Lambda-GB-Second-Live": "lambda.gigabyte_second",
    "TimedStorage-ByteHrs": "s3.standard_gigabyte_month",
    "Requests-Tier1": "s3.put_request",
    "Requests-Tier2": "s3.get_request",
    "ETL-DPU-Hour": "glue.dpu_hour",
    "Crawler-DPU-Hour": "glue.crawler_dpu_hour",
    "DataScannedInTB": "athena.scanned_terabyte",
    "Serverless-RPU-Hour": "redshift.rpu_hour",
    "Fargate-vCPU-Hours": "fargate.vcpu_hour_x86",
    "Fargate-GB-Hours": "fargate.gigabyte_hour_x86",
    "LoadBalancerUsage": "alb.hour",
    "LCUUsage": "alb.capacity_unit_hour",
    "WriteRequestUnits": "dynamodb.write_request_unit",
    "ReadRequestUnits": "dynamodb.read_request_unit",
    "ApiGatewayHttpRequest-Recommend": "api_gateway.http_request",
    "Lambda-GB-Second-Recommend": "lambda.gigabyte_second",
    "DataProcessing-Bytes": "cloudwatch.logs_ingested_gigabyte",
    "MetricMonitorUsage": "cloudwatch.custom_metric_month",
    "AlarmMonitorUsage": "cloudwatch.alarm_month",
    "NatGateway-Hours": "nat_gateway.hour",
    "NatGateway-Bytes": "nat_gateway.gigabyte",
    "HostedZone": "route53.hosted_zone_month",
    "AWSSecretsManager-Secrets": "secrets_manager.secret_month",
    "KMS-Keys": "kms.key_month",
    "APIRequest": "cost_explorer.request",
    "PaidEventsAnalyzed": "guardduty.management_event",
    "PaidComplianceCheck": "securityhub.check",
}


def book_of(folder: Path, text: str) -> Path:
    path = folder / "book.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_price_says_unit_region_source_date_and_confidence() -> None:
    assert len(BOOK.prices) > 90
    for price in BOOK:
        assert price.unit
        assert price.region in ("us-east-1", "global")
        assert price.source.startswith("aws.amazon.com/")
        assert date(2025, 1, 1) <= price.as_of
        assert (price.amount is None) == (price.confidence == "unknown")
        assert price.amount is None or price.amount > 0


@pytest.mark.parametrize(
    ("key", "amount"),
    [
        ("athena.scanned_terabyte", "5"),
        ("redshift.rpu_hour", "0.375"),
        ("cost_explorer.request", "0.01"),
        ("cloudwatch.metric_request", "0.00001"),
        ("kinesis.shard_hour", "0.015"),
        ("lambda.gigabyte_second", "0.0000133334"),
        ("dynamodb.write_request_unit", "0.000000625"),
        ("waf.request", "0.0000006"),
    ],
)
def test_a_price_is_exact(key: str, amount: str) -> None:
    assert BOOK.price(key, region="us-east-1").amount == Decimal(amount)


def test_the_sample_year_is_charged_at_the_prices_of_the_book() -> None:
    assert {line.sku for line in USAGE} == set(SAMPLE_KEYS)
    assert {line.sku: line.price for line in USAGE} == {sku: BOOK.price(key).amount for sku, key in SAMPLE_KEYS.items()}


def test_a_price_nobody_could_establish_is_unknown_and_so_is_what_it_makes() -> None:
    price = BOOK.price("securityhub.essentials_resource")
    assert price.amount is None
    assert price.cost(Decimal(3)) is None
    assert price.cost(Decimal(0)) == 0  # what is not used costs nothing at any price


def test_a_price_of_another_region_is_unknown_unless_it_is_the_same_everywhere() -> None:
    elsewhere = BOOK.price("kinesis.shard_hour", region="eu-central-1")
    assert (elsewhere.amount, elsewhere.region, elsewhere.note) == (None, "eu-central-1", "The book is for us-east-1.")
    assert BOOK.price("cost_explorer.request", region="eu-central-1").amount == Decimal("0.01")


def test_a_misspelt_key_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(SettingsError, match=r"no entry 'athena.scaned_terabyte'.*Did you mean athena.scanned_terabyte"):
        BOOK.price("athena.scaned_terabyte")


@pytest.mark.parametrize(
    ("units", "cost"),
    [
        ("100", "9"),
        ("10240", "921.60"),  # 10 TB at $0.09
        ("20000", "1751.20"),  # 10,240 × 0.09 + 9,760 × 0.085
        ("200000", "13891.20"),  # 10,240 × 0.09 + 40,960 × 0.085 + 102,400 × 0.07 + 46,400 × 0.05
    ],
)
def test_prices_fall_with_volume_and_each_part_has_its_own(units: str, cost: str) -> None:
    assert BOOK.price("data_transfer.out_gigabyte").cost(Decimal(units)) == Decimal(cost)


def test_the_free_quantity_is_taken_off_only_when_asked() -> None:
    price = BOOK.price("lambda.gigabyte_second")  # 400,000 a month are free
    assert price.cost(Decimal(500_000)) == Decimal("6.66670")
    assert price.cost(Decimal(500_000), free_tier=True) == Decimal("1.33334")
    assert price.cost(Decimal(300_000), free_tier=True) == 0


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("[a.b\n", "cannot be read"),
        ('currency = "USD"\n', "region is missing"),
        (HEAD + '[a.b]\namount = 0.1\n' + WHOLE, "a.b.amount is 0.1"),
        (HEAD + '[a.b]\namount = "cheap"\n' + WHOLE, "a.b.amount is 'cheap'"),
        (HEAD + '[a.b]\namount = "-1"\n' + WHOLE, "a.b.amount is '-1'"),
        (HEAD + '[a.b]\namount = "NaN"\n' + WHOLE, "a.b.amount is 'NaN'"),
        (HEAD + '[a.b]\namount = "unknown"\n' + WHOLE, "is unknown in one field only"),
        (HEAD + '[a.b]\namount = "1"\n' + WHOLE.replace('"recalled"', '"sure"'), "a.b.confidence is 'sure'"),
        (HEAD + '[a.b]\namount = "1"\n' + WHOLE.replace("2026-01-31", '"today"'), "a.b.as_of is 'today'"),
        (HEAD + '[a.b]\namount = "1"\n' + WHOLE.replace("unit", "units"), "There is no setting a.b.units"),
        (HEAD + '[a.b]\namount = "1"\nfilters = { service = 3 }\n' + WHOLE, "a.b.filters is {'service': 3}"),
        (HEAD + '[a.b]\namount = "1"\ntiers = [{ from = "5", amount = "1" }]\n' + WHOLE, "has tiers out of order"),
        (HEAD + '[a.b]\namount = "2"\ntiers = [{ from = "0", amount = "1" }]\n' + WHOLE, "not its first tier's"),
        (HEAD + '[a.b]\namount = "1"\ntiers = [{ from = "0" }]\n' + WHOLE, "a.b.tiers.amount is missing"),
        (HEAD + '[a]\nb = "1"\n', "a is no table of tables"),
    ],
)  # fmt: skip
def test_a_damaged_book_is_refused_by_the_name_of_its_entry(tmp_path: Path, text: str, reported: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(book_of(tmp_path, text))
    assert reported in refused.value.what
    assert "book.toml" in refused.value.where
    assert refused.value.remedy


def test_a_book_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml")
