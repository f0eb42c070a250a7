"""What a model is learnt from, by the curated tables: `queries/recommend/*.sql`, asked of DuckDB or of Spark."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from catalogue.binding import Value, bind
from catalogue.errors import LakeError
from catalogue.queries import load_recommendation
from pipeline.recommend.customers.keys import digest_of
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.learning.sampling import newest_rows, sample_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

    from pipeline.lake import Lake

KIND_WEIGHTS: Mapping[str, float] = {"product_view": 1.0, "cart_add": 3.0, "purchase": 5.0}
"""What an action counts in what is popular. What a customer knows counts the same, however they came to know it."""

CUSTOMER = "c:"  # the visitors of `queries/recommend/interactions.sql` who are customers begin so
WINDOW_DAYS = 365  # on a sample year better than 180 by a tenth: half of the customers come back after that
MOST_INTERACTIONS = 20_000_000  # 2 GB while they are numbered; of more, those of some visitors are read
LATELY_ACTIONS = 10  # in a year, for each action of a day: of those who act on it; 4 on the sample year
_TRIES = 3  # to read one version of a lake while curations follow one another
_MEMORY_LIMIT = "2GB"  # of DuckDB, which spills to disk beyond

Ask = Callable[[str, Mapping[str, Value]], "pa.Table"]
"""Answers a query of `queries/recommend` by its name."""


@dataclass(frozen=True)
class Activity:
    """What is done with products by day and region, everybody's. One entry a row.

    Attributes
    ----------
    day : days since 1970
    product : index into the products
    region : index into the regions, -1 where it is unknown
    weight : Σ of `KIND_WEIGHTS`
    """

    day: NDArray[np.int64]
    product: NDArray[np.int32]
    region: NDArray[np.int32]
    weight: NDArray[np.float64]
    units: NDArray[np.float64]
    orders: NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Products in one order; the first of a pair is the one whose id comes first."""

    product: NDArray[np.int32]
    other: NDArray[np.int32]
    orders: NDArray[np.int64]


@dataclass(frozen=True)
class ShopData:
    """All that a model is learnt from. Products are numbered by their ids, in their order.

    Attributes
    ----------
    interactions : of visitors who are known; their `categories` are those of the products
    viewed : of each interaction, whether it is a view
    names : of the products; empty where unknown
    seen : days since 1970 when each product was last seen; 0 where unknown
    regions : names, by number
    orders : placed in the window
    end_day : days since 1970, the day after the last
    events : that the interactions were counted from, those left out not among them
    share : of the visitors, whose interactions are read, see `learning.sampling`; what everybody did counts all
    left_out : interactions of these visitors that are beyond `MOST_INTERACTIONS` all the same: the oldest
    lately : where not all visitors are read, the interactions of those who did something lately, for their histories;
        None where they are among the interactions
    """

    interactions: Interactions
    viewed: NDArray[np.bool_]
    names: tuple[str, ...]
    seen: NDArray[np.int64]
    activity: Activity
    regions: tuple[str, ...]
    pairs: Pairs
    orders: int
    end_day: int
    events: int
    share: float = 1.0
    left_out: int = 0
    lately: Interactions | None = None

    @property
    def first_event(self) -> datetime | None:
        """The hour of the first interaction; None without any."""
        at = self.interactions.at
        return datetime.fromtimestamp(int(at.min()), UTC) if len(at) else None

    @property
    def last_event(self) -> datetime | None:
        """The hour of the last interaction; None without any."""
        at = self.interactions.at
        return datetime.fromtimestamp(int(at.max()), UTC) if len(at) else None


def read_lake(
    lake: Lake,
    *,
    window_days: int = WINDOW_DAYS,
    most: int = MOST_INTERACTIONS,
    refusing: Collection[str] = frozenset(),
    active_from: date | None = None,
) -> ShopData:
    """What the curated files of a lake folder hold, of one version; see `read`.

    Raises
    ------
    LakeError
        The lake changed again and again while it was read, or its files cannot be read.
    """
    import duckdb

    for _ in range(_TRIES):
        lake.recover()
        before = lake.state().get("version")
        try:
            with duckdb.connect(":memory:", config={"memory_limit": _MEMORY_LIMIT}) as connection:
                connection.execute("set enable_progress_bar = false")
                ask = _of_files(lake, connection)
                found = read(ask, window_days=window_days, most=most, refusing=refusing, active_from=active_from)
        except duckdb.Error as error:
            if lake.is_settled and lake.state().get("version") == before:
                raise LakeError(
                    f"The curated tables cannot be read: {error}",
                    where=str(lake.root),
                    remedy="Run `python -m pipeline curate`, then train again.",
                ) from error
            continue
        if lake.is_settled and lake.state().get("version") == before:
            return found
    raise LakeError(
        "The curated tables changed while they were read", where=str(lake.root), remedy="Train again in a minute."
    )


def read_published(
    session: SparkSession,
    tables: Mapping[str, Any],
    *,
    window_days: int = WINDOW_DAYS,
    refusing: Collection[str] = frozenset(),
    active_from: date | None = None,
) -> ShopData:
    """The same of Spark's frames, by the names of the tables they hold."""

    def ask(name: str, values: Mapping[str, Value]) -> pa.Table:
        query = load_recommendation()[name]
        for table in query.tables:
            tables[table].createOrReplaceTempView(table)
        return _arrow(session.sql(bind(query, values, dialect="spark").sql))

    return read(ask, window_days=window_days, refusing=refusing, active_from=active_from)


def read(
    ask: Ask,
    *,
    window_days: int = WINDOW_DAYS,
    most: int = MOST_INTERACTIONS,
    refusing: Collection[str] = frozenset(),
    active_from: date | None = None,
) -> ShopData:
    """Ask for everything of the newest `window_days` days on which anything was done; `most` interactions at most.

    Parameters
    ----------
    refusing : digests of customers (`pipeline.recommend.customers.keys`) who have no interaction here; what everybody
        did together counts them
    active_from : since when histories are to be kept (`learning.keeping`); None for no day in particular
    """
    last = ask("last_day", {})["last_day"][0].as_py()
    end = (last or date(1970, 1, 1)) + timedelta(days=1)
    window = {"start_date": end - timedelta(days=window_days), "end_date": end}
    activity, pairs = ask("activity", window), ask("pairs", window)
    sample = sample_of(activity, most)
    rows = _without(refusing, ask("interactions", window | {"first_hash": sample.first_hash, "active_from": None}))
    orders = int(ask("orders", window)["orders"][0].as_py())
    described = ask("products", {"start_date": window["start_date"]})
    events = int(np.asarray(rows["actions"]).sum())
    rows, left_out = newest_rows(rows, most)

    ids = [rows["product_id"], activity["product_id"], pairs["product_id"], pairs["other_product_id"]]
    products = _Numbers.of(ids)
    regions = _Numbers.of([activity["region"]])
    categories, names, seen = _described(described, products)
    return ShopData(
        interactions=_interactions(rows, products, categories),
        viewed=_Numbers(("product_view",)).of_column(rows["event_type"]) == 0,
        names=names,
        seen=seen,
        activity=_activity(activity, products, regions),
        regions=regions.names,
        pairs=Pairs(
            products.of_column(pairs["product_id"]),
            products.of_column(pairs["other_product_id"]),
            np.asarray(pairs["orders"], dtype=np.int64),
        ),
        orders=orders,
        end_day=(end - date(1970, 1, 1)).days,
        events=events,
        share=sample.share,
        left_out=left_out,
        lately=_lately(ask, window, activity, most, refusing, active_from) if sample.first_hash else None,
    )


def _lately(
    ask: Ask,
    window: Mapping[str, Value],
    activity: pa.Table,
    most: int,
    refusing: Collection[str],
    active_from: date | None,
) -> Interactions | None:
    """All that those did in the window who did something since a day; of some of them where that may be too much."""
    import pyarrow.compute as pc

    if active_from is None:
        return None
    sample = sample_of(activity.filter(pc.greater_equal(activity["day"], active_from)), most // LATELY_ACTIONS)
    rows = ask("interactions", {**window, "first_hash": sample.first_hash, "active_from": active_from})
    rows, _ = newest_rows(_without(refusing, rows), most)
    return _interactions(rows, _Numbers.of([rows["product_id"]]), ())


def _without(refusing: Collection[str], rows: pa.Table) -> pa.Table:
    """The rows of all visitors but those customers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not refusing:
        return rows
    visitors = rows["visitor"]
    customers = (name for name in pc.unique(visitors).to_pylist() if name.startswith(CUSTOMER))
    left_out = [name for name in customers if digest_of(name.removeprefix(CUSTOMER)) in refusing]
    return rows.filter(pc.invert(pc.is_in(visitors, pa.array(left_out, visitors.type))))


def _of_files(lake: Lake, connection: Any) -> Ask:
    from catalogue.parquet import select_all

    def ask(name: str, values: Mapping[str, Value]) -> pa.Table:
        query = load_recommendation()[name]
        for table in query.tables:
            connection.execute(f"create or replace temp view {table} as {select_all(lake.root, table)}")
        return connection.sql(bind(query, values, dialect="duckdb").sql).to_arrow_table()

    return ask


def _arrow(frame: Any) -> pa.Table:
    """A frame's rows as Arrow; only Spark 4 says so in public, and rows one by one take a hundred times as long."""
    import pyarrow as pa

    if hasattr(frame, "toArrow"):
        return frame.toArrow()
    batches = frame._collect_as_arrow()
    return pa.Table.from_batches(batches) if batches else _empty(frame)


def _empty(frame: Any) -> pa.Table:
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(frame.schema).empty_table()


@dataclass(frozen=True)
class _Numbers:
    """Texts, numbered in their order; a null has the number -1."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, columns: Sequence[pa.ChunkedArray]) -> _Numbers:
        import pyarrow.compute as pc

        return cls(tuple(sorted({name for column in columns for name in pc.unique(column).to_pylist()} - {None})))

    def of_column(self, column: pa.ChunkedArray) -> NDArray[np.int32]:
        import pyarrow as pa
        import pyarrow.compute as pc

        found = pc.fill_null(pc.index_in(column, value_set=pa.array(self.names, column.type)), -1)
        return np.asarray(found, dtype=np.int32)


def _days(column: pa.ChunkedArray) -> NDArray[np.int64]:
    import pyarrow as pa

    return np.asarray(column.cast(pa.int32()), dtype=np.int64)


def _interactions(rows: pa.Table, products: _Numbers, categories: tuple[str, ...]) -> Interactions:
    import pyarrow.compute as pc

    kinds = _Numbers(tuple(KIND_WEIGHTS))
    weights = np.array([*KIND_WEIGHTS.values()], dtype=np.float32)
    visitors = rows["visitor"].combine_chunks()
    known = pc.unique(visitors).sort()
    return Interactions(
        customers=tuple(known.to_pylist()),
        products=products.names,
        customer=np.asarray(pc.index_in(visitors, value_set=known), dtype=np.int32),
        product=products.of_column(rows["product_id"]),
        weight=weights[kinds.of_column(rows["event_type"])],
        at=_days(rows["day"]) * 86_400 + np.asarray(rows["hour"], dtype=np.int64) * 3_600,
        categories=categories,
    )


def _activity(rows: pa.Table, products: _Numbers, regions: _Numbers) -> Activity:
    units = np.asarray(rows["units"], dtype=np.float64)
    weight = KIND_WEIGHTS["product_view"] * np.asarray(rows["views"], dtype=np.float64)
    weight += KIND_WEIGHTS["cart_add"] * np.asarray(rows["cart_adds"], dtype=np.float64)
    weight += KIND_WEIGHTS["purchase"] * np.asarray(rows["orders"], dtype=np.float64)
    return Activity(
        _days(rows["day"]),
        products.of_column(rows["product_id"]),
        regions.of_column(rows["region"]),
        weight,
        units,
        np.asarray(rows["orders"], dtype=np.int64),
    )


def _described(rows: pa.Table, products: _Numbers) -> tuple[tuple[str, ...], tuple[str, ...], NDArray[np.int64]]:
    """Category, name and last day of every product."""
    place = products.of_column(rows["product_id"])
    known = np.flatnonzero(place >= 0)
    categories, names = [""] * len(products.names), [""] * len(products.names)
    seen = np.zeros(len(products.names), dtype=np.int64)
    seen[place[known]] = _days(rows["last_seen"])[known]
    columns = zip(place.tolist(), rows["category"].to_pylist(), rows["product_name"].to_pylist(), strict=True)
    for number, category, name in columns:
        if number >= 0:
            categories[number], names[number] = category or "", name or ""
    return tuple(categories), tuple(names), seen
