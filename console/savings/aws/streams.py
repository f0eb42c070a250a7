"""Kinesis streams and what passed through them."""

from __future__ import annotations

from console.savings.aws.metrics import Metrics, series
from console.savings.aws.reading import Account, Collected
from console.savings.facts import Stream, StreamHour
from console.savings.inventory import Read

_METRICS = ("IncomingBytes", "IncomingRecords", "GetRecords.Bytes")


def read(account: Account, metrics: Metrics) -> Read[Stream]:
    """All streams of the region."""
    kinesis = account.reader("kinesis")
    found: Collected[Stream] = Collected()
    for name in kinesis.items("list_streams", "StreamNames"):
        with found.part(f"stream {name}"):
            summary = kinesis.call("describe_stream_summary", StreamName=name)["StreamDescriptionSummary"]
            passed = series("AWS/Kinesis", _METRICS, "StreamName", name)
            hourly = metrics.hourly(passed, since=summary["StreamCreationTimestamp"])
            hours = tuple(StreamHour(*map(int, values)) for values in zip(*hourly, strict=True))
            mode = summary.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
            shards = summary["OpenShardCount"]
            found.items.append(Stream(name, summary["StreamARN"], mode == "ON_DEMAND", shards, hours))
    return found.read()
