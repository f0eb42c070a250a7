"""Tags of a charge as one form: a JSON object of texts, keys in order.

Read are the forms that bills come in: a JSON object; the same without its braces (``"env": "prod","team": "web"``);
pairs (``env:prod;team:web``, also with ``=`` or ``|``); a Parquet map; a list of pairs with ``key`` and ``value``. A
Cost and Usage Report has one column a tag, or one map of all tags.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from console.finops.billing.columns import NULLS, distinct

_PAIR = re.compile(r"^\s*([^:=]+?)\s*[:=]\s*(.*?)\s*$")
_BETWEEN = re.compile(r"[;|]")
_CUR_PREFIX = "resourcetags"
_CUR_MAP = "resourcetags"  # CUR 2.0: a map of all tags
_CUR_KEYS = ("resourceTags/", "resource_tags_", "resource_tags/")
_CUR_SCOPES = ("user:", "user_")


def read_tags(column: pa.Array) -> pa.Array:
    """Tags as JSON texts; null where there are none. A text in no known form stays as it is and counts as no tag."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return distinct(column, tags_of_text, pa.string())
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    return pa.array([_of_pairs(value) for value in column.to_pylist()], pa.string())


def tags_of_text(text: str | None) -> str | None:
    """One text as a JSON object of texts; as it is where it has no known form."""
    if text is None or text.strip() in (*NULLS, "{}"):
        return None
    for attempt in (text, f"{{{text}}}"):
        try:
            found = json.loads(attempt)
        except (ValueError, RecursionError):
            continue
        return _of_pairs(found) if isinstance(found, dict | list) else text
    pairs = [_PAIR.match(part) for part in _BETWEEN.split(text) if part.strip()]
    if pairs and all(pairs):
        return written({pair[1]: pair[2] for pair in pairs if pair})
    return text


def written(tags: Mapping[str, Any]) -> str | None:
    """Tags as the JSON the tables hold: values as texts, those that are null left out; null for no tag at all."""
    said = {str(key): value for key, value in tags.items() if value is not None}
    texts = {key: value if isinstance(value, str) else _plain(value) for key, value in said.items()}
    return json.dumps(texts, ensure_ascii=False, sort_keys=True) if texts else None


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _of_pairs(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return written(value)
    pairs: dict[str, Any] = {}
    for pair in value if isinstance(value, Iterable) else ():
        if isinstance(pair, Mapping):
            names = {str(key).lower(): content for key, content in pair.items()}
            if "key" in names:
                pairs[str(names["key"])] = names.get("value")
        elif isinstance(pair, tuple | list) and len(pair) == 2:
            pairs[str(pair[0])] = pair[1]
    return written(pairs)


def is_cur_tag(name: str) -> bool:
    """Whether a normalised column name of a Cost and Usage Report is a tag's."""
    return name.startswith(_CUR_PREFIX)


def cur_tags(columns: Mapping[str, pa.Array], rows: int, shown: Mapping[str, str]) -> pa.Array | None:
    """The tags of each row of a Cost and Usage Report as JSON; None where it has none.

    `shown` says what a column is called in the file; that holds the tag's key.
    """
    names = [name for name in columns if is_cur_tag(name) and name != _CUR_MAP]
    if not names:
        return distinct(read_tags(columns[_CUR_MAP]), _renamed, pa.string()) if _CUR_MAP in columns else None
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
    key = next((column.removeprefix(prefix) for prefix in _CUR_KEYS if column.startswith(prefix)), column)
    for scope in _CUR_SCOPES:
        if key.startswith(scope):
            return key[len(scope) :]
    return f"aws:{key.removeprefix('aws_')}" if key.startswith("aws_") else key
