"""One batch of raw files, curated in one transaction.

The order of the tables is the order of their dependence. For each one, the rows that new records can have changed are
named by their unit (an order, a visitor, a customer, a day), computed by the table's own SQL from all rows of that
unit, and put in the place of the existing rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from catalogue.binding import bind
from catalogue.queries import load_curation
from catalogue.tables import TABLES
from pipeline.curate import raw
from pipeline.curate.store import CuratedStore
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND, Lake
from pipeline.spend.curation import BillsByFile, SpendStep, curated_bills
from pipeline.transaction import Transaction

if TYPE_CHECKING:
    import duckdb

Progress = Callable[[str, float], None]

_SALE = "event_type in ('purchase', 'refund')"
_VISITOR = (
    "case when session_id is null then concat('c:', customer_id)"
    " when namespace = '' then concat('s:', session_id) else concat('n:', namespace, '/', session_id) end"
)
_EVENT, _ORDER = "(namespace, event_id)", "(namespace, order_id)"
_MARTS = {  # mart → the table it sums up
    "daily_device_sales": "order_lines",
    "monthly_device_sales": "daily_device_sales",
    "daily_sales": "daily_device_sales",
    "monthly_sales": "daily_sales",
    "daily_product_sales": "order_lines",
    "monthly_product_sales": "daily_product_sales",
    "daily_pairs": "order_lines",
    "daily_baskets": "orders",
    "daily_orders": "orders",
    "daily_traffic": "sessions",
    "daily_customers": "sessions",
    "daily_customer_registers": "daily_customers",
    "daily_events": "events",
    "daily_interest": "events",
    "monthly_interest": "daily_interest",
    "hourly_events": "events",
    "daily_quarantine": "quarantine",
    "daily_spend": "spend",
    "daily_spend_resources": "spend",
    "daily_spend_tags": "spend",
}


class StepResult(NamedTuple):
    """What one step read and changed.

    Attributes
    ----------
    received, quarantined : records of this batch
    accepted, duplicates : of the whole lake, with this batch
    newest : the largest ``received_at`` of the batch (UTC, naive); None where it has no record
    changed : tables → files written
    bills : raw file of charges → the bills in it, of the whole lake
    """

    received: int
    quarantined: int
    accepted: int
    duplicates: int
    newest: datetime | None
    changed: Mapping[str, int]
    bills: BillsByFile


class CurationStep:
    """Computes the curated tables with one batch more.

    Parameters
    ----------
    lake : its curated tables are read, and changed with `change`
    raw_root : the folder that holds the raw files
    batch : raw area → names of its files below `raw_root`
    missing : raw files of charges that are curated and no longer there
    """

    def __init__(
        self,
        lake: Lake,
        raw_root: Path,
        batch: Mapping[str, Sequence[str]],
        connection: duckdb.DuckDBPyConnection,
        change: Transaction,
        missing: Sequence[str] = (),
    ) -> None:
        self._zone = lake.settings.reporting_time_zone
        self._settings = tuple(lake.settings.of_curation().items())
        self._raw_root = raw_root
        self._files = {area: [raw_root / name for name in names] for area, names in batch.items()}
        self._connection = connection
        self._store = CuratedStore(lake, connection, change)
        self._spend = SpendStep(
            connection, self._store, raw_root, known=curated_bills(lake), new=batch[RAW_SPEND], missing=missing
        )

    def run(self, report: Progress) -> StepResult:
        """Read the batch, compute the changed rows of every table, and stage the changed files."""
        report("Reading raw records", 0.0)
        raw.read(self._connection, raw.REFUSED, self._files[RAW_QUARANTINE], root=self._raw_root)
        raw.read(self._connection, raw.EVENTS, self._files[RAW_EVENTS], root=self._raw_root)
        received = self._count("raw_events") + self._count("raw_quarantine")
        report("Removing duplicates", 0.30)
        self._events()
        report("Orders", 0.65)
        self._products()
        self._order_lines()
        self._orders()
        report("Sessions", 0.75)
        self._sessions()
        report("Customers", 0.90)
        self._customers()
        report("Days", 0.95)
        self._store.append("quarantine", self._sql("quarantine"))
        bills = self._spend.run(self._sql("spend"))
        self._marts()
        accepted, duplicates = self._row(
            f"select coalesce(sum(events), 0), coalesce(sum(duplicates), 0) from {self._store.merged('daily_events')}"
        )
        (newest,) = self._row(
            "select max(received_at) from"
            " (select received_at from new_events union all select received_at from raw_quarantine)"
        )
        return StepResult(
            received, self._count("raw_quarantine"), int(accepted), int(duplicates), newest, self._store.changed, bills
        )

    def _events(self) -> None:
        self._store.load_known("events", key=_EVENT, units="select namespace, event_id from raw_events")
        self._make("events")
        self._connection.execute("drop table raw_events")
        self._store.merge("events", key=_EVENT, units="select namespace, event_id from new_events")
        # a copy that was received earlier can arrive later with other content: the known event is withdrawn
        said = "select * exclude (copies, received_at, source)"
        self._connection.execute(
            f"create or replace table withdrawn as {said} from known_events"
            f" except {said} from new_events where {_EVENT} in (select namespace, event_id from known_events)"
        )

    def _products(self) -> None:
        self._affected(
            "affected_products", f"{_ids('product_id', 'new_events')} union {_ids('product_id', 'withdrawn')}"
        )
        self._summarise("products", "product_id")
        described = "select product_id, product_name, category_path, brand, unit_cost"
        self._connection.execute(
            f"create or replace table described_again as select product_id from"
            f" ({described} from new_products except {described} from known_products)"
        )
        self._connection.execute("create or replace view current_products as from merged_products")

    def _order_lines(self) -> None:
        store = self._store
        existing = f"({store.select('order_lines')})"
        self._affected(
            "affected_orders",
            f"select namespace, order_id from new_events where {_SALE}"
            f" union select namespace, order_id from known_events where {_SALE}"
            # lines that took their description from a product whose description changed
            f" union select namespace, order_id from {existing}"
            " where borrowed and product_id in (from described_again)",
        )
        units = "from affected_orders"
        store.load_known("order_lines", key=_ORDER, units=units)
        days = f"select order_date from known_order_lines union select event_date from new_events where {_SALE}"
        store.scope("scoped_events", "events", days=days, where=f"{_SALE} and {_ORDER} in ({units})")
        self._make("order_lines")
        store.merge("order_lines", key=_ORDER, units=units)

    def _orders(self) -> None:
        store = self._store
        existing = f"({store.select('orders')})"
        # which order is a customer's first can change with any of them
        self._affected(
            "affected_buyers",
            f"{_ids('customer_id', 'new_order_lines')}"
            f" union {_ids('customer_id', existing)} and {_ORDER} in (from affected_orders)",
        )
        self._affected(
            "affected_purchases",
            f"from affected_orders union select namespace, order_id from {existing}"
            " where customer_id in (from affected_buyers)",
        )
        units = "from affected_purchases"
        store.load_known("orders", key=_ORDER, units=units)
        days = f"select distinct order_date from merged_order_lines where {_ORDER} in ({units})"
        store.scope("scoped_order_lines", "order_lines", days=days, where=f"{_ORDER} in ({units})")
        self._make("orders")
        store.merge("orders", key=_ORDER, units=units)

    def _sessions(self) -> None:
        store = self._store
        self._affected(
            "affected_visitors",
            f"select {_VISITOR} as visitor from new_events union select {_VISITOR} from known_events",
        )
        units = "from affected_visitors"
        store.load_known("sessions", key="visitor", units=units)
        zone = self._zone.replace("'", "''")
        last_day = f"cast(timezone('{zone}', timezone('UTC', ended_at)) as date)"
        days = (
            "select distinct event_date from new_events union select distinct cast(unnest("
            f"generate_series(session_date, {last_day}, interval 1 day)) as date) from known_sessions"
        )
        store.scope("scoped_events", "events", days=days, where=f"{_VISITOR} in ({units})")
        self._make("sessions")
        store.merge("sessions", key="visitor", units=units)

    def _customers(self) -> None:
        self._affected(
            "affected_customers",
            f"{_ids('customer_id', 'new_events')} union {_ids('customer_id', 'withdrawn')} union from affected_buyers",
        )
        some = "" if self._store.is_empty("orders") else "where customer_id in (from affected_customers)"
        self._connection.execute(f"create or replace view scoped_orders as select * from merged_orders {some}")
        self._summarise("customers", "customer_id")

    def _summarise(self, table: str, key: str) -> None:
        """Merge new events into the summaries of products or customers.

        An event cannot be subtracted from a summary: where an event is withdrawn, the summary of
        its product or customer is made again from all of its events.
        """
        units = f"from affected_{table}"
        again = _ids(key, "withdrawn")
        self._store.load_known(table, key=key, units=units)
        self._connection.execute(f"delete from known_{table} where {key} in ({again})")
        earlier = f" union all from merged_events where {key} in ({again})" if self._count("withdrawn") else ""
        self._connection.execute(f"create or replace view changed_events as from new_events{earlier}")
        self._make(table)
        self._store.merge(table, key=key, units=units)

    def _marts(self) -> None:
        for mart, source in _MARTS.items():
            if not self._store.has_changed(source):
                continue
            if TABLES[source].partition is None:  # a small table: what is made of it is made again
                key = TABLES[mart].sort[0]
                self._connection.execute(f"create or replace view scoped_{source} as from merged_{source}")
                self._make(mart)
                self._store.merge(mart, key=key, units=f"select {key} from ({self._store.select(mart)})")
                continue
            day, touched = str(TABLES[source].partition), f"from touched_{source}"
            self._store.scope(f"scoped_{source}", source, days=touched, where="true")
            self._make(mart)
            if TABLES[mart].partition is not None:
                self._store.load_known(mart, key=day, units=touched)
            self._store.merge(mart, key=day, units=touched)

    def _make(self, table: str) -> None:
        """Compute the rows of a table from the relations its SQL names."""
        self._connection.execute(f"create or replace table new_{table} as {self._sql(table)}")

    def _sql(self, table: str) -> str:
        return _bound(table, self._settings)

    def _affected(self, relation: str, select: str) -> None:
        """Name the units whose rows may change. In an empty lake this is a view that is never read."""
        kind = "view" if self._store.is_empty("events") else "table"
        self._connection.execute(f"create or replace {kind} {relation} as {select}")

    def _count(self, relation: str) -> int:
        return int(self._row(f"select count(*) from {relation}")[0])

    def _row(self, select: str) -> tuple[Any, ...]:
        found = self._connection.execute(select).fetchone()
        return found or ()


@lru_cache(maxsize=64)
def _bound(table: str, settings: tuple[tuple[str, str | bool], ...]) -> str:
    """The SQL of a table; kept, because writing it takes as long as running it on a small batch."""
    query = load_curation()[table]
    values = dict(settings)
    return bind(query, {name: values[name] for name in query.parameters}, dialect="duckdb").sql


def _ids(column: str, relation: str) -> str:
    """A select of the distinct identifiers in a column; more conditions may follow."""
    return f"select distinct {column} from {relation} where {column} is not null"
