"""The raw records of a lake."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from pipeline.lake import Lake


def records(lake: Lake, area: str) -> list[dict[str, Any]]:
    """Every record of one raw area, such as ``raw/events``, in the order written."""
    found: list[dict[str, Any]] = []
    for name in lake.raw_files(area):
        with pa.CompressedInputStream(str(lake.root / name), "zstd") as file:
            found += [json.loads(line) for line in file.read().splitlines()]
    return found
