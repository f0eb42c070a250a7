"""Settings → adapters: the only module that names concrete adapters. Heavy imports happen here, lazily."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from console.binding import RowFilter
from console.cache import ResultCache
from console.catalogue import load
from console.engines import SqlEngine
from console.errors import LakeMissing
from console.scope import Scope
from console.settings import Settings, read

if TYPE_CHECKING:
    from console.decisions import DecisionStore
    from console.live import LiveSource
    from console.metering import Meter
    from pipeline.embedded import Platform
    from pipeline.live.store import LiveStore


@lru_cache(maxsize=8)
def _shared(settings: Settings) -> tuple[SqlEngine, ResultCache]:
    """One engine and one cache for everyone in the process."""
    from console.engines.duckdb import DuckDbEngine

    return DuckDbEngine(settings.lake), ResultCache()


@lru_cache(maxsize=8)
def _meter(settings: Settings) -> Meter:
    """One meter for everyone in the process."""
    from console.metering.buffered import BufferedMeter
    from console.metering.folder import FolderCalls

    return BufferedMeter(FolderCalls(settings.lake).write)


@lru_cache(maxsize=8)
def _live_store(lake: Path, currency: str) -> LiveStore:
    """One live store for the pages and the platform of this process."""
    from pipeline.live.embedded import EmbeddedLiveStore

    return EmbeddedLiveStore(lake / "live" / "live.sqlite", currency)


@lru_cache(maxsize=8)
def _live_source(settings: Settings) -> LiveSource:
    from console.live.stored import StoredLive
    from pipeline.lake import Lake

    return StoredLive(lambda: _live_store(settings.lake, Lake.open(settings.lake).settings.reporting_currency))


def live_source() -> LiveSource:
    """What is happening right now, by the settings of this process."""
    return _live_source(read())


def decisions(settings: Settings | None = None) -> DecisionStore:
    """What people decided about what was found, by the settings given, else by those of this process."""
    from console.decisions.embedded import EmbeddedDecisionStore

    return EmbeddedDecisionStore((settings or read()).lake / "decisions" / "decisions.sqlite")


def platform(settings: Settings) -> Platform:
    """The write path on the lake of these settings; the lake is made where there is none.

    Raises
    ------
    LakeError
        The folder holds something else, or cannot be written.
    """
    from pipeline.embedded import Platform, PlatformOptions
    from pipeline.lake import Lake

    lake = Lake.create(settings.lake)
    live = _live_store(settings.lake, lake.settings.reporting_currency)
    return Platform(lake, live=live, options=PlatformOptions(origins=settings.origins))


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
        meter=_meter(settings),
    )
