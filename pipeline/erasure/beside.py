"""What a lake has of a person beside its files of records: append log, known customers, Live and histories."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from pipeline.collecting.known_customers_embedded import FILE as CUSTOMERS
from pipeline.collecting.known_customers_embedded import EmbeddedKnownCustomers
from pipeline.embedded.following import LiveFollower
from pipeline.embedded.metrics import FreshnessWindow
from pipeline.erasure.lines import Eraser
from pipeline.lake import Lake
from pipeline.live.embedded import FILE as LIVE
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.raw.writer import CONSUMER, RawWriter
from pipeline.recommend.customers.opted_out import OptedOutList
from pipeline.recommend.customers.stored_customers import history_keys
from pipeline.recommend.models.embedded import FILE as MODELS
from pipeline.recommend.models.embedded import SqliteItems
from pipeline.streams import Entry, Kind
from pipeline.streams.checkpoints import CHECKPOINTS, CURATED, STREAM, Checkpoints
from pipeline.streams.log import AppendLog
from pipeline.streams.segments import LogReader, numbers, path_of

KNOWN_CUSTOMERS = f"{STREAM}/{CUSTOMERS}"


@contextmanager
def stopped_platform(lake: Lake) -> Iterator[None]:
    """Keep the lake's platform from running, once Live and the raw zone have all that its append log holds.

    Raises
    ------
    StreamUnavailable
        The platform runs.
    """
    folder = lake.root / STREAM
    if not numbers(folder):
        yield
        return
    log = AppendLog(folder)
    try:
        RawWriter(log, lake, Checkpoints(lake.root / CHECKPOINTS), workshop=folder / "workshop").flush()
        with _live(lake) as store:
            if store is not None:
                follower = LiveFollower(log, store, FreshnessWindow())
                while follower.follow(0.0) or store.gaps():
                    follower.step(0.0)
        yield
    finally:
        log.close()


def note_curated(lake: Lake) -> None:
    """Say that all of the append log is curated; call it after a curation, within `stopped_platform`."""
    checkpoints = Checkpoints(lake.root / CHECKPOINTS)
    position = checkpoints.load(CONSUMER)
    if position is not None:
        checkpoints.save(CURATED, position)


def forget(lake: Lake, eraser: Eraser) -> dict[str, int]:
    """Delete the person's recent items on Live, and the complete segments of the append log that name the person.

    Returns how many entries and rows there were of the person.

    Call it within `stopped_platform`: the raw zone has what these segments hold.
    """
    folder = lake.root / STREAM
    reader = LogReader(folder)
    counts = {STREAM: 0, LIVE: 0}
    for number in numbers(folder):
        own = sum(_names(eraser, entry) for entry in reader.read_segment(number).entries)
        if own:
            path_of(folder, number).unlink()
        counts[STREAM] += own
    with _live(lake) as store:
        if store is not None:
            counts[LIVE] = store.forget(eraser.person.customers)
    return counts


def _names(eraser: Eraser, entry: Entry) -> bool:
    """Whether an entry of the append log names the person."""
    changed = eraser.event(entry.line) if entry.kind is Kind.EVENT else eraser.refused(entry.line)
    return changed is not None or eraser.person.is_customer(entry.key)


def linked_to(lake: Lake, customers: frozenset[str]) -> frozenset[str]:
    """The anonymous ids that were linked to some customers, or to one of these ids."""
    with _known(lake) as known:
        return known.linked_to(customers) if known is not None else frozenset()


def forget_links(lake: Lake, customers: frozenset[str]) -> int:
    """Delete every link from or to some customers; returns how many."""
    with _known(lake) as known:
        return known.forget(customers) if known is not None else 0


def forget_histories(lake: Lake, customers: frozenset[str]) -> int:
    """Delete what recommendations are made from for some customers; returns how many had a history."""
    if not (lake.root / MODELS).exists():
        return 0
    with closing(SqliteItems(lake.root / MODELS)) as items:
        return items.erase_all(history_keys(customers))


@contextmanager
def _known(lake: Lake) -> Iterator[EmbeddedKnownCustomers | None]:
    path = lake.root / KNOWN_CUSTOMERS
    if not path.exists():
        yield None
        return
    known = EmbeddedKnownCustomers(path)
    try:
        yield known
    finally:
        known.close()


@contextmanager
def _live(lake: Lake) -> Iterator[EmbeddedLiveStore | None]:
    path = lake.root / LIVE
    if not path.exists():
        yield None
        return
    settings = lake.settings
    items = SqliteItems(lake.root / MODELS)
    store = EmbeddedLiveStore(
        path,
        settings.reporting_currency,
        confirm_public_orders=settings.confirm_public_orders,
        refuses=OptedOutList(items).refuses,
    )
    try:
        yield store
    finally:
        store.close()
        items.close()
