"""The append log: how many events a second it makes durable, in requests of 500, and how fast they come back."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench.options import Options, Record, record
from pipeline.streams import Entry, Kind
from pipeline.streams.log import AppendLog

EVENTS = 100_000
BATCH = 500
LINE = b'{"event_id":"%s","event_type":"product_view","pad":"%s"}' % (b"e" * 36, b"x" * 330)  # as long as a usual event


def measure(options: Options) -> Iterator[Record]:
    """Durable events a second for one and for eight requests at a time, and events read a second."""
    batch = [Entry(Kind.EVENT, "customer-000001", LINE)] * BATCH
    options.folder.mkdir(parents=True, exist_ok=True)
    for threads in (1, 8):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:  # a real disk, not one in memory
            log = AppendLog(Path(folder))
            yield record(f"stream.durable.{threads}_at_once", round(_append(log, batch, threads)), "events/s")
            if threads == 1:
                yield record("stream.read", round(_read(log)), "events/s")
            log.close()


def _append(log: AppendLog, batch: list[Entry], threads: int) -> float:
    appends = EVENTS // BATCH // threads

    def send() -> None:
        for _ in range(appends):
            log.append(batch)

    senders = [threading.Thread(target=send) for _ in range(threads)]
    begun = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return appends * threads * BATCH / (time.perf_counter() - begun)


def _read(log: AppendLog) -> float:
    begun = time.perf_counter()
    position: str | None = None
    entries = 0
    while (batch := log.read(position, 2_000)).entries:
        entries += len(batch.entries)
        position = batch.position
    return entries / (time.perf_counter() - begun)
