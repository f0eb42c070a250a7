"""Tags in a Cost and Usage Report: one column a tag, or one map of all tags."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pyarrow as pa

from console.finops.billing.columns import NULLS, distinct
from console.finops.billing.tags import read_tags, written

_PREFIX = "resourcetags"
_WHOLE = "resourcetags"  # CUR 2.0: a map of all tags
_KEYS = ("resourceTags/", "resource_tags_", "resource_tags/")
_SCOPES = ("user:", "user_")


def is_tag(name: str) -> bool:
    """Whether a normalised column name is a tag's."""
    return name.startswith(_PREFIX)


def tags_of(columns: Mapping[str, pa.Array], rows: int, shown: Mapping[str, str]) -> pa.Array | None:
    """The tags of each row as JSON; None where the report has none.

    Parameters
    ----------
    shown : normalised name → the column's name in the file, which holds the tag's key
    """
    names = [name for name in columns if is_tag(name) and name != _WHOLE]
    if not names:
        return distinct(read_tags(columns[_WHOLE]), _renamed, pa.string()) if _WHOLE in columns else None
    keys = [tag_key(shown[name]) for name in names]
    texts = [columns[name].cast(pa.string()) for name in names]
    # each distinct combination is written once: there are far fewer than rows
    table = pa.table([*texts, pa.array(range(rows))], names=[*map(str, range(len(names))), "row"])
    found = table.group_by([str(number) for number in range(len(names))]).aggregate([("row", "list")])
    result: list[str | None] = [None] * rows
    for group in found.to_pylist():
        values = [group[str(number)] for number in range(len(names))]
        tags = written({key: value for key, value in zip(keys, values, strict=True) if value not in (None, *NULLS)})
        for row in group["row_list"]:
            result[row] = tags
    return pa.array(result, pa.string())


def _renamed(text: str | None) -> str | None:
    """Tags of one map under their own keys; a text in no known form stays as it is."""
    try:
        found = json.loads(text) if text is not None else None
    except ValueError:
        return text
    return written({tag_key(key): value for key, value in found.items()}) if isinstance(found, dict) else text


def tag_key(column: str) -> str:
    """The key of a tag column: ``resourceTags/user:team`` → ``team``; AWS's own keep their ``aws:``."""
    key = next((column.removeprefix(prefix) for prefix in _KEYS if column.startswith(prefix)), column)
    for scope in _SCOPES:
        if key.startswith(scope):
            return key[len(scope) :]
    return f"aws:{key.removeprefix('aws_')}" if key.startswith("aws_") else key
