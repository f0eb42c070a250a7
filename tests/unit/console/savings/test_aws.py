"""An AWS account as an inventory: what is answered becomes facts, page by page; what is refused is said.

Where moto has a service it answers; else the answers are given here and held against botocore's models.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest

from catalogue.errors import SourceError
from console.asking.periods import Period
from console.aws.clients import SharedClients
from console.aws.failures import error_code
from console.aws.permissions import actions_of
from console.finops.pricing import price_book
from console.metering import Asker, Call
from console.savings.aws import (
    AwsInventory,
    crawlers,
    firewall,
    functions,
    lake,
    logs,
    network,
    queries,
    recommendations,
    streams,
    tables,
    warehouse,
)
from console.savings.aws.charges import FREE, FREE_OPERATIONS, PRICES, RequestCharges
from console.savings.aws.metrics import Metric, Metrics
from console.savings.aws.reading import Account, unread
from console.savings.checks import run
from console.savings.inventory import Read
from tests.support.aws_answers import Answers

D = Decimal
REGION = "us-east-1"
WORKGROUP = "arn:aws:redshift-serverless:us-east-1:1:workgroup/w"
PERIOD = Period(date(2026, 3, 17), date(2026, 3, 31))
START = datetime(2026, 3, 17, tzinfo=UTC)
NOW = datetime(2026, 3, 31, 9, tzinfo=UTC)


class Kept:
    """A meter that keeps."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def record(self, call: Call) -> None:
        self.calls.append(call)


def series(**values: list[float]) -> Any:
    """CloudWatch's answer: each named metric has these values in the first hours; others have none."""

    def answer(params: Mapping[str, Any]) -> dict[str, Any]:
        results = []
        for query in params["MetricDataQueries"]:
            name, statistic = query["MetricStat"]["Metric"]["MetricName"], query["MetricStat"]["Stat"]
            reported = values.get(f"{name}_{statistic}".replace(".", "_"), values.get(name.replace(".", "_"), []))
            times = [START + timedelta(hours=hour) for hour in range(len(reported))]
            results.append({"Id": query["Id"], "Timestamps": times, "Values": reported})
        return {"MetricDataResults": results}

    return answer


def account(clients: Any, charges: RequestCharges | None = None) -> Account:
    return Account(clients, REGION, PERIOD, charges or RequestCharges())


def asking(answers: Answers, charges: RequestCharges | None = None) -> tuple[Account, Metrics]:
    found = account(answers, charges)
    return found, Metrics(found)


@pytest.fixture
def moto() -> Iterator[Any]:
    from moto import mock_aws

    with mock_aws():
        yield SharedClients(boto3.Session(region_name=REGION)).client


# Metrics


def test_metrics_stand_hour_by_hour_and_each_one_asked_is_metered_at_its_price() -> None:
    meter = Kept()
    _, metrics = asking(
        Answers({"cloudwatch:GetMetricData": series(IncomingBytes=[5.0, 0.0, 7.5])}),
        RequestCharges(meter, {"cloudwatch.metric_request": D("0.00001")}),
    )
    hourly = metrics.hourly([Metric("AWS/Kinesis", "IncomingBytes", {"StreamName": "a"}), Metric("x", "y", {})])
    assert hourly[0][:4] == [5, 0, D("7.5"), 0]
    assert (len(hourly[0]), sum(hourly[1])) == (14 * 24, 0)
    assert metrics.total([Metric("x", "IncomingBytes", {})]) == [D("12.5")]
    assert metrics.largest([Metric("x", "IncomingBytes", {})]) == [D("7.5")]
    assert [(call.kind, call.name, call.dollars, call.rows) for call in meter.calls] == [
        ("cloudwatch", "GetMetricData", D("0.00002"), 3),
        ("cloudwatch", "GetMetricData", D("0.00001"), 3),
        ("cloudwatch", "GetMetricData", D("0.00001"), 3),
    ]


def test_many_metrics_are_asked_in_several_requests_and_pages_are_followed() -> None:
    def paged(params: Mapping[str, Any]) -> dict[str, Any]:
        first = "NextToken" not in params
        results = [
            {"Id": query["Id"], "Timestamps": [START + timedelta(hours=not first)], "Values": [1.0]}
            for query in params["MetricDataQueries"]
        ]
        return {"MetricDataResults": results, **({"NextToken": "more"} if first else {})}

    answers = Answers({"cloudwatch:GetMetricData": paged})
    _, metrics = asking(answers)
    totals = metrics.total([Metric("x", f"m{number}", {}) for number in range(501)])
    assert totals == [2] * 501
    assert [len(params["MetricDataQueries"]) for _, _, params in answers.asked] == [500, 500, 1, 1]


def test_an_unknown_price_of_a_metric_is_metered_as_unknown() -> None:
    meter = Kept()
    _, metrics = asking(Answers({"cloudwatch:GetMetricData": series()}), RequestCharges(meter))
    metrics.total([Metric("x", "y", {})])
    assert [call.dollars for call in meter.calls] == [None]


# Services that moto has


def test_streams_are_read_with_their_mode_shards_and_use(moto: Any) -> None:
    kinesis = moto("kinesis", REGION)
    kinesis.create_stream(StreamName="events", ShardCount=3)
    kinesis.create_stream(StreamName="live", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    from moto.kinesis.models import kinesis_backends

    made = kinesis_backends["123456789012"][REGION].streams
    made["events"].creation_datetime = START - timedelta(days=1)
    made["live"].creation_datetime = START + timedelta(days=13, hours=20, minutes=30)
    answers = Answers(
        {"cloudwatch:GetMetricData": series(IncomingBytes=[9.0], IncomingRecords=[3.0], GetRecords_Bytes=[18.0])}
    )
    here = account(moto)
    read = streams.read(here, Metrics(account(answers)))
    assert [(item.name, item.is_on_demand, item.shards) for item in read.items] == [
        ("events", False, 3),
        ("live", True, 4),
    ]
    first = read.items[0].hours[0]
    assert (first.bytes_in, first.records_in, first.bytes_out) == (9, 3, 18)
    assert len(read.items[0].hours) == 336
    assert len(read.items[1].hours) == 3, "of a stream that is four hours old, not the two weeks that it was not there"
    assert read.items[0].resource.endswith(":stream/events")


@pytest.mark.slow
def test_nothing_idles_in_the_hours_before_it_was_made(moto: Any) -> None:
    made = START + timedelta(days=10, minutes=1)
    answers = Answers(
        {
            **EVERYTHING,
            "dynamodb:DescribeTable": {
                "Table": {"TableArn": "arn:aws:dynamodb:us-east-1:1:table/recommendations", "CreationDateTime": made}
            },
            "redshift-serverless:ListWorkgroups": {
                "workgroups": [{"workgroupName": "main", "workgroupArn": WORKGROUP, "creationDate": made}]
            },
            "ec2:DescribeNatGateways": {
                "NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "CreateTime": made}]
            },
        }
    )
    found = whole(answers).inventory()
    hours = 4 * 24 - 1
    assert [
        len(found.capacity_tables.items[0].hours),
        len(found.warehouses.items[0].hours),
        found.nat_gateways.items[0].hours,
    ] == [hours] * 3
    titles = [finding.title for check in run(found, price_book.load()) for finding in check.findings]
    assert not any("nat-1" in title or "recommendations" in title for title in titles)


def test_log_groups_are_read_page_after_page(moto: Any) -> None:
    client = moto("logs", REGION)
    for number in range(60):
        client.create_log_group(logGroupName=f"/shop/{number:02d}")
    client.put_retention_policy(logGroupName="/shop/07", retentionInDays=30)
    read = logs.read(account(moto))
    assert len(read.items) == 60
    assert {item.name for item in read.items if item.retention_days == 30} == {"/shop/07"}
    assert not read.items[0].resource.endswith("*")
    assert read.items[0].created_at.tzinfo is UTC


@pytest.mark.slow
def test_dynamodb_tables_are_read_in_both_modes(moto: Any) -> None:
    client = moto("dynamodb", REGION)
    keys = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}]}  # fmt: skip
    from moto.dynamodb.models import dynamodb_backends

    client.create_table(TableName="a", BillingMode="PAY_PER_REQUEST", **keys)
    client.create_table(
        TableName="b", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 7}, **keys
    )  # fmt: skip
    answers = Answers(
        {"cloudwatch:GetMetricData": series(ConsumedReadCapacityUnits=[3.5], ConsumedWriteCapacityUnits=[2.0])}
    )
    for made in dynamodb_backends["123456789012"][REGION].tables.values():
        made.created_at = START
    read = tables.read(account(moto), Metrics(account(answers)))
    assert [(t.name, t.is_on_demand, t.provisioned_reads, t.provisioned_writes) for t in read.items] == [
        ("a", True, 0, 0),
        ("b", False, 5, 7),
    ]
    assert (read.items[0].hours[0].reads, read.items[0].hours[0].writes) == (D("3.5"), D(2))


@pytest.mark.slow
def test_nat_gateways_are_read_with_the_endpoints_of_their_network(moto: Any) -> None:
    ec2 = moto("ec2", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    name = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.create_vpc_endpoint(VpcId=other, ServiceName=f"com.amazonaws.{REGION}.dynamodb")
    answers = Answers({"cloudwatch:GetMetricData": series(BytesInFromSource=[1e9], BytesInFromDestination=[2e9])})
    from moto.ec2.models import ec2_backends

    ec2_backends["123456789012"][REGION].nat_gateways[name]._created_at = START - timedelta(days=1)
    gateway = network.read(account(moto), Metrics(account(answers))).items[0]
    assert gateway.hours == 14 * 24
    assert (gateway.name, gateway.bytes_processed, gateway.endpoints) == (name, 3 * 10**9, ("s3",))
    assert gateway.destinations is None


def test_a_bucket_is_read_with_its_age_rules_versions_and_abandoned_uploads(moto: Any) -> None:
    s3 = moto("s3", REGION)
    s3.create_bucket(Bucket="lake")
    s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="lake", Key="raw/big", Body=b"x" * 200_000)
    s3.put_object(Bucket="lake", Key="raw/small", Body=b"x" * 10)
    s3.put_object(Bucket="lake", Key="raw/big", Body=b"y" * 300_000)
    s3.put_object(Bucket="lake", Key="cold", Body=b"z" * 400_000, StorageClass="STANDARD_IA")
    upload = s3.create_multipart_upload(Bucket="lake", Key="half")["UploadId"]
    s3.upload_part(Bucket="lake", Key="half", UploadId=upload, PartNumber=1, Body=b"p" * 77)
    here = account(moto)
    now = datetime.now(UTC)
    listing = lake.listed(here, "lake")
    # moto says of every upload that it began on 10 November 2010
    today = lake.bucket(here, listing, now).items[0]
    assert (today.standard_bytes, today.cold_bytes, today.noncurrent_bytes) == (300_010, 0, 200_000)
    assert (today.incomplete_uploads, today.incomplete_bytes) == (1, 77)
    assert (today.has_transition, today.aborts_uploads, today.has_noncurrent_expiration) == (False, False, False)
    later = lake.bucket(here, listing, now + timedelta(days=31)).items[0]
    assert (later.cold_bytes, later.cold_objects) == (300_000, 1)  # 128 KB and smaller do not count

    s3.put_bucket_lifecycle_configuration(
        Bucket="lake",
        LifecycleConfiguration={
            "Rules": [
                {"ID": "on", "Status": "Enabled", "Filter": {"Prefix": ""},
                 "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
                 "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
                {"ID": "off", "Status": "Disabled", "Filter": {"Prefix": ""},
                 "NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
            ]
        },
    )  # fmt: skip
    ruled = lake.bucket(here, listing, now).items[0]
    assert (ruled.has_transition, ruled.aborts_uploads, ruled.has_noncurrent_expiration) == (True, True, False)


def test_a_bucket_with_too_many_objects_says_so_and_guesses_no_age(moto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = moto("s3", REGION)
    s3.create_bucket(Bucket="lake")
    for number in range(3):
        s3.put_object(Bucket="lake", Key=f"raw/{number}", Body=b"x")
    monkeypatch.setattr(lake, "MOST_OBJECTS", 2)
    read = lake.bucket(account(moto), lake.listed(account(moto), "lake"), NOW)
    assert (read.items[0].cold_bytes, read.items[0].cold_objects) == (None, None)
    assert "beyond the first 2" in read.missing[0].what


def glue_table(name: str, location: str, **more: Any) -> dict[str, Any]:
    return {"Name": name, "StorageDescriptor": {"Location": location, "InputFormat": "x.ParquetInputFormat"}, **more}


def test_tables_of_the_catalogue_are_counted_in_their_files(moto: Any) -> None:
    s3, glue = moto("s3", REGION), moto("glue", REGION)
    s3.create_bucket(Bucket="lake")
    for day in (1, 2):
        for part in range(3):
            s3.put_object(Bucket="lake", Key=f"curated/orders/order_date=2026-03-0{day}/{part}.parquet", Body=b"x" * 9)
    s3.put_object(Bucket="lake", Key="curated/orders_old/x.parquet", Body=b"not ours")
    s3.put_object(Bucket="lake", Key="raw/events/dt=2026-03-01/a.jsonl", Body=b"{}")
    for part in ("data/p=1/a.parquet", "data/p=2/b.parquet", "metadata/v1.json"):
        s3.put_object(Bucket="lake", Key=f"ice/events/{part}", Body=b"x")
    glue.create_database(DatabaseInput={"Name": "shop"})
    partitioned = {"PartitionKeys": [{"Name": "order_date", "Type": "date"}]}
    for given in (
        glue_table("orders", "s3://lake/curated/orders/", **partitioned),
        glue_table("events", "s3://lake/ice/events", Parameters={"table_type": "ICEBERG"}),
        {"Name": "raw", "StorageDescriptor": {"Location": "s3://lake/raw/events", "InputFormat": "text"}},
        glue_table("elsewhere", "s3://other/x"),
    ):
        glue.create_table(DatabaseName="shop", TableInput=given)
    here = account(moto)
    read = lake.tables(here, "shop", [lake.listed(here, "lake")])
    found = {table.name: table for table in read.items}
    orders = found["orders"]
    assert (orders.partition, orders.partitions, orders.files, orders.files_needed) == ("order_date", 2, 6, 2)
    assert (found["events"].partition, found["events"].files) == ("event_date", 2)
    raw = found["raw"]
    assert (raw.is_columnar, raw.is_compressed, raw.partition) == (False, False, "")
    assert [gap.reason for gap in read.missing] == ["its bucket other was not listed"]


# Services whose answers are given


def test_workgroups_are_read_with_their_limits_and_when_something_was_asked() -> None:
    arn = "arn:aws:redshift-serverless:us-east-1:1:workgroup/w"
    answers = Answers(
        {
            "redshift-serverless:ListWorkgroups": {
                "workgroups": [{"workgroupName": "main", "workgroupArn": arn, "baseCapacity": 8, "maxCapacity": 64}]
            },
            "redshift-serverless:ListUsageLimits": {
                "usageLimits": [{"amount": 10, "period": "daily"}, {"amount": 200, "period": "monthly"}]
            },
            "cloudwatch:ListMetrics": {
                "Metrics": [
                    {"Namespace": "AWS/Redshift-Serverless", "MetricName": "QueryDuration",
                     "Dimensions": [{"Name": "Workgroup", "Value": "main"}, {"Name": "QueryType", "Value": kind}]}
                    for kind in ("SELECT", "COPY")
                ]
            },
            "cloudwatch:GetMetricData": series(
                ComputeSeconds=[480.0, 480.0], QueryDuration_Sum=[2_500_000.0], QueryDuration_SampleCount=[3.0]
            ),
        }
    )  # fmt: skip
    main = warehouse.read(*asking(answers)).items[0]
    assert (main.base_capacity, main.max_capacity, main.rpu_hour_limit) == (8, 64, 200)
    assert [(h.rpu_seconds, h.queries, h.query_seconds) for h in main.hours[:3]] == [
        (480, 6, 5),  # two kinds of queries
        (480, 0, 0),
        (0, 0, 0),
    ]


def test_a_long_query_ran_in_the_hours_before_it_ended() -> None:
    """CloudWatch counts it where it ends: it took three and a half hours until some moment of the fifth hour."""
    answers = Answers(
        {
            "redshift-serverless:ListWorkgroups": {
                "workgroups": [{"workgroupName": "main", "workgroupArn": WORKGROUP, "creationDate": START}]
            },
            "redshift-serverless:ListUsageLimits": {},
            "cloudwatch:ListMetrics": {
                "Metrics": [{"Namespace": "AWS/Redshift-Serverless", "MetricName": "QueryDuration",
                             "Dimensions": [{"Name": "Workgroup", "Value": "main"}]}]
            },
            "cloudwatch:GetMetricData": series(
                ComputeSeconds=[28800.0] * 6,
                QueryDuration_Sum=[0.0, 0.0, 0.0, 0.0, 0.0, 12_600_000_000.0],
                QueryDuration_SampleCount=[0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
                QueryDuration_Maximum=[0.0, 0.0, 0.0, 0.0, 0.0, 12_600_000_000.0],
            ),
        }
    )  # fmt: skip
    hours = warehouse.read(*asking(answers)).items[0].hours
    assert [hour.queries for hour in hours[:7]] == [0, 1, 1, 1, 1, 1, 0]
    assert [hour.query_seconds for hour in hours[4:6]] == [0, 12600]


def test_compute_without_any_sign_of_queries_is_not_called_idle() -> None:
    answers = Answers(
        {
            "redshift-serverless:ListWorkgroups": {
                "workgroups": [{"workgroupName": "main", "workgroupArn": WORKGROUP}]
            },
            "redshift-serverless:ListUsageLimits": {"usageLimits": [{"amount": 10, "period": "daily"}]},
            "cloudwatch:ListMetrics": {"Metrics": []},
            "cloudwatch:GetMetricData": series(ComputeSeconds=[480.0]),
        }
    )
    read = warehouse.read(*asking(answers))
    assert read.items[0].hours == ()
    assert read.items[0].rpu_hour_limit == 304
    assert read.missing[0].what == "queries of workgroup main"


def athena(executions: list[dict[str, Any]]) -> Answers:
    return Answers(
        {
            "athena:ListQueryExecutions": {
                "QueryExecutionIds": [one_execution["QueryExecutionId"] for one_execution in executions]
            },
            "athena:BatchGetQueryExecution": lambda params: {
                "QueryExecutions": [
                    one_execution
                    for one_execution in executions
                    if one_execution["QueryExecutionId"] in params["QueryExecutionIds"]
                ]
            },
        }
    )


def execution(number: int, sql: str, at: datetime = START, scanned: int = 100) -> dict[str, Any]:
    return {
        "QueryExecutionId": f"q{number}",
        "Query": sql,
        "Statistics": {"DataScannedInBytes": scanned},
        "Status": {"SubmissionDateTime": at, "State": "SUCCEEDED"},
    }


def test_the_query_log_is_read_in_fifties_and_only_over_the_period() -> None:
    within = [execution(number, "select 1 from events") for number in range(120)]
    outside = [execution(900, "select 1 from events", START - timedelta(seconds=1)),
               execution(901, "select 1 from events", START + timedelta(days=14))]  # fmt: skip
    answers = athena([*within, *outside])
    read = queries.read(account(answers), ["console"], {"events": "event_date"}, "shop")
    assert len(read.items) == 120
    assert sum(operation == "BatchGetQueryExecution" for _, operation, _ in answers.asked) == 3
    assert (read.items[0].workgroup, read.items[0].bytes_scanned) == ("console", 100)


def test_a_log_longer_than_we_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_QUERIES", 2)
    answers = athena([execution(number, "select 1 from events") for number in range(3)])
    read = queries.read(account(answers), ["console"], {"events": "event_date"}, "shop")
    assert len(read.items) == 2
    assert read.missing[0].what == "queries of console before the newest 2"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select count(*) from events", (("events",), ("events",), False)),
        ("select count(*) from shop.events where event_date >= date '2026-03-01'", (("events",), (), False)),
        ("SELECT COUNT(*) FROM Events WHERE EVENT_DATE >= DATE '2026-03-01'", (("events",), (), False)),
        ('select 1 from "Shop"."EVENTS"', (("events",), ("events",), False)),
        ('select 1 from "AwsDataCatalog"."shop"."events"', (("events",), ("events",), False)),
        ("select event_date, count(*) from events group by 1", (("events",), ("events",), False)),
        ("select 1 from events e join orders o on o.order_date = e.event_date", (("events", "orders"), (), False)),
        ("with x as (select * from events where event_date = current_date) select * from x", (("events",), (), False)),
        ("select 1 from events where event_date = current_date union all select 1 from orders",
         (("events", "orders"), ("orders",), False)),
        ("select 1 from products where product_id = 'x'", (("products",), (), False)),
        ("select 1 from unknown_table", ((), (), True)),
        ("select 1 from events join unknown_table on true", (("events",), ("events",), True)),
        ("select 1 from other.events", ((), (), True)),
        ("with orders as (select 1 from events) select * from orders", (("events",), ("events",), False)),
        ("with events as (select 1) select * from shop.events", (("events",), ("events",), False)),
        ("select 1 from unnest(array[1]) as t (n)", ((), (), False)),
        ("msck repair table events", ((), None, False)),
        ("select 1 from (", ((), None, False)),
    ],
)  # fmt: skip
def test_a_statement_is_understood_by_the_columns_of_its_conditions(sql: str, expected: Any) -> None:
    known = (("events", "event_date"), ("orders", "order_date"), ("products", ""))
    assert queries.understood(sql, known, "shop", "shop") == queries.Reading(*expected)


def test_a_name_without_a_database_is_of_the_one_that_the_query_ran_in() -> None:
    elsewhere = execution(1, "select 1 from events") | {"QueryExecutionContext": {"Database": "Other"}}
    here = execution(2, "select 1 from EVENTS") | {"QueryExecutionContext": {"Database": "SHOP"}}
    read = queries.read(account(athena([elsewhere, here])), ["console"], {"Events": "event_date"}, "Shop")
    assert [(item.tables, item.reads_others) for item in read.items] == [((), True), (("events",), False)]


def test_what_athena_does_not_charge_for_is_no_query_of_the_log() -> None:
    """A failed query is free; one that was stopped is charged for what it had scanned."""
    asked = [execution(number, "select 1 from events") for number in range(3)]
    for item, state in zip(asked, ("SUCCEEDED", "FAILED", "CANCELLED"), strict=True):
        item["Status"]["State"] = state
    read = queries.read(account(athena(asked)), ["console"], {"events": "event_date"}, "shop")
    assert [item.query_id for item in read.items] == ["q0", "q2"]


def lambda_answers(**more: Any) -> Answers:
    arn = "arn:aws:lambda:us-east-1:1:function:collector"
    return Answers(
        {
            "lambda:ListFunctions": {
                "Functions": [
                    {"FunctionName": "collector", "FunctionArn": arn, "MemorySize": 1024, "Architectures": ["arm64"]}
                ]
            },
            "cloudwatch:GetMetricData": series(Invocations=[10.0, 20.0], Duration=[1500.0]),
            "logs:StartQuery": {"queryId": "q-1"},
            "logs:GetQueryResults": {
                "status": "Complete",
                "results": [[{"field": "used", "value": "187.0"}]],
                "statistics": {"bytesScanned": 2.0**20},
            },
            **more,
        }
    )


def no_pause(_: float) -> None:
    """Time stands still in a test."""


def test_functions_are_read_with_the_largest_run_that_their_log_reports() -> None:
    answers = lambda_answers()
    found = functions.read(*asking(answers), pause=no_pause).items[0]
    assert (found.memory, found.max_memory_used, found.architecture) == (1024, 187, "arm64")
    assert (found.invocations, found.duration) == (30, D("1.5"))
    started = next(params for _, operation, params in answers.asked if operation == "StartQuery")
    assert started["logGroupName"] == "/aws/lambda/collector"
    assert started["endTime"] - started["startTime"] == 7 * 86_400


def test_lambda_insights_spares_the_log_query() -> None:
    answers = lambda_answers(
        **{"cloudwatch:GetMetricData": series(Invocations=[10.0], Duration=[1500.0], used_memory_max=[64.0, 99.0])}
    )
    assert functions.read(*asking(answers), pause=no_pause).items[0].max_memory_used == 99
    assert "logs:StartQuery" not in answers.actions


def test_a_function_without_a_log_or_with_a_log_we_may_not_query_is_not_judged() -> None:
    nothing = functions.read(
        *asking(lambda_answers(**{"logs:StartQuery": "ResourceNotFoundException"})), pause=no_pause
    )
    assert (nothing.items[0].max_memory_used, nothing.missing) == (None, ())
    denied = functions.read(*asking(lambda_answers(**{"logs:StartQuery": "AccessDeniedException"})), pause=no_pause)
    assert denied.items[0].max_memory_used is None
    assert denied.missing[0].remedy.startswith("Allow logs:StartQuery in the role")


def test_a_log_query_that_does_not_end_is_given_up() -> None:
    slow = lambda_answers(**{"logs:GetQueryResults": {"status": "Running", "results": []}})
    assert functions.read(*asking(slow), pause=no_pause).items[0].max_memory_used is None
    assert sum(operation == "GetQueryResults" for _, operation, _ in slow.asked) == functions.MOST_WAITS


def waf(params: Mapping[str, Any]) -> dict[str, Any]:
    if params["Scope"] == "CLOUDFRONT":
        return {"WebACLs": [{"Name": "edge", "Id": "2", "ARN": "arn:aws:wafv2:us-east-1:1:global/webacl/edge/2"}]}
    acl = {
        "Name": f"old{params.get('NextMarker', '')}",
        "Id": "1",
        "ARN": "arn:aws:wafv2:us-east-1:1:regional/webacl/o/1",
    }
    return {"WebACLs": [acl], **({} if "NextMarker" in params else {"NextMarker": "2"})}


WAF: dict[str, Any] = {
    "wafv2:ListWebACLs": waf,
    "wafv2:GetWebACL": lambda params: {
        "WebACL": {
            "Name": params["Name"], "Id": params["Id"], "ARN": "a" * 20, "DefaultAction": {"Allow": {}},
            "Rules": [],
            "VisibilityConfig": {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"},
        }
    },
    "wafv2:ListResourcesForWebACL": lambda params: {
        "ResourceArns": ["arn:aws:apigateway:1234567890"] if params["ResourceType"] == "API_GATEWAY" else []
    },
    "cloudfront:ListDistributionsByWebACLId": {
        "DistributionList": {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": 2}
    },
}  # fmt: skip


def test_web_acls_of_the_region_and_of_cloudfront_are_read_with_all_their_pages() -> None:
    answers = Answers({**WAF, "cloudwatch:GetMetricData": series(AllowedRequests=[40.0], BlockedRequests=[2.0])})
    read = firewall.read(*asking(answers))
    assert [(item.name, item.requests, item.protects) for item in read.items] == [
        ("old", 42, 1),
        ("old2", 42, 1),
        ("edge", 42, 2),
    ]
    dimensions = [
        {
            param["Name"]: param["Value"]
            for param in params["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
        }
        for _, operation, params in answers.asked
        if operation == "GetMetricData"
    ]
    assert dimensions[0] == {"WebACL": "m", "Rule": "ALL", "Region": "us-east-1"}
    assert dimensions[2] == {"WebACL": "m", "Rule": "ALL"}


@pytest.mark.parametrize(
    ("kind", "refused", "protects"),
    [
        ("COGNITO_USER_POOL", "", 1),
        ("APPSYNC", "", 1),
        ("AMPLIFY", "API_GATEWAY", 1),
        ("", "", 0),
        ("", "APP_RUNNER_SERVICE", None),
    ],
)
def test_a_web_acl_has_many_kinds_of_resources_and_a_refused_one_is_unknown(
    kind: str, refused: str, protects: int | None
) -> None:
    def listed(params: Mapping[str, Any]) -> Any:
        if params["ResourceType"] == refused:
            return "WAFInvalidParameterException"
        return {"ResourceArns": ["arn:aws:something:1234567890"] if params["ResourceType"] == kind else []}

    answers = Answers({**WAF, "wafv2:ListResourcesForWebACL": listed, "cloudwatch:GetMetricData": series()})
    assert firewall.read(*asking(answers)).items[0].protects == protects


def test_one_scope_that_is_refused_leaves_the_other() -> None:
    def half(params: Mapping[str, Any]) -> Any:
        return "WAFInternalErrorException" if params["Scope"] == "CLOUDFRONT" else waf(params)

    answers = Answers({**WAF, "wafv2:ListWebACLs": half, "cloudwatch:GetMetricData": series()})
    read = firewall.read(*asking(answers))
    assert (len(read.items), [gap.what for gap in read.missing]) == (2, ["web ACLs (cloudfront)"])


ADDED = json.dumps({"ADD": json.dumps({"PARTITION": json.dumps({"Details": {"names": ["dt=1"]}, "Count": 1})})})
NOTHING = json.dumps({"UPDATE": json.dumps({"TABLE": json.dumps({"Details": {"names": []}, "Count": 0})})})


@pytest.mark.parametrize(
    ("summary", "changed"), [("", False), ("{}", False), (ADDED, True), (NOTHING, False), ("unreadable {", True)]
)
def test_a_run_changed_something_where_its_summary_counts_anything(summary: str, changed: bool) -> None:
    assert crawlers.has_changed(summary) is changed


def test_crawlers_are_read_with_their_runs_of_the_period() -> None:
    def crawl(number: int, summary: str, at: datetime = START) -> dict[str, Any]:
        reported = {"Summary": summary} if summary else {}
        return {"CrawlId": f"c{number}", "StartTime": at, "DPUHour": 0.25, **reported}

    answers = Answers(
        {
            "glue:GetCrawlers": {
                "Crawlers": [{"Name": "raw", "Schedule": {"ScheduleExpression": "cron(0 * * * ? *)"}}, {"Name": "off"}]
            },
            "glue:ListCrawls": lambda params: (
                {"Crawls": [crawl(2, ""), crawl(3, "", START - timedelta(days=1))]}
                if "NextToken" in params
                else {"Crawls": [crawl(1, ADDED)], "NextToken": "2"}
                if params["CrawlerName"] == "raw"
                else {"Crawls": []}
            ),
        }
    )
    raw, off = crawlers.read(account(answers)).items
    assert (raw.runs, raw.changed, raw.dpu_hours, raw.dpu_hours_unchanged) == (2, 1, D("0.5"), D("0.25"))
    assert (raw.schedule, off.runs, off.schedule) == ("cron(0 * * * ? *)", 0, "")


HUB: dict[str, Any] = {
    "cost-optimization-hub:ListEnrollmentStatuses": {"items": [{"accountId": "1", "status": "Active"}]},
    "cost-optimization-hub:ListRecommendations": lambda params: {
        "items": [
            {
                "recommendationId": "r2" if "nextToken" in params else "r1",
                "resourceArn": "arn:aws:lambda:us-east-1:1:function:collector",
                "currentResourceType": "LambdaFunction",
                "currentResourceSummary": "1024 MB",
                "recommendedResourceSummary": "256 MB",
                "estimatedMonthlySavings": 12.34,
                "currencyCode": "EUR" if "nextToken" in params else "USD",
                "implementationEffort": "VeryLow",
                "restartNeeded": False,
                "rollbackPossible": True,
                "actionType": "Rightsize",
                "recommendationLookbackPeriodInDays": 14,
            }
        ],
        **({} if "nextToken" in params else {"nextToken": "2"}),
    },
}
OPTIMIZER: dict[str, Any] = {
    "compute-optimizer:GetEnrollmentStatus": {"status": "Active"},
    "compute-optimizer:GetLambdaFunctionRecommendations": {
        "lambdaFunctionRecommendations": [
            {
                "functionArn": "arn:aws:lambda:us-east-1:1:function:live:$LATEST",
                "currentMemorySize": 512,
                "finding": "NotOptimized",
                "lookbackPeriodInDays": 14.0,
                "memorySizeRecommendationOptions": [
                    {"rank": 2, "memorySize": 384},
                    {"rank": 1, "memorySize": 256,
                     "savingsOpportunity": {"estimatedMonthlySavings": {"currency": "USD", "value": 1.5}}},
                ],
            },
            {"functionArn": "arn:aws:lambda:us-east-1:1:function:fine", "finding": "Optimized"},
        ]
    },
    "compute-optimizer:GetECSServiceRecommendations": {
        "ecsServiceRecommendations": [
            {
                "serviceArn": "arn:aws:ecs:us-east-1:1:service/c/console",
                "finding": "Overprovisioned",
                "lookbackPeriodInDays": 14.0,
                "currentServiceConfiguration": {"cpu": 1024, "memory": 2048},
                "serviceRecommendationOptions": [
                    {"cpu": 512, "memory": 1024,
                     "savingsOpportunity": {"estimatedMonthlySavings": {"currency": "USD", "value": 9.0}}}
                ],
            }
        ]
    },
}  # fmt: skip


def test_recommendations_of_both_services_are_read_in_dollars_only() -> None:
    read = recommendations.read(account(Answers({**HUB, **OPTIMIZER})))
    assert [(item.identifier.rsplit(":", 1)[-1], item.monthly_savings) for item in read.items] == [
        ("r1", D("12.34")),
        ("r2", None),
        ("$LATEST", D("1.5")),
        ("service/c/console", D("9.0")),
    ]
    live = read.items[2]
    assert (live.resource, live.current, live.recommended) == (
        "arn:aws:lambda:us-east-1:1:function:live",
        "512 MB",
        "256 MB",
    )
    assert read.missing == ()


def test_an_account_that_is_not_enrolled_is_said_to_be_so() -> None:
    read = recommendations.read(
        account(
            Answers(
                {
                    "cost-optimization-hub:ListEnrollmentStatuses": {"items": [{"status": "Inactive"}]},
                    "compute-optimizer:GetEnrollmentStatus": "OptInRequiredException",
                }
            )
        )
    )
    assert read.items == ()
    assert [(gap.what, gap.reason) for gap in read.missing] == [
        ("Cost Optimization Hub", "the account is not enrolled"),
        ("Compute Optimizer", "the account is not enrolled"),
    ]


# The whole account

EVERYTHING: dict[str, Any] = {
    "kinesis:ListStreams": {"StreamNames": ["events"], "HasMoreStreams": False},
    "kinesis:DescribeStreamSummary": {
        "StreamDescriptionSummary": {
            "StreamName": "events", "StreamARN": "arn:aws:kinesis:us-east-1:1:stream/events", "StreamStatus": "ACTIVE",
            "RetentionPeriodHours": 24, "StreamCreationTimestamp": START, "EnhancedMonitoring": [],
            "OpenShardCount": 2, "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        }
    },
    "redshift-serverless:ListWorkgroups": {"workgroups": [{"workgroupName": "main", "workgroupArn": WORKGROUP}]},
    "redshift-serverless:ListUsageLimits": {},
    "cloudwatch:ListMetrics": {"Metrics": []},
    "cloudwatch:GetMetricData": series(Invocations=[100.0], Duration=[1000.0]),
    "logs:DescribeLogGroups": {
        "logGroups": [{"logGroupName": "/x", "arn": "arn:aws:logs:us-east-1:1:log-group:/x:*", "creationTime": 0,
                       "storedBytes": 10**13}]
    },
    "ec2:DescribeNatGateways": {
        "NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "CreateTime": START}]
    },
    "ec2:DescribeVpcEndpoints": {"VpcEndpoints": []},
    "dynamodb:ListTables": {"TableNames": ["recommendations"]},
    "dynamodb:DescribeTable": {
        "Table": {"TableArn": "arn:aws:dynamodb:us-east-1:1:table/recommendations", "CreationDateTime": START}
    },
    "glue:GetCrawlers": {"Crawlers": [{"Name": "raw"}]},
    "glue:ListCrawls": {"Crawls": []},
    "glue:GetTables": {"TableList": [{"Name": "events", "StorageDescriptor": {"Location": "s3://lake/events"}}]},
    "athena:ListQueryExecutions": {"QueryExecutionIds": ["q1"]},
    "athena:BatchGetQueryExecution": {"QueryExecutions": [execution(1, "select 1 from events")]},
    "s3:ListObjectsV2": {"Contents": [{"Key": "events/a.parquet", "Size": 10, "LastModified": START}]},
    "s3:GetBucketLifecycleConfiguration": "NoSuchLifecycleConfiguration",
    "s3:GetBucketVersioning": {"Status": "Enabled"},
    "s3:ListObjectVersions": {"Versions": []},
    "s3:ListMultipartUploads": {"Uploads": [{"Key": "k", "UploadId": "u", "Initiated": START}]},
    "s3:ListParts": {"Parts": [{"Size": 5}]},
    **WAF,
    **HUB,
    **OPTIMIZER,
}  # fmt: skip
EVERYTHING |= {name: answer for name, answer in lambda_answers().answers.items() if name.startswith(("lambda", "logs"))}


def whole(answers: Answers, **more: Any) -> AwsInventory:
    given: dict[str, Any] = {"buckets": ("lake",), "database": "shop", "workgroups": ("console",), **more}
    return AwsInventory(answers, REGION, now=lambda: NOW, **given)


def test_a_whole_account_is_read_and_judged_by_every_check() -> None:
    found = whole(Answers(EVERYTHING)).inventory()
    assert (found.origin, found.period, found.is_sample) == ("AWS us-east-1", PERIOD, False)
    checked = run(found, price_book.load())
    assert [check.check for check in checked if not check.is_judged] == []
    titles = [finding.title for check in checked for finding in check.findings]
    assert "Stream events carried nothing" in titles
    assert "NAT gateway nat-1 carries nothing" in titles
    assert "Log group /x keeps everything" in titles


def test_the_calls_it_makes_are_the_actions_it_lists() -> None:
    answers = Answers(EVERYTHING)
    whole(answers).inventory()
    assert answers.actions == actions_of("console.savings.aws")


def test_every_request_is_metered_with_its_reader_at_the_book_price_or_free() -> None:
    meter, answers = Kept(), Answers(EVERYTHING)
    prices = {key: price_book.load().price(key, REGION).amount for key in PRICES.values()}
    whole(answers, charges=RequestCharges(meter, prices, Asker("ann", "Savings"))).inventory()
    assert {(call.viewer, call.page) for call in meter.calls} == {("ann", "Savings")}
    assert [call.name for call in meter.calls if call.dollars is None] == []
    asked = Counter(name for _, name, _ in answers.asked)
    untold = {
        "StartQuery": 1,
        "GetBucketLifecycleConfiguration": 1,
    }  # paid for with its results; refused, for it has none
    assert asked - Counter(call.name for call in meter.calls) == Counter(untold)
    assert Counter(call.name for call in meter.calls) <= asked
    costs = {call.name: (call.kind, call.engine, call.dollars) for call in meter.calls if call.dollars}
    assert costs["ListObjectsV2"] == ("inventory", "S3", D("0.000005"))
    assert costs["GetBucketVersioning"] == ("inventory", "S3", D("0.0000004"))
    assert costs["GetTables"] == ("inventory", "Glue", D("0.000001"))
    assert costs["ListMetrics"] == ("cloudwatch", "CloudWatch", D("0.00001"))
    free = {call.engine for call in meter.calls if not call.dollars}
    assert {"Kinesis", "Lambda", "EC2", "Athena"} <= free


def test_every_operation_has_a_price_in_the_price_book_or_is_known_to_be_free() -> None:
    answers = Answers(EVERYTHING)
    whole(answers).inventory()
    names = {f"{service}:{name}" for service, name, _ in answers.asked}
    assert {name for name in names if name.partition(":")[0] not in FREE} == set(PRICES) | FREE_OPERATIONS
    book = price_book.load()
    assert [key for key in PRICES.values() if book.price(key, REGION).amount is None] == []


def test_an_operation_of_which_nobody_said_that_it_is_free_costs_an_unknown_amount() -> None:
    meter = Kept()
    model = Answers({})("sns", REGION).meta.service_model
    RequestCharges(meter).answered(model, "ListTopics", {}, {"Topics": []}, NOW, 0.1)
    assert [(call.name, call.dollars) for call in meter.calls] == [("ListTopics", None)]


def test_a_query_in_the_logs_is_charged_by_what_it_scanned_and_once() -> None:
    meter, statistics = Kept(), {"recordsMatched": 1.0, "recordsScanned": 1.0, "bytesScanned": 2.0**31}
    reported: list[dict[str, Any]] = [
        {"status": "Running", "results": [], "statistics": {**statistics, "bytesScanned": 5.0}},
        {"status": "Complete", "results": [], "statistics": statistics},
    ]
    answers = Answers(
        {
            "logs:StartQuery": {"queryId": "q"},
            "logs:GetQueryResults": lambda _: reported.pop(0) if reported[1:] else reported[0],
        }
    )
    here = account(answers, RequestCharges(meter, {"cloudwatch.logs_insights_gigabyte": D("0.005")}))
    function: dict[str, object] = {"FunctionName": "f"}
    functions._reported(here, here.reader("logs"), function, lambda _seconds: None)
    assert [(call.kind, call.engine, call.name, call.bytes_scanned, call.dollars) for call in meter.calls] == [
        ("cloudwatch", "CloudWatch Logs", "GetQueryResults", 2**31, D("0.010"))
    ]


@pytest.mark.parametrize("status", ["Running", "Complete"])
def test_a_logged_query_without_scanned_bytes_costs_an_unknown_amount(status: str) -> None:
    meter = Kept()
    answers = Answers({"logs:StartQuery": {"queryId": "q"}, "logs:GetQueryResults": {"status": status}})
    here = account(answers, RequestCharges(meter, {"cloudwatch.logs_insights_gigabyte": D("0.005")}))
    functions._reported(here, here.reader("logs"), {"FunctionName": "f"}, lambda _seconds: None)
    assert [(call.bytes_scanned, call.dollars) for call in meter.calls] == [(None, None)]


FACTS = {  # by the operation that is refused: what is then not judged
    "kinesis:ListStreams": "streams",
    "redshift-serverless:ListWorkgroups": "warehouses",
    "athena:ListQueryExecutions": "queries",
    "glue:GetTables": "stored_tables",
    "s3:ListObjectsV2": "buckets",
    "logs:DescribeLogGroups": "log_groups",
    "lambda:ListFunctions": "functions",
    "ec2:DescribeNatGateways": "nat_gateways",
    "wafv2:ListWebACLs": "web_acls",
    "glue:GetCrawlers": "crawlers",
    "dynamodb:ListTables": "capacity_tables",
}


@pytest.mark.parametrize(("operation", "facts"), FACTS.items(), ids=FACTS.values())
@pytest.mark.slow
def test_a_service_that_denies_access_is_not_judged_and_every_other_one_is(operation: str, facts: str) -> None:
    found = whole(Answers({**EVERYTHING, operation: "AccessDeniedException"})).inventory()
    read: Read[Any] = getattr(found, facts)
    assert not read.is_judged
    assert "denied access to" in read.missing[0].reason
    assert read.missing[0].remedy.startswith("Allow ")
    unjudged = {name for name in FACTS.values() if not getattr(found, name).is_judged}
    stands_on_it = {"stored_tables"} if facts == "buckets" else set()  # tables are counted in listed objects
    assert unjudged == {facts} | stands_on_it


def test_denied_metrics_leave_everything_that_stands_on_use_not_judged() -> None:
    found = whole(Answers({**EVERYTHING, "cloudwatch:GetMetricData": "AccessDenied"})).inventory()
    for facts in ("streams", "warehouses", "functions", "nat_gateways", "web_acls", "capacity_tables"):
        read: Read[Any] = getattr(found, facts)
        assert not read.is_judged, facts
        assert "cloudwatch:GetMetricData" in read.missing[0].reason
    assert found.log_groups.is_judged


def test_throttling_that_does_not_end_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    found = whole(Answers({**EVERYTHING, "glue:GetCrawlers": "ThrottlingException"})).inventory()
    assert found.crawlers.missing[0].reason == "Glue is busy: 1 attempt was throttled, calling glue:GetCrawlers"


def test_a_resource_that_is_refused_leaves_the_others_of_its_kind() -> None:
    answers = {
        **EVERYTHING,
        "dynamodb:ListTables": {"TableNames": ["one", "two"]},
        "dynamodb:DescribeTable": lambda params: (
            "ResourceNotFoundException" if params["TableName"] == "one" else EVERYTHING["dynamodb:DescribeTable"]
        ),
    }
    read = whole(Answers(answers)).inventory().capacity_tables
    assert ([item.name for item in read.items], [gap.what for gap in read.missing]) == (["two"], ["table one"])
    assert read.is_judged


def test_without_a_network_every_service_says_so() -> None:
    from botocore.exceptions import EndpointConnectionError

    class Offline:
        def __call__(self, service: str, region: str) -> Any:
            client = boto3.client(service, region_name=region, aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106

            def refuse(**_: Any) -> None:
                raise EndpointConnectionError(endpoint_url="https://example.invalid")

            client.meta.events.register_first("before-call", refuse)
            return client

    found = AwsInventory(
        Offline(), REGION, buckets=("lake",), database="shop", workgroups=("w",), now=lambda: NOW
    ).inventory()
    assert not found.streams.is_judged
    assert "Kinesis cannot be reached" in found.streams.missing[0].reason
    assert found.streams.missing[0].remedy == "Check the network and the region, then try again."


def test_a_refusal_says_what_the_service_said() -> None:
    reader = account(Answers({"glue:GetCrawlers": "InternalServiceException"})).reader("glue")
    with pytest.raises(SourceError, match="InternalServiceException of a test") as raised:
        list(reader.items("get_crawlers", "Crawlers"))
    assert error_code(raised.value) == "InternalServiceException"
    assert unread("crawlers", raised.value).what == "crawlers"
