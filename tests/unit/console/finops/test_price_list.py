"""The price book made anew from the AWS Price List API: answers in the interface's own shape, through botocore."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from catalogue.errors import SourceError
from console.aws.permissions import actions_of
from console.finops.pricing.price_book import Price, VolumePrice, load
from console.finops.pricing.price_list import ACTION, PriceList, refresh

TODAY = date(2026, 11, 2)
BOOK = """# our prices
currency = "USD"
region = "us-east-1"

# the stream
[kinesis.shard_hour]
amount = "0.015"
unit = "shard-hour"
note = "kept"
source = "aws.amazon.com/kinesis/data-streams/pricing"
as_of = 2025-06-30
confidence = "recalled"
filters = { service = "AmazonKinesis", usagetype = "Storage-ShardHour", operation = "shardHourStorage" }
"""
REQUEST = {
    "ServiceCode": "AmazonKinesis",
    "Filters": [
        {"Type": "TERM_MATCH", "Field": "operation", "Value": "shardHourStorage"},
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"},
        {"Type": "CONTAINS", "Field": "usagetype", "Value": "Storage-ShardHour"},
    ],
}


def product(usage_type: str, *prices: tuple[str, str]) -> str:
    """One entry of PriceList, as the interface answers it: JSON in a text, a dimension for each volume."""
    dimensions = {
        f"SKU1.JRTCKXETXF.{number}": {
            "unit": "ShardHour",
            "beginRange": begin,
            "endRange": "Inf",
            "description": f"${amount} per shard-hour",
            "appliesTo": [],
            "rateCode": f"SKU1.JRTCKXETXF.{number}",
            "pricePerUnit": {"USD": amount},
        }
        for number, (begin, amount) in enumerate(prices)
    }
    return json.dumps(
        {
            "serviceCode": "AmazonKinesis",
            "version": "20261001000000",
            "publicationDate": "2026-10-01T00:00:00Z",
            "product": {
                "sku": "SKU1",
                "productFamily": "Kinesis Streams",
                "attributes": {"usagetype": usage_type, "regionCode": "us-east-1", "operation": "shardHourStorage"},
            },
            "terms": {
                "OnDemand": {
                    "SKU1.JRTCKXETXF": {
                        "sku": "SKU1",
                        "offerTermCode": "JRTCKXETXF",
                        "effectiveDate": "2026-10-01T00:00:00Z",
                        "termAttributes": {},
                        "priceDimensions": dimensions,
                    }
                }
            },
        }
    )


@pytest.fixture
def stubbed() -> Iterator[Stubber]:
    client = boto3.client(
        "pricing",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answers(stubber: Stubber, *pages: Sequence[str], **request: Any) -> PriceList:
    for number, page in enumerate(pages):
        answer: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": list(page)}
        asked = REQUEST | request | ({"NextToken": f"page{number}"} if number else {})
        if number + 1 < len(pages):
            answer["NextToken"] = f"page{number + 1}"
        stubber.add_response("get_products", answer, asked)
    return PriceList(stubber.client)


@pytest.fixture
def book_file(tmp_path: Path) -> Path:
    path = tmp_path / "book.toml"
    path.write_text(BOOK, encoding="utf-8")
    load.cache_clear()
    return path


def shard_hour(path: Path) -> Price:
    return load(path).price("kinesis.shard_hour")


def test_the_permission_it_needs_is_named() -> None:
    assert {ACTION} == actions_of("console.finops.pricing.price_list") == {"pricing:GetProducts"}


def test_a_price_that_changed_is_written_with_its_date_and_comments_stay(stubbed: Stubber, book_file: Path) -> None:
    source = answers(stubbed, [product("Storage-ShardHour", ("0", "0.0160000000"))])
    answer = refresh(load(book_file), source, TODAY)
    assert [(item.price.key, item.amount) for item in answer.changed] == [("kinesis.shard_hour", Decimal("0.016"))]
    assert answer.text == BOOK.replace('"0.015"', '"0.016"').replace("2025-06-30", "2026-11-02").replace(
        '"recalled"', '"refreshed"'
    )
    assert [line for line in answer.diff.splitlines() if line.startswith(("+", "-"))] == [
        "--- price book",
        "+++ refreshed",
        '-amount = "0.015"',
        '+amount = "0.016"',
        "-as_of = 2025-06-30",
        '-confidence = "recalled"',
        "+as_of = 2026-11-02",
        '+confidence = "refreshed"',
    ]
    assert book_file.read_text(encoding="utf-8") == BOOK  # nothing is written by asking


def test_a_price_that_holds_is_confirmed_with_todays_date(stubbed: Stubber, book_file: Path) -> None:
    source = answers(stubbed, [product("Storage-ShardHour", ("0", "0.0150000000"))])
    answer = refresh(load(book_file), source, TODAY)
    assert (len(answer.changed), len(answer.confirmed), len(answer.left)) == (0, 1, 0)
    assert 'as_of = 2026-11-02\nconfidence = "refreshed"' in answer.text


def test_products_of_another_usage_type_are_left_aside_over_all_pages(stubbed: Stubber, book_file: Path) -> None:
    source = answers(
        stubbed,
        [product("Extended-Storage-ShardHour-Other", ("0", "9"))],
        [product("USE1-Storage-ShardHour", ("0", "0.0160000000")), product("NotStorage-ShardHours", ("0", "8"))],
    )
    assert source.find(shard_hour(book_file), "us-east-1").amount == Decimal("0.016")


def test_a_first_volume_without_charge_is_the_free_quantity(stubbed: Stubber, book_file: Path) -> None:
    source = answers(
        stubbed, [product("Storage-ShardHour", ("25", "0.2500000000"), ("0", "0.0000000000"), ("1000", "0.2000000000"))]
    )
    found = source.find(shard_hour(book_file), "us-east-1")
    assert found.free == 25
    assert found.volumes == (VolumePrice(Decimal(0), Decimal("0.25")), VolumePrice(Decimal(1000), Decimal("0.2")))


def test_volume_prices_are_written_and_read_back(stubbed: Stubber, book_file: Path) -> None:
    source = answers(stubbed, [product("Storage-ShardHour", ("0", "0.0160000000"), ("500", "0.0140000000"))])
    answer = refresh(load(book_file), source, TODAY)
    book_file.write_text(answer.text, encoding="utf-8")
    load.cache_clear()
    assert shard_hour(book_file).tiers == (
        VolumePrice(Decimal(0), Decimal("0.016")),
        VolumePrice(Decimal(500), Decimal("0.014")),
    )
    assert shard_hour(book_file).note == "kept"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ([], "nothing fits its filters"),
        (
            [product("Storage-ShardHour", ("0", "0.01")), product("Storage-ShardHour", ("0", "0.02"))],
            "2 different prices fit its filters",
        ),
        ([product("Storage-ShardHour", ("0", "0.0000000000"))], "it is answered as free of charge"),
        (
            [product("Storage-ShardHour", ("0", "15.0000000000"))],  # of a thousand
            "15 was answered, which seems to be the price of another unit",
        ),
        (
            [product("Storage-ShardHour", ("0", "0.0000041667"))],  # by the second
            "0.0000041667 was answered, which seems to be the price of another unit",
        ),
    ],
)
def test_what_is_no_single_price_leaves_the_entry_as_it_stands(
    stubbed: Stubber, book_file: Path, page: list[str], reason: str
) -> None:
    answer = refresh(load(book_file), answers(stubbed, page), TODAY)
    assert [item.reason for item in answer.left] == [reason]
    assert (answer.text, answer.diff) == (BOOK, "")


def test_two_products_of_one_price_are_one_price(stubbed: Stubber, book_file: Path) -> None:
    page = [product("Storage-ShardHour", ("0", "0.0160")), product("Storage-ShardHour", ("0", "0.01600"))]
    assert answers(stubbed, page).find(shard_hour(book_file), "us-east-1").amount == Decimal("0.016")


def test_for_another_region_what_is_not_answered_becomes_unknown(stubbed: Stubber, book_file: Path) -> None:
    filters = [
        {"Type": "TERM_MATCH", "Field": "operation", "Value": "shardHourStorage"},
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-central-1"},
        {"Type": "CONTAINS", "Field": "usagetype", "Value": "Storage-ShardHour"},
    ]
    source = answers(stubbed, [], Filters=filters)
    answer = refresh(load(book_file), source, TODAY, region="eu-central-1")
    book_file.write_text(answer.text, encoding="utf-8")
    load.cache_clear()
    assert load(book_file).region == "eu-central-1"
    assert shard_hour(book_file).amount is None


def test_a_refusal_names_the_permission(stubbed: Stubber, book_file: Path) -> None:
    stubbed.add_client_error("get_products", "AccessDeniedException", "no", 403)
    with pytest.raises(SourceError, match=r"denied access .*\(kinesis\.shard_hour\)") as refused:
        PriceList(stubbed.client).find(shard_hour(book_file), "us-east-1")
    assert "pricing:GetProducts" in refused.value.remedy


def test_a_price_of_another_form_is_refused_rather_than_guessed(stubbed: Stubber, book_file: Path) -> None:
    damaged = product("Storage-ShardHour", ("0", "cheap"))
    with pytest.raises(SourceError, match="has a price of another form"):
        answers(stubbed, [damaged]).find(shard_hour(book_file), "us-east-1")


def test_every_entry_that_can_be_asked_makes_a_request_the_interface_accepts(stubbed: Stubber) -> None:
    """Botocore checks every request's shape; the answers are empty."""
    asked = [price for price in load() if price.filters]
    for price in asked:
        stubbed.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": []})
        found = PriceList(stubbed.client).find(price, "us-east-1")
        assert found.reason == "nothing fits its filters"
    assert len(asked) > 80
