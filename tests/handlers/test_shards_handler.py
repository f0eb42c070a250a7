"""The number of shards follows the traffic: CloudWatch's figures in, UpdateShardCount out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from catalogue.errors import StreamUnavailable
from console.aws.runners import actions_of_runner
from console.aws.runners.functions import TRACES
from pipeline.handlers import shards
from pipeline.streams.kinesis_shards import KinesisShards
from pipeline.streams.scaling import Minute
from tests.handlers.conftest import REGION, STREAM, Cloud, Context, client
from tests.support.aws_service import Service
from tests.support.iam import Recorder

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
LAST = datetime(2026, 3, 1, 11, 58, tzinfo=UTC)  # the newest minute that is over for a minute


@pytest.fixture
def handled(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("TAKINGS_LEAST_SHARDS", "1")
    monkeypatch.setenv("TAKINGS_MOST_SHARDS", "4")
    boto3.setup_default_session(region_name=REGION)
    yield client("cloudwatch")
    boto3.setup_default_session()


def written(cloudwatch: Any, metric: str, minute: datetime, value: float) -> None:
    named = {"MetricName": metric, "Dimensions": [{"Name": "StreamName", "Value": STREAM}]}
    cloudwatch.put_metric_data(Namespace="AWS/Kinesis", MetricData=[named | {"Timestamp": minute, "Value": value}])


def test_a_full_stream_gets_more_shards_and_says_so(
    handled: Any, cloud: Cloud, context: Context, capsys: pytest.CaptureFixture[str]
):
    written(handled, "IncomingRecords", datetime.now(UTC) - timedelta(minutes=3), 50_000)
    assert shards.handler({}, context) == {"shards": 1, "wanted": 2}  # type: ignore[arg-type]
    assert cloud.kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]["OpenShardCount"] == 2
    assert '"ShardChanges":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_a_quiet_stream_stays_as_it_is(handled: Any, context: Context, capsys: pytest.CaptureFixture[str]):
    written(handled, "IncomingRecords", datetime.now(UTC) - timedelta(minutes=3), 6_000)
    assert shards.handler({}, context) == {"shards": 1, "wanted": 1}  # type: ignore[arg-type]
    assert '"ShardChanges":[0.0]' in capsys.readouterr().out.replace(" ", "")


def test_nothing_is_asked_for_while_the_number_of_shards_changes(context: Context, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAKINGS_STREAM", STREAM)
    monkeypatch.setenv("TAKINGS_LEAST_SHARDS", "4")
    monkeypatch.setenv("TAKINGS_MOST_SHARDS", "8")
    changing = {"StreamName": STREAM, "StreamARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/events"}
    changing |= {"StreamStatus": "UPDATING", "RetentionPeriodHours": 24, "StreamCreationTimestamp": 0}
    changing |= {"EnhancedMonitoring": [], "OpenShardCount": 2}
    service = Service(DescribeStreamSummary=lambda _: {"StreamDescriptionSummary": changing})
    monkeypatch.setattr(shards, "client", service.session.client)
    with pytest.warns(match="No application metrics"):
        assert shards.handler({}, context) == {"shards": None, "wanted": None}  # type: ignore[arg-type]
    assert len(service.calls) == 1


def test_it_calls_what_its_role_allows(handled: Any, context: Context, recorded_actions: Recorder):
    boto3.setup_default_session(region_name=REGION)
    with recorded_actions.pausing():
        written(handled, "IncomingBytes", datetime.now(UTC) - timedelta(minutes=3), 60 * 2**20)
    shards.handler({}, context)  # type: ignore[arg-type]
    assert recorded_actions.made == actions_of_runner("pipeline.handlers.shards") - {*TRACES.actions}


def test_minutes_that_cloudwatch_does_not_know_are_left_out(handled: Any):
    for ago, value in ((0, 7.0), (3, 5.0), (61, 9.0)):
        written(handled, "IncomingBytes", LAST - timedelta(minutes=ago), value)
    written(handled, "WriteProvisionedThroughputExceeded", LAST, 2.0)
    written(handled, "IncomingBytes", LAST + timedelta(minutes=1), 100.0)  # not over yet
    stream = KinesisShards(client("kinesis"), handled, STREAM, namespace="Takings", service="takings-scale")
    assert stream.traffic(NOW).minutes == [Minute(bytes=5.0), Minute(bytes=7.0, throttled=2.0)]


def test_changes_of_a_day_are_counted_for_this_installation_alone(handled: Any):
    for service, ago in (("takings-scale", 1), ("takings-scale", 23), ("takings-scale", 25), ("other", 1)):
        named = {"MetricName": "ShardChanges", "Dimensions": [{"Name": "service", "Value": service}]}
        point = named | {"Timestamp": NOW - timedelta(hours=ago), "Value": 1}
        handled.put_metric_data(Namespace="Takings", MetricData=[point])
    stream = KinesisShards(client("kinesis"), handled, STREAM, namespace="Takings", service="takings-scale")
    assert stream.traffic(NOW).changes == 2


def test_a_refusal_names_the_stream_and_leaves_it(handled: Any):
    stream = KinesisShards(client("kinesis"), handled, "elsewhere", namespace="Takings", service="takings")
    with pytest.raises(StreamUnavailable, match="The stream cannot get 2 shards") as refused:
        stream.change(2)
    assert refused.value.where == "elsewhere"
