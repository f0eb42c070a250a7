"""One curation: new raw files in, changed partitions out, all in one transaction of the lake.

The order of the tables is the order of their dependence. For each one, the rows that new records can have changed are
named by their unit (an order, a visitor, a customer, a day), computed by the table's own SQL from that scope, and
merged with the rows that stand.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.binding import bind
from console.catalogue import load_curation
from console.tables import TABLES
from pipeline.curate import raw
from pipeline.curate.store import CuratedStore
from pipeline.errors import CurationError
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND, STATE, Lake, Transaction

if TYPE_CHECKING:
    import duckdb

Progress = Callable[[str, float], None]

# Compressed raw bytes curated at once: about 5 million events, which DuckDB holds in some 3 GiB. More raw data is
# curated in several steps, each of them complete.
BATCH_BYTES = 160 * 1024 * 1024
MEMORY_LIMIT = "6GB"


@dataclass(frozen=True)
class CurationReport:
    """What one curation did. The conservation law holds: received = accepted + duplicates + quarantined.

    Attributes
    ----------
    raw_files : raw files curated now
    received, accepted, duplicates, quarantined : records of the whole lake, after this curation
    changed : tables that changed, with the number of files written
    """

    raw_files: int
    received: int
    accepted: int
    duplicates: int
    quarantined: int
    changed: dict[str, int]


def curate(lake: Lake, *, full: bool = False, progress: Progress | None = None) -> CurationReport:
    """Bring the curated tables up to date with the raw files; does nothing where nothing is new.

    Parameters
    ----------
    full : forget the curated tables and make all of them again from the raw files, for example after the reporting time
        zone changed
    progress : called with a step's name and the fraction done

    Raises
    ------
    CurationError
        A raw file cannot be read, or the conservation law does not hold; the previous tables stand.
    LakeError
        Another process is writing to the lake.
    """
    tell = progress or (lambda step, fraction: None)
    with lake.writing():
        done = set() if full else _curated_files(lake)
        areas = {
            area: [name for name in lake.raw_files(area) if name not in done]
            for area in (RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND)
        }
        batches = _batches(lake, areas)
        changed: dict[str, int] = {}
        for number, batch in enumerate(batches):
            step = _Step(
                lake,
                batch,
                fresh=full and number == 0,
                tell=lambda name, part, n=number: tell(name, (n + part) / len(batches)),
            )  # type: ignore[misc]
            for table, files in step.run().items():
                changed[table] = changed.get(table, 0) + files
        tell("Curated", 1.0)
        counts = _counts(lake)
    return CurationReport(sum(len(files) for files in areas.values()), *counts, changed)


def _curated_files(lake: Lake) -> set[str]:
    files = lake.state().get("raw_files", [])
    return set(files) if isinstance(files, list) else set()


def _counts(lake: Lake) -> tuple[int, int, int, int]:
    counts = lake.state().get("records")
    if not isinstance(counts, dict):
        return (0, 0, 0, 0)
    return (counts["received"], counts["accepted"], counts["duplicates"], counts["quarantined"])


def _batches(lake: Lake, areas: dict[str, list[str]]) -> list[dict[str, list[str]]]:
    """Split new event files by size; the other areas, which are small, go with the first batch."""
    batches: list[dict[str, list[str]]] = []
    size = BATCH_BYTES
    for name in areas[RAW_EVENTS]:
        weight = (lake.root / name).stat().st_size
        if size + weight > BATCH_BYTES:
            batches.append({RAW_EVENTS: [], RAW_QUARANTINE: [], RAW_SPEND: []})
            size = 0
        batches[-1][RAW_EVENTS].append(name)
        size += weight
    others = areas[RAW_QUARANTINE] or areas[RAW_SPEND]
    if not batches and others:
        batches.append({RAW_EVENTS: [], RAW_QUARANTINE: [], RAW_SPEND: []})
    if batches:
        batches[0][RAW_QUARANTINE] = areas[RAW_QUARANTINE]
        batches[0][RAW_SPEND] = areas[RAW_SPEND]
    return batches


class _Step:
    """One batch of raw files, curated in one transaction."""

    def __init__(self, lake: Lake, batch: dict[str, list[str]], *, fresh: bool, tell: Progress) -> None:
        self._lake = lake
        self._batch = batch
        self._fresh = fresh
        self._tell = tell
        self._queries = load_curation()
        self._values = {
            "reporting_time_zone": lake.settings.reporting_time_zone,
            "reporting_currency": lake.settings.reporting_currency,
        }

    def run(self) -> dict[str, int]:
        import duckdb

        with self._lake.transaction() as change:
            connection = duckdb.connect(
                ":memory:", config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(change.folder / "spill")}
            )
            try:
                return self._run(connection, change)
            except (duckdb.IOException, duckdb.InvalidInputException) as error:
                raise CurationError(
                    f"A raw file cannot be read: {error}",
                    where=str(self._lake.root),
                    remedy="Restore the file it names, or move it out of raw/.",
                ) from error
            finally:
                connection.close()

    def _run(self, connection: duckdb.DuckDBPyConnection, change: Transaction) -> dict[str, int]:
        store = CuratedStore(self._lake, connection, change, fresh=self._fresh)
        self._tell("Reading raw records", 0.0)
        raw.read_quarantine(connection, self._paths(RAW_QUARANTINE))
        raw.read_events(connection, self._paths(RAW_EVENTS))
        raw.read_spend(connection, self._paths(RAW_SPEND))
        received = _count(connection, "arrived") + _count(connection, "raw_quarantine") - _broken(connection)

        self._tell("Removing duplicates", 0.30)
        self._events(connection, store)
        self._tell("Orders", 0.60)
        self._products(connection, store)
        self._orders(connection, store)
        self._tell("Sessions", 0.70)
        self._sessions(connection, store)
        self._tell("Customers", 0.85)
        self._customers(connection, store)
        self._tell("Marts", 0.90)
        self._marts(connection, store)
        store.append("quarantine", self._sql("quarantine"))
        store.append("spend", self._sql("spend"))
        self._tell("Writing", 0.95)
        self._commit_state(connection, store, change, received)
        return store.changed

    def _paths(self, area: str) -> list[Path]:
        return [self._lake.root / name for name in self._batch[area]]

    def _sql(self, table: str) -> str:
        query = self._queries[table]
        values = {name: self._values[name] for name in query.parameters}
        return bind(query, values, dialect="duckdb").sql

    def _events(self, connection: duckdb.DuckDBPyConnection, store: CuratedStore) -> None:
        """`changed_events` after, `former_events` before; and the partitions they touch."""
        connection.execute(
            f"create or replace table known_events as {store.select('events')}"
            " where event_id in (select event_id from raw_events)"
        )
        if store.is_empty("events"):
            # nothing stands: the rows go straight into the staged table, sorted once
            store.merge("events", f"({self._sql('events')})", keys="event_id")
            connection.execute("create or replace view changed_events as select * from staged_events")
        else:
            connection.execute(f"create or replace table changed_events as {self._sql('events')}")
            store.merge("events", "changed_events", keys="event_id", former="known_events")
        connection.execute("create or replace view former_events as select * from known_events")

    def _products(self, connection: duckdb.DuckDBPyConnection, store: CuratedStore) -> None:
        former = store.select("products")
        connection.execute(
            f"create or replace table known_products as {former} where product_id in (select product_id from changed_events)"
        )
        connection.execute(f"create or replace table new_products as {self._sql('products')}")
        store.merge("products", "new_products", keys="product_id", former="known_products")
        connection.execute("create or replace view current_products as select * from merged_products")
        # products whose description changed: lines that borrowed it are computed again
        connection.execute(
            """
            create or replace table described_again as
            select product_id from (
                (select product_id, product_name, category_path, brand, unit_cost from new_products
                 except select product_id, product_name, category_path, brand, unit_cost from known_products))
            """
        )

    def _orders(self, connection: duckdb.DuckDBPyConnection, store: CuratedStore) -> None:
        lines = store.select("order_lines")
        connection.execute(
            f"""
            create or replace table affected_orders as
            select order_id from changed_events where event_type in ('purchase', 'refund')
            union select order_id from former_events where event_type in ('purchase', 'refund')
            union select order_id from ({lines}) where borrowed and product_id in (select product_id from described_again)
            """
        )
        store.scope(
            "scoped_events",
            "events",
            days=f"select order_date from ({lines}) where order_id in (select order_id from affected_orders)"
            " union select event_date from changed_events where event_type in ('purchase', 'refund')",
            where="event_type in ('purchase', 'refund') and order_id in (select order_id from affected_orders)",
        )
        connection.execute(f"create or replace table new_order_lines as {self._sql('order_lines')}")
        store.merge("order_lines", "new_order_lines", keys="order_id", affected="affected_orders")

        orders = store.select("orders")
        connection.execute(
            f"""
            create or replace table affected_customers as
            select customer_id from new_order_lines where customer_id is not null
            union select customer_id from ({orders})
                  where customer_id is not null and order_id in (select order_id from affected_orders)
            """
        )
        connection.execute(
            f"""
            insert into affected_orders
            select order_id from ({orders})
            where customer_id in (select customer_id from affected_customers)
              and order_id not in (select order_id from affected_orders)
            """
        )
        store.scope(
            "scoped_order_lines",
            "order_lines",
            days=f"select order_date from ({lines}) where order_id in (select order_id from affected_orders)"
            " union select order_date from new_order_lines",
            where="order_id in (select order_id from affected_orders)",
        )
        connection.execute(f"create or replace table new_orders as {self._sql('orders')}")
        store.merge("orders", "new_orders", keys="order_id", affected="affected_orders")

    def _sessions(self, connection: duckdb.DuckDBPyConnection, store: CuratedStore) -> None:
        visitor = "case when session_id is not null then concat('s:', session_id) else concat('c:', customer_id) end"
        connection.execute(
            f"create or replace table affected_visitors as select {visitor} as visitor from changed_events"
            f" union select {visitor} from former_events"
        )
        sessions = store.select("sessions")
        zone = self._values["reporting_time_zone"].replace("'", "''")
        connection.execute(
            f"""
            create or replace table affected_days as
            select distinct cast(unnest(generate_series(
                session_date, cast(timezone('{zone}', timezone('UTC', ended_at)) as date), interval 1 day)) as date) as day
            from ({sessions}) where visitor in (select visitor from affected_visitors)
            """
        )
        store.scope(
            "scoped_events",
            "events",
            days="select day from affected_days union select event_date from changed_events",
            where=f"{visitor} in (select visitor from affected_visitors)",
        )
        connection.execute(f"create or replace table new_sessions as {self._sql('sessions')}")
        store.merge("sessions", "new_sessions", keys="visitor", affected="affected_visitors")

    def _customers(self, connection: duckdb.DuckDBPyConnection, store: CuratedStore) -> None:
        connection.execute(
            "insert into affected_customers select distinct customer_id from changed_events where customer_id is not null"
            " and customer_id not in (select customer_id from affected_customers)"
        )
        former = store.select("customers")
        connection.execute(
            f"create or replace table known_customers as {former} where customer_id in (select customer_id from affected_customers)"
        )
        connection.execute(
            "create or replace view scoped_orders as select * from merged_orders"
            " where customer_id in (select customer_id from affected_customers)"
        )
        connection.execute(f"create or replace table new_customers as {self._sql('customers')}")
        store.merge("customers", "new_customers", keys="customer_id", affected="affected_customers")

    def _marts(self, connection: duckdb.DuckDBPyConnection, store: CuratedStore) -> None:
        for mart, source, relation in (
            ("daily_sales", "order_lines", "scoped_order_lines"),
            ("daily_orders", "orders", "scoped_orders"),
            ("daily_traffic", "sessions", "scoped_sessions"),
            ("daily_events", "events", "scoped_events"),
        ):
            partition = TABLES[source].partition
            connection.execute(
                f"create or replace table affected_days as select day as {partition} from touched_{source}"
            )
            store.scope(relation, source, days=f"select {partition} from affected_days", where="true")
            connection.execute(f"create or replace table new_{mart} as {self._sql(mart)}")
            store.merge(mart, f"new_{mart}", keys=str(partition), affected="affected_days")

    def _commit_state(
        self, connection: duckdb.DuckDBPyConnection, store: CuratedStore, change: Transaction, received: int
    ) -> None:
        """Check the conservation law, then write the state that makes this curation the lake's."""
        before = (0, 0, 0, 0) if self._fresh else _counts(self._lake)
        found = connection.execute(
            "select coalesce(sum(events), 0), coalesce(sum(duplicates), 0) from merged_daily_events"
        ).fetchone()
        accepted, duplicates = (int(found[0]), int(found[1])) if found else (0, 0)
        quarantined = before[3] + _count(connection, "raw_quarantine")
        total = before[0] + received
        if total != accepted + duplicates + quarantined:
            raise CurationError(
                f"Records would be lost: received {total:,} is not accepted {accepted:,} + duplicates {duplicates:,} + quarantined {quarantined:,}",
                where=str(self._lake.root),
                remedy="The previous tables stand. Run `python -m pipeline curate --full`, and report this if it stays.",
            )
        newest = connection.execute(
            "select max(received_at) from (select received_at from changed_events union all select received_at from raw_quarantine)"
        ).fetchone()
        state = {} if self._fresh else self._lake.state()
        times = [
            time
            for time in (state.get("data_as_of"), newest[0].isoformat() + "Z" if newest and newest[0] else None)
            if time
        ]
        version = state.get("version", 0)
        path = change.stage(STATE)
        path.write_text(
            json.dumps(
                {
                    "version": (version if isinstance(version, int) else 0) + 1,
                    "data_as_of": max(times, key=lambda time: datetime.fromisoformat(str(time))) if times else None,
                    "records": {
                        "received": total,
                        "accepted": accepted,
                        "duplicates": duplicates,
                        "quarantined": quarantined,
                    },
                    "raw_files": sorted(
                        (set() if self._fresh else _curated_files(self._lake))
                        | {name for files in self._batch.values() for name in files}
                    ),
                },
                indent=1,
            ),
            encoding="utf-8",
        )


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    found = connection.execute(f"select count(*) from {relation}").fetchone()
    return int(found[0]) if found else 0


def _broken(connection: duckdb.DuckDBPyConnection) -> int:
    """Lines counted twice: as arrived and as quarantined, because they could not be read."""
    found = connection.execute(
        "select count(*) from raw_quarantine where reason = 'unreadable_line' and source = 'raw'"
    ).fetchone()
    return int(found[0]) if found else 0
