"""The limits that a growing stream of events meets: ``quotas.toml`` beside this module, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from console.finops.toml_files import DecimalText, Text, read_toml

QUOTAS = Path(__file__).with_name("quotas.toml")


@dataclass(frozen=True)
class Quota:
    """One limit.

    Attributes
    ----------
    key : such as ``kinesis.shards``
    service : whose limit it is
    limits : what it bounds, such as ``provisioned shards of a region``
    value, unit : how much of it
    adjustable : whether AWS raises it on request
    source : the public page, or the file of the project, that states it
    as_of : the day on which it was looked up
    confidence : confirmed, reported or unverified; the head of the file explains them
    note : where it differs, and how it counts
    """

    key: str
    service: str
    limits: str
    value: Decimal
    unit: str
    adjustable: bool
    source: str
    as_of: date
    confidence: str
    note: str = ""


class _Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A limit, as the file has it; its key is outside of it."""

    service: Text
    limits: Text
    value: DecimalText
    unit: Text
    adjustable: bool
    source: Text
    as_of: date
    confidence: Literal["confirmed", "reported", "unverified"]
    note: str = ""


@lru_cache(maxsize=8)
def load(path: Path = QUOTAS) -> Mapping[str, Quota]:
    """The limits by key, in the order of the file.

    Raises
    ------
    SettingsError
        The file cannot be read, or an entry does not say what it must; names the line, the entry and its field.
    """
    file = read_toml(path, name="file of quotas")
    found = {}
    for group in file.content:
        for name in file.tables(group):
            entry = file.convert(_Entry, (group, name))
            if entry.value == 0:
                raise file.mistake(
                    (group, name, "value"), f"{group}.{name}.value is 0", "Write a limit above 0, or leave it out."
                )
            found[f"{group}.{name}"] = Quota(key=f"{group}.{name}", **msgspec.structs.asdict(entry))
    return found
