"""How good recommendations are: the sample year as it is served, and data of real shops where they are present.

Figures of one split each, with intervals of 95 %; the docs have those of several seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.options import Options, Record, record
from pipeline.lake import Lake
from pipeline.recommend.customers.histories import HISTORY_ITEMS
from pipeline.recommend.evaluation import files, intervals, metrics, running
from pipeline.recommend.evaluation.candidates import CANDIDATES
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.learning.training import FOR_YOU_NEIGHBOURS
from pipeline.recommend.methods.blend import Blend
from pipeline.recommend.methods.popularity import Popularity, RecentPopularity

SAMPLE_EVENTS = 1_000_000
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"  # beside the project
RETAIL = SHARED_DATA / "online_retail.csv.gz"
SESSIONS = SHARED_DATA / "rees46_2019_oct_head.csv.gz"


def measure(options: Options) -> Iterator[Record]:
    """The sample year, then each file; one that is absent is a record that says so."""
    yield from _sample(options)
    yield from _file(
        RETAIL, kind="temporal", names=("popularity", "recent_popularity", "ease", "co_occurrence", "blend")
    )
    names = ("popularity", "recent_popularity", "co_occurrence", "session_neighbours")
    columns = "user=user_session,item=product_id,timestamp=event_time"
    yield from _file(SESSIONS, kind="leave-last-out", names=names, columns=columns)


def _sample(options: Options) -> Iterator[Record]:
    from datetime import UTC, datetime

    from pipeline.recommend.learning.reading import read_lake
    from pipeline.recommend.learning.training import train

    trained = train(read_lake(Lake.open(options.lake(SAMPLE_EVENTS))), seed=1, now=datetime.now(UTC))
    card = (trained.model or trained.aside).card  # type: ignore[union-attr] # one of both is there
    found = {measure.method: measure for measure in card.measures}
    for name, one in found.items():
        interval = {"low": round(one.low, 4), "high": round(one.high, 4)}
        yield record("recommend.quality", one.value, one.name, data="sample year", method=name, **interval)
    for name in (Popularity.name, RecentPopularity.name):
        times = found[Blend.name].value / found[name].value
        yield record("recommend.quality_ratio", times, "times", data="sample year", against=name)


def _file(path: Path, *, kind: str, names: tuple[str, ...], columns: str = "") -> Iterator[Record]:
    if not path.exists():
        yield {"bench": "recommend.quality", "data": path.name, "absent": f"there is no {path}"}
        return
    yield from _table(path.name, files.read(path, columns=columns).interactions, kind, names)


def _table(data: str, interactions: Interactions, kind: str, names: tuple[str, ...]) -> Iterator[Record]:
    plan = running.Plan(kind=kind, ratio=0.75, seeds=(42,), k=10, served=(FOR_YOU_NEIGHBOURS,), history=HISTORY_ITEMS)
    for result in running.evaluate(interactions, {name: CANDIDATES[name] for name in names}, plan).results:
        figures = [("offline", result.offline), *(("as served", scored) for scored in result.served.values())]
        for how, scored in figures:
            mean, low, high = intervals.of_mean(scored.values(metrics.NDCG), seed=1)
            more = {"data": data, "split": kind, "method": result.name, "how": how}
            yield record("recommend.quality", mean, "ndcg@10", low=round(low, 4), high=round(high, 4), **more)
