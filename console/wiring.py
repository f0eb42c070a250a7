"""Settings → adapters: the only module that names concrete adapters. Heavy imports happen here, lazily."""

from __future__ import annotations

from functools import lru_cache

from console.binding import RowFilter
from console.cache import ResultCache
from console.catalogue import load
from console.engines import SqlEngine
from console.errors import LakeMissing
from console.scope import Scope
from console.settings import Settings, read


@lru_cache(maxsize=8)
def _shared(settings: Settings) -> tuple[SqlEngine, ResultCache]:
    """One engine and one cache for everyone in the process."""
    from console.engines.duckdb import DuckDbEngine

    return DuckDbEngine(settings.lake), ResultCache()


def viewer() -> Scope:
    """What whoever opens a page can ask, by the settings of this process; raises as `scope` does."""
    return scope(read())


def scope(settings: Settings) -> Scope:
    """What a viewer of this console can ask. Engine and cache are shared by everyone in the process.

    Raises
    ------
    LakeMissing
        There is no lake at the folder named.
    CatalogueError
        A query file drifted.
    """
    from pipeline.errors import LakeError, SettingsError
    from pipeline.lake import Lake

    try:
        lake = Lake.open(settings.lake)
    except (LakeError, SettingsError) as error:
        raise LakeMissing(error.what, where=error.where, remedy=error.remedy) from error
    engine, cache = _shared(settings)
    return Scope(
        engines={"lake": engine, "warehouse": engine},
        catalogue=load(),
        cache=cache,
        reporting_currency=lake.settings.reporting_currency,
        reporting_time_zone=lake.settings.reporting_time_zone,
        row_filter=RowFilter(settings.regions),
        is_sample=lake.is_sample,
    )
