"""Literal raw records in a real lake: what a test says, and the curated rows that come of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from catalogue.parquet import select_all
from catalogue.tables import CURATED_TABLES, TABLES
from pipeline.contract.events import encode
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.contract.shape import Event
from pipeline.curate import CurationReport, curate
from pipeline.curate.status import RecordAccount, account
from pipeline.lake import CURATED, Lake, LakeSettings
from tests.support import reading

Row = dict[str, Any]


def event(event_id: str, at: str, **fields: Any) -> Event:
    """An event with what a test does not say filled in: a product view, received a second after it happened.

    Parameters
    ----------
    at : ``2026-03-01 12:00[:30]`` in UTC
    fields : fields of the event; ``received`` (like `at`) for ``received_at``
    """
    occurred = _instant(at)
    received = _instant(fields.pop("received")) if "received" in fields else occurred + timedelta(seconds=1)
    given: dict[str, Any] = {"event_type": "product_view", "source": "native"} | fields
    if "customer_id" not in given and "session_id" not in given:
        given["customer_id"] = "c1"
    if given["event_type"] not in ("search", "checkout_start"):
        given.setdefault("product_id", "p1")
    if given["event_type"] in ("purchase", "refund"):
        given = {"order_id": "o1", "quantity": 1, "unit_price": "10.0000", "currency": "USD"} | given
    values = {name: value for name, value in given.items() if value is not None}
    return msgspec.convert(values | {"event_id": event_id, "occurred_at": occurred, "received_at": received}, Event)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Given:
    """A lake below a test's folder, filled step by step; every step returns the same object.

    ``given.events(event("e1", "2026-03-01 12:00")).curate().rows("sessions")``
    """

    def __init__(self, folder: Path, settings: LakeSettings | None = None) -> None:
        self.lake = Lake.create(folder / "lake", settings)
        self.reports: list[CurationReport] = []
        self._files = sum(1 for _ in (self.lake.root / "raw").rglob("part-*"))  # of a copy of another's folder

    def settings(self, **changes: Any) -> Given:
        """Change the lake's settings, as a person does who edits `lake.toml`."""
        changed = LakeSettings(
            **({name: getattr(self.lake.settings, name) for name in LakeSettings.__dataclass_fields__} | changes)
        )
        (self.lake.root / "lake.toml").write_text(changed.as_toml(), encoding="utf-8")
        self.lake = Lake.open(self.lake.root)
        return self

    def events(self, *events: Event | Iterable[Event], suffix: str = ".jsonl") -> Given:
        """One more raw file of events."""
        every = [item for one in events for item in ([one] if isinstance(one, Event) else one)]
        return self.raw(b"".join(encode(item) + b"\n" for item in every), suffix=suffix)

    def quarantine(self, *records: bytes, received: str = "2026-03-01 12:00", reason: str = "invalid_json") -> Given:
        """One more raw file of refused records."""
        refusal = Rejection(reason, "A test refuses it.")
        lines = [
            quarantine_line(record, refusal, origin=f"test:{number}", received_at=_instant(received), source="native")
            for number, record in enumerate(records, start=1)
        ]
        return self.raw(b"".join(line + b"\n" for line in lines), area="raw/quarantine")

    def raw(
        self, content: bytes, *, suffix: str = ".jsonl", area: str = "raw/events", name: str | None = None
    ) -> Given:
        """One more raw file with these bytes, packed as its suffix says."""
        self._files += 1
        path = self.lake.root / area / "imports" / "test" / (name or f"part-{self._files:05d}{suffix}")
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = {
            ".jsonl.gz": lambda: gzip.compress(content, mtime=0),
            ".jsonl.zst": lambda: pa.compress(content, "zstd", asbytes=True),
        }
        path.write_bytes(packed.get(suffix, lambda: content)())
        return self

    def spend(self, *charges: Mapping[str, Any], kinds: Mapping[str, pa.DataType] | None = None) -> Given:
        """One more raw file of FOCUS charges, in the specification's column names; `kinds` types columns otherwise."""
        import pyarrow.parquet as pq

        self._files += 1
        path = self.lake.root / "raw/spend/test" / f"part-{self._files:05d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(
            [{name: row[name] for name in row if name not in (kinds or {})} for row in charges]
        )
        for name, kind in (kinds or {}).items():
            table = table.append_column(name, pa.array([row.get(name) for row in charges], kind))
        pq.write_table(table, path)
        return self

    def curate(self, *, full: bool = False) -> Given:
        """Curate, and check that no record was lost: by curation's own books and counted again from the files."""
        report = curate(self.lake, full=full)
        assert report.received == report.accepted + report.duplicates + report.quarantined
        assert self.account().holds, self.account()
        self.reports.append(report)
        return self

    @property
    def report(self) -> CurationReport:
        """What the last curation did."""
        return self.reports[-1]

    def account(self) -> RecordAccount:
        """Every record, counted from the files."""
        return account(self.lake)

    def rows(self, table: str, *columns: str) -> list[Row]:
        """Rows of a curated table, sorted by their values; only these columns where any are named."""
        names = columns or tuple(TABLES[table].columns)
        with reading.connection() as connection:
            found = connection.sql(f"select {', '.join(names)} from ({select_all(self.lake.root, table)}) order by all")  # noqa: S608 - our own names
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def column(self, table: str, column: str) -> list[Any]:
        """One column of `rows`."""
        return [row[column] for row in self.rows(table, column)]

    def tables(self) -> dict[str, list[Row]]:
        """All curated tables, whole."""
        return {table: self.rows(table) for table in CURATED_TABLES}

    def days(self, table: str) -> list[date]:
        """The days of a table's partitions."""
        return sorted(set(self.column(table, str(TABLES[table].partition))))

    def files(self) -> dict[str, bytes]:
        """Every curated table's file by its name, with its bytes; the state left out."""
        paths = sorted((self.lake.root / CURATED).rglob("*.parquet"))
        return {str(path.relative_to(self.lake.root)): path.read_bytes() for path in paths}

    def state(self) -> Row:
        """What the last curation committed."""
        return json.loads((self.lake.root / CURATED / "state.json").read_text())


def in_turn(folder: Path, batches: Sequence[Sequence[Event]], settings: LakeSettings | None = None) -> Given:
    """A lake that curated after each batch."""
    given = Given(folder, settings)
    for batch in batches:
        given.events(batch).curate()
    return given
