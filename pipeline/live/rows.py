"""The tables of the embedded live store and their rows; every function works within the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from pipeline.live.documents import MEMORY_MINUTES, Document, Flow, Item, latest_items, pack, unpack
from pipeline.live.store import Gap, Head

ITEMS_KEPT = timedelta(days=90)  # of customers who do not come back

HEAD = "position, since, totals, regions"  # columns of a head
SCHEMA = """
create table if not exists heads (
    shard text primary key, position text not null, since text not null, totals blob not null, regions blob not null
) without rowid;
create table if not exists memory (generation integer, born integer, size integer, pruned integer);
create table if not exists documents (
    minute integer, region text, shard text, document blob not null, primary key (minute, region, shard)
) without rowid;
create table if not exists flows (
    minute integer, shard text, flow blob not null, primary key (minute, shard)
) without rowid;
create table if not exists customers (
    customer_id text primary key, items blob not null, seen integer not null
) without rowid;
create table if not exists gaps (
    start text primary key, until text not null, since text not null, till text not null
) without rowid;
drop table if exists seen_0;
drop table if exists seen_1;
create table if not exists seen (number integer primary key, generation integer, hashes blob not null);
"""


@dataclass(slots=True)
class Memory:
    """The number, first minute and size of the young generation of hashes, and the minute of the last pruning."""

    generation: int
    born: int
    size: int
    pruned: int


def head_of(position: str, since: str, totals: bytes, regions: bytes) -> Head:
    return Head(position, datetime.fromisoformat(since), unpack(totals, Flow), unpack(regions, list[str]))


def write_head(database: sqlite3.Connection, shard: str, head: Head) -> None:
    values = (shard, head.position, head.since.isoformat(), pack(head.totals), pack(head.regions))
    database.execute("insert or replace into heads values (?, ?, ?, ?, ?)", values)


def gap_of(start: str, until: str, since: str, till: str) -> Gap:
    return Gap(start, until, datetime.fromisoformat(since), datetime.fromisoformat(till))


def write_gap(database: sqlite3.Connection, gap: Gap) -> None:
    values = (gap.start, gap.until, gap.since.isoformat(), gap.till.isoformat())
    database.execute("insert into gaps values (?, ?, ?, ?)", values)


def stored_document(database: sqlite3.Connection, minute: int, region: str, shard: str) -> Document:
    row = database.execute(
        "select document from documents where (minute, region, shard) = (?, ?, ?)", (minute, region, shard)
    ).fetchone()
    return unpack(row[0], Document) if row else Document()


def write_items(database: sqlite3.Connection, items: Mapping[str, Sequence[Item]], minute: int) -> None:
    """Merge recent items of customers."""
    query = "select customer_id, items from customers where customer_id in (select value from json_each(?))"
    known = dict(database.execute(query, (msgspec.json.encode(list(items)).decode(),)).fetchall())
    merged = (
        (
            customer,
            pack(latest_items([*unpack(known[customer], list[Item]), *new]) if customer in known else new),
            minute,
        )
        for customer, new in sorted(items.items())  # in the order of the table: neighbours share a page
    )
    database.executemany("insert or replace into customers values (?, ?, ?)", merged)


def prune(database: sqlite3.Connection, memory: Memory, minute: int) -> None:
    """Delete what is older than memory, at most once a minute."""
    if minute <= memory.pruned:
        return
    oldest = minute - MEMORY_MINUTES
    database.execute("delete from documents where minute < ?", (oldest,))
    database.execute("delete from flows where minute < ?", (oldest,))
    if minute // 60 > memory.pruned // 60:  # a scan of all customers
        database.execute("delete from customers where seen < ?", (minute - int(ITEMS_KEPT.total_seconds() // 60),))
    memory.pruned = minute
