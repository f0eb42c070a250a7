"""The erasures of a lake: when, how many records, and a keyed hash of each id, by which a restored backup is checked.

::

    erasures.jsonl
        {"key": "<64 hex digits>"}                                            the first line: the key of the hashes
        {"at": "…", "customers": ["<hash>"], "sessions": [], "reason": "…", "records": {"raw/events": 12, …}}

The ids themselves and the pseudonyms are nowhere in it. The file goes with the lake, and a copy of it is kept outside
of the backups: a backup that is older than an erasure does not know of it.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from catalogue.errors import LakeError
from catalogue.files import OWNER_ONLY
from pipeline.transaction import Transaction

FILE = "erasures.jsonl"

_KEY_BYTES = 32


@dataclass(frozen=True)
class Erasures:
    """What a manifest says.

    Attributes
    ----------
    key : of the hashes
    entries : one for each erasure, oldest first
    """

    key: bytes = field(default_factory=lambda: secrets.token_bytes(_KEY_BYTES), repr=False)
    entries: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def read(cls, path: Path) -> Erasures:
        """The manifest in a file; an empty one with a fresh key where there is none.

        Raises
        ------
        LakeError
            The file is no manifest.
        """
        try:
            return cls.parsed(path.read_bytes(), str(path))
        except FileNotFoundError:
            return cls()

    @classmethod
    def parsed(cls, content: bytes, where: str) -> Erasures:
        """The manifest that a file holds; raises as `read`."""
        try:
            first, *others = content.decode().splitlines()
            return cls(bytes.fromhex(json.loads(first)["key"]), tuple(json.loads(line) for line in others))
        except (ValueError, KeyError, TypeError) as error:
            raise LakeError(
                "The list of erasures cannot be read", where=where, remedy="Restore it from its copy."
            ) from error

    def hashed(self, name: str) -> str:
        """The hash of an id: HMAC-SHA-256 with the key of the manifest."""
        return hmac.digest(self.key, name.encode("utf-8", "surrogatepass"), "sha256").hex()

    def erased(self, names: Collection[str], kind: str) -> frozenset[str]:
        """Those of some ids that an entry names; `kind` is ``customers`` or ``sessions``."""
        known = {name for entry in self.entries for name in entry[kind]}
        return frozenset(name for name in names if self.hashed(name) in known) if known else frozenset()

    def with_entry(
        self,
        at: datetime,
        customers: Collection[str],
        sessions: Collection[str],
        reason: str,
        records: Mapping[str, int],
    ) -> Erasures:
        """The manifest with one erasure more; the ids are given in clear and kept as hashes."""
        entry = {
            "at": at.isoformat(timespec="seconds"),
            "customers": sorted(map(self.hashed, customers)),
            "sessions": sorted(map(self.hashed, sessions)),
            "reason": reason,
            "records": dict(records),
        }
        return Erasures(self.key, (*self.entries, entry))

    def stage(self, change: Transaction) -> None:
        """Let the lake have this manifest on commit; only its owner may read it."""
        place = change.stage(FILE)
        place.touch(mode=OWNER_ONLY)
        place.write_bytes(self.content)

    @property
    def content(self) -> bytes:
        """The file of this manifest."""
        lines = [{"key": self.key.hex()}, *self.entries]
        return "".join(json.dumps(line) + "\n" for line in lines).encode()
