"""How new records become curated tables, the same on every engine.

The order of the tables is the order of their dependence. For each one, the rows that new records can have changed are
named by their unit (an order, a visitor, a customer, a day: `queries/curate/units/`), computed by the table's own SQL
from all rows of that unit, and put in the place of the existing rows.

A `CurationStore` holds the tables and the relations of one step: DuckDB over the files of a lake folder
(`pipeline.curate.store`), Spark over Iceberg tables (`pipeline.curate.spark`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

from catalogue.tables import TABLES

Progress = Callable[[str, float], None]

Key = tuple[str, ...]  # columns, or expressions in Trino's dialect, that name the unit of a row; never null

_SALE = "event_type in ('purchase', 'refund')"
_RECOMMENDED = (
    "event_type = 'recommendation_click' or event_type = 'purchase' and"
    " coalesce(recommendation_surface, recommendation_model, recommendation_request_id) is not null"
)
_EVENT: Key = ("namespace", "event_id")
_ORDER: Key = ("namespace", "order_id")
_VISITOR: Key = (
    "case when session_id is null then concat('c:', customer_id)"
    " when namespace = '' then concat('s:', session_id) else concat('n:', namespace, '/', session_id) end",
)

MARTS = {  # mart → the table it sums up, in the order they are made
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
    "daily_recommendations": "events",
    "daily_recommended_products": "events",
    "daily_quarantine": "quarantine",
    "daily_spend": "spend",
    "daily_spend_resources": "spend",
    "daily_spend_tags": "spend",
}


class CurationStore(Protocol):
    """The curated tables as they were before a step, and what the step makes of them.

    Relations have names that the SQL files use. For a table such as `orders`, in the order they come to be:

    - ``earlier_orders``: the table as it was
    - ``known_orders``: the existing rows that may change (`load_known`)
    - ``new_orders``: the rows that take their place (`make`)
    - ``current_orders``: the table as it will be (`merge`)

    A table that is *remade*, because its definition changed, has no earlier rows: all of it is made from its sources.
    """

    def side_by_side(self, *parts: Callable[[], None]) -> None:
        """Do parts of a step that do not depend on each other, at once where the engine gains by it.

        What a part scopes or aliases is its own: two parts may give the same name to different rows. Where a part
        fails, its error is raised once no part runs any more.
        """
        ...

    def is_remade(self, table: str) -> bool:
        """Whether the table is made as a whole in this step, from all rows of its sources."""
        ...

    def has_changed(self, table: str) -> bool:
        """Whether this step has changed any row of the table."""
        ...

    def is_empty(self, relation: str) -> bool:
        """Whether a relation of this step has no row."""
        ...

    def name_units(self, relation: str) -> None:
        """Make a relation of `queries/curate/units/` by its SQL."""
        ...

    def load_known(self, table: str, *, key: Key, units: str, without: str | None = None) -> None:
        """Make ``known_<table>``: the existing rows whose key is in `units` and not in `without`.

        Parameters
        ----------
        units : relation whose first columns are the key's
        without : relation that has the key's columns by name
        """
        ...

    def scope(
        self,
        relation: str,
        table: str,
        *,
        target: str,
        key: Key = (),
        units: str | None = None,
        days: str | None = None,
        where: str = "true",
    ) -> None:
        """Make `relation`: the rows of the table as it will be from which the target's new rows are made.

        Where the target has no earlier rows, these are all rows that fulfil `where`.

        Parameters
        ----------
        units : relation whose first columns are the key's: only rows of these units; None for all
        days : relation of one column: only rows of these days; None for all
        where : condition in Trino's dialect
        """
        ...

    def alias(self, relation: str, *sources: str, key: Key = (), units: str | None = None) -> None:
        """Make `relation`: all rows of the first source, and those of the others whose key is in `units` by name."""
        ...

    def make(self, table: str) -> None:
        """Make ``new_<table>`` by the table's SQL."""
        ...

    def merge(self, table: str, *, key: Key, units: str | None) -> None:
        """Put ``new_<table>`` in the place of the existing rows whose key is in `units`; None: beside all of them.

        Makes ``current_<table>``, and ``touched_<table>``: the days on which rows changed.
        """
        ...

    def replace_days(self, mart: str, source: str) -> None:
        """Put ``new_<mart>`` in the place of its rows of the days on which the source changed."""
        ...


def curate_records(store: CurationStore, report: Progress) -> None:
    """Bring the tables of events and refused records up to date with `raw_events` and `raw_quarantine`."""
    curate_events(store, report)
    curate_quarantine(store)


def curate_events(store: CurationStore, report: Progress) -> None:
    """Bring the tables of events up to date with `raw_events`."""
    report("Removing duplicates", 0.30)
    _events(store)
    _follow_events(store, report)


def recurate_events(store: CurationStore, report: Progress) -> None:
    """Make the events of `raw_events`, which are all copies of them, again, and what follows from them.

    Their rows in the table are no copies, as they are where records are new: `nothing` is a relation without a row.
    """
    report("Removing duplicates", 0.30)
    _events(store, are_all=True)
    _follow_events(store, report)


def _follow_events(store: CurationStore, report: Progress) -> None:
    """Bring the tables that are made of events up to date with those that changed."""

    def orders() -> None:
        report("Orders", 0.65)
        _products(store)
        _order_lines(store)
        _orders(store)
        _attributed_lines(store)
        report("Customers", 0.73)
        _customers(store)

    def sessions() -> None:
        report("Sessions", 0.75)
        _sessions(store)

    store.side_by_side(orders, sessions)


def curate_quarantine(store: CurationStore) -> None:
    """Add `raw_quarantine` to the refused records."""
    store.make("quarantine")
    store.merge("quarantine", key=(), units=None)


def curate_marts(store: CurationStore, report: Progress) -> None:
    """Sum up what changed, once every table is up to date."""
    report("Days", 0.95)
    store.side_by_side(*(partial(_sum_up, store, chain) for chain in _chains()))


def _sum_up(store: CurationStore, marts: Sequence[str]) -> None:
    """Bring marts up to date, each with its source."""
    for mart in marts:
        source = MARTS[mart]
        if store.has_changed(source) or store.is_remade(mart):
            # a small table has no days: what is made of it is made again
            days = f"touched_{source}" if TABLES[source].partition else None
            store.scope(f"scoped_{source}", source, target=mart, days=days)
            store.make(mart)
            store.replace_days(mart, source)


def _chains() -> Iterator[Sequence[str]]:
    """The marts that sum up a table, each with those that are made of it, in the order they are made."""
    chain_of: dict[str, list[str]] = {}
    for mart, source in MARTS.items():
        chain = chain_of.get(source, [])
        chain_of[mart] = chain
        chain.append(mart)
    yield from (chain for mart, chain in chain_of.items() if chain[0] == mart)


def _events(store: CurationStore, *, are_all: bool = False) -> None:
    store.name_units("affected_events")
    store.load_known("events", key=_EVENT, units="nothing" if are_all else "affected_events")
    store.name_units("repeated_ids")
    store.make("events")
    if are_all:
        store.load_known("events", key=_EVENT, units="affected_events")
    store.merge("events", key=_EVENT, units="affected_events")
    store.name_units("withdrawn")


def _products(store: CurationStore) -> None:
    store.name_units("affected_products")
    _summarise(store, "products", ("product_id",))
    store.name_units("described_again")


def _order_lines(store: CurationStore) -> None:
    store.name_units("affected_orders")
    store.load_known("order_lines", key=_ORDER, units="affected_orders")
    store.name_units("order_line_days")
    store.scope(
        "scoped_events",
        "events",
        target="order_lines",
        key=_ORDER,
        units="affected_orders",
        days="order_line_days",
        where=_SALE,
    )
    store.make("order_lines")
    store.merge("order_lines", key=_ORDER, units="affected_orders")


def _orders(store: CurationStore) -> None:
    store.name_units("affected_buyers")
    store.name_units("affected_purchases")
    store.load_known("orders", key=_ORDER, units="affected_purchases")
    store.name_units("order_days")
    store.scope(
        "scoped_order_lines", "order_lines", target="orders", key=_ORDER, units="affected_purchases", days="order_days"
    )
    store.make("orders")
    store.merge("orders", key=_ORDER, units="affected_purchases")


def _attributed_lines(store: CurationStore) -> None:
    store.name_units("affected_attributions")
    store.load_known("attributed_lines", key=_ORDER, units="affected_attributions")
    store.name_units("attributed_days")
    store.scope(
        "scoped_order_lines",
        "order_lines",
        target="attributed_lines",
        key=_ORDER,
        units="affected_attributions",
        days="attributed_days",
    )
    store.name_units("click_days")
    store.scope("scoped_events", "events", target="attributed_lines", days="click_days", where=_RECOMMENDED)
    store.make("attributed_lines")
    store.merge("attributed_lines", key=_ORDER, units="affected_attributions")


def _sessions(store: CurationStore) -> None:
    store.name_units("affected_visitors")
    store.load_known("sessions", key=("visitor",), units="affected_visitors")
    store.name_units("session_days")
    store.scope(
        "scoped_events", "events", target="sessions", key=_VISITOR, units="affected_visitors", days="session_days"
    )
    store.make("sessions")
    store.merge("sessions", key=("visitor",), units="affected_visitors")


def _customers(store: CurationStore) -> None:
    store.name_units("affected_customers")
    store.scope("scoped_orders", "orders", target="customers", key=("customer_id",), units="affected_customers")
    _summarise(store, "customers", ("customer_id",))


def _summarise(store: CurationStore, table: str, key: Key) -> None:
    """Merge new events into the summaries of products or customers.

    An event cannot be subtracted from a summary: where an event is withdrawn, the summary of its product or customer is
    made again from all of its events.
    """
    units = f"affected_{table}"
    withdraws = not store.is_empty("withdrawn")
    store.load_known(table, key=key, units=units, without="withdrawn" if withdraws else None)
    if store.is_remade(table):
        store.alias("changed_events", "current_events")
    elif withdraws:
        store.alias("changed_events", "new_events", "current_events", key=key, units="withdrawn")
    else:
        store.alias("changed_events", "new_events")
    store.make(table)
    store.merge(table, key=key, units=units)
