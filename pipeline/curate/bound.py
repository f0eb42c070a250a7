"""The curation's SQL with a lake's settings, in one engine's dialect."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from catalogue.binding import bind
from catalogue.queries import load_curation, load_units
from pipeline.lake import LakeSettings

if TYPE_CHECKING:
    from catalogue.queries import Query


# kept, because writing a statement takes as long as running it on a small batch
@lru_cache(maxsize=128)
def table_sql(table: str, settings: LakeSettings, dialect: str) -> str:
    """The SQL that makes the rows of a table."""
    return _bound(load_curation()[table], settings, dialect)


@lru_cache(maxsize=128)
def unit_sql(relation: str, settings: LakeSettings, dialect: str) -> str:
    """The SQL that makes a relation of `queries/curate/units/`."""
    return _bound(load_units()[relation], settings, dialect)


def _bound(query: Query, settings: LakeSettings, dialect: str) -> str:
    values = settings.of_curation()
    return bind(query, {name: values[name] for name in query.parameters}, dialect=dialect).sql
