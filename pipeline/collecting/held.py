"""Records whose amount is beyond the lake's largest: what waits for a person's yes, and the yes.

A held record stays in quarantine, as every refused record does. Accepting it reads it again, as its sender sent it and
without the limit, into the raw zone: it is received once more, so that the conservation law holds on the way.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import msgspec

from catalogue.errors import SettingsError
from pipeline.collecting.endpoints import ENDPOINTS
from pipeline.collecting.envelope import Request
from pipeline.contract.batches import SentBatch
from pipeline.contract.rejections import ERASED, Reason
from pipeline.contract.shape import Rules
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, Lake
from pipeline.raw.files import lines

FOLDER = f"{RAW_EVENTS}/held"


class _Line(msgspec.Struct):
    """A line of the raw quarantine."""

    record: str
    reason: str
    detail: str
    origin: str
    source: str
    received_at: datetime
    namespace: str = ""
    public: bool = False


_DECODER = msgspec.json.Decoder(_Line)


@dataclass(frozen=True)
class HeldRecord:
    """A record that waits for a person's yes.

    Attributes
    ----------
    id : names it on the command line
    detail : the amount, and the limit that it exceeds
    origin : the source of its write key, or the file and line of an import
    is_accepted : whether somebody said yes already
    """

    id: str
    record: bytes
    detail: str
    origin: str
    source: str
    received_at: datetime
    namespace: str
    public: bool
    is_accepted: bool


def held_records(lake: Lake) -> list[HeldRecord]:
    """Every held record of the raw zone, oldest first, each once however often it was sent.

    What was received within the last minute may still be on its way there.
    """
    found: dict[str, HeldRecord] = {}
    for name in lake.raw_files(RAW_QUARANTINE):
        for line in lines(lake.root / name):
            if _MARK in line:
                held = _held(lake, line)
                if held is not None:
                    found.setdefault(held.id, held)
    return sorted(found.values(), key=lambda held: held.received_at)


_MARK = f'"{Reason.HELD}"'.encode()


def _held(lake: Lake, line: bytes) -> HeldRecord | None:
    try:
        known = _DECODER.decode(line)
    except msgspec.MsgspecError:
        return None  # curation quarantines the line itself
    if known.reason != Reason.HELD:
        return None
    record = base64.b64decode(known.record)
    if record == ERASED:
        return None
    identity = blake2b(f"{known.namespace}/{known.source}/".encode() + record, digest_size=6).hexdigest()
    return HeldRecord(
        identity,
        record,
        known.detail,
        known.origin,
        known.source,
        known.received_at,
        known.namespace,
        known.public,
        _place(lake, identity).exists(),
    )


def accept(lake: Lake, ids: Sequence[str]) -> int:
    """Take held records into the raw zone; returns how many events they are. One that is accepted already is left.

    Raises
    ------
    SettingsError
        There is no such record, or it cannot be read without its file, as a row of an import; names it.
    LakeError
        Another process is writing to the lake.
    """
    known = {held.id: held for held in held_records(lake)}
    unknown = [name for name in ids if name not in known]
    if unknown:
        raise SettingsError(
            f"There is no held record {unknown[0]!r}", where="ID", remedy="See `python -m pipeline held list`."
        )
    chosen = [known[name] for name in dict.fromkeys(ids) if not known[name].is_accepted]
    batches = [(held.id, _read(lake, held)) for held in chosen]
    with lake.writing(), lake.transaction() as change:
        for identity, batch in batches:
            place = change.stage(str(_place(lake, identity).relative_to(lake.root)))
            place.write_bytes(b"".join(line + b"\n" for line in batch.lines))
    return sum(len(batch.lines) for _, batch in batches)


def _read(lake: Lake, held: HeldRecord) -> SentBatch:
    """The events of a held record, read as its sender sent it, without the limit."""
    path, endpoint = next(
        ((path, endpoint) for path, endpoint in ENDPOINTS.items() if endpoint.source == held.source), ("", None)
    )
    if endpoint is None:
        raise SettingsError(
            f"Record {held.id} is a row of {held.origin}, which cannot be read without its file",
            where="ID",
            remedy="Raise largest_amount in lake.toml and import the file again: the other rows are duplicates.",
        )
    settings = lake.settings.of_contract() | {"largest_amount": None, "retention_days": None}
    rules = Rules(now=datetime.now(UTC), namespace=held.namespace, public=held.public, **settings)
    if endpoint.read_again is not None:
        batch = endpoint.read_again(held.record, rules)
    else:
        batch = endpoint.read(held.record, rules, Request("POST", path, query={"measurement_id": "held"}))
    for _, refusal in batch.refused.values():
        raise SettingsError(
            f"Record {held.id} is refused for another reason: {refusal.detail}",
            where="ID",
            remedy="Ask its sender to send it again, corrected.",
        )
    return batch


def _place(lake: Lake, identity: str) -> Path:
    return lake.root / FOLDER / f"{identity}.jsonl"
