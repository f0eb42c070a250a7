"""Sample lakes to measure, and how curation writes a file: what `scan-cost` needs of the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def sample_end() -> date:
    """The day after the last full one of a sample that is made today."""
    return datetime.now(UTC).date()


def sample_lake(folder: Path, events: int) -> Path:
    """A curated sample lake of so many events below `folder`; made where it is not there yet."""
    from pipeline.curate import curate
    from pipeline.lake import Lake
    from pipeline.sample import generate

    lake = Lake.create(folder / f"sample-{events}-{sample_end()}")
    if not lake.is_sample:
        generate(lake, events=events, end=sample_end())
    curate(lake)
    return lake.root


def curated_file_writer(partition: str | None) -> tuple[Callable[[pa.Table, Path, Sequence[str]], None], int]:
    """How curation writes a file of sorted rows of a table so partitioned, and the rows of its row groups."""
    from pipeline.curate.files import ROW_GROUP, ROW_GROUP_OF_ONE_FILE, write_file

    rows = ROW_GROUP_OF_ONE_FILE if partition is None else ROW_GROUP
    is_mart = partition is None or partition.endswith("_month")
    return partial(write_file, row_group=rows, is_mart=is_mart), rows
