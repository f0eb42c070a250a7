"""Which charges new and missing raw files can change, whatever engine reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.lake import RAW_SPEND
from pipeline.spend.bills import Bill, counting, provider_key

SAMPLE_FOLDER = f"{RAW_SPEND}/sample/"


class BillRows(NamedTuple):
    """How many rows of one bill are in one raw file; `written` is the provider as the rows write it."""

    source: str
    written: str
    account: str
    period: str
    rows: int

    @property
    def bill(self) -> Bill:
        """The bill the rows belong to."""
        return Bill(self.source, provider_key(self.written), self.account, self.period)


BillsByFile = Mapping[str, Sequence[BillRows]]  # raw file → the bills in it


class SpendChange(NamedTuple):
    """What changes with new and missing files.

    Attributes
    ----------
    files : the bills of every raw file, as it is now
    changed : (provider, period) whose charges can have changed
    wanted : raw file → its bills that count, of what changed
    """

    files: dict[str, list[BillRows]]
    changed: frozenset[tuple[str, str]]
    wanted: dict[str, list[BillRows]]


def spend_change(known: BillsByFile, found: BillsByFile, missing: Iterable[str]) -> SpendChange:
    """What changes in the charges.

    Parameters
    ----------
    known : the bills of the raw files curated so far
    found : of those that are new, or hold something else now
    missing : names of those that are no longer there
    """
    missing = set(missing)
    files = {name: list(parts) for name, parts in known.items() if name not in missing}
    files |= {name: list(parts) for name, parts in found.items()}
    touched = [*found.values(), *(known[name] for name in known if name in missing or name in found)]
    changed = frozenset((part.bill.provider, part.bill.period) for parts in touched for part in parts)
    counts = counting(part.bill for parts in files.values() for part in parts)
    wanted = {
        name: chosen
        for name, parts in files.items()
        if (chosen := [p for p in parts if p.bill in counts and (p.bill.provider, p.bill.period) in changed])
    }
    return SpendChange(files, changed, wanted)


def holds_charges(name: str) -> bool:
    """Whether a file below `RAW_SPEND` holds charges.

    AWS's data exports write ``<export>/data/BILLING_PERIOD=<month>/<export>-00001.snappy.parquet``, and manifests into
    a folder ``metadata`` beside ``data``. Names that begin with a dot or an underline are nobody's charges.
    """
    *folders, file = name.split("/")
    return file[0] not in "._" and not ("metadata" in folders and file.endswith("-Manifest.json"))


def source_of(name: str) -> str:
    """The source of rows that name none, such as an older lake's sample."""
    return "sample" if name.startswith(SAMPLE_FOLDER) else "focus"
