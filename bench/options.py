"""What every benchmark is given: sizes, a folder for lakes that are kept between runs, and how to make them."""

from __future__ import annotations

import json
import math
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.curate import curate
from pipeline.lake import Lake
from pipeline.sample import generate

Record = dict[str, object]
END = date(2026, 11, 22)  # fixed, so that two runs measure the same year


@dataclass(frozen=True)
class Options:
    """Sizes to measure at, in events, where lakes are kept, and the checkout of another commit to compare with."""

    sizes: Sequence[int]
    folder: Path
    against: Path | None = None

    def lake(self, events: int) -> Path:
        """The sample lake of a size, made once."""
        root = self.folder / f"sample-{events}"
        lake = Lake.create(root)
        if not lake.raw_files("raw"):
            generate(lake, events=events, end=END)
        if not lake.state():
            curate(lake)
        return root


def peak_memory_mib() -> float:
    """The most memory this process ever held. Not `ru_maxrss`, which a child inherits from its parent."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def record(bench: str, value: float, unit: str, **more: object) -> Record:
    """One line of output."""
    return {"bench": bench, "value": round(value, 3), "unit": unit, **more}


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def line(measured: Record) -> str:
    """A record as its line of JSON."""
    return json.dumps(measured, ensure_ascii=False)
