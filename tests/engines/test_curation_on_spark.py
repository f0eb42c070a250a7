"""The curated tables made by Spark are those made by DuckDB: every row of every table, to the digit.

Spark runs as the Glue job would run it, on the raw files that DuckDB's curation reads.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from catalogue.errors import CurationError
from catalogue.tables import CURATED_TABLES
from pipeline.contract.events import encode
from pipeline.lake import LakeSettings
from tests.engines import spark_session
from tests.engines.gaps import GAPS
from tests.engines.spark_lake import SparkLake
from tests.support.given import Given, event

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = spark_session.marks("spark")

WRITTEN = datetime(2026, 4, 1, 6, tzinfo=UTC).timestamp()  # when every raw file was written: rotten lines tell it


def curated_by_both(given: Given, spark: SparkSession) -> SparkLake:
    """Curate the same raw files on both engines, and hold every table of one against the other's."""
    for path in (given.lake.root / "raw").rglob("*.*"):
        os.utime(path, (WRITTEN, WRITTEN))
    found = SparkLake(spark, given)
    found.curate()
    found.require_same_as(given.curate())
    return found


def moments(*days: tuple[int, int]) -> list[datetime]:
    """Instants around the midnights and the changes of clocks of some days of 2026, some with microseconds."""
    hours = (0, 0.5, 0.999, 1, 1.5, 2, 4, 4.999, 5, 6, 12, 21.999, 22, 22.5, 23, 23.9999)
    return [
        datetime(2026, month, day) + timedelta(hours=hour, microseconds=micro)
        for month, day in days
        for hour in hours
        for micro in (0, 250_000, 1)
    ]


def shop(seed: int, at: list[datetime], *, events: int) -> list[Any]:
    """Random events that meet each other's edges: the same orders, customers, products, and instants."""
    draw = random.Random(seed)
    kinds = [
        "product_view",
        "product_view",
        "cart_add",
        "cart_remove",
        "checkout_start",
        "purchase",
        "purchase",
        "refund",
        "search",
        "recommendation_impression",
        "recommendation_click",
    ]
    found = []
    for number in range(events):
        kind = draw.choice(kinds)
        instant = draw.choice(at) + timedelta(seconds=draw.choice([0, 0, 0, 60, 1799, 1800, 1801]))
        received = instant + timedelta(seconds=draw.choice([0, 1, 1, 86_400 * 3]))
        fields: dict[str, Any] = {
            "event_type": kind,
            "received": received.isoformat(sep=" "),
            "customer_id": draw.choice([None, "c1", "c2", "Žofie", "o'neil", "c5"]),
            "session_id": draw.choice([None, None, "s1", "s2", "s3"]),
            "namespace": draw.choice(["", "", "shop", "till"]),
            "public": draw.random() < 0.4,
            "rounded": draw.random() < 0.1,
            "channel": draw.choice([None, "web", "app"]),
            "device": draw.choice([None, "mobile", "pos"]),
            "region": draw.choice([None, "Nord", "Süd"]),
            "store_id": draw.choice([None, "7"]),
            "campaign": draw.choice([None, "spring"]),
            "attributes": draw.choice([None, None, {"n": 1e22, "m": 0.1, "q": 'say "ä"', "z": 10**18, "b": True}]),
            "recommendation": draw.choice(
                [None, None, {"surface": "cart", "model": "m", "rank": 2, "request_id": "r"}]
            ),
        }
        if fields["customer_id"] is None and fields["session_id"] is None:
            fields["customer_id"] = "c9"
        if kind not in ("checkout_start", "search"):
            fields["product_id"] = draw.choice(["p1", "p2", "p3", "p4", "never described"])
            if kind == "purchase" and draw.random() < 0.1:
                fields["product_id"] = None
            fields["product"] = draw.choice(
                [
                    None,
                    {"name": "Lamp", "category": "Home/Lighting/Desk", "brand": "A", "unit_cost": "3.3333"},
                    {"name": "lamp", "category": "Home", "unit_cost": "0"},
                    {"category": "/odd//path/", "brand": "Ö"},
                    {"unit_cost": "99999999999999.9999"},
                ]
            )
        if kind in ("purchase", "refund"):
            fields["order_id"] = f"o{draw.randrange(40)}"
            fields["quantity"] = draw.choice([1, 1, 2, 3, "0.750", "2.001", 1_000_000])
            fields["unit_price"] = draw.choice(["10.0000", "0.0000", "0.0001", "19.9900", "99999999999999.9999"])
            fields["currency"] = draw.choice(["EUR", "EUR", "EUR", "USD", "JPY"])
        found.append(event(f"e{number % (events * 9 // 10)}", instant.isoformat(sep=" "), **fields))
    again = draw.sample(found, events // 10)
    return found + again + [_said_otherwise(one_event, draw) for one_event in draw.sample(found, events // 10)]


def _said_otherwise(each: Any, draw: random.Random) -> Any:
    """The same event id with another story, received earlier, later, or at the same instant."""
    import msgspec

    late = timedelta(seconds=draw.choice([-1, 0, 0, 1]))
    return msgspec.structs.replace(each, channel="otherwise", received_at=each.received_at + late)


def charge(**more: Any) -> dict[str, Any]:
    """One FOCUS charge row."""
    return {
        "ServiceName": "Amazon S3",
        "BilledCost": Decimal("0.123456789012"),
        "EffectiveCost": Decimal("0.000000000001"),
        "BillingCurrency": "USD",
        "ChargePeriodStart": datetime(2026, 3, 29),
        "ChargePeriodEnd": datetime(2026, 3, 30),
        "ChargeCategory": "Usage",
        "SkuId": "sku-1",
        **more,
    }


GOOD = [encode(event(f"g{n}", "2026-03-29 00:30", event_type="purchase", order_id=f"g{n}")) for n in range(5)]
DAMAGED = [
    b"{",
    GOOD[1][:60],
    GOOD[1].replace(b'"customer_id":"c1"', b'"customer_id":"\xff\xfe"'),
    GOOD[1].replace(b'"event_id":"g1",', b""),
    GOOD[1].replace(b'"customer_id":"c1",', b""),
    GOOD[1].replace(b"2026-03-29T00:30:00Z", b"yesterday"),
    GOOD[1].replace(b'"source":"native"', b'"source":null'),
    GOOD[1].replace(b'"unit_price":"10.0000"', b'"unit_price":"ten"'),
    GOOD[1].replace(b'"unit_price":"10.0000"', b'"unit_price":"123456789012345678.00"'),
    GOOD[1].replace(b'"order_id":"g1",', b""),
    GOOD[1] + GOOD[2],
    b"\0" * 40,
    b"[1]",
    b'"text"',
    b"null",
    b"7",
    b"\xef\xbb\xbf" + GOOD[1],
]
# read as the contract would not have written them, and whole all the same
ODD = [
    GOOD[1]
    .replace(b'"g1"', b'"odd1"')
    .replace(b'"event_type":"purchase"', b'"event_type":"product_view"')
    .replace(b'"quantity":1', b'"quantity":"many"'),
    GOOD[1].replace(b'"g1"', b'"odd2"').replace(b'"unit_price":"10.0000"', b'"unit_price":12.34565'),
    GOOD[1].replace(b'"g1"', b'"odd3"').replace(b'"customer_id":"c1"', b'"customer_id":17'),
    GOOD[1].replace(b'"g1"', b'"odd5"').replace(b'"source"', b'"product":"Lamp","unknown":{"a":[1]},"source"'),
    GOOD[1].replace(b'"g1"', b'"odd6"').replace(b'"source"', b'"attributes":null,"recommendation":null,"source"'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "days"),
    [("Europe/Berlin", [(3, 29), (10, 25)]), ("America/New_York", [(3, 8), (11, 1)])],
    ids=["Berlin", "New York"],
)
def test_every_table_is_the_same_on_days_when_the_clocks_change(
    tmp_path: Path, spark: SparkSession, zone: str, days: list[tuple[int, int]]
) -> None:
    # Berlin's shop takes what public keys send for what it is, New York's waits for a secret key
    confirms = zone == "America/New_York"
    lake_settings = LakeSettings(
        reporting_time_zone=zone, reporting_currency="EUR", confirm_public_orders=confirms, fractional_quantities=True
    )
    given = Given(tmp_path, lake_settings)
    events = shop(11, moments(*days), events=600)
    given.events(events[:300], suffix=".jsonl.zst").events(events[300:], suffix=".jsonl.gz")
    given.quarantine(b"[", b"\xff\x00", b"", received="2026-03-28 23:30").quarantine(b"{}", reason="pii")
    given.spend(
        charge(Tags='{"team":"a","it\'s":"x.y","Ä":null,"":"empty"}', ResourceId="r1"),
        charge(Tags='{"team":"a"}', BilledCost=Decimal("-5.5"), ChargeCategory="Credit"),
        charge(Tags="{}", BillingCurrency="EUR"),
        charge(Tags=None, EffectiveCost=None),
    )
    given.spend(charge(ChargePeriodStart=datetime(2026, 3, 29, 23, 59, 59, 999999), RegionId="eu-central-1"))
    assert min(curated_by_both(given, spark).version.records.values()) > 0


def test_a_bill_that_several_sources_know_counts_once(given: Given, spark: SparkSession) -> None:
    march = {"BillingPeriodStart": datetime(2026, 3, 1), "BillingAccountId": "1"}
    given.spend(charge(**march, ProviderName="AWS", BilledCost=Decimal(1)))
    given.spend(charge(**march, ProviderName="Amazon Web Services", Source="cur", BilledCost=Decimal(2)))
    given.spend(charge(**march, ProviderName="AWS", Source="cost_explorer", BilledCost=Decimal(4)))
    given.spend(charge(**march | {"BillingAccountId": "2"}, ProviderName="AWS", Source="cur", BilledCost=Decimal(8)))
    given.spend(charge(Source="cost_explorer", BilledCost=Decimal(16)))
    found = curated_by_both(given, spark)
    assert sum(row["billed_cost"] for row in found.rows("spend")) == 1 + 8 + 16


def test_tags_of_an_export_that_holds_them_as_a_map_stand_under_their_keys(given: Given, spark: SparkSession) -> None:
    given.spend(
        charge(BilledCost=0.1, Tags=[("team", "web"), ("it's", 'x "y"'), ("empty", None)]),
        charge(BilledCost=0.2, Tags=[]),
        charge(BilledCost=0.3, Tags=None),
        kinds={"Tags": pa.map_(pa.string(), pa.string()), "BilledCost": pa.float64()},
    )
    tags = curated_by_both(given, spark).rows("daily_spend_tags")
    reported = sorted((row["tag_key"], row["tag_value"], row["billed_cost"]) for row in tags)
    assert reported == [
        ("empty", "", Decimal("0.1")),
        ("it's", 'x "y"', Decimal("0.1")),
        ("team", "web", Decimal("0.1")),
    ]


def test_costs_are_exact_whatever_type_each_month_writes_them_as(given: Given, spark: SparkSession) -> None:
    april = datetime(2026, 4, 2)
    given.spend(charge(BilledCost=Decimal("0.1")))
    given.spend(charge(BilledCost=Decimal("1234567890.123456789012"), ChargePeriodStart=april, BillingAccountId="2"))
    given.spend(charge(BilledCost=0.25, ServiceName="Amazon SQS"), kinds={"BilledCost": pa.float64()})
    spend = curated_by_both(given, spark).rows("spend")
    assert sum(row["billed_cost"] for row in spend) == Decimal("1234567890.473456789012")


def test_lines_that_cannot_be_read_are_the_same_records_of_the_quarantine(given: Given, spark: SparkSession) -> None:
    given.raw(b"\n".join([GOOD[0], b"", *DAMAGED, b" \r", GOOD[4]]))
    given.raw(b"\r\n".join([GOOD[1], *ODD, DAMAGED[0]]) + b"\n", suffix=".jsonl.gz")
    given.raw(DAMAGED[1] + b"\n" + GOOD[2] + b"\n", suffix=".jsonl.zst")
    refused = b'{"record":"!","reason":"x","detail":"","origin":"","received_at":"2026-03-01T12:00:00Z"}'
    given.raw(refused + b'\n{"record":"ew==","reason":"inv\n', area="raw/quarantine").quarantine(b"[")
    found = curated_by_both(given, spark)
    assert found.version.records["quarantined"] == len(DAMAGED) + 2 + 2 + 1


def test_a_lake_without_raw_files_has_empty_tables(given: Given, spark: SparkSession) -> None:
    found = curated_by_both(given, spark)
    assert found.version.records == {"received": 0, "accepted": 0, "duplicates": 0, "quarantined": 0}
    assert set(found.version.tables) >= set(CURATED_TABLES), "readers ask for a snapshot of every table"
    assert [table for table in CURATED_TABLES if found.rows(table)] == []


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst"])
def test_a_file_that_breaks_off_is_refused_by_name(given: Given, spark: SparkSession, suffix: str) -> None:
    given.raw(b"\n".join(GOOD * 100), suffix=suffix)
    (path,) = (given.lake.root / "raw/events").rglob(f"*{suffix}")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CurationError, match=path.name):
        SparkLake(spark, given).curate()


def test_spend_that_is_no_parquet_is_refused_by_name(given: Given, spark: SparkSession) -> None:
    given.raw(b"BilledCost\n1\n", area="raw/spend", suffix=".parquet")
    with pytest.raises(CurationError, match=r"part-00001\.parquet"):
        SparkLake(spark, given).curate()


NEVER_WRITTEN = {
    "a line with a trailing comma": GOOD[1][:-1] + b",}",
    "a line with a number that is none": GOOD[1].replace(b'"source"', b'"attributes":{"n":NaN},"source"'),
    "a line with an offset": GOOD[1].replace(b"00:30:00Z", b"00:30:00+02:00"),
}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(
            NEVER_WRITTEN[gap.edge],
            marks=pytest.mark.xfail(strict=True, raises=AssertionError, reason=gap.reason),
            id=gap.edge,
        )
        for gap in GAPS
        if gap.engine == "Spark"
    ],
)
def test_lines_that_the_contract_never_writes_are_read_alike(given: Given, spark: SparkSession, line: bytes) -> None:
    curated_by_both(given.raw(line + b"\n"), spark)


def test_the_callers_session_keeps_its_settings_and_sees_no_view(given: Given, spark: SparkSession) -> None:
    settings = dict(spark.sparkContext.getConf().getAll())
    SparkLake(spark, given.events(event("e1", "2026-03-01 12:00"))).curate()
    assert spark.conf.get("spark.sql.session.timeZone") == settings["spark.sql.session.timeZone"] != "UTC"
    assert not spark.catalog.tableExists("raw_events")
