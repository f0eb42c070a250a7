"""The shards of a Kinesis stream: how full they were by CloudWatch, how many there are, and another number of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline.failures import aws_failures
from pipeline.streams.scaling import DOWN_MINUTES, Minute

CHANGES = "ShardChanges"  # our own metric: Kinesis counts its changes and tells nobody
_METRICS = {"bytes": "IncomingBytes", "records": "IncomingRecords", "throttled": "WriteProvisionedThroughputExceeded"}
_DAY = timedelta(days=1)
_SETTLED = timedelta(minutes=1)  # CloudWatch has a whole minute by then


@dataclass(frozen=True)
class Traffic:
    """The known minutes of the last hour, the newest last, and how often the number of shards changed in 24 hours."""

    minutes: Sequence[Minute]
    changes: int


class KinesisShards:
    """One stream.

    Parameters
    ----------
    kinesis, cloudwatch : boto3 clients
    service : dimension of our own metrics
    """

    def __init__(self, kinesis: Any, cloudwatch: Any, stream: str, *, namespace: str, service: str) -> None:
        self._kinesis = kinesis
        self._cloudwatch = cloudwatch
        self._stream = stream
        self._namespace = namespace
        self._service = service

    def open(self) -> int | None:
        """How many shards take records; None while their number changes. Raises as `change`."""
        with self._translate_errors("The stream cannot be described"):
            summary = self._kinesis.describe_stream_summary(StreamName=self._stream)["StreamDescriptionSummary"]
        return int(summary["OpenShardCount"]) if summary["StreamStatus"] == "ACTIVE" else None

    def traffic(self, now: datetime) -> Traffic:
        """What was written until a minute ago. Raises as `change`."""
        queries = [_query(name, "AWS/Kinesis", metric, "StreamName", self._stream) for name, metric in _METRICS.items()]
        queries.append(_query("changes", self._namespace, CHANGES, "service", self._service))
        end = now.replace(second=0, microsecond=0) - _SETTLED
        series: dict[str, dict[datetime, float]] = {query["Id"]: {} for query in queries}
        with self._translate_errors("CloudWatch cannot be asked"):
            pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=queries, StartTime=end - _DAY, EndTime=end
            )
            for page in pages:
                for result in page["MetricDataResults"]:
                    series[result["Id"]].update(zip(result["Timestamps"], result["Values"], strict=True))
        hour = [end - timedelta(minutes=ago) for ago in range(DOWN_MINUTES, 0, -1)]
        known = [minute for minute in hour if any(minute in series[name] for name in _METRICS)]
        minutes = [Minute(**{name: series[name].get(minute, 0.0) for name in _METRICS}) for minute in known]
        return Traffic(minutes, round(sum(series["changes"].values())))

    def change(self, shards: int) -> None:
        """Let the stream have another number of shards, which takes minutes.

        Raises
        ------
        StreamUnavailable
            AWS refuses or does not answer; the stream stays as it is.
        """
        with self._translate_errors(f"The stream cannot get {shards} shards"):
            self._kinesis.update_shard_count(
                StreamName=self._stream, TargetShardCount=shards, ScalingType="UNIFORM_SCALING"
            )

    def _translate_errors(self, what: str) -> AbstractContextManager[None]:
        remedy = "Check the role of this function, and the account's quota of shards; the stream stays as it is."
        return aws_failures(what, where=self._stream, remedy=remedy)


def _query(name: str, namespace: str, metric: str, dimension: str, value: str) -> dict[str, Any]:
    """One series of `GetMetricData`, summed by the minute."""
    named = {"Namespace": namespace, "MetricName": metric, "Dimensions": [{"Name": dimension, "Value": value}]}
    return {"Id": name, "MetricStat": {"Metric": named, "Period": 60, "Stat": "Sum"}, "ReturnData": True}
