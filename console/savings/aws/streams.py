"""Kinesis streams and what passed through them."""

from __future__ import annotations

from console.savings.aws.metrics import Metric, Metrics
from console.savings.aws.reading import Account, Refused
from console.savings.facts import Stream, StreamHour
from console.savings.inventory import Read, Unread

ACTIONS = ("kinesis:ListStreams", "kinesis:DescribeStreamSummary")
_METRICS = ("IncomingBytes", "IncomingRecords", "GetRecords.Bytes")


def read(account: Account, metrics: Metrics) -> Read[Stream]:
    """All streams of the region."""
    kinesis = account.reader("kinesis")
    found: list[Stream] = []
    missing: list[Unread] = []
    for name in kinesis.items("list_streams", "StreamNames"):
        try:
            summary = kinesis.call("describe_stream_summary", StreamName=name)["StreamDescriptionSummary"]
            series = metrics.hourly(
                [Metric("AWS/Kinesis", metric, {"StreamName": name}) for metric in _METRICS],
                since=summary["StreamCreationTimestamp"],
            )
        except Refused as error:
            missing.append(error.unread(f"stream {name}"))
            continue
        hours = tuple(StreamHour(int(each[0]), int(each[1]), int(each[2])) for each in zip(*series, strict=True))
        mode = summary.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
        found.append(Stream(name, summary["StreamARN"], mode == "ON_DEMAND", summary["OpenShardCount"], hours))
    return Read(tuple(found), tuple(missing))
