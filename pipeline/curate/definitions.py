"""What decides the rows of a curated table besides the raw records, and which tables have to be made again by it.

A table's fingerprint covers its SQL, its columns, sort order, partition and layout, the settings that its SQL takes,
and the fingerprints of the tables it is made from. The state of the curated tables keeps the fingerprint that each was
made by.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from graphlib import TopologicalSorter

from catalogue.queries import Query, load_curation
from catalogue.tables import TABLES
from pipeline.lake import LakeSettings

FROM_RAW = frozenset({"events", "quarantine", "spend"})  # made from raw records alone
_PARTS = ("changed", "current", "known", "scoped")  # of a table: relations that its SQL names
_HEX_DIGITS = 16
_LAYOUT = 2  # of the files; a lake of another one is made again

Fingerprints = Mapping[str, str]  # table → fingerprint


def fingerprints(settings: LakeSettings) -> Fingerprints:
    """The fingerprint of every curated table, as this version makes it with these settings."""
    return _fingerprints(tuple(settings.of_curation().items()))


def outdated(made_by: Fingerprints, settings: LakeSettings) -> frozenset[str]:
    """Tables that were made by another definition than today's, are not made yet, or are made no more.

    Parameters
    ----------
    made_by : the fingerprints that the state of the curated tables keeps
    """
    now = fingerprints(settings)
    return frozenset(table for table in {*made_by, *now} if made_by.get(table) != now.get(table))


def sources(query: Query) -> frozenset[str]:
    """The other tables that a table's SQL reads, in whichever part."""
    pairs = (relation.partition("_") for relation in query.tables)
    return frozenset(table for part, _, table in pairs if part in _PARTS) - {query.name}


@lru_cache(maxsize=8)
def _fingerprints(settings: tuple[tuple[str, str | bool], ...]) -> Fingerprints:
    queries, values = load_curation(), dict(settings)
    needs = {name: sources(query) for name, query in queries.items()}
    found: dict[str, str] = {}
    for name in TopologicalSorter(needs).static_order():
        query, table = queries[name], TABLES[name]
        decisive = {
            "sql": [line.rstrip() for line in query.text.splitlines() if line.strip() and not line.startswith("--")],
            "columns": list(table.columns.items()),
            "sort": table.sort,
            "partition": table.partition,
            "layout": _LAYOUT,
            "settings": {parameter: values[parameter] for parameter in sorted(query.parameters)},
            "sources": {source: found[source] for source in sorted(needs[name])},
        }
        found[name] = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:_HEX_DIGITS]
    return found
