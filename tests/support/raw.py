"""The raw records of a lake."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pyarrow as pa

from pipeline.lake import RAW_EVENTS, Lake


def records(lake: Lake, area: str) -> list[dict[str, Any]]:
    """Every record of one raw area, such as ``raw/events``, in the order written."""
    found: list[dict[str, Any]] = []
    for name in lake.raw_files(area):
        with pa.CompressedInputStream(str(lake.root / name), "zstd") as file:
            found += [json.loads(line) for line in file.read().splitlines()]
    return found


def stream_file(lake: Lake, moment: datetime, *lines: bytes, number: int = 0) -> str:
    """One file of events as the stream's writer makes it, in the folder of its hour; its name in the lake."""
    name = (
        f"{RAW_EVENTS}/dt={moment:%Y-%m-%d}/hour={moment:%H}/stream-{int(moment.timestamp()) + number:015d}.jsonl.zst"
    )
    path = lake.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pa.compress(b"\n".join(lines) + b"\n", "zstd", asbytes=True))
    return name
