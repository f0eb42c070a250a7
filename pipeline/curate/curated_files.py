"""Which raw files are curated, said in as much room after ten years as after two days.

The state lists the files of days that are open, to which others may be added. Other curated files are known by their
place: a packed day by its name (`compaction`), a bill by the bills of the state, and any other, such as an import's, by
the list of curated files in its folder, `_curated.json`. A file that none of these names is new.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from catalogue.errors import LakeError
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND, Lake
from pipeline.transaction import Transaction

LIST = "_curated.json"  # a name that begins so is no data
_AREAS = f"(?:{RAW_EVENTS}|{RAW_QUARANTINE})"
_PACKED = re.compile(rf"{_AREAS}/dt=\d{{4}}-\d{{2}}-\d{{2}}/day-\d{{5}}\.(?:parquet|jsonl\.zst)")


def curated_names(lake: Lake, names: Iterable[str]) -> set[str]:
    """Those of some raw files that are curated; none where the lake has no tables.

    Raises
    ------
    LakeError
        The list of a folder was damaged.
    """
    state = lake.state()
    if not state:
        return set()
    listed = {*state.get("raw_files", ()), *state.get("bills", ())}
    folders: dict[str, set[str]] = {}
    found = set()
    for name in names:
        folder, _, file = name.rpartition("/")
        if name in listed or _PACKED.fullmatch(name):
            found.add(name)
            continue
        if folder not in folders:
            folders[folder] = _list_of(lake.root / folder)
        if file in folders[folder]:
            found.add(name)
    return found


def listed_names(names: Iterable[str]) -> list[str]:
    """The names of curated raw files that the state must list."""
    return sorted(name for name in names if not (_PACKED.fullmatch(name) or name.startswith(f"{RAW_SPEND}/")))


def list_in_folders(lake: Lake, change: Transaction, names: Iterable[str]) -> None:
    """Let the folders of curated raw files list them, so that the state need not."""
    folders: dict[str, set[str]] = {}
    for name in names:
        folder, _, file = name.rpartition("/")
        folders.setdefault(folder, set()).add(file)
    for folder, files in folders.items():
        known = sorted(files | _list_of(lake.root / folder))
        change.stage(f"{folder}/{LIST}").write_text(json.dumps(known, indent=1), encoding="utf-8")


def _list_of(folder: Path) -> set[str]:
    path = folder / LIST
    try:
        return set(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return set()
    except (ValueError, TypeError) as error:
        raise LakeError(
            f"The list of curated raw files cannot be read: {error}",
            where=str(path),
            remedy="Remove the file, then run `python -m pipeline curate --full`.",
        ) from error
