"""Tags of a charge as one form: a JSON object of texts, keys in order.

Read are the forms that bills come in: a JSON object; the same without its braces (``"env": "prod","team": "web"``);
pairs (``env:prod;team:web``, also with ``=`` or ``|``); a Parquet map; a list of pairs with ``key`` and ``value``.
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
