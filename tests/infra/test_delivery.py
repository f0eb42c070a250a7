"""The double of Firehose buffers, compresses and names its objects by the template's own parameters."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

from tests.infra.emulator.delivery import Delivery, prefix
from tests.infra.test_kinesis_source import OneShard

AT = datetime(2026, 3, 1, 7, 5, 9, tzinfo=UTC)
SETTINGS = {
    "DeliveryStreamName": "raw",
    "ExtendedS3DestinationConfiguration": {
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
        "CompressionFormat": "GZIP",
        "Prefix": "raw/stream/dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/",
    },
}


def test_a_prefix_has_the_hour_of_utc_filled_in() -> None:
    assert prefix("raw/dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/", AT) == "raw/dt=2026-03-01/hour=07/"


def test_records_are_written_together_until_the_buffer_is_full() -> None:
    objects: dict[str, bytes] = {}
    half = b"x" * (600 * 1024) + b"\n"
    delivery = Delivery(SETTINGS, OneShard(half, half, b"last\n"), "events", objects.__setitem__, lambda: AT)
    assert delivery.drain() == 2
    assert delivery.drain() == 0
    assert [gzip.decompress(content) for content in objects.values()] == [half + half, b"last\n"]
    for name in objects:
        assert name.startswith("raw/stream/dt=2026-03-01/hour=07/raw-1-2026-03-01-07-05-09-")
        assert name.endswith(".gz")


def test_what_a_template_does_not_compress_is_not_compressed() -> None:
    objects: dict[str, bytes] = {}
    plain = SETTINGS["ExtendedS3DestinationConfiguration"] | {"CompressionFormat": "UNCOMPRESSED"}  # type: ignore[operator]
    settings = SETTINGS | {"ExtendedS3DestinationConfiguration": plain}
    assert Delivery(settings, OneShard(b"{}\n"), "events", objects.__setitem__, lambda: AT).drain() == 1
    assert list(objects.values()) == [b"{}\n"]
