"""Raw files of rows (Parquet) without a person; `pipeline.curate.raw` says what their columns are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pipeline.erasure.identity import Person
from pipeline.erasure.lines import Eraser, EventIds

if TYPE_CHECKING:
    import pyarrow as pa

Source = Path | BinaryIO

SUFFIX = ".parquet"

_IDS = ("namespace", "event_id", "customer_id", "session_id")
_ROW_GROUP = 122_880


def ids(path: Source, person: Person | None = None) -> Iterator[EventIds]:
    """The ids of all rows of a file, or of those whose customer is the person."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    rows = pq.read_table(path, columns=list(_IDS))
    if person is not None:
        rows = rows.filter(pc.is_in(rows["customer_id"], pa.array(sorted(person.customers), pa.string())))
    yield from _ids(rows)


def erased(path: Source, eraser: Eraser) -> tuple[pa.Table, list[int]]:
    """The rows of a file without the person, and the places of those that changed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pq.read_table(path)
    found = list(_ids(rows))
    own = {place for place, row in enumerate(found) if eraser.is_own(row)}
    mentions = {place for place in _suspects(rows["attributes"], eraser.person) if place not in own}
    customers, sessions = ([getattr(row, name) for row in found] for name in ("customer_id", "session_id"))
    texts, recommended = rows["attributes"].to_pylist() if own or mentions else [], {}
    for place in own | mentions:
        texts[place] = None
    for place in own:
        row = found[place]
        if row.customer_id is not None:
            customers[place] = eraser.pseudonyms.customers[row.customer_id]
        if row.session_id is not None:
            sessions[place] = eraser.pseudonyms.sessions[row.namespace, row.session_id]
        recommendation = rows["recommendation"][place].as_py()
        if recommendation and recommendation["request_id"] is not None:
            requests = eraser.pseudonyms.requests
            recommended[place] = {
                **recommendation,
                "request_id": eraser.pseudonyms.of(requests, recommendation["request_id"]),
            }
    changed = {"customer_id": customers, "session_id": sessions, "attributes": texts} if own or mentions else {}
    if recommended:
        every: list[Any] = rows["recommendation"].to_pylist()
        changed["recommendation"] = [recommended.get(place, value) for place, value in enumerate(every)]
    for name, values in changed.items():
        field = rows.schema.field(name)
        rows = rows.set_column(rows.schema.get_field_index(name), field, pa.array(values, field.type))
    return rows, sorted(own | mentions)


def erased_refusals(path: Source, eraser: Eraser) -> tuple[pa.Table, int]:
    """The refused records of a file without the person, and how many changed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pq.read_table(path)
    before = rows.to_pylist()
    after = [eraser.refused_fields(row) or row for row in before]
    return pa.Table.from_pylist(after, rows.schema), sum(new is not old for new, old in zip(after, before, strict=True))


def write(rows: pa.Table, path: Source) -> None:
    """Write a raw file of rows."""
    import pyarrow.parquet as pq

    pq.write_table(rows, path, compression="zstd", row_group_size=_ROW_GROUP)


def keys(rows: pa.Table, places: list[int]) -> set[tuple[str, str]]:
    """Namespace and event id of some rows."""
    import pyarrow as pa

    chosen = rows.take(pa.array(places, pa.int64()))  # a list without numbers has no type
    return {(row.namespace, row.event_id or "") for row in _ids(chosen)}


def copy(source: Path, wanted: set[tuple[str, str]], target: Path) -> bool:
    """Write the rows of some events to another file; whether there are any."""
    import pyarrow.parquet as pq

    found = ids(source)
    places = [place for place, row in enumerate(found) if (row.namespace, row.event_id or "") in wanted]
    if places:
        write(pq.read_table(source).take(places), target)
    return bool(places)


def _ids(rows: pa.Table) -> Iterator[EventIds]:
    for namespace, *others in zip(*(rows[name].to_pylist() for name in _IDS), strict=True):
        yield EventIds(namespace or "", *others)


def _suspects(texts: pa.ChunkedArray, person: Person) -> list[int]:
    """Rows whose attributes have an id of the person as a whole value."""
    import pyarrow.compute as pc

    sessions = {name for _, name in person.sessions} | person.named_sessions
    spellings = {*person.spellings, *(name.encode() for name in sessions)}
    places = {
        place for spelling in spellings for place in pc.indices_nonzero(pc.match_substring(texts, spelling)).to_pylist()
    }
    return sorted(place for place in places if person.is_quoted_in(texts[place].as_py()))
