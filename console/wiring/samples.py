"""Sample lakes to measure, and how curation writes a file: what `scan-cost` needs of the pipeline."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.queries import load
from catalogue.tables import TABLES
from console import wiring
from console.asking.cache import ResultCache
from console.asking.engines.prices import scan_price
from console.metering import Call, NoMeter
from console.metering.calls import CLOSED_AFTER
from console.metering.compaction import compact_days
from console.metering.folder import FolderCalls
from console.settings import Settings
from console.wiring.embedded import Embedded

if TYPE_CHECKING:
    import pyarrow as pa

    from console.asking.engines import SqlEngine
    from console.asking.scope import Scope

READERS = 20
PAGES = (
    "Brief", "Revenue", "Live", "Funnel", "Retention", "Paths", "Segments", "Products", "Recommendations", "Spend",
    "Budgets and forecast", "Savings", "Unit costs", "Tiers", "Own cost", "Health", "Data quality", "Security",
    "Workbench", "Definitions",
)  # fmt: skip
CALLS_A_DAY = READERS * len(PAGES) * 13  # each opens every page once; they ask thirteen questions on average
DOLLARS_A_TERABYTE = Decimal(5)  # that a query on Athena scans


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
    if not (lake.root / TABLES["console_calls"].zone).exists():
        a_day_of_calls(lake.root, sample_end() - timedelta(days=1))
    return lake.root


def a_day_of_calls(lake: Path, day: date) -> None:
    """A day of this console, as it arrives and closed."""
    of_the_day = FolderCalls(lake)
    of_the_day.write(list(calls(day)))
    the_day_after = datetime.combine(day + timedelta(days=1), time(), UTC)
    compact_days(of_the_day.files, the_day_after + CLOSED_AFTER, keep_days=1)


def calls(day: date) -> Iterator[Call]:
    """A day of this console: `CALLS_A_DAY` questions, as many engines, prices and times as there are."""
    draw = random.Random(7)  # noqa: S311 - a sample
    queries = [query.name for query in load()]
    midnight = datetime.combine(day, time(), UTC)
    for _ in range(CALLS_A_DAY):
        cached, scanned = draw.random() < 0.5, draw.randrange(50_000_000)
        price = scan_price(scanned, DOLLARS_A_TERABYTE)
        yield Call(
            called_at=midnight + timedelta(microseconds=draw.randrange(86_400_000_000)),
            viewer=f"reader-{draw.randrange(READERS):02d}@example.com",
            page=draw.choice(PAGES),
            kind="query",
            name=draw.choice(queries),
            engine=draw.choice(("Athena", "Redshift")),
            query_id=str(uuid.UUID(int=draw.getrandbits(128))),
            elapsed_seconds=draw.expovariate(1),
            rows=draw.randrange(400),
            cached=cached,
            bytes_scanned=0 if cached else scanned,
            dollars=Decimal(0) if cached else price,
            dollars_saved=price if cached else Decimal(0),
        )


def curated_file_writer(partition: str | None) -> tuple[Callable[[pa.Table, Path, Sequence[str]], None], int]:
    """How curation writes a file of sorted rows of a table so partitioned, and the rows of its row groups."""
    from pipeline.curate.files import ROW_GROUP, ROW_GROUP_OF_ONE_FILE, write_file

    rows = ROW_GROUP_OF_ONE_FILE if partition is None else ROW_GROUP
    is_mart = partition is None or partition.endswith("_month")
    return partial(write_file, row_group=rows, is_mart=is_mart), rows


@contextmanager
def pages_on(lake: Path, recorded: Callable[[SqlEngine], SqlEngine]) -> Iterator[None]:
    """Pages that run inside ask this lake, without a meter, and nothing was asked before.

    Parameters
    ----------
    recorded : wraps each engine that a page asks
    """
    cache = ResultCache()

    class Recorded(Embedded):
        def scope(self) -> Scope:
            scope = super().scope()
            engines = {source: recorded(engine) for source, engine in scope.engines.items()}
            return replace(scope, engines=engines, cache=cache, meter=NoMeter())

    with wiring.using(Recorded(Settings(lake=lake))):
        yield
